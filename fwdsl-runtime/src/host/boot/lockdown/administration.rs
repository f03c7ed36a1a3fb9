//! The ways into a host that its policy asserts to be open: what the lock-down leaves open too.
//!
//! An assertion that packets to the host are accepted (`assert INPUT { tcp dport ssh => accept; }`) is proven of the policy, so
//! its pattern as a rule opens nothing that the policy does not. The pattern is lowered like any rule, after it is put
//! plainly ([`super::opening`]). What still asks for more than every iptables has is left out, and said.

use super::opening::{Opening, chain, opening};
use super::{INPUT, Tracking};
use crate::catalogue::{ACCEPT, CONNTRACK, Extension, STATE, TCP_NUMBER, UDP_NUMBER};
use crate::emit::{Protocols, emit_chains};
use crate::family::Family;
use crate::lower::{asked_protocols, lower};
use crate::model::{AssertionCase, Match, Model, OptionUse, Outcome, Scope, Value};
use crate::restore_text::{SavedTable, parse};
use crate::table::{Hook, TableName, Way};

/// The extensions that every iptables and every kernel with it has.
const EVERYWHERE: [&str; 4] = ["tcp", "udp", "icmp", "icmp6"];
/// The one that the first of the two texts asks beside them.
const WITH_TRACKING: &str = "conntrack";

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
    let mut all = Opening::default();
    for (number, case) in accepted(model).enumerate() {
        let Some(matches) = for_tracking(&case.matches, tracking) else { continue };
        let opening = opening(&matches, family, case.loc, number + 1);
        match opening.as_ref().map(|opening| table(model, opening, family)) {
            // Of the other family.
            Some(None) => {}
            Some(Some(table)) if is_everywhere(&table, tracking) => {
                ways.has_way_in |= opens_a_port(&matches);
                all.extend(opening.unwrap_or_default());
            }
            _ => ways.left_out.push(model.sources().place(case.loc)),
        }
    }
    ways.table = table(model, &all, family);
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

/// The chains of the lock-down, as iptables has them; `None` if the family gets none.
fn table(policy: &Model, opening: &Opening, family: Family) -> Option<SavedTable> {
    let model = Model {
        families: policy.families(),
        sets: policy.sets.clone(),
        chains: [vec![chain(INPUT, opening.rules.clone())], opening.chains.clone()].concat(),
        ..Model::default()
    };
    let text = emit_chains(&lower(&model, family)?, Protocols::Numbered);
    let mut table = parse(&text).ok()?.tables.into_iter().next()?;
    table.chains.retain(|chain| chain.policy.is_none());
    table.rules.iter().any(|rule| rule.chain() == INPUT).then_some(table)
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
