//! `recover`: the undo of an apply that was ended before it was complete.

use fwdsl_runtime::host;
use serde_json::{Map, json};

use super::args::RecoverArguments;
use super::failure::Failure;
use super::output::Done;
use super::report;

pub(super) fn recover(arguments: &RecoverArguments) -> Result<Done, Failure> {
    let recovered = host::recover(&arguments.options())?;
    let text = recovered.as_ref().map_or_else(
        || "there is nothing to undo: no apply was ended before it was complete\n".to_owned(),
        report::recovered,
    );
    let json = Map::from_iter([("recovered".to_owned(), json!(recovered))]);
    Ok(Done { text, json, warnings: Vec::new() })
}
