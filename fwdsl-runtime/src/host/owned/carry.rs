//! Bringing goals about, in the kernel.

use std::time::Duration;

use super::edit::edit;
use super::goal::Goal;
use crate::family::Family;
use crate::host::error::ApplyError;
use crate::host::program::Runner;
use crate::host::rules::{self, FamilyPrograms};
use crate::restore_text::{Protocols, SavedTable};

/// How often others may come in between before we give up.
const ATTEMPTS: usize = 3;

/// Brings the goals about and sees that they are. With `counters`, rules get those that the goals have.
pub(crate) fn carry_out<'a>(
    programs: &FamilyPrograms,
    runner: &Runner,
    family: Family,
    goals: impl Iterator<Item = &'a Goal> + Clone,
    lock_wait: Duration,
    protocols: &Protocols,
    counters: bool,
) -> Result<(), ApplyError> {
    let tables: Vec<&str> = goals.clone().map(Goal::table).collect();
    let mut attempts = 0;
    loop {
        let (now, _) = rules::save_of(programs, runner, family, &tables)?;
        let mut text = String::new();
        for goal in goals.clone() {
            let empty = SavedTable { name: goal.table().to_owned(), chains: Vec::new(), rules: Vec::new() };
            let now = now.table(goal.table()).unwrap_or(&empty);
            let edit = edit(now, goal, protocols).map_err(|what| ApplyError::Mismatch { what })?;
            text.extend(edit.map(|edit| edit.text));
        }
        if text.is_empty() {
            return Ok(());
        }
        if attempts == ATTEMPTS {
            let what = format!("chains of ours, or the jumps to them, in table {}", tables.join(", "));
            return Err(ApplyError::Mismatch { what });
        }
        attempts += 1;
        rules::edit(programs, runner, text, lock_wait, counters)?;
    }
}
