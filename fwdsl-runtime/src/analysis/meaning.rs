//! Which part of a packet each option of the catalogue looks at.

use crate::catalogue::{self, Aspects, Extension, OptionSpec, TCP, UDP};
#[cfg(feature = "host")]
use crate::family::Family;
use crate::lower::Table;
#[cfg(feature = "host")]
use crate::lower::lower;
#[cfg(feature = "host")]
use crate::model::Model;
use crate::model::{Action, Match, OptionUse, Value};
use crate::variant::Variant;

/// What an option looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Source,
    Destination,
    In,
    Out,
    Protocol,
    Fragment,
    SourcePort,
    DestinationPort,
    /// Matches if either port is one of the values.
    EitherPort,
    IcmpType,
    TcpFlags,
    Tracking,
    Status,
    Mark,
    PacketType,
    /// True of every packet: text for people.
    Always,
    /// Not modelled: may match or not, and otherwise the next time.
    Opaque,
}

/// What an option of a match looks at. What is not listed is opaque, so that a new entry of the
/// catalogue is sound before it is modelled.
pub(super) fn meaning(extension: &Extension, spec: &OptionSpec) -> Meaning {
    match (extension.name, spec.name) {
        ("core", "from") | ("iprange", "src-range") => Meaning::Source,
        ("core", "to") | ("iprange", "dst-range") => Meaning::Destination,
        ("core", "in") => Meaning::In,
        ("core", "out") => Meaning::Out,
        ("core", "proto") => Meaning::Protocol,
        ("core", "fragment") => Meaning::Fragment,
        ("ports" | "tcp" | "udp" | "sctp" | "dccp", "sport") | ("multiport", "sports") => Meaning::SourcePort,
        ("ports" | "tcp" | "udp" | "sctp" | "dccp", "dport") | ("multiport", "dports") => {
            Meaning::DestinationPort
        }
        ("ports", "port") | ("multiport", "ports") => Meaning::EitherPort,
        ("icmp" | "icmp6", "type") => Meaning::IcmpType,
        ("tcp", "flags") => Meaning::TcpFlags,
        ("conntrack", "ctstate") | ("state", "state") => Meaning::Tracking,
        ("conntrack", "ctstatus") => Meaning::Status,
        ("mark", "mark") => Meaning::Mark,
        ("pkttype", "pkt-type") => Meaning::PacketType,
        ("comment", _) => Meaning::Always,
        _ => Meaning::Opaque,
    }
}

/// What the targets of a table change of packets that go on, so that a rule may find them otherwise than
/// they came.
pub(super) fn changes(table: &Table) -> Aspects {
    let rules = table.chains.iter().flat_map(|chain| &chain.rules);
    rules.fold(Aspects::NONE, |all, rule| all.or(changes_of(table, &rule.action)))
}

/// What the rules of a family change of packets that go on, for other tables to see.
#[cfg(feature = "host")]
pub(crate) fn changed_by(model: &Model, family: Family) -> Aspects {
    let tables = lower(model, family).map(|ruleset| ruleset.tables).unwrap_or_default();
    tables.iter().fold(Aspects::NONE, |all, table| all.or(changes(table)))
}

/// What an action by itself changes of packets that go on, whatever is done in a chain of the table that it leads to.
pub(super) fn changes_of(table: &Table, action: &Action) -> Aspects {
    match action {
        Action::Target { extension, .. } => extension.changes,
        // Of what is there nothing is known.
        Action::Jump(name) | Action::Goto(name) if table.is_foreign(name) => {
            catalogue::changes_in(table.name)
        }
        Action::Jump(_) | Action::Goto(_) => Aspects::NONE,
    }
}

/// Whether an option looks at what is changed, and so may answer otherwise than the packet says.
pub(super) fn is_changed(extension: &Extension, spec: &OptionSpec, changed: Aspects) -> bool {
    extension.looks_at.or(spec.looks_at).meets(changed)
}

/// Whether a match without any option is true of every packet (`-m tcp`), not opaque (`-m socket`).
pub(super) fn is_modelled(extension: &Extension) -> bool {
    extension.options.iter().any(|spec| meaning(extension, spec) != Meaning::Opaque)
}

/// Whether a match looks into the transport header, which later fragments do not have: there
/// legacy's matches say no, negated or not, and nft's read bytes of the payload.
pub(super) fn reads_transport(entry: &Match) -> bool {
    !entry.extension.protocols.is_empty()
}

/// Whether a TCP fragment at offset 8 that comes to these matches is thrown away, as an attack on the flags
/// (net/netfilter/xt_tcpudp.c, tcp_mt). Nobody has such care for IPv6. The nft variant asks for ports and flags by its
/// own means, and legacy's match only for TCP options.
pub(super) fn drops_tiny_fragments(matches: &[Match], variant: Option<Variant>) -> bool {
    let asks = |entry: &Match| {
        variant != Some(Variant::Nft) || entry.options.iter().any(|option| option.spec.name == "option")
    };
    matches.iter().any(|entry| *entry.extension == TCP && asks(entry))
}

/// Whether the variants differ in an option that looks at no flag at all: legacy compares nothing with what is wanted,
/// `iptables-nft-restore` leaves the option out, so that it is true even where it is negated.
pub(super) fn asks_for_no_flag(option: &OptionUse) -> bool {
    let never = |value: &Value| matches!(value, Value::TcpFlags(flags) if flags.mask == 0 && (flags.set != 0 || option.negated()));
    option.values().any(never)
}

/// Whether the variants differ in what a match asks of the ports: that neither is one of two, to legacy; to
/// `iptables-nft-restore`, which compares both numbers at once, that they are not both. (It does so with `tcp` and `udp`,
/// unless one of the numbers is 0; seen with version 1.8.9.)
pub(super) fn asks_for_both_ports(entry: &Match) -> bool {
    let is_single =
        |value: &Value| matches!(value, Value::Ports(ports) if ports.first == ports.last && ports.first > 0);
    let excludes = |name: &str| {
        let mut named = entry.options.iter().filter(|option| option.spec.name == name);
        named.any(|option| option.negated && option.values().all(is_single))
    };
    [&TCP, &UDP].contains(&entry.extension) && excludes("sport") && excludes("dport")
}

/// Whether the variants differ in what an option of a match asks.
pub(super) fn differs_by_variant(entry: &Match, option: &OptionUse) -> bool {
    asks_for_no_flag(option) || matches!(option.spec.name, "sport" | "dport") && asks_for_both_ports(entry)
}

/// The words of an option that takes words.
pub(super) fn words_of(option: &OptionUse) -> impl Iterator<Item = &'static str> {
    let words = option.spec().value.words();
    option.values().filter_map(move |value| match value {
        Value::Word(index) => words.get(usize::from(*index)).map(|word| word.name),
        _ => None,
    })
}
