//! The ways into a host that its policy asserts to be open: what the lock-down leaves open too.
//!
//! An assertion that packets to the host are accepted (`assert INPUT { tcp dport ssh => accept; }`) is proven of the policy, so
//! its pattern as a rule opens nothing that the policy does not. The pattern is lowered like any rule, after lists of ports
//! and ranges of addresses are taken apart, for which iptables needs modules of their own. What still asks for more than every
//! iptables has is left out, and said.

use super::{INPUT, Tracking};
use crate::catalogue::{ACCEPT, CONNTRACK, CORE, Extension, PORTS, STATE, TCP_NUMBER, UDP_NUMBER};
use crate::emit::{Protocols, emit_chains};
use crate::family::{Family, FamilySet};
use crate::loc::Located;
use crate::lower::{asked_protocols, lower, networks};
use crate::model::{
    Action, Address, AssertionCase, Chain, Match, Model, OptionUse, Outcome, Rule, Scope, Value, Verdict,
};
use crate::restore_text::{SavedTable, parse};
use crate::table::{Hook, TableName, Way};

/// The extensions that every iptables and every kernel with it has.
const EVERYWHERE: [&str; 4] = ["tcp", "udp", "icmp", "icmp6"];
/// The one that the first of the two texts asks beside them.
const WITH_TRACKING: &str = "conntrack";
/// How many rules the lists of one pattern may become.
const RULES_MAX: usize = 256;

/// The ways in of one family.
#[derive(Debug, Default)]
pub(in super::super) struct Ways {
    /// The chain [`INPUT`], and those that its rules go to; `None` if there are no rules.
    pub(in super::super) table: Option<SavedTable>,
    /// Whether one of them is a way in for an administrator: a port that can be opened from outside.
    pub(in super::super) has_way_in: bool,
    /// Those that are left out, each where it stands.
    pub(in super::super) left_out: Vec<String>,
}

pub(in super::super) fn ways(model: &Model, family: Family, tracking: Tracking) -> Ways {
    let mut ways = Ways::default();
    let mut rules = Vec::new();
    for case in accepted(model) {
        let Some(matches) = for_tracking(&case.matches, tracking) else { continue };
        let expanded = expanded(&matches, family);
        let lowered = expanded.as_ref().map(|expanded| table(model, as_rules(expanded, case), family));
        match lowered {
            // Of the other family.
            Some(None) => {}
            Some(Some(table)) if is_everywhere(&table, tracking) => {
                ways.has_way_in |= opens_a_port(&matches);
                rules.extend(as_rules(expanded.as_deref().unwrap_or_default(), case));
            }
            _ => ways.left_out.push(model.sources().place(case.loc)),
        }
    }
    ways.table = table(model, rules, family);
    ways
}

/// The patterns of which it is asserted that the host accepts them.
fn accepted(model: &Model) -> impl Iterator<Item = &AssertionCase> {
    let into_host = |scope: &Scope| match scope {
        Scope::Chain { table, name } => *table == TableName::Filter && table.hook(name) == Some(Hook::Input),
        Scope::Host(way) => way.is_none_or(|way| way == Way::In),
    };
    let is_accepted = |case: &&AssertionCase| {
        let accepts = |verdicts: &[&Extension]| {
            !verdicts.is_empty() && verdicts.iter().all(|verdict| **verdict == ACCEPT)
        };
        let leaves =
            case.matches.iter().flat_map(|entry| &entry.options).any(|option| option.spec.name == "out");
        !leaves
            && !case.claim.negated
            && matches!(&case.claim.outcome, Outcome::Verdict(verdicts) if accepts(verdicts))
    };
    model
        .assertions()
        .iter()
        .filter(move |assertion| into_host(&assertion.scope))
        .flat_map(|assertion| &assertion.cases)
        .filter(is_accepted)
}

