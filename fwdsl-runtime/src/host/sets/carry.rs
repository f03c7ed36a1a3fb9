//! The changes to sets: before the rules that refer to them, and after the commit.

use std::time::Duration;

use super::SetsPlan;
use super::ipset;
use super::plan::Grown;
use super::saved::SavedSet;
use crate::host::error::ApplyError;
use crate::host::journal::StaleSets;
use crate::host::program::Runner;
use crate::restore_text::Protocols;

/// The name of a set that is only there to be swapped with another.
pub(super) const SPARE: &str = "fwdsl.spare";

/// Makes new sets, puts right what was changed, and adds to kept ones.
pub(crate) fn put(plan: &SetsPlan, runner: &Runner) -> Result<(), ApplyError> {
    let Some(program) = &plan.ipset else { return Ok(()) };
    let mut commands: String = plan.new.iter().map(|new| new.set.text(&new.set.name)).collect();
    for Grown { name, elements, removed, .. } in &plan.grown {
        commands.extend(removed.iter().map(|entry| format!("del {name} {entry}\n")));
        commands.extend(elements.iter().map(|element| format!("add {name} {element}\n")));
    }
    ipset::restore(program, runner, commands)?;
    plan.changed.iter().try_for_each(|(_, wanted)| replace(program, runner, wanted))
}

/// Gives a set that is there these contents, in one moment.
pub(super) fn replace(
    program: &std::path::Path,
    runner: &Runner,
    wanted: &SavedSet,
) -> Result<(), ApplyError> {
    if let Some((_, error)) = ipset::destroy(program, runner, vec![SPARE.to_owned()], ipset::RELEASE).pop() {
        return Err(error);
    }
    let commands = format!("{}swap {SPARE} {}\ndestroy {SPARE}\n", wanted.text(SPARE), wanted.name);
    ipset::restore(program, runner, commands)
}

/// Asks the kernel whether it holds the sets that were made or put right.
pub(crate) fn check(plan: &SetsPlan, runner: &Runner, protocols: &Protocols) -> Result<(), ApplyError> {
    let Some(program) = &plan.ipset else { return Ok(()) };
    let made = plan.new.iter().map(|new| (&new.set, new.is_certain));
    let put_right = plan.changed.iter().map(|(_, wanted)| (wanted, !wanted.has("timeout")));
    for (wanted, is_certain) in made.chain(put_right) {
        let found = ipset::save(program, runner, &wanted.name, protocols)?;
        let holds = found.is_some_and(|found| {
            found.has_parameters_of(wanted) && (!is_certain || found.has_elements_of(wanted))
        });
        if !holds {
            return Err(ApplyError::Mismatch {
                what: format!("the set `{}` is not as it was made", wanted.name),
            });
        }
    }
    Ok(())
}

/// Destroys the sets that nothing refers to any more. Gives back the names of those that stay, and why, in words: the
/// apply is complete all the same. Only where rules have just changed (`rules_changed`) may a set be let go of soon.
pub(crate) fn sweep(plan: &SetsPlan, runner: &Runner, rules_changed: bool) -> (Vec<String>, Vec<String>) {
    let patience = if rules_changed { ipset::RELEASE } else { Duration::ZERO };
    plan.stale().map_or_else(Default::default, |stale| destroy(&stale, runner, patience))
}

/// The same, for an apply that was confirmed.
pub(crate) fn sweep_stale(stale: &StaleSets, runner: &Runner) -> (Vec<String>, Vec<String>) {
    destroy(stale, runner, Duration::ZERO)
}

fn destroy(stale: &StaleSets, runner: &Runner, patience: Duration) -> (Vec<String>, Vec<String>) {
    let left = ipset::destroy(&stale.ipset, runner, stale.names.clone(), patience);
    let words = |(name, error): (String, ApplyError)| {
        let warning = format!(
            "the set `{name}` of an earlier apply could not be destroyed, and the next apply tries again: {error}"
        );
        (name, warning)
    };
    left.into_iter().map(words).unzip()
}
