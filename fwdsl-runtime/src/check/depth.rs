//! How deep chains may call each other.

use std::collections::HashMap;

use crate::diagnostic::Diagnostic;
use crate::family::Family;
use crate::lower::{Table, lower, model_families};
use crate::model::{Action, Chain, Model, Ownership};
use crate::table::TableName;

/// How many chains deep a packet may be below a built-in one. The nft variant refuses more
/// (`NFT_JUMP_STACK_SIZE` is 16 and counts the built-in chain; goto counts too); legacy has no limit.
pub(crate) const DEPTH_MAX: usize = 15;

/// Counts on the lowered rules, since lowering makes chains of its own.
pub(super) fn check_depth(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    if is_shallow(model) {
        return;
    }
    for family in model.families().iter() {
        let Some(ruleset) = lower(model, family) else { continue };
        for table in &ruleset.tables {
            for (index, depth) in depths_of_starts(table) {
                if depth <= DEPTH_MAX {
                    continue;
                }
                let chain = &table.chains[index];
                let hooked = table.hooks.iter().find(|jump| jump.chain == chain.name);
                let name = hooked.map_or(chain.name.as_str(), |jump| jump.hook.name());
                let source =
                    model.chains().iter().find(|source| source.table == table.name && source.name == name);
                let loc = source.map(|source| source.loc()).unwrap_or_default();
                let message = format!(
                    "chains go {depth} deep from `{name}`, and the nft variant takes at most {DEPTH_MAX}"
                );
                diagnostics.push(Diagnostic::error(loc, message));
            }
        }
    }
}

/// How deep the chains of a table go.
pub(crate) fn deepest_way(table: &Table) -> usize {
    depths_of_starts(table).map(|(_, depth)| depth).max().unwrap_or_default()
}

/// How deep the chains go on the ways that lead through each chain.
pub(crate) fn ways_through(table: &Table) -> Vec<usize> {
    let calls = Calls::of_table(table);
    let below = depths(&calls);
    let mut above = vec![0; table.chains.len()];
    for jump in &table.hooks {
        if let Some(chain) = table.position(&jump.chain) {
            above[chain] = 1;
        }
    }
    // A chain goes deeper than all that it leads to, so its own callers come before it.
    let mut order: Vec<usize> = (0..table.chains.len()).collect();
    order.sort_by_key(|chain| std::cmp::Reverse(below[*chain]));
    for chain in order {
        for to in &calls.targets[chain] {
            above[*to] = above[*to].max(above[chain] + 1);
        }
    }
    above.into_iter().zip(below).map(|(above, below)| above + below).collect()
}

/// The chains in which packets begin, and how deep it goes below the built-in ones.
fn depths_of_starts(table: &Table) -> impl Iterator<Item = (usize, usize)> {
    let calls = Calls::of_table(table);
    let depths = depths(&calls);
    let starts = calls.starts.into_iter();
    starts.map(move |index| {
        // A hook chain is one below the built-in one.
        let is_hooked = table.hooks.iter().any(|jump| jump.chain == table.chains[index].name);
        (index, depths[index] + usize::from(is_hooked))
    })
}

/// Whether packets come to the chain from nowhere else in the table.
fn is_start(table: &Table, index: usize) -> bool {
    let chain = &table.chains[index];
    chain.policy.is_some() || table.hooks.iter().any(|jump| jump.chain == chain.name)
}

/// Whether the policy's own chains tell that none goes too deep: exact rules lower to no others.
fn is_shallow(model: &Model) -> bool {
    let is_exact = model.chains.iter().flat_map(|chain| &chain.rules).all(|rule| rule.exact);
    is_exact
        && model.ownership == Ownership::Tables
        && model.families().iter().all(|family| {
            let mut calls = model.tables().into_iter().map(|table| Calls::of_source(model, table, family));
            calls.all(|calls| depths(&calls).into_iter().all(|depth| depth <= DEPTH_MAX))
        })
}

/// The chains of a table by their places, and what they call.
struct Calls {
    starts: Vec<usize>,
    targets: Vec<Vec<usize>>,
}

impl Calls {
    fn of_table(table: &Table) -> Calls {
        let chains = table.chains.iter();
        let calls = chains.map(|chain| (chain.name.as_str(), chain.rules.iter().map(|rule| &rule.action)));
        let starts = (0..table.chains.len()).filter(|index| is_start(table, *index)).collect();
        Calls { starts, targets: targets(calls) }
    }

    /// Of the chains as they are written, with the rules that the family does not have.
    fn of_source(model: &Model, table: TableName, family: Family) -> Calls {
        let here = |chain: &&Chain| chain.table == table && model_families(model, chain).contains(family);
        let chains: Vec<&Chain> = model.chains.iter().filter(here).collect();
        let starts = (0..chains.len()).filter(|index| chains[*index].hook().is_some()).collect();
        let calls = chains.iter().map(|chain| {
            let verdicts = chain.rules.iter().flat_map(|rule| &rule.verdicts);
            (chain.name.as_str(), verdicts.map(|verdict| &verdict.action))
        });
        Calls { starts, targets: targets(calls) }
    }
}

/// The places of the chains that each of these chains calls.
fn targets<'a, Actions: Iterator<Item = &'a Action>>(
    chains: impl Iterator<Item = (&'a str, Actions)> + Clone,
) -> Vec<Vec<usize>> {
    let places: HashMap<&str, usize> =
        chains.clone().enumerate().map(|(index, (name, _))| (name, index)).collect();
    let called = |action: &'a Action| match action {
        Action::Jump(target) | Action::Goto(target) => places.get(target.as_str()).copied(),
        Action::Target { .. } => None,
    };
    chains.map(|(_, actions)| actions.filter_map(called).collect()).collect()
}

/// The longest way down from each chain that packets come to. There are no cycles among these: the check of the jumps
/// came first. Without recursion, for texts may hold chains of any depth.
fn depths(Calls { starts, targets }: &Calls) -> Vec<usize> {
    let mut depths: Vec<Option<usize>> = vec![None; targets.len()];
    for start in starts {
        let mut open = vec![*start];
        while let Some(at) = open.last().copied() {
            let before = open.len();
            if depths[at].is_none() {
                open.extend(targets[at].iter().filter(|target| depths[**target].is_none()));
            }
            if open.len() == before {
                open.pop();
                depths[at] = depths[at].or_else(|| {
                    let below = targets[at].iter().filter_map(|target| depths[*target]).max();
                    Some(below.map_or(0, |below| below + 1))
                });
            }
        }
    }
    depths.into_iter().map(Option::unwrap_or_default).collect()
}
