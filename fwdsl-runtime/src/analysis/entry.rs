//! What packets can be at the top of a chain.

use super::packet::{Status, Tracking};
use super::program::{Classes, choice_domain, spans_between};
use super::region::{Choice, LATER, Region, Span, WHOLE};
use crate::catalogue::CONNTRACK;
use crate::family::Family;
use crate::lower::{Ruleset, Table};
use crate::model::{Action, OptionUse};
use crate::table::Hook;

/// What of all the rules of a family decides about what packets there can be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings {
    family: Family,
    /// Whether fragments are put together as they arrive.
    pub(super) tracks: bool,
    /// Whether a rule can tell what has become of a connection.
    asks_for_status: bool,
}

impl Surroundings {
    pub(super) fn new(ruleset: &Ruleset) -> Surroundings {
        let asks_for_status = || {
            let rules = ruleset.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
            let matches = rules.flat_map(|rule| &rule.matches).filter(|entry| *entry.extension == CONNTRACK);
            { matches }.any(|entry| entry.options.iter().any(|option| option.spec.name == "ctstatus"))
        };
        let tracks = uses_tracking(ruleset);
        Surroundings { family: ruleset.family, tracks, asks_for_status: tracks && asks_for_status() }
    }

    /// A region in parts that the rules can tell apart by their status.
    pub(super) fn by_status_if_asked(self, region: &Region) -> Vec<Region> {
        if self.asks_for_status { by_status(region) } else { vec![region.clone()] }
    }
}

/// All packets that can be at a place, as regions for each kind of hook.
pub(super) fn entries(hooks: &[Hook], surroundings: Surroundings, classes: &Classes) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    for hook in hooks {
        let region = entry(*hook, surroundings.family, surroundings.tracks, classes);
        if regions.contains(&region) {
            continue;
        }
        regions.extend(surroundings.by_status_if_asked(&region));
    }
    regions
}

/// A region in parts whose states go with the status.
fn by_status(region: &Region) -> Vec<Region> {
    let mut parts: Vec<(u64, u64)> = Vec::new();
    for (bit, tracking) in Tracking::ALL.iter().enumerate() {
        let fitting = (0..Status::COUNT).filter(|bits| Status::from_bits(*bits as u8).fits(tracking.state));
        let status = fitting.fold(0, |all, bits| all | 1u64 << bits);
        match parts.iter_mut().find(|(_, other)| *other == status) {
            Some((tracking, _)) => *tracking |= 1 << bit,
            None => parts.push((1 << bit, status)),
        }
    }
    let part = |(tracking, status): (u64, u64)| {
        region.with_choice(Choice::Tracking, tracking).with_choice(Choice::Status, status)
    };
    parts.into_iter().map(part).collect()
}

fn entry(hook: Hook, family: Family, tracks: bool, classes: &Classes) -> Region {
    let interfaces = &classes.interfaces;
    let none = Span { first: 0, last: 0 };
    let of = |present: bool| if present { interfaces.any() } else { none };
    let incoming = match hook {
        // Packets that are routed through still have theirs, since Linux 5.7.
        Hook::Postrouting => Span { first: 0, last: interfaces.any().last },
        _ => of(hook.has_in_interface()),
    };
    let spans = spans_between([incoming, of(hook.has_out_interface())], family, classes);
    let fragments = if sees_fragments(hook, family, tracks) { WHOLE | LATER } else { WHOLE };
    let values = |choice| choice_domain(choice, classes);
    let choices = [
        values(Choice::TcpFlags),
        values(Choice::Tracking),
        fragments,
        values(Choice::Status),
        values(Choice::Mark),
        values(Choice::PacketType),
    ];
    Region::new(spans, choices)
}

/// Whether packets can be there that are later fragments. IPv4 puts packets for this host together
/// before INPUT, IPv6 after it; connection tracking does it as they arrive, but not with those
/// that this host sends through a raw socket (`IP_NODEFRAG`).
pub(super) fn sees_fragments(hook: Hook, family: Family, tracks: bool) -> bool {
    match hook {
        Hook::Input => family == Family::Ipv6 && !tracks,
        Hook::Prerouting | Hook::Forward => !tracks,
        Hook::Output | Hook::Postrouting => true,
    }
}

/// Whether loading the rules makes the kernel put fragments together as they arrive, in their family: connection
/// tracking does, and so does whatever looks up sockets.
pub(super) fn uses_tracking(ruleset: &Ruleset) -> bool {
    let rules = ruleset.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
    { rules }.any(|rule| {
        rule.matches.iter().any(|entry| entry.extension.reassembles)
            || matches!(&rule.action, Action::Target { extension, options } if extension.reassembles && !keeps_out(options))
    })
}

/// Whether a target keeps packets out of connection tracking, which it then does not need.
fn keeps_out(options: &[OptionUse]) -> bool {
    options.iter().any(|option| option.spec.name == "notrack")
}

/// The hooks from which packets come to a chain: its own if it is built in; all of the table's if
/// no rule leads to it.
pub(super) fn hooks(table: &Table, chain: usize) -> Vec<Hook> {
    let reaching = |hook: &Hook| {
        table
            .start(*hook)
            .is_some_and(|start| reaches(table, start, chain, &mut vec![false; table.chains.len()]))
    };
    let all = table.name.hooks();
    let found: Vec<Hook> = all.iter().copied().filter(reaching).collect();
    if found.is_empty() { all.to_vec() } else { found }
}

fn reaches(table: &Table, from: usize, to: usize, seen: &mut [bool]) -> bool {
    if from == to {
        return true;
    }
    if std::mem::replace(&mut seen[from], true) {
        return false;
    }
    table.chains[from].rules.iter().any(|rule| match &rule.action {
        Action::Jump(name) | Action::Goto(name) => {
            let next = table.position(name);
            next.is_some_and(|next| reaches(table, next, to, seen))
        }
        Action::Target { .. } => false,
    })
}
