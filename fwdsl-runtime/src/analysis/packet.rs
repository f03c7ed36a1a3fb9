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
    /// What has become of its connection so far; meaningless where there is none.
    pub status: Status,
    /// The mark that it has as it comes to the chain.
    pub mark: u32,
    /// Whom the link layer sent it to.
    pub packet_type: PacketType,
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

/// What has become of a connection: any of four bits (iptables-extensions(8), section conntrack, `--ctstatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Status(u8);

/// Whom the link layer sent a packet to (iptables-extensions(8), section pkttype).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PacketType {
    /// This host; also what it makes itself.
    #[default]
    Unicast,
    /// Everybody on the link.
    Broadcast,
    /// A group.
    Multicast,
    /// Another host; the kernel throws these away before any rule sees them, unless a bridge hands them on.
    OtherHost,
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

impl Status {
    /// Nothing yet: the packet may begin the connection.
    pub const NONE: Status = Status(0);
    /// Another connection let expect it.
    pub const EXPECTED: Status = Status(1);
    /// Packets have gone in both directions.
    pub const SEEN_REPLY: Status = Status(1 << 1);
    /// It is not to be given up early when the table is full.
    pub const ASSURED: Status = Status(1 << 2);
    /// A packet of it has left the host.
    pub const CONFIRMED: Status = Status(1 << 3);

    /// The number of combinations.
    pub(super) const COUNT: u32 = 16;

    /// Each bit with its word in the language.
    const WORDS: [(Status, &'static str); 4] = [
        (Status::EXPECTED, "expected"),
        (Status::SEEN_REPLY, "seen-reply"),
        (Status::ASSURED, "assured"),
        (Status::CONFIRMED, "confirmed"),
    ];

    /// The combination of this number, below 16.
    pub const fn from_bits(bits: u8) -> Status {
        Status(bits & 15)
    }

    /// Its number.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The bits of both.
    #[must_use]
    pub const fn or(self, other: Status) -> Status {
        Status(self.0 | other.0)
    }

    /// Whether a word of `ctstatus` is true of it. `none` is true of nothing: it is no bits at all, and the kernel
    /// asks whether one of them is set.
    pub fn answers_to(self, word: &str) -> bool {
        Status::WORDS.iter().any(|(bit, name)| *name == word && self.0 & bit.0 != 0)
    }

    /// Whether a connection in the state can have it: one is established by an answer, and new until then.
    pub const fn fits(self, state: CtState) -> bool {
        let answered = self.0 & Status::SEEN_REPLY.0 != 0;
        match state {
            CtState::Invalid | CtState::Untracked => self.0 == 0,
            CtState::New => !answered,
            CtState::Established => answered,
            CtState::Related => true,
        }
    }

    /// What connections in the state mostly have.
    pub const fn usual(state: CtState) -> Status {
        match state {
            CtState::Established => Status::SEEN_REPLY.or(Status::CONFIRMED),
            _ => Status::NONE,
        }
    }
}

impl PacketType {
    /// Every type, in the order of the catalogue's words.
    pub const ALL: [PacketType; 4] =
        [PacketType::Unicast, PacketType::Broadcast, PacketType::Multicast, PacketType::OtherHost];

    /// The word in the language.
    pub const fn name(self) -> &'static str {
        match self {
            PacketType::Unicast => "unicast",
            PacketType::Broadcast => "broadcast",
            PacketType::Multicast => "multicast",
            PacketType::OtherHost => "otherhost",
        }
    }
}

impl CtState {
    /// Whether there is a connection that the packet is of.
    pub const fn has_connection(self) -> bool {
        !matches!(self, CtState::Invalid | CtState::Untracked)
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
    /// A whole unicast packet of a new connection, from port 1024 to port 80 where it has ports, with SYN alone where
    /// it has flags, and an echo request where it has a type; it has no interface and no mark.
    pub const fn new(from: IpAddr, to: IpAddr, protocol: u8) -> Packet {
        Packet {
            in_interface: None,
            out_interface: None,
            from,
            to,
            protocol,
            sport: 1024,
            dport: 80,
            icmp_type: if from.is_ipv4() { 8 } else { 128 },
            icmp_code: 0,
            tcp_flags: 0b00_0010,
            tracking: Tracking::of(CtState::New),
            status: Status::NONE,
            mark: 0,
            packet_type: PacketType::Unicast,
            later_fragment: false,
        }
    }

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
        words.extend(self.status_words());
        words.extend((self.mark != 0).then(|| format!("mark {:#x}", self.mark)));
        let unusual = self.packet_type != PacketType::Unicast;
        words.extend(unusual.then(|| format!("pkttype({})", self.packet_type.name())));
        words.join(" ")
    }

    /// The bits of the status, each a match of its own, if they are not the usual ones.
    fn status_words(&self) -> Vec<String> {
        let state = self.tracking.state;
        if !state.has_connection() || self.status == Status::usual(state) {
            return Vec::new();
        }
        let word = |(bit, name): &(Status, &str)| {
            let not = if self.status.0 & bit.0 == 0 { "!" } else { "" };
            format!("conntrack({not}ctstatus {name})")
        };
        Status::WORDS.iter().map(word).collect()
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

pub(super) fn flag_words(bits: u8) -> String {
    let set = TCP_FLAG_NAMES.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0);
    let names: Vec<&str> = set.map(|(_, name)| *name).collect();
    if names.is_empty() { "none".into() } else { names.join(",") }
}
