//! `rollback`: a former state of the host brought back.

use fwdsl_runtime::host::{self, Caller, GoBack};

use super::args::{Guarded, RollbackArguments};
use super::boot::{check_stop, tell_init};
use super::failure::Failure;
use super::history::title;
use super::output::Done;
use super::report;
use super::wait;

pub(super) fn rollback(arguments: &RollbackArguments, json: bool) -> Result<Done, Failure> {
    let Guarded { force, detach, .. } = arguments.guarded;
    let back = GoBack { number: arguments.number, caller: Caller::find(), force };
    let options = arguments.options();
    let said = if options.confirm.is_some() { check_stop(&options, force)? } else { Vec::new() };
    let rollback = host::rollback(&back, &options)?;
    let (state, report) = (&rollback.state, &rollback.report);
    let would = if report.dry_run { "would be" } else { "is" };
    let mut text = report::changes(report);
    text.push_str(&match report.changed() {
        true => format!("state {} {would} back: the host {}\n", state.number, title(state)),
        false => format!("nothing to change: all is as in state {}, {}\n", state.number, title(state)),
    });
    let mut warnings = [said, report.warnings.clone()].concat();
    if report.waiting.is_none() {
        warnings.extend(tell_init(&report.files, &options));
    }
    let changes = &state.about.changes;
    let files_alone = changes.rules.is_empty() && changes.sets.is_empty() && changes.sysctls.is_empty();
    if arguments.number.is_none() && files_alone {
        warnings.push(
            "the last change was one of files alone, so rules, sets and sysctls stay; `rollback NUMBER` goes further back"
                .to_owned(),
        );
    }
    let mut object = report::json(report);
    object.insert("state".to_owned(), serde_json::json!(state));
    let done = Done { text, json: object, warnings };
    wait::see_to_it(report.waiting.as_ref(), detach, &options, done, json)
}
