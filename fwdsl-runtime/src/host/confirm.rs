//! The confirmation of an apply, and what waits for it.
//!
//! An apply that has to be confirmed ends with its rules, sets and sysctls in force and its journal on disk: `pending`.
//! Whoever confirms writes the files for boot and then lets the journal go, which decides it. Until then every way leads
//! back: the watchdog's deadline, a restart, `recover`, or a next command that finds the time gone and nobody watching.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::carry_out;
use super::change::FileChange;
use super::clock;
use super::error::ApplyError;
use super::files;
use super::journal::{self, FormerFile, Journal, LateFile, Pending};
use super::kernel;
use super::lock::{Lock, WatchdogLock};
use super::options::Options;
use super::outcome::{self, Ended, Outcome};
use super::places;
use super::program::Runner;
use super::report::FileReport;
use super::session::{self, Caller, Connection};
use super::undo;

/// How much later than the deadline a watchdog that lives may be.
const LATENESS: Duration = Duration::from_secs(2);

/// An apply that waits for its confirmation, as its own process sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    root: PathBuf,
    apply: String,
    deadline: Duration,
    /// Where the apply came from.
    pub caller: Caller,
}

/// What a confirmation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The files for boot that had other contents.
    pub files: Vec<FileReport>,
    /// What the reader should know, each a sentence.
    pub warnings: Vec<String>,
}

impl Waiting {
    pub(super) fn new(root: &Path, apply: &str, deadline: Duration, caller: Caller) -> Waiting {
        Waiting { root: root.to_owned(), apply: apply.to_owned(), deadline, caller }
    }

    /// How long it still waits.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.deadline.saturating_sub(clock::now())
    }

    /// Whether it is over, and how it ended, if that was noted.
    ///
    /// If the watchdog was ended, and the time is up, this undoes the apply.
    ///
    /// # Errors
    ///
    /// [`ApplyError::NotUndone`] if something cannot be put back.
    pub fn over(&self) -> Result<Option<Option<Ended>>, ApplyError> {
        if !is_there(&self.root, &self.apply)? {
            let noted = outcome::read(&self.root).filter(|outcome| outcome.apply == self.apply);
            if noted.is_some() {
                // Whoever waits for it says it.
                let _ = outcome::news(&self.root);
            }
            return Ok(Some(noted.map(|outcome| outcome.ended)));
        }
        let is_late = clock::now() >= self.deadline + LATENESS;
        if is_late && !WatchdogLock::is_held(&self.root) {
            let wanted = || is_there(&self.root, &self.apply).unwrap_or(true);
            if let Some(_lock) = Lock::acquire_from_anybody(&self.root, LATENESS, wanted)?
                && wanted()
            {
                undo::leftover(&self.root, Ended::Unconfirmed)?;
            }
        }
        Ok(None)
    }
}

fn is_there(root: &Path, apply: &str) -> Result<bool, ApplyError> {
    Ok(journal::load(root)?.is_some_and(|journal| journal.id() == apply))
}

/// Refuses to begin while an apply waits for its confirmation. The caller holds the lock.
pub(super) fn check_none_is_pending(root: &Path) -> Result<(), ApplyError> {
    match time_left(root)? {
        Some(left) => Err(ApplyError::Pending { left }),
        None => Ok(()),
    }
}

/// How long an apply still waits for its confirmation, if one does. One whose time is up, or that nobody watches, is
/// undone by whoever comes.
pub(super) fn time_left(root: &Path) -> Result<Option<Duration>, ApplyError> {
    let Some(journal) = journal::load(root)? else { return Ok(None) };
    let Some(pending) = journal.pending()? else { return Ok(None) };
    let left = pending.deadline().saturating_sub(clock::now());
    let is_waiting =
        journal.manifest.boot_id == kernel::boot_id()? && !left.is_zero() && WatchdogLock::is_held(root);
    Ok(is_waiting.then_some(left))
}

/// What ends an apply that waits for its confirmation, if it is undone now.
pub(super) fn end_of_leftover(root: &Path, asked_for: bool) -> Result<Ended, ApplyError> {
    let Some(journal) = journal::load(root)? else { return Ok(Ended::CutOff) };
    Ok(match journal.pending()? {
        None => Ended::CutOff,
        // The clock has begun anew since, and the deadline with it.
        Some(_) if journal.manifest.boot_id != kernel::boot_id()? => Ended::Unconfirmed,
        Some(pending) if asked_for && clock::now() < pending.deadline() => Ended::Recalled,
        Some(_) => Ended::Unconfirmed,
    })
}

/// How the last apply ended that somebody else than its own process had to end, if that is known.
///
/// # Errors
///
/// [`ApplyError::System`] if there is no such file tree.
pub fn last_outcome(options: &Options) -> Result<Option<Outcome>, ApplyError> {
    Ok(outcome::of_the_last(&options.root()?))
}

