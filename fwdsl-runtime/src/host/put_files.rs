//! Files alone, as one step: for saving without applying, and for images.

use serde::Serialize;

use super::carry_out;
use super::change::FileChange;
use super::detect;
use super::error::ApplyError;
use super::journal;
use super::lock::Lock;
use super::options::Options;
use super::plan::Plan;
use super::report::{FileReport, Recovered};
use super::undo;

/// What putting files in place did; with `dry_run`, what it would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FilesReport {
    /// Nothing was touched.
    pub dry_run: bool,
    /// The files that had other contents.
    pub files: Vec<FileReport>,
    /// An earlier apply was found unfinished and undone first.
    pub recovered: Option<Recovered>,
    /// What the reader should know, each a sentence.
    pub warnings: Vec<String>,
}

/// Puts the files in place, or changes none of them.
///
/// No rule and no sysctl is touched, so neither iptables nor any right beyond writing the files is needed, and the
/// tree may be an image's. As for [`super::apply()`], a guardian stands by, so the program that calls this calls
/// [`super::guardian::intercept`] first thing in its `main`.
///
/// # Errors
///
/// See [`ApplyError`]: the files are as they were before, except after [`ApplyError::NotUndone`].
pub fn put_files(files: &[FileChange], options: &Options) -> Result<FilesReport, ApplyError> {
    let host = detect::for_files(options)?;
    let mut report =
        FilesReport { dry_run: options.dry_run, files: Vec::new(), recovered: None, warnings: Vec::new() };
    let _lock = match options.dry_run {
        true => None,
        false => Some(Lock::acquire(&host.root, options.lock_wait)?),
    };
    if !options.dry_run {
        report.recovered = undo::leftover(&host.root)?;
    } else if journal::exists(&host.root) {
        report.warnings.push(journal::UNDER_WAY.to_owned());
    }
    let plan = Plan::of_files(&host, files)?;
    report.files = plan.files_report();
    if !options.dry_run && plan.changes_anything() {
        carry_out::carry_out(&host, &plan, options)?;
    }
    Ok(report)
}
