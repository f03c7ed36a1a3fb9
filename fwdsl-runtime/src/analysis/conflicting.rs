//! Rules that decide otherwise of some packets in common.

use std::collections::BTreeMap;

use super::reach::Prepared;
use super::tables::Tables;
use super::unknown::known_part;
use crate::loc::Loc;
use crate::lower::Table;
use crate::model::Model;
use crate::table::TableName;

/// A rule that earlier rules of its chain contradict in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The table of its chain.
    pub table: TableName,
    /// The rule.
    pub loc: Loc,
    /// The earlier rules, in order: of some of the rule's packets they decide otherwise, and neither matches all that the other does.
    pub with: Vec<Loc>,
}

/// The rules of a policy whose place among others decides: one accepts, the other drops or rejects, and some packets, but
/// neither's all, match both.
pub fn conflicting_rules(model: &Model) -> Vec<Conflict> {
    let known = known_part(model);
    let mut tables = Tables::new(&known.model);
    conflicts(&tables.prepare_all(&known.model))
}

/// The same for tables that are prepared.
pub(super) fn conflicts(tables: &[(&Table, Prepared<'_>)]) -> Vec<Conflict> {
    let mut rules: BTreeMap<(TableName, Loc), Vec<Loc>> = BTreeMap::new();
    for (table, prepared) in tables {
        for (chain, of) in table.chains.iter().enumerate() {
            for (index, rule) in of.rules.iter().enumerate() {
                let others =
                    prepared.conflicting((chain, index)).into_iter().map(|other| of.rules[other].loc);
                rules.entry((table.name, rule.loc)).or_default().extend(others);
            }
        }
    }
    let found = rules.into_iter().map(|((table, loc), mut with)| {
        with.sort_unstable();
        with.dedup();
        Conflict { table, loc, with }
    });
    found.filter(|conflict| !conflict.with.is_empty()).collect()
}
