//! `boot`: what the service of fwdsl runs.

use fwdsl_runtime::host::boot;

use super::args::BootArguments;
use super::failure::Failure;
use super::output::Done;
use super::report;

pub(super) fn boot(arguments: &BootArguments) -> Result<Done, Failure> {
    let report = boot::load(&arguments.options())?;
    Ok(Done { text: report::text(&report), json: report::json(&report), warnings: report.warnings })
}
