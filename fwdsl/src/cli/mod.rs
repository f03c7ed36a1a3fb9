//! The command line of a provisioning binary.
//!
//! ```no_run
//! use fwdsl::prelude::*;
//!
//! static HOST: Policy = firewall! {
//!     chain INPUT policy drop {
//!         in lo => accept;
//!     }
//! };
//!
//! fn main() -> std::process::ExitCode {
//!     fwdsl::cli::run(&HOST)
//! }
//! ```
//!
//! | command | does |
//! | --- | --- |
//! | `show` | prints the rules as `iptables-restore` reads them, or the policy as JSON |
//! | `check` | runs the policy's checks again, at run time, and prints what lints find |
//! | `explain` | tells which verdicts the packets of a pattern get, and every rule that they meet |
//! | `plan` | tells what an apply would change: packets newly accepted and refused, lines, sets, sysctls, files |
//! | `status` | tells whether the policy is in force, which rule is not, and how many packets each rule has matched |
//! | `apply` | loads the rules and sets the sysctls as one step with an undo; with `--save` keeps them for boot in the same step |
//! | `confirm` | confirms an apply that is undone otherwise (`apply --confirm 60s`) |
//! | `save` | keeps rules and sysctls for boot without applying them, on this host or in an image |
//! | `rollback` | brings a former state of the host back: rules, sets, sysctls and files |
//! | `history` | lists the former states that are kept, or prints one |
//! | `recover` | undoes an apply that was ended before it was complete |
//!
//! Results go to standard output, warnings and errors to standard error. With `--json` a single object goes to
//! standard output instead, warnings and errors included: `warnings` is a list of sentences, `error` has a `kind`, a
//! `message` and the `exit_code`.
#![doc = concat!("\n```text\n", include_str!("exit-codes.txt"), "```")]

mod apply;
mod args;
mod check;
mod color;
mod confirm;
mod explain;
mod failure;
mod history;
mod output;
mod plan;
mod recover;
mod report;
mod rollback;
mod save;
mod show;
mod status;
mod trees;
mod utc;
mod wait;

use std::process::ExitCode;

use fwdsl_runtime::Policy;
use fwdsl_runtime::host::guardian;

use args::Command;
use failure::Failure;
use output::{Answer, Done};

/// Runs the command line of the running process for the policy, and returns the exit code for `main`.
///
/// It is to be the first thing that `main` does: an apply starts its own program again, as the guardian that undoes
/// the apply should this process die, and here it is told apart.
pub fn run(policy: &Policy) -> ExitCode {
    if let Some(code) = guardian::intercept() {
        return code;
    }
    let arguments = match args::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    output::print(arguments.json, command(policy, &arguments.command, arguments.json))
}

fn command(policy: &Policy, command: &Command, json: bool) -> Result<Answer, Failure> {
    let done: Result<Done, Failure> = match command {
        Command::Plan(arguments) => return plan::plan(policy, arguments),
        Command::Status(arguments) => return status::status(policy, arguments),
        Command::Show(arguments) => show::show(policy, arguments),
        Command::Check => check::check(policy),
        Command::Explain(arguments) => explain::explain(policy, arguments),
        Command::Apply(arguments) => apply::apply(policy, arguments, json),
        Command::Confirm(arguments) => confirm::confirm(arguments),
        Command::Save(arguments) => save::save(policy, arguments),
        Command::Rollback(arguments) => rollback::rollback(arguments, json),
        Command::History(arguments) => history::history(arguments),
        Command::Recover(arguments) => recover::recover(arguments),
    };
    done.map(Answer::from)
}
