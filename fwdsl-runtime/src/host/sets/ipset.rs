//! The program `ipset`.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::saved::{self, SavedSet};
use crate::host::error::{ApplyError, ProgramError, ProgramFailure};
use crate::host::program::Runner;
use crate::restore_text::Protocols;

/// How long a set may still be in use after the rules that referred to it are gone: under nft, the kernel lets go of
/// them a little later.
pub(super) const RELEASE: Duration = Duration::from_secs(3);

/// The names of all sets.
pub(super) fn names(ipset: &Path, runner: &Runner) -> Result<Vec<String>, ApplyError> {
    Ok(runner.read(ipset, &["list", "-name"])?.lines().map(str::to_owned).collect())
}

/// A set with its elements; `None` if it is of a kind that is not known.
pub(super) fn save(
    ipset: &Path,
    runner: &Runner,
    name: &str,
    protocols: &Protocols,
) -> Result<Option<SavedSet>, ApplyError> {
    Ok(saved::parse(&runner.read(ipset, &["save", name])?, protocols))
}

/// The kind and the family (`inet`, `inet6`) of a set, without reading what is in it.
pub(super) fn header(
    ipset: &Path,
    runner: &Runner,
    name: &str,
) -> Result<(String, Option<String>), ApplyError> {
    let text = runner.read(ipset, &["list", "-terse", name])?;
    let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start)).map(str::trim);
    let mut words = line("Header:").unwrap_or_default().split_whitespace();
    let family = words.find(|word| *word == "family").and_then(|_| words.next()).map(str::to_owned);
    Ok((line("Type:").unwrap_or_default().to_owned(), family))
}

/// Runs commands, one on a line, up to the first that fails. What is there already, or gone already, is no failure.
pub(super) fn restore(ipset: &Path, runner: &Runner, commands: String) -> Result<(), ApplyError> {
    if !commands.is_empty() {
        runner.run(ipset, &["restore", "-exist"], commands)?;
    }
    Ok(())
}

/// Destroys sets, and gives back those that stay, each with the reason. A set may be in a list that goes too. One that is
/// in use is waited for so long.
pub(super) fn destroy(
    ipset: &Path,
    runner: &Runner,
    names: Vec<String>,
    patience: Duration,
) -> Vec<(String, ApplyError)> {
    let end = Instant::now() + patience;
    let mut left = names;
    loop {
        let before = left.len();
        let mut failed = Vec::new();
        for name in left {
            if let Err(error) = destroy_one(ipset, runner, &name) {
                failed.push((name, error));
            }
        }
        let waits = failed.iter().any(|(_, error)| is_in_use(error));
        if failed.is_empty() || (failed.len() == before && !(waits && Instant::now() < end)) {
            return failed.into_iter().map(|(name, error)| (name, error.into())).collect();
        }
        if failed.len() == before {
            thread::sleep(Duration::from_millis(20));
        }
        left = failed.into_iter().map(|(name, _)| name).collect();
    }
}

fn destroy_one(ipset: &Path, runner: &Runner, name: &str) -> Result<(), ProgramError> {
    match runner.read(ipset, &["destroy", name]) {
        Err(error) if is_missing(&error) => Ok(()),
        result => result.map(drop),
    }
}

fn said(error: &ProgramError) -> &str {
    match &error.failure {
        ProgramFailure::Status { stderr, .. } => stderr,
        _ => "",
    }
}

fn is_missing(error: &ProgramError) -> bool {
    said(error).contains("does not exist")
}

fn is_in_use(error: &ProgramError) -> bool {
    said(error).contains("in use")
}
