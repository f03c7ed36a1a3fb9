//! Random packets, as those send them who do not ask whether they make sense.

use std::net::IpAddr;

use fwdsl_runtime::analysis::PacketType;
use fwdsl_runtime::catalogue::{DCCP_NUMBER, SCTP_NUMBER, UDPLITE_NUMBER};
use fwdsl_runtime::family::Family;

use super::flows::Flow;
use super::network::{Host, LINKS, Route, Sender};
use super::watch::{TRANSLATED, UNTRACKED};
use crate::constructs::probe::{ACK, FIN, PSH, RST, SYN, URG};
use crate::random::Random;
use crate::wire::{Fragment, IpPacket, Transport, fragment, number, set_length};

/// Ports that random rules speak of, and their neighbours.
pub(super) const PORTS: [u16; 14] = [22, 80, 443, 53, 1024, 8000, 273, 1, 0, 21, 23, 1023, 8001, u16::MAX];
/// Types of both families' ICMP.
pub(super) const ICMP_TYPES: [u8; 13] = [0, 3, 4, 5, 8, 11, 1, 2, 128, 129, 135, 136, 255];
/// The protocol of markers, which no other packet has: one for experiments.
pub(super) const MARKER: u8 = 253;

/// What is sent to an address with this last byte is sent to everybody.
const TO_EVERYBODY: u8 = 9;

const FLAGS: [u8; 10] = [SYN, SYN, ACK, SYN | ACK, FIN | ACK, RST, RST | ACK, PSH | ACK, 0, FIN | PSH | URG];
/// The usual length of a packet's payload with its header.
pub(super) const ROOM: usize = 68;

/// Addresses that random rules speak of, and others.
pub(super) fn addresses(family: Family) -> &'static [&'static str] {
    match family {
        Family::Ipv4 => &[
            "10.0.0.1",
            "10.0.0.3",
            "10.0.0.50",
            "10.0.0.99",
            "10.1.2.3",
            "10.200.0.7",
            "192.0.2.1",
            "192.0.2.7",
            "172.16.3.4",
            "8.8.8.8",
        ],
        Family::Ipv6 => &[
            "2001:db8::1",
            "2001:db8::5",
            "2001:db8::ff",
            "2001:db9::1",
            "2001:db8:1:2::3",
            "fd00::7",
            "fd00:1::1",
            "::1.2.3.4",
            "2a00::8",
        ],
    }
}

/// A packet with who sends it.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) sender: Sender,
    pub(super) route: Route,
    pub(super) packet_type: PacketType,
    pub(super) to: IpAddr,
    pub(super) bytes: Vec<u8>,
}

impl Outgoing {
    pub(super) fn send(&self, host: &Host) {
        host.send(self.sender, self.route, self.packet_type, self.to, &self.bytes);
    }

    /// Each fragment by itself, of the same number.
    fn pieces(self, random: &mut Random, may_cut: bool) -> Vec<Outgoing> {
        let header = if self.to.is_ipv4() { 20 } else { 40 };
        let carried = self.bytes.len() - header;
        let cut = [24, 32, 8][random.below(if may_cut { 3 } else { 2 })];
        let piece = |offset: usize, data: std::ops::Range<usize>, more: bool| Outgoing {
            bytes: fragment(&self.bytes, offset as u16, data, more),
            ..self
        };
        match random.below(5) {
            0 => vec![piece(0, 0..cut.max(24), true)],
            1 => vec![piece(8, 8..carried, random.one_in(2))],
            2 => vec![piece([16, 24, 1024][random.below(3)], 0..carried / 8 * 8, true)],
            3 => vec![piece(1024, 0..random.below(carried), false)],
            // All of it, which can be put together.
            _ => {
                let mut pieces = vec![piece(0, 0..cut, true), piece(cut, cut..carried, false)];
                if random.one_in(2) {
                    pieces.swap(0, 1);
                }
                pieces
            }
        }
    }
}

/// A packet of nothing but its ends and what it carries.
pub(super) fn plain_packet(
    sender: Sender,
    route: Route,
    ends: [IpAddr; 2],
    transport: Transport,
) -> Outgoing {
    packet(sender, route, ends, 64, transport, ROOM)
}

