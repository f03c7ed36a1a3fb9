//! How what is ours in a table is to stand.

use serde::{Deserialize, Serialize};

use super::edit::edit;
use crate::model::HookPosition;
use crate::restore_text::{
    Counters, Protocols, SavedChain, SavedRule, SavedTable, builtin_chains, normal_rule,
};

/// How what is ours in one table is to stand. Whatever it does not name belongs to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Goal {
    /// The chains that are ours as a whole, with their rules; a built-in one with its policy.
    #[serde(with = "as_text")]
    pub(crate) chains: SavedTable,
    /// Whether the table is ours as a whole: no other chain is to be there.
    #[serde(default)]
    pub(crate) whole: bool,
    /// The chains that are ours and not to be there.
    pub(crate) absent: Vec<String>,
    /// The built-in chains of others in which rules of ours stand, or stood.
    pub(crate) shared: Vec<SharedChain>,
}

/// A chain of others with rules of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SharedChain {
    pub(crate) name: String,
    /// What rules there are ours, as `iptables-save` prints them, however often they are there.
    pub(crate) ours: Vec<String>,
    /// Those that are to be there, in order.
    pub(crate) wanted: Vec<PlacedRule>,
}

/// A rule of ours among those of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlacedRule {
    pub(crate) rule: String,
    /// How often it was used: packets and bytes.
    pub(crate) counters: Option<(u64, u64)>,
    pub(crate) place: Place,
}

/// A place among the rules of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    First,
    Last,
    /// Before the first rule that goes to this chain.
    Before(String),
    /// After the last one.
    After(String),
    /// Behind this many rules of others, of which this was the last.
    Behind(usize, Option<String>),
}

impl From<&HookPosition> for Place {
    fn from(position: &HookPosition) -> Place {
        match position {
            HookPosition::First => Place::First,
            HookPosition::Last => Place::Last,
            HookPosition::Before(chain) => Place::Before(chain.clone()),
            HookPosition::After(chain) => Place::After(chain.clone()),
        }
    }
}

impl Goal {
    /// A goal that names nothing.
    pub(crate) fn new(table: &str) -> Goal {
        let chains = SavedTable { name: table.to_owned(), chains: Vec::new(), rules: Vec::new() };
        Goal { chains, whole: false, absent: Vec::new(), shared: Vec::new() }
    }

    /// The table as a whole.
    pub(crate) fn whole(table: &SavedTable) -> Goal {
        Goal { chains: table.clone(), whole: true, absent: Vec::new(), shared: Vec::new() }
    }

    /// The table.
    pub(crate) fn table(&self) -> &str {
        &self.chains.name
    }

    /// The part about a chain of others.
    pub(crate) fn shared(&mut self, chain: &str) -> &mut SharedChain {
        let at = self.shared.iter().position(|shared| shared.name == chain).unwrap_or_else(|| {
            self.shared.push(SharedChain { name: chain.to_owned(), ours: Vec::new(), wanted: Vec::new() });
            self.shared.len() - 1
        });
        &mut self.shared[at]
    }

    /// Whether the chain is one that this goal fills or removes.
    pub(crate) fn holds(&self, chain: &str) -> bool {
        self.whole
            || self.absent.iter().any(|absent| absent == chain)
            || self.chains.chains.iter().any(|ours| ours.name == chain)
    }

