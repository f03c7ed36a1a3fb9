//! Bringing former goals about again.

use std::time::Duration;

use super::carry::carry_out;
use super::goal::Goal;
use crate::family::Family;
use crate::host::error::ApplyError;
use crate::host::owned::edit;
use crate::host::program::Runner;
use crate::host::rules::{self, FamilyPrograms};
use crate::restore_text::{Protocols, SavedTable};

/// Puts back what was ours; gives back the tables in which something was not as before.
pub(crate) fn undo(
    programs: &FamilyPrograms,
    runner: &Runner,
    family: Family,
    former: &[Goal],
    lock_wait: Duration,
) -> Result<Vec<String>, ApplyError> {
    if former.is_empty() {
        return Ok(Vec::new());
    }
    // Both were printed by this machine, so names of protocols are the same in both.
    let protocols = Protocols::default();
    let tables: Vec<&str> = former.iter().map(Goal::table).collect();
    let (now, _) = rules::save_of(programs, runner, family, &tables)?;
    let differs = |goal: &&Goal| {
        let empty = SavedTable { name: goal.table().to_owned(), chains: Vec::new(), rules: Vec::new() };
        let now = now.table(goal.table()).unwrap_or(&empty);
        !matches!(edit(now, goal, &protocols), Ok(None))
    };
    let differing = former.iter().filter(differs).map(|goal| goal.table().to_owned()).collect();
    carry_out(programs, runner, family, former.iter(), lock_wait, &protocols, true)?;
    Ok(differing)
}
