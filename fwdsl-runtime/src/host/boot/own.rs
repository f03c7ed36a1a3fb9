//! All that is to stand for our own service to load a policy at boot.

use std::path::Path;

use super::kept::KeptPolicy;
use super::layout::{Init, Startup};
use super::lockdown::Lockdown;
use super::program::BootProgram;
use super::recovery;
use super::service::{self, LOCKDOWN_UNIT, UNIT};
use super::{BootError, BootPlan, BootWarning, enable};
use crate::family::Family;
use crate::host::Variant;
use crate::host::tree::Tree;

/// The commands of the program that the services run.
#[derive(Debug, Clone, Copy)]
pub struct Commands {
    /// The one that calls [`load`](super::load).
    pub load: &'static str,
    /// The one that calls [`recover`](crate::host::recover).
    pub recover: &'static str,
}

/// Plans the files and links of our own service, in the order in which they are to be put in place.
///
/// # Errors
/// When a file that tells how services are started cannot be read.
pub fn plan_own(
    kept: &KeptPolicy,
    lockdown: &Lockdown,
    boot_program: &BootProgram,
    commands: Commands,
    init: Init,
    tree: &Tree,
) -> Result<BootPlan, BootError> {
    let mut plan = BootPlan { files: boot_program.copy.iter().cloned().collect(), warnings: Vec::new() };
    let Some(path) = boot_program.path.to_str() else {
        return Err(BootError::Unwritable { program: boot_program.path.clone() });
    };
    let recovery = recovery::plan(&boot_program.path, commands.recover, &Startup::own(init), tree)?;
    plan.files.extend(recovery.files);
    for warning in recovery.warnings.into_iter().filter(|warning| !warning.is_met_by(boot_program)) {
        plan.warn(BootWarning::Recovery(warning));
    }
    plan.files.push(kept.as_file()?);
    plan.files.extend(lockdown.files.iter().cloned());
    plan.files.extend(service::files(path, commands.load, init, tree));
    if init == Init::Systemd {
        if enable::is_masked(UNIT, tree) {
            plan.warn(BootWarning::Masked { service: UNIT });
        }
        if enable::is_masked(LOCKDOWN_UNIT, tree) {
            plan.warn(BootWarning::LockdownMasked);
        }
    }
    for place in &lockdown.left_out {
        plan.warn(BootWarning::NotInLockdown { place: place.clone() });
    }
    for name in missing_programs(kept, tree) {
        plan.warn(BootWarning::NotInstalled { service: name, package: name });
    }
    for set in kept.desired.sets.iter().filter(|set| set.foreign) {
        plan.warn(BootWarning::ForeignSet { name: set.name.clone() });
    }
    Ok(plan)
}

/// The programs that the boot will miss.
fn missing_programs(kept: &KeptPolicy, tree: &Tree) -> Vec<&'static str> {
    let there = |name: &str| {
        let directories = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin"];
        directories.iter().any(|directory| tree.exists(&Path::new(directory).join(name)))
    };
    let restore = match kept.variant {
        None => "iptables-restore".to_owned(),
        Some(variant) => variant.program(Family::Ipv4, "restore"),
    };
    let needs_sets = kept.desired.sets.iter().any(|set| !set.foreign);
    let mut missing = Vec::new();
    if !there(&restore) {
        missing.push("iptables");
    }
    if needs_sets && !there("ipset") {
        missing.push("ipset");
    }
    missing
}

/// The modules that the service needs and that no kernel loads by itself: the legacy variant loads its own, which needs a
/// right that the service does not have.
pub fn own_modules(variant: Option<Variant>, families: &[Family], tree: &Tree) -> Vec<&'static str> {
    let is_legacy =
        |family: &Family| variant.or_else(|| super::service_variant(*family, tree)) == Some(Variant::Legacy);
    let module = |family: &Family| match family {
        Family::Ipv4 => "ip_tables",
        Family::Ipv6 => "ip6_tables",
    };
    families.iter().filter(|family| is_legacy(family)).map(module).collect()
}
