//! The tool `fwdsl`, for those who write policies.
//!
//! | command | does |
//! | --- | --- |
//! | `fmt` | formats the rules in `firewall!` and `rules!`, which rustfmt leaves alone |
//! | `import` | reads the rules of a host, and writes them as a Rust policy, as iptables has them, or as JSON |
//! | `check` | looks for mistakes in the rules of a host |
//! | `explain` | tells which verdicts packets get from the rules of a host, and why |
//! | `matrix` | tells who may open a service to whom |
//! | `compare` | tells what two firewalls do differently with packets |
//! | `report` | writes a page of a firewall for those who review it |
//! | `completions` | prints a script that makes a shell complete the arguments |
//! | `man` | prints a manual page |
#![doc = concat!("\n```text\n", include_str!("exit-codes.txt"), "```")]

mod args;
mod check;
mod compare;
mod diff;
mod explain;
mod firewall;
mod fmt;
mod html_report;
mod import;
mod matrix;
mod output;
mod pages;
mod replace;
mod walk;

use std::process::ExitCode;

use args::Command;

fn main() -> ExitCode {
    match args::parse(std::env::args_os()) {
        Ok(Command::Fmt(arguments)) => fmt::fmt(&arguments),
        Ok(Command::Import(arguments)) => import::import(&arguments),
        Ok(Command::Check(arguments)) => check::check(&arguments),
        Ok(Command::Explain(arguments)) => explain::explain(&arguments),
        Ok(Command::Matrix(arguments)) => matrix::matrix_command(&arguments),
        Ok(Command::Compare(arguments)) => compare::compare_command(&arguments),
        Ok(Command::Report(arguments)) => html_report::html_report(&arguments),
        Ok(Command::Completions(arguments)) => pages::completions_command(&arguments),
        Ok(Command::Man(arguments)) => pages::man_command(&arguments),
        Err(error) => output::usage(&error),
    }
}
