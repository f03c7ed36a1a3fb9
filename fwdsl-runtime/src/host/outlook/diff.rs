//! What changes in the text of tables.

use crate::edits::{Edit, edits};
use crate::host::plan::Seen;
use crate::restore_text::{
    Protocols, SavedChain, SavedTable, SavedText, builtin_chains, normal_rule, normal_table,
};

/// Lines that are shown around a difference.
const CONTEXT: usize = 2;

/// The differences of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDiff {
    /// The table.
    pub table: String,
    /// What goes and what comes, among some lines that stay.
    pub lines: Vec<DiffLine>,
}

/// A line of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// What becomes of it.
    pub sign: Sign,
    /// As `iptables-save` prints it, without counters.
    pub text: String,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It stays.
    Stays,
    /// It goes.
    Goes,
    /// It comes.
    Comes,
    /// Lines that stay are left out here.
    Gap,
}

impl Sign {
    /// The sign before the line.
    pub const fn sign(self) -> &'static str {
        match self {
            Sign::Stays => " ",
            Sign::Goes => "-",
            Sign::Comes => "+",
            Sign::Gap => "",
        }
    }
}

impl TableDiff {
    /// How many lines have this sign.
    pub fn count(&self, sign: Sign) -> usize {
        self.lines.iter().filter(|line| line.sign == sign).count()
    }
}

/// The differences of all tables that change.
pub(super) fn tables(seen: &Seen, after: &SavedText, protocols: &Protocols) -> Vec<TableDiff> {
    let mut found = Vec::new();
    for new in &after.tables {
        let old = seen.tables.table(&new.name);
        let pristine = SavedTable::pristine(&new.name);
        if normal_table(old.unwrap_or(&pristine), protocols) == normal_table(new, protocols) && old.is_some()
        {
            continue;
        }
        let old = old.map(|table| lines(table, protocols)).unwrap_or_default();
        found.push(TableDiff { table: new.name.clone(), lines: diff(&old, &lines(new, protocols)) });
    }
    found
}

/// A line of a table, with what it is compared by.
struct Line {
    text: String,
    key: String,
}

impl PartialEq for Line {
    fn eq(&self, other: &Line) -> bool {
        self.key == other.key
    }
}

/// The lines in an order that only depends on what the table does: nft makes built-in chains when they are needed, and
/// prints them in the order in which it made them.
fn lines(table: &SavedTable, protocols: &Protocols) -> Vec<Line> {
    let chains = chains(table);
    let declared = chains.iter().map(|chain| {
        let text = format!(":{} {}", chain.name, chain.policy.as_deref().unwrap_or("-"));
        Line { key: text.clone(), text }
    });
    let rules = chains.iter().flat_map(|chain| table.rules_of(&chain.name));
    let rules = rules.map(|rule| Line { key: normal_rule(&rule.text, protocols), text: rule.text.clone() });
    declared.chain(rules).collect()
}

fn chains(table: &SavedTable) -> Vec<SavedChain> {
    let built_in = builtin_chains(&table.name).unwrap_or_default();
    let pristine = SavedTable::pristine(&table.name).chains;
    let find = |chain: SavedChain| {
        table.chains.iter().find(|there| there.name == chain.name).cloned().unwrap_or(chain)
    };
    let mut chains: Vec<SavedChain> = pristine.into_iter().map(find).collect();
    let mut others: Vec<SavedChain> =
        table.chains.iter().filter(|chain| !built_in.contains(&chain.name.as_str())).cloned().collect();
    others.sort_by(|one, other| one.name.cmp(&other.name));
    chains.append(&mut others);
    chains
}

fn diff(old: &[Line], new: &[Line]) -> Vec<DiffLine> {
    let edits = edits(old, new);
    let mut lines: Vec<DiffLine> = Vec::new();
    for (index, edit) in edits.iter().enumerate() {
        let around = &edits[index.saturating_sub(CONTEXT)..(index + CONTEXT + 1).min(edits.len())];
        let (sign, text) = match *edit {
            Edit::Same(at, _) if around.iter().any(|edit| !edit.is_same()) => (Sign::Stays, &old[at].text),
            Edit::Same(..) => {
                if lines.last().is_none_or(|line| line.sign != Sign::Gap) {
                    lines.push(DiffLine { sign: Sign::Gap, text: String::new() });
                }
                continue;
            }
            Edit::Old(at) => (Sign::Goes, &old[at].text),
            Edit::New(at) => (Sign::Comes, &new[at].text),
        };
        lines.push(DiffLine { sign, text: text.clone() });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Family;
    use crate::restore_text::parse;

    fn told(old: &str, new: &str) -> Vec<String> {
        let seen = Seen { family: Family::Ipv4, printed: old.to_owned(), tables: parse(old).unwrap() };
        let found = tables(&seen, &parse(new).unwrap(), &Protocols::default());
        let lines = found.iter().flat_map(|table| &table.lines);
        lines.map(|line| format!("{}{}", line.sign.sign(), line.text)).collect()
    }

    #[test]
    fn what_goes_and_comes_is_told_with_a_little_of_what_stays() {
        let old = "*filter\n:INPUT DROP [5:6]\n[1:2] -A INPUT -p gre -j DROP\n-A INPUT -j A\n-A INPUT -j B\n\
                   -A INPUT -j C\n-A INPUT -j D\nCOMMIT\n";
        let new = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -p 47 -j DROP\n\
                   -A INPUT -j A\n-A INPUT -j B\n-A INPUT -j C\n-A INPUT -j E\nCOMMIT\n";
        assert_eq!(
            told(old, new),
            [
                " :INPUT DROP",
                "-:FORWARD ACCEPT",
                "+:FORWARD DROP",
                " :OUTPUT ACCEPT",
                " -A INPUT -p gre -j DROP",
                "",
                " -A INPUT -j B",
                " -A INPUT -j C",
                "--A INPUT -j D",
                "+-A INPUT -j E",
            ]
        );
    }

    #[test]
    fn a_table_that_is_not_there_comes_as_a_whole() {
        assert_eq!(told("", "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n").len(), 2);
    }

    #[test]
    fn an_order_that_means_nothing_is_no_change() {
        let old =
            "*filter\n:OUTPUT ACCEPT [0:0]\n:B - [0:0]\n:A - [0:0]\n-A B -j DROP\n-A A -j DROP\nCOMMIT\n";
        let new = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n\
                   -A A -j DROP\n-A B -j DROP\nCOMMIT\n";
        assert_eq!(told(old, new), Vec::<String>::new());
    }
}
