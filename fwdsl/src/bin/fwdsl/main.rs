//! The tool `fwdsl`, for those who write policies.
//!
//! | command | does |
//! | --- | --- |
//! | `fmt` | formats the rules in `firewall!` and `rules!`, which rustfmt leaves alone |
#![doc = concat!("\n```text\n", include_str!("exit-codes.txt"), "```")]

mod args;
mod diff;
mod fmt;
mod output;
mod replace;
mod walk;

use std::process::ExitCode;

use args::Command;

fn main() -> ExitCode {
    match args::parse(std::env::args_os()) {
        Ok(Command::Fmt(arguments)) => fmt::fmt(&arguments),
        Err(error) => output::usage(&error),
    }
}
