//! Packets that are made as the analysis describes them, as far as anybody can make them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fwdsl_runtime::analysis::{CtState, Packet, PacketType, Status};
use fwdsl_runtime::catalogue::{
    DCCP_NUMBER, ICMP, ICMPV6, SCTP_NUMBER, TCP_NUMBER, UDP_NUMBER, UDPLITE_NUMBER,
};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::table::Way;

use super::flows::{ASSURED, CONFIRMED, SEEN_REPLY};
use super::network::{Conntrack, LINKS_MAX, Route, Sender};
use super::packets::{Outgoing, ROOM};
use crate::nfnetlink::Tuple;
use crate::wire::{Fragment, IpPacket, Transport, number};

/// A packet, who sends it, and what is to be done before.
#[derive(Debug, Clone)]
pub(super) struct Directed {
    sender: Sender,
    pub(super) route: Route,
    packet_type: PacketType,
    packet: IpPacket,
    /// What is to be changed of its transport so that connection tracking cannot do anything with it.
    broken: Option<(usize, u8)>,
    /// The mark that it is to have, and whether it is not to be tracked.
    pub(super) prepared: (u32, bool),
    pub(super) connection: Option<Connection>,
}

/// A connection that is there before the packet comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Connection {
    pub(super) tuple: Tuple,
    /// Bits of its status.
    pub(super) status: u32,
    /// Whether another one lets expect it.
    pub(super) expected: bool,
}

/// The links of a host, by name.
#[derive(Debug, Default)]
pub(super) struct Links {
    pub(super) names: Vec<String>,
    places: HashMap<String, usize>,
}

impl Links {
    /// Adds what the packet comes in by and leaves by, as far as there is room for more links.
    pub(super) fn add(&mut self, packet: &Packet) {
        for name in [&packet.in_interface, &packet.out_interface].into_iter().flatten() {
            let may_be = name != "lo" && is_name(name) && self.names.len() < LINKS_MAX;
            if may_be && !self.places.contains_key(name) {
                self.places.insert(name.clone(), self.names.len());
                self.names.push(name.clone());
            }
        }
    }

    fn place(&self, name: &str) -> Result<usize, &'static str> {
        self.places.get(name).copied().ok_or("there is no such link")
    }
}

/// Whether a link can have the name (net/core/dev.c, dev_valid_name).
fn is_name(name: &str) -> bool {
    let refused = |letter: char| matches!(letter, '/' | ':') || letter.is_whitespace();
    !name.is_empty() && name.len() < 16 && !matches!(name, "." | "..") && !name.contains(refused)
}

impl Directed {
    /// Makes a packet as it is described, or tells why nobody can.
    pub(super) fn new(
        packet: &Packet,
        links: &Links,
        conntrack: Conntrack,
    ) -> Result<Directed, &'static str> {
        let (sender, route) = ends(packet, links)?;
        if packet.packet_type == PacketType::OtherHost {
            return Err("what is for another host, no rule sees");
        }
        if sender == Sender::Host && packet.packet_type != PacketType::Unicast {
            return Err("what the host sends itself is for one");
        }
        if packet.from.is_unspecified() {
            return Err("the kernel gives it a source");
        }
        if packet.from.is_ipv6() && HEADERS.contains(&packet.protocol) {
            return Err("the number is that of a header of IPv6");
        }
        let tracks = conntrack == Conntrack::On;
        if packet.later_fragment && tracks {
            return Err("fragments are put together before");
        }
        if packet.tracking.snat || packet.tracking.dnat {
            return Err("its connection is to be translated");
        }
        let mut directed = Directed {
            sender,
            route,
            packet_type: packet.packet_type,
            packet: IpPacket {
                from: packet.from,
                to: packet.to,
                ttl: 64,
                tos: route.tos(),
                fragment: if packet.later_fragment { Fragment::Last } else { Fragment::Whole },
                headers: Vec::new(),
                transport: transport(packet),
            },
            broken: None,
            prepared: (packet.mark, packet.tracking.state == CtState::Untracked),
            connection: None,
        };
        if tracks {
            directed.prepare(packet)?;
        }
        Ok(directed)
    }

    /// Sees to it that connection tracking says of it what it is to say.
    fn prepare(&mut self, packet: &Packet) -> Result<(), &'static str> {
        let bits = STATUSES.iter().filter(|(status, _)| packet.status.or(*status) == packet.status);
        let status = bits.fold(CONFIRMED, |all, (_, bit)| all | bit);
        let is_expected = packet.status.or(Status::EXPECTED) == packet.status;
        let icmp = [ICMP, ICMPV6].contains(&packet.protocol);
        match packet.tracking.state {
            CtState::Untracked => {}
            CtState::New if packet.status == Status::NONE => {}
            CtState::New => {
                let (tuple, status) = (tuple(packet)?, status & !SEEN_REPLY);
                self.connection = Some(Connection { tuple, status, expected: false });
            }
            CtState::Established => {
                let (tuple, status) = (tuple(packet)?, status | SEEN_REPLY);
                self.connection = Some(Connection { tuple, status, expected: is_expected });
            }
            CtState::Related if icmp => {
                let tuple = Tuple { ends: [packet.to, packet.from], protocol: UDP_NUMBER, ports: [1024, 9] };
                let about = IpPacket {
                    transport: Transport::Udp { ports: tuple.ports, payload: Vec::new() },
                    ..self.packet.clone()
                };
                let about = IpPacket { from: packet.to, to: packet.from, ..about };
                let kind = (packet.icmp_type, packet.icmp_code);
                self.packet.transport = Transport::Icmp { kind, about: Some(Box::new(about)) };
                self.connection = Some(Connection { tuple, status: CONFIRMED, expected: false });
            }
            CtState::Related => {
                let (tuple, status) = (tuple(packet)?, status & !SEEN_REPLY);
                self.connection = Some(Connection { tuple, status, expected: true });
            }
            CtState::Invalid => self.broken = broken(packet.protocol),
        }
        Ok(())
    }

    /// The packet with its TTL and its number.
    pub(super) fn outgoing(&self, ttl: u8, serial: u16) -> Outgoing {
        let packet = IpPacket { ttl, ..self.packet.clone() };
        let header = if packet.from.is_ipv4() { 20 } else { 40 };
        let quoted = if matches!(packet.transport, Transport::Icmp { about: Some(_), .. }) { 48 } else { 0 };
        let fragmented = if packet.fragment == Fragment::Whole || header == 20 { 0 } else { 8 };
        let mut bytes = packet.bytes(header + ROOM + quoted + fragmented);
        if let Some((at, bits)) = self.broken {
            bytes[header + at] ^= bits;
        }
        number(&mut bytes, serial);
        // Where the host's own packets go tells their route; this is to nobody.
        let to = match packet.to {
            IpAddr::V4(_) => Ipv4Addr::new(100, 67, 0, 1).into(),
            IpAddr::V6(_) => Ipv6Addr::new(0xfd96, 0, 0, 0, 0, 0, 0, 1).into(),
        };
        let Directed { sender, route, packet_type, .. } = *self;
        Outgoing { sender, route, packet_type, to, bytes }
    }

    /// What tells its connection from others. Of some protocols not every kernel knows the ports.
    pub(super) fn key(&self) -> (u8, [(IpAddr, u16); 2]) {
        let IpPacket { from, to, transport, .. } = &self.packet;
        let family = if from.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
        let [sport, dport] = match transport {
            Transport::Tcp { ports, .. } | Transport::Udp { ports, .. } => *ports,
            Transport::Icmp { .. } | Transport::Other(..) => [0; 2],
        };
        let mut ends = [(*from, sport), (*to, dport)];
        ends.sort_unstable();
        (transport.protocol(family), ends)
    }
}

