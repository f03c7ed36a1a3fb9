//! The arguments.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

/// What the exit codes mean; documentation shows the same text.
const EXIT_CODES: &str = include_str!("exit-codes.txt");

/// Helps to write firewall policies in Rust
#[derive(Debug, Parser)]
#[command(name = "fwdsl")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Format the rules in `firewall!` and `rules!`, which rustfmt leaves alone
    ///
    /// Only blanks and line breaks change. A file that is formatted already is not touched.
    Fmt(FmtArguments),
}

#[derive(Debug, Args)]
pub(crate) struct FmtArguments {
    /// Change nothing: print what would change, and exit with 1 if there is any
    #[arg(long)]
    pub(crate) check: bool,
    /// Files, and directories whose `.rs` files are meant; `-` formats standard input to standard output
    ///
    /// In directories are passed over: links, hidden files and directories, and what cargo builds in `target`.
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Reads the arguments, the program's name first.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let command =
        Arguments::command().after_help(EXIT_CODES).mut_subcommands(|command| command.after_help(EXIT_CODES));
    Arguments::from_arg_matches(&command.try_get_matches_from(arguments)?).map(|arguments| arguments.command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn without_paths_it_is_the_directory_one_is_in() {
        let Command::Fmt(arguments) = parse(["fwdsl", "fmt"].map(OsString::from)).unwrap();
        assert_eq!(arguments.paths, [PathBuf::from(".")]);
        assert!(!arguments.check);
    }
}
