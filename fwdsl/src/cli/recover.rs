//! `recover`: the undo of an apply that was ended before it was complete.

use fwdsl_runtime::host::{self, Ended};
use serde_json::{Map, json};

use super::args::RecoverArguments;
use super::failure::Failure;
use super::output::Done;
use super::report;

pub(super) fn recover(arguments: &RecoverArguments) -> Result<Done, Failure> {
    let options = arguments.options();
    let recovered = host::recover(&options)?;
    // Whoever undid it may have had nobody to tell.
    let done =
        host::last_outcome(&options)?.filter(|last| recovered.is_none() && last.ended != Ended::Confirmed);
    let text = match (&recovered, &done) {
        (Some(recovered), _) => report::recovered(recovered),
        (None, Some(done)) => format!("there is nothing left to undo: {}\n", done.words()),
        (None, None) => "there is nothing to undo: no apply was ended before it was complete\n".to_owned(),
    };
    let done = done.map(|done| json!({ "ended": done.ended, "at": done.at }));
    let json = Map::from_iter([
        ("recovered".to_owned(), json!(recovered)),
        ("last_outcome".to_owned(), json!(done)),
    ]);
    Ok(Done { text, json, warnings: Vec::new() })
}
