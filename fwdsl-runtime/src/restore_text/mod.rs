//! The text that `iptables-save` writes and `iptables-restore` reads: parsed, compared, printed.
//!
//! The grammar is the one of iptables-save(8): `*table`, `:CHAIN POLICY [packets:bytes]`, rules as
//! `-A CHAIN …` with optional `[packets:bytes]` before them, `COMMIT`, and `#` comments.

pub(crate) mod lines;
mod normal;
mod parse;
mod protocols;

use std::fmt;

pub use normal::{NormalChain, NormalTable, normal_rule, normal_table};
pub use parse::{ParseError, parse};
pub use protocols::Protocols;

/// The built-in chains of each table that iptables knows, in the order the kernel prints them.
const BUILTIN_CHAINS: [(&str, &[&str]); 5] = [
    ("filter", &["INPUT", "FORWARD", "OUTPUT"]),
    ("nat", &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
    ("mangle", &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]),
    ("raw", &["PREROUTING", "OUTPUT"]),
    ("security", &["INPUT", "FORWARD", "OUTPUT"]),
];

/// The built-in chains of `table`, or `None` if iptables knows no such table.
pub fn builtin_chains(table: &str) -> Option<&'static [&'static str]> {
    BUILTIN_CHAINS.iter().find(|(name, _)| *name == table).map(|(_, chains)| *chains)
}

/// How often a chain's policy or a rule was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A whole text: some tables of one family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SavedText {
    /// The tables in the order of the text.
    pub tables: Vec<SavedTable>,
}

/// One `*table … COMMIT` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedTable {
    /// The table: `filter`, `nat`, …
    pub name: String,
    /// The `:CHAIN` lines.
    pub chains: Vec<SavedChain>,
    /// The `-A` lines, in order.
    pub rules: Vec<SavedRule>,
}

/// One `:CHAIN POLICY [packets:bytes]` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedChain {
    /// The chain's name.
    pub name: String,
    /// `ACCEPT` or `DROP` of a built-in chain; `None` (printed `-`) for a user's.
    pub policy: Option<String>,
    /// The policy's counters.
    pub counters: Counters,
}

/// One `-A CHAIN …` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedRule {
    /// The counters before the rule, where the text has them (`iptables-save -c`).
    pub counters: Option<Counters>,
    /// The rule from `-A` on.
    pub text: String,
}

impl SavedText {
    /// The table with this name.
    pub fn table(&self, name: &str) -> Option<&SavedTable> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl SavedTable {
    /// A table as it is before anybody touched it: built-in chains that accept, no rules.
    pub fn pristine(name: &str) -> SavedTable {
        let chain = |chain: &&str| SavedChain {
            name: (*chain).to_owned(),
            policy: Some("ACCEPT".to_owned()),
            counters: Counters::default(),
        };
        let chains = builtin_chains(name).unwrap_or_default().iter().map(chain).collect();
        SavedTable { name: name.to_owned(), chains, rules: Vec::new() }
    }

    /// Whether the table holds anything that was put there: a rule, a user's chain, a policy other than ACCEPT.
    pub fn is_pristine(&self) -> bool {
        self.rules.is_empty() && self.chains.iter().all(|chain| chain.policy.as_deref() == Some("ACCEPT"))
    }

    /// Whether the table has a chain of this name.
    pub fn has_chain(&self, name: &str) -> bool {
        self.chains.iter().any(|chain| chain.name == name)
    }

    /// The names of the chains that are not built in.
    pub fn user_chains(&self) -> impl Iterator<Item = &str> {
        self.chains.iter().filter(|chain| chain.policy.is_none()).map(|chain| chain.name.as_str())
    }

    /// The rules of a chain, in order.
    pub fn rules_of<'a>(&'a self, chain: &'a str) -> impl Iterator<Item = &'a SavedRule> {
        self.rules.iter().filter(move |rule| rule.chain() == chain)
    }

    /// Puts a chain into the table, in the place of one of that name.
    pub fn set_chain(&mut self, chain: SavedChain, rules: Vec<SavedRule>) {
        self.set_rules(&chain.name, rules);
        match self.chains.iter_mut().find(|there| there.name == chain.name) {
            Some(there) => *there = chain,
            None => self.chains.push(chain),
        }
    }

    /// Replaces the rules of a chain.
    pub fn set_rules(&mut self, chain: &str, rules: Vec<SavedRule>) {
        let at = self.rules.iter().position(|rule| rule.chain() == chain).unwrap_or(self.rules.len());
        self.rules.retain(|rule| rule.chain() != chain);
        let at = at.min(self.rules.len());
        self.rules.splice(at..at, rules);
    }
}

impl SavedRule {
    /// The chain that the rule is appended to.
    pub fn chain(&self) -> &str {
        self.text.split_whitespace().nth(1).unwrap_or_default()
    }

    /// The target: a chain, or one of iptables' own.
    pub fn target(&self) -> Option<&str> {
        let mut before = "";
        for word in unquoted_words(&self.text) {
            // A comment of one plain word is not quoted, even if it looks like an option.
            match before {
                "-j" | "-g" => return Some(word),
                "--comment" => before = "",
                _ => before = word,
            }
        }
        None
    }
}

/// The words of a line; one in quotes, within which `\` takes the meaning of what follows, as an empty one.
fn unquoted_words(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = quoted.char_indices().find(|(_, c)| {
                let is_end = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                is_end
            });
            rest = end.map_or("", |(at, _)| &quoted[at + 1..]);
            return Some("");
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, more) = rest.split_at(end);
        rest = more;
        (!word.is_empty()).then_some(word)
    })
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}:{}]", self.packets, self.bytes)
    }
}

impl fmt::Display for SavedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tables.iter().try_for_each(|table| table.fmt(f))
    }
}

impl fmt::Display for SavedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "*{}", self.name)?;
        for chain in &self.chains {
            let policy = chain.policy.as_deref().unwrap_or("-");
            writeln!(f, ":{} {policy} {}", chain.name, chain.counters)?;
        }
        for rule in &self.rules {
            if let Some(counters) = rule.counters {
                write!(f, "{counters} ")?;
            }
            writeln!(f, "{}", rule.text)?;
        }
        writeln!(f, "COMMIT")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_found_behind_whatever_comes_before() {
        for (text, target) in [
            ("-A INPUT -j X", Some("X")),
            ("-A INPUT -p tcp -g X", Some("X")),
            ("-A INPUT -m comment --comment \"a -j Y \\\" -j Z\" -j X", Some("X")),
            ("-A INPUT -m comment --comment -j -j X", Some("X")),
            ("-A INPUT -j LOG --log-prefix \"-j Y\"", Some("LOG")),
            ("-A INPUT -i lo", None),
        ] {
            let rule = SavedRule { counters: None, text: text.to_owned() };
            assert_eq!(rule.target(), target, "{text}");
        }
    }
}
