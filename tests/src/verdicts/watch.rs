//! Rules for `nft` around the tested ones: some prepare packets, others show them to the [observer](super::observer).

use std::fmt::Write as _;

use fwdsl_runtime::analysis::CtState;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::table::{Hook, TableName};

use super::network::Conntrack;
use super::observer::{AFTER, BEFORE, GROUP, OVER, PACKET_TYPES, STATES, STATUSES};
use super::packets::MARKER;

/// Packets whose TTL is in this range are not tracked; the last three bits of any TTL say which mark it gets.
pub(super) const UNTRACKED: std::ops::RangeInclusive<u8> = 72..=79;
/// The marks, by the last three bits of the TTL.
pub(super) const MARKS: [u32; 8] = [0, 0, 1, 2, 0x10, 0x11, 0x1234, u32::MAX];
/// What is sent to this port of TCP is for the port behind it, so that its connection is translated.
pub(super) const TRANSLATED: [(u16, u16); 2] = [(2222, 22), (8888, 80)];

/// What becomes of packets with a TTL before any rule sees them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Preparation {
    pub(super) ttl: u8,
    pub(super) mark: u32,
    pub(super) untracked: bool,
}

/// What random packets ask for.
pub(super) fn of_random_packets() -> Vec<Preparation> {
    let all = [64, *UNTRACKED.start()].into_iter().flat_map(|first| {
        let of = move |(index, mark): (usize, &u32)| {
            let ttl = first + index as u8;
            Preparation { ttl, mark: *mark, untracked: UNTRACKED.contains(&ttl) }
        };
        MARKS.iter().enumerate().map(of)
    });
    all.collect()
}

/// The priority of a table's chains (linux/netfilter_ipv4.h, linux/netfilter_ipv6.h); the nft variant has its own of
/// `security`.
fn priority(table: TableName, hook: Hook, variant: Variant) -> i32 {
    match table {
        TableName::Raw => -300,
        TableName::Mangle => -150,
        TableName::Nat if matches!(hook, Hook::Input | Hook::Postrouting) => 100,
        TableName::Nat => -100,
        TableName::Filter => 0,
        TableName::Security if variant == Variant::Nft => 150,
        TableName::Security => 50,
    }
}

/// Rules that show the packets around the chains of a table. What comes through all hooks of the table goes no further,
/// so that nobody answers it and no connection begins; but what the host sends itself comes in first.
pub(super) fn table_rules(
    family: Family,
    table: TableName,
    variant: Variant,
    conntrack: Conntrack,
) -> String {
    let mut text = format!("table {} observe {{\n", family_word(family));
    for hook in table.hooks() {
        text += &chain_before(table, *hook, variant, conntrack);
        let has = |other: Hook| table.hooks().contains(&other);
        let away = match hook {
            Hook::Prerouting if has(Hook::Input) => "",
            Hook::Forward | Hook::Output if has(Hook::Postrouting) => "",
            Hook::Output | Hook::Postrouting => "oifname != \"lo\" drop",
            Hook::Prerouting | Hook::Input | Hook::Forward => "drop",
        };
        text += &chain_after(*hook, priority(table, *hook, variant) + 1, away);
    }
    text + "}\n"
}

/// The same before the chains of several tables, and behind all of them at each hook but FORWARD.
pub(super) fn way_rules(
    family: Family,
    tables: &[TableName],
    variant: Variant,
    conntrack: Conntrack,
) -> String {
    let mut text = format!("table {} observe {{\n", family_word(family));
    for table in tables {
        for hook in table.hooks() {
            text += &chain_before(*table, *hook, variant, conntrack);
        }
    }
    text += &chain_after(Hook::Prerouting, END, "");
    text += &chain_after(Hook::Output, END, "");
    text += &chain_after(Hook::Input, END, "drop");
    text += &chain_after(Hook::Postrouting, END, "oifname != \"lo\" drop");
    text + "}\n"
}

/// A priority behind all tables, and before connections are confirmed.
const END: i32 = 500;

/// Shows packets right before a chain, with what is true of them. The table `nat` is asked about the first packet of a
/// connection alone, and so is a chain of that type.
fn chain_before(table: TableName, hook: Hook, variant: Variant, conntrack: Conntrack) -> String {
    let (word, at) = (hook.name().to_lowercase(), priority(table, hook, variant) - 1);
    let kind = if table == TableName::Nat { "nat" } else { "filter" };
    let mut text = format!("chain {table}-{word} {{ type {kind} hook {word} priority {at};\n");
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
    let _ = writeln!(text, "log prefix \"{BEFORE}{table}\" group {GROUP}\n}}");
    text
}

/// Shows packets that have come so far.
fn chain_after(hook: Hook, priority: i32, away: &str) -> String {
    let word = hook.name().to_lowercase();
    format!(
        "chain after-{word} {{ type filter hook {word} priority {priority}; log prefix \"{AFTER}\" group {GROUP}\n{away}\n}}\n"
    )
}

/// Rules that prepare packets, in the place of all that were there; all come through but markers.
pub(super) fn preparing_rules(family: Family, conntrack: Conntrack, preparations: &[Preparation]) -> String {
    let name = family_word(family);
    let ttl = if family == Family::Ipv4 { "ip ttl" } else { "ip6 hoplimit" };
    let mut text = format!("table {name} observe\ndelete table {name} observe\ntable {name} observe {{\n");
    for hook in ["prerouting", "output"] {
        let _ = writeln!(text, "chain prepare-{hook} {{ type filter hook {hook} priority -350;");
        let _ = writeln!(text, "meta l4proto {MARKER} log prefix \"{OVER}\" group {GROUP} drop");
        for Preparation { ttl: of, mark, untracked } in preparations {
            let notrack = if *untracked && conntrack == Conntrack::On { "notrack" } else { "" };
            let _ = writeln!(text, "{ttl} {of} meta mark set {mark} {notrack}");
        }
        text.push_str("}\n");
    }
    text + "}\n"
}

/// Rules that translate some connections.
pub(super) fn translating_rules(family: Family) -> String {
    let mut text = format!("table {} observe {{\n", family_word(family));
    text.push_str("chain translate { type nat hook prerouting priority -100;\n");
    for (port, other) in TRANSLATED {
        let _ = writeln!(text, "tcp dport {port} redirect to :{other}");
    }
    text.push_str("}\nchain hide { type nat hook postrouting priority 100;\n");
    text + "udp dport 273 masquerade\n}\n}\n"
}

pub(super) fn family_word(family: Family) -> &'static str {
    if family == Family::Ipv4 { "ip" } else { "ip6" }
}
