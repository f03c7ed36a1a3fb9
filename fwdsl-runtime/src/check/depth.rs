//! How deep chains may call each other.

use crate::diagnostic::Diagnostic;
use crate::lower::{Table, lower};
use crate::model::{Action, Model};

/// How many chains deep a packet may be below a built-in one. The nft variant refuses more
/// (`NFT_JUMP_STACK_SIZE` is 16 and counts the built-in chain; goto counts too); legacy has no limit.
const DEPTH_MAX: usize = 15;

/// Counts on the lowered rules, since lowering makes chains of its own.
pub(super) fn check_depth(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    for family in model.families().iter() {
        let Some(ruleset) = lower(model, family) else { continue };
        for table in &ruleset.tables {
            let mut memo = vec![None; table.chains.len()];
            for (index, chain) in table.chains.iter().enumerate() {
                // A hook chain is one below the built-in one.
                let hooked = table.hooks.iter().find(|jump| jump.chain == chain.name);
                let depth = depth(table, index, &mut memo) + usize::from(hooked.is_some());
                if chain.policy.is_none() && hooked.is_none() || depth <= DEPTH_MAX {
                    continue;
                }
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

/// The longest way down from a chain. There are no cycles: the check of the jumps came first.
fn depth(table: &Table, index: usize, memo: &mut Vec<Option<usize>>) -> usize {
    if let Some(depth) = memo[index] {
        return depth;
    }
    let mut deepest = 0;
    for rule in &table.chains[index].rules {
        if let Action::Jump(target) | Action::Goto(target) = &rule.action
            && let Some(next) = table.chains.iter().position(|chain| chain.name == *target)
        {
            deepest = deepest.max(1 + depth(table, next, memo));
        }
    }
    memo[index] = Some(deepest);
    deepest
}
