//! `save`: rules and sysctls kept for the next boot.

use std::env;
use std::path::{Path, PathBuf};

use fwdsl_runtime::Policy;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::boot::{
    self, BootPlan, BootProgram, Commands, Distribution, Installed, Installs, KeptPolicy, Loader, Startup,
    recovery,
};
use fwdsl_runtime::host::change::{FileChange, SysctlWrite};
use fwdsl_runtime::host::sysctl::{expand, modules_file, parameters, set_elsewhere, sysctl_file};
use fwdsl_runtime::host::tree::Tree;
use fwdsl_runtime::host::{self, ApplyError, Desired, DesiredSet, Options, Recovered, Report};

use super::apply::{self, PROC_SYS, Rules};
use super::args::{BOOT, RECOVER, SaveArguments};
use super::boot::tell_init;
use super::failure::Failure;
use super::fleet::Chosen;
use super::output::Done;
use super::report;

pub(super) fn save(policy: &Chosen<'_>, arguments: &SaveArguments) -> Result<Done, Failure> {
    let policy = &policy.read()?;
    let options = arguments.options();
    let (writes, mut warnings) = sysctl_writes(policy, arguments.image())?;
    let tree = Tree::new(arguments.image());
    let keeping = Keeping::again(&options, arguments.image().is_some())?;
    let kept = kept(policy, &apply::rules(policy)?, writes.as_deref(), &tree, &keeping)?;
    warnings.extend(kept.warnings);
    // Without rules and sysctls to bring about, an apply needs no program and no right but to write the files.
    let desired = Desired { files: kept.files, installs: Some(keeping.installs), ..Desired::default() };
    let report = Report { recovered: keeping.found.recovered, ..host::apply(&desired, &options)? };
    warnings.extend(report.warnings.iter().cloned());
    warnings.extend(tell_init(&report.files, &options));
    Ok(Done { text: report::text(&report), json: report::json(&report), warnings })
}

/// The sysctls of the running host's interfaces, and what is to be said of them. None for an image, whose interfaces are not
/// those of the machine that it is made on.
pub(super) fn sysctl_writes(
    policy: &Policy,
    image: Option<&Path>,
) -> Result<(Option<Vec<SysctlWrite>>, Vec<String>), Failure> {
    if image.is_some() {
        return Ok((None, Vec::new()));
    }
    let expansion = expand(&policy.sysctls(), Path::new(PROC_SYS))?;
    let warnings = apply::left_out(&expansion);
    Ok((Some(expansion.writes), warnings))
}

/// How a policy is kept for boot.
pub(super) struct Keeping {
    /// What will load it, and with which variant of iptables.
    pub(super) installs: Installs,
    /// What an earlier save or install left.
    pub(super) found: Found,
    /// It is not the running system's boot.
    pub(super) image: bool,
    /// A service undoes what a power failure cuts off.
    pub(super) recovers: bool,
}

impl Keeping {
    /// As it was installed, or as the distribution does it. No boot starts on an image before its files are complete, so
    /// nothing has to be undone there.
    pub(super) fn again(options: &Options, image: bool) -> Result<Keeping, Failure> {
        let found = found(options)?;
        let installs = match &found.installed {
            Some(Installed { loader, variant, .. }) => Installs { loader: *loader, variant: *variant },
            None => Installs { loader: Loader::Distribution, variant: None },
        };
        Ok(Keeping { installs, found, image, recovers: !image })
    }
}

/// What earlier saves and installs left.
pub(super) struct Found {
    pub(super) installed: Option<Installed>,
    /// What of one that was cut off had to be put back, so that it is not taken for what is installed.
    pub(super) recovered: Option<Recovered>,
}

/// What earlier saves and installs left.
pub(super) fn found(options: &Options) -> Result<Found, Failure> {
    let recovered = if options.dry_run { None } else { host::recover_cut_off(options)? };
    let installed = boot::installed(options.root.as_deref().unwrap_or(Path::new("/")))?;
    Ok(Found { installed, recovered })
}

/// What is to stand for the policy to be in force after a boot.
pub(super) struct Kept {
    pub(super) files: Vec<FileChange>,
    pub(super) warnings: Vec<String>,
    /// What will load it.
    pub(super) startup: Startup,
    /// Should it not load, nobody gets into the host from outside.
    pub(super) no_way_in: bool,
}

