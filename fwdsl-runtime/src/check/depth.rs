//! How deep chains may call each other.

use std::collections::HashMap;

use crate::diagnostic::Diagnostic;
use crate::lower::{Table, lower};
use crate::model::{Action, Model};

/// How many chains deep a packet may be below a built-in one. The nft variant refuses more
/// (`NFT_JUMP_STACK_SIZE` is 16 and counts the built-in chain; goto counts too); legacy has no limit.
pub(crate) const DEPTH_MAX: usize = 15;

/// Counts on the lowered rules, since lowering makes chains of its own.
pub(super) fn check_depth(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
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
    let below = depths(table);
    let mut above = vec![0; table.chains.len()];
    for jump in &table.hooks {
        if let Some(chain) = table.position(&jump.chain) {
            above[chain] = 1;
        }
    }
    // A chain goes deeper than all that it leads to, so its own callers come before it.
    let mut order: Vec<usize> = (0..table.chains.len()).collect();
    order.sort_by_key(|chain| std::cmp::Reverse(below[*chain]));
    let places: HashMap<&str, usize> =
        table.chains.iter().enumerate().map(|(index, chain)| (chain.name.as_str(), index)).collect();
    for chain in &order {
        for rule in &table.chains[*chain].rules {
            if let Action::Jump(name) | Action::Goto(name) = &rule.action
                && let Some(to) = places.get(name.as_str())
            {
                above[*to] = above[*to].max(above[*chain] + 1);
            }
        }
    }
    above.into_iter().zip(below).map(|(above, below)| above + below).collect()
}

/// The chains in which packets begin, and how deep it goes below the built-in ones.
fn depths_of_starts(table: &Table) -> impl Iterator<Item = (usize, usize)> {
    let depths = depths(table);
    let starts = (0..table.chains.len()).filter(|index| is_start(table, *index));
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

/// The longest way down from each chain that packets come to. There are no cycles among these: the check of the jumps
/// came first. Without recursion, for texts may hold chains of any depth.
fn depths(table: &Table) -> Vec<usize> {
    let places: HashMap<&str, usize> =
        table.chains.iter().enumerate().map(|(index, chain)| (chain.name.as_str(), index)).collect();
    let targets = |index: usize| -> Vec<usize> {
        let actions = table.chains[index].rules.iter().map(|rule| &rule.action);
        let names = actions.filter_map(|action| match action {
            Action::Jump(target) | Action::Goto(target) => Some(target.as_str()),
            Action::Target { .. } => None,
        });
        names.filter_map(|name| places.get(name).copied()).collect()
    };
    let targets: Vec<Vec<usize>> = (0..table.chains.len()).map(targets).collect();
    let mut depths: Vec<Option<usize>> = vec![None; table.chains.len()];
    for start in (0..table.chains.len()).filter(|index| is_start(table, *index)) {
        let mut open = vec![start];
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
