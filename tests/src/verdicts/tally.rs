//! How many packets of each kind were judged.

use std::collections::BTreeMap;
use std::fmt;

use fwdsl_runtime::analysis::{CtState, Packet};
use fwdsl_runtime::catalogue::Extension;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::protocols;
use fwdsl_runtime::table::{Hook, TableName, Way};

use super::decode::Decoded;

/// Kinds that must not be missing, by what they are kinds of. What is not among them is counted too.
const WANTED: [(&str, &[&str]); 13] = [
    ("family", &["IPv4", "IPv6"]),
    (
        "chain",
        &[
            "raw PREROUTING",
            "raw OUTPUT",
            "mangle PREROUTING",
            "mangle INPUT",
            "mangle FORWARD",
            "mangle OUTPUT",
            "mangle POSTROUTING",
            "filter INPUT",
            "filter FORWARD",
            "filter OUTPUT",
            "security INPUT",
            "security FORWARD",
            "security OUTPUT",
        ],
    ),
    ("way", &["In ACCEPT", "In DROP", "Through ACCEPT", "Through DROP", "Out ACCEPT", "Out DROP"]),
    (
        "on the way",
        &[
            "another destination",
            "another source",
            "another port",
            "another mark",
            "kept from being tracked",
            "may be put together",
            "only in this order",
        ],
    ),
    ("counter", &["exact", "zero", "between two numbers"]),
    ("state", &["new", "established", "related", "invalid", "untracked", "snat", "dnat", "without tracking"]),
    // What comes back by `lo` has been tracked already, as answers of the host have.
    ("state in raw", &["new", "established", "invalid"]),
    ("connection", &["real", "begun", "injected", "other"]),
    ("status", &["none", "expected", "seen-reply", "assured", "confirmed"]),
    ("piece", &["Whole", "First", "Tiny", "Later"]),
    ("protocol", &["tcp", "udp", "icmp", "ipv6-icmp", "sctp", "dccp", "esp", "udplite", "gre", "ospf"]),
    ("packet type", &["unicast", "broadcast", "multicast"]),
    ("verdict", &["ACCEPT", "DROP", "REJECT", "answered REJECT"]),
];

/// See the module.
#[derive(Debug, Default)]
pub struct Tally {
    counts: BTreeMap<(&'static str, String), usize>,
    flags: u64,
    /// Packets that were judged.
    pub packets: usize,
    /// Of these, those that came through.
    pub passed: usize,
    /// Of these, those about which the analysis was sure.
    pub certain: usize,
    pub(super) not_told_apart: usize,
    pub(super) cut_short: usize,
}

impl Tally {
    pub(super) fn count(&mut self, table: TableName, hook: Hook, decoded: &Decoded, passed: bool) {
        let packet = &decoded.packet;
        self.packets += 1;
        self.passed += usize::from(passed);
        let family = if packet.family() == Family::Ipv4 { "IPv4" } else { "IPv6" };
        self.add("family", family);
        self.add("chain", &format!("{table} {hook}"));
        self.add("piece", &format!("{:?}", decoded.piece));
        self.add("packet type", packet.packet_type.name());
        let number = packet.protocol;
        let name = protocols::save_name(number).map_or_else(|| number.to_string(), str::to_owned);
        self.add("protocol", &name);
        if packet.protocol == 6 && !packet.later_fragment {
            self.flags |= 1 << packet.tcp_flags;
        }
    }

    /// Counts a packet whose whole way was judged.
    pub(super) fn count_way(&mut self, way: Way, packet: &Packet, passed: bool) {
        self.packets += 1;
        self.passed += usize::from(passed);
        self.add("way", &format!("{way:?} {}", if passed { "ACCEPT" } else { "DROP" }));
        if packet.tracking.state == CtState::Untracked {
            self.add("on the way", "kept from being tracked");
        }
    }

    /// Counts what rules have changed of a packet: it came as the one and left as the other, with this mark.
    pub(super) fn count_changes(&mut self, came: &Packet, left: &Packet, mark: u32) {
        for (what, is_so) in [
            ("another destination", came.to != left.to),
            ("another source", came.from != left.from),
            ("another port", (came.sport, came.dport) != (left.sport, left.dport)),
            ("another mark", came.mark != mark),
        ] {
            if is_so {
                self.add("on the way", what);
            }
        }
    }

    /// Counts what connection tracking says of a packet; `birth` says how its connection came to be known.
    pub(super) fn count_tracking(&mut self, table: TableName, packet: &Packet, birth: &'static str) {
        self.add("state", packet.tracking.state.name());
        if table == TableName::Raw {
            self.add("state in raw", packet.tracking.state.name());
        }
        for (bit, name) in [(packet.tracking.snat, "snat"), (packet.tracking.dnat, "dnat")] {
            if bit {
                self.add("state", name);
            }
        }
        if packet.tracking.state.has_connection() {
            self.add("connection", birth);
            let words = ["expected", "seen-reply", "assured", "confirmed"];
            let is_so = |word: &&str| packet.status.answers_to(word);
            words.into_iter().filter(is_so).for_each(|word| self.add("status", word));
            if packet.status.bits() == 0 {
                self.add("status", "none");
            }
        }
    }

    /// Counts the verdicts of the analysis.
    pub(super) fn count_verdicts(&mut self, verdicts: &[&'static Extension]) {
        if let [verdict] = verdicts {
            self.certain += 1;
            self.add("verdict", verdict.name);
        } else {
            self.add("verdict", "one of several");
        }
    }

    pub(super) fn add(&mut self, of: &'static str, kind: &str) {
        *self.counts.entry((of, kind.to_owned())).or_default() += 1;
    }

    /// The kinds of which there was no packet.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let kinds = WANTED.into_iter().flat_map(|(of, kinds)| kinds.iter().map(move |kind| (of, *kind)));
        let missing = kinds.filter(|(of, kind)| !self.counts.contains_key(&(*of, (*kind).to_owned())));
        missing.map(|(of, kind)| format!("{of} {kind}")).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { packets, passed, certain, .. } = self;
        writeln!(f, "{packets} packets, {passed} came through, {certain} certain")?;
        writeln!(f, "  beside them: {} came twice, {} cut short", self.not_told_apart, self.cut_short)?;
        for (of, _) in WANTED {
            let kinds = self.counts.iter().filter(|((other, _), _)| *other == of);
            let kinds: Vec<String> = kinds.map(|((_, kind), count)| format!("{kind} {count}")).collect();
            writeln!(f, "  {of}: {}", kinds.join(", "))?;
        }
        writeln!(f, "  combinations of TCP flags: {}", self.flags.count_ones())
    }
}
