//! How an apply ended whose own process may not be there to say it.
//!
//! It is written before the journal goes, so whoever finds the journal gone finds this. It is told once, by the next
//! command, and gone after a restart, which has its own words.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::change::FileContent;
use super::error::{ApplyError, at};
use super::files;
use super::places;

/// How an apply ended, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Which apply.
    pub(crate) apply: String,
    /// How.
    pub ended: Ended,
    /// When, in seconds since 1970.
    pub at: u64,
    /// Whether a command has told it.
    #[serde(default)]
    pub(crate) told: bool,
    /// Whether another apply has been completed since, so that it is the last one no more.
    #[serde(default)]
    superseded: bool,
}

/// How an apply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// It was confirmed: its state is the host's.
    Confirmed,
    /// Nobody confirmed it in time; the former state is back.
    Unconfirmed,
    /// It was undone before its time was up, because somebody asked for it.
    Recalled,
    /// It was ended before it was complete; the former state is back.
    CutOff,
}

impl Outcome {
    /// In words, as what happened to an earlier apply.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self.ended {
            Ended::Confirmed => "the last apply was confirmed",
            Ended::Unconfirmed => "the last apply was not confirmed in time, and the former state is back",
            Ended::Recalled => {
                "the last apply was undone on request before it was confirmed; the former state is back"
            }
            Ended::CutOff => "the last apply was ended before it was complete, and the former state is back",
        }
    }
}

/// Takes note of how an apply ended.
pub(crate) fn write(root: &Path, apply: &str, ended: Ended) -> Result<(), ApplyError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    put(root, &Outcome { apply: apply.to_owned(), ended, at: now, told: false, superseded: false })
}

fn put(root: &Path, outcome: &Outcome) -> Result<(), ApplyError> {
    let path = places::below(root, Path::new(places::OUTCOME))?;
    let bytes = serde_json::to_vec_pretty(outcome)
        .map_err(|error| at("write", &path)(std::io::Error::other(error)))?;
    files::put(&path, &FileContent::Regular { bytes, mode: 0o600 }, None)
}

/// How an earlier apply was undone, for whoever runs the next command: told once.
pub(crate) fn news(root: &Path) -> Option<Outcome> {
    let outcome = of_the_last(root).filter(|outcome| !outcome.told && outcome.ended != Ended::Confirmed)?;
    // Told twice is better than never.
    let _ = put(root, &Outcome { told: true, ..outcome.clone() });
    Some(outcome)
}

/// Takes note that another apply is complete.
pub(crate) fn supersede(root: &Path) {
    if let Some(outcome) = read(root) {
        // It is only what is said of the past.
        let _ = put(root, &Outcome { superseded: true, ..outcome });
    }
}

/// How the last apply ended, if that was noted.
pub(crate) fn of_the_last(root: &Path) -> Option<Outcome> {
    read(root).filter(|outcome| !outcome.superseded)
}

/// How the last of them ended, if that was noted.
pub(crate) fn read(root: &Path) -> Option<Outcome> {
    let path = places::below(root, Path::new(places::OUTCOME)).ok()?;
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}
