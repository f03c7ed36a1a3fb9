//! What rules do to each other: those to which no packet comes, those that change nothing, those that contradict.

use std::collections::{HashMap, HashSet};

use super::lints::Origin;
use super::unreachable;
use crate::analysis::{Conflict, NoEffect, Tables, Unreachable, UnreachableKind, Wanted, interplay};
use crate::diagnostic::Diagnostic;
use crate::lint::{self, CONFLICTING_RULES, Level, NO_EFFECT_RULE, UNREACHABLE_RULE};
use crate::loc::Loc;
use crate::model::{Chain, Model, Rule};
use crate::table::TableName;

/// How many causes are told with their places; the others are in [`Diagnostic::causes`].
const CAUSES_TOLD: usize = 4;

/// The rules of a policy by their place.
struct Rules<'a> {
    model: &'a Model,
    origin: Origin,
    places: HashMap<(TableName, Loc), (&'a Chain, &'a Rule)>,
}

pub(super) fn check_interplay(
    model: &Model,
    tables: &mut Tables,
    origin: Origin,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let rules = Rules::new(model, origin);
    let wanted = Wanted {
        unreachable: rules.is_wanted(UNREACHABLE_RULE),
        no_effect: rules.is_wanted(NO_EFFECT_RULE),
        conflicting: rules.is_wanted(CONFLICTING_RULES),
    };
    let found = interplay(model, tables, wanted);
    // That a rule's own matches exclude each other may have been said, with the field.
    let unreachable = diagnostics.iter().filter(|found| found.lint == Some(UNREACHABLE_RULE));
    let said: HashSet<Loc> = unreachable.map(|found| found.loc.through(0)).collect();
    for found in &found.unreachable {
        rules.tell_unreachable(found, &said, diagnostics);
    }
    for found in &found.no_effect {
        rules.tell_no_effect(found, diagnostics);
    }
    for found in &found.conflicting {
        rules.tell_conflict(found, diagnostics);
    }
}

impl<'a> Rules<'a> {
    fn new(model: &'a Model, origin: Origin) -> Rules<'a> {
        let mut places = HashMap::new();
        for chain in model.chains() {
            for rule in chain.rules() {
                places.entry((chain.table, rule.loc)).or_insert((chain, rule));
            }
        }
        Rules { model, origin, places }
    }

    fn level(&self, lint: &str, chain: &Chain, rule: &Rule) -> Level {
        lint::level(lint, [&rule.levels[..], &chain.levels[..], &self.model.levels[..]])
    }

    /// Whether a finding would be told of any rule.
    fn is_wanted(&self, lint: &str) -> bool {
        self.places.values().any(|(chain, rule)| self.level(lint, chain, rule) != Level::Allow)
    }

    /// The start of a finding about a rule, if it is to be told.
    fn begin(&self, lint: &'static str, table: TableName, loc: Loc, message: String) -> Option<Diagnostic> {
        let (chain, rule) = self.places.get(&(table, loc))?;
        let level = self.level(lint, chain, rule);
        let diagnostic = Diagnostic::lint(lint, level, loc, message);
        (level != Level::Allow).then(|| diagnostic.about(table, chain.name.as_str()))
    }

    fn tell_unreachable(&self, found: &Unreachable, said: &HashSet<Loc>, diagnostics: &mut Vec<Diagnostic>) {
        let Some((chain, rule)) = self.places.get(&(found.table, found.loc)) else { return };
        // Of a chain that nothing leads to, a policy's author is told once. In a dump each dead line counts.
        if found.kind == UnreachableKind::ChainNotCalled && self.origin == Origin::Policy {
            return;
        }
        if said.contains(&rule.loc.through(0)) {
            return;
        }
        let (message, help) = unreachable::words(found, &chain.name);
        let Some(mut diagnostic) = self.begin(UNREACHABLE_RULE, found.table, found.loc, message) else {
            return;
        };
        diagnostic.kind = Some(found.kind.name());
        let role = |cause: &Loc| {
            let rule = self.places.get(&(found.table, *cause)).map(|(_, rule)| *rule);
            unreachable::role(found, &chain.name, rule)
        };
        diagnostics.push(with_causes(diagnostic.help(help), role, &found.causes));
    }

    fn tell_no_effect(&self, found: &NoEffect, diagnostics: &mut Vec<Diagnostic>) {
        let message = "this rule changes nothing: without it, all of its packets fare the same".to_owned();
        let Some(diagnostic) = self.begin(NO_EFFECT_RULE, found.table, found.loc, message) else { return };
        // The policy, or the end of a chain, may decide of others.
        let note = "this rule decides the same of those that come to it";
        let help = "leave it out";
        diagnostics.push(with_causes(diagnostic.help(help), |_| note, &found.instead));
    }

    fn tell_conflict(&self, found: &Conflict, diagnostics: &mut Vec<Diagnostic>) {
        let message =
            "this rule and an earlier one decide otherwise of some packets that match both".to_owned();
        let Some(diagnostic) = self.begin(CONFLICTING_RULES, found.table, found.loc, message) else { return };
        let note = "this rule comes first, and decides of them";
        diagnostics.push(with_causes(diagnostic, |_| note, &found.with));
    }
}

/// Adds the causes, the first of them with their places and what each has to do with it.
fn with_causes(
    mut diagnostic: Diagnostic,
    note: impl Fn(&Loc) -> &'static str,
    causes: &[Loc],
) -> Diagnostic {
    for (number, cause) in causes.iter().enumerate() {
        if number < CAUSES_TOLD {
            diagnostic = diagnostic.cause(note(cause), *cause);
        } else {
            diagnostic.causes.push(*cause);
        }
    }
    match causes.len().saturating_sub(CAUSES_TOLD) {
        0 => diagnostic,
        1 => diagnostic.note("and one rule more", None),
        more => diagnostic.note(format!("and {more} rules more"), None),
    }
}
