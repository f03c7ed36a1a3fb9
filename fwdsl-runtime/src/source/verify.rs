//! Whether the source in the making is emitted as it should be; what is not is taken apart or written more strictly.

use std::collections::{HashMap, HashSet};

use super::entry::{ChainPlan, Entry};
use super::error::SourceError;
use super::notes::is_control;
use super::print::short_text;
use crate::catalogue::ValueKind;
use crate::check::check;
use crate::diagnostic::Diagnostic;
use crate::emit::emit_rule;
use crate::family::{Family, FamilySet};
use crate::lint::NO_EFFECT_RULE;
use crate::loc::{Loc, Located, Sources};
use crate::lower::{Ruleset, TargetFamilies, lower};
use crate::model::{Action, Chain, Model, OptionUse, Rule};
use crate::table::TableName;

/// How often rules are taken apart: as deep as they were put together, and then once for each form.
const ROUNDS: usize = 24;

/// The numbers of chains begin behind those of rules.
const CHAIN_BASE: u32 = 1 << 24;

/// How many rules without effect are told one by one; there may be thousands.
const WITHOUT_EFFECT_TOLD: usize = 16;

/// Replaces what is not emitted as it should be until all is. Says what lints want of rules and chains, and returns what
/// they want of the policy.
pub(super) fn settle(base: &Model, chains: &mut [ChainPlan]) -> Result<Vec<String>, SourceError> {
    for _ in 0..ROUNDS {
        let model = model_of(base, chains);
        let mut wrong = emitted_otherwise(&rulesets(&model), chains, |loc| loc.line);
        if wrong.is_empty() {
            let (refused, findings) = judge(&model)?;
            if refused.is_empty() {
                return Ok(note_findings(&model, chains, &findings));
            }
            wrong = refused;
        }
        replace(chains, &wrong, base.sources())?;
    }
    Err(SourceError::unwritable("the firewall"))
}

/// Puts something stricter in the place of what is wrong.
pub(super) fn replace(
    chains: &mut [ChainPlan],
    wrong: &HashSet<u32>,
    sources: &Sources,
) -> Result<(), SourceError> {
    let mut number = 0;
    for chain in chains {
        let mut entries = Vec::with_capacity(chain.entries.len());
        for entry in std::mem::take(&mut chain.entries) {
            number += 1;
            if !wrong.contains(&number) {
                entries.push(entry);
                continue;
            }
            let unwritable = SourceError::unwritable_rule(&entry.lines[0], sources);
            entries.extend(entry.fallback().ok_or(unwritable)?);
        }
        chain.entries = entries;
    }
    Ok(())
}

/// Marks the rules that lints find something in, before any are put together.
pub(super) fn mark_findings(base: &Model, chains: &mut [ChainPlan]) {
    let diagnostics = check(&model_of(base, chains));
    // Rules without effect may stand in one list, which is then without effect as well.
    let is_apart = |it: &&Diagnostic| it.lint.is_some_and(|lint| lint != NO_EFFECT_RULE);
    let found: HashSet<u32> = diagnostics.iter().filter(is_apart).map(|it| it.loc.line).collect();
    let entries = chains.iter_mut().flat_map(|chain| &mut chain.entries);
    for (number, entry) in (1u32..).zip(entries) {
        entry.has_finding = found.contains(&number);
    }
}

/// Which entries the checks refuse, by number from 1, and what lints found.
fn judge(model: &Model) -> Result<(HashSet<u32>, Vec<Diagnostic>), SourceError> {
    let mut refused = HashSet::new();
    let mut findings = Vec::new();
    for diagnostic in check(model) {
        match diagnostic.loc.line {
            _ if diagnostic.lint.is_some() => findings.push(diagnostic),
            number @ 1..CHAIN_BASE => _ = refused.insert(number),
            _ => return Err(SourceError::refused(&diagnostic.message)),
        }
    }
    Ok((refused, findings))
}

/// What a model is for each of its families.
pub(super) fn rulesets(model: &Model) -> Vec<Ruleset> {
    model.families().iter().filter_map(|family| lower(model, family)).collect()
}

