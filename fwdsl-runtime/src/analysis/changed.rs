//! What may be changed of a packet before it comes to a rule.

use super::meaning::changes_of;
use crate::catalogue::Aspects;
use crate::lower::Table;
use crate::model::Action;

/// What a rule does to what follows it.
struct Step {
    changes: Aspects,
    /// The chain that it leads to.
    leads_to: Option<usize>,
}

/// For each rule of each chain, what the rules before it may have changed on some way from a hook. A rule above a `MARK`
/// finds the mark that the packet came with, and so does every chain that is called before.
pub(super) fn changed_before(table: &Table) -> Vec<Vec<Aspects>> {
    let steps: Vec<Vec<Step>> = table
        .chains
        .iter()
        .map(|chain| chain.rules.iter().map(|rule| step(table, &rule.action)).collect())
        .collect();
    let mut all: Vec<Vec<Aspects>> = steps.iter().map(|steps| vec![Aspects::NONE; steps.len()]).collect();
    if steps.iter().flatten().all(|step| step.changes == Aspects::NONE) {
        return all;
    }
    let within = changed_within(&steps);
    let mut at_start = vec![Aspects::NONE; steps.len()];
    loop {
        let mut is_stable = true;
        for (chain, steps) in steps.iter().enumerate() {
            let mut changed = at_start[chain];
            for (rule, step) in steps.iter().enumerate() {
                all[chain][rule] = changed;
                changed = changed.or(step.changes);
                if let Some(to) = step.leads_to {
                    is_stable &= !add(&mut at_start[to], changed);
                    changed = changed.or(within[to]);
                }
            }
        }
        if is_stable {
            return all;
        }
    }
}

fn step(table: &Table, action: &Action) -> Step {
    let leads_to = match action {
        Action::Jump(name) | Action::Goto(name) if !table.is_foreign(name) => table.position(name),
        _ => None,
    };
    Step { changes: changes_of(table, action), leads_to }
}

/// For each chain, what it and the chains that it leads to may change.
fn changed_within(steps: &[Vec<Step>]) -> Vec<Aspects> {
    let mut within = vec![Aspects::NONE; steps.len()];
    loop {
        let mut is_stable = true;
        for (chain, steps) in steps.iter().enumerate() {
            for step in steps {
                let of_callee = step.leads_to.map_or(Aspects::NONE, |to| within[to]);
                is_stable &= !add(&mut within[chain], step.changes.or(of_callee));
            }
        }
        if is_stable {
            return within;
        }
    }
}

/// Adds to a set, and tells whether that made it larger.
fn add(to: &mut Aspects, more: Aspects) -> bool {
    let before = std::mem::replace(to, to.or(more));
    *to != before
}
