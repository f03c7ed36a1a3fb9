//! One apply at a time.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::Path;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::error::{ApplyError, at};
use super::files;
use super::places;

/// How often a lock that is held is tried.
const PULSE: Duration = Duration::from_millis(20);

/// The lock, held until it is dropped or the process dies. Children do not inherit it past their `exec`.
pub(crate) struct Lock(#[expect(dead_code, reason = "held, not read")] File);

impl Lock {
    /// Takes the lock within `wait`.
    pub(crate) fn acquire(root: &Path, wait: Duration) -> Result<Lock, ApplyError> {
        let path = places::lock(root)?;
        let Some(file) = take(&path, wait)? else { return Err(ApplyError::Locked { path, waited: wait }) };
        Ok(Lock::taken(file))
    }

    /// Takes the lock, however long it takes.
    pub(crate) fn acquire_without_limit(root: &Path) -> Result<Lock, ApplyError> {
        let path = places::lock(root)?;
        let file = open(&path)?;
        file.lock().map_err(at("lock", &path))?;
        Ok(Lock::taken(file))
    }

    /// Takes the lock, and ends whoever does not let go of it within `grace`: a process that was stopped would hold it
    /// for ever. `None` as soon as it is not `wanted` any more.
    pub(crate) fn acquire_from_anybody(
        root: &Path,
        grace: Duration,
        wanted: impl Fn() -> bool,
    ) -> Result<Option<Lock>, ApplyError> {
        let path = places::lock(root)?;
        let mut end = Instant::now() + grace;
        while wanted() {
            if let Some(file) = take(&path, Duration::from_millis(200))? {
                return Ok(Some(Lock::taken(file)));
            }
            if Instant::now() >= end {
                end_holder(&path);
                end = Instant::now() + grace;
            }
        }
        Ok(None)
    }

    /// Notes who has it.
    fn taken(mut file: File) -> Lock {
        let own = process::id();
        // Who cannot be found is not ended; it is a lock all the same.
        let _ = file.set_len(0).and_then(|()| match start(own) {
            Some(start) => writeln!(file, "{own} {start}"),
            None => Ok(()),
        });
        Lock(file)
    }
}

/// What a watchdog holds while it lives, by which others know that it does.
pub(crate) struct WatchdogLock(#[expect(dead_code, reason = "held, not read")] File);

impl WatchdogLock {
    /// Takes the lock within `wait`.
    pub(crate) fn acquire(root: &Path, wait: Duration) -> Result<WatchdogLock, ApplyError> {
        let path = places::watchdog(root)?;
        let Some(file) = take(&path, wait)? else { return Err(ApplyError::Locked { path, waited: wait }) };
        Ok(WatchdogLock(file))
    }

    /// Whether a watchdog lives.
    pub(crate) fn is_held(root: &Path) -> bool {
        let file = places::watchdog(root).ok().and_then(|path| File::open(path).ok());
        file.is_some_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }
}

fn take(path: &Path, wait: Duration) -> Result<Option<File>, ApplyError> {
    let end = Instant::now() + wait;
    let file = open(path)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(error)) => return Err(at("lock", path)(error)),
            Err(TryLockError::WouldBlock) if Instant::now() >= end => return Ok(None),
            Err(TryLockError::WouldBlock) => thread::sleep(PULSE),
        }
    }
}

/// Ends the process that noted itself in the lock, if it is still that process.
fn end_holder(path: &Path) {
    let text = fs::read_to_string(path).unwrap_or_default();
    let Some((id, noted)) = text.trim().split_once(' ') else { return };
    let Some(pid) = id.parse().ok().and_then(Pid::from_raw) else { return };
    // From here on the id is not another's.
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    if id.parse().ok().and_then(start).as_deref() == Some(noted) {
        let _ = pidfd_send_signal(process, Signal::KILL);
    }
}

/// When a process was started, in the clock ticks of /proc/PID/stat (proc(5)).
fn start(process: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before it can hold anything, parentheses too.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19).map(str::to_owned)
}

fn open(path: &Path) -> Result<File, ApplyError> {
    if let Some(dir) = path.parent() {
        files::make_private_dir(dir)?;
    }
    // Whoever can open it can hold it, and every apply and undo would wait for him. A link there would make a file of its
    // maker's choice.
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(CWD, path, flags, Mode::RUSR | Mode::WUSR);
    opened.map(File::from).map_err(|error| at("open", path)(error.into()))
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
