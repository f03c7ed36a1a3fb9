//! Connections of the host: some by packets in both directions, some told to connection tracking.

use std::net::IpAddr;

use fwdsl_runtime::analysis::Packet;
use fwdsl_runtime::catalogue::{ICMP, ICMPV6, SCTP_NUMBER, TCP_NUMBER, UDP_NUMBER};
use fwdsl_runtime::family::Family;

use super::network::{Conntrack, Host, LINKS, Route, Sender};
use super::packets::{Outgoing, addresses, plain_packet};
use super::watch::{family_word, of_random_packets, preparing_rules, translating_rules};
use crate::constructs::probe::{ACK, SYN};
use crate::nfnetlink::{Tuple, add_connection};
use crate::random::Random;
use crate::wire::Transport;

/// How many flows there are in each family.
const FLOWS: usize = 64;
/// `IPS_SEEN_REPLY`, `IPS_ASSURED` and `IPS_CONFIRMED` (linux/netfilter/nf_conntrack_common.h).
pub(super) const SEEN_REPLY: u32 = 2;
pub(super) const ASSURED: u32 = 4;
pub(super) const CONFIRMED: u32 = 8;

/// How a connection came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Birth {
    /// By packets in both directions.
    Real,
    /// By a packet in one direction.
    Begun,
    /// Connection tracking was told of it.
    Injected { status: u32, expected: bool },
}

/// A connection.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    pub(super) ends: [IpAddr; 2],
    pub(super) protocol: u8,
    pub(super) ports: [u16; 2],
    sender: Sender,
    route: Route,
    birth: Birth,
}

impl Flow {
    /// Who sends packets of the flow, and by what route; the other way round for replies.
    pub(super) fn way(&self, reply: bool) -> (Sender, Route) {
        if !reply {
            return (self.sender, self.route);
        }
        let sender = match self.route {
            Route::Local => Sender::Host,
            Route::Out(link) => Sender::Link(link),
        };
        let route = match self.sender {
            Sender::Host => Route::Local,
            Sender::Link(link) => Route::Out(link),
        };
        (sender, route)
    }

    /// The ends and ports in one direction.
    pub(super) fn direction(&self, reply: bool) -> ([IpAddr; 2], [u16; 2]) {
        let ([from, to], [sport, dport]) = (self.ends, self.ports);
        if reply { ([to, from], [dport, sport]) } else { (self.ends, self.ports) }
    }

    /// Whether a packet is of the flow, in either direction.
    fn has(&self, packet: &Packet) -> bool {
        let is_icmp = [ICMP, ICMPV6].contains(&packet.protocol);
        let fits = |reply| {
            let (ends, ports) = self.direction(reply);
            ends == [packet.from, packet.to] && (is_icmp || ports == [packet.sport, packet.dport])
        };
        packet.protocol == self.protocol && [false, true].into_iter().any(fits)
    }

    fn packet(&self, reply: bool, flags: u8) -> Outgoing {
        let (ends, ports) = self.direction(reply);
        let transport = match self.protocol {
            TCP_NUMBER => Transport::Tcp { ports, flags, options: Vec::new() },
            UDP_NUMBER => Transport::Udp { ports, payload: Vec::new() },
            ICMP => Transport::Icmp { kind: (if reply { 0 } else { 8 }, 0), about: None },
            ICMPV6 => Transport::Icmp { kind: (if reply { 129 } else { 128 }, 0), about: None },
            other => Transport::with_ports(other, ports),
        };
        let (sender, route) = self.way(reply);
        plain_packet(sender, route, ends, transport)
    }
}

/// How the connection of a packet came to be known.
pub(super) fn birth(flows: &[Flow], packet: &Packet) -> &'static str {
    match flows.iter().find(|flow| flow.has(packet)).map(|flow| flow.birth) {
        Some(Birth::Real) => "real",
        Some(Birth::Begun) => "begun",
        Some(Birth::Injected { .. }) => "injected",
        None => "other",
    }
}

/// Makes connections.
///
/// # Panics
///
/// If the kernel does not take them.
pub(super) fn make_flows(host: &Host, family: Family, random: &mut Random) -> Vec<Flow> {
    let flows: Vec<Flow> = (0..FLOWS).map(|_| random_flow(family, random)).collect();
    if host.conntrack == Conntrack::Off {
        return flows;
    }
    // What the host says to packets that it did not ask for would end the connections.
    let quiet = format!(
        "table {} observe {{ chain quiet {{ type filter hook output priority -400; tcp flags & rst == rst drop\n\
         icmp type destination-unreachable drop; icmpv6 type destination-unreachable drop; }}\n}}\n",
        family_word(family)
    );
    let rules = preparing_rules(family, host.conntrack, &of_random_packets());
    host.load(&(rules + &translating_rules(family) + &quiet));
    host.netns.sh("echo 1 >/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal");
    for flow in &flows {
        let steps: &[(bool, u8)] = match flow.birth {
            Birth::Real => &[(false, SYN), (true, SYN | ACK), (false, ACK)],
            Birth::Begun => &[(false, SYN)],
            Birth::Injected { .. } => &[],
        };
        for (reply, flags) in steps {
            flow.packet(*reply, *flags).send(host);
        }
    }
    let tuple = |flow: &Flow| Tuple { ends: flow.ends, protocol: flow.protocol, ports: flow.ports };
    // A master comes before what it lets expect.
    let told = |of: bool| {
        flows
            .iter()
            .filter(move |flow| matches!(flow.birth, Birth::Injected { expected, .. } if expected == of))
    };
    for flow in told(false).chain(told(true)) {
        if let Birth::Injected { status, expected } = flow.birth {
            let master = told(false).next().filter(|_| expected).map(tuple);
            add_connection(&host.tracker, &tuple(flow), status, master.as_ref());
        }
    }
    flows
}

fn random_flow(family: Family, random: &mut Random) -> Flow {
    let pool = addresses(family);
    let mut address = || random.pick(pool).parse().expect("an address");
    let ends = [address(), address()];
    let icmp = if family == Family::Ipv4 { ICMP } else { ICMPV6 };
    let protocol = [TCP_NUMBER, TCP_NUMBER, UDP_NUMBER, UDP_NUMBER, SCTP_NUMBER, icmp][random.below(6)];
    let ports = [1024 + random.below(60_000) as u16, super::packets::PORTS[random.below(8)]];
    let has_ports = protocol != icmp;
    let (one, other) = (random.below(LINKS.len()), random.below(LINKS.len()));
    let (sender, route) = match random.below(3) {
        0 => (Sender::Link(one), Route::Local),
        1 => (Sender::Link(one), Route::Out(other)),
        _ => (Sender::Host, Route::Out(other)),
    };
    let birth = match random.below(8) {
        0..=2 => Birth::Real,
        3 => Birth::Begun,
        4 if has_ports => Birth::Injected { status: CONFIRMED, expected: false },
        5 if has_ports => Birth::Injected { status: CONFIRMED | SEEN_REPLY | ASSURED, expected: false },
        6 if has_ports => Birth::Injected { status: CONFIRMED, expected: true },
        _ if has_ports => Birth::Injected { status: CONFIRMED | SEEN_REPLY, expected: true },
        _ => Birth::Real,
    };
    Flow { ends, protocol, ports, sender, route, birth }
}
