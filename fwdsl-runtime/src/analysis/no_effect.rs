//! Rules without which every packet would fare the same.

use std::collections::{BTreeMap, HashSet};

use super::interplay::{Wanted, interplay};
use super::reach::{Comers, Effects, Prepared};
use super::tables::Tables;
use super::unknown::known_part;
use super::unreachable::is_step;
use crate::loc::Loc;
use crate::lower::{Rule, Table};
use crate::model::{Action, Model};
use crate::table::TableName;

/// The steps that may be taken for one rule.
const STEPS_OF_RULE: u64 = 4_000;

/// A rule of the source that changes nothing, in whatever family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoEffect {
    /// The table of its chain.
    pub table: TableName,
    /// The rule.
    pub loc: Loc,
    /// The rules that decide the same of its packets, in order; none if it is a policy, or the end of its chain.
    pub instead: Vec<Loc>,
}

/// The rules of a policy without which every packet would get the same verdict, and would be noticed the same: by logs,
/// marks and matches that count. A rule without matches at the end of its chain is a matter of style, and not among
/// them, nor is one that takes all packets of an unreachable rule, of which that is told.
pub fn rules_without_effect(model: &Model) -> Vec<NoEffect> {
    let known = known_part(model);
    let mut tables = Tables::new(&known.model);
    let wanted = Wanted { unreachable: false, no_effect: true, conflicting: false };
    interplay(&known.model, &mut tables, wanted).no_effect
}

/// The same for tables that are prepared, with the packets that are known to come to the rules of each.
pub(super) fn without_effect(
    tables: &[(&Table, Prepared<'_>)],
    comers: &[Comers],
    unreachable: &HashSet<(TableName, Loc)>,
) -> Vec<NoEffect> {
    let mut rules: BTreeMap<(TableName, Loc), Option<Vec<Loc>>> = BTreeMap::new();
    for ((table, prepared), comers) in tables.iter().zip(comers) {
        add_table(table, prepared, comers, unreachable, &mut rules);
    }
    let found = rules.into_iter().filter_map(|((table, loc), instead)| {
        let mut instead = instead?;
        instead.sort_unstable();
        instead.dedup();
        Some(NoEffect { table, loc, instead })
    });
    found.collect()
}

fn add_table(
    table: &Table,
    prepared: &Prepared<'_>,
    comers: &Comers,
    unreachable: &HashSet<(TableName, Loc)>,
    rules: &mut BTreeMap<(TableName, Loc), Option<Vec<Loc>>>,
) {
    let effects = Effects::new(prepared, table);
    let loc = |(chain, index): &(usize, usize)| table.chains[*chain].rules[*index].loc;
    for (chain, of) in table.chains.iter().enumerate() {
        for (index, rule) in of.rules.iter().enumerate() {
            let sum = rules.entry((table.name, rule.loc)).or_insert_with(|| Some(Vec::new()));
            let Some(instead) = sum else { continue };
            if is_step(table, of, rule) {
                continue;
            }
            let is_asked = prepared.is_called(chain)
                && !unreachable.contains(&(table.name, rule.loc))
                && !(index + 1 == of.rules.len() && matches_all(rule));
            let is_absent = |chain: usize, index: usize| table.chains[chain].rules[index].loc == rule.loc;
            let found = if is_asked {
                let known = comers.get(&(chain, index)).map(|cube| &**cube);
                effects.instead((chain, index), known, &is_absent, STEPS_OF_RULE)
            } else {
                None
            };
            let is_told = |other: &Loc| unreachable.contains(&(table.name, *other));
            match found.map(|found| found.iter().map(loc).collect::<Vec<Loc>>()) {
                Some(found) if !found.iter().any(is_told) => instead.extend(found),
                _ => *sum = None,
            }
        }
    }
}

/// Whether a rule asks nothing, but for a text for people.
fn matches_all(rule: &Rule) -> bool {
    rule.matches.iter().all(|entry| entry.extension.name == "comment" || entry.options.is_empty())
        && !matches!(rule.action, Action::Jump(_) | Action::Goto(_))
}
