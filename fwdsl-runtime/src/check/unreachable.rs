//! Rules to which no packet comes that they match.

use std::collections::HashMap;

use crate::analysis::{Unreachable, UnreachableKind, unreachable_rules};
use crate::diagnostic::Diagnostic;
use crate::lint::{self, Level, UNREACHABLE_RULE};
use crate::loc::Loc;
use crate::model::{Chain, Model, Rule};
use crate::table::TableName;

/// How many causes are told with their places; the others are in [`Diagnostic::causes`].
const CAUSES_TOLD: usize = 4;

pub(super) fn check_unreachable(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    let mut rules: HashMap<(TableName, Loc), (&Chain, &Rule)> = HashMap::new();
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
            diagnostics.push(diagnostic(chain, &found, level));
        }
    }
}

fn level(model: &Model, chain: &Chain, rule: &Rule) -> Level {
    lint::level(UNREACHABLE_RULE, [&rule.levels[..], &chain.levels[..], &model.levels[..]])
}

fn diagnostic(chain: &Chain, found: &Unreachable, level: Level) -> Diagnostic {
    let name = &chain.name;
    let many = found.causes.len() > 1;
    let (message, note, help) = match found.kind {
        UnreachableKind::MatchesNothing => {
            ("unreachable rule: its matches exclude each other".to_owned(), "", "no packet has all of this")
        }
        UnreachableKind::CoveredByOne => (
            "unreachable rule".to_owned(),
            "this rule takes all that it would match",
            "leave it out, or move it before that one",
        ),
        UnreachableKind::CoveredTogether => (
            "unreachable rule".to_owned(),
            "this rule takes some of what it would match",
            "leave it out, or move it before those that take its packets",
        ),
        UnreachableKind::ChainNotEntered => (
            format!("unreachable rule: no packet that it matches comes to `{name}`"),
            if many {
                "this rule lets some of them not come there"
            } else {
                "this rule lets none of them come there"
            },
            "leave it out, or look at what leads to its chain",
        ),
        UnreachableKind::ChainNotCalled => (
            format!("unreachable rule: nothing leads to `{name}`"),
            "",
            "call its chain from where packets come",
        ),
    };
    let mut diagnostic = Diagnostic::lint(UNREACHABLE_RULE, level, found.loc, message)
        .about(chain.table, name.as_str())
        .help(help);
    diagnostic.kind = Some(found.kind.name());
    for (number, cause) in found.causes.iter().enumerate() {
        if number < CAUSES_TOLD {
            diagnostic = diagnostic.cause(note, *cause);
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
