//! The arguments of the commands that change the host.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use fwdsl_runtime::host::{Options, Variant};

use super::values::{VariantName, parse_time};

#[derive(Debug, Args)]
pub(in crate::cli) struct ApplyArguments {
    /// Say what would change, and change nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Keep rules and sysctls for the next boot in the same step
    #[arg(long)]
    pub(in crate::cli) save: bool,
    /// End the tracked connections that the former rules let begin and these do not
    ///
    /// Connections of which that is not certain are listed and left.
    #[arg(long, conflicts_with = "confirm")]
    drop_revoked: bool,
    #[command(flatten)]
    pub(in crate::cli) guarded: Guarded,
    /// Replace rules and chains that fwdsl did not load
    #[arg(long)]
    replace_foreign: bool,
    /// Use this variant of iptables instead of the one that `iptables-restore` is
    #[arg(long)]
    variant: Option<VariantName>,
    /// Look for iptables and other programs in this directory alone
    #[arg(long, value_name = "DIR")]
    program_dir: Option<PathBuf>,
    /// Keep files and the undo journal below this directory instead of /
    ///
    /// Rules and sysctls are those of the running kernel all the same.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    #[command(flatten)]
    kept: Kept,
}

/// What keeps a change from cutting off whoever makes it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Guarded {
    /// Undo it all unless it is confirmed within this time: 60s, 5m, 1h
    ///
    /// At a console, Enter confirms; over SSH, the command `confirm` in a second connection. Files for boot wait for
    /// that. A watchdog undoes it all if this program, its terminal or its connection ends.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(in crate::cli) confirm: Option<Duration>,
    /// Go on even where the new rules would cut off the SSH connection of this session, or the next one; and with
    /// --confirm even where a shutdown would save them unconfirmed
    #[arg(long)]
    pub(in crate::cli) force: bool,
    /// Do not wait for the confirmation, but leave it to the watchdog
    #[arg(long, requires = "confirm")]
    pub(in crate::cli) detach: bool,
}

/// How many former states are kept.
#[derive(Debug, Args)]
pub(in crate::cli) struct Kept {
    /// Keep so many former states to go back to, and forget older ones
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().keep)]
    pub(in crate::cli) keep: usize,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ConfirmArguments {
    /// Find the apply's journal below this directory instead of /
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SaveArguments {
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Write into the image whose root is this directory, instead of the running host
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RecoverArguments {
    /// Find the undo journal below this directory instead of /
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl ApplyArguments {
    pub(in crate::cli) fn options(&self) -> Options {
        Options {
            variant: self.variant.map(Variant::from),
            program_dir: self.program_dir.clone(),
            root: self.root.clone(),
            replace_foreign: self.replace_foreign,
            dry_run: self.dry_run,
            keep: self.kept.keep,
            drop_revoked: self.drop_revoked,
            confirm: self.guarded.confirm,
            ..Options::default()
        }
    }
}

impl ConfirmArguments {
    pub(in crate::cli) fn options(&self) -> Options {
        Options { root: self.root.clone(), ..Options::default() }
    }
}

impl SaveArguments {
    pub(in crate::cli) fn options(&self) -> Options {
        // An image has no past.
        let keep = if self.root.is_some() { 0 } else { Options::default().keep };
        Options { root: self.root.clone(), dry_run: self.dry_run, keep, ..Options::default() }
    }

    /// The image to write into, if it is not the running host.
    pub(in crate::cli) fn image(&self) -> Option<&Path> {
        self.root.as_deref()
    }
}

impl RecoverArguments {
    pub(in crate::cli) fn options(&self) -> Options {
        Options { root: self.root.clone(), ..Options::default() }
    }
}
