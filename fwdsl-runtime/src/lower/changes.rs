//! What verdicts change of a packet, and whether the rule would ask for it again.

use std::collections::HashMap;

use crate::catalogue::{self, Aspects};
use crate::model::{Action, Chain, Match, Rule, Value, Verdict};
use crate::table::TableName;

/// What the chains of a table change, by name, the chains that they call included.
pub(super) struct Changes<'a> {
    of_chains: HashMap<&'a str, Aspects>,
}

impl<'a> Changes<'a> {
    /// Sums up the chains of a table. The `foreign` ones may change whatever can be changed there.
    pub(super) fn new(chains: &[&'a Chain], foreign: &'a [String], table: TableName) -> Changes<'a> {
        let mut changes = Changes { of_chains: HashMap::new() };
        changes.of_chains.extend(foreign.iter().map(|name| (name.as_str(), catalogue::changes_in(table))));
        let mut calls: HashMap<&str, Vec<&str>> = HashMap::new();
        for chain in chains {
            let verdicts = || chain.rules.iter().flat_map(|rule| &rule.verdicts);
            let own = verdicts().map(own_changes).fold(Aspects::NONE, Aspects::or);
            let entry = changes.of_chains.entry(&chain.name).or_insert(Aspects::NONE);
            *entry = entry.or(own);
            for target in verdicts().filter_map(called) {
                calls.entry(target).or_default().push(&chain.name);
            }
        }
        // What a chain changes, its callers change.
        let mut open: Vec<&str> = changes.of_chains.keys().copied().collect();
        while let Some(name) = open.pop() {
            let here = changes.of_chain(name);
            for caller in calls.get(name).into_iter().flatten() {
                let before = changes.of_chain(caller);
                if before.or(here) != before {
                    changes.of_chains.insert(caller, before.or(here));
                    open.push(caller);
                }
            }
        }
        changes
    }

    fn of_chain(&self, name: &str) -> Aspects {
        self.of_chains.get(name).copied().unwrap_or(Aspects::NONE)
    }

    /// Whether a verdict of the rule changes what its matches ask for.
    pub(super) fn disturb(&self, rule: &Rule) -> bool {
        let asked = rule.matches.iter().map(looks_at).fold(Aspects::NONE, Aspects::or);
        let of_verdict = |verdict: &Verdict| {
            own_changes(verdict).or(called(verdict).map_or(Aspects::NONE, |name| self.of_chain(name)))
        };
        rule.verdicts.iter().any(|verdict| of_verdict(verdict).meets(asked))
    }
}

fn called(verdict: &Verdict) -> Option<&str> {
    match verdict.action() {
        Action::Jump(name) | Action::Goto(name) => Some(name),
        Action::Target { .. } => None,
    }
}

fn own_changes(verdict: &Verdict) -> Aspects {
    match verdict.action() {
        Action::Target { extension, .. } => extension.changes,
        Action::Jump(_) | Action::Goto(_) => Aspects::NONE,
    }
}

fn looks_at(entry: &Match) -> Aspects {
    let options = entry.options.iter();
    let asked = options.map(|option| option.spec.looks_at).fold(entry.extension.looks_at, Aspects::or);
    let mut values = entry.options.iter().flat_map(|option| option.values());
    // In whatever option a set stands.
    if values.any(|value| matches!(value, Value::Set(_))) { asked.or(Aspects::SETS) } else { asked }
}