/// The numbers of IPv6's extension headers.
const HEADERS: [u8; 6] = [0, 43, 44, 51, 60, 135];

/// Bits of a connection's status in the analysis and in the kernel. `CONFIRMED` every one has that is told.
const STATUSES: [(Status, u32); 2] = [(Status::SEEN_REPLY, SEEN_REPLY), (Status::ASSURED, ASSURED)];

/// Who sends it, and by what route.
fn ends(packet: &Packet, links: &Links) -> Result<(Sender, Route), &'static str> {
    let [incoming, outgoing] =
        [&packet.in_interface, &packet.out_interface].map(|name| name.as_deref().unwrap_or_default());
    Ok(match Way::of(packet) {
        Way::In if incoming == "lo" => (Sender::Host, Route::Local),
        Way::In => (Sender::Link(links.place(incoming)?), Route::Local),
        Way::Out if outgoing == "lo" => (Sender::Host, Route::Local),
        Way::Out => (Sender::Host, Route::Out(links.place(outgoing)?)),
        Way::Through if [incoming, outgoing].contains(&"lo") => {
            return Err("what comes in or leaves by `lo` is not routed through");
        }
        Way::Through => (Sender::Link(links.place(incoming)?), Route::Out(links.place(outgoing)?)),
    })
}

fn transport(packet: &Packet) -> Transport {
    let ports = [packet.sport, packet.dport];
    match packet.protocol {
        TCP_NUMBER => Transport::Tcp { ports, flags: packet.tcp_flags, options: Vec::new() },
        UDP_NUMBER => Transport::Udp { ports, payload: Vec::new() },
        ICMP if packet.from.is_ipv4() => {
            Transport::Icmp { kind: (packet.icmp_type, packet.icmp_code), about: None }
        }
        ICMPV6 if packet.from.is_ipv6() => {
            Transport::Icmp { kind: (packet.icmp_type, packet.icmp_code), about: None }
        }
        SCTP_NUMBER | DCCP_NUMBER | UDPLITE_NUMBER => Transport::with_ports(packet.protocol, ports),
        other => Transport::Other(other, Vec::new()),
    }
}

/// The connection of a packet as one that it is the first of.
fn tuple(packet: &Packet) -> Result<Tuple, &'static str> {
    let ports = match packet.protocol {
        ICMP | ICMPV6 => return Err("a connection of ICMP that there is already"),
        TCP_NUMBER | UDP_NUMBER | SCTP_NUMBER | DCCP_NUMBER | UDPLITE_NUMBER => [packet.sport, packet.dport],
        _ => [0; 2],
    };
    Ok(Tuple { ends: [packet.from, packet.to], protocol: packet.protocol, ports })
}

/// What makes a transport's header one that connection tracking refuses: the place of a byte, and the bits of it to
/// change.
fn broken(protocol: u8) -> Option<(usize, u8)> {
    match protocol {
        // A header longer than the packet; a datagram longer than the packet; a checksum; a chunk without length.
        TCP_NUMBER => Some((12, 0xa0)),
        UDP_NUMBER | UDPLITE_NUMBER => Some((4, 0xff)),
        ICMP | ICMPV6 => Some((2, 0x55)),
        SCTP_NUMBER => Some((15, 20)),
        _ => None,
    }
}
