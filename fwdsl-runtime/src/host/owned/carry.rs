//! Bringing goals about, in the kernel.

use std::borrow::Cow;
use std::time::Duration;

use super::close;
use super::difference::difference;
use super::edit::edit;
use super::goal::Goal;
use super::policy::{self, Guarded};
use crate::family::Family;
use crate::host::error::ApplyError;
use crate::host::generation::Watch;
use crate::host::order::Order;
use crate::host::program::Runner;
use crate::host::rules::{self, FamilyPrograms};
use crate::host::variant::Variant;
use crate::restore_text::{Protocols, SavedTable, SavedText};

/// How often others may come in between before we give up.
const ATTEMPTS: usize = 3;

/// How goals are brought about.
pub(crate) struct Loader<'a> {
    pub(crate) programs: &'a FamilyPrograms,
    pub(crate) runner: &'a Runner,
    pub(crate) family: Family,
    pub(crate) lock_wait: Duration,
    pub(crate) protocols: &'a Protocols,
    /// Tables that are ours as a whole are loaded only if nobody else has changed rules since they were looked at.
    pub(crate) watch: &'a Watch,
}

impl Loader<'_> {
    /// Brings the goals about in the order of their tables, and sees that they are.
    pub(crate) fn carry_out<'a>(
        &self,
        goals: impl IntoIterator<Item = &'a Goal>,
        order: &Order,
    ) -> Result<(), ApplyError> {
        let mut goals: Vec<&Goal> = goals.into_iter().collect();
        goals.sort_by_key(|goal| order.tables.iter().position(|table| table == goal.table()));
        let tables: Vec<&str> = goals.iter().map(|goal| goal.table()).collect();
        let watched = goals.iter().any(|goal| goal.whole);
        let mut attempts = 0;
        loop {
            if watched && attempts == 0 {
                self.watch.check()?;
            }
            let (now, _) = rules::save_of(self.programs, self.runner, self.family, &tables)?;
            let text = self.lines(&goals, &now, order.closed)?;
            if text.is_empty() {
                return Ok(());
            }
            if attempts == ATTEMPTS {
                return Err(ApplyError::Mismatch { what: self.differences(&goals, &now) });
            }
            attempts += 1;
            let transactions = text.lines().filter(|line| *line == "COMMIT").count();
            rules::edit(self.programs, self.runner, text, self.lock_wait)?;
            let alone = self.watch.loaded(u32::try_from(transactions).unwrap_or_default());
            if watched && !alone {
                self.check_together(&goals)?;
            }
        }
    }

    /// The tables of the goals that are not reached.
    pub(crate) fn unreached(&self, goals: &[Goal]) -> Result<Vec<String>, ApplyError> {
        if goals.is_empty() {
            return Ok(Vec::new());
        }
        let tables: Vec<&str> = goals.iter().map(Goal::table).collect();
        let (now, _) = rules::save_of(self.programs, self.runner, self.family, &tables)?;
        let unreached = |goal: &&Goal| !matches!(edit(&table_of(&now, goal), goal, self.protocols), Ok(None));
        Ok(goals.iter().filter(unreached).map(|goal| goal.table().to_owned()).collect())
    }

    /// Others changed rules while ours were loaded. If that was in tables of ours, it is not overwritten without a word.
    fn check_together(&self, goals: &[&Goal]) -> Result<(), ApplyError> {
        let now = rules::save(self.programs, self.runner, self.family)?;
        let whole: Vec<&Goal> = goals.iter().copied().filter(|goal| goal.whole).collect();
        let what = self.differences(&whole, &now);
        if what.is_empty() { Ok(()) } else { Err(ApplyError::ChangedTogether { what }) }
    }

    /// What is not as it is to be.
    fn differences(&self, goals: &[&Goal], now: &SavedText) -> String {
        let unreached = |goal: &&&Goal| !matches!(edit(&table_of(now, goal), goal, self.protocols), Ok(None));
        let words = |goal: &&Goal| difference(goal, &table_of(now, goal), self.protocols);
        goals.iter().filter(unreached).map(words).collect::<Vec<_>>().join("; ")
    }

    /// All that is to be loaded, one transaction after another.
    fn lines(&self, goals: &[&Goal], now: &SavedText, closed: bool) -> Result<String, ApplyError> {
        let each = |now: &SavedText| -> Result<Vec<String>, ApplyError> {
            let lines = |goal: &&Goal| {
                transactions(self.programs.variant, &table_of(now, goal), goal, self.protocols)
            };
            goals.iter().map(lines).collect()
        };
        let open = each(now)?;
        let changing = open.iter().zip(goals).filter(|(lines, _)| !lines.is_empty());
        if !closed || changing.map(|(_, goal)| goal.table()).all(|table| table == close::TABLE) {
            return Ok(open.concat());
        }
        let mut now = now.clone();
        Ok(close::close(&mut now) + &each(&now)?.concat())
    }
}

/// What is there of a goal's table.
fn table_of<'a>(now: &'a SavedText, goal: &Goal) -> Cow<'a, SavedTable> {
    let name = goal.table();
    now.table(name).map_or_else(
        || Cow::Owned(SavedTable { name: name.to_owned(), chains: Vec::new(), rules: Vec::new() }),
        Cow::Borrowed,
    )
}

/// The lines that bring a goal about; none if it is reached.
fn transactions(
    variant: Variant,
    now: &SavedTable,
    goal: &Goal,
    protocols: &Protocols,
) -> Result<String, ApplyError> {
    let edit = |now: &SavedTable, goal: &Goal| {
        edit(now, goal, protocols).map_err(|what| ApplyError::Mismatch { what })
    };
    match variant {
        Variant::Legacy => Ok(edit(now, goal)?.map(|edit| edit.text).unwrap_or_default()),
        Variant::Nft => {
            let Guarded { now, goal, before, after } = policy::guard(now, goal);
            Ok(before + &edit(&now, &goal)?.map(|edit| edit.text).unwrap_or_default() + &after)
        }
    }
}
