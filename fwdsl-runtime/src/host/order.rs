//! In which order the tables of a family change.
//!
//! Each table changes in a transaction of its own, so for a moment some are new and others old. No such mixture may accept
//! what neither the old nor the new rules accept. A packet is accepted if every table accepts it, so it is enough to know
//! of each table whether it gets
//!
//! - *tighter*: it accepts nothing that it did not accept before, and does the same to what it accepts;
//! - *looser*: the other way round;
//! - or neither of these: it opens one thing and closes another, or changes packets (addresses, marks, tracking) so
//!   that other tables see others.
//!
//! Tighter ones come first: what is accepted then was accepted before. Looser ones come last: what is accepted then will
//! be accepted after. In between there is place for one table of whatever kind, for before it is replaced the first holds,
//! and behind it the second. Where there is more than one, no order is certain, and the filter is closed for the time
//! being: a table that accepts nothing is tighter than any, and from there every table is looser.

use serde::{Deserialize, Serialize};

use super::owned::{Goal, Planned, close};
use super::plan::RulesPlan;
use crate::analysis::{changed_by, compare};
use crate::catalogue::Aspects;
use crate::family::{Family, FamilySet};
use crate::import::{Unknown, import};
use crate::model::Model;
use crate::restore_text::{Protocols, SavedTable, SavedText};
use crate::table::{Hook, TableName};

/// How many steps the comparison of a table may take; beyond it the table counts as neither tighter nor looser.
const BUDGET: u64 = 5_000_000;

/// What a table's change does to what is accepted, in the order in which tables change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Direction {
    Tighter,
    Either,
    Looser,
}

/// The order of a family's tables, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) tables: Vec<String>,
    /// Whether the filter is closed while they change; it is the last then.
    pub(crate) closed: bool,
}

impl Order {
    /// The way back: what came last goes first.
    pub(crate) fn back(&self) -> Order {
        let mut tables: Vec<String> = self.tables.iter().rev().cloned().collect();
        if self.closed {
            tables.sort_by_key(|table| table == close::TABLE);
        }
        Order { tables, closed: self.closed }
    }
}

/// Finds the order of the tables that a plan changes. `now` is what is there.
pub(crate) fn find(plan: &mut RulesPlan, now: &SavedText, protocols: &Protocols) {
    let whole = plan.new.iter().map(|table| (table.name.clone(), table));
    let shared = plan
        .shared
        .iter()
        .filter_map(|planned| Some((planned.goal.table().to_owned(), &planned.edit.as_ref()?.after)));
    let mut changes: Vec<(String, Direction)> = Vec::new();
    let after: Vec<(String, &SavedTable)> = whole.chain(shared).collect();
    let only = after.len() < 2;
    for (name, after) in after {
        let pristine = SavedTable::pristine(&name);
        let before = now.table(&name).unwrap_or(&pristine);
        // A single one meets no other.
        let direction = if only { Direction::Either } else { direction(plan.family, before, after) };
        changes.push((name, direction));
    }
    let closed = changes.iter().filter(|(_, direction)| *direction == Direction::Either).count() > 1;
    changes.sort_by_key(|(name, direction)| (closed && name == close::TABLE, *direction));
    let tables = changes.into_iter().map(|(name, _)| name).collect();
    plan.order = Order { tables, closed };
    if closed {
        open_at_the_end(plan, now, protocols);
    }
}

/// Sees to it that whatever is done last to the filter opens it again, and that an undo does.
fn open_at_the_end(plan: &mut RulesPlan, now: &SavedText, protocols: &Protocols) {
    if plan.new.iter().any(|table| table.name == close::TABLE) {
        return;
    }
    let pristine = SavedTable::pristine(close::TABLE);
    let now = now.table(close::TABLE).unwrap_or(&pristine);
    let at =
        plan.shared.iter().position(|planned| planned.goal.table() == close::TABLE).unwrap_or_else(|| {
            let goal = Goal::new(close::TABLE);
            plan.shared.push(Planned { former: goal.clone(), goal, edit: None });
            plan.order.tables.push(close::TABLE.to_owned());
            plan.shared.len() - 1
        });
    let planned = &mut plan.shared[at];
    close::open_by(&mut planned.goal);
    planned.former = planned.goal.former(now, protocols);
}