fn packet(
    sender: Sender,
    route: Route,
    [from, to]: [IpAddr; 2],
    ttl: u8,
    transport: Transport,
    room: usize,
) -> Outgoing {
    let header = if from.is_ipv4() { 20 } else { 40 };
    let headers = Vec::new();
    let packet = IpPacket { from, to, ttl, tos: route.tos(), fragment: Fragment::Whole, headers, transport };
    let packet_type = usual_type(to);
    Outgoing { sender, route, packet_type, to, bytes: packet.bytes(header + room) }
}

/// Whom senders send what is for an address.
fn usual_type(to: IpAddr) -> PacketType {
    let is_for_everybody = match to {
        IpAddr::V4(to) => to.is_broadcast() || to.octets() == [10, 0, 0, TO_EVERYBODY],
        IpAddr::V6(to) => to.segments() == [0x2001, 0xdb8, 0, 0, 0, 0, 0, TO_EVERYBODY.into()],
    };
    match (is_for_everybody, to.is_multicast()) {
        (true, _) => PacketType::Broadcast,
        (false, true) => PacketType::Multicast,
        (false, false) => PacketType::Unicast,
    }
}

/// A packet that stands behind others: the host shows it to the observer as it comes in, and no rule sees it.
pub(super) fn marker(family: Family) -> Outgoing {
    let pool = addresses(family);
    let ends = [pool[0], pool[1]].map(|address| address.parse().expect("an address"));
    plain_packet(Sender::Link(0), Route::Local, ends, Transport::Other(MARKER, Vec::new()))
}

/// Random packets, each with a number of its own but for fragments of one. Some of one batch in three have less than
/// their transport's header, of which the analysis knows nothing.
pub(super) fn random_packets(
    family: Family,
    flows: &[Flow],
    random: &mut Random,
    count: usize,
) -> Vec<Outgoing> {
    let mut packets = Vec::new();
    let may_cut = random.one_in(3);
    for serial in 0..count {
        let mut packet = random_packet(family, flows, random, may_cut);
        number(&mut packet.bytes, 1 + serial as u16);
        let is_long = packet.bytes.len() >= 40 + ROOM;
        if is_long && random.one_in(6) {
            packets.extend(packet.pieces(random, may_cut));
        } else {
            packets.push(packet);
        }
    }
    packets
}

fn random_packet(family: Family, flows: &[Flow], random: &mut Random, may_cut: bool) -> Outgoing {
    let flow = random.one_in(2).then(|| &flows[random.below(flows.len())]);
    let reply = random.one_in(2);
    let (sender, route) = match flow {
        Some(flow) => flow.way(reply),
        None => random_way(random),
    };
    let (ends, ports) = flow.map_or_else(
        || (random_ends(family, sender, route, random), [random_port(random), random_port(random)]),
        |flow| flow.direction(reply),
    );
    let protocol = flow.filter(|_| !random.one_in(12)).map(|flow| flow.protocol);
    let about = &flows[random.below(flows.len())];
    let transport = random_transport(family, protocol, ports, about, random);
    let untracked = if random.one_in(8) { *UNTRACKED.start() } else { 64 };
    let ttl = untracked + if random.one_in(2) { 0 } else { random.below(8) as u8 };
    let room = if matches!(transport, Transport::Icmp { about: Some(_), .. }) { 8 + 40 + ROOM } else { ROOM };
    let mut packet = packet(sender, route, ends, ttl, transport, room);
    break_packet(&mut packet, random, may_cut);
    packet
}

/// Makes some packets such that connection tracking, and sometimes a match, cannot do anything with them.
fn break_packet(packet: &mut Outgoing, random: &mut Random, may_cut: bool) {
    let header = if packet.to.is_ipv4() { 20 } else { 40 };
    match random.below(40) {
        // A checksum that is wrong, if there is one.
        0 | 1 => packet.bytes[header + 7] ^= 0x55,
        2 if may_cut => {
            packet.bytes.truncate(header + random.below(20));
            set_length(&mut packet.bytes);
        }
        _ => {}
    }
}

fn random_way(random: &mut Random) -> (Sender, Route) {
    let out = Route::Out(random.below(LINKS.len()));
    match random.below(7) {
        0..=2 => (Sender::Link(random.below(LINKS.len())), Route::Local),
        3 | 4 => (Sender::Link(random.below(LINKS.len())), out),
        5 => (Sender::Host, out),
        _ => (Sender::Host, Route::Local),
    }
}