/// The entries that are emitted as something else, by number from 1; `number` tells one by the place of a rule.
pub(super) fn emitted_otherwise(
    rulesets: &[Ruleset],
    chains: &[ChainPlan],
    number: impl Fn(Loc) -> u32,
) -> HashSet<u32> {
    let mut wrong = HashSet::new();
    for ruleset in rulesets {
        let mut emitted: HashMap<u32, Vec<String>> = HashMap::new();
        for chain in ruleset.tables.iter().flat_map(|table| &table.chains) {
            for rule in &chain.rules {
                emitted.entry(number(rule.loc)).or_default().push(emit_rule(chain, rule, ruleset.family));
            }
        }
        let entries = chains.iter().flat_map(|chain| &chain.entries);
        for (number, entry) in (1u32..).zip(entries) {
            let emitted = emitted.get(&number).map_or(&[][..], Vec::as_slice);
            if !entry.texts(ruleset.family).eq(emitted.iter().map(String::as_str)) {
                wrong.insert(number);
            }
        }
    }
    wrong
}

/// Whether both have the same tables, with the same chains, policies and numbers of rules.
pub(super) fn same_frame(a: &[Ruleset], b: &[Ruleset]) -> bool {
    let frame = |rulesets: &[Ruleset]| {
        let tables = rulesets
            .iter()
            .flat_map(|ruleset| ruleset.tables.iter().map(move |table| (ruleset.family, table)));
        let chains = tables
            .flat_map(|(family, table)| table.chains.iter().map(move |chain| (family, table.name, chain)));
        let frame = |(family, table, chain): (Family, TableName, &crate::lower::Chain)| {
            (family, table, chain.name.clone(), chain.policy, chain.rules.len())
        };
        chains.map(frame).collect::<Vec<_>>()
    };
    frame(a) == frame(b)
}

/// Notes which lints a rule or a chain has to silence, and why; returns what is for the whole policy.
fn note_findings(model: &Model, chains: &mut [ChainPlan], findings: &[Diagnostic]) -> Vec<String> {
    let entries: Vec<&Entry> = chains.iter().flat_map(|chain| &chain.entries).collect();
    let text_at =
        |loc: Loc| entries.get((loc.line as usize).checked_sub(1)?).map(|entry| short_text(&entry.rule));
    let mut of_rules: HashMap<u32, Vec<String>> = HashMap::new();
    let mut of_policy = Vec::new();
    let without_effect = findings.iter().filter(|it| it.lint == Some(NO_EFFECT_RULE)).count();
    if without_effect > WITHOUT_EFFECT_TOLD {
        of_policy.push(format!(
            "// {without_effect} rules change nothing: without them, all packets fare the same"
        ));
        of_policy.push(format!("#![allow({NO_EFFECT_RULE})]"));
    }
    for finding in findings {
        let Some(lint) = finding.lint else { continue };
        if lint == NO_EFFECT_RULE && without_effect > WITHOUT_EFFECT_TOLD {
            continue;
        }
        let mut why = format!("// {}", finding.message);
        for (note, loc) in &finding.notes {
            let mut note = format!("; {note}");
            if let Some(rule) = loc.and_then(text_at) {
                note.push_str(&format!(": {rule}"));
            }
            // Rules of different chains may read the same.
            if !why.contains(&note) {
                why.push_str(&note);
            }
        }
        let why = why.replace(is_control, " ");
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
    let targets = TargetFamilies::new(model);
    let mut number = 0;
    for (index, (chain, built)) in (0u32..).zip(chains.iter_mut().zip(&model.chains)) {
        chain.attributes = of_rules.remove(&(CHAIN_BASE + index)).unwrap_or_default();
        for (entry, rule) in chain.entries.iter_mut().zip(&built.rules) {
            number += 1;
            let anywhere = Rule { families: FamilySet::BOTH, ..without_lengths(rule) };
            entry.names_family = targets.of_rule(model, built, &anywhere) != entry.families;
            entry.remarks = of_rules.remove(&number).unwrap_or_default();
        }
    }
    of_policy
}

/// The rule without numbers that only one family can have: `mask 64` tells the language that a rule is for IPv6, but hardly
/// its readers.
fn without_lengths(rule: &Rule) -> Rule {
    let is_length = |option: &OptionUse| {
        matches!(option.spec.value, ValueKind::PrefixLength | ValueKind::SegmentSize)
            && option.spec.families == FamilySet::BOTH
    };
    let mut rule = rule.clone();
    let of_matches = rule.matches.iter_mut().map(|entry| &mut entry.options);
    let of_verdicts = rule.verdicts.iter_mut().filter_map(|verdict| match &mut verdict.action {
        Action::Target { options, .. } => Some(options),
        Action::Jump(_) | Action::Goto(_) => None,
    });
    for options in of_matches.chain(of_verdicts) {
        options.retain(|option| !is_length(option));
    }
    rule
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
            optimise: false,
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
