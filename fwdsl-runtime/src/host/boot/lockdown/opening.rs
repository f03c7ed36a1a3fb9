//! A pattern as rules that ask for nothing but what every iptables has.
//!
//! Lists of ports, ranges of addresses and exceptions from several values have modules of their own in iptables. Here, a rule
//! for each port and a list of networks for a range say the same; exceptions become a chain, which packets come back from that
//! are one.

use super::INPUT;
use crate::catalogue::{ACCEPT, CORE, PORTS, RETURN};
use crate::family::{Family, FamilySet};
use crate::loc::{Loc, Located};
use crate::lower::networks;
use crate::model::{Action, Address, Chain, Few, Match, OptionUse, Rule, Value, Verdict};
use crate::table::TableName;

/// How many rules the lists of one pattern may become.
const RULES_MAX: usize = 256;

/// Rules of the chain [`INPUT`], and the chains that they go to.
#[derive(Debug, Default)]
pub(super) struct Opening {
    pub(super) rules: Vec<Rule>,
    pub(super) chains: Vec<Chain>,
}

impl Opening {
    pub(super) fn extend(&mut self, more: Opening) {
        self.rules.extend(more.rules);
        self.chains.extend(more.chains);
    }
}

/// The pattern as rules that accept; `None` if that becomes too many. `number` tells it from others.
pub(super) fn opening(matches: &[Match], family: Family, loc: Loc, number: usize) -> Option<Opening> {
    let mut opening = Opening::default();
    for pattern in patterns(matches, family)? {
        let (plain, exceptions) = without_exceptions(&pattern);
        if exceptions.is_empty() {
            opening.rules.push(rule(plain, accept(), loc));
            continue;
        }
        let name = format!("{INPUT}-{number}-{}", opening.chains.len() + 1);
        opening.rules.push(rule(plain.clone(), Action::Jump(name.clone()), loc));
        let back = Action::Target { extension: &RETURN, options: Vec::new() };
        let mut rules: Vec<Rule> = exceptions
            .into_iter()
            .map(|exception| rule([plain.clone(), vec![exception]].concat(), back.clone(), loc))
            .collect();
        rules.push(rule(plain, accept(), loc));
        opening.chains.push(chain(&name, rules));
    }
    Some(opening)
}

fn accept() -> Action {
    Action::Target { extension: &ACCEPT, options: Vec::new() }
}

fn rule(matches: Vec<Match>, action: Action, loc: Loc) -> Rule {
    Rule {
        families: FamilySet::BOTH,
        matches,
        verdicts: Few::one(Verdict { action, loc }),
        comment: None,
        exact: false,
        levels: Vec::new(),
        loc,
    }
}

/// A chain of the lock-down.
pub(super) fn chain(name: &str, rules: Vec<Rule>) -> Chain {
    Chain {
        table: TableName::Filter,
        name: name.to_owned(),
        policy: None,
        position: None,
        families: FamilySet::BOTH,
        doc: String::new(),
        rules,
        levels: Vec::new(),
        optimise: false,
        loc: Loc::default(),
    }
}

/// The pattern without what it excepts, and each exception by itself, as what it excepts.
fn without_exceptions(pattern: &[Match]) -> (Vec<Match>, Vec<Match>) {
    let mut exceptions = Vec::new();
    let mut plain = pattern.to_vec();
    for entry in &mut plain {
        let is_list = |option: &OptionUse| {
            option.negated && option.values.len() > 1 && [&CORE, &PORTS].contains(&entry.extension)
        };
        let lists: Vec<OptionUse> = entry.options.iter().filter(|option| is_list(option)).cloned().collect();
        for option in &lists {
            exceptions.extend(option.values.iter().map(|value| Match {
                options: vec![OptionUse {
                    negated: false,
                    values: Few::one(value.clone()),
                    ..option.clone()
                }],
                ..entry.clone()
            }));
        }
        entry.options.retain(|option| !lists.contains(option));
    }
    plain.retain(|entry| !entry.options.is_empty());
    (plain, exceptions)
}

/// The pattern with lists of ports and ranges of addresses taken apart; `None` if that becomes too much.
fn patterns(matches: &[Match], family: Family) -> Option<Vec<Vec<Match>>> {
    let mut patterns = vec![Vec::new()];
    for entry in matches {
        let mut entries = vec![Match { options: Vec::new(), ..entry.clone() }];
        for option in &entry.options {
            let choices = choices(entry, option, family);
            if entries.len() * patterns.len() * choices.len() > RULES_MAX {
                return None;
            }
            entries = product(&entries, &choices, |entry, option| entry.options.push(option.clone()));
        }
        patterns = product(&patterns, &entries, |pattern, entry| pattern.push(entry.clone()));
    }
    Some(patterns)
}

fn product<A: Clone, B>(firsts: &[A], seconds: &[B], add: impl Fn(&mut A, &B)) -> Vec<A> {
    let with = |first: &A, second: &B| {
        let mut first = first.clone();
        add(&mut first, second);
        first
    };
    firsts
        .iter()
        .flat_map(|first| seconds.iter().map(move |second| with(first, second)).collect::<Vec<_>>())
        .collect()
}

/// The option in forms that a rule can hold one after another.
fn choices(entry: &Match, option: &OptionUse, family: Family) -> Vec<OptionUse> {
    let with =
        |values: Vec<Located<Value>>| OptionUse { values: values.into_iter().collect(), ..option.clone() };
    if *entry.extension == PORTS && !option.negated {
        return option.values.iter().map(|value| with(vec![value.clone()])).collect();
    }
    if *entry.extension != CORE {
        return vec![option.clone()];
    }
    let parts = |value: &Located<Value>| -> Vec<Located<Value>> {
        match &value.value {
            Value::Address(range @ Address::Range { .. }) if range.family() == family => {
                let net = |net| Located::new(Value::Address(Address::Net(net)), value.loc);
                networks(range).into_iter().map(net).collect()
            }
            _ => vec![value.clone()],
        }
    };
    vec![with(option.values.iter().flat_map(parts).collect())]
}
