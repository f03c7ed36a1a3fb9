//! Model to rules: lists, negations and several verdicts on a rule become rules that iptables has.
//!
//! What a policy means does not depend on how it is encoded here: a packet matches a rule at most
//! once, a stateful match is consulted once and last, several verdicts share one evaluation.

mod assemble;
mod changes;
mod domain;
mod draft;
mod elements;
mod family;
mod name;
mod normal;
mod plan;
mod protocols;
mod sets;

use std::sync::Arc;

use crate::catalogue::Extension;
use crate::family::Family;
use crate::ipset::KernelSet;
use crate::loc::Loc;
use crate::model::{Action, ChainPolicy, Match, Model};
use crate::table::TableName;

pub(crate) use domain::contradiction;
pub(crate) use elements::{element_count, element_lines, networks};
pub(crate) use family::{model_families, rule_families, value_families};
pub(crate) use name::CHAIN_NAME_MAX_BYTES;
pub(crate) use normal::{HashTable, hash_table};
pub(crate) use protocols::{asked_protocols, protocols_of_value};
pub(crate) use sets::{MAXELEM_DEFAULT, refer, set_families};

/// The rules of one family, as iptables has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Ruleset {
    /// The family.
    pub family: Family,
    /// The tables that the policy holds for it, in the order raw, mangle, nat, filter, security.
    pub tables: Vec<Table>,
    /// The sets that its rules can refer to, in the order in which they can be made.
    pub sets: Vec<Arc<KernelSet>>,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Which.
    pub name: TableName,
    /// All built-in chains in the kernel's order, then the others sorted by name.
    pub chains: Vec<Chain>,
}

/// A chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// The name.
    pub name: String,
    /// The policy of a built-in chain; `None` for the others.
    pub policy: Option<ChainPolicy>,
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// Whether the lowering made the chain; the source does not name it.
    pub auxiliary: bool,
}

/// A rule that iptables can hold: each core parameter at most once, one target.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The matches: core parameters first, stateful ones and the comment last.
    pub matches: Vec<Match>,
    /// The target.
    pub action: Action,
    /// The rule of the source.
    pub loc: Loc,
}

impl Ruleset {
    /// The table of this name.
    pub fn table(&self, name: TableName) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

impl Table {
    /// The chain of this name.
    pub fn chain(&self, name: &str) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.name == name)
    }
}

impl Rule {
    /// The target's entry, if it is one of the catalogue and no chain.
    pub fn target(&self) -> Option<&'static Extension> {
        match &self.action {
            Action::Target { extension, .. } => Some(extension),
            Action::Jump(_) | Action::Goto(_) => None,
        }
    }
}

/// The rules of a policy for one family; `None` if the policy holds no table for it.
///
/// The policy must have passed [`crate::check`]; rules that fit no family are left out.
pub fn lower(model: &Model, family: Family) -> Option<Ruleset> {
    let sets = sets::lower_sets(model, family);
    let tables: Vec<Table> =
        TableName::ALL.into_iter().filter_map(|table| lower_table(model, table, family, &sets)).collect();
    (!tables.is_empty()).then_some(Ruleset { family, tables, sets })
}

fn lower_table(model: &Model, name: TableName, family: Family, sets: &[Arc<KernelSet>]) -> Option<Table> {
    let here = |chain: &&crate::model::Chain| {
        chain.table == name && model.families.and(chain.families).contains(family)
    };
    let source: Vec<&crate::model::Chain> = model.chains.iter().filter(here).collect();
    if source.is_empty() {
        return None;
    }
    let changes = changes::Changes::new(&source);
    let mut names = name::Names::new(source.iter().map(|chain| chain.name.clone()));
    let mut built_in: Vec<Chain> = Vec::new();
    let mut others: Vec<Chain> = Vec::new();
    for hook in name.hooks() {
        let policy = source.iter().find(|chain| chain.name == hook.name()).and_then(|chain| chain.policy());
        built_in.push(Chain {
            name: hook.name().into(),
            policy: Some(policy.unwrap_or(ChainPolicy::Accept)),
            rules: Vec::new(),
            auxiliary: false,
        });
    }
    for chain in source {
        let mut lowered = assemble::lower_chain(model, chain, family, &changes, sets, &mut names).into_iter();
        let own = lowered.next().expect("a chain lowers to itself first");
        match built_in.iter_mut().find(|chain| chain.name == own.name) {
            Some(chain) => chain.rules = own.rules,
            None => others.push(own),
        }
        others.extend(lowered);
    }
    others.sort_by(|a, b| a.name.cmp(&b.name));
    built_in.append(&mut others);
    Some(Table { name, chains: built_in })
}
