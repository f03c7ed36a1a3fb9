//! Findings as SARIF 2.1.0, the format of static analysis that tools for code review read.

use fwdsl_runtime::import::ImportError;
use fwdsl_runtime::lint::{LINTS, Level, Lint};
use serde_json::{Value, json};

use super::Checked;
use super::finding::{Finding, Place};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The report, with what could not be read as notifications of the tool.
pub(super) fn report(checked: &[Checked], is_all_read: bool) -> String {
    let findings = checked.iter().flat_map(|firewall| &firewall.findings).map(result);
    let unread = checked.iter().flat_map(|firewall| &firewall.unread).map(notification);
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "fwdsl",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": LINTS.iter().map(rule).collect::<Vec<_>>(),
            } },
            "invocations": [{
                "executionSuccessful": is_all_read,
                "toolExecutionNotifications": unread.collect::<Vec<_>>(),
            }],
            "results": findings.collect::<Vec<_>>(),
        }],
    });
    format!("{document:#}\n")
}

/// The level as SARIF calls it; what is allowed is not told.
fn level(level: Level) -> &'static str {
    match level {
        Level::Allow => "none",
        Level::Warn => "warning",
        Level::Deny => "error",
    }
}

fn rule(lint: &Lint) -> Value {
    json!({
        "id": lint.name,
        "shortDescription": { "text": lint.about },
        "defaultConfiguration": { "enabled": lint.level != Level::Allow, "level": level(lint.level) },
    })
}

fn result(finding: &Finding) -> Value {
    let mut text = finding.message.clone();
    let remarks = finding.notes.iter().filter(|(_, place)| place.is_none()).map(|(note, _)| ("note", note));
    for (kind, remark) in remarks.chain(finding.help.iter().map(|help| ("help", help))) {
        text.push_str(&format!("\n{kind}: {remark}"));
    }
    let rule_index = LINTS.iter().position(|lint| lint.name == finding.lint);
    let noted = finding.notes.iter().filter_map(|(note, place)| Some((place.as_ref()?, note.as_str())));
    let is_noted = |cause: &&Place| finding.notes.iter().any(|(_, place)| place.as_ref() == Some(*cause));
    let causes = finding.causes.iter().filter(|cause| !is_noted(cause)).map(|place| (place, "causes it"));
    let related: Vec<Value> =
        noted.chain(causes).enumerate().map(|(id, it)| related(id, it.0, it.1)).collect();
    let mut result = json!({
        "ruleId": finding.lint,
        "level": level(finding.level),
        "message": { "text": text },
        "locations": [location(&finding.place, finding)],
        "relatedLocations": related,
    });
    if let Some(index) = rule_index {
        result["ruleIndex"] = index.into();
    }
    result
}

fn location(place: &Place, finding: &Finding) -> Value {
    let mut location = json!({ "physicalLocation": physical(place) });
    if let (Some(table), Some(chain)) = (finding.table, &finding.chain) {
        location["logicalLocations"] =
            json!([{ "name": chain, "fullyQualifiedName": format!("{table}/{chain}"), "kind": "member" }]);
    }
    location
}

fn related(id: usize, place: &Place, note: &str) -> Value {
    json!({ "id": id, "physicalLocation": physical(place), "message": { "text": note } })
}

fn physical(place: &Place) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(&place.file) } });
    // Lines begin at 1; a policy that a program made has none.
    if place.line > 0 {
        physical["region"] = json!({ "startLine": place.line });
    }
    if let (Some(text), true) = (&place.text, place.line > 0) {
        physical["region"]["snippet"] = json!({ "text": text });
    }
    physical
}

fn notification(unread: &ImportError) -> Value {
    let place = Place { file: unread.file.clone(), line: unread.line, text: None };
    json!({
        "level": "warning",
        "message": { "text": unread.message },
        "locations": [{ "physicalLocation": physical(&place) }],
    })
}

/// A path as a reference of RFC 3986: what may not stand there as it is, is escaped byte by byte.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte))
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("hosts/a b.v4"), "hosts/a%20b.v4");
        assert_eq!(uri("/etc/x:y"), "file:///etc/x%3Ay");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
