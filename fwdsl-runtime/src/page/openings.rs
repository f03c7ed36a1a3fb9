//! Firewalls to compare a policy with: one that lets in nothing new, and one that refuses nothing. What the policy does
//! otherwise is then all that it opens, or all that it closes. So that it is told rule by rule, each rule's verdict is
//! one of its own.

use std::str::FromStr;

use proc_macro2::TokenStream;

use crate::analysis::Verdict;
use crate::catalogue::{ACCEPT, DROP, NFQUEUE, REJECT};
use crate::emit::emit_target;
use crate::loc::{Loc, Located};
use crate::lower::{RuleOrigin, Ruleset};
use crate::model::{Action, ChainPolicy, Few, Model, OptionUse, Ownership, Value};
use crate::syntax::compile;
use crate::table::{Hook, TableName};

/// What happens to new connections of which nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stance {
    /// They are refused.
    Closed,
    /// They pass.
    Open,
}

/// What a policy does with what none of its rules is about: told by its last rule, or the chain's policy.
pub(super) fn stance_of(model: &Model, hook: Hook) -> Stance {
    let chain =
        model.chains().iter().find(|chain| chain.table() == TableName::Filter && chain.hook() == Some(hook));
    let Some(chain) = chain else { return Stance::Open };
    let refuses = |action: &Action| matches!(action, Action::Target { extension, .. } if **extension == DROP || **extension == REJECT);
    let last = chain.rules().last().filter(|rule| rule.matches().is_empty());
    let ends = last.and_then(|rule| rule.verdicts().last());
    let is_closed = chain.policy() == Some(ChainPolicy::Drop)
        || ends.is_some_and(|verdict| refuses(verdict.action()))
        // What such a policy does not decide, others do.
        || matches!(model.ownership(), Ownership::Chains { .. });
    if is_closed { Stance::Closed } else { Stance::Open }
}

/// The firewall to compare with. It does not say what is of no interest here, so there the policies differ in another
/// way: what is not new, and what does not leave this host.
pub(super) fn baseline(model: &Model, ruleset: &Ruleset) -> Option<Ruleset> {
    let mut text = String::new();
    for (hook, local) in [(Hook::Input, "in lo"), (Hook::Forward, ""), (Hook::Output, "out lo")] {
        let (policy, other) = match stance_of(model, hook) {
            Stance::Closed => ("drop", "accept"),
            Stance::Open => ("accept", "drop"),
        };
        let local = if local.is_empty() { String::new() } else { format!("{local} => {other};") };
        text +=
            &format!("chain {hook} policy {policy} {{ {local} ct !new => {other}; fragment => {other}; }}\n");
    }
    // Its lints have much to say, and nobody applies it.
    let compiled = compile(TokenStream::from_str(&text).ok()?);
    crate::lower::lower(&compiled.model, ruleset.family)
}

/// A rule that decides, whose verdict was made its own.
#[derive(Debug)]
pub(super) struct Decider {
    /// The verdict that stands for it.
    stands_for: Verdict,
    /// The verdict that it has.
    pub(super) verdict: Verdict,
    pub(super) loc: Loc,
    pub(super) origin: RuleOrigin,
}

/// The verdicts of their own are queues of `NFQUEUE`, the last one first: nobody uses those.
const LAST_QUEUE: u32 = 0xffff;

/// The rules, and those that decide. A rule of the policy has one verdict, however many lines it is; what rules of others
/// may do stays as it is. `None` if there are too many, or the policy has such a verdict itself.
pub(super) fn with_own_verdicts(ruleset: &Ruleset) -> Option<(Ruleset, Vec<Decider>)> {
    let mut own = ruleset.clone();
    let taken = queues_in_use(ruleset);
    let mut deciders: Vec<Decider> = Vec::new();
    for rule in own.tables.iter_mut().flat_map(|table| &mut table.chains).flat_map(|chain| &mut chain.rules) {
        let Action::Target { extension, .. } = &rule.action else { continue };
        if ![&ACCEPT, &DROP, &REJECT].contains(extension) {
            continue;
        }
        let verdict = Verdict::Target(extension, emit_target(&rule.action, ruleset.family));
        let same = |decider: &&Decider| {
            let of = |origin: RuleOrigin| (origin.chain, origin.rule);
            of(decider.origin) == of(rule.origin) && decider.verdict == verdict
        };
        let place = deciders.iter().position(|decider| same(&decider)).unwrap_or(deciders.len());
        let action = queue(LAST_QUEUE.checked_sub(u32::try_from(place).ok()?)?);
        if place == deciders.len() {
            let text = emit_target(&action, ruleset.family);
            if taken.contains(&text) {
                return None;
            }
            let stands_for = Verdict::Target(&NFQUEUE, text);
            deciders.push(Decider { stands_for, verdict, loc: rule.loc, origin: rule.origin });
        }
        rule.action = action;
    }
    Some((own, deciders))
}

/// The verdicts of the policy's own that could be taken for these.
fn queues_in_use(ruleset: &Ruleset) -> Vec<String> {
    let rules = ruleset.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
    let queues = rules.filter(|rule| rule.target().is_some_and(|target| *target == NFQUEUE));
    queues.map(|rule| emit_target(&rule.action, ruleset.family)).collect()
}

/// The rule that a verdict stands for.
pub(super) fn decider<'a>(deciders: &'a [Decider], verdict: &Verdict) -> Option<&'a Decider> {
    deciders.iter().find(|decider| decider.stands_for == *verdict)
}

fn queue(number: u32) -> Action {
    let number = Located::new(Value::Number(number.into()), Loc::default());
    let options = NFQUEUE.option("num").map(|spec| OptionUse {
        spec,
        negated: false,
        values: Few::one(number),
        loc: Loc::default(),
    });
    Action::Target { extension: &NFQUEUE, options: options.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Family;

    #[test]
    fn the_firewall_to_compare_with_is_one() {
        let source = "chain INPUT policy drop {} chain OUTPUT { tcp => drop; _ => reject; }";
        let model = compile(TokenStream::from_str(source).unwrap()).model;
        let stances = [Hook::Input, Hook::Forward, Hook::Output].map(|hook| stance_of(&model, hook));
        assert_eq!(stances, [Stance::Closed, Stance::Open, Stance::Closed]);
        for family in Family::ALL {
            let ruleset = crate::lower::lower(&model, family).unwrap();
            let baseline = baseline(&model, &ruleset).unwrap();
            let table = baseline.table(TableName::Filter).unwrap();
            let rules: Vec<usize> = table.chains.iter().map(|chain| chain.rules.len()).collect();
            assert!(rules[0] >= 2 && rules[1] >= 1 && rules[2] >= 2, "{rules:?}");
        }
    }
}
