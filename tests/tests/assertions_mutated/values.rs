//! Packets made of the values that policies name.

use std::net::IpAddr;

use fwdsl_runtime::analysis::{Packet, PacketType, Status, Tracking};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::model::{Address, IcmpMatch, Match, Value};
use fwdsl_tests::random::Random;

/// What policies name, to make packets of.
pub(crate) struct Values {
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) ports: Vec<u16>,
    pub(crate) interfaces: Vec<String>,
    pub(crate) protocols: Vec<u8>,
    pub(crate) types: Vec<(u8, u8)>,
    pub(crate) flags: Vec<u8>,
    pub(crate) marks: Vec<u32>,
}

impl Values {
    pub(crate) fn new() -> Values {
        let addresses = ["10.0.0.1", "192.0.2.9", "203.0.113.1", "198.51.100.4", "2001:db8::1", "fd00::25"];
        Values {
            addresses: addresses.map(|address| address.parse().expect("an address")).to_vec(),
            ports: vec![1024, 443, 22, 99],
            interfaces: ["eth0", "lo", "wan0", "lan0"].map(str::to_owned).to_vec(),
            protocols: vec![6, 6, 17, 1, 58, 47],
            types: vec![(8, 0), (0, 0), (3, 4), (2, 0), (128, 0)],
            flags: vec![2, 16, 3],
            marks: vec![0, 0, 0x99],
        }
    }

    pub(crate) fn add(&mut self, matches: &[Match]) {
        for value in matches.iter().flat_map(|entry| entry.options()).flat_map(|option| option.values()) {
            match value {
                Value::Address(address) => self.add_address(address),
                Value::Ports(ports) => {
                    self.ports.extend([
                        ports.first,
                        ports.last,
                        ports.first.wrapping_sub(1),
                        ports.last.wrapping_add(1),
                    ]);
                }
                Value::Interface(name) => self.interfaces.push(name.replace('+', "3")),
                Value::Protocol(number) => self.protocols.push(*number),
                Value::Icmp(IcmpMatch::Type { ty, code }) => self.types.push((*ty, code.unwrap_or(0))),
                Value::TcpFlags(flags) => self.flags.extend([flags.set, !flags.set & 63]),
                Value::Masked(bits) => self.marks.push(bits.value),
                _ => {}
            }
        }
    }

    fn add_address(&mut self, address: &Address) {
        let (first, last) = address.bounds();
        let near = [
            first,
            last,
            first.wrapping_add(1),
            first.wrapping_sub(1),
            last.wrapping_add(1),
            first + (last - first) / 2,
        ];
        self.addresses.extend(near.map(|bits| fwdsl_runtime::model::from_bits(address.family(), bits)));
    }

    pub(crate) fn packet(
        &self,
        random: &mut Random,
        family: Family,
        incoming: bool,
        outgoing: bool,
    ) -> Packet {
        let of_family: Vec<&IpAddr> =
            self.addresses.iter().filter(|address| address.is_ipv4() == (family == Family::Ipv4)).collect();
        let any = |random: &mut Random, list: &[u16]| list[random.below(list.len())];
        let interface = |random: &mut Random, present: bool| {
            present.then(|| self.interfaces[random.below(self.interfaces.len())].clone())
        };
        let (icmp_type, icmp_code) = self.types[random.below(self.types.len())];
        let tracking = Tracking::ALL[if random.one_in(2) { 0 } else { random.below(5) }];
        Packet {
            in_interface: interface(random, incoming),
            out_interface: interface(random, outgoing),
            sport: any(random, &self.ports),
            dport: any(random, &self.ports),
            icmp_type,
            icmp_code,
            tcp_flags: self.flags[random.below(self.flags.len())],
            tracking,
            status: Status::usual(tracking.state),
            mark: self.marks[random.below(self.marks.len())],
            packet_type: PacketType::Unicast,
            ..Packet::new(
                *of_family[random.below(of_family.len())],
                *of_family[random.below(of_family.len())],
                self.protocols[random.below(self.protocols.len())],
            )
        }
    }
}
