//! Keeping rules for the next boot: where the distribution keeps them, loaded by the service that it has for
//! that ([`plan`]), or in a file of ours, loaded by a service of ours ([`plan_own`]).
//!
//! Nothing is written here: the plans say which files and links are to stand, for the running system or for
//! an image, and an apply that [installs](super::Desired::installs) them takes note of what stood there before. Only [`load`], which our service runs, does something.

mod distribution;
mod enable;
mod hardening;
mod installed;
mod kept;
mod layout;
mod load;
mod lockdown;
mod managers;
mod notify;
mod own;
pub(crate) mod program;
pub mod recovery;
mod save_on_stop;
mod sections;
mod service;
mod service_variant;
mod sets;
mod shared;
mod state;

use std::fmt;
use std::io;
use std::path::PathBuf;

pub use distribution::{Distribution, detect, detect_or_running};
use enable::Enabling;
pub(crate) use installed::record;
pub use installed::{Installed, Installs, Loader, installed};
pub use kept::KeptPolicy;
pub use layout::{Init, Layout, Startup, detect_init, layout, sysctl_reader};
pub use load::load;
pub(crate) use lockdown::loaded as loaded_lockdown;
pub use lockdown::{Lockdown, lockdown};
pub use managers::{BootManager, boot_managers};
pub use notify::tell_init;
pub use own::{Commands, own_modules, plan_own};
pub use program::{BootProgram, Unfit, boot_program};
pub use save_on_stop::{saves_on_stop, switch_off};
pub use service_variant::service_variant;
pub use sets::plan_sets;
pub use shared::whole_tables;
pub use state::{BootService, ServiceState, boot_services};

use super::change::{FileChange, FileContent};
use super::tree::Tree;
use super::variant::Variant;
use crate::family::Family;

/// What is to stand for rules or sets to be loaded at boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootPlan {
    /// The files and links.
    pub files: Vec<FileChange>,
    /// What will keep them from being loaded at boot.
    pub warnings: Vec<BootWarning>,
}

impl BootPlan {
    /// Adds a warning; what two services have in common is said once.
    fn warn(&mut self, warning: BootWarning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// Plans to keep the rules (each family's restore text) on the system.
///
/// Only files of the families in `rules` are touched. Tables that the rules do not have stay in the files word
/// for word. The files are the same for both variants of iptables.
///
/// # Errors
/// When a file that is there cannot be read, or is not one that `iptables-restore` reads.
pub fn plan(
    rules: &[(Family, &str)],
    distribution: Distribution,
    tree: &Tree,
) -> Result<BootPlan, BootError> {
    let mut plan = BootPlan { files: Vec::new(), warnings: Vec::new() };
    let mut services = Vec::new();
    for (family, text) in rules {
        let layout =
            layout(distribution, *family, tree).map_err(|error| cannot_read("/etc/conf.d", error))?;
        plan.files.push(rules_file(*family, text, &layout, tree)?);
        if layout.needs.is_some_and(|path| !tree.exists(path.as_ref())) {
            plan.warn(BootWarning::NotInstalled { service: layout.service, package: layout.package });
        }
        if !services.contains(&layout.service) {
            services.push(layout.service);
            let enabling = enable::enable(layout.service, layout.init, tree)
                .map_err(|error| cannot_read(layout.service, error))?;
            match enabling {
                Enabling::Links(links) => plan.files.extend(links),
                Enabling::NotInstalled => {
                    plan.warn(BootWarning::NotInstalled { service: layout.service, package: layout.package });
                }
                Enabling::Masked => plan.warn(BootWarning::Masked { service: layout.service }),
            }
        }
    }
    Ok(plan)
}

/// Warns of families whose rules are in use in one variant of iptables while the boot will load them in the
/// other: the one that was installed for, else that of the system.
pub fn other_variants(
    families: &[Family],
    in_use: Variant,
    installed: Option<Variant>,
    tree: &Tree,
) -> Vec<BootWarning> {
    let warning = |family: &Family| {
        let at_boot = installed.or_else(|| service_variant(*family, tree));
        let at_boot = at_boot.filter(|at_boot| *at_boot != in_use)?;
        Some(BootWarning::OtherVariant { family: *family, in_use, at_boot })
    };
    families.iter().filter_map(warning).collect()
}

fn rules_file(family: Family, text: &str, layout: &Layout, tree: &Tree) -> Result<FileChange, BootError> {
    let path = &layout.rules;
    let former = tree.read(path).map_err(|error| BootError::Read { path: path.clone(), error })?;
    let merged = sections::merged(text, &former.unwrap_or_default())
        .map_err(|line| BootError::NotRules { path: path.clone(), line })?;
    Ok(FileChange {
        path: path.clone(),
        content: FileContent::Regular { bytes: merged.into_bytes(), mode: layout.mode },
        purpose: format!("{family} rules for boot"),
    })
}

fn cannot_read(path: &str, error: io::Error) -> BootError {
    BootError::Read { path: PathBuf::from(path), error }
}

/// Why the boot may not bring the rules that were saved for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootWarning {
    /// The file tree does not say what distribution it is of, so it was taken for that of the running system.
    DistributionOfRunning {
        /// The running system's.
        distribution: Distribution,
    },
    /// The service that loads the rules, or a part of it, is not there.
    NotInstalled {
        /// The service.
        service: &'static str,
        /// The package that brings it.
        package: &'static str,
    },
    /// The service is masked, so that nothing starts it.
    Masked {
        /// The service.
        service: &'static str,
    },
    /// The rule that a jump to our chain is to stand beside is not among those for boot.
    Unplaced {
        /// Whose rules.
        family: Family,
        /// The built-in chain.
        from: String,
        /// Our chain.
        to: String,
        /// The chain that the missing rule goes to.
        anchor: String,
    },
    /// The rules refer to a set of others, and do not load without it.
    ForeignSet {
        /// Its name.
        name: String,
    },
    /// An apply that a power failure cuts off may not be undone.
    Recovery(recovery::RecoveryWarning),
    /// The lock-down is masked, so that nothing starts it.
    LockdownMasked,
    /// The lock-down does not let through what the policy asserts to be accepted.
    NotInLockdown {
        /// Where the source has the assertion.
        place: String,
    },
    /// The rules are in one variant's kernel interface now, and will be in the other's after a boot.
    OtherVariant {
        /// Whose rules.
        family: Family,
        /// The variant in use.
        in_use: Variant,
        /// The variant that the service runs.
        at_boot: Variant,
    },
}

impl fmt::Display for BootWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BootWarning::DistributionOfRunning { distribution } => write!(
                f,
                "there is no os-release file that tells the distribution, so the file tree is taken for \
                 {distribution}, like the running host; if it is of another one, put its /etc/os-release there and \
                 save again"
            ),
            BootWarning::NotInstalled { service, package } => write!(
                f,
                "saved rules will not be loaded at boot, because `{service}` is missing or incomplete: install the \
                 package `{package}`, then save again"
            ),
            BootWarning::Masked { service } => write!(
                f,
                "saved rules will not be loaded at boot, because `{service}` is masked: \
                 `systemctl unmask {service}`, then save again"
            ),
            BootWarning::Unplaced { family, from, to, anchor } => write!(
                f,
                "at boot, the {family} jump from {from} to `{to}` comes before there is one to `{anchor}`; whether it \
                 stands on the right side of it is up to what makes that, until the next apply"
            ),
            BootWarning::ForeignSet { name } => write!(
                f,
                "saved rules refer to the set `{name}` of others and will not be loaded at boot unless it is there by \
                 then: have it made before the rules are loaded"
            ),
            BootWarning::Recovery(warning) => warning.fmt(f),
            BootWarning::LockdownMasked => write!(
                f,
                "nothing will lock the host down if the policy cannot be loaded at boot, because `{unit}` is masked: \
                 `systemctl unmask {unit}`, then save again",
                unit = service::LOCKDOWN_UNIT
            ),
            BootWarning::NotInLockdown { place } => write!(
                f,
                "the lock-down, which comes up at boot if the policy cannot be loaded, does not let through what is \
                 asserted at {place}: that asks for more than every iptables has; assert a way in without sets and \
                 extensions"
            ),
            BootWarning::OtherVariant { family, in_use, at_boot } => write!(
                f,
                "the {family} rules are in use in the {in_use} variant of iptables, but the boot will load them in the \
                 {at_boot} one: set the system's alternatives to {in_use}, or apply with {at_boot}"
            ),
        }
    }
}

