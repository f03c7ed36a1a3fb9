//! The guardian: a process that undoes an apply whose process has died.
//!
//! It is this very program, executed again. It holds the reading end of a pipe whose writing end only the
//! applier holds, so it learns of the applier's death from the kernel, however it dies.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ExitCode};
use std::time::Duration;

use rustix::process::setsid;

use super::error::ApplyError;
use super::group;
use super::lock::Lock;
use super::outcome::Ended;
use super::undo;
use super::watchdog::{WATCHDOG_ARG, watch};

/// The first argument of a process that is a guardian; the second is the root of the file tree.
const GUARDIAN_ARG: &str = "__fwdsl-guardian";
/// The first argument of a process that is a holder (see `group`).
pub(crate) const HOLDER_ARG: &str = "__fwdsl-holder";
/// What a helper says when it stands.
pub(crate) const READY: &str = "fwdsl-helper ready\n";
/// What the applier says when there is nothing left to guard.
const STAND_DOWN: &[u8] = b"stand down";

/// Does a helper's work if this process was started as one, and gives back how it went.
///
/// An apply executes its own program again for its helpers. So a program that applies calls this first thing in
/// `main`, and ends with the code if there is one:
///
/// ```no_run
/// # use std::process::ExitCode;
/// fn main() -> ExitCode {
///     if let Some(code) = fwdsl_runtime::host::guardian::intercept() {
///         return code;
///     }
///     // …
///     ExitCode::SUCCESS
/// }
/// ```
#[must_use]
pub fn intercept() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    let helper = args.next()?;
    if helper == HOLDER_ARG {
        Some(group::hold())
    } else if helper == GUARDIAN_ARG {
        Some(guard(&args.next().map_or_else(|| PathBuf::from("/"), PathBuf::from)))
    } else if helper == WATCHDOG_ARG {
        // An applier says all of it.
        let root = PathBuf::from(args.next()?);
        let mut number = || args.next()?.to_str()?.parse::<u64>().ok();
        let (window, applier) = (Duration::from_millis(number()?), i32::try_from(number()?).ok()?);
        Some(watch(&root, window, applier))
    } else {
        None
    }
}

/// The guardian, as seen by the applier.
pub(crate) struct Guardian {
    process: Child,
    pipe: Option<ChildStdin>,
}

impl Guardian {
    /// Starts the guardian; when this returns, it stands.
    pub(crate) fn arm(root: &Path) -> Result<Guardian, ApplyError> {
        let mut command = group::own_program(GUARDIAN_ARG);
        command.arg(OsString::from(root));
        let (process, pipe) = group::start_and_await(&mut command)?;
        Ok(Guardian { process, pipe: Some(pipe) })
    }
}

impl Drop for Guardian {
    /// Whoever gets here still lives, and has finished or said that he could not: nothing is left to guard.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let told = self.pipe.take().map(|mut pipe| pipe.write_all(STAND_DOWN));
        if !matches!(told, Some(Ok(()))) {
            // Untold, it would wait for the lock that this process holds. If it is gone, so much the better.
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

fn guard(root: &Path) -> ExitCode {
    // A session of its own: the end of the applier's terminal is not the guardian's. It fails only where this
    // process leads a group already, and then it has what it needs.
    let _ = setsid();
    let mut stdout = io::stdout();
    if stdout.write_all(READY.as_bytes()).and_then(|()| stdout.flush()).is_err() {
        return ExitCode::FAILURE;
    }
    let mut said = Vec::new();
    let _ = io::stdin().read_to_end(&mut said);
    if said == STAND_DOWN {
        return ExitCode::SUCCESS;
    }
    match undo_after_death(root) {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => {
            say("fwdsl: the apply was ended before it was complete; the former state is back");
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("fwdsl: the apply was ended before it was complete, and {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Undoes what the journal holds, unless a later command was first.
fn undo_after_death(root: &Path) -> Result<bool, ApplyError> {
    // The applier held the lock until it died. Who holds it now has found the journal, and undoes it himself.
    let _lock = Lock::acquire_without_limit(root)?;
    Ok(undo::leftover(root, Ended::CutOff)?.is_some())
}

/// The terminal may be gone as well, so this must not fail.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
