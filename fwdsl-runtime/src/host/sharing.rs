//! What of the tables to apply belongs to others.

use crate::lower::{HookJump, Ruleset};
use crate::model::HookPosition;

/// How one family's rules to apply share the tables with the rules of others. By default they do not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sharing {
    /// Only the chains of the text are ours, and the jumps to them. The text then holds no built-in chain.
    pub chains_alone: bool,
    /// What is said of single tables.
    pub tables: Vec<SharedTable>,
}

/// A table that is shared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SharedTable {
    /// The table: `filter`, `nat`, …
    pub name: String,
    /// The jumps to our chains from built-in ones, where only chains are ours.
    pub jumps: Vec<Jump>,
    /// The chains of others: each must be there; with a `+` at the end, it stands for all that begin so.
    pub foreign: Vec<String>,
}

/// A jump from a built-in chain to one of ours. It is to be there once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jump {
    /// The built-in chain.
    pub from: String,
    /// Our chain.
    pub to: String,
    /// Where in the built-in chain it stands.
    pub position: HookPosition,
}

impl Sharing {
    /// How a policy's rules share their tables.
    pub fn of(ruleset: &Ruleset) -> Sharing {
        let jump = |jump: &HookJump| Jump {
            from: jump.hook.name().to_owned(),
            to: jump.chain.clone(),
            position: jump.position.clone(),
        };
        let tables = ruleset.tables.iter().map(|table| SharedTable {
            name: table.name.name().to_owned(),
            jumps: table.hooks.iter().map(jump).collect(),
            foreign: table.foreign.clone(),
        });
        Sharing { chains_alone: ruleset.chains_alone, tables: tables.collect() }
    }

    /// What is said of the table of this name.
    pub(crate) fn table(&self, name: &str) -> Option<&SharedTable> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl SharedTable {
    /// Whether the chain belongs to others.
    pub(crate) fn is_foreign(&self, chain: &str) -> bool {
        self.foreign.iter().any(|foreign| match foreign.strip_suffix('+') {
            Some(prefix) => chain.starts_with(prefix),
            None => foreign == chain,
        })
    }
}

impl Jump {
    /// The rule as `iptables-save` prints it.
    pub(crate) fn rule(&self) -> String {
        format!("-A {} -j {}", self.from, self.to)
    }
}
