//! New connections that fare alike, in the words of a table: who, what, on which condition.

use crate::analysis::{Line, Packet};
use crate::family::FamilySet;
use crate::loc::Loc;

/// See the module.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) families: FamilySet,
    /// From where they come and where they go; nothing for everybody.
    pub(super) who: Vec<String>,
    /// What they are; nothing for everything.
    pub(super) what: Vec<String>,
    /// What the packet does not tell, as iptables has it: `limit` and its like.
    pub(super) provided: Vec<String>,
    /// What becomes of them.
    pub(super) verdict: String,
    /// The rule that decides, by its chain and its place there; none where the end of the chain does.
    pub(super) by: Option<(usize, usize, Loc)>,
    /// One for each family.
    pub(super) packets: Vec<Packet>,
    /// The assertions that speak of these packets, by assertion and case.
    pub(super) assertions: Vec<(usize, usize)>,
}

impl Row {
    pub(super) fn says_the_same(&self, other: &Row) -> bool {
        let words =
            |row: &Row| (row.who.clone(), row.what.clone(), row.provided.clone(), row.verdict.clone());
        words(self) == words(other) && self.by == other.by
    }
}

/// A line of a comparison with a firewall that decides the same of all that is not new, and of the host's own packets.
pub(super) fn row(line: &Line, verdict: String, by: Option<(usize, usize, Loc)>, families: FamilySet) -> Row {
    let mut row = Row {
        families,
        who: Vec::new(),
        what: Vec::new(),
        provided: Vec::new(),
        verdict,
        by,
        packets: vec![line.packet.clone()],
        assertions: Vec::new(),
    };
    for word in &line.matches {
        let (first, _) = word.split_once(' ').unwrap_or((word, ""));
        match first {
            // The heading says so.
            _ if matches!(word.as_str(), "in !lo" | "out !lo" | "ct new" | "!fragment") => {}
            // Rust's lexer wants quotes around some addresses; people do not.
            "in" | "out" | "from" | "to" => row.who.push(word.replace('"', "")),
            "raw" => row.provided.push(unquoted(word, "")),
            "!raw" => row.provided.push(unquoted(word, "not ")),
            _ => row.what.push(word.clone()),
        }
    }
    row
}

/// `raw "-m limit --limit 1/sec" (no. 2)` as iptables has it. Which of several that say the same it is, the rule tells.
fn unquoted(word: &str, not: &str) -> String {
    let text = word.trim_start_matches('!').trim_start_matches("raw ");
    let text = text.rsplit_once(" (no. ").map_or(text, |(text, _)| text);
    format!("{not}{}", text.trim_matches('"'))
}