/// Confirms the apply that waits for it: from here on its state is the host's.
///
/// The files for boot are put in place first. If that fails, they are put back, and the apply waits on.
///
/// # Errors
///
/// [`ApplyError::NothingToConfirm`] if none waits; [`ApplyError::TooLate`] if its time is up, which undoes it;
/// [`ApplyError::NoProof`] if `caller` does not show that the host can still be reached; [`ApplyError::NotConfirmed`]
/// if the files cannot be put in place.
pub fn confirm(options: &Options, caller: &Caller) -> Result<Confirmed, ApplyError> {
    let root = options.root()?;
    if !journal::exists(&root)? {
        return Err(ApplyError::NothingToConfirm { last: outcome::of_the_last(&root) });
    }
    kernel::check_signals()?;
    let lock = Lock::acquire(&root, options.lock_wait)?;
    let Some(journal) = journal::load(&root)? else {
        return Err(ApplyError::NothingToConfirm { last: outcome::of_the_last(&root) });
    };
    let Some(pending) = journal.pending()? else {
        let reason =
            "it was ended before it was complete, so there is nothing to confirm; `recover` undoes it";
        return Err(ApplyError::Unfinished { journal: journal.dir, reason: reason.to_owned() });
    };
    let restarted = journal.manifest.boot_id != kernel::boot_id()?;
    if restarted || clock::now() >= pending.deadline() {
        undo::leftover(&root, Ended::Unconfirmed)?;
        return Err(ApplyError::TooLate { restarted });
    }
    undo::check_namespace(&journal)?;
    check_proof(&pending, caller)?;
    let files = put_files(&root, &journal, &pending).map_err(|cause| ApplyError::NotConfirmed {
        cause: Box::new(cause),
        left: pending.deadline().saturating_sub(clock::now()),
    })?;
    let decide = outcome::write(&root, journal.id(), Ended::Confirmed).and_then(|()| journal.finish());
    decide.map_err(|cause| {
        // What cannot be put back now is by whoever undoes the apply.
        let cause = restore_files(&root, &journal).err().unwrap_or(cause);
        ApplyError::NotConfirmed {
            cause: Box::new(cause),
            left: pending.deadline().saturating_sub(clock::now()),
        }
    })?;
    let runner = Runner { deadline: options.program_deadline, group: None };
    let stale = pending.stale_sets.as_ref();
    let warnings = stale.map_or_else(Vec::new, |stale| carry_out::sweep_stale_sets(&root, stale, &runner));
    drop(lock);
    Ok(Confirmed { files, warnings })
}

/// Whether a confirmation from there shows that the host can be reached under the new rules.
fn check_proof(pending: &Pending, caller: &Caller) -> Result<(), ApplyError> {
    let connection = match caller {
        Caller::Console => return Ok(()),
        Caller::Unattended if !pending.from_afar => return Ok(()),
        Caller::Unattended => {
            return Err(no_proof(
                "the apply was started from another machine, and this command was not: it has no terminal and no SSH \
                 connection"
                    .to_owned(),
            ));
        }
        Caller::Remote { by } => {
            return Err(no_proof(format!(
                "this terminal may be anywhere ({by}), and which connection it came by is not known"
            )));
        }
        Caller::Ssh(connection) => connection,
    };
    let is_in = |list: &[Connection]| list.iter().any(|other| other.is(connection));
    if is_in(&pending.connections) {
        return Err(no_proof(format!(
            "this connection ({connection}) was open before the new rules were in force, and would survive nearly any \
             rules"
        )));
    }
    if !is_in(&session::connections()) {
        return Err(no_proof(format!(
            "the connection that SSH_CONNECTION names ({connection}) is not open any more, as in a terminal that \
             outlived it"
        )));
    }
    Ok(())
}

fn no_proof(reason: String) -> ApplyError {
    ApplyError::NoProof { reason }
}

/// Puts the files for boot in place, or none of them.
fn put_files(root: &Path, journal: &Journal, pending: &Pending) -> Result<Vec<FileReport>, ApplyError> {
    // An earlier confirmation may have been ended in the middle.
    restore_files(root, journal)?;
    let mut plans = Vec::new();
    let mut undo = Vec::new();
    for file in journal.planned_files(pending)? {
        let FileChange { path, content, purpose } = &file.change;
        let real = places::below(root, path)?;
        let before = files::look(&real)?;
        if !before.is(content) || (file.owner.is_some() && file.owner != before.owner()) {
            undo.push(FormerFile {
                path: path.clone(),
                purpose: purpose.clone(),
                before,
                made: files::missing_dirs(&real),
            });
            plans.push((file, real));
        }
    }
    if plans.is_empty() {
        return Ok(Vec::new());
    }
    journal.add_files(undo)?;
    let put = plans.iter().try_for_each(|(LateFile { change, owner, emptied }, real)| {
        files::put(real, &change.content, *owner).and_then(|()| files::remove_empty_dirs(emptied))
    });
    if let Err(cause) = put {
        // If that fails too, whoever undoes the apply tries again.
        restore_files(root, journal)?;
        return Err(cause);
    }
    Ok(plans.into_iter().map(|(file, _)| FileReport::of(file.change)).collect())
}

/// Puts back what stood where the files for boot go.
fn restore_files(root: &Path, journal: &Journal) -> Result<(), ApplyError> {
    let late = journal.late_files()?;
    if late.is_empty() {
        return Ok(());
    }
    for undo in late.iter().rev() {
        let path = places::below(root, &undo.path)?;
        files::restore(&path, &journal.file_before(undo)?, &undo.made)?;
    }
    journal.drop_late_files()
}
