//! Faults, injected at every step of a command: after each the host must be wholly as it was or wholly as it is to be,
//! with nothing left over, and the next command says what happened.
//!
//! A [`Subject`] is a command on a host of its own. What is done to it is a [`Fault`]:
//!
//! - the process is killed before a system call that changes something, or while a program of it runs;
//! - such a call fails as on a full disk, a read-only file system, a missing directory, or where no process can be made;
//! - the power goes at such a call: everybody dies at once, guardian and programs too, and what is in the kernel and on
//!   disk stays;
//! - a program that the command runs fails, fails after its work, is killed, or hangs.
//!
//! The calls are those of an undisturbed run under strace, which also injects: it counts each call of the process and acts
//! at the n-th. Calls that change nothing are left out: between two that do, all moments are the same.

mod booted;
mod inject;
mod leftovers;
mod programs;
mod subject;
mod trace;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use fwdsl_runtime::host::Variant;

pub use booted::Booted;
pub use inject::Fault;
pub use subject::{OnSandbox, Subject};

use crate::netns::require;
use crate::sandbox::PROGRAMS;

/// Threads that inject faults, each with hosts of its own; some wait for a program that hangs.
const THREADS: usize = 4;
/// Set to `all`, every fault is injected on every variant.
const SWITCH: &str = "FWDSL_FAULTS";

/// How many faults are injected where not all are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// All of them.
    All,
    /// Each on one of the variants, by turns.
    Turns,
    /// Every second of those.
    Sample,
}

/// What became of the faults of a command.
#[derive(Debug, Default)]
pub struct Tally {
    old: AtomicUsize,
    new: AtomicUsize,
}

impl Tally {
    /// After how many faults the host was as before, and after how many as it was to be.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.old.load(Ordering::Relaxed), self.new.load(Ordering::Relaxed))
    }
}

/// Injects faults into the command that `make` makes, on these variants. Gives back what became of them.
///
/// # Panics
///
/// If a fault leaves anything but the old or the new state, or anything over. Without the programs that are needed it says
/// so, and gives back `None`.
pub fn sweep<S: Subject>(
    variants: &[Variant],
    share: Share,
    make: impl Fn(Variant) -> S + Sync,
) -> Option<Tally> {
    if !(require(&[&PROGRAMS[..], &["ipset", "strace", "unshare", "mount"]].concat())) {
        return None;
    }
    let tally = Tally::default();
    let all = share == Share::All || std::env::var_os(SWITCH).is_some_and(|value| value == "all");
    let every = if all { 1 } else { variants.len() * if share == Share::Sample { 2 } else { 1 } };
    thread::scope(|scope| {
        for (turn, variant) in variants.iter().enumerate() {
            let (make, tally) = (&make, &tally);
            scope.spawn(move || sweep_variant(*variant, make, tally, (turn % every, every)));
        }
    });
    Some(tally)
}

/// Takes one fault of every `every`, beginning with the one at `first`.
fn sweep_variant<S: Subject>(
    variant: Variant,
    make: &(impl Fn(Variant) -> S + Sync),
    tally: &Tally,
    (first, every): (usize, usize),
) {
    let trial = inject::Trial::new(make(variant));
    let mut faults: Vec<Fault> = trial.faults().into_iter().skip(first).step_by(every).collect();
    // Those that take long first.
    faults.sort_by_key(|fault| !fault.hangs());
    let left = Mutex::new(faults.into_iter());
    let next = || left.lock().map(|mut left| left.next()).unwrap_or_default();
    let work = |trial: inject::Trial<S>| {
        while let Some(fault) = next() {
            let is_new = trial.inject(&fault);
            if is_new { &tally.new } else { &tally.old }.fetch_add(1, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        for _ in 1..THREADS {
            scope.spawn(|| work(inject::Trial::new(make(variant))));
        }
        work(trial);
    });
}
