//! Findings as JSON: one array for all files.

use serde_json::{Value, json};

use super::Checked;
use super::finding::{Finding, Place};

/// The report.
pub(super) fn report(checked: &[Checked]) -> String {
    let findings = checked.iter().flat_map(|firewall| &firewall.findings).map(finding);
    format!("{:#}\n", Value::Array(findings.collect()))
}

fn finding(finding: &Finding) -> Value {
    json!({
        "lint": finding.lint,
        "kind": finding.kind,
        "level": finding.level.name(),
        "file": finding.place.file,
        "table": finding.table,
        "chain": finding.chain,
        "line": finding.place.line,
        "rule": finding.place.text,
        "message": finding.message,
        "help": finding.help,
        "causes": finding.causes.iter().map(|cause| cause.line).collect::<Vec<_>>(),
        "notes": finding.notes.iter().map(note).collect::<Vec<_>>(),
    })
}

fn note((message, place): &(String, Option<Place>)) -> Value {
    json!({
        "message": message,
        "file": place.as_ref().map(|place| &place.file),
        "line": place.as_ref().map(|place| place.line),
    })
}
