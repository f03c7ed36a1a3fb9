//! Whether the source in the making is emitted as it should be; what is not is taken apart or written more strictly.

use std::collections::{HashMap, HashSet};

use super::entry::{ChainPlan, Entry};
use super::error::SourceError;
use super::print::short_text;
use crate::check::check;
use crate::diagnostic::Diagnostic;
use crate::emit::emit_rule;
use crate::family::FamilySet;
use crate::loc::{Loc, Located};
use crate::lower::{lower, rule_families};
use crate::model::{Action, Chain, Model, OptionUse, Rule};

/// How often rules are taken apart: as deep as they were put together, and then once for each form.
const ROUNDS: usize = 24;

/// The numbers of chains begin behind those of rules.
const CHAIN_BASE: u32 = 1 << 24;

/// Replaces what is not emitted as it should be until all is. Says what lints want of rules and chains, and returns what
/// they want of the policy.
pub(super) fn settle(base: &Model, chains: &mut [ChainPlan]) -> Result<Vec<String>, SourceError> {
    for _ in 0..ROUNDS {
        let model = model_of(base, chains);
        let (wrong, findings) = judge(&model, chains)?;
        if wrong.is_empty() {
            return Ok(note_findings(&model, chains, &findings));
        }
        replace(chains, &wrong)?;
    }
    Err(SourceError::unwritable("the firewall"))
}

/// Puts something stricter in the place of what is wrong.
pub(super) fn replace(chains: &mut [ChainPlan], wrong: &HashSet<u32>) -> Result<(), SourceError> {
    let mut number = 0;
    for chain in chains {
        let mut entries = Vec::with_capacity(chain.entries.len());
        for entry in std::mem::take(&mut chain.entries) {
            number += 1;
            if !wrong.contains(&number) {
                entries.push(entry);
                continue;
            }
            let line = entry.lines.first().map(|line| line.text.clone()).unwrap_or_default();
            entries.extend(entry.fallback().ok_or_else(|| SourceError::unwritable(&line))?);
        }
        chain.entries = entries;
    }
    Ok(())
}

/// Which entries are wrong, by number from 1, and what lints found.
fn judge(model: &Model, chains: &[ChainPlan]) -> Result<(HashSet<u32>, Vec<Diagnostic>), SourceError> {
    let mut wrong = HashSet::new();
    let mut findings = Vec::new();
    for diagnostic in check(model) {
        match diagnostic.loc.line {
            _ if diagnostic.lint.is_some() => findings.push(diagnostic),
            number @ 1..CHAIN_BASE => _ = wrong.insert(number),
            _ => return Err(SourceError::refused(&diagnostic.message)),
        }
    }
    wrong.extend(emitted_otherwise(model, chains, |loc| loc.line));
    Ok((wrong, findings))
}

/// The entries that a model, in which `number` tells one by the place of its rule, emits as something else.
pub(super) fn emitted_otherwise(
    model: &Model,
    chains: &[ChainPlan],
    number: impl Fn(Loc) -> u32,
) -> HashSet<u32> {
    let mut wrong = HashSet::new();
    for family in model.families().iter() {
        let mut emitted: HashMap<u32, Vec<String>> = HashMap::new();
        let ruleset = lower(model, family);
        for chain in ruleset.iter().flat_map(|ruleset| &ruleset.tables).flat_map(|table| &table.chains) {
            for rule in &chain.rules {
                emitted.entry(number(rule.loc)).or_default().push(emit_rule(chain, rule, family));
            }
        }
        let entries = chains.iter().flat_map(|chain| &chain.entries);
        for (number, entry) in (1u32..).zip(entries) {
            let emitted = emitted.get(&number).map_or(&[][..], Vec::as_slice);
            if !entry.texts(family).eq(emitted.iter().map(String::as_str)) {
                wrong.insert(number);
            }
        }
    }
    wrong
}

/// Notes which lints a rule or a chain has to silence, and why; returns what is for the whole policy.
fn note_findings(model: &Model, chains: &mut [ChainPlan], findings: &[Diagnostic]) -> Vec<String> {
    let texts: Vec<String> =
        chains.iter().flat_map(|chain| &chain.entries).map(|entry| short_text(&entry.rule)).collect();
    let mut of_rules: HashMap<u32, Vec<String>> = HashMap::new();
    let mut of_policy = Vec::new();
    for finding in findings {
        let Some(lint) = finding.lint else { continue };
        let mut why = format!("// {}", finding.message);
        for (note, loc) in &finding.notes {
            let rule = loc.and_then(|loc| texts.get((loc.line as usize).checked_sub(1)?));
            why.push_str(&format!("; {note}"));
            if let Some(rule) = rule {
                why.push_str(&format!(": {rule}"));
            }
        }
        let why = why.replace(['\n', '\r'], " ");
        match finding.loc.line {
            0 => {
                let attribute = format!("#![allow({lint})]");
                if !of_policy.contains(&attribute) {
                    of_policy.extend([why, attribute]);
                }
            }
            number => {
                let remarks = of_rules.entry(number).or_default();
                let attribute = format!("#[allow({lint})]");
                let place = remarks.iter().position(|remark| *remark == attribute);
                match place {
                    Some(place) if !remarks.contains(&why) => remarks.insert(place, why),
                    Some(_) => {}
                    None => remarks.extend([why, attribute]),
                }
            }
        }
    }
    let mut number = 0;
    for (index, (chain, built)) in (0u32..).zip(chains.iter_mut().zip(&model.chains)) {
        chain.attributes = of_rules.remove(&(CHAIN_BASE + index)).unwrap_or_default();
        for (entry, rule) in chain.entries.iter_mut().zip(&built.rules) {
            number += 1;
            let anywhere = Rule { families: FamilySet::BOTH, ..rule.clone() };
            entry.names_family = rule_families(model, built, &anywhere) != entry.families;
            entry.remarks = of_rules.remove(&number).unwrap_or_default();
        }
    }
    of_policy
}

/// The model that the source stands for. The line of a rule is its number from 1.
fn model_of(base: &Model, chains: &[ChainPlan]) -> Model {
    let mut number = 0;
    let chain = |(index, chain): (u32, &ChainPlan)| {
        let rule = |entry: &Entry| {
            number += 1;
            placed(entry, Loc::line(number))
        };
        Chain {
            table: chain.table,
            name: chain.name.clone(),
            policy: chain.policy.map(|policy| Located::new(policy, Loc::default())),
            position: None,
            families: chain.families,
            doc: String::new(),
            rules: chain.entries.iter().map(rule).collect(),
            levels: Vec::new(),
            loc: Loc::line(CHAIN_BASE + index),
        }
    };
    Model {
        families: base.families,
        foreign: base.foreign.clone(),
        sets: base.sets.clone(),
        chains: (0u32..).zip(chains).map(chain).collect(),
        ..Model::default()
    }
}

/// The entry's rule with this place in all its parts.
fn placed(entry: &Entry, loc: Loc) -> Rule {
    let mut rule = Rule { families: entry.families, loc, ..entry.rule.clone() };
    let of_options = |options: &mut Vec<OptionUse>| {
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
