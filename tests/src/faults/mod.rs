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
mod waiting;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use fwdsl_runtime::host::Variant;

pub use booted::Booted;
pub use inject::Fault;
pub use subject::{OnSandbox, Subject};
pub use waiting::{Decided, Decision, Unconfirmed};

use crate::netns::require;
use crate::sandbox::PROGRAMS;
use inject::{Course, Trial};

/// Hosts of a variant at once: while one waits for a program that hangs, or for a watchdog, others work.
const LANES: usize = 2;
/// Set to `all`, every fault is injected on every variant.
const SWITCH: &str = "FWDSL_FAULTS";

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

/// Injects faults into the command that `make` makes, on these variants: so many of all that there are, or, if all are asked
/// for, all. Gives back what became of them.
///
/// # Panics
///
/// If a fault leaves anything but the old or the new state, or anything over. Without the programs that are needed it says
/// so, and gives back `None`.
pub fn sweep<S: Subject>(
    variants: &[Variant],
    count: usize,
    make: impl Fn(Variant) -> S + Sync,
) -> Option<Tally> {
    if !(require(&[&PROGRAMS[..], &["ipset", "strace", "unshare", "mount"]].concat())) {
        return None;
    }
    let tally = Tally::default();
    let all = std::env::var_os(SWITCH).is_some_and(|value| value == "all");
    thread::scope(|scope| {
        for (place, variant) in variants.iter().enumerate() {
            let (make, tally) = (&make, &tally);
            let of = move |faults: Vec<Fault>| match all {
                true => faults,
                false => sample(faults, count / variants.len(), place as f64 / variants.len() as f64),
            };
            scope.spawn(move || sweep_variant(*variant, make, tally, of));
        }
    });
    Some(tally)
}

/// So many of the faults, as far from each other as can be. `shift` moves all of them by a part of that.
fn sample(faults: Vec<Fault>, count: usize, shift: f64) -> Vec<Fault> {
    let step = (faults.len() as f64 / count as f64).max(1.0);
    let indices = (0..count).map(|index| ((index as f64 + shift) * step) as usize);
    indices.filter_map(|index| faults.get(index).cloned()).collect()
}

fn sweep_variant<S: Subject>(
    variant: Variant,
    make: &(impl Fn(Variant) -> S + Sync),
    tally: &Tally,
    of: impl FnOnce(Vec<Fault>) -> Vec<Fault>,
) {
    let first = make(variant);
    let course = Course::learn(&first);
    let mut faults = of(course.faults());
    // Those that take long first.
    faults.sort_by_key(|fault| !fault.hangs());
    let left = Mutex::new(faults.into_iter().enumerate());
    let next = || left.lock().map(|mut left| left.next()).unwrap_or_default();
    let work = |subject: &S| {
        let trial = Trial::new(subject, &course);
        while let Some((turn, fault)) = next() {
            let is_new = trial.inject(&fault, turn);
            if is_new { &tally.new } else { &tally.old }.fetch_add(1, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        for _ in 1..LANES {
            scope.spawn(|| work(&make(variant)));
        }
        work(&first);
    });
}
