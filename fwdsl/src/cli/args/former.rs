//! The arguments of the commands about former states.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fwdsl_runtime::host::Options;

use super::change::{Guarded, Kept};

#[derive(Debug, Args)]
pub(in crate::cli) struct RollbackArguments {
    /// The number of the state, as `history` lists it
    #[arg(value_name = "NUMBER")]
    pub(in crate::cli) number: Option<u64>,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pub(in crate::cli) guarded: Guarded,
    /// Replace rules and chains that others have put there since
    #[arg(long)]
    replace_foreign: bool,
    /// Look for iptables and other programs in this directory alone
    #[arg(long, value_name = "DIR")]
    program_dir: Option<PathBuf>,
    /// Keep files, the history and the undo journal below this directory instead of /
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    #[command(flatten)]
    kept: Kept,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryArguments {
    /// Find the history below this directory instead of /
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    #[command(subcommand)]
    pub(in crate::cli) command: Option<HistoryCommand>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum HistoryCommand {
    /// Print a former state: rules, sets, sysctls and files
    ///
    /// As far as the change that ended it and all later ones have touched them; the rest is as it is now.
    Show {
        /// Its number
        #[arg(value_name = "NUMBER")]
        number: u64,
    },
}

impl RollbackArguments {
    pub(in crate::cli) fn options(&self) -> Options {
        Options {
            program_dir: self.program_dir.clone(),
            root: self.root.clone(),
            replace_foreign: self.replace_foreign,
            dry_run: self.dry_run,
            confirm: self.guarded.confirm,
            keep: self.kept.keep,
            ..Options::default()
        }
    }
}

impl HistoryArguments {
    pub(in crate::cli) fn options(&self) -> Options {
        Options { root: self.root.clone(), ..Options::default() }
    }
}
