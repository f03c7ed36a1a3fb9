//! Programs with several policies: which one is chosen, what the tools that run them find, and what programs tell of their
//! command line.

mod choice;
mod deploy;
mod pages;

use std::process::{Command, Output};

use fwdsl_tests::netns::require;

/// The example.
const FLEET: &str = env!("CARGO_BIN_EXE_fleet-tested");
/// A program in which not every host has a policy.
const PARTIAL: &str = env!("CARGO_BIN_EXE_fleet_host");

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}

/// Runs it on a host of that name; other processes keep theirs.
fn run_on(host: &str, program: &str, arguments: &[&str]) -> Output {
    assert!(require(&["unshare"]));
    let script = "printf %s \"$1\" >/proc/sys/kernel/hostname && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--uts", "sh", "-c", script, "sh", host, program]).args(arguments);
    // Whoever starts the program has no say in the name.
    command.env("HOSTNAME", "web-9").output().unwrap()
}
