//! `save`: rules and sysctls kept for the next boot.

use std::env;
use std::path::{Path, PathBuf};

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::boot::{self, recovery};
use fwdsl_runtime::host::change::{FileChange, SysctlWrite};
use fwdsl_runtime::host::sysctl::{expand, modules_file, parameters, set_elsewhere, sysctl_file};
use fwdsl_runtime::host::tree::Tree;
use fwdsl_runtime::host::{self, ApplyError, Desired, DesiredSet};

use super::apply::{self, PROC_SYS, Rules};
use super::args::{RECOVER, SaveArguments};
use super::failure::Failure;
use super::fleet::Chosen;
use super::output::Done;
use super::report;

pub(super) fn save(policy: &Chosen<'_>, arguments: &SaveArguments) -> Result<Done, Failure> {
    let policy = &policy.read()?;
    let mut warnings = Vec::new();
    // An image's interfaces are not those of the machine that it is made on.
    let writes = match arguments.image() {
        Some(_) => None,
        None => {
            let expansion = expand(&policy.sysctls(), Path::new(PROC_SYS))?;
            warnings.extend(apply::left_out(&expansion));
            Some(expansion.writes)
        }
    };
    let tree = Tree::new(arguments.image());
    let kept = kept(policy, &apply::rules(policy)?, writes.as_deref(), &tree)?;
    warnings.extend(kept.warnings);
    // Without rules and sysctls to bring about, an apply needs no program and no right but to write the files.
    let desired = Desired { files: kept.files, ..Desired::default() };
    let report = host::apply(&desired, &arguments.options())?;
    warnings.extend(report.warnings.iter().cloned());
    Ok(Done { text: report::text(&report), json: report::json(&report), warnings })
}

/// What is to stand for the policy to be in force after a boot.
pub(super) struct Kept {
    pub(super) files: Vec<FileChange>,
    pub(super) warnings: Vec<String>,
}

/// The files of rules, sysctls and modules and the links that enable services, in the system of `tree`, in the order
/// in which they are to be put in place. Without `writes`, for an image.
pub(super) fn kept(
    policy: &Chosen<'_>,
    rules: &[Rules],
    writes: Option<&[SysctlWrite]>,
    tree: &Tree,
) -> Result<Kept, Failure> {
    let settings = policy.sysctls();
    let (distribution, taken) = boot::detect_or_running(tree, &Tree::new(None))?;
    let mut whole = Vec::new();
    let mut unplaced = Vec::new();
    for Rules { family, text, sharing } in rules {
        let (text, warnings) = boot::whole_tables(*family, text, sharing, distribution, tree)?;
        whole.push((*family, text));
        unplaced.extend(warnings);
    }
    let texts: Vec<(Family, &str)> = whole.iter().map(|(family, text)| (*family, text.as_str())).collect();
    let plan = boot::plan(&texts, distribution, tree)?;
    let sets: Vec<DesiredSet> = policy.all_sets()?.iter().map(|set| DesiredSet::from(set.as_ref())).collect();
    let foreign: Vec<String> = sets.iter().filter(|set| set.foreign).map(|set| set.name.clone()).collect();
    let families: Vec<Family> = rules.iter().map(|rules| rules.family).collect();
    let sets = boot::plan_sets(&host::sets_text(&sets)?, &foreign, &families, &plan, distribution, tree)?;
    let elsewhere = set_elsewhere(&parameters(&settings, writes), tree).map_err(Failure::SysctlFiles)?;
    let mut files = Vec::new();
    let mut warnings = Vec::new();
    // No boot starts on an image before its files are complete.
    if writes.is_some() {
        let recovery = recovery::plan(&program()?, RECOVER, distribution, tree)?;
        files.extend(recovery.files);
        warnings.extend(recovery.warnings.iter().map(ToString::to_string));
    }
    // Before the rules that refer to them.
    files.extend(sets.files);
    // Rules before sysctls, as in the kernel: should nothing undo half a save, no packet is forwarded without them.
    files.extend(plan.files);
    files
        .extend([modules_file(&settings), sysctl_file(&settings, writes, boot::sysctl_reader(distribution))]);
    files.push(host::policy_name_file(policy.name));
    let said = taken.iter().chain(&unplaced).chain(&plan.warnings).chain(&sets.warnings);
    warnings.extend(said.map(ToString::to_string));
    warnings.extend(elsewhere.iter().map(ToString::to_string));
    Ok(Kept { files, warnings })
}

/// Where the running program lies.
fn program() -> Result<PathBuf, ApplyError> {
    env::current_exe().map_err(|error| ApplyError::System {
        doing: "find",
        path: PathBuf::from("/proc/self/exe"),
        error,
    })
}
