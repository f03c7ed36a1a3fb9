//! The packets that an administrator's connection depends on.

use std::fs;
use std::net::IpAddr;

use super::solicited;
use crate::analysis::{CtState, Packet, PacketType, Status, Tracking};
use crate::catalogue::{ICMPV6, TCP_NUMBER};
use crate::host::netlink::{Found, Route, Tracked};
use crate::host::session::Connection;
use crate::lower::Ruleset;
use crate::table::TableName;

/// The flags of TCP, as in the header (RFC 9293, section 3.1).
const SYN: u8 = 0x02;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// Types of ICMPv6 (RFC 4861).
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;

/// Something that is needed.
pub(super) struct Needed {
    /// What, in words.
    pub(super) what: &'static str,
    /// The ways in which it can come about, of which one is enough; in each, all packets have to pass.
    pub(super) ways: Vec<Vec<Packet>>,
    /// Whether it is needed for certain.
    pub(super) is_certain: bool,
    /// Whether its packets have the hop limit of those that never left the link (RFC 4861, section 7.1).
    pub(super) is_of_the_link: bool,
}

impl Needed {
    fn new(what: &'static str, ways: Vec<Vec<Packet>>) -> Needed {
        Needed { what, ways, is_certain: true, is_of_the_link: false }
    }
}

/// What a connection that comes in by `route` needs: the next one, its answers, neighbour discovery, and that the present
/// one goes on.
pub(super) fn needed(connection: &Connection, route: &Route, found: &Found, rules: &Ruleset) -> Vec<Needed> {
    let ends = Ends { connection, route, found, translates: translates(rules) };
    let mut needed = vec![
        Needed::new(
            "a new connection from the same peer to the same port",
            vec![vec![ends.first(), ends.inward(CtState::Established)]],
        ),
        Needed::new(
            "the answers to a new connection",
            vec![vec![ends.answer(SYN | ACK), ends.answer(ACK | PSH)]],
        ),
    ];
    needed.extend(ends.present());
    if route.has_neighbours && connection.peer.is_ipv6() {
        needed.extend(ends.neighbours());
    }
    needed
}

/// Whether rules of the policy translate the destinations of packets that come in.
fn translates(rules: &Ruleset) -> bool {
    rules.table(TableName::Nat).is_some()
}

struct Ends<'a> {
    connection: &'a Connection,
    route: &'a Route,
    found: &'a Found,
    translates: bool,
}

impl Ends<'_> {
    /// From the peer to where it sends: before an address translation if there is one that the rules can tell of.
    fn incoming(&self) -> Packet {
        let here = self.connection.here;
        let to = match self.found {
            Found::Tracked(Tracked { to }) if self.translates => *to,
            _ => here,
        };
        Packet {
            in_interface: Some(self.route.interface.clone()),
            sport: self.connection.peer.port(),
            dport: to.port(),
            ..Packet::new(self.connection.peer.ip(), to.ip(), TCP_NUMBER)
        }
    }

    /// Whether its destination is translated.
    fn is_translated(&self) -> bool {
        matches!(self.found, Found::Tracked(Tracked { to }) if *to != self.connection.here)
    }

    fn first(&self) -> Packet {
        // What the policy does not translate, others have before its filter sees it.
        let dnat = self.is_translated() && !self.translates;
        let tracking = Tracking { dnat, ..Tracking::of(CtState::New) };
        Packet { tcp_flags: SYN, tracking, ..self.incoming() }
    }

    /// A later packet of the peer.
    fn inward(&self, state: CtState) -> Packet {
        self.later(self.incoming(), state)
    }

    /// A later packet of this host.
    fn outward(&self, state: CtState) -> Packet {
        let Connection { peer, here, .. } = self.connection;
        let packet = Packet {
            out_interface: Some(self.route.interface.clone()),
            sport: here.port(),
            dport: peer.port(),
            ..Packet::new(here.ip(), peer.ip(), TCP_NUMBER)
        };
        self.later(packet, state)
    }

    fn later(&self, packet: Packet, state: CtState) -> Packet {
        let dnat = state == CtState::Established && self.is_translated();
        let tracking = Tracking { dnat, ..Tracking::of(state) };
        Packet { tcp_flags: ACK | PSH, tracking, status: Status::usual(state), ..packet }
    }

    fn answer(&self, tcp_flags: u8) -> Packet {
        Packet { tcp_flags, ..self.outward(CtState::Established) }
    }

    /// The present connection, as connection tracking sees it in its midst.
    fn present(&self) -> Vec<Needed> {
        let what = "the present connection";
        let goes_on = || vec![self.inward(CtState::Established), self.outward(CtState::Established)];
        // The first packet of either side is of a connection that connection tracking did not see begin; if it may
        // pass, what follows is of one that it knows.
        let picked_up = || match picks_up() {
            true => vec![
                vec![self.outward(CtState::New), self.inward(CtState::Established)],
                vec![self.inward(CtState::New), self.outward(CtState::Established)],
            ],
            false => vec![vec![self.inward(CtState::Invalid), self.outward(CtState::Invalid)]],
        };
        match self.found {
            Found::Tracked(_) => vec![Needed::new(what, vec![goes_on()])],
            Found::Untracked => vec![Needed::new(what, picked_up())],
            Found::Unknown => [vec![goes_on()], picked_up()]
                .map(|ways| Needed { is_certain: false, ..Needed::new(what, ways) })
                .into(),
        }
    }

    /// Without these, neither side finds the other on the link, or the router between them. Connection tracking lets
    /// them be (net/netfilter/nf_conntrack_proto_icmpv6.c).
    fn neighbours(&self) -> Vec<Needed> {
        let here = self.connection.here.ip();
        let neighbour = self.route.gateway.unwrap_or(self.connection.peer.ip());
        let packet = |from: IpAddr, to: IpAddr, icmp_type: u8| Packet {
            icmp_type,
            tracking: Tracking::of(CtState::Untracked),
            packet_type: if to.is_multicast() { PacketType::Multicast } else { PacketType::Unicast },
            ..Packet::new(from, to, ICMPV6)
        };
        let comes = |packet: Packet| Packet { in_interface: Some(self.route.interface.clone()), ..packet };
        let leaves = |packet: Packet| Packet { out_interface: Some(self.route.interface.clone()), ..packet };
        let asked = vec![
            comes(packet(neighbour, solicited(here), SOLICITATION)),
            leaves(packet(here, neighbour, ADVERTISEMENT)),
        ];
        let asks = vec![
            leaves(packet(here, solicited(neighbour), SOLICITATION)),
            comes(packet(neighbour, here, ADVERTISEMENT)),
        ];
        let needed = |way| Needed { is_of_the_link: true, ..Needed::new("neighbour discovery", vec![way]) };
        [asked, asks].map(needed).into()
    }
}

/// Whether connection tracking takes a packet in the midst of a connection that it does not know for the first of a new
/// one, and not for an invalid one.
fn picks_up() -> bool {
    let loose = fs::read_to_string("/proc/sys/net/netfilter/nf_conntrack_tcp_loose");
    loose.map_or(true, |loose| loose.trim() != "0")
}
