//! A packet, as far as rules look at it.

use std::fmt;
use std::net::IpAddr;

use crate::catalogue::{ICMP, ICMPV6, PORT_PROTOCOLS, TCP_NUMBER};
use crate::family::Family;
use crate::icmp;
use crate::model::{TCP_FLAG_NAMES, TcpFlags, family_of};
use crate::protocols;

/// One packet at the place where a chain looks at it, with a whole transport header unless it is a
/// later fragment.
///
/// Fields that the packet's protocol does not have (ports of ICMP) are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The interface it came in by; absent for packets that this host makes.
    pub in_interface: Option<String>,
    /// The interface it leaves by; absent before routing, and for packets for this host.
    pub out_interface: Option<String>,
    /// The source address. It also says which family the packet is of.
    pub from: IpAddr,
    /// The destination address, of the same family; in `filter` the one after DNAT.
    pub to: IpAddr,
    /// The protocol (IANA protocol numbers); for IPv6 the one after all extension headers.
    pub protocol: u8,
    /// The source port.
    pub sport: u16,
    /// The destination port.
    pub dport: u16,
    /// The type of ICMP or ICMPv6.
    pub icmp_type: u8,
    /// The code of ICMP or ICMPv6.
    pub icmp_code: u8,
    /// The TCP flags, from the lowest bit: FIN, SYN, RST, PSH, ACK, URG.
    pub tcp_flags: u8,
    /// What connection tracking says.
    pub tracking: Tracking,
    /// Whether it is a fragment and not the first, so that it has no transport header.
    pub later_fragment: bool,
}

/// What connection tracking says about a packet (iptables-extensions(8), section conntrack).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tracking {
    /// The state.
    pub state: CtState,
    /// Whether the connection's source address is translated.
    pub snat: bool,
    /// Whether the connection's destination address is translated.
    pub dnat: bool,
}

/// The states of connection tracking, which exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CtState {
    /// Of no connection, and none can begin with it.
    Invalid,
    /// Kept from being tracked.
    Untracked,
    /// It begins a connection, or belongs to one that has seen packets in one direction only.
    New,
    /// It belongs to a connection that has seen packets in both directions.
    Established,
    /// It begins a connection that belongs to another one.
    Related,
}

impl CtState {
    /// The word in the language.
    pub const fn name(self) -> &'static str {
        match self {
            CtState::Invalid => "invalid",
            CtState::Untracked => "untracked",
            CtState::New => "new",
            CtState::Established => "established",
            CtState::Related => "related",
        }
    }
}

impl Tracking {
    /// A state of a connection without address translation.
    pub const fn of(state: CtState) -> Tracking {
        Tracking { state, snat: false, dnat: false }
    }

    const fn translated(state: CtState, snat: bool, dnat: bool) -> Tracking {
        Tracking { state, snat, dnat }
    }

    /// Everything that connection tracking can say: what is of no connection has no translation.
    pub const ALL: [Tracking; 14] = [
        Tracking::of(CtState::New),
        Tracking::of(CtState::Established),
        Tracking::of(CtState::Related),
        Tracking::of(CtState::Invalid),
        Tracking::of(CtState::Untracked),
        Tracking::translated(CtState::New, true, false),
        Tracking::translated(CtState::New, false, true),
        Tracking::translated(CtState::New, true, true),
        Tracking::translated(CtState::Established, true, false),
        Tracking::translated(CtState::Established, false, true),
        Tracking::translated(CtState::Established, true, true),
        Tracking::translated(CtState::Related, true, false),
        Tracking::translated(CtState::Related, false, true),
        Tracking::translated(CtState::Related, true, true),
    ];

    /// Whether a word of `ct` is true of it.
    pub fn answers_to(self, word: &str) -> bool {
        match word {
            "snat" => self.snat,
            "dnat" => self.dnat,
            _ => self.state.name() == word,
        }
    }
}

impl Packet {
    /// The family.
    pub const fn family(&self) -> Family {
        family_of(self.from)
    }

    /// What the packet is in the words of the language, so that it can stand as a pattern;
    /// TCP flags only if they are wanted.
    pub(super) fn words(&self, with_flags: bool) -> String {
        let mut words = Vec::new();
        let interfaces = [("in", &self.in_interface), ("out", &self.out_interface)];
        for (word, name) in interfaces {
            words.extend(name.as_ref().map(|name| format!("{word} {}", interface_word(name))));
        }
        words.push(format!("from {} to {}", self.from, self.to));
        words.push(protocol_words(self.protocol));
        if self.later_fragment {
            words.push("fragment".into());
        } else {
            words.extend(self.transport_words(with_flags));
        }
        words.push(format!("ct {}", self.tracking.state.name()));
        words.extend(self.tracking.snat.then(|| "ct snat".into()));
        words.extend(self.tracking.dnat.then(|| "ct dnat".into()));
        words.join(" ")
    }

    fn transport_words(&self, with_flags: bool) -> Option<String> {
        let is_icmp = match self.family() {
            Family::Ipv4 => self.protocol == ICMP,
            Family::Ipv6 => self.protocol == ICMPV6,
        };
        if is_icmp {
            return Some(icmp_words(self.family(), self.icmp_type, self.icmp_code));
        }
        let flags = match (self.protocol, with_flags) {
            (TCP_NUMBER, true) => format!("flags({} / all) ", flag_words(self.tcp_flags)),
            _ => String::new(),
        };
        let ports = format!("{flags}sport {} dport {}", self.sport, self.dport);
        PORT_PROTOCOLS.contains(&self.protocol).then_some(ports)
    }
}

impl fmt::Display for Packet {
    /// In the words of the language.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words(self.tcp_flags & TcpFlags::SYN.mask != TcpFlags::SYN.set))
    }
}

/// The language takes a name without lower-case letters for a `let` unless it is quoted.
fn interface_word(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let starts = name.starts_with(|first: char| first.is_ascii_lowercase());
    if starts && name.bytes().all(plain) { name.to_owned() } else { format!("{name:?}") }
}

fn protocol_words(number: u8) -> String {
    match (number, protocols::save_name(number)) {
        (ICMPV6, _) => "icmpv6".into(),
        (_, Some(name)) if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => name.into(),
        _ => format!("proto {number}"),
    }
}

/// The name of the type and code; of the type if the code is 0; else the numbers.
fn icmp_words(family: Family, ty: u8, code: u8) -> String {
    let named = |code: Option<u8>| {
        icmp::names(family).find(|name| icmp::find(family, name) == Some(icmp::IcmpType { ty, code }))
    };
    let of_type = || if code == 0 && (family, ty) != (Family::Ipv4, 255) { named(None) } else { None };
    named(Some(code)).or_else(of_type).map_or_else(|| format!("{ty}/{code}"), str::to_owned)
}

fn flag_words(bits: u8) -> String {
    let set = TCP_FLAG_NAMES.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0);
    let names: Vec<&str> = set.map(|(_, name)| *name).collect();
    if names.is_empty() { "none".into() } else { names.join(",") }
}
