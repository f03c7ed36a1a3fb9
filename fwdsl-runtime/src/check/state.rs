//! State that the kernel keeps under a name: rules that name the same share it, so they must want the same of it.

use std::collections::{HashMap, HashSet};

use crate::catalogue::{IDLETIMER, RATEEST_MATCH, RECENT};
use crate::diagnostic::Diagnostic;
use crate::loc::Loc;
use crate::lower::{estimators_of, lower, measured, recent_mask};
use crate::model::{Action, Estimate, Model, OptionUse, Rule, Value, Verdict, saved_duration};

pub(super) fn check_state(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    let rules = || model.chains.iter().flat_map(|chain| &chain.rules);
    let verdicts = || rules().flat_map(|rule| &rule.verdicts);
    let mut estimators = Shared::default();
    for verdict in verdicts() {
        if let Some((name, Estimate { interval, average })) = measured(verdict.action()) {
            let times = format!("{} and {}", saved_duration(interval), saved_duration(average));
            estimators.add(name, times, verdict.loc(), "rateest", "the same times", diagnostics);
        }
    }
    let mut timers = Shared::default();
    for verdict in verdicts() {
        if let Some((label, alarm)) = timer(verdict) {
            let kind = if alarm { "an alarm" } else { "no alarm" };
            timers.add(
                label,
                kind.to_owned(),
                verdict.loc(),
                "idletimer",
                "`alarm` in all or in none",
                diagnostics,
            );
        }
    }
    let mut tables = Shared::default();
    for (name, mask, loc) in rules().filter(|rule| !rule.exact).flat_map(recents) {
        tables.add(name, mask, loc, "recent", "the same mask", diagnostics);
    }
}

/// A rule that asks for the rate of an estimator is refused until there is one, so the rule that makes it must be loaded
/// before, table by table and chain by chain. One that the policy does not make is another program's.
pub(super) fn check_order(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    let mut matches = model.chains.iter().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.matches);
    if !matches.any(|entry| *entry.extension == RATEEST_MATCH) {
        return;
    }
    for ruleset in model.families().iter().filter_map(|family| lower(model, family)) {
        let rules = || ruleset.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
        let all: HashMap<&str, Loc> =
            rules().filter_map(|rule| Some((measured(&rule.action)?.0, rule.loc))).collect();
        let mut made: HashSet<&str> = HashSet::new();
        for rule in rules() {
            for (name, loc) in estimators_of(&rule.matches) {
                if let Some(maker) = all.get(name).filter(|_| !made.contains(name)) {
                    let message = "the rate is measured by a rule that is loaded after this one";
                    let help = "tables are loaded in the order raw, mangle, nat, filter, security, and built-in chains first";
                    diagnostics.push(
                        Diagnostic::error(loc, message).note("it is measured here", Some(*maker)).help(help),
                    );
                }
            }
            made.extend(measured(&rule.action).map(|(name, _)| name));
        }
    }
}

/// What the first rule of each name wants of the state.
#[derive(Default)]
struct Shared<'a>(HashMap<&'a str, (String, Loc)>);

impl<'a> Shared<'a> {
    fn add(
        &mut self,
        name: &'a str,
        wanted: String,
        loc: Loc,
        word: &str,
        same: &str,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let (first, first_loc) = self.0.entry(name).or_insert_with(|| (wanted.clone(), loc));
        if *first == wanted {
            return;
        }
        let message = format!("`{word}` of name `{name}` with {wanted}, and elsewhere with {first}");
        let note = "rules of one name share what the kernel keeps; it is first used here";
        diagnostics.push(
            Diagnostic::error(loc, message)
                .note(note, Some(*first_loc))
                .help(format!("give it another name, or {same}")),
        );
    }
}

fn value_of<'a>(options: &'a [OptionUse], name: &str) -> Option<&'a Value> {
    options.iter().find(|option| option.spec.name == name)?.values().next()
}

/// The label of a timer, and whether it is an alarm.
fn timer(verdict: &Verdict) -> Option<(&str, bool)> {
    let Action::Target { extension, options } = verdict.action() else { return None };
    match value_of(options, "label")? {
        Value::Text(label) if **extension == IDLETIMER => {
            Some((label, options.iter().any(|option| option.spec.name == "alarm")))
        }
        _ => None,
    }
}

/// The tables of `recent` that a rule names, each with its mask.
fn recents(rule: &Rule) -> Vec<(&str, String, Loc)> {
    let uses = rule.matches.iter().filter(|entry| *entry.extension == RECENT);
    uses.map(|entry| {
        let name = match value_of(&entry.options, "name") {
            Some(Value::Text(name)) => name,
            _ => "DEFAULT",
        };
        let mask = recent_mask(entry.extension, &entry.options);
        (name, mask.map_or("no mask".to_owned(), |mask| format!("mask {mask}")), entry.loc)
    })
    .collect()
}
