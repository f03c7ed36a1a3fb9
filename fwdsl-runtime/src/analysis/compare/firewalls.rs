//! Whole firewalls, table by table and hook by hook.

use std::fmt;

use super::atom::Atoms;
use super::hook::{Change, Held, compare_hook};
use super::report::Comparison;
use super::verdict::Verdicts;
use super::walk::Shared;
use crate::analysis::diagram::{Diagram, Exhausted, Space};
use crate::analysis::meaning::changes;
use crate::analysis::program::{Classes, Program};
use crate::catalogue::Aspects;
use crate::diagnostic::Diagnostics;
use crate::family::{Family, FamilySet};
use crate::lower::{Ruleset, Table, lower};
use crate::model::{Model, Ownership};
use crate::table::{Hook, TableName};

/// How many steps a comparison may take if nobody says otherwise.
pub const COMPARE_BUDGET: u64 = 50_000_000;

/// The comparison takes more steps than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotDecided {
    /// The number of steps that were allowed.
    pub budget: u64,
}

impl fmt::Display for NotDecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not decided: the comparison takes more than {} steps", self.budget)
    }
}

impl std::error::Error for NotDecided {}

/// Why two policies are not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompareError {
    /// A Rust value breaks a rule of one of them.
    Refused(Box<Diagnostics>),
    /// It takes too long.
    NotDecided(NotDecided),
}

impl fmt::Display for CompareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompareError::Refused(wrong) => wrong.fmt(f),
            CompareError::NotDecided(stop) => stop.fmt(f),
        }
    }
}

impl std::error::Error for CompareError {}

/// What a firewall does otherwise than another one, in these families. Both must have passed [`crate::check`] but for
/// what lints say.
///
/// A table that a firewall does not hold accepts everything, unless the firewall owns chains alone.
///
/// # Errors
/// If that takes more steps than allowed.
pub fn compare(old: &Model, new: &Model, families: FamilySet, budget: u64) -> Result<Comparison, NotDecided> {
    let mut left = budget;
    let mut changes = Vec::new();
    for family in families.iter() {
        let rulesets = [ruleset(old, family), ruleset(new, family)];
        let found = family_changes([&rulesets[0], &rulesets[1]], &mut left);
        changes.extend(found.map_err(|_| NotDecided { budget })?);
    }
    Ok(Comparison { changes, families })
}

/// The same of the rules of one family.
///
/// # Errors
/// If that takes more steps than allowed.
pub fn compare_rulesets(old: &Ruleset, new: &Ruleset, budget: u64) -> Result<Comparison, NotDecided> {
    let changes = family_changes([old, new], &mut budget.clone()).map_err(|_| NotDecided { budget })?;
    Ok(Comparison { changes, families: FamilySet::only(new.family) })
}

fn family_changes(rulesets: [&Ruleset; 2], left: &mut u64) -> Result<Vec<Change>, Exhausted> {
    let mut changes = Vec::new();
    for name in TableName::ALL {
        let tables = rulesets.map(|ruleset| ruleset.table(name));
        if tables.iter().all(Option::is_none) {
            continue;
        }
        for hook in name.hooks() {
            changes.extend(hook_changes(rulesets, tables, name, *hook, left)?);
        }
    }
    Ok(changes)
}

/// The rules of a family; none if the firewall has no table for it.
fn ruleset(model: &Model, family: Family) -> Ruleset {
    lower(model, family).unwrap_or_else(|| Ruleset {
        family,
        tables: Vec::new(),
        chains_alone: matches!(model.ownership(), Ownership::Chains { .. }),
        sets: Vec::new(),
    })
}

fn hook_changes(
    rulesets: [&Ruleset; 2],
    tables: [Option<&Table>; 2],
    name: TableName,
    hook: Hook,
    left: &mut u64,
) -> Result<Vec<Change>, Exhausted> {
    let family = rulesets[0].family;
    let rules = tables.iter().flatten().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
    let classes = Classes::new(rules.map(|rule| rule.matches.as_slice()));
    let program = Program { chains: Vec::new(), family, classes };
    let mut shared = Shared {
        diagram: Diagram::new(*left),
        space: Space::new(family, &program.classes),
        program: &program,
        family,
        atoms: Atoms::new(),
        verdicts: Verdicts::default(),
        changed: tables.iter().flatten().fold(Aspects::NONE, |all, table| all.or(changes(table))),
        sees_fragments: true,
    };
    let [old, new] = [(0, 1), (1, 0)].map(|(own, other)| {
        let table = tables[own];
        Held {
            ruleset: rulesets[own],
            table,
            start: table.and_then(|table| start(table, tables[other], hook)),
        }
    });
    let changes = compare_hook([old, new], name, hook, &mut shared)?;
    *left = shared.diagram.steps_left();
    Ok(changes)
}

/// The chain in which packets begin at a hook. Where the other firewall owns chains alone, it is the chain of that name
/// in the rules of the host too.
fn start(table: &Table, other: Option<&Table>, hook: Hook) -> Option<usize> {
    let jump = other.and_then(|other| other.hooks.iter().find(|jump| jump.hook == hook));
    let same = jump.and_then(|jump| table.chains.iter().position(|chain| chain.name == jump.chain));
    same.filter(|_| table.hooks.is_empty()).or_else(|| table.start(hook))
}
