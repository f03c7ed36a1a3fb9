//! Plans to rules, with auxiliary chains where one rule after another cannot say it.
//!
//! ```text
//! from [A, B] limit 1/s => log("x"), drop;
//!
//! INPUT    -j INPUT.4
//! INPUT.4  -s A -g INPUT.4b          what is in both A and B goes to INPUT.4b once:
//! INPUT.4  -s B -g INPUT.4b          goto does not come back here
//! INPUT.4b -m limit … -g INPUT.4c    and what the limit lets by, on to the next rule of INPUT
//! INPUT.4c -j LOG, -j DROP
//! ```

use std::borrow::Cow;
use std::sync::Arc;

use super::changes::Changes;
use super::draft::Draft;
use super::exact::exact_rules;
use super::family::TargetFamilies;
use super::name::Names;
use super::normal::normal_action;
use super::plain::{comment, plain_matches};
use super::plan::{Plan, plan};
use super::protocols::{asked_protocols, wanted_protocols};
use super::sets::{refer, refer_options};
use super::{Chain, Rule, RuleOrigin, emitted_name};
use crate::catalogue::{CORE, RETURN, TCP};
use crate::family::Family;
use crate::ipset::KernelSet;
use crate::model::{Action, Match, Model, Rule as SourceRule, Value, Verdict};

/// How many rules a product of several lists may become before chains are the smaller encoding.
const PRODUCT_MAX: usize = 16;

/// Lowers a chain: the chain itself first, then those that had to be made for it.
pub(super) fn lower_chain(
    model: &Model,
    (chain_number, source): (usize, &crate::model::Chain),
    family: Family,
    targets: &TargetFamilies<'_>,
    changes: &Changes<'_>,
    sets: &[Arc<KernelSet>],
    names: &mut Names,
) -> Vec<Chain> {
    let base = emitted_name(model, source);
    let own = Chain { name: base.clone(), policy: source.policy(), rules: Vec::new(), auxiliary: false };
    let mut assembly =
        Assembly { chains: vec![own], current: 0, names, base, chain_number, number: 0, family };
    let here: Vec<(usize, &SourceRule)> = source
        .rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| targets.of_rule(model, source, rule).contains(family))
        .collect();
    for (place, (index, rule)) in here.iter().enumerate() {
        assembly.number = index + 1;
        let is_last = place + 1 == here.len();
        let rule = with_sets(rule, sets);
        if rule.exact {
            assembly.exact(&rule);
            continue;
        }
        if let (Some(matches), [verdict]) = (plain_matches(&rule, family), &*rule.verdicts) {
            assembly.push_as_is(&rule, matches, verdict, true);
        } else if let Some(plan) = plan(&rule, family) {
            assembly.rule(&rule, plan, changes.disturb(&rule), is_last);
        }
    }
    assembly.chains
}

/// The rule with its references to sets settled for the family.
fn with_sets<'a>(rule: &'a SourceRule, sets: &[Arc<KernelSet>]) -> Cow<'a, SourceRule> {
    if sets.is_empty() {
        return Cow::Borrowed(rule);
    }
    let mut rule = rule.clone();
    refer(&mut rule.matches, sets);
    for verdict in &mut rule.verdicts {
        if let Action::Target { options, .. } = &mut verdict.action {
            refer_options(options, sets);
        }
    }
    Cow::Owned(rule)
}

struct Assembly<'a> {
    chains: Vec<Chain>,
    /// The chain that the rules of the source go to at present.
    current: usize,
    names: &'a mut Names,
    base: String,
    /// The place of the source chain among the policy's.
    chain_number: usize,
    /// The number of the source rule, for names.
    number: usize,
    family: Family,
}

