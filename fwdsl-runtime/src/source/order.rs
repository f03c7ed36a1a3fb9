//! The chains of the source, and their order: built-in ones as packets come to them, then the others, each behind a
//! chain that calls it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::align::align;
use super::entry::ChainPlan;
use super::form::Line;
use super::notes::Notes;
use crate::emit::emit_rule;
use crate::family::FamilySet;
use crate::lower::Ruleset;
use crate::model::{Action, Chain, ChainPolicy, Model};
use crate::table::TableName;

/// Of so many rules of a chain one is the same for both families at least, if the chain is written as one.
const SHARED_MIN: usize = 16;

/// A chain of one family.
struct Half {
    policy: Option<ChainPolicy>,
    lines: Vec<Line>,
}

/// The chains of a model, with the rules of both families as one list where a chain is for both.
pub(super) fn chains_of(model: &Model, rulesets: &[Ruleset], notes: &Notes) -> Vec<ChainPlan> {
    let mut written: HashMap<(TableName, &str), Vec<&Chain>> = HashMap::new();
    for chain in model.chains() {
        written.entry((chain.table(), chain.name())).or_default().push(chain);
    }
    let mut chains = Vec::new();
    for table in TableName::ALL {
        let mut halves: BTreeMap<String, [Option<Half>; 2]> = BTreeMap::new();
        let mut calls: HashMap<String, Vec<String>> = HashMap::new();
        for ruleset in rulesets {
            for chain in ruleset.table(table).iter().flat_map(|table| &table.chains) {
                let mut before = None;
                let line = |rule: &crate::lower::Rule| Line {
                    matches: rule.matches.clone(),
                    action: rule.action.clone(),
                    text: emit_rule(chain, rule, ruleset.family),
                    prefix: "-A ".len() + chain.name.len(),
                    family: ruleset.family,
                    loc: rule.loc,
                    // A line of the file may be several rules.
                    notes: match before.replace(rule.loc) == Some(rule.loc) {
                        true => Vec::new(),
                        false => notes.at(rule.loc),
                    },
                };
                let lines: Vec<Line> = chain.rules.iter().map(line).collect();
                let called = lines.iter().filter_map(|line| match &line.action {
                    Action::Jump(name) | Action::Goto(name) => Some(name.clone()),
                    Action::Target { .. } => None,
                });
                calls.entry(chain.name.clone()).or_default().extend(called);
                let half = Half { policy: chain.policy, lines };
                halves.entry(chain.name.clone()).or_default()[ruleset.family as usize] = Some(half);
            }
        }
        for name in in_order(table, &halves, &calls) {
            let pair = halves.remove(&name).unwrap_or_default();
            let written = written.get(&(table, name.as_str())).map_or(&[][..], Vec::as_slice);
            chains.extend(plan(written, table, &name, pair, notes));
        }
    }
    drop_idle(chains)
}

/// One chain for both families, or two that have nothing in common; `written` are those of the model.
fn plan(
    written: &[&Chain],
    table: TableName,
    name: &str,
    pair: [Option<Half>; 2],
    notes: &Notes,
) -> Vec<ChainPlan> {
    let doc_of = |families: FamilySet| {
        let mut doc: Vec<String> = Vec::new();
        for chain in written.iter().filter(|chain| !chain.families().and(families).is_empty()) {
            let lines = chain.doc().lines().map(str::to_owned).chain(notes.at(chain.loc()));
            let new: Vec<String> = lines.filter(|line| !doc.contains(line)).collect();
            doc.extend(new);
        }
        doc
    };
    let chain =
        |families: FamilySet, policy: Option<ChainPolicy>, ipv4: Vec<Line>, ipv6: Vec<Line>| ChainPlan {
            table,
            name: name.to_owned(),
            families,
            policy,
            doc: doc_of(families),
            entries: align(ipv4, ipv6),
            exact: false,
            attributes: Vec::new(),
        };
    match pair {
        [Some(ipv4), Some(ipv6)] if ipv4.policy == ipv6.policy => {
            let both = chain(FamilySet::BOTH, ipv4.policy, ipv4.lines.clone(), ipv6.lines.clone());
            let shared = both.entries.iter().filter(|entry| entry.families == FamilySet::BOTH).count();
            // Where hardly a rule is the same, each family's chain reads better by itself.
            if both.entries.len() <= shared * SHARED_MIN + 2 {
                return vec![both];
            }
            vec![
                chain(FamilySet::IPV4, ipv4.policy, ipv4.lines, Vec::new()),
                chain(FamilySet::IPV6, ipv6.policy, Vec::new(), ipv6.lines),
            ]
        }
        [ipv4, ipv6] => {
            let ipv4 = ipv4.map(|half| chain(FamilySet::IPV4, half.policy, half.lines, Vec::new()));
            let ipv6 = ipv6.map(|half| chain(FamilySet::IPV6, half.policy, Vec::new(), half.lines));
            ipv4.into_iter().chain(ipv6).collect()
        }
    }
}

