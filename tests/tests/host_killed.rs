//! The applying process killed, and each of its system calls made to fail, at every step of an apply.
//!
//! strace does both: it counts the process's system calls, and at the n-th it sends SIGKILL or gives back an error. So a
//! sweep over n stops the process between any two things that it does.

use std::os::unix::process::ExitStatusExt;
use std::process::Output;

use fwdsl_runtime::host::Variant;
use fwdsl_tests::netns::require;
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox};

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");

/// Everything by which the process can change anything, start anything, or learn of its end.
const STEPS: &str = "write,openat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,symlink,symlinkat,\
                     fsync,fdatasync,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,flock,clone,clone3,vfork,\
                     fork,pipe2,wait4,waitid,kill,close";

/// Those whose failure is the file system's or the kernel's.
const FALLIBLE: &str = "write,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,symlink,symlinkat,fsync,chmod,\
                        fchmod,fchmodat,chown,fchown,lchown,fchownat,clone3,clone,vfork,pipe2";

struct Sweep {
    host: Sandbox,
    old: String,
    new: String,
}

impl Sweep {
    fn new(variant: Variant) -> Sweep {
        let host = Sandbox::new(variant, DRIVER);
        let old = host.state();
        host.apply_well(&["--replace-foreign"]);
        let new = host.state();
        Sweep { host, old, new }
    }

    /// Applies to the former state with something injected into the n-th of some system calls.
    fn apply(&self, calls: &str, injected: &str, n: usize) -> Output {
        self.host.reset();
        let trace = format!("trace={calls}");
        let inject = format!("inject={calls}:{injected}:when={n}");
        let strace = ["strace", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
        let output = self.host.command_under(&strace, "apply", &["--replace-foreign"]).output().unwrap();
        self.host.wait_for_peace();
        output
    }
}

fn kill_sweep(variant: Variant) {
    if !require(&PROGRAMS) || !require(&["strace"]) {
        return;
    }
    let sweep = Sweep::new(variant);
    let (mut became_old, mut became_new) = (0, 0);
    for n in 1.. {
        let output = sweep.apply(STEPS, "signal=KILL", n);
        let state = sweep.host.state();
        if state == sweep.old {
            became_old += 1;
        } else {
            assert_eq!(state, sweep.new, "killed at step {n}: {output:?}");
            became_new += 1;
        }
        if output.status.success() {
            // The whole run took fewer steps. It is all new, and so are some of the runs that were killed at the very
            // end; the steps before the end of the apply are many.
            assert_eq!(state, sweep.new);
            assert!(became_old > 100 && became_new > 1, "{became_old} {became_new}");
            return;
        }
        // strace ends as its tracee did.
        assert!(
            output.status.signal() == Some(9) || output.status.code() == Some(137),
            "step {n}: {output:?}"
        );
    }
}

fn error_sweep(variant: Variant, error: &str) {
    if !require(&PROGRAMS) || !require(&["strace"]) {
        return;
    }
    let sweep = Sweep::new(variant);
    let (mut failed, mut done) = (0, 0);
    // Some errors are none of the apply's concern, such as that of a last report: so the end is known by a run without.
    let all = count(&sweep, FALLIBLE);
    for n in 1..=all {
        let output = sweep.apply(FALLIBLE, &format!("error={error}"), n);
        let state = sweep.host.state();
        if state == sweep.old {
            assert!(!output.status.success(), "error at step {n}: {output:?}");
            failed += 1;
        } else {
            assert_eq!(state, sweep.new, "error at step {n}: {output:?}");
            done += 1;
        }
    }
    assert!(failed > 30, "{failed} {done}");
}

/// How many such calls a whole apply makes.
fn count(sweep: &Sweep, calls: &str) -> usize {
    sweep.host.reset();
    let log = sweep.host.file("trace");
    let trace = format!("trace={calls}");
    let strace = ["strace", "-qq", "-o", log.to_str().unwrap(), "-e", &trace];
    let output = sweep.host.command_under(&strace, "apply", &["--replace-foreign"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    std::fs::read_to_string(log).unwrap().lines().filter(|line| line.contains('(')).count()
}

#[test]
fn killed_at_any_step_on_legacy() {
    kill_sweep(Variant::Legacy);
}

#[test]
fn killed_at_any_step_on_nft() {
    kill_sweep(Variant::Nft);
}

#[test]
fn without_space_at_any_step_on_legacy() {
    error_sweep(Variant::Legacy, "ENOSPC");
}

#[test]
fn failing_at_any_step_on_nft() {
    error_sweep(Variant::Nft, "EIO");
}
