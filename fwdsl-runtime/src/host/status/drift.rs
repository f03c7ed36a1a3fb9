//! Which rules of the policy the kernel does not hold, and which of the kernel's are not the policy's.

use crate::edits::{Edit, edits};
use crate::emit::emit_rule;
use crate::family::Family;
use crate::host::outlook::PrintedLines;
use crate::host::plan::{RulesPlan, Seen};
use crate::host::sharing::Sharing;
use crate::loc::Loc;
use crate::lower::{Chain, Ruleset, Table};
use crate::restore_text::{Counters, Protocols, SavedTable, builtin_chains, normal_rule};

/// Something in the kernel that is not as the policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The family.
    pub family: Family,
    /// The table.
    pub table: String,
    /// The chain, unless it is about all of the table.
    pub chain: Option<String>,
    /// What is otherwise.
    pub difference: Difference,
}

/// What is otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The kernel lacks a rule.
    Missing {
        /// The rule of the policy.
        loc: Loc,
        /// As iptables has it.
        text: String,
    },
    /// The kernel has a rule too many.
    Extra {
        /// Where it stands in what `iptables-save` prints.
        line: u32,
        /// As it is printed.
        text: String,
    },
    /// The kernel has another rule in the place of one.
    Changed {
        /// The rule of the policy.
        loc: Loc,
        /// As iptables has it.
        wanted: String,
        /// Where the other one stands in what `iptables-save` prints.
        line: u32,
        /// As it is printed.
        found: String,
    },
    /// The policy of a built-in chain is another.
    Policy {
        /// What it is to be.
        wanted: String,
        /// What it is.
        found: String,
    },
    /// The kernel lacks the chain.
    MissingChain {
        /// How many rules it is to have.
        rules: usize,
    },
    /// The kernel has the chain, and nobody said that it is others'.
    ExtraChain {
        /// How many rules it has.
        rules: usize,
    },
    /// A jump of the policy among the rules of others is missing, or not where it belongs.
    Jump {
        /// Where the policy has the chain that it goes to; absent if it is a jump of an earlier policy.
        loc: Option<Loc>,
    },
    /// The chain is of an earlier apply, and no longer in the policy.
    LeftChain,
    /// The table is of an earlier apply, and no longer in the policy.
    LeftTable,
}

/// What was found for a family.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) drift: Vec<Drift>,
    /// The rules that are there, with their counters.
    pub(super) same: Vec<Same>,
}

/// A rule that is there.
#[derive(Debug)]
pub(super) struct Same {
    /// Its table, chain and rule in the ruleset.
    pub(super) place: [usize; 3],
    pub(super) counters: Counters,
}

/// Compares the rules of the policy with those of the kernel.
pub(super) fn find(ruleset: &Ruleset, seen: &Seen, protocols: &Protocols) -> Found {
    let sharing = Sharing::of(ruleset);
    let lines = PrintedLines::of(&seen.printed);
    let mut finder = Finder { ruleset, sharing, seen, protocols, lines, found: Found::default() };
    for (number, table) in ruleset.tables.iter().enumerate() {
        finder.table(number, table);
    }
    finder.found
}

/// What only the plan knows: jumps among the rules of others, and what an earlier apply left. `ruleset` is the policy's
/// for the family, if it has one.
pub(super) fn planned(change: &RulesPlan, ruleset: Option<&Ruleset>) -> Vec<Drift> {
    let family = change.family;
    let tables = || ruleset.into_iter().flat_map(|ruleset| &ruleset.tables);
    let drift = |table: &str, chain: Option<&String>, difference| Drift {
        family,
        table: table.to_owned(),
        chain: chain.cloned(),
        difference,
    };
    let mut found = Vec::new();
    for table in &change.new {
        if tables().all(|known| known.name.name() != table.name) {
            found.push(drift(&table.name, None, Difference::LeftTable));
        }
    }
    let alone = ruleset.is_none_or(|ruleset| ruleset.chains_alone);
    for planned in &change.shared {
        let Some(edit) = &planned.edit else { continue };
        let name = planned.goal.table();
        let table = tables().find(|table| table.name.name() == name);
        for chain in &edit.moved {
            let jump = table.and_then(|table| table.hooks.iter().find(|jump| jump.hook.name() == chain));
            found.push(drift(name, Some(chain), Difference::Jump { loc: jump.map(|jump| jump.loc) }));
        }
        // Where whole tables are ours, chains too many have been found in what the kernel holds.
        for chain in edit.removed.iter().filter(|_| alone) {
            found.push(drift(name, Some(chain), Difference::LeftChain));
        }
    }
    found
}