/// Built-in chains by hook, then what they call, from the first call on, and what that calls; at last what nobody calls.
fn in_order(
    table: TableName,
    halves: &BTreeMap<String, [Option<Half>; 2]>,
    calls: &HashMap<String, Vec<String>>,
) -> Vec<String> {
    let built_in = table.hooks().iter().map(|hook| hook.name().to_owned());
    let mut order: Vec<String> = built_in.filter(|name| halves.contains_key(name)).collect();
    let mut seen: HashSet<String> = order.iter().cloned().collect();
    let roots: Vec<String> = order.clone().into_iter().chain(halves.keys().cloned()).collect();
    for root in roots {
        if seen.insert(root.clone()) {
            order.push(root.clone());
        }
        let mut open = vec![root];
        while let Some(name) = open.pop() {
            let called = calls.get(&name).into_iter().flatten();
            let new: Vec<String> = called
                .filter(|name| halves.contains_key(*name) && seen.insert((*name).clone()))
                .cloned()
                .collect();
            order.extend(new.iter().cloned());
            open.extend(new.into_iter().rev());
        }
    }
    order
}

/// Leaves out built-in chains that say nothing, as far as others of their table say that the table is the policy's; of
/// `filter` all stay.
fn drop_idle(chains: Vec<ChainPlan>) -> Vec<ChainPlan> {
    let idle = |chain: &ChainPlan| {
        chain.table != TableName::Filter
            && chain.entries.is_empty()
            && chain.policy == Some(ChainPolicy::Accept)
    };
    let mut kept: Vec<ChainPlan> = Vec::with_capacity(chains.len());
    let busy: Vec<(TableName, FamilySet)> =
        chains.iter().filter(|chain| !idle(chain)).map(|chain| (chain.table, chain.families)).collect();
    for mut chain in chains {
        if !idle(&chain) {
            kept.push(chain);
            continue;
        }
        let others = kept.iter().map(|other| (other.table, other.families)).chain(busy.iter().copied());
        let said = others.filter(|(table, _)| *table == chain.table).map(|(_, families)| families);
        let said = said.fold(FamilySet::NONE, FamilySet::or);
        let left = chain.families.iter().filter(|family| !said.contains(*family));
        chain.families = left.map(FamilySet::only).fold(FamilySet::NONE, FamilySet::or);
        if !chain.families.is_empty() {
            kept.push(chain);
        }
    }
    kept
}

/// The interface behind which addresses are translated, if it is one.
pub(super) fn wan(chains: &[ChainPlan]) -> Option<String> {
    let mut found: Option<String> = None;
    let entries =
        chains.iter().filter(|chain| chain.table == TableName::Nat).flat_map(|chain| &chain.entries);
    for entry in entries {
        let translates = entry
            .rule
            .verdicts
            .iter()
            .any(|verdict| matches!(verdict.word().as_str(), "masquerade" | "snat"));
        let outs = entry.rule.uses("out").filter(|option| translates && !option.negated);
        for value in outs.flat_map(|option| option.values()) {
            let crate::model::Value::Interface(name) = value else { continue };
            match &found {
                Some(other) if other != name => return None,
                _ => found = Some(name.clone()),
            }
        }
    }
    found
}
