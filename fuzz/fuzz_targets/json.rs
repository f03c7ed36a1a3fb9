//! Any text, read as a policy in JSON: no panic, a sound policy can be emitted, and what is read is written as the same.

#![no_main]

use fwdsl_runtime::check::check;
use fwdsl_runtime::diagnostic::Diagnostic;
use fwdsl_runtime::emit::{Protocols, emit, emit_sets};
use fwdsl_runtime::family::{Family, FamilySet};
use fwdsl_runtime::json::{from_json, to_json};
use fwdsl_runtime::lower::lower;
use libfuzzer_sys::fuzz_target;

/// The steps that proofs may take: more would only take longer.
const BUDGET: u64 = 2_000;

fuzz_target!(|text: &str| {
    let Ok(model) = from_json(text) else { return };
    if model.analysis_budget() > BUDGET && !model.assertions().is_empty() {
        return;
    }
    let written = to_json(&model, FamilySet::NONE).to_string();
    assert_eq!(from_json(&written).as_ref(), Ok(&model), "{written}");
    if check(&model).iter().any(Diagnostic::is_error) {
        return;
    }
    for family in Family::ALL {
        if let Some(ruleset) = lower(&model, family) {
            emit(&ruleset, Protocols::Named);
            emit_sets(ruleset.sets.iter().map(AsRef::as_ref));
        }
    }
    to_json(&model, FamilySet::BOTH);
});
