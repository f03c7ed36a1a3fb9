//! One apply at a time.

use std::fs::{File, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::error::{ApplyError, at};
use super::files;
use super::places;

/// The lock, held until it is dropped or the process dies. Children do not inherit it past their `exec`.
pub(crate) struct Lock(#[expect(dead_code, reason = "held, not read")] File);

impl Lock {
    /// Takes the lock within `wait`.
    pub(crate) fn acquire(root: &Path, wait: Duration) -> Result<Lock, ApplyError> {
        let end = Instant::now() + wait;
        let file = open(root)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(TryLockError::Error(error)) => return Err(at("lock", &places::lock(root)?)(error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= end => {
                    return Err(ApplyError::Locked { path: places::lock(root)?, waited: wait });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Takes the lock, however long it takes.
    pub(crate) fn acquire_without_limit(root: &Path) -> Result<Lock, ApplyError> {
        let file = open(root)?;
        file.lock().map_err(at("lock", &places::lock(root)?))?;
        Ok(Lock(file))
    }
}

fn open(root: &Path) -> Result<File, ApplyError> {
    let path = places::lock(root)?;
    if let Some(dir) = path.parent() {
        files::make_private_dir(dir)?;
    }
    // Whoever can open it can hold it, and every apply and undo would wait for him.
    let mut options = File::options();
    options.create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(at("open", &path))
}