fn random_ends(family: Family, sender: Sender, route: Route, random: &mut Random) -> [IpAddr; 2] {
    let address = |random: &mut Random| random.pick(addresses(family)).parse().expect("an address");
    let (from, mut to): (IpAddr, IpAddr) = (address(random), address(random));
    if random.one_in(10) && (sender, route) != (Sender::Host, Route::Local) {
        let others = match family {
            Family::Ipv4 => {
                ["224.0.0.1".to_owned(), "255.255.255.255".to_owned(), format!("10.0.0.{TO_EVERYBODY}")]
            }
            Family::Ipv6 => {
                ["ff02::1".to_owned(), "ff02::1".to_owned(), format!("2001:db8::{TO_EVERYBODY:x}")]
            }
        };
        to = others[random.below(3)].parse().expect("an address");
        let is_host = sender == Sender::Host;
        // The host has no permission to send to everybody, nor a link for a group that has no address beyond it.
        if is_host && (to.to_string() == "255.255.255.255" || family == Family::Ipv6) {
            to = address(random);
        }
    }
    [from, to]
}

fn random_port(random: &mut Random) -> u16 {
    match random.below(12) {
        0 => random.below(1 << 16) as u16,
        1..=3 => TRANSLATED[random.below(2)].0,
        _ => PORTS[random.below(PORTS.len())],
    }
}

fn random_transport(
    family: Family,
    protocol: Option<u8>,
    ports: [u16; 2],
    about: &Flow,
    random: &mut Random,
) -> Transport {
    let icmp = if family == Family::Ipv4 { 1 } else { 58 };
    let any = [
        6,
        6,
        6,
        6,
        17,
        17,
        17,
        icmp,
        icmp,
        SCTP_NUMBER,
        DCCP_NUMBER,
        UDPLITE_NUMBER,
        50,
        47,
        51,
        89,
        255,
        2,
    ];
    let protocol = protocol.unwrap_or_else(|| any[random.below(any.len())]);
    match protocol {
        6 => {
            let flags =
                if random.one_in(4) { random.below(256) as u8 } else { FLAGS[random.below(FLAGS.len())] };
            Transport::Tcp { ports, flags, options: Vec::new() }
        }
        17 => Transport::Udp { ports, payload: Vec::new() },
        _ if protocol == icmp => random_icmp(family, about, random),
        SCTP_NUMBER | DCCP_NUMBER | UDPLITE_NUMBER => Transport::with_ports(protocol, ports),
        // A header of authentication is on the way to another protocol in IPv6, and has a length.
        51 if family == Family::Ipv6 => Transport::Other(89, Vec::new()),
        // What is of no version that the kernel knows, it does not translate but throws away.
        47 => Transport::Other(protocol, vec![0; 4]),
        _ => Transport::Other(protocol, ports.map(u16::to_be_bytes).concat()),
    }
}

/// Some are errors about a packet of a connection, or of none.
fn random_icmp(family: Family, about: &Flow, random: &mut Random) -> Transport {
    let code = [0, 0, 1, 3, 4][random.below(5)];
    if random.one_in(2) {
        return Transport::Icmp { kind: (ICMP_TYPES[random.below(ICMP_TYPES.len())], code), about: None };
    }
    let ty = if family == Family::Ipv4 { [3, 11][random.below(2)] } else { [1, 3][random.below(2)] };
    let (ends, ports) = about.direction(random.one_in(2));
    let transport = match about.protocol {
        6 => Transport::Tcp { ports, flags: ACK, options: Vec::new() },
        17 => Transport::Udp { ports, payload: Vec::new() },
        1 | 58 => Transport::Icmp { kind: (if family == Family::Ipv4 { 8 } else { 128 }, 0), about: None },
        other => Transport::with_ports(other, ports),
    };
    let [from, to] = ends;
    let headers = Vec::new();
    let about = IpPacket { from, to, ttl: 60, tos: 0, fragment: Fragment::Whole, headers, transport };
    Transport::Icmp { kind: (ty, code), about: Some(Box::new(about)) }
}
