//! What has to change, and whether it may: snapshot, checks, comparison. Nothing is changed here.
//!
//! A survey goes through all parts, whatever is wrong with one: [`make`] takes it for an apply, which the first problem
//! ends; who only looks (`outlook`) is told all of them.

mod desired;
mod files;
mod former;
mod refusals;
mod report;
mod rules;

use std::fs;
use std::path::PathBuf;

use super::change::{FileChange, SysctlWrite};
use super::detect::Host;
use super::error::ApplyError;
use super::files::Existing;
use super::netlink;
use super::options::{Desired, Options};
use super::order::Order;
use super::owned::Planned;
use super::record::Record;
use super::report::Part;
use super::rules::FamilyPrograms;
use super::sets::{self, SetsPlan};
use super::sysctls;
use super::variant::Variant;
use crate::family::Family;
use crate::restore_text::{Protocols, SavedTable, SavedText};

pub(crate) use desired::{add_left_families, desired_texts};
use files::plan_file;
pub(crate) use former::go_back;

/// Everything that an apply is going to do.
pub(crate) struct Plan {
    pub(crate) rules: Vec<RulesPlan>,
    pub(crate) sets: SetsPlan,
    /// All sysctls that are to hold, for the check at the end.
    pub(crate) sysctls: Vec<SysctlWrite>,
    /// Those that do not hold yet, with their values.
    pub(crate) sysctl_changes: Vec<(SysctlWrite, Option<String>)>,
    pub(crate) files: Vec<FilePlan>,
    /// The record, if it changes; not counted as a change of the host.
    pub(crate) record: Option<FilePlan>,
    /// What it holds then.
    pub(crate) recorded: Record,
    pub(crate) protocols: Protocols,
    /// The generation of nft's rules that all of this is about.
    pub(crate) generation: Option<u32>,
    pub(crate) warnings: Vec<String>,
    /// What the kernel holds, for those who only look.
    pub(crate) seen: Vec<Seen>,
}

/// The tables of one family that have to change.
pub(crate) struct RulesPlan {
    pub(crate) family: Family,
    pub(crate) programs: FamilyPrograms,
    /// The tables to load.
    pub(crate) new: Vec<SavedTable>,
    /// What was there of these tables, with counters.
    pub(crate) former: SavedText,
    /// What is to change in tables that are not ours as a whole.
    pub(crate) shared: Vec<Planned>,
    /// In which order.
    pub(crate) order: Order,
}

/// What the kernel holds for one family.
pub(crate) struct Seen {
    pub(crate) family: Family,
    /// As the program printed it.
    pub(crate) printed: String,
    /// The same, read.
    pub(crate) tables: SavedText,
}

/// One file to put in place.
pub(crate) struct FilePlan {
    pub(crate) change: FileChange,
    /// Where it really is.
    pub(crate) real: PathBuf,
    pub(crate) before: Existing,
    /// Whose a regular file is to be, where that is not the user who runs this.
    pub(crate) owner: Option<(u32, u32)>,
    /// The directories to remove once it is gone, if nothing else is in them; the innermost first.
    pub(crate) emptied: Vec<PathBuf>,
}

/// A plan, as far as there is one, and what stands in its way.
pub(crate) struct Survey {
    pub(crate) plan: Plan,
    pub(crate) problems: Vec<Problem>,
}

/// Why a part cannot be brought about, or is not known.
pub(crate) struct Problem {
    pub(crate) part: Part,
    pub(crate) error: ApplyError,
}

/// Notes what is wrong with a part, and gives back what there is.
fn note<T>(problems: &mut Vec<Problem>, part: Part, result: Result<T, ApplyError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            problems.push(Problem { part, error });
            None
        }
    }
}

/// Looks at the host, refuses what may not be done, and finds what differs. `record` is of the last apply.
pub(crate) fn make(
    host: &Host,
    texts: &[(Family, SavedText)],
    record: Record,
    desired: &Desired,
    options: &Options,
) -> Result<Plan, ApplyError> {
    let Survey { plan, problems } = survey(host, texts, record, desired, options);
    match problems.into_iter().next() {
        None => Ok(plan),
        Some(problem) => Err(problem.error),
    }
}

/// The same, but for the refusing.
pub(crate) fn survey(
    host: &Host,
    texts: &[(Family, SavedText)],
    record: Record,
    desired: &Desired,
    options: &Options,
) -> Survey {
    let generation = generation(host);
    let protocols = protocols();
    let mut problems = Vec::new();
    let rules::RulesSurvey { rules, seen, mut recorded, mut warnings } =
        rules::survey(host, texts, record, desired, options, &protocols, &mut problems);
    let sets = sets::plan(host, &desired.sets, &recorded.sets, &protocols);
    let sets = note(&mut problems, Part::Sets, sets).unwrap_or_default();
    recorded.sets = sets.recorded();
    recorded.policy.clone_from(&desired.policy);
    warnings.extend(sets.warnings.iter().cloned());
    // Files alone, as for an image, leave no trace of ours.
    let record = match seen.is_empty() {
        true => None,
        false => {
            let file = recorded.as_file().and_then(|file| plan_file(host, &file));
            note(&mut problems, Part::Files, file).flatten()
        }
    };
    let files = files::survey(host, desired, &mut problems, &mut warnings);
    let sysctl_changes = desired.sysctls.iter().map(|write| sysctl_change(host, write));
    let sysctl_changes =
        sysctl_changes.filter_map(|change| note(&mut problems, Part::Sysctls, change).flatten()).collect();
    let plan = Plan {
        rules,
        sets,
        recorded,
        sysctls: desired.sysctls.clone(),
        sysctl_changes,
        files,
        record,
        protocols,
        generation,
        warnings,
        seen,
    };
    Survey { plan, problems }
}

/// The generation of nft's rules, to be read before they are looked at.
fn generation(host: &Host) -> Option<u32> {
    (host.variant == Some(Variant::Nft)).then(netlink::generation).flatten()
}

/// The names of protocols on this machine.
fn protocols() -> Protocols {
    // Without the file, the names that every machine knows are enough.
    Protocols::with_file(&fs::read_to_string("/etc/protocols").unwrap_or_default())
}

/// A sysctl that does not hold yet, with its value.
fn sysctl_change(
    host: &Host,
    write: &SysctlWrite,
) -> Result<Option<(SysctlWrite, Option<String>)>, ApplyError> {
    match sysctls::read(&write.key)? {
        Some(value) if sysctls::same(&value, &write.value) => Ok(None),
        None if sysctls::is_of_absent_interface(write) => Ok(None),
        None if write.module.is_none() => {
            Err(ApplyError::Impossible(format!("this kernel has no sysctl `{}`", write.key)))
        }
        old => {
            if old.is_none() {
                // Better missed now than in the middle.
                host.programs.need("modprobe")?;
            }
            Ok(Some((write.clone(), old)))
        }
    }
}