impl Assembly<'_> {
    /// `disturbed`: a verdict changes what the rule asks for, so it is asked once.
    fn rule(&mut self, rule: &SourceRule, plan: Plan, disturbed: bool, is_last: bool) {
        let several = rule.verdicts.len() > 1;
        let consults =
            !plan.stateful.matches.is_empty() || disturbed && (several || !plan.choices.is_empty());
        let ends = rule.verdicts.last().is_some_and(Verdict::is_terminal);
        let once = ends || plan.choices.iter().all(|choice| choice.disjoint);
        let product: usize = plan.choices.iter().map(|choice| choice.alternatives.len()).product();
        let small = plan.choices.len() <= 1 || product <= PRODUCT_MAX;
        if plan.excluded.is_empty() && !consults && once && small {
            self.side_by_side(rule, &plan);
        } else if plan.excluded.is_empty() && plan.choices.is_empty() {
            let matches = plan.inline.with(&plan.stateful);
            match &*rule.verdicts {
                [verdict] => self.push(self.current, rule, matches, verdict.action.clone(), true),
                _ => {
                    let body = self.body(rule);
                    self.push(self.current, rule, matches, call(rule, &self.chains[body].name), true);
                }
            }
        } else {
            self.through_chains(rule, plan, several, is_last);
        }
    }

    /// The rule as it is written, once for each verdict.
    fn exact(&mut self, rule: &SourceRule) {
        let Some((last, others)) = rule.verdicts.split_last() else { return };
        for matches in exact_rules(rule, self.family) {
            for (place, verdict) in others.iter().enumerate() {
                self.push_as_is(rule, matches.clone(), verdict, place == 0);
            }
            self.push_as_is(rule, matches, last, others.is_empty());
        }
    }

    fn push_as_is(&mut self, rule: &SourceRule, matches: Vec<Match>, verdict: &Verdict, counts: bool) {
        let action = normal_action(&verdict.action, self.family);
        let origin = self.origin(counts);
        self.chains[self.current].rules.push(Rule { matches, action, loc: rule.loc, origin });
    }

    /// One rule for each alternative and verdict.
    fn side_by_side(&mut self, rule: &SourceRule, plan: &Plan) {
        let mut drafts = vec![plan.inline.clone()];
        for choice in &plan.choices {
            drafts = drafts
                .iter()
                .flat_map(|draft| choice.alternatives.iter().map(move |other| draft.with(other)))
                .collect();
        }
        for draft in drafts {
            for (place, verdict) in rule.verdicts.iter().enumerate() {
                self.push(self.current, rule, draft.clone(), verdict.action.clone(), place == 0);
            }
        }
    }

    /// A chain that first lets by what is excluded, then sorts by each choice in turn, and so
    /// reaches the verdicts at most once.
    fn through_chains(&mut self, rule: &SourceRule, plan: Plan, several: bool, is_last: bool) {
        // Whoever leaves the chain (`return`, `goto`) must not come back to its next rule, so such
        // a rule is entered by goto, and the packets that it does not take go on in a chain that
        // holds the rest.
        let leaves = call_leaves(rule);
        let entry = self.chain();
        let rest = (leaves && !is_last).then(|| self.chain());
        let entry_name = self.chains[entry].name.clone();
        let go_on = rest.map(|rest| Action::Goto(self.chains[rest].name.clone()));
        let unconditional = plan.inline.matches.is_empty();
        self.push(self.current, rule, plan.inline, call(rule, &entry_name), false);
        if let (Some(go_on), false) = (&go_on, unconditional) {
            self.push_bare(self.current, rule, go_on.clone());
        }

        let back = go_on.clone().unwrap_or(Action::Target { extension: &RETURN, options: Vec::new() });
        for excluded in plan.excluded {
            self.push(entry, rule, excluded, back.clone(), false);
        }
        let mut level = entry;
        for choice in plan.choices {
            let next = self.chain();
            let target = Action::Goto(self.chains[next].name.clone());
            for alternative in choice.alternatives {
                self.push(level, rule, alternative, target.clone(), false);
            }
            if let Some(go_on) = &go_on {
                self.push_bare(level, rule, go_on.clone());
            }
            level = next;
        }
        let consults = !plan.stateful.matches.is_empty();
        if consults && several {
            let body = self.body(rule);
            let target = Action::Goto(self.chains[body].name.clone());
            self.push(level, rule, plan.stateful, target, true);
        } else {
            for (place, verdict) in rule.verdicts.iter().enumerate() {
                self.push(level, rule, plan.stateful.clone(), verdict.action.clone(), place == 0);
            }
        }
        if let (Some(go_on), true) = (&go_on, consults) {
            self.push_bare(level, rule, go_on.clone());
        }
        if let Some(rest) = rest {
            self.current = rest;
        }
    }

    /// A chain that holds the rule's verdicts and nothing else.
    fn body(&mut self, rule: &SourceRule) -> usize {
        let body = self.chain();
        for verdict in &rule.verdicts {
            self.push(body, rule, Draft::default(), verdict.action.clone(), false);
        }
        body
    }

    fn chain(&mut self) -> usize {
        let name = self.names.auxiliary(&self.base, self.number);
        self.chains.push(Chain { name, policy: None, rules: Vec::new(), auxiliary: true });
        self.chains.len() - 1
    }

    /// `counts`: the packets that come through are those that the source's rule matches.
    fn push(&mut self, chain: usize, rule: &SourceRule, draft: Draft, action: Action, counts: bool) {
        let origin = self.origin(counts);
        let action = normal_action(&action, self.family);
        for draft in with_what_it_wants(rule, draft, &action) {
            let mut matches = draft.finish();
            if chain == self.current {
                matches.extend(comment(rule));
            }
            self.chains[chain].rules.push(Rule { matches, action: action.clone(), loc: rule.loc, origin });
        }
    }

    /// A rule for every packet, without the source rule's comment.
    fn push_bare(&mut self, chain: usize, rule: &SourceRule, action: Action) {
        let origin = self.origin(false);
        self.chains[chain].rules.push(Rule { matches: Vec::new(), action, loc: rule.loc, origin });
    }

    fn origin(&self, counts: bool) -> RuleOrigin {
        RuleOrigin { chain: self.chain_number, rule: self.number - 1, counts, leads: false }
    }
}

