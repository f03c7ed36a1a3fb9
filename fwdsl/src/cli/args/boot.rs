//! The arguments of the commands about what the boot loads.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use fwdsl_runtime::host::boot::Loader;
use fwdsl_runtime::host::{Options, Variant};

use super::values::VariantName;

#[derive(Debug, Args)]
pub(in crate::cli) struct InstallArguments {
    /// What loads the policy: a service of fwdsl's own, or the one that the distribution has for that
    #[arg(long, value_name = "LOADER", default_value = "fwdsl")]
    with: LoaderName,
    /// Install even if the policy asserts no way into the host, so that the lock-down has none
    #[arg(long)]
    pub(in crate::cli) without_way_in: bool,
    /// Load the policy with this variant of iptables instead of the one that `iptables-restore` is at boot
    #[arg(long)]
    variant: Option<VariantName>,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Install into the image whose root is this directory, instead of the running host
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct UninstallArguments {
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Undo what was installed into the image whose root is this directory
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct BootArguments {
    /// Use this variant of iptables instead of the one that was installed for
    #[arg(long)]
    variant: Option<VariantName>,
    /// Find the policy below this directory instead of /
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LoaderName {
    Fwdsl,
    Distribution,
}

impl InstallArguments {
    pub(in crate::cli) fn options(&self) -> Options {
        Options { variant: self.variant.map(Variant::from), ..options(self.root.as_ref(), self.dry_run) }
    }

    /// The image to install into, if it is not the running host.
    pub(in crate::cli) fn image(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    pub(in crate::cli) fn loader(&self) -> Loader {
        match self.with {
            LoaderName::Fwdsl => Loader::Fwdsl,
            LoaderName::Distribution => Loader::Distribution,
        }
    }
}

impl UninstallArguments {
    pub(in crate::cli) fn options(&self) -> Options {
        options(self.root.as_ref(), self.dry_run)
    }

    /// The image to undo it in, if it is not the running host.
    pub(in crate::cli) fn image(&self) -> Option<&Path> {
        self.root.as_deref()
    }
}

fn options(root: Option<&PathBuf>, dry_run: bool) -> Options {
    // An image has no past.
    let keep = if root.is_some() { 0 } else { Options::default().keep };
    Options { root: root.cloned(), dry_run, keep, ..Options::default() }
}

impl BootArguments {
    pub(in crate::cli) fn options(&self) -> Options {
        Options { variant: self.variant.map(Variant::from), root: self.root.clone(), ..Options::default() }
    }
}