struct Finder<'a> {
    ruleset: &'a Ruleset,
    sharing: Sharing,
    seen: &'a Seen,
    protocols: &'a Protocols,
    lines: PrintedLines,
    found: Found,
}

/// A rule of the kernel.
struct There {
    line: u32,
    text: String,
    counters: Counters,
}

impl Finder<'_> {
    fn table(&mut self, number: usize, table: &Table) {
        let none = SavedTable::pristine(table.name.name());
        let now = self.seen.tables.table(table.name.name()).unwrap_or(&none);
        for (place, chain) in table.chains.iter().enumerate() {
            self.chain([number, place], table, chain, now);
        }
        if self.ruleset.chains_alone {
            return;
        }
        let is_known = |name: &str| {
            let built_in = builtin_chains(table.name.name()).is_some_and(|chains| chains.contains(&name));
            let shared = self.sharing.table(table.name.name());
            built_in || table.chain(name).is_some() || shared.is_some_and(|shared| shared.is_foreign(name))
        };
        let extra: Vec<_> = now.chains.iter().filter(|chain| !is_known(&chain.name)).collect();
        for chain in extra {
            let rules = now.rules_of(&chain.name).count();
            self.tell(table, &chain.name, Difference::ExtraChain { rules });
        }
    }

    fn tell(&mut self, table: &Table, chain: &str, difference: Difference) {
        self.found.drift.push(Drift {
            family: self.ruleset.family,
            table: table.name.name().to_owned(),
            chain: Some(chain.to_owned()),
            difference,
        });
    }

    fn chain(&mut self, [number, place]: [usize; 2], table: &Table, chain: &Chain, now: &SavedTable) {
        let there = now.chains.iter().find(|there| there.name == chain.name);
        if there.is_none() && chain.policy.is_none() {
            return self.tell(table, &chain.name, Difference::MissingChain { rules: chain.rules.len() });
        }
        // Under nft, a built-in chain is made when it is needed; one that accepts is the same.
        let policy = there.map_or(Some("ACCEPT"), |there| there.policy.as_deref());
        let wanted = chain.policy.map(|policy| policy.name());
        if policy != wanted {
            let word = |policy: Option<&str>| policy.unwrap_or("none").to_owned();
            self.tell(table, &chain.name, Difference::Policy { wanted: word(wanted), found: word(policy) });
        }
        let rules: Vec<There> = now
            .rules_of(&chain.name)
            .map(|rule| There {
                line: self.lines.take(table.name.name(), &rule.text).unwrap_or(0),
                text: rule.text.clone(),
                counters: rule.counters.unwrap_or_default(),
            })
            .collect();
        let texts: Vec<String> =
            chain.rules.iter().map(|rule| emit_rule(chain, rule, self.ruleset.family)).collect();
        let normal = |text: &str| normal_rule(text, self.protocols);
        let old: Vec<String> = rules.iter().map(|rule| normal(&rule.text)).collect();
        let new: Vec<String> = texts.iter().map(|text| normal(text)).collect();
        let (mut extra, mut missing) = (Vec::new(), Vec::new());
        for edit in edits(&old, &new) {
            match edit {
                Edit::Old(at) => extra.push(at),
                Edit::New(at) => missing.push(at),
                Edit::Same(at_old, at_new) => {
                    let counters = rules[at_old].counters;
                    self.found.same.push(Same { place: [number, place, at_new], counters });
                    self.run(table, chain, (&mut extra, &rules), (&mut missing, &texts));
                }
            }
        }
        self.run(table, chain, (&mut extra, &rules), (&mut missing, &texts));
    }

    /// Tells what is otherwise between two rules that are there, and forgets it.
    fn run(
        &mut self,
        table: &Table,
        chain: &Chain,
        (extra, rules): (&mut Vec<usize>, &[There]),
        (missing, texts): (&mut Vec<usize>, &[String]),
    ) {
        let both = extra.len().min(missing.len());
        // As many for as many are one for one; else it is not known which is for which.
        let pairs = if extra.len() == missing.len() { both } else { 0 };
        for (old, new) in extra.drain(..pairs).zip(missing.drain(..pairs)) {
            self.tell(
                table,
                &chain.name,
                Difference::Changed {
                    loc: chain.rules[new].loc,
                    wanted: texts[new].clone(),
                    line: rules[old].line,
                    found: rules[old].text.clone(),
                },
            );
        }
        for new in missing.drain(..) {
            let (loc, text) = (chain.rules[new].loc, texts[new].clone());
            self.tell(table, &chain.name, Difference::Missing { loc, text });
        }
        for old in extra.drain(..) {
            let (line, text) = (rules[old].line, rules[old].text.clone());
            self.tell(table, &chain.name, Difference::Extra { line, text });
        }
    }
}
