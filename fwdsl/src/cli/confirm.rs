//! `confirm`: the state of an apply that waits for it becomes the host's.

use fwdsl_runtime::host::{self, Caller, Confirmed, Options};
use serde_json::{Map, json};

use super::args::ConfirmArguments;
use super::boot::tell_init;
use super::failure::Failure;
use super::output::Done;
use super::report;

pub(super) fn confirm(arguments: &ConfirmArguments) -> Result<Done, Failure> {
    confirm_from(&arguments.options(), &Caller::find())
}

/// Confirms from somewhere.
pub(super) fn confirm_from(options: &Options, caller: &Caller) -> Result<Done, Failure> {
    let Confirmed { files, mut warnings } = host::confirm(options, caller)?;
    warnings.extend(tell_init(&files, options));
    let text = format!("confirmed: the new state stays\n{}", report::files(&files, ""));
    let json = Map::from_iter([("confirmed".to_owned(), json!(true)), ("files".to_owned(), json!(files))]);
    Ok(Done { text, json, warnings })
}
