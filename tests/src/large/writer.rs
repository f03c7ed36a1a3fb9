//! Rules put together chain by chain, and written as `iptables-save` writes them.

use std::fmt::Write as _;

use fwdsl::family::Family;

use super::Large;

/// What is known of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Dead(&'static str),
    Live,
}

/// The table `filter` while it grows.
#[derive(Debug)]
pub(super) struct Writer {
    family: Family,
    chains: Vec<(String, Vec<(String, Mark)>)>,
    rules: usize,
}

/// A chain, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChainId(usize);

impl Writer {
    pub(super) const INPUT: ChainId = ChainId(0);
    pub(super) const FORWARD: ChainId = ChainId(1);

    pub(super) fn new(family: Family) -> Writer {
        let chains = ["INPUT", "FORWARD", "OUTPUT"].map(|name| (name.to_owned(), Vec::new()));
        Writer { family, chains: chains.into(), rules: 0 }
    }

    pub(super) fn family(&self) -> Family {
        self.family
    }

    /// How many rules there are so far.
    pub(super) fn rules(&self) -> usize {
        self.rules
    }

    /// Adds a chain, whose name must be new.
    pub(super) fn chain(&mut self, name: String) -> ChainId {
        self.chains.push((name, Vec::new()));
        ChainId(self.chains.len() - 1)
    }

    pub(super) fn name(&self, chain: ChainId) -> &str {
        &self.chains[chain.0].0
    }

    /// Adds a rule of which nothing is said.
    pub(super) fn rule(&mut self, chain: ChainId, rule: impl Into<String>) {
        self.push(chain, rule.into(), Mark::None);
    }

    /// Adds a rule that no packet comes to.
    pub(super) fn dead(&mut self, chain: ChainId, kind: &'static str, rule: impl Into<String>) {
        self.push(chain, rule.into(), Mark::Dead(kind));
    }

    /// Adds a rule that packets come to.
    pub(super) fn live(&mut self, chain: ChainId, rule: impl Into<String>) {
        self.push(chain, rule.into(), Mark::Live);
    }

    fn push(&mut self, chain: ChainId, rule: String, mark: Mark) {
        self.chains[chain.0].1.push((rule, mark));
        self.rules += 1;
    }

    /// Writes it down. `is_known` is whether all rules live but those that were said to be dead.
    pub(super) fn finish(self, is_known: bool) -> Large {
        let mut text = String::from("*filter\n");
        let mut line = 1;
        for (number, (name, _)) in self.chains.iter().enumerate() {
            let policy = if number < 3 { "DROP" } else { "-" };
            writeln!(text, ":{name} {policy} [0:0]").expect("memory takes it");
            line += 1;
        }
        let (mut dead, mut live) = (Vec::new(), Vec::new());
        for (name, rules) in &self.chains {
            for (rule, mark) in rules {
                writeln!(text, "-A {name} {rule}").expect("memory takes it");
                line += 1;
                match mark {
                    Mark::Dead(kind) => dead.push((line, *kind)),
                    Mark::Live => live.push(line),
                    Mark::None => {}
                }
            }
        }
        text.push_str("COMMIT\n");
        Large { family: self.family, text, rules: self.rules, dead, live, is_known }
    }
}
