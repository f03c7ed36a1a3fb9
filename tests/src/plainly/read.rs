//! The text as chains of rules.

use std::collections::HashMap;

use super::test::{Test, tests};

/// A table of a firewall.
#[derive(Debug, Default)]
pub struct Firewall {
    /// The table.
    pub table: String,
    /// The places of the chains by name.
    pub names: HashMap<String, usize>,
    /// The chains.
    pub chains: Vec<Vec<Rule>>,
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// The line of the text, from 1.
    pub line: u32,
    /// What it asks, all of it.
    pub tests: Vec<Test>,
    /// What it does.
    pub target: Target,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Nothing that matters to the packet's way.
    Pass,
    /// It ends the way.
    End,
    /// It may end the way.
    MayEnd,
    Return,
    Jump(String),
    Goto(String),
}

/// Targets after which the packet goes on.
const PASSING: [&str; 24] = [
    "LOG",
    "NFLOG",
    "ULOG",
    "MARK",
    "CONNMARK",
    "TCPMSS",
    "TOS",
    "DSCP",
    "TTL",
    "HL",
    "CLASSIFY",
    "CT",
    "NOTRACK",
    "SET",
    "TRACE",
    "AUDIT",
    "CHECKSUM",
    "IDLETIMER",
    "LED",
    "RATEEST",
    "SECMARK",
    "CONNSECMARK",
    "TEE",
    "ECN",
];

/// Reads every table of a text.
#[must_use]
pub fn read(text: &str) -> Vec<Firewall> {
    let mut tables: Vec<Firewall> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        if let Some(table) = line.strip_prefix('*') {
            tables.push(Firewall { table: table.trim().to_owned(), ..Firewall::default() });
        } else if let Some(chain) = line.strip_prefix(':') {
            let name = chain.split_whitespace().next().unwrap_or_default();
            let table = tables.last_mut().expect("a table begins before its chains");
            table.names.insert(name.to_owned(), table.chains.len());
            table.chains.push(Vec::new());
        } else if ["-A ", "-I ", "["].iter().any(|start| line.starts_with(start)) {
            let table = tables.last_mut().expect("a table begins before its rules");
            add(table, &words(line), number as u32 + 1);
        }
    }
    tables
}

fn add(table: &mut Firewall, words: &[String], line: u32) {
    let at = words.iter().position(|word| word == "-A" || word == "-I").expect("a rule is added");
    let (command, chain) = (words[at].as_str(), table.names[&words[at + 1]]);
    let place = match (command, words.get(at + 2).and_then(|word| word.parse::<usize>().ok())) {
        ("-A", _) => None,
        (_, place) => Some(place),
    };
    let words = &words[if let Some(Some(_)) = place { at + 3 } else { at + 2 }..];
    let end = words.iter().position(|word| word == "-j" || word == "-g").unwrap_or(words.len());
    let (asked, done) = words.split_at(end);
    let target = match done {
        [] => Target::Pass,
        [flag, name, ..] if flag == "-g" => Target::Goto(name.clone()),
        [_, name, ..] if table.names.contains_key(name) => Target::Jump(name.clone()),
        [_, name, ..] if name == "RETURN" => Target::Return,
        [_, name, ..] if PASSING.contains(&name.as_str()) => Target::Pass,
        [_, name, ..] if ["ACCEPT", "DROP", "REJECT", "QUEUE", "NFQUEUE"].contains(&name.as_str()) => {
            Target::End
        }
        [_, name, ..]
            if ["DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP", "TPROXY"].contains(&name.as_str()) =>
        {
            Target::End
        }
        _ => Target::MayEnd,
    };
    let (rules, rule) = (&mut table.chains[chain], Rule { line, tests: tests(asked), target });
    match place {
        Some(number) => rules.insert(number.unwrap_or(1) - 1, rule),
        None => rules.push(rule),
    }
}

/// The words of a line, quoted ones as one.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted, mut is_word) = (Vec::new(), String::new(), false, false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => (is_quoted, is_word) = (!is_quoted, true),
            '\\' if is_quoted => word.extend(letters.next()),
            ' ' | '\t' if !is_quoted => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                }
                is_word = false;
            }
            _ => {
                word.push(letter);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}
