//! Former states of the host, kept for a rollback.
//!
//! When an apply is complete, its journal is not deleted but moved here by one rename, which is the apply's commit: so a
//! change of the host and its entry are there together or not at all. An entry says how things stood *that its apply
//! changed*. What stood before an older apply follows from its own entry and all newer ones (`former`); so entries have
//! consecutive numbers, and it is always the oldest that go.

mod about;
mod former;
mod text;
mod who;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use about::{About, Action, Changes};
pub(crate) use former::{FileTarget, Former, TableTarget};
pub use text::{FormerFile, FormerState, former_state};
pub use who::Who;

use super::error::{ApplyError, at};
use super::files::{self, sync_dir_of};
use super::journal::{self, Journal};
use super::options::Options;
use super::places;

/// A former state of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptState {
    /// Its number. Numbers grow, and a state keeps its own.
    pub number: u64,
    /// The change that ended it.
    #[serde(flatten)]
    pub about: About,
}

/// The former states that are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct History {
    /// The newest first.
    pub states: Vec<KeptState>,
    /// What the reader should know, each a sentence.
    pub warnings: Vec<String>,
}

/// Lists the former states that are kept.
///
/// # Errors
///
/// If the directory cannot be read. An entry that cannot be read is told in a warning.
pub fn history(options: &Options) -> Result<History, ApplyError> {
    let root = options.root()?;
    let dir = path(&root)?;
    let mut history = History::default();
    for number in numbers(&dir)?.into_iter().rev() {
        match load(&root, number) {
            Ok(journal) => history.states.push(KeptState { number, about: journal.manifest.about }),
            // An apply forgets old ones while we look.
            Err(_) if !dir.join(number.to_string()).exists() => {}
            Err(error) => history.warnings.push(error.to_string()),
        }
    }
    Ok(history)
}

fn path(root: &Path) -> Result<PathBuf, ApplyError> {
    places::below(root, Path::new(places::HISTORY))
}

/// The numbers of the states that are kept, in order.
fn numbers(dir: &Path) -> Result<Vec<u64>, ApplyError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at("read", dir)(error)),
    };
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    let mut numbers: Vec<u64> = entries.flatten().filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The entry of this number.
fn load(root: &Path, number: u64) -> Result<Journal, ApplyError> {
    journal::read(path(root)?.join(number.to_string())).map_err(|error| match error {
        ApplyError::Journal { journal, reason } => ApplyError::Impossible(format!(
            "the former state {number}, `{}`, cannot be read: {reason}",
            journal.display()
        )),
        error => error,
    })
}

/// Makes sure that there is room for the state that is about to be former.
pub(crate) fn prepare(journal: &Path) -> Result<(), ApplyError> {
    files::make_private_dir(&of_journal(journal))
}

/// Moves a journal here, as the newest state, by one rename. Then the oldest go, of which `keep` stay.
pub(crate) fn add(journal: &Path, keep: usize) -> Result<(), ApplyError> {
    let dir = of_journal(journal);
    let newest = numbers(&dir)?.last().copied().unwrap_or_default();
    let kept = dir.join((newest + 1).to_string());
    fs::rename(journal, &kept).map_err(at("keep", journal))?;
    // The apply is decided. What fails from here on is left to the next one.
    let _ = sync_dir_of(&kept);
    let _ = sync_dir_of(journal);
    forget(journal, keep);
    Ok(())
}

/// Removes the oldest states, of which `keep` stay. Each goes as a whole, by a rename.
pub(crate) fn forget(journal: &Path, keep: usize) {
    let dir = of_journal(journal);
    let Ok(numbers) = numbers(&dir) else { return };
    let gone = numbers.len().saturating_sub(keep);
    for number in &numbers[..gone] {
        if journal::discard(&dir.join(number.to_string()), journal).is_err() {
            // An older one must not stay when a newer one goes.
            return;
        }
    }
}

fn of_journal(journal: &Path) -> PathBuf {
    let name = Path::new(places::HISTORY).file_name().unwrap_or_default();
    journal.with_file_name(name)
}

/// The state of this number, or the newest one, put together from its entry and all newer ones.
pub(crate) fn former(root: &Path, number: Option<u64>) -> Result<(KeptState, Former), ApplyError> {
    let numbers = numbers(&path(root)?)?;
    let Some(newest) = numbers.last().copied() else {
        return Err(ApplyError::Impossible("no former state of this host is kept".to_owned()));
    };
    let number = number.unwrap_or(newest);
    if !numbers.contains(&number) {
        let oldest = numbers.first().copied().unwrap_or(newest);
        return Err(ApplyError::Impossible(format!(
            "the former state {number} is not kept; those from {oldest} to {newest} are (`history` lists them)"
        )));
    }
    let journal = load(root, number)?;
    let former = compose(root, &numbers, number, newest)?;
    Ok((KeptState { number, about: journal.manifest.about }, former))
}

/// What stood before the change that `oldest` is of, as far as it and all up to `newest` have changed it.
fn compose(root: &Path, numbers: &[u64], oldest: u64, newest: u64) -> Result<Former, ApplyError> {
    let mut former = Former::default();
    for number in (oldest..=newest).rev() {
        if !numbers.contains(&number) {
            return Err(ApplyError::Impossible(format!(
                "the former state {oldest} is not known, since what was changed after state {number} is missing from \
                 the history; newer states can be put back"
            )));
        }
        former.go_back(&load(root, number)?)?;
    }
    Ok(former)
}

/// What the last rollback put back, unless rules have been applied since. Whatever it was, nobody came in between.
pub(crate) fn last_put_back(root: &Path) -> Option<Former> {
    let numbers = numbers(&path(root).ok()?).ok()?;
    for number in numbers.iter().rev() {
        let manifest = load(root, *number).ok()?.manifest;
        match manifest.about.action {
            Action::Rollback(oldest) => return compose(root, &numbers, oldest, number - 1).ok(),
            _ if manifest.ipv4.is_some() || manifest.ipv6.is_some() => return None,
            _ => {}
        }
    }
    None
}
