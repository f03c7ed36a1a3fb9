//! The lock of the legacy variant, held from the first look at the rules to the last.
//!
//! Each of its programs takes the lock for itself alone, so between two of them another's program can change rules. We
//! hold it all the time, and give our own programs another one, by the environment variable `XTABLES_LOCKFILE`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};

use super::error::{ApplyError, at};
use super::places;

/// Where every iptables since 1.4.21 has it, unless it was built otherwise.
const PATH: &str = "/run/xtables.lock";

/// By this, programs take another one.
pub(crate) const VARIABLE: &str = "XTABLES_LOCKFILE";

/// What this process holds.
static HELD: Mutex<Held> = Mutex::new(Held { users: 0, file: None, of_programs: None });

struct Held {
    users: usize,
    file: Option<File>,
    of_programs: Option<PathBuf>,
}

fn held() -> MutexGuard<'static, Held> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lock, held until all of these are dropped or the process dies. An undo within an apply shares the apply's.
pub(crate) struct XtablesLock(());

impl XtablesLock {
    /// Takes the lock within `wait`, if this process does not hold it.
    pub(crate) fn acquire(root: &Path, wait: Duration) -> Result<XtablesLock, ApplyError> {
        let mut held = held();
        if held.users == 0 {
            held.file = Some(take(wait)?);
            held.of_programs = Some(places::below(root, Path::new("/run/fwdsl/xtables.lock"))?);
        }
        held.users += 1;
        Ok(XtablesLock(()))
    }
}

impl Drop for XtablesLock {
    fn drop(&mut self) {
        let mut held = held();
        held.users -= 1;
        if held.users == 0 {
            (held.file, held.of_programs) = (None, None);
        }
    }
}

/// The lock for programs that this process starts, while it holds theirs.
pub(crate) fn of_programs() -> Option<PathBuf> {
    held().of_programs.clone()
}

/// Leaves the lock to the programs, since they do not take another one.
pub(crate) fn leave_to_programs() {
    let mut held = held();
    (held.file, held.of_programs) = (None, None);
}

fn take(wait: Duration) -> Result<File, ApplyError> {
    let path = Path::new(PATH);
    let end = Instant::now() + wait;
    // As the programs open it, who want no more of it than that it is there.
    let flags = OFlags::RDONLY | OFlags::CREATE | OFlags::CLOEXEC;
    let file = open(path, flags, Mode::RUSR | Mode::WUSR).map_err(|error| refused(path, error.into()))?;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file.into()),
            Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() >= end => {
                return Err(ApplyError::XtablesLocked { path: path.to_owned(), waited: wait });
            }
            Err(rustix::io::Errno::WOULDBLOCK) => thread::sleep(Duration::from_millis(2)),
            Err(error) => return Err(at("lock", path)(error.into())),
        }
    }
}

fn refused(path: &Path, error: io::Error) -> ApplyError {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ApplyError::LegacyNeeds { what: format!("to open the lock `{}`", path.display()), error }
        }
        _ => at("open", path)(error),
    }
}
