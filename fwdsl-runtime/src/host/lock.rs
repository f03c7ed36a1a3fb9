//! One apply at a time.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Mode, OFlags, openat};

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
    // Whoever can open it can hold it, and every apply and undo would wait for him. A link there would make a file of its
    // maker's choice.
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(CWD, &path, flags, Mode::RUSR | Mode::WUSR);
    opened.map(File::from).map_err(|error| at("open", &path)(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_in_the_place_of_the_lock_is_refused() {
        let root = std::env::temp_dir().join(format!("fwdsl-lock-{}", std::process::id()));
        fs::create_dir_all(root.join("run/fwdsl")).unwrap();
        symlink("../../theirs", root.join("run/fwdsl/lock")).unwrap();
        assert!(matches!(
            Lock::acquire(&root, Duration::ZERO),
            Err(ApplyError::System { doing: "open", .. })
        ));
        assert!(!root.join("theirs").exists());
        fs::remove_file(root.join("run/fwdsl/lock")).unwrap();
        let _held = Lock::acquire(&root, Duration::ZERO).unwrap();
        assert!(matches!(Lock::acquire(&root, Duration::ZERO), Err(ApplyError::Locked { .. })));
        fs::remove_dir_all(root).unwrap();
    }
}
