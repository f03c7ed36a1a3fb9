//! `use path::NAME;` among a policy's items: the fragment's items become the policy's.

use super::super::ast::{ItemsUse, Policy, Sysctl};
use super::super::fragment::Settled;
use super::copy::Copier;
use super::{bind, note_expansion, what};
use crate::diagnostic::Diagnostic;
use crate::loc::Expansion;

/// Puts the items of every `use` into the policy that uses them.
pub(super) fn merge_uses(
    policy: &mut Policy,
    settled: &Settled,
    expansions: &mut Vec<Expansion>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for used in std::mem::take(&mut policy.uses) {
        merge_use(policy, &used, settled, expansions, diagnostics);
    }
}

fn merge_use(
    policy: &mut Policy,
    used: &ItemsUse,
    settled: &Settled,
    expansions: &mut Vec<Expansion>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let ItemsUse { call, items, parameters } = used;
    let what = what(&call.callee, settled);
    let Some(arguments) = bind(call, &what, parameters, diagnostics) else { return };
    let origin = note_expansion(expansions, what, call.loc);
    let mut copier = Copier { arguments: &arguments, origin, diagnostics };
    policy.families.extend(items.families.iter().cloned());
    policy.ownership.extend(items.ownership.iter().map(|owned| copier.ownership(owned)));
    policy.foreign.extend(items.foreign.iter().map(|foreign| copier.foreign_chain(foreign)));
    policy.lets.extend(items.lets.iter().map(|item| copier.definition(item)));
    policy.broken_lets.extend(items.broken_lets.iter().cloned());
    policy.sets.extend(items.sets.iter().map(|set| copier.set(set)));
    policy.broken_sets.extend(items.broken_sets.iter().cloned());
    let sysctls: Vec<Sysctl> = items.sysctls.iter().map(|sysctl| copier.sysctl(sysctl)).collect();
    for chain in &items.chains {
        let mut chain = copier.chain(chain);
        // Those of the chain itself come after those of the `use`, and so count.
        chain.marks.levels.splice(0..0, call.marks.levels.iter().cloned());
        chain.marks.exact = chain.marks.exact.or(call.marks.exact);
        chain.marks.optimise = chain.marks.optimise.or(call.marks.optimise);
        policy.chains.push(chain);
    }
    policy.asserts.extend(items.asserts.iter().map(|assert| copier.assert(assert)));
    policy.templates.extend(items.templates.iter().map(|template| copier.template(template)));
    let inner: Vec<ItemsUse> = items
        .uses
        .iter()
        .map(|inner| ItemsUse {
            call: copier.call(&inner.call),
            items: inner.items.clone(),
            parameters: inner.parameters.clone(),
        })
        .collect();
    for inner in inner {
        merge_use(policy, &inner, settled, expansions, diagnostics);
    }
    // Behind those of the profiles that it uses itself, since of two settings the later counts.
    policy.sysctls.extend(sysctls);
}
