//! The watchdog: the guardian of an apply that has to be confirmed.
//!
//! Like the guardian it undoes the apply when its process dies in the middle. Beyond that it has a deadline, and it lives
//! on when the apply is complete but for its confirmation: when the time is up, and the journal is still there, it
//! undoes the apply. So it stands outside of what may end together with the applier: the session, the terminal, the
//! control group (`shelter`). All that it needs to know is in the journal.

mod shelter;
mod watch;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

pub(crate) use watch::watch;

use super::error::ApplyError;
use super::group;
use super::program::Programs;
use shelter::Shelter;

/// The first argument of a process that is a watchdog. Behind it: the root of the file tree, the milliseconds that the
/// apply may take, and the applier's process id.
pub(crate) const WATCHDOG_ARG: &str = "__fwdsl-watchdog";
/// What the applier says when there is nothing left to undo.
const STAND_DOWN: &[u8] = b"stand down";
/// What the applier says when only the confirmation is missing.
const PENDING: &[u8] = b"pending";

/// The watchdog, as seen by the applier.
pub(crate) struct Watchdog {
    process: Child,
    pipe: Option<ChildStdin>,
}

impl Watchdog {
    /// Starts the watchdog of the apply that `marker` names; when this returns, it stands. Gives back what the user
    /// should know about where it stands.
    pub(crate) fn arm(
        root: &Path,
        window: Duration,
        marker: &str,
        programs: &Programs,
    ) -> Result<(Watchdog, Option<String>), ApplyError> {
        let arguments = |command: &mut Command| {
            command.arg(root).arg(window.as_millis().to_string()).arg(std::process::id().to_string());
            // Whoever waits for the end of this apply's output must not wait for the watchdog.
            if !io::stderr().is_terminal() {
                command.stderr(Stdio::null());
            }
        };
        if let Some(mut command) = shelter::transient_unit(programs, marker) {
            arguments(&mut command);
            // A service manager that does not answer is no reason to go without a watchdog.
            if let Ok((process, pipe)) = group::start_and_await(&mut command) {
                let watchdog = Watchdog { process, pipe: Some(pipe) };
                if shelter::is_elsewhere(watchdog.process.id()) {
                    return Ok((watchdog, None));
                }
            }
        }
        let mut command = group::own_program(WATCHDOG_ARG);
        arguments(&mut command);
        let (process, pipe) = group::start_and_await(&mut command)?;
        let warning = match shelter::own_control_group(process.id(), marker) {
            Shelter::Found => None,
            Shelter::None(reason) => Some(format!(
                "the watchdog could not be put outside of this session's control group ({reason}): it survives the \
                 end of the terminal and of this process, but not of whoever ends all processes of the session; then \
                 the next command undoes the apply"
            )),
        };
        Ok((Watchdog { process, pipe: Some(pipe) }, warning))
    }

    /// From here on it watches by itself, until the apply is confirmed or its time is up.
    pub(crate) fn hand_over(mut self) {
        // If it is gone, the next command undoes the apply; whoever waits for the confirmation sees that.
        let _ = self.pipe.as_mut().map(|pipe| pipe.write_all(PENDING));
        self.pipe = None;
    }
}

impl Drop for Watchdog {
    /// As for the guardian: whoever gets here with the pipe has finished, or said that he could not.
    fn drop(&mut self) {
        let Some(mut pipe) = self.pipe.take() else { return };
        if std::thread::panicking() {
            return;
        }
        let told = pipe.write_all(STAND_DOWN);
        drop(pipe);
        if told.is_err() {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}