fn direction(family: Family, before: &SavedTable, after: &SavedTable) -> Direction {
    let (Some(old), Some(new)) = (model(family, before), model(family, after)) else {
        return Direction::Either;
    };
    let changed = changed_by(&old, family).or(changed_by(&new, family));
    // A list that one table keeps and another reads couples them as a mark does.
    let keeps_lists = |table: &SavedTable| table.rules.iter().any(|rule| rule.text.contains(" -m recent "));
    if changed.without(allowed_changes(&before.name)) != Aspects::NONE
        || keeps_lists(before)
        || keeps_lists(after)
    {
        return Direction::Either;
    }
    let families = FamilySet::only(family);
    let Ok(mut found) = compare(&old, &new, families, BUDGET) else { return Direction::Either };
    // Here sources are translated, behind the last rules that could see it.
    found.changes.retain(|change| change.table != TableName::Nat || change.hook != Hook::Postrouting);
    let all = |holds: fn(bool, bool) -> bool| {
        found.changes.iter().all(|change| {
            let known =
                [&change.old, &change.new].iter().all(|verdict| verdict.is_accept() || verdict.is_refusal());
            known && holds(change.old.is_accept(), change.new.is_accept())
        })
    };
    if all(|old, new| old || !new) {
        Direction::Tighter
    } else if all(|old, new| new || !old) {
        Direction::Looser
    } else {
        Direction::Either
    }
}

/// What rules may change of packets without being no more than a verdict: those of `nat` decide about addresses by their
/// verdicts, which are compared.
fn allowed_changes(table: &str) -> Aspects {
    if table == TableName::Nat.name() { Aspects::ADDRESSES } else { Aspects::NONE }
}

/// A table as the analysis reads it; `None` if it cannot.
fn model(family: Family, table: &SavedTable) -> Option<Model> {
    import(&table.to_string(), close::TABLE, family, Unknown::Raw).ok().map(|imported| imported.model)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restore_text::parse;

    fn table(text: &str) -> SavedTable {
        parse(text).unwrap().tables.remove(0)
    }

    fn filter(input: &str) -> SavedTable {
        table(&format!(
            "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n{input}COMMIT\n"
        ))
    }

    #[test]
    fn what_a_change_does_is_found_by_comparing() {
        let two = filter(
            "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\n",
        );
        let one = filter("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n");
        let other = filter("-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT\n");
        let same = filter("-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT\n");
        let of = |before, after| direction(Family::Ipv4, before, after);
        assert_eq!(of(&two, &one), Direction::Tighter);
        assert_eq!(of(&one, &two), Direction::Looser);
        assert_eq!(of(&one, &other), Direction::Either);
        assert_eq!(of(&two, &same), Direction::Tighter, "what changes nothing comes first");
    }

    #[test]
    fn sources_are_translated_behind_all_rules_that_look_at_them() {
        let nat = |rules: &str| {
            let chains = "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
                          :POSTROUTING ACCEPT [0:0]\n";
            table(&format!("{chains}{rules}COMMIT\n"))
        };
        let empty = nat("");
        let masked = nat("-A POSTROUTING -o eth0 -j MASQUERADE\n");
        let forwarded = nat("-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.2\n");
        let both = nat("-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.2\n\
             -A POSTROUTING -o eth0 -j MASQUERADE\n");
        assert_eq!(direction(Family::Ipv4, &empty, &masked), Direction::Tighter);
        assert_eq!(direction(Family::Ipv4, &forwarded, &both), Direction::Tighter);
        assert_eq!(direction(Family::Ipv4, &empty, &forwarded), Direction::Either);
    }

    #[test]
    fn what_changes_packets_is_neither_tighter_nor_looser() {
        let mangle = |rules: &str| {
            let chains = "*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n\
                          :OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n";
            table(&format!("{chains}{rules}COMMIT\n"))
        };
        let drops = mangle("-A PREROUTING -s 10.0.0.1/32 -j DROP\n");
        let marks = mangle("-A PREROUTING -s 10.0.0.1/32 -j MARK --set-xmark 0x1/0xffffffff\n");
        let empty = mangle("");
        assert_eq!(direction(Family::Ipv4, &empty, &drops), Direction::Tighter);
        assert_eq!(direction(Family::Ipv4, &empty, &marks), Direction::Either);
        assert_eq!(direction(Family::Ipv4, &marks, &drops), Direction::Either);
    }
}
