//! The arguments of `report`.

use std::path::PathBuf;

use clap::Args;
use fwdsl_runtime::host::{Options, Variant};

use super::values::VariantName;

#[derive(Debug, Args)]
pub(in crate::cli) struct HtmlReportArguments {
    /// Write the page to this file; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) html: PathBuf,
    /// Take in what `status` tells of this host: whether the policy is in force, and what its rules have counted
    #[arg(long)]
    pub(in crate::cli) status: bool,
    /// Look at this variant of iptables instead of the one that `iptables-restore` is
    #[arg(long, requires = "status")]
    variant: Option<VariantName>,
    /// Look for iptables and other programs in this directory alone
    #[arg(long, value_name = "DIR", requires = "status")]
    program_dir: Option<PathBuf>,
    /// Look for files and the state directory below this directory instead of /
    #[arg(long, value_name = "DIR", requires = "status")]
    root: Option<PathBuf>,
}

impl HtmlReportArguments {
    pub(in crate::cli) fn options(&self) -> Options {
        Options {
            variant: self.variant.map(Variant::from),
            program_dir: self.program_dir.clone(),
            root: self.root.clone(),
            dry_run: true,
            // What others added is told as that, rule by rule, as `status` tells it.
            replace_foreign: true,
            ..Options::default()
        }
    }
}
