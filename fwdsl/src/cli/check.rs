//! `check`: what the compiler checked, once more, with the values that only the running program knows.

use fwdsl_runtime::Policy;
use fwdsl_runtime::diagnostic::{Diagnostic, Diagnostics};
use fwdsl_runtime::loc::Sources;
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::output::Done;

pub(super) fn check(policy: &Policy) -> Result<Done, Failure> {
    let found = policy.check()?;
    let sources = policy.model().sources().clone();
    let json = Map::from_iter([
        ("file".to_owned(), json!(sources.file())),
        ("lints".to_owned(), found.iter().map(|lint| object(lint, &sources)).collect()),
    ]);
    let text = match found.len() {
        0 => "the policy is sound\n".to_owned(),
        1 => "the policy is sound, but a lint has something to say\n".to_owned(),
        count => format!("the policy is sound, but lints have {count} things to say\n"),
    };
    let one = |lint: Diagnostic| Diagnostics { sources: sources.clone(), list: vec![lint] }.to_string();
    Ok(Done { text, json, warnings: found.into_iter().map(one).collect() })
}

fn object(lint: &Diagnostic, sources: &Sources) -> Value {
    json!({
        "lint": lint.lint,
        "file": sources.file_of(lint.loc),
        "line": lint.loc.line,
        "message": lint.text(sources),
    })
}