/// The matches as they can be asked: without tracking, a pattern for packets that open a connection is one for all its
/// packets, and one for others is met by what belongs to a connection.
fn for_tracking(matches: &[Match], tracking: Tracking) -> Option<Vec<Match>> {
    if tracking == Tracking::Used {
        return Some(matches.to_vec());
    }
    let mut left = Vec::new();
    for entry in matches {
        if *entry.extension != CONNTRACK && *entry.extension != STATE {
            left.push(entry.clone());
        } else if !entry.options.iter().all(|option| is_state(option) && takes_new(option)) {
            return None;
        }
    }
    Some(left)
}

fn is_state(option: &OptionUse) -> bool {
    matches!(option.spec.name, "ctstate" | "state")
}

/// Whether the states that are asked for are those of a packet that opens a connection, among others.
fn takes_new(option: &OptionUse) -> bool {
    let words = option.spec.value.words();
    let is_new = |value: &Value| matches!(value, Value::Word(index) if words.get(usize::from(*index)).is_some_and(|word| word.name == "new"));
    option.values().any(is_new) != option.negated
}

/// The pattern with lists of ports and ranges of addresses taken apart; `None` if that becomes too much.
fn expanded(matches: &[Match], family: Family) -> Option<Vec<Vec<Match>>> {
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
    let with = |values: Vec<Located<Value>>| OptionUse { values, ..option.clone() };
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

fn as_rules(patterns: &[Vec<Match>], case: &AssertionCase) -> Vec<Rule> {
    let accept =
        Verdict { action: Action::Target { extension: &ACCEPT, options: Vec::new() }, loc: case.loc };
    let rule = |matches: &Vec<Match>| Rule {
        families: FamilySet::BOTH,
        matches: matches.clone(),
        verdicts: vec![accept.clone()],
        comment: None,
        exact: false,
        levels: Vec::new(),
        loc: case.loc,
    };
    patterns.iter().map(rule).collect()
}

/// The rules in the chain of the lock-down, as iptables has them; `None` if the family gets none.
fn table(policy: &Model, rules: Vec<Rule>, family: Family) -> Option<SavedTable> {
    let chain = Chain {
        table: TableName::Filter,
        name: INPUT.to_owned(),
        policy: None,
        position: None,
        families: FamilySet::BOTH,
        doc: String::new(),
        rules,
        levels: Vec::new(),
        loc: Default::default(),
    };
    let model = Model {
        families: policy.families(),
        sets: policy.sets.clone(),
        chains: vec![chain],
        ..Model::default()
    };
    let text = emit_chains(&lower(&model, family)?, Protocols::Numbered);
    let mut table = parse(&text).ok()?.tables.into_iter().next()?;
    table.chains.retain(|chain| chain.policy.is_none());
    (!table.rules.is_empty()).then_some(table)
}

/// Whether every kernel loads the rules.
fn is_everywhere(table: &SavedTable, tracking: Tracking) -> bool {
    let known =
        |module: &str| EVERYWHERE.contains(&module) || tracking == Tracking::Used && module == WITH_TRACKING;
    table.rules.iter().all(|rule| {
        let words: Vec<&str> = rule.text.split_whitespace().collect();
        words.windows(2).filter(|pair| pair[0] == "-m").all(|pair| known(pair[1]))
    })
}

/// Whether a connection from outside can be one of these packets.
fn opens_a_port(matches: &[Match]) -> bool {
    let options = || matches.iter().flat_map(|entry| &entry.options);
    let is_loopback = |value: &Value| matches!(value, Value::Interface(name) if name == "lo");
    let from_loopback = options()
        .any(|option| option.spec.name == "in" && !option.negated && option.values().all(is_loopback));
    let protocols = asked_protocols(matches);
    let has_ports =
        protocols.is_none_or(|protocols| protocols.contains(&TCP_NUMBER) || protocols.contains(&UDP_NUMBER));
    has_ports && !from_loopback && options().filter(|option| is_state(option)).all(takes_new)
}
