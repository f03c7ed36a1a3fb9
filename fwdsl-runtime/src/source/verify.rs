//! Whether the source in the making is emitted as it should be; what is not is taken apart or written more strictly.

use std::collections::HashMap;

use super::entry::{ChainPlan, Entry};
use super::error::SourceError;
use crate::check::check;
use crate::diagnostic::Diagnostic;
use crate::emit::emit_rule;
use crate::family::{Family, FamilySet};
use crate::loc::{Loc, Located};
use crate::lower::{lower, rule_families};
use crate::model::{Action, Chain, Model, Rule};

/// How often rules are taken apart: as deep as they were put together, and then once for each form.
const ROUNDS: usize = 16;

/// Replaces what is not emitted as it should be until all is, and notes what lints say.
pub(super) fn settle(base: &Model, chains: &mut Vec<ChainPlan>) -> Result<(), SourceError> {
    for _ in 0..ROUNDS {
        let model = model_of(base, chains);
        let verdict = judge(&model, chains)?;
        let mut number = 0;
        let mut changed = false;
        for (chain, built) in chains.iter_mut().zip(&model.chains) {
            let mut settled = Vec::with_capacity(chain.entries.len());
            for (mut entry, rule) in std::mem::take(&mut chain.entries).into_iter().zip(&built.rules) {
                number += 1;
                if verdict.wrong.contains(&number) {
                    changed = true;
                    let place = entry.lines.first().map(|line| line.text.clone()).unwrap_or_default();
                    let stricter = entry.fallback().ok_or_else(|| SourceError::unwritable(&place))?;
                    settled.extend(stricter);
                    continue;
                }
                let anywhere = Rule { families: FamilySet::BOTH, ..rule.clone() };
                entry.names_family = rule_families(&model, built, &anywhere) != entry.families;
                entry.findings = verdict.findings.get(&number).cloned().unwrap_or_default();
                settled.push(entry);
            }
            chain.entries = settled;
        }
        if !changed {
            return Ok(());
        }
    }
    Err(SourceError::unwritable("the firewall"))
}

/// What became of the entries, by number from 1.
#[derive(Default)]
struct Judgement {
    wrong: std::collections::HashSet<u32>,
    findings: HashMap<u32, Vec<Diagnostic>>,
}

fn judge(model: &Model, chains: &[ChainPlan]) -> Result<Judgement, SourceError> {
    let mut judgement = Judgement::default();
    for diagnostic in check(model) {
        let number = diagnostic.loc.line;
        if number == 0 && diagnostic.lint.is_none() {
            return Err(SourceError::refused(&diagnostic.message));
        }
        match diagnostic.lint {
            None => _ = judgement.wrong.insert(number),
            Some(_) => judgement.findings.entry(number).or_default().push(diagnostic),
        }
    }
    let entries: Vec<&Entry> = chains.iter().flat_map(|chain| &chain.entries).collect();
    for family in model.families().iter() {
        let mut emitted: HashMap<u32, Vec<String>> = HashMap::new();
        let ruleset = lower(model, family);
        for chain in ruleset.iter().flat_map(|ruleset| &ruleset.tables).flat_map(|table| &table.chains) {
            for rule in &chain.rules {
                emitted.entry(rule.loc.line).or_default().push(emit_rule(chain, rule, family));
            }
        }
        for (number, entry) in (1u32..).zip(&entries) {
            let emitted = emitted.get(&number).map_or(&[][..], Vec::as_slice);
            if !entry.texts(family).eq(emitted.iter().map(String::as_str)) {
                judgement.wrong.insert(number);
            }
        }
    }
    Ok(judgement)
}

/// The model that the source stands for; each rule's line is its number from 1.
fn model_of(base: &Model, chains: &[ChainPlan]) -> Model {
    let mut number = 0;
    let chains = chains.iter().map(|chain| Chain {
        table: chain.table,
        name: chain.name.clone(),
        policy: chain.policy.map(|policy| Located::new(policy, Loc::default())),
        position: None,
        families: chain.families,
        doc: String::new(),
        rules: chain
            .entries
            .iter()
            .map(|entry| {
                number += 1;
                placed(entry, Loc::line(number))
            })
            .collect(),
        levels: Vec::new(),
        loc: Loc::default(),
    });
    Model {
        families: base.families,
        foreign: base.foreign.clone(),
        sets: base.sets.clone(),
        chains: chains.collect(),
        ..Model::default()
    }
}

/// The entry's rule with this place in all its parts.
fn placed(entry: &Entry, loc: Loc) -> Rule {
    let mut rule = Rule { families: entry.families, loc, ..entry.rule.clone() };
    let of_options = |options: &mut Vec<crate::model::OptionUse>| {
        for option in options {
            option.loc = loc;
            option.values.iter_mut().for_each(|value| value.loc = loc);
        }
    };
    for entry in &mut rule.matches {
        entry.loc = loc;
        of_options(&mut entry.options);
    }
    for verdict in &mut rule.verdicts {
        verdict.loc = loc;
        if let Action::Target { options, .. } = &mut verdict.action {
            of_options(options);
        }
    }
    if let Some(comment) = &mut rule.comment {
        comment.loc = loc;
    }
    rule
}

/// The lines of a family that a model is emitted as, chain by chain.
pub(super) fn emitted(model: &Model, family: Family) -> String {
    lower(model, family).map(|ruleset| crate::emit::emit(&ruleset, Default::default())).unwrap_or_default()
}