/// The files of rules, sysctls and modules and the links that enable services, in the system of `tree`, in the order
/// in which they are to be put in place. Without `writes`, for an image.
pub(super) fn kept(
    policy: &Chosen<'_>,
    rules: &[Rules],
    writes: Option<&[SysctlWrite]>,
    tree: &Tree,
    keeping: &Keeping,
) -> Result<Kept, Failure> {
    let settings = policy.sysctls();
    let sets: Vec<DesiredSet> = policy.all_sets()?.iter().map(|set| DesiredSet::from(set.as_ref())).collect();
    let elsewhere = set_elsewhere(&parameters(&settings, writes), tree).map_err(Failure::SysctlFiles)?;
    let running = Tree::new(None);
    let mut kept = match keeping.installs.loader {
        Loader::Fwdsl => {
            let startup = Startup::own(boot::detect_init(tree, &running)?);
            by_own_service(policy, rules, sets, startup, tree, keeping)?
        }
        Loader::Distribution => {
            let (distribution, taken) = boot::detect_or_running(tree, &running)?;
            let mut kept = by_distribution(rules, &sets, distribution, tree, keeping)?;
            kept.warnings.splice(..0, taken.iter().map(ToString::to_string));
            kept
        }
    };
    let families: Vec<Family> = rules.iter().map(|rules| rules.family).collect();
    let modules = match keeping.installs.loader {
        Loader::Fwdsl => boot::own_modules(keeping.installs.variant, &families, tree),
        Loader::Distribution => Vec::new(),
    };
    // Rules before sysctls, as in the kernel: should nothing undo half a save, no packet is forwarded without them.
    let reader = boot::sysctl_reader(kept.startup.init);
    kept.files.extend([modules_file(&settings, &modules), sysctl_file(&settings, writes, reader)]);
    kept.files.push(host::policy_name_file(policy.name));
    kept.files.extend(boot::switch_off(kept.startup.init, &kept.startup.services, tree)?);
    kept.warnings.extend(elsewhere.iter().map(ToString::to_string));
    Ok(kept)
}

fn by_own_service(
    policy: &Chosen<'_>,
    rules: &[Rules],
    sets: Vec<DesiredSet>,
    startup: Startup,
    tree: &Tree,
    keeping: &Keeping,
) -> Result<Kept, Failure> {
    let desired = Desired { sets, ..apply::desired_rules(rules) };
    let kept = KeptPolicy { desired, variant: keeping.installs.variant };
    let lockdown = boot::lockdown(&policy.model());
    let program: BootProgram =
        boot::boot_program(&program()?, tree, keeping.image, keeping.found.installed.as_ref())?;
    let commands = Commands { load: BOOT, recover: RECOVER };
    let BootPlan { files, warnings } =
        boot::plan_own(&kept, &lockdown, &program, commands, startup.init, tree)?;
    let mut warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    let no_way_in = !lockdown.has_way_in;
    if no_way_in {
        warnings.push(NO_WAY_IN.to_owned());
    }
    Ok(Kept { files, warnings, startup, no_way_in })
}

/// What is to be known of a host that is on its own if its policy cannot be loaded.
pub(super) const NO_WAY_IN: &str = "the policy asserts no way into the host, so if it cannot be loaded at boot, the lock-down \
    lets nobody in but at the console";

fn by_distribution(
    rules: &[Rules],
    sets: &[DesiredSet],
    distribution: Distribution,
    tree: &Tree,
    keeping: &Keeping,
) -> Result<Kept, Failure> {
    let startup = Startup::of_distribution(distribution, tree)?;
    let mut whole = Vec::new();
    let mut unplaced = Vec::new();
    for Rules { family, text, sharing } in rules {
        let (text, warnings) = boot::whole_tables(*family, text, sharing, distribution, tree)?;
        whole.push((*family, text));
        unplaced.extend(warnings);
    }
    let texts: Vec<(Family, &str)> = whole.iter().map(|(family, text)| (*family, text.as_str())).collect();
    let plan = boot::plan(&texts, distribution, tree)?;
    let foreign: Vec<String> = sets.iter().filter(|set| set.foreign).map(|set| set.name.clone()).collect();
    let families: Vec<Family> = rules.iter().map(|rules| rules.family).collect();
    let sets = boot::plan_sets(&host::sets_text(sets)?, &foreign, &families, &plan, distribution, tree)?;
    let mut files = Vec::new();
    let mut warnings = Vec::new();
    if keeping.recovers {
        let program = match keeping.image {
            false => BootProgram { path: program()?, copy: None },
            true => boot::boot_program(&program()?, tree, true, keeping.found.installed.as_ref())?,
        };
        files.extend(program.copy.iter().cloned());
        let recovery = recovery::plan(&program.path, RECOVER, &startup, tree)?;
        files.extend(recovery.files);
        let said = recovery.warnings.iter().filter(|warning| !warning.is_met_by(&program));
        warnings.extend(said.map(ToString::to_string));
    }
    // Before the rules that refer to them.
    files.extend(sets.files);
    files.extend(plan.files);
    let said = unplaced.iter().chain(&plan.warnings).chain(&sets.warnings);
    warnings.extend(said.map(ToString::to_string));
    Ok(Kept { files, warnings, startup, no_way_in: false })
}

/// Where the running program lies.
fn program() -> Result<PathBuf, ApplyError> {
    env::current_exe().map_err(|error| ApplyError::System {
        doing: "find",
        path: PathBuf::from("/proc/self/exe"),
        error,
    })
}
