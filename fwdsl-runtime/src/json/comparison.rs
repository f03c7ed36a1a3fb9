//! What two firewalls do differently. It is written only: it follows from both.

use serde_json::Value;

use super::object::Object;
use crate::analysis::{Change, Comparison, Decision, Line, Side};

/// A comparison as JSON; `docs/compare.md` tells what its fields are.
pub fn comparison_to_json(comparison: &Comparison, old: &Side<'_>, new: &Side<'_>) -> Value {
    let families = comparison.families.iter().map(|family| family.name());
    Object::one("same", comparison.is_same())
        .with("families", families.collect::<Value>())
        .list("changes", &comparison.changes, |change| write_change(change, old, new))
        .into()
}

fn write_change(change: &Change, old: &Side<'_>, new: &Side<'_>) -> Value {
    Object::one("family", change.family.name())
        .with("table", change.table.name())
        .with("chain", change.hook.name())
        .with("kind", change.kind())
        .with("old", change.old.participle())
        .with("new", change.new.participle())
        .with("complete", change.is_complete)
        .list("lines", &change.lines, |line| write_line(line, old, new))
        .into()
}

fn write_line(line: &Line, old: &Side<'_>, new: &Side<'_>) -> Value {
    Object::one("packets", line.text.as_str())
        .with("example", line.packet.to_string())
        .maybe("old", write_decision(line.old, old))
        .maybe("new", write_decision(line.new, new))
        .into()
}

/// The rule that decides, if one does.
fn write_decision(decision: Decision, side: &Side<'_>) -> Option<Value> {
    let Decision::Rule(loc) = decision else { return None };
    let object = Object::default().if_any("file", side.sources.file_of(loc)).with("line", loc.line);
    Some(object.maybe("rule", side.text_at(loc)).into())
}
