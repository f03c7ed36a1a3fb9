//! Rules to which no packet comes that they match.

use std::collections::HashMap;

use crate::analysis::{Unreachable, UnreachableKind, unreachable_rules};
use crate::diagnostic::Diagnostic;
use crate::lint::{self, Level, UNREACHABLE_RULE};
use crate::loc::Loc;
use crate::model::{Action, Chain, Model, Rule};
use crate::table::TableName;

/// How many causes are told with their places; the others are in [`Diagnostic::causes`].
const CAUSES_TOLD: usize = 4;

/// The rules of a policy with their chains, by table and place.
type Rules<'a> = HashMap<(TableName, Loc), (&'a Chain, &'a Rule)>;

pub(super) fn check_unreachable(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    let mut rules = Rules::new();
    let mut is_wanted = false;
    for chain in model.chains() {
        for rule in chain.rules() {
            rules.entry((chain.table, rule.loc)).or_insert((chain, rule));
            is_wanted |= level(model, chain, rule) != Level::Allow;
        }
    }
    if !is_wanted {
        return;
    }
    for found in unreachable_rules(model) {
        let Some((chain, rule)) = rules.get(&(found.table, found.loc)) else { continue };
        // Of a chain that nothing leads to, a policy's author is told once. In a dump each dead line counts.
        if found.kind == UnreachableKind::ChainNotCalled && !rule.exact {
            continue;
        }
        let level = level(model, chain, rule);
        // That its own matches exclude each other may have been said, with the field.
        let said =
            |other: &Diagnostic| other.lint == Some(UNREACHABLE_RULE) && other.loc.is_same_place(&rule.loc);
        if level != Level::Allow && !diagnostics.iter().any(said) {
            diagnostics.push(diagnostic(&rules, chain, &found, level));
        }
    }
}

fn level(model: &Model, chain: &Chain, rule: &Rule) -> Level {
    lint::level(UNREACHABLE_RULE, [&rule.levels[..], &chain.levels[..], &model.levels[..]])
}

/// The finding, in the manner of rustc's about a pattern of a `match` that no value can reach.
fn diagnostic(rules: &Rules<'_>, chain: &Chain, found: &Unreachable, level: Level) -> Diagnostic {
    let many = found.causes.len() > 1;
    let (message, help) = match found.kind {
        UnreachableKind::MatchesNothing => (
            "unreachable rule: its matches exclude each other, so no packet has them all".to_owned(),
            "leave it out, or one of its matches",
        ),
        UnreachableKind::CoveredByOne => (
            "unreachable rule: no packet that it matches can reach it".to_owned(),
            "leave it out, or move it before that rule",
        ),
        UnreachableKind::CoveredTogether => (
            "unreachable rule: earlier rules together take all packets that it matches".to_owned(),
            "leave it out, or move it before rules that take its packets",
        ),
        UnreachableKind::ChainNotEntered => (
            format!("unreachable rule: no packet that it matches enters `{}`", chain.name),
            "leave it out, or let such packets into its chain",
        ),
        UnreachableKind::ChainNotCalled => (
            format!("unreachable rule: nothing leads to `{}`", chain.name),
            "call its chain from where packets come",
        ),
    };
    let mut diagnostic = Diagnostic::lint(UNREACHABLE_RULE, level, found.loc, message)
        .about(chain.table, chain.name.as_str())
        .help(help);
    diagnostic.kind = Some(found.kind.name());
    for (number, cause) in found.causes.iter().enumerate() {
        if number < CAUSES_TOLD {
            let leads =
                rules.get(&(found.table, *cause)).is_some_and(|(_, rule)| leads_to(rule, &chain.name));
            diagnostic = diagnostic.cause(role(found.kind, many, leads), *cause);
        } else {
            diagnostic.causes.push(*cause);
        }
    }
    match found.causes.len().saturating_sub(CAUSES_TOLD) {
        0 => diagnostic,
        1 => diagnostic.note("and one rule more", None),
        more => diagnostic.note(format!("and {more} rules more"), None),
    }
}

/// What a rule has to do with another one's being unreachable: whether it is one of many, and whether it leads to the
/// other's chain.
fn role(kind: UnreachableKind, many: bool, leads: bool) -> &'static str {
    match (kind, many) {
        (UnreachableKind::ChainNotEntered, _) if leads => "this rule leads there, but not with such packets",
        (UnreachableKind::ChainNotEntered, false) => "this rule takes them on the way",
        (UnreachableKind::ChainNotEntered, true) => "this rule takes some of them on the way",
        (_, false) => "this rule takes all of them",
        (_, true) => "this rule takes some of them",
    }
}

fn leads_to(rule: &Rule, chain: &str) -> bool {
    rule.verdicts.iter().any(|verdict| match &verdict.action {
        Action::Jump(name) | Action::Goto(name) => name == chain,
        Action::Target { .. } => false,
    })
}
