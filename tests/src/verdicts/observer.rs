//! Rules right before and right behind the tested ones that show each packet to a socket.

use std::fmt::Write as _;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_recv_buffer_size_force, set_socket_timeout};
use rustix::net::{RecvFlags, netdevice, recv};

use fwdsl_runtime::analysis::{CtState, PacketType, Status, Tracking};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::table::{Hook, TableName};

use super::network::Conntrack;
use super::packets::MARKER;
use crate::netns::Netns;
use crate::nfnetlink::{Request, attribute, attributes, messages, netfilter_socket};

/// `NFNL_SUBSYS_ULOG` with `NFULNL_MSG_PACKET` and `NFULNL_MSG_CONFIG` (linux/netfilter/nfnetlink_log.h).
const LOGGED: u16 = 4 << 8;
const CONFIGURE: u16 = 4 << 8 | 1;
/// The group of the log.
const GROUP: u16 = 7;
/// How much of each packet is shown; none is longer.
const SHOWN: u32 = 1500;
/// Room for what is shown while nobody reads.
const ROOM: usize = 64 << 20;
/// How long the last packet may take; far beyond what it takes.
const DEADLINE: Duration = Duration::from_secs(20);

/// Packets whose TTL is in this range are not tracked; the last three bits of any TTL say which mark it gets.
pub(super) const UNTRACKED: std::ops::RangeInclusive<u8> = 72..=79;
/// The marks, by the last three bits of the TTL.
pub(super) const MARKS: [u32; 8] = [0, 0, 1, 2, 0x10, 0x11, 0x1234, u32::MAX];
/// What is sent to this port of TCP is for the port behind it, so that its connection is translated.
pub(super) const TRANSLATED: [(u16, u16); 2] = [(2222, 22), (8888, 80)];

/// What the log calls the sides, and markers.
const BEFORE: &str = "before";
const AFTER: &str = "after";
const OVER: &str = "over";
/// What `nft` calls the types of packets; the first is not logged.
const PACKET_TYPES: [(PacketType, &str); 4] = [
    (PacketType::Unicast, "host"),
    (PacketType::Broadcast, "broadcast"),
    (PacketType::Multicast, "multicast"),
    (PacketType::OtherHost, "other"),
];
const STATES: [CtState; 5] =
    [CtState::Invalid, CtState::Untracked, CtState::New, CtState::Established, CtState::Related];
const STATUSES: [(Status, &str); 4] = [
    (Status::EXPECTED, "expected"),
    (Status::SEEN_REPLY, "seen-reply"),
    (Status::ASSURED, "assured"),
    (Status::CONFIRMED, "confirmed"),
];

/// Whether a packet was seen before the tested rules or behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// A packet as the kernel shows it.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    pub(super) side: Side,
    pub(super) hook: Hook,
    pub(super) in_interface: Option<String>,
    pub(super) out_interface: Option<String>,
    pub(super) mark: u32,
    pub(super) packet_type: PacketType,
    pub(super) tracking: Tracking,
    pub(super) status: Status,
    pub(super) bytes: Vec<u8>,
}

