//! What a comparison found, as text.

use std::fmt::Write;

use super::hook::{Change, Decision};
use crate::family::{Family, FamilySet};
use crate::loc::Loc;

/// What a firewall does otherwise than another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Every difference: nothing if there is none, and that is proven.
    pub changes: Vec<Change>,
    /// The families that were compared.
    pub families: FamilySet,
}

/// How a firewall is called, and its rules are shown.
pub struct Named<'a> {
    /// Its name.
    pub name: &'a str,
    /// A rule: its file and line, perhaps with its text.
    pub rule: &'a dyn Fn(Loc) -> String,
}

impl Comparison {
    /// Whether the firewalls do the same.
    pub fn is_same(&self) -> bool {
        self.changes.is_empty()
    }

    /// The differences for people.
    pub fn text(&self, old: &Named<'_>, new: &Named<'_>) -> String {
        let mut out = String::new();
        for change in &self.changes {
            push_change(&mut out, change, old, new);
        }
        if self.is_same() {
            let families: Vec<&str> = self.families.iter().map(Family::name).collect();
            let _ = writeln!(out, "no difference in {}", families.join(" and "));
        }
        out
    }
}

impl Change {
    /// What is otherwise, in a few words: `newly accepted`.
    pub fn kind(&self) -> &'static str {
        match (self.old.is_accept(), self.new.is_accept()) {
            (false, true) => "newly accepted",
            (true, false) if self.new.is_refusal() => "newly refused",
            _ => "otherwise",
        }
    }
}

fn push_change(out: &mut String, change: &Change, old: &Named<'_>, new: &Named<'_>) {
    let Change { family, table, hook, .. } = change;
    let (was, is) = (change.old.participle(), change.new.participle());
    let _ = writeln!(out, "{family} {table} {hook}, {}: {was} before, {is} now", change.kind());
    for line in &change.lines {
        let _ = writeln!(out, "    {}", line.text);
        let _ = writeln!(out, "        packet: {}", line.packet);
        for (named, decision) in [(old, line.old), (new, line.new)] {
            let by = match decision {
                Decision::Rule(loc) => (named.rule)(loc),
                Decision::End => "no rule decides".to_owned(),
            };
            let _ = writeln!(out, "        {}: {by}", named.name);
        }
    }
    if !change.is_complete {
        let _ = writeln!(out, "    and more: only the first {} lines are told", change.lines.len());
    }
    out.push('\n');
}
