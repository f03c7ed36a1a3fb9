//! What the watchdog does.

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal, setsid};
use signal_hook::consts::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::flag;

use super::{PENDING, STAND_DOWN, shelter};
use crate::host::clock;
use crate::host::error::ApplyError;
use crate::host::guardian::READY;
use crate::host::journal::{self, Journal};
use crate::host::lock::{Lock, WatchdogLock};
use crate::host::outcome::Ended;
use crate::host::undo;

/// How often the clock and the journal are looked at. Waiting itself may be on a clock that stands still while the
/// machine is suspended, and a confirmation is not told otherwise.
const PULSE: Duration = Duration::from_millis(200);
/// How long a command that is at work when the time is up may take before it is ended.
const GRACE: Duration = Duration::from_secs(5);
/// How long the watchdog of an earlier apply may take to notice that it has nothing to watch any more.
const SUCCESSION: Duration = Duration::from_secs(10);
/// How often the journal is read until it is called damaged.
const READS: usize = 25;
/// How often an undo is begun that fails, and how long it rests in between.
const ATTEMPTS: usize = 120;
const PAUSE: Duration = Duration::from_secs(5);

/// What the applier said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// Nothing, until it died or the time was up.
    Nothing,
    /// Only the confirmation is missing.
    Pending,
    /// There is nothing to undo.
    StandDown,
}

struct Watch {
    root: PathBuf,
    applier: OwnedFd,
    deadline: Duration,
    /// Somebody wants the watchdog to end, so it does its work before.
    terminated: Arc<AtomicBool>,
}

/// Watches over the apply of the process that started this one.
pub(crate) fn watch(root: &Path, window: Duration, applier: i32) -> ExitCode {
    // As for the guardian.
    let _ = setsid();
    let Ok((watch, _lock)) = Watch::begin(root, window, applier) else { return ExitCode::FAILURE };
    let mut stdout = io::stdout();
    if stdout.write_all(READY.as_bytes()).and_then(|()| stdout.flush()).is_err() {
        return ExitCode::FAILURE;
    }
    let code = match watch.run() {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(Ended::Unconfirmed)) => {
            say("the apply was not confirmed in time; the former state is back");
            ExitCode::SUCCESS
        }
        Ok(Some(_)) => {
            say("the apply was ended before it was complete; the former state is back");
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("the apply was not confirmed, and {error}"));
            ExitCode::FAILURE
        }
    };
    shelter::leave();
    code
}

impl Watch {
    fn begin(root: &Path, window: Duration, applier: i32) -> Result<(Watch, WatchdogLock), ApplyError> {
        let helper = |error: io::Error| ApplyError::Helper(error.to_string());
        let terminated = Arc::new(AtomicBool::new(false));
        flag::register(SIGTERM, Arc::clone(&terminated)).map_err(helper)?;
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM] {
            flag::register(signal, Arc::new(AtomicBool::new(false))).map_err(helper)?;
        }
        // The applier waits for our answer, so this is its own id still.
        let pid = Pid::from_raw(applier).ok_or_else(|| ApplyError::Helper("no process".to_owned()))?;
        let applier = pidfd_open(pid, PidfdFlags::empty()).map_err(|error| helper(error.into()))?;
        let lock = WatchdogLock::acquire(root, SUCCESSION)?;
        let deadline = clock::now() + window;
        Ok((Watch { root: root.to_owned(), applier, deadline, terminated }, lock))
    }

    /// Watches until there is nothing to watch any more. Gives back how the apply ended, if it was undone here.
    fn run(mut self) -> Result<Option<Ended>, ApplyError> {
        match self.listen() {
            Said::Nothing if self.is_over() => self.end_applier(),
            // It died.
            Said::Nothing | Said::Pending => {}
            Said::StandDown => return Ok(None),
        }
        let Some(journal) = self.read_journal()? else { return Ok(None) };
        let apply = journal.id().to_owned();
        let ended = match journal.pending()? {
            None => Ended::CutOff,
            // It may have died, or stood still, before it could say so.
            Some(pending) => {
                self.deadline = pending.deadline();
                Ended::Unconfirmed
            }
        };
        if ended == Ended::Unconfirmed && !self.wait(&apply) {
            return Ok(None);
        }
        self.undo(&apply, ended)
    }

    /// Hears what the applier has to say until the first deadline.
    fn listen(&self) -> Said {
        let mut said = Vec::new();
        let stdin = io::stdin();
        while !self.is_over() {
            let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
            let pulse = Timespec::try_from(PULSE).ok();
            if !matches!(poll(&mut fds, pulse.as_ref()), Ok(1..)) {
                continue;
            }
            let mut bytes = [0; 64];
            match rustix::io::read(&stdin, &mut bytes) {
                Ok(0) => return Said::Nothing,
                Ok(count) => said.extend_from_slice(&bytes[..count]),
                Err(_) => {}
            }
            if said == PENDING {
                return Said::Pending;
            }
            if said == STAND_DOWN {
                return Said::StandDown;
            }
        }
        Said::Nothing
    }

    /// Whether the time is up.
    fn is_over(&self) -> bool {
        clock::now() >= self.deadline || self.terminated.load(Ordering::Relaxed)
    }

    /// Ends the applier, and waits until it can do nothing any more.
    fn end_applier(&self) {
        // It may be gone already, which is as good.
        let _ = pidfd_send_signal(&self.applier, Signal::KILL);
        let _ =
            poll(&mut [PollFd::new(&self.applier, PollFlags::IN)], Timespec::try_from(GRACE).ok().as_ref());
    }

    /// The journal, if there is one. What cannot be read now may be in a moment.
    fn read_journal(&self) -> Result<Option<Journal>, ApplyError> {
        for _ in 0..READS {
            if let Ok(journal) = journal::load(&self.root) {
                return Ok(journal);
            }
            thread::sleep(PULSE);
        }
        journal::load(&self.root)
    }

    /// Waits for the deadline; `false` if the apply was confirmed or undone by then.
    fn wait(&self, apply: &str) -> bool {
        while !self.is_over() {
            if !self.is_there(apply) {
                return false;
            }
            thread::sleep(self.deadline.saturating_sub(clock::now()).min(PULSE));
        }
        true
    }

    /// Whether the journal of the apply is there.
    fn is_there(&self, apply: &str) -> bool {
        match journal::load(&self.root) {
            Ok(journal) => journal.is_some_and(|journal| journal.id() == apply),
            // One that cannot be read now may be later.
            Err(_) => true,
        }
    }

    /// Undoes the apply, and does not give up soon: whoever could do it by hand may be cut off.
    fn undo(&self, apply: &str, ended: Ended) -> Result<Option<Ended>, ApplyError> {
        let mut attempt = 1;
        loop {
            let Some(lock) = Lock::acquire_from_anybody(&self.root, GRACE, || self.is_there(apply))? else {
                return Ok(None);
            };
            let result = undo::leftover(&self.root, ended);
            drop(lock);
            match result {
                Ok(recovered) => return Ok(recovered.map(|_| ended)),
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(_) => attempt += 1,
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Tells the terminal, if there is one, and the system's log. Both may be gone, so this must not fail.
fn say(sentence: &str) {
    let _ = writeln!(io::stderr(), "fwdsl: {sentence}");
    let log = UnixDatagram::unbound();
    // Facility daemon, severity warning (RFC 5424).
    let _ = log.and_then(|log| log.send_to(format!("<28>fwdsl: {sentence}").as_bytes(), "/dev/log"));
}
