//! The checks: whatever iptables would refuse, and what cannot be meant.
//!
//! The same code runs while the program compiles, with a span for every place, and on policies
//! that are made at run time. What passes here loads.

mod alike;
mod assertions;
mod chains;
mod depth;
mod exact;
mod hashlimit;
mod hooks;
mod interplay;
mod lints;
mod ownership;
mod plain;
mod requirements;
mod rules;
mod sets;
mod state;
mod sysctls;
mod targets;
mod text;
mod unreachable;
mod values;

pub(crate) use depth::{DEPTH_MAX, deepest_way, ways_through};

use crate::analysis::{Finding, Tables, known_part, prove_known};
use crate::diagnostic::Diagnostic;
use crate::lint::Level;
use crate::lower::RuleFamilies;
#[cfg(feature = "syntax")]
use crate::model::Match;
use crate::model::Model;
#[cfg(feature = "syntax")]
use crate::table::{Hook, TableName};
use lints::Origin;

/// Everything that is wrong with a policy, and what its lints found, in source order. Assertions
/// are put to the proof if nothing else is wrong.
pub fn check(model: &Model) -> Vec<Diagnostic> {
    check_further(model, Values::Written, Vec::new())
}

/// Where the values of a policy come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// All are in the source, or are not known yet.
    Written,
    /// Some are those of a running program. That a list of it is empty today, or that two of them overlap, may leave rules
    /// without packets, but is no mistake of the policy: lints warn of the rules together, and refuse nothing.
    Filled,
}

/// The same with what was found before, while the policy was read. Where that or a check of a part
/// found an error, nothing is said of the policy as a whole: parts of it are missing or not as meant.
pub(crate) fn check_further(
    model: &Model,
    values: Values,
    mut diagnostics: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    check_parts(model, &mut diagnostics);
    sysctls::check_sysctls(model, &mut diagnostics);
    assertions::check_assertions(model, &mut diagnostics);
    // What a lint denies does not keep the others from being found.
    let is_sound =
        |diagnostics: &[Diagnostic]| !diagnostics.iter().any(|one| one.is_error() && one.lint.is_none());
    if is_sound(&diagnostics) {
        depth::check_depth(model, &mut diagnostics);
        state::check_order(model, &mut diagnostics);
    }
    if is_sound(&diagnostics) {
        let known = known_part(model);
        let mut tables = Tables::new(&known.model);
        let start = diagnostics.len();
        lints::check_lints(&known.model, &mut tables, Origin::Policy, &mut diagnostics);
        interplay::check_interplay(&known.model, &mut tables, Origin::Policy, &mut diagnostics);
        if values == Values::Filled {
            diagnostics[start..].iter_mut().for_each(|finding| finding.level = Level::Warn);
        }
        diagnostics.extend(prove_known(&known, &tables).iter().map(Finding::diagnostic));
    }
    in_order(diagnostics)
}

/// What the lints find in a firewall that a host has, whatever iptables would say to its rules: for what
/// [`crate::import`] read. Nothing is said of what only a policy says: its sysctls, and the family that is not there.
pub fn lint(model: &Model) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    check_parts(model, &mut diagnostics);
    let mut tables = Tables::new(model);
    lints::check_lints(model, &mut tables, Origin::Saved, &mut diagnostics);
    interplay::check_interplay(model, &mut tables, Origin::Saved, &mut diagnostics);
    diagnostics.retain(|diagnostic| diagnostic.lint.is_some());
    in_order(diagnostics)
}

/// What iptables would refuse of a policy's rules, without the lints that look at the policy as a whole: for rules
/// that somebody else wrote.
pub(crate) fn check_whether_it_loads(model: &Model) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    check_parts(model, &mut diagnostics);
    diagnostics.retain(|diagnostic| diagnostic.lint.is_none());
    if diagnostics.is_empty() {
        depth::check_depth(model, &mut diagnostics);
        state::check_order(model, &mut diagnostics);
    }
    diagnostics
}

/// What is wrong with a pattern of packets in a table, and at a hook if it is about one.
#[cfg(feature = "syntax")]
pub(crate) fn check_pattern(
    model: &Model,
    table: TableName,
    hook: Option<Hook>,
    matches: &[Match],
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    rules::check_matches(model, table, hook, matches, &mut diagnostics);
    in_order(diagnostics)
}

fn check_parts(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    chains::check_chains(model, diagnostics);
    ownership::check_ownership(model, diagnostics);
    sets::check_sets(model, diagnostics);
    let families = RuleFamilies::new(model);
    check_rules(model, &families, diagnostics);
    hooks::check_hooks(model, &families, diagnostics);
    hashlimit::check_hash_tables(model, &families, diagnostics);
    state::check_state(model, diagnostics);
}

/// Checks every rule that is not like one of which nothing is to be said.
fn check_rules(model: &Model, families: &RuleFamilies, diagnostics: &mut Vec<Diagnostic>) {
    for (chain, families) in model.chains().iter().zip(&families.of_chains) {
        let mut sound = alike::Sound::default();
        for (rule, families) in chain.rules().iter().zip(families) {
            if sound.has_like(rule, *families) {
                continue;
            }
            let before = diagnostics.len();
            rules::check_rule(model, chain, rule, *families, diagnostics);
            if diagnostics.len() == before {
                sound.add(rule, *families);
            }
        }
    }
}

/// Sorts findings by place and drops what was found twice (a value of a `let`, or a rule
/// of a template, that is used twice).
pub fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let key = |diagnostic: &Diagnostic| (diagnostic.loc.file, diagnostic.loc.line, diagnostic.loc.span);
    diagnostics.sort_by_key(key);
    let mut ordered: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    for diagnostic in diagnostics {
        let here = ordered.iter().rev().take_while(|other| other.loc.is_same_place(&diagnostic.loc));
        if !here.into_iter().any(|other| other.message == diagnostic.message) {
            ordered.push(diagnostic);
        }
    }
    ordered
}
