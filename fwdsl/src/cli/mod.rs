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
//! | `report` | writes a page of the policy for reviewers: what is open to whom, rules, proofs, findings |
//! | `plan` | tells what an apply would change: packets newly accepted and refused, lines, sets, sysctls, files |
//! | `status` | tells whether the policy is in force, which rule is not, and how many packets each rule has matched |
//! | `apply` | loads the rules and sets the sysctls as one step with an undo; with `--save` keeps them for boot in the same step |
//! | `confirm` | confirms an apply that is undone otherwise (`apply --confirm 60s`) |
//! | `save` | keeps rules and sysctls for boot without applying them, on this host or in an image |
//! | `install` | has the policy loaded at every boot by a service of its own, with a lock-down for when that fails |
//! | `uninstall` | undoes an install and every save |
//! | `boot` | loads the policy that is kept for boot; the service runs this |
//! | `rollback` | brings a former state of the host back: rules, sets, sysctls and files |
//! | `history` | lists the former states that are kept, or prints one |
//! | `recover` | undoes an apply that was ended before it was complete |
//! | `policies` | lists the policies of a program that holds several ([`run_fleet`]), and tells which one is this host's |
//! | `completions` | prints a script that makes a shell complete the arguments |
//! | `man` | prints a manual page, of the program or of a command, or writes all of them |
//!
//! Results go to standard output, warnings and errors to standard error. With `--json` a single object goes to
//! standard output instead, warnings and errors included: `warnings` is a list of sentences, `error` has a `kind`, a
//! `message` and the `exit_code`.
#![doc = concat!("\n```text\n", include_str!("exit-codes.txt"), "```")]

mod apply;
mod args;
mod boot;
mod check;
mod color;
mod confirm;
mod explain;
mod failure;
mod fleet;
mod history;
mod html_report;
mod install;
mod output;
mod pages;
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
use fleet::Chosen;
pub use fleet::{Member, run_fleet};
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
    let context = Context {
        policy: &|| Ok(Chosen::only(policy)),
        definition: &args::definition(),
        json: arguments.json,
    };
    output::print(arguments.json, command(&context, &arguments.command))
}

/// What commands work with.
struct Context<'a> {
    /// The policy. It is asked for by those that need one alone: what has to be undone or told must not wait for the
    /// choice of a policy.
    policy: &'a dyn Fn() -> Result<Chosen<'a>, Failure>,
    /// The command line.
    definition: &'a clap::Command,
    json: bool,
}

fn command(context: &Context<'_>, command: &Command) -> Result<Answer, Failure> {
    let policy = context.policy;
    let done: Result<Done, Failure> = match command {
        Command::Plan(arguments) => return plan::plan(&policy()?, arguments),
        Command::Status(arguments) => return status::status(&policy()?, arguments),
        Command::Show(arguments) => show::show(&*policy()?, arguments, context.json),
        Command::Check => check::check(&*policy()?),
        Command::Explain(arguments) => explain::explain(&*policy()?, arguments),
        Command::Report(arguments) => html_report::html_report(&policy()?, arguments),
        Command::Apply(arguments) => apply::apply(&policy()?, arguments, context.json),
        Command::Confirm(arguments) => confirm::confirm(arguments),
        Command::Save(arguments) => save::save(&policy()?, arguments),
        Command::Install(arguments) => install::install(&policy()?, arguments),
        Command::Uninstall(arguments) => install::uninstall(arguments),
        Command::Boot(arguments) => boot::boot(arguments),
        Command::Rollback(arguments) => rollback::rollback(arguments, context.json),
        Command::History(arguments) => history::history(arguments),
        Command::Recover(arguments) => recover::recover(arguments),
        Command::Completions(arguments) => Ok(pages::completions(context.definition, arguments)),
        Command::Man(arguments) => pages::man(context.definition, arguments),
    };
    done.map(Answer::from)
}
