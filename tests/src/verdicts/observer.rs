//! The socket to which rules around the tested ones show each packet.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_recv_buffer_size_force, set_socket_timeout};
use rustix::net::{RecvFlags, netdevice, recv};

use fwdsl_runtime::analysis::{CtState, PacketType, Status, Tracking};
use fwdsl_runtime::table::{Hook, TableName};

use crate::netns::Netns;
use crate::nfnetlink::{Request, attribute, attributes, messages, netfilter_socket};

/// `NFNL_SUBSYS_ULOG` with `NFULNL_MSG_PACKET` and `NFULNL_MSG_CONFIG` (linux/netfilter/nfnetlink_log.h).
const LOGGED: u16 = 4 << 8;
const CONFIGURE: u16 = 4 << 8 | 1;
/// The group of the log.
pub(super) const GROUP: u16 = 7;
/// How much of each packet is shown; none is longer.
const SHOWN: u32 = 1500;
/// Room for what is shown while nobody reads.
const ROOM: usize = 64 << 20;
/// How long the last packet may take; far beyond what it takes.
const DEADLINE: Duration = Duration::from_secs(20);

/// What the log calls markers, packets that have come through, and, with a table, those right before its rules.
pub(super) const OVER: &str = "over";
pub(super) const AFTER: &str = "after";
pub(super) const BEFORE: &str = "before ";
/// What `nft` calls the types of packets; the first is not logged.
pub(super) const PACKET_TYPES: [(PacketType, &str); 4] = [
    (PacketType::Unicast, "host"),
    (PacketType::Broadcast, "broadcast"),
    (PacketType::Multicast, "multicast"),
    (PacketType::OtherHost, "other"),
];
pub(super) const STATES: [CtState; 5] =
    [CtState::Invalid, CtState::Untracked, CtState::New, CtState::Established, CtState::Related];
pub(super) const STATUSES: [(Status, &str); 4] = [
    (Status::EXPECTED, "expected"),
    (Status::SEEN_REPLY, "seen-reply"),
    (Status::ASSURED, "assured"),
    (Status::CONFIRMED, "confirmed"),
];

/// Where a packet was seen at a hook: right before the rules of a table, or behind the tested ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Before(TableName),
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

/// What the observer looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Observed {
    /// The chains of a table.
    Table(TableName),
    /// The whole way.
    Way,
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
                        let table = shown.prefix.strip_prefix(BEFORE).and_then(TableName::from_name);
                        match (shown.prefix.as_str(), table) {
                            (AFTER, _) => sights.push(shown.sight(Side::After, &mut facts)),
                            (OVER, _) => is_over = true,
                            (_, Some(table)) => sights.push(shown.sight(Side::Before(table), &mut facts)),
                            (_, None) => facts.push(shown),
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
    /// Where it was seen, or a word that is true of it.
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
        if side != Side::After {
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
