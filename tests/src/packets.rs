//! Random packets.

use std::net::IpAddr;

use fwdsl_runtime::analysis::{Packet, PacketType, Status, Tracking};
use fwdsl_runtime::family::Family;

use crate::random::Random;

/// A packet near the edges of what the random rules of [`policies`](crate::policies) ask for, at the built-in chain `hook` of
/// `filter`.
pub fn packet(random: &mut Random, family: Family, hook: &str) -> Packet {
    let address = |random: &mut Random| -> IpAddr {
        let addresses = match family {
            Family::Ipv4 => [
                "10.0.0.0",
                "10.0.0.1",
                "10.0.0.2",
                "10.0.0.99",
                "10.0.0.100",
                "10.1.0.0",
                "10.255.255.255",
                "11.0.0.0",
                "192.0.2.1",
                "192.0.2.7",
                "0.0.0.0",
                "255.255.255.255",
            ],
            Family::Ipv6 => [
                "2001:db8::",
                "2001:db8::1",
                "2001:db8::5",
                "2001:db8::ff",
                "2001:db8::100",
                "fe80::1",
                "fec0::",
                "fd00::1",
                "::1.2.3.4",
                "::ffff:0:1",
                "::",
                "ffff::",
            ],
        };
        random.pick(&addresses).parse().expect("an address")
    };
    let interface = |random: &mut Random, present: bool| {
        let names = ["lo", "eth0", "eth1", "eth", "eth0.100", "br-lan", "wg0", "WAN", "x"];
        present.then(|| random.pick(&names).to_owned())
    };
    let protocols = [6, 6, 6, 17, 17, 1, 58, 47, 50, 51, 132, 255];
    let ports = [22, 21, 80, 443, 1, 2, 5, 9, 10, 7, 14, 273, 1023, 1024, 2000, 2001, 8000, 8080, 65535, 0];
    let types = [8, 0, 3, 4, 11, 135, 136, 128, 1, 255];
    let tracking = Tracking::ALL[random.below(Tracking::ALL.len())];
    let statuses: Vec<Status> =
        (0..16).map(Status::from_bits).filter(|status| status.fits(tracking.state)).collect();
    let (from, to) = (address(random), address(random));
    Packet {
        in_interface: interface(random, hook != "OUTPUT"),
        out_interface: interface(random, hook != "INPUT"),
        sport: ports[random.below(ports.len())],
        dport: ports[random.below(ports.len())],
        icmp_type: types[random.below(types.len())],
        icmp_code: [0, 3, 4][random.below(3)],
        tcp_flags: random.below(64) as u8,
        tracking,
        status: statuses[random.below(statuses.len())],
        mark: [0, 0, 1, 2, 0x10, 0xff, 0x101][random.below(7)],
        packet_type: PacketType::ALL[random.below(PacketType::ALL.len())],
        later_fragment: hook == "OUTPUT" && random.one_in(8),
        ..Packet::new(from, to, protocols[random.below(protocols.len())])
    }
}
