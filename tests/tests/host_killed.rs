//! The applying process killed, and each of its system calls made to fail, at every step of an apply.
//!
//! strace does both: it counts each system call of the process by itself, and at the n-th it sends SIGKILL or gives back
//! an error. A sweep over the calls and their counts stops the process between any two things that it does.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::Output;

use fwdsl_runtime::host::Variant;
use fwdsl_tests::netns::require;
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS};

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");

/// Everything by which the process can change or start anything, or learn of its end; not all machines have all of them.
const STEPS: [&str; 26] = [
    "write",
    "open",
    "openat",
    "close",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "symlink",
    "symlinkat",
    "fsync",
    "chmod",
    "fchmod",
    "fchmodat",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "flock",
    "clone3",
    "vfork",
    "wait4",
];

/// Those that by themselves change nothing that lasts: of what lies between two changes, a part is enough, and all of it is
/// tried with `FWDSL_EVERY_STEP` set.
const IDLE: [&str; 2] = ["close", "openat"];

/// Those that tell nothing of an error or cannot have one.
const INFALLIBLE: [&str; 2] = ["close", "wait4"];

struct Sweep {
    host: Sandbox,
    old: String,
    new: String,
    /// How often a whole apply makes each call.
    calls: BTreeMap<String, usize>,
}

impl Sweep {
    fn new(variant: Variant) -> Sweep {
        let host = Sandbox::new(variant, DRIVER);
        let old = host.state();
        let log = host.file("trace");
        let steps: Vec<String> = STEPS.iter().map(|call| format!("?{call}")).collect();
        let trace = format!("trace={}", steps.join(","));
        let strace = ["strace", "-qq", "-o", log.to_str().unwrap(), "-e", &trace];
        let output = host.command_under(&strace, "apply", &["--replace-foreign"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let new = host.state();
        let mut calls = BTreeMap::new();
        for call in std::fs::read_to_string(log).unwrap().lines().filter_map(|line| line.split_once('(')) {
            *calls.entry(call.0.to_owned()).or_default() += 1;
        }
        Sweep { host, old, new, calls }
    }

    /// The counts of a call that are tried.
    fn counts(&self, call: &str) -> impl Iterator<Item = usize> {
        let every = std::env::var_os("FWDSL_EVERY_STEP").is_some() || !IDLE.contains(&call);
        (1..=self.calls[call]).step_by(if every { 1 } else { 5 })
    }

    /// Applies to the former state with something injected into the n-th `call`, and says whether all is new.
    fn becomes_new(&self, call: &str, n: usize, injected: &str) -> (bool, Output) {
        self.host.reset();
        let trace = format!("trace={call}");
        let inject = format!("inject={call}:{injected}:when={n}");
        let strace = ["strace", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
        let output = self.host.command_under(&strace, "apply", &["--replace-foreign"]).output().unwrap();
        self.host.wait_for_peace();
        let state = self.host.state();
        if state != self.old {
            assert_eq!(state, self.new, "{injected} at {call} {n}: {output:?}");
        }
        (state == self.new, output)
    }
}

fn sweeps(test: impl Fn(Sweep)) {
    if require(&PROGRAMS) && require(&["strace"]) {
        VARIANTS.into_iter().for_each(|variant| test(Sweep::new(variant)));
    }
}

/// Kills at every count of the calls that `part` takes.
fn kill_sweep(part: impl Fn(&str) -> bool) {
    sweeps(|sweep| {
        let (mut old, mut new) = (0, 0);
        for (call, count) in sweep.calls.iter().filter(|(call, _)| part(call)) {
            for n in sweep.counts(call) {
                let (is_new, output) = sweep.becomes_new(call, n, "signal=KILL");
                // strace ends as its tracee did. A count can differ from run to run by a thread's doing.
                let killed = output.status.signal() == Some(9) || output.status.code() == Some(137);
                assert!(killed || (is_new && n + 5 > *count), "{call} {n} of {count}: {output:?}");
                *(if is_new { &mut new } else { &mut old }) += 1;
            }
        }
        // Most of what an apply does is before the moment that decides.
        assert!(old > 20 && old > new, "{old} were old, {new} new");
    });
}

#[test]
fn killed_at_any_step_of_its_files() {
    kill_sweep(|call| !matches!(call, "openat" | "close" | "clone3" | "wait4"));
}

#[test]
fn killed_at_any_step_of_its_programs() {
    kill_sweep(|call| matches!(call, "clone3" | "wait4" | "openat"));
}

#[test]
fn killed_at_any_other_step() {
    kill_sweep(|call| call == "close");
}

#[test]
fn an_error_at_any_step_is_undone() {
    sweeps(|sweep| {
        let error = if sweep.host.variant == Variant::Nft { "error=EIO" } else { "error=ENOSPC" };
        let (mut failed, mut done) = (0, 0);
        for call in sweep.calls.keys().filter(|call| !INFALLIBLE.contains(&call.as_str())) {
            for n in sweep.counts(call) {
                let (is_new, output) = sweep.becomes_new(call, n, error);
                if is_new {
                    done += 1;
                } else {
                    assert!(!output.status.success(), "{call} {n}: {output:?}");
                    failed += 1;
                }
            }
        }
        assert!(failed > 50, "{failed} failed, {done} did not");
    });
}