/// Why rules cannot be kept for boot. Nothing was changed.
#[derive(Debug)]
pub enum BootError {
    /// It is not known where this distribution keeps rules.
    UnknownDistribution {
        /// What os-release(5) calls it, the most specific name first; empty where there is no such file.
        names: Vec<String>,
    },
    /// It is not known what starts services here.
    UnknownInit,
    /// The program's path cannot be written into a service.
    Unwritable {
        /// The program.
        program: PathBuf,
    },
    /// Another program is where the one that the boot runs would go.
    ProgramTaken {
        /// Where.
        path: PathBuf,
    },
    /// Something else loads the policy at boot already.
    OtherLoader {
        /// What does.
        installed: Loader,
        /// What was asked for.
        wanted: Loader,
    },
    /// What an earlier save or install kept cannot be used.
    Kept {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that is there cannot be read.
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file that the rules belong in holds something else, which would be lost.
    NotRules {
        /// Which.
        path: PathBuf,
        /// The line that is not of a table, 1 is the first.
        line: usize,
    },
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BootError::UnknownDistribution { names } => {
                match names.first() {
                    Some(name) => write!(f, "where `{name}` keeps firewall rules for boot is not known")?,
                    None => f.write_str(
                        "there is no /etc/os-release that tells the distribution, so where it keeps firewall rules \
                         for boot is not known",
                    )?,
                }
                f.write_str("; known are Alpine, Arch, Debian, Fedora and what os-release(5) calls like them")
            }
            BootError::UnknownInit => f.write_str(
                "what starts services at boot is neither systemd nor OpenRC, nor is there a known distribution that \
                 tells",
            ),
            BootError::Unwritable { program } => {
                write!(f, "the path {program:?} cannot be written into a service: give the program a plain name")
            }
            BootError::ProgramTaken { path } => write!(
                f,
                "another program is at `{}`, where a copy of this one would go for the boot: move it away, or give \
                 this one another name",
                path.display()
            ),
            BootError::OtherLoader { installed, wanted } => {
                let name = |loader: &Loader| match loader {
                    Loader::Fwdsl => "the service of fwdsl itself",
                    Loader::Distribution => "the distribution's service",
                };
                write!(
                    f,
                    "{} loads the policy at boot since an earlier install or save: `uninstall` first, then \
                     `install --with {wanted}` for {}",
                    name(installed),
                    name(wanted)
                )
            }
            BootError::Kept { path, reason } => {
                write!(f, "`{}`, which fwdsl wrote, cannot be used: {reason}", path.display())
            }
            BootError::Read { path, error } => write!(f, "cannot read `{}`: {error}", path.display()),
            BootError::NotRules { path, line } => write!(
                f,
                "`{}` is not a file of iptables rules (line {line}), and saving would overwrite it: move it away first",
                path.display()
            ),
        }
    }
}

impl std::error::Error for BootError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            BootError::Read { error, .. } => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