/// The end of the log.
#[derive(Debug)]
pub(super) struct Observer {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

impl Observer {
    /// Listens in a namespace.
    pub(super) fn new(netns: &Netns) -> Observer {
        let socket = netns.enter(netfilter_socket);
        set_socket_recv_buffer_size_force(&socket, ROOM).expect("root may have a large buffer");
        set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_millis(100))).expect("a timeout");
        // Bind; copy packets so far; 128 KiB, 1/100 s and 64 messages to a delivery at most.
        let mode = [&SHOWN.to_be_bytes()[..], &[2, 0]].concat();
        let bound = attribute(1, &[1]);
        let configured = [
            attribute(2, &mode),
            attribute(3, &(1u32 << 17).to_be_bytes()),
            attribute(4, &1u32.to_be_bytes()),
            attribute(5, &64u32.to_be_bytes()),
        ];
        for attributes in [bound, configured.concat()] {
            let request = Request { message: CONFIGURE, resource: GROUP, attributes, ..Request::default() };
            assert_eq!(request.send(&socket), 0, "the kernel takes group {GROUP} of the log");
        }
        Observer { socket, buffer: vec![0; 1 << 18] }
    }

    /// What was seen until a marker comes.
    ///
    /// # Panics
    ///
    /// If it does not come, or the kernel could not keep all.
    pub(super) fn until_marker(&mut self) -> Vec<Sight> {
        let deadline = Instant::now() + DEADLINE;
        let mut sights: Vec<Sight> = Vec::new();
        let mut facts: Vec<Shown> = Vec::new();
        loop {
            match recv(&self.socket, &mut self.buffer, RecvFlags::empty()) {
                Ok((length, _)) => {
                    let packets = messages(&self.buffer[..length]).filter(|(kind, _)| *kind == LOGGED);
                    let mut is_over = false;
                    for (_, body) in packets {
                        let shown = self.read(&body[4..]);
                        match shown.prefix.as_str() {
                            AFTER => sights.push(shown.sight(Side::After, &mut facts)),
                            BEFORE => sights.push(shown.sight(Side::Before, &mut facts)),
                            OVER => is_over = true,
                            _ => facts.push(shown),
                        }
                    }
                    if is_over {
                        return sights;
                    }
                }
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => panic!("the log: {error}"),
            }
            assert!(Instant::now() < deadline, "no marker is seen behind {} packets", sights.len());
        }
    }

    fn read(&self, body: &[u8]) -> Shown {
        let interface = |value: &[u8]| {
            netdevice::index_to_name(&self.socket, big_endian(value)).expect("the interface is there")
        };
        let mut shown = Shown::default();
        for (number, value) in attributes(body) {
            match number {
                1 => shown.hook = usize::from(value[2]),
                2 => shown.mark = big_endian(value),
                4 => shown.in_interface = Some(interface(value)),
                5 => shown.out_interface = Some(interface(value)),
                9 => shown.bytes = value.to_vec(),
                10 => shown.prefix = String::from_utf8_lossy(value).trim_end_matches('\0').to_owned(),
                _ => {}
            }
        }
        shown
    }
}

fn big_endian(value: &[u8]) -> u32 {
    u32::from_be_bytes(value[..4].try_into().expect("four bytes"))
}

/// One line of the log.
#[derive(Debug, Default)]
struct Shown {
    /// The number of the hook.
    hook: usize,
    in_interface: Option<String>,
    out_interface: Option<String>,
    mark: u32,
    bytes: Vec<u8>,
    /// A side, or a word that is true of the packet.
    prefix: String,
}

impl Shown {
    /// The packet with what other lines say of it, which are taken out.
    fn sight(self, side: Side, facts: &mut Vec<Shown>) -> Sight {
        let mut sight = Sight {
            side,
            hook: Hook::ALL[self.hook],
            in_interface: self.in_interface,
            out_interface: self.out_interface,
            mark: self.mark,
            packet_type: PacketType::Unicast,
            tracking: Tracking::of(CtState::Invalid),
            status: Status::NONE,
            bytes: self.bytes,
        };
        if side == Side::Before {
            let is_of_it = |fact: &mut Shown| fact.hook == self.hook && fact.bytes == sight.bytes;
            let own: Vec<Shown> = facts.extract_if(.., is_of_it).collect();
            own.iter().for_each(|fact| sight.learn(&fact.prefix));
        }
        sight
    }
}

impl Sight {
    fn learn(&mut self, word: &str) {
        let state = STATES.into_iter().find(|state| state.name() == word);
        let kind = PACKET_TYPES.into_iter().find(|(_, name)| *name == word);
        let bit = STATUSES.into_iter().find(|(_, name)| *name == word);
        match (state, kind, bit) {
            (Some(state), ..) => self.tracking.state = state,
            (_, Some((kind, _)), _) => self.packet_type = kind,
            (_, _, Some((bit, _))) => self.status = self.status.or(bit),
            _ => match word {
                "snat" => self.tracking.snat = true,
                "dnat" => self.tracking.dnat = true,
                _ => panic!("the log says `{word}`"),
            },
        }
    }
}

