//! `boot`: what the service of fwdsl runs. And what every command owes the init that starts services.

use fwdsl_runtime::host::boot;
use fwdsl_runtime::host::tree::Tree;
use fwdsl_runtime::host::{FileReport, Options};

use super::args::BootArguments;
use super::failure::Failure;
use super::output::Done;
use super::report;

pub(super) fn boot(arguments: &BootArguments) -> Result<Done, Failure> {
    let report = boot::load(&arguments.options())?;
    Ok(Done { text: report::text(&report), json: report::json(&report), warnings: report.warnings })
}

/// Tells the init of the running host that files of its services may have changed, and gives back what it did not
/// take. By then, the files are in place for good.
pub(super) fn tell_init(files: &[FileReport], options: &Options) -> Option<String> {
    let running = Tree::new(None);
    if files.is_empty() || options.dry_run || options.root.is_some() {
        return None;
    }
    let init = boot::detect_init(&running, &running).ok()?;
    boot::tell_init(init, options.program_dir.as_deref())
}
