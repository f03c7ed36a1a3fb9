//! What a comparison found, as text.

use std::fmt::Write;

use super::hook::{Change, Decision};
use crate::family::FamilySet;
use crate::loc::{Loc, Sources};

/// What a firewall does otherwise than another one.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Every difference: nothing if there is none, and that is proven.
    pub changes: Vec<Change>,
    /// The families that were compared.
    pub families: FamilySet,
}

/// Where the rules of a firewall stand.
#[derive(Debug, Clone)]
pub struct Side<'a> {
    /// The files of its places.
    pub sources: &'a Sources,
    /// The text of each of them, as far as it is to be shown.
    pub texts: Vec<&'a str>,
}

impl Side<'_> {
    /// What stands at a place.
    pub fn text_at(&self, loc: Loc) -> Option<&str> {
        let text = self.texts.get(usize::from(loc.file))?;
        text.lines().nth((loc.line as usize).checked_sub(1)?).map(str::trim)
    }

    fn decision(&self, decision: Decision) -> String {
        match decision {
            Decision::Rule(loc) => {
                let text = self.text_at(loc).map(|text| format!(": {text}")).unwrap_or_default();
                format!("{}{text}", self.sources.place(loc))
            }
            Decision::End => "no rule decides".to_owned(),
        }
    }
}

impl Comparison {
    /// Whether the firewalls do the same.
    pub fn is_same(&self) -> bool {
        self.changes.is_empty()
    }

    /// The differences for people, the rules as the sides show them.
    pub fn text(&self, old: &Side<'_>, new: &Side<'_>) -> String {
        let mut out = String::new();
        for change in &self.changes {
            let _ = writeln!(out, "{}\n{}", change.title(), change.text(old, new));
        }
        if self.is_same() {
            let families: Vec<String> = self.families.iter().map(|family| family.to_string()).collect();
            let _ = writeln!(out, "no difference for {}", families.join(" and "));
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

    /// Where and what, in a line: `IPv4, INPUT of filter, newly accepted: dropped before, accepted now`.
    pub fn title(&self) -> String {
        let Change { family, table, hook, .. } = self;
        let (was, is) = (self.old.participle(), self.new.participle());
        format!("{family}, {hook} of {table}, {}: {was} before, {is} now", self.kind())
    }

    /// The packets, and the rules that decide them as the sides show them.
    pub fn text(&self, old: &Side<'_>, new: &Side<'_>) -> String {
        let mut out = String::new();
        for line in &self.lines {
            let _ = writeln!(out, "    {}", line.text);
            let _ = writeln!(out, "        packet: {}", line.packet);
            let _ = writeln!(out, "        old:    {}", old.decision(line.old));
            let _ = writeln!(out, "        new:    {}", new.decision(line.new));
        }
        if !self.is_complete {
            let _ = writeln!(out, "    and more: only the first {} lines are told", self.lines.len());
        }
        out
    }
}