/// The priority of a table's chains (linux/netfilter_ipv4.h); the nft variant has its own of `security`.
fn priority(table: TableName, variant: Variant) -> i32 {
    match table {
        TableName::Raw => -300,
        TableName::Mangle => -150,
        TableName::Nat => -100,
        TableName::Filter => 0,
        TableName::Security if variant == Variant::Nft => 150,
        TableName::Security => 50,
    }
}

/// Rules for `nft` that give packets their marks and keep some from being tracked, and those that show the packets
/// around the chains of a table. What comes through all hooks of the table goes no further, so that nobody answers it
/// and no connection begins; but what the host sends itself comes in first.
pub(super) fn observing_rules(
    family: Family,
    table: TableName,
    variant: Variant,
    conntrack: Conntrack,
) -> String {
    let mut text = preparing_rules(family, conntrack);
    let name = family_word(family);
    let _ = writeln!(text, "table {name} observe {{");
    for hook in table.hooks() {
        let (word, at) = (hook.name().to_lowercase(), priority(table, variant));
        let _ = writeln!(text, "chain before-{word} {{ type filter hook {word} priority {};", at - 1);
        for (_, kind) in &PACKET_TYPES[1..] {
            let _ = writeln!(text, "meta pkttype {kind} log prefix \"{kind}\" group {GROUP}");
        }
        if conntrack == Conntrack::On {
            for state in STATES.map(CtState::name) {
                let _ = writeln!(text, "ct state {state} log prefix \"{state}\" group {GROUP}");
            }
            for bit in STATUSES.iter().map(|(_, name)| *name).chain(["snat", "dnat"]) {
                let _ = writeln!(text, "ct status {bit} log prefix \"{bit}\" group {GROUP}");
            }
        }
        let _ = writeln!(text, "log prefix \"{BEFORE}\" group {GROUP}");
        let has = |other: Hook| table.hooks().contains(&other);
        let away = match hook {
            Hook::Prerouting if has(Hook::Input) => "",
            Hook::Forward | Hook::Output if has(Hook::Postrouting) => "",
            Hook::Output | Hook::Postrouting => "oifname != \"lo\" drop",
            Hook::Prerouting | Hook::Input | Hook::Forward => "drop",
        };
        let _ = writeln!(
            text,
            "}}\nchain after-{word} {{ type filter hook {word} priority {}; log prefix \"{AFTER}\" group {GROUP}\n{away}\n}}",
            at + 1
        );
    }
    text + "}\n"
}

/// The same without showing packets, and all come through but markers.
pub(super) fn preparing_rules(family: Family, conntrack: Conntrack) -> String {
    let name = family_word(family);
    let ttl = if family == Family::Ipv4 { "ip ttl" } else { "ip6 hoplimit" };
    let mut text = format!("table {name} observe\ndelete table {name} observe\ntable {name} observe {{\n");
    for hook in ["prerouting", "output"] {
        let _ = writeln!(text, "chain prepare-{hook} {{ type filter hook {hook} priority -350;");
        let _ = writeln!(text, "meta l4proto {MARKER} log prefix \"{OVER}\" group {GROUP} drop");
        for ttl_of in [64, *UNTRACKED.start()] {
            for (index, mark) in MARKS.iter().enumerate() {
                let _ = writeln!(text, "{ttl} {} meta mark set {mark}", ttl_of + index as u8);
            }
        }
        if conntrack == Conntrack::On {
            let _ = writeln!(text, "{ttl} {}-{} notrack", UNTRACKED.start(), UNTRACKED.end());
        }
        text.push_str("}\n");
    }
    if conntrack == Conntrack::On {
        text.push_str("chain translate { type nat hook prerouting priority -100;\n");
        for (port, other) in TRANSLATED {
            let _ = writeln!(text, "tcp dport {port} redirect to :{other}");
        }
        text.push_str("}\nchain hide { type nat hook postrouting priority 100;\n");
        text.push_str("udp dport 273 masquerade\n}\n");
    }
    text + "}\n"
}

fn family_word(family: Family) -> &'static str {
    if family == Family::Ipv4 { "ip" } else { "ip6" }
}
