//! Packets near what rules ask for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fwdsl::analysis::{Packet, Tracking};
use fwdsl::family::Family;

use super::read::{Firewall, Rule};
use super::test::What;
use crate::random::Random;

/// The numbers and names at which the rules of a table change their mind.
#[derive(Debug)]
pub struct Samples {
    family: Family,
    sources: Vec<u128>,
    destinations: Vec<u128>,
    interfaces: Vec<String>,
    protocols: Vec<u8>,
    ports: Vec<u16>,
    icmp: Vec<(u8, u8)>,
    flags: Vec<u8>,
}

impl Samples {
    /// Collects them.
    #[must_use]
    pub fn new(firewall: &Firewall, family: Family) -> Samples {
        let icmp = if family == Family::Ipv4 { 1 } else { 58 };
        let mut samples = Samples {
            family,
            sources: vec![1],
            destinations: vec![1],
            interfaces: vec!["other0".to_owned()],
            protocols: vec![6, 17, icmp, 47],
            ports: vec![1, 1024, 65535],
            icmp: vec![(8, 0), (250, 3)],
            flags: vec![0b00_0010, 0b01_0000, 0b01_0010, 0b00_0001, 0, 63],
        };
        for rule in firewall.chains.iter().flatten() {
            samples.add(rule);
        }
        for list in [&mut samples.sources, &mut samples.destinations] {
            list.sort_unstable();
            list.dedup();
        }
        samples.ports.sort_unstable();
        samples.ports.dedup();
        samples
    }

    fn add(&mut self, rule: &Rule) {
        for test in &rule.tests {
            match &test.what {
                What::Source(first, last) => add_address(&mut self.sources, *first, *last, self.family),
                What::Destination(first, last) => {
                    add_address(&mut self.destinations, *first, *last, self.family)
                }
                What::In(name) | What::Out(name) => {
                    let name = name.strip_suffix('+').map_or(name.clone(), |prefix| format!("{prefix}7"));
                    if !self.interfaces.contains(&name) {
                        self.interfaces.push(name);
                    }
                }
                What::Protocol(Some(number)) if !self.protocols.contains(number) => {
                    self.protocols.push(*number)
                }
                What::SourcePort(ranges, _)
                | What::DestinationPort(ranges, _)
                | What::EitherPort(ranges, _) => {
                    for (first, last) in ranges {
                        self.ports.extend([first.saturating_sub(1), *first, *last, last.saturating_add(1)]);
                    }
                }
                What::Icmp(ty, code, _) => self.icmp.push((*ty, code.unwrap_or(1))),
                What::Flags(_, set) => self.flags.push(*set),
                _ => {}
            }
        }
    }

    /// A packet that has what some rule asks for, as far as the packet itself tells, and else anything.
    #[must_use]
    pub fn packet(&self, rule: &Rule, random: &mut Random) -> Packet {
        let numbers = |list: &[u128], random: &mut Random| list[random.below(list.len())];
        let (from, to) = (numbers(&self.sources, random), numbers(&self.destinations, random));
        let mut name = || self.interfaces[random.below(self.interfaces.len())].clone();
        let (incoming, outgoing) = (name(), name());
        let mut packet = Packet::new(
            address(self.family, from),
            address(self.family, to),
            self.protocols[random.below(self.protocols.len())],
        );
        (packet.in_interface, packet.out_interface) = match random.below(3) {
            0 => (Some(incoming), None),
            1 => (None, Some(outgoing)),
            _ => (Some(incoming), Some(outgoing)),
        };
        packet.sport = self.ports[random.below(self.ports.len())];
        packet.dport = self.ports[random.below(self.ports.len())];
        (packet.icmp_type, packet.icmp_code) = self.icmp[random.below(self.icmp.len())];
        packet.tcp_flags = self.flags[random.below(self.flags.len())];
        packet.tracking = Tracking::ALL[random.below(Tracking::ALL.len())];
        for test in rule.tests.iter().filter(|test| !test.negated) {
            self.fit(&mut packet, &test.what, random);
        }
        packet
    }

    /// Gives a packet what is asked for.
    fn fit(&self, packet: &mut Packet, what: &What, random: &mut Random) {
        let within = |list: &[u128], first: u128, last: u128, random: &mut Random| {
            let (from, to) =
                (list.partition_point(|one| *one < first), list.partition_point(|one| *one <= last));
            if from < to { list[from + random.below(to - from)] } else { first }
        };
        let port = |ranges: &[(u16, u16)], random: &mut Random| {
            let (first, last) = ranges[random.below(ranges.len())];
            let from = self.ports.partition_point(|one| *one < first);
            let to = self.ports.partition_point(|one| *one <= last);
            if from < to { self.ports[from + random.below(to - from)] } else { first }
        };
        let named = |pattern: &str, random: &mut Random| match pattern.strip_suffix('+') {
            Some(prefix) => {
                let fitting: Vec<&String> =
                    self.interfaces.iter().filter(|name| name.starts_with(prefix)).collect();
                fitting[random.below(fitting.len())].clone()
            }
            None => pattern.to_owned(),
        };
        match what {
            What::Source(first, last) => {
                packet.from = address(self.family, within(&self.sources, *first, *last, random));
            }
            What::Destination(first, last) => {
                packet.to = address(self.family, within(&self.destinations, *first, *last, random));
            }
            What::In(name) => packet.in_interface = Some(named(name, random)),
            What::Out(name) => packet.out_interface = Some(named(name, random)),
            What::Protocol(Some(number)) => packet.protocol = *number,
            What::SourcePort(ranges, _) => packet.sport = port(ranges, random),
            What::DestinationPort(ranges, _) => packet.dport = port(ranges, random),
            What::EitherPort(ranges, _) if random.one_in(2) => packet.sport = port(ranges, random),
            What::EitherPort(ranges, _) => packet.dport = port(ranges, random),
            What::Icmp(ty, code, _) => {
                packet.icmp_type = *ty;
                packet.icmp_code = code.unwrap_or(packet.icmp_code);
            }
            What::Flags(mask, set) => packet.tcp_flags = packet.tcp_flags & !mask | set,
            What::State(words) => {
                let fitting: Vec<&Tracking> = Tracking::ALL
                    .iter()
                    .filter(|one| words.iter().any(|word| one.answers_to(word)))
                    .collect();
                if let Some(one) = fitting.get(random.below(fitting.len().max(1))) {
                    packet.tracking = **one;
                }
            }
            What::Protocol(None) | What::Fragment | What::Other(_) => {}
        }
    }
}

fn add_address(list: &mut Vec<u128>, first: u128, last: u128, family: Family) {
    let end = if family == Family::Ipv4 { u128::from(u32::MAX) } else { u128::MAX };
    list.extend([first.saturating_sub(1), first, last, last.saturating_add(1).min(end)]);
}

fn address(family: Family, bits: u128) -> IpAddr {
    match family {
        Family::Ipv4 => IpAddr::V4(Ipv4Addr::from(bits as u32)),
        Family::Ipv6 => IpAddr::V6(Ipv6Addr::from(bits)),
    }
}
