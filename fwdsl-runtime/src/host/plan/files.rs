//! The files that change: those that are to stand, and those of an uninstall.

use super::{FilePlan, Problem, note};
use crate::host::boot;
use crate::host::change::FileChange;
use crate::host::detect::Host;
use crate::host::error::ApplyError;
use crate::host::files;
use crate::host::options::Desired;
use crate::host::places;
use crate::host::report::Part;

pub(super) fn survey(
    host: &Host,
    desired: &Desired,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<String>,
) -> Vec<FilePlan> {
    let noted = note(problems, Part::Files, note_of_install(host, desired)).flatten();
    let files = desired.files.iter().chain(&noted).map(|change| plan_file(host, change));
    let mut files: Vec<FilePlan> =
        files.filter_map(|file| note(problems, Part::Files, file).flatten()).collect();
    if desired.uninstalls {
        files.extend(note(problems, Part::Files, uninstall(host, warnings)).unwrap_or_default());
    }
    files
}

/// What an uninstall will have to know.
fn note_of_install(host: &Host, desired: &Desired) -> Result<Option<FileChange>, ApplyError> {
    let Some(installs) = desired.installs else { return Ok(None) };
    let former = boot::installed(&host.root)?;
    Ok(Some(boot::record(former, installs, &desired.files, &host.root)?))
}

/// The files as they were before all that was installed.
fn uninstall(host: &Host, warnings: &mut Vec<String>) -> Result<Vec<FilePlan>, ApplyError> {
    let Some(installed) = boot::installed(&host.root)? else { return Ok(Vec::new()) };
    let removal = installed.removal(&host.root)?;
    let stays = |path: &std::path::PathBuf| {
        format!("`{}` stays as it is: others have changed it since it was saved", path.display())
    };
    warnings.extend(removal.kept.iter().map(stays));
    let plans: Result<Vec<_>, _> = removal.files.iter().map(|change| plan_file(host, change)).collect();
    let mut plans: Vec<FilePlan> = plans?.into_iter().flatten().collect();
    if let Some(last) = plans.last_mut() {
        let directories = removal.directories.iter().map(|directory| places::below(&host.root, directory));
        last.emptied = directories.collect::<Result<_, _>>()?;
    }
    Ok(plans)
}

/// The plan for a file, or `None` if it is as it should be.
pub(super) fn plan_file(host: &Host, change: &FileChange) -> Result<Option<FilePlan>, ApplyError> {
    let real = places::below(&host.root, &change.path)?;
    let before = files::look(&real)?;
    Ok((!before.is(&change.content)).then(|| FilePlan {
        change: change.clone(),
        real,
        owner: before.owner(),
        before,
        emptied: Vec::new(),
    }))
}