/// Whether the rule's last verdict leaves the chain for another or for the caller.
fn call_leaves(rule: &SourceRule) -> bool {
    match rule.verdicts.last().map(Verdict::action) {
        Some(Action::Goto(_)) => true,
        Some(Action::Target { extension, .. }) => **extension == RETURN,
        _ => false,
    }
}

/// How a rule enters a chain that holds its verdicts: where these leave the chain of the rule,
/// goto, so that coming to an end there is what it would be here.
fn call(rule: &SourceRule, chain: &str) -> Action {
    if call_leaves(rule) { Action::Goto(chain.to_owned()) } else { Action::Jump(chain.to_owned()) }
}

/// The kernel wants some targets and matches to stand in a rule that asks for their protocol, and some targets in one
/// that asks for SYN. In a chain of its own a rule repeats what the rule that leads there has asked already.
fn with_what_it_wants(rule: &SourceRule, draft: Draft, action: &Action) -> Vec<Draft> {
    let target = match action {
        Action::Target { extension, options } => Some((*extension, options)),
        Action::Jump(_) | Action::Goto(_) => None,
    };
    let mut drafts = vec![draft];
    if target.is_some_and(|(extension, _)| extension.syn) && !drafts[0].asks("flags") {
        let flags = rule.matches.iter().filter(|entry| *entry.extension == TCP);
        let flags = flags.flat_map(|entry| &entry.options).filter(|option| option.spec.name == "flags");
        let values = flags.flat_map(|option| option.values().cloned());
        drafts = values.map(|flags| drafts[0].with(&Draft::one(&TCP, "flags", false, vec![flags]))).collect();
    }
    let asked = asked_protocols(&rule.matches).unwrap_or_default();
    let with_protocol = |draft: Draft| {
        let matches = draft.matches.iter().map(|entry| (entry.extension, &entry.options));
        let wanted = matches.chain(target).fold(None, |wanted, (extension, options)| {
            let asked = wanted.as_ref().unwrap_or(&asked);
            wanted_protocols(extension, options, asked).or(wanted)
        });
        match wanted {
            Some(protocols) if !draft.asks("proto") => {
                let one = |number: &u8| Draft::one(&CORE, "proto", false, vec![Value::Protocol(*number)]);
                protocols.iter().map(|number| one(number).with(&draft)).collect()
            }
            _ => vec![draft],
        }
    };
    drafts.into_iter().flat_map(with_protocol).collect()
}