    /// The way back: how all that this goal names stands now.
    pub(crate) fn former(&self, now: &SavedTable, protocols: &Protocols) -> Goal {
        let mut former = Goal::new(self.table());
        let names = self.chains.chains.iter().map(|chain| &chain.name).chain(&self.absent);
        for name in names {
            match now.chains.iter().find(|chain| chain.name == *name) {
                Some(chain) => former.add_chain(chain.clone(), now.rules_of(name).cloned()),
                // Under nft, a built-in chain is made when it is needed; one that accepts is the same.
                None if is_built_in(self.table(), name) => former.add_chain(accepting(name), []),
                None => former.absent.push(name.clone()),
            }
        }
        for shared in &self.shared {
            let normal = |rule: &str| normal_rule(rule, protocols);
            let ours: Vec<String> = shared.ours.iter().map(|rule| normal(rule)).collect();
            // As they were printed: the undo compares with what is printed then.
            let mut as_printed = shared.ours.clone();
            let mut wanted = Vec::new();
            let mut behind = 0;
            let mut previous = None;
            for rule in now.rules_of(&shared.name) {
                if ours.contains(&normal(&rule.text)) {
                    as_printed.push(rule.text.clone());
                    wanted.push(PlacedRule {
                        rule: rule.text.clone(),
                        counters: rule.counters.map(|counters| (counters.packets, counters.bytes)),
                        place: Place::Behind(behind, previous.clone()),
                    });
                } else {
                    behind += 1;
                    previous = Some(rule.text.clone());
                }
            }
            former.shared.push(SharedChain { name: shared.name.clone(), ours: as_printed, wanted });
        }
        former
    }

    /// The goal with rules that count anew.
    pub(crate) fn without_counters(mut self) -> Goal {
        self.chains.chains.iter_mut().for_each(|chain| chain.counters = Counters::default());
        self.chains.rules.iter_mut().for_each(|rule| rule.counters = None);
        let placed = self.shared.iter_mut().flat_map(|shared| &mut shared.wanted);
        placed.for_each(|rule| rule.counters = None);
        self
    }

    /// The goal of going back further than to `newer`: what this one does not name is to stand as that one says.
    ///
    /// # Errors
    /// In words, if a rule is to stand beside one that is not there.
    pub(crate) fn over(mut self, newer: Goal, protocols: &Protocols) -> Result<Goal, String> {
        // Rules in a chain that was ours as a whole later stand in what it held then.
        let mut within = Goal::new(self.table());
        let (whole, shared) = self.shared.into_iter().partition(|shared| newer.holds(&shared.name));
        (within.shared, self.shared) = (whole, shared);
        let chains = edit(&newer.chains, &within, protocols)?.map_or(newer.chains, |edit| edit.after);
        for chain in
            chains.chains.iter().filter(|chain| !self.holds(&chain.name)).cloned().collect::<Vec<_>>()
        {
            let rules: Vec<SavedRule> = chains.rules_of(&chain.name).cloned().collect();
            self.add_chain(chain, rules);
        }
        for name in newer.absent {
            if !self.holds(&name) {
                self.absent.push(name);
            }
        }
        for shared in newer
            .shared
            .into_iter()
            .filter(|shared| !self.chains.chains.iter().any(|chain| chain.name == shared.name))
            .collect::<Vec<_>>()
        {
            match self.shared.iter_mut().find(|older| older.name == shared.name) {
                Some(older) => older.ours.extend(shared.ours),
                None => self.shared.push(shared),
            }
        }
        Ok(self)
    }

    fn add_chain(&mut self, chain: SavedChain, rules: impl IntoIterator<Item = SavedRule>) {
        self.chains.chains.push(chain);
        self.chains.rules.extend(rules);
    }
}

impl PlacedRule {
    /// The rule as one of a saved table.
    pub(crate) fn saved(&self) -> SavedRule {
        let counters = self.counters.map(|(packets, bytes)| Counters { packets, bytes });
        SavedRule { counters, text: self.rule.clone() }
    }
}

/// Whether the table has a built-in chain of this name.
pub(crate) fn is_built_in(table: &str, chain: &str) -> bool {
    builtin_chains(table).is_some_and(|chains| chains.contains(&chain))
}

fn accepting(name: &str) -> SavedChain {
    SavedChain { name: name.to_owned(), policy: Some("ACCEPT".to_owned()), counters: Counters::default() }
}

/// A table as restore text, in JSON.
mod as_text {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::restore_text::{SavedTable, parse};

    pub(super) fn serialize<S: Serializer>(table: &SavedTable, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&table.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SavedTable, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut parsed = parse(&text).map_err(D::Error::custom)?;
        match (parsed.tables.pop(), parsed.tables.is_empty()) {
            (Some(table), true) => Ok(table),
            _ => Err(D::Error::custom("not one table")),
        }
    }
}
