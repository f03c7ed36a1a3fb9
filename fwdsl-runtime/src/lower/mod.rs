//! Model to rules: lists, negations and several verdicts on a rule become rules that iptables has.
//!
//! What a policy means does not depend on how it is encoded here: a packet matches a rule at most
//! once, a stateful match is consulted once and last, several verdicts share one evaluation.

mod assemble;
mod changes;
mod domain;
mod draft;
mod elements;
mod exact;
mod family;
mod name;
mod normal;
mod optimise;
mod plain;
mod plan;
mod protocols;
mod sets;
mod state;

use std::sync::Arc;

use crate::catalogue::Extension;
use crate::family::Family;
use crate::ipset::KernelSet;
use crate::loc::Loc;
use crate::model::{Action, ChainPolicy, HookPosition, Match, Model, Ownership};
use crate::table::{Hook, TableName};

pub(crate) use domain::contradiction;
pub(crate) use elements::{element_count, element_lines, networks};
pub(crate) use exact::{exact_rules, is_choice};
pub(crate) use family::{
    RuleFamilies, TargetFamilies, can_have_protocol, model_families, rule_families, value_families,
};
pub(crate) use name::CHAIN_NAME_MAX_BYTES;
#[cfg(feature = "syntax")]
pub(crate) use normal::saved_options;
pub(crate) use normal::{HashTable, hash_field, hash_table};
pub use optimise::{OptimisedRun, TreeSize, lower_optimised};
pub(crate) use protocols::{asked_protocols, protocols_of_value};
pub(crate) use sets::{MAXELEM_DEFAULT, refer, set_families};
pub(crate) use state::{estimators_of, measured, recent_mask};

/// The rules of one family, as iptables has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Ruleset {
    /// The family.
    pub family: Family,
    /// The tables that the policy holds for it, in the order raw, mangle, nat, filter, security.
    pub tables: Vec<Table>,
    /// Whether the policy owns only its chains in these, not the tables.
    pub chains_alone: bool,
    /// The sets that its rules can refer to, in the order in which they can be made.
    pub sets: Vec<Arc<KernelSet>>,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Which.
    pub name: TableName,
    /// All built-in chains in the kernel's order, unless the policy owns chains alone; then the others sorted by name.
    pub chains: Vec<Chain>,
    /// The jumps to the policy's chains from built-in ones that are not its own, in the kernel's order.
    pub hooks: Vec<HookJump>,
    /// The chains of others, as they are declared: with a `+` at the end, all that begin so.
    pub foreign: Vec<String>,
}

/// A jump from a built-in chain to the policy's own chain for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookJump {
    /// The built-in chain.
    pub hook: Hook,
    /// The chain that it calls.
    pub chain: String,
    /// Where in the built-in chain the jump stands.
    pub position: HookPosition,
    /// Where the source has the chain.
    pub loc: Loc,
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
    /// Which rule of the policy that is.
    pub origin: RuleOrigin,
}

/// Which rule of a policy a lowered rule comes of, and what its counter says about that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleOrigin {
    /// The place of its chain among the policy's chains.
    pub chain: usize,
    /// The place of the rule in its chain.
    pub rule: usize,
    /// Whether packets that are counted here are those that the source's rule matches: each such packet passes one of
    /// the lowered rules that count, once. An exact rule counts a packet for each of its alternatives that match.
    pub counts: bool,
    /// Whether it is no rule of the source, but leads packets through a tree that stands for this one and others.
    pub leads: bool,
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
        self.position(name).map(|place| &self.chains[place])
    }

    /// The place of the chain of this name among the chains.
    pub fn position(&self, name: &str) -> Option<usize> {
        let others = self.chains.iter().position(|chain| chain.policy.is_none()).unwrap_or(self.chains.len());
        let (built_in, others) = self.chains.split_at(others);
        match others.binary_search_by(|chain| chain.name.as_str().cmp(name)) {
            Ok(place) => Some(built_in.len() + place),
            Err(_) => built_in.iter().position(|chain| chain.name == name),
        }
    }

    /// The chain in which the policy's rules for a hook begin: the built-in one, or its own.
    pub fn start(&self, hook: Hook) -> Option<usize> {
        let own = self.hooks.iter().find(|jump| jump.hook == hook).map(|jump| jump.chain.as_str());
        let name = own.unwrap_or(hook.name());
        self.position(name)
    }

    /// Whether a jump to this chain goes to rules of others, of which nothing is known.
    pub fn is_foreign(&self, name: &str) -> bool {
        self.foreign.iter().any(|foreign| foreign == name)
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

/// The name under which a chain of the policy is emitted.
pub(crate) fn emitted_name(model: &Model, chain: &crate::model::Chain) -> String {
    let own = chain.hook().and_then(|hook| model.ownership.hook_chain(hook));
    own.unwrap_or_else(|| chain.name.clone())
}

/// The rules of a policy for one family; `None` if the policy holds no table for it.
///
/// The policy must have passed [`crate::check`]; rules that fit no family are left out.
pub fn lower(model: &Model, family: Family) -> Option<Ruleset> {
    let model = &*state::name_state(model);
    let sets = sets::lower_sets(model, family);
    let tables: Vec<Table> =
        TableName::ALL.into_iter().filter_map(|table| lower_table(model, table, family, &sets)).collect();
    let chains_alone = matches!(model.ownership, Ownership::Chains { .. });
    (!tables.is_empty()).then_some(Ruleset { family, tables, chains_alone, sets })
}

fn lower_table(model: &Model, name: TableName, family: Family, sets: &[Arc<KernelSet>]) -> Option<Table> {
    let here = |(_, chain): &(usize, &crate::model::Chain)| {
        chain.table == name && model.families.and(chain.families).contains(family)
    };
    let (numbers, source): (Vec<usize>, Vec<&crate::model::Chain>) =
        model.chains.iter().enumerate().filter(here).unzip();
    if source.is_empty() {
        return None;
    }
    let here = |foreign: &&crate::model::ForeignChain| {
        foreign.table == name && model.families.and(foreign.families).contains(family)
    };
    let foreign: Vec<String> =
        model.foreign.iter().filter(here).map(|foreign| foreign.name.clone()).collect();
    let targets = TargetFamilies::new(model);
    let changes = changes::Changes::new(&source, &foreign, name);
    let mut names = name::Names::new(taken_names(model, name, &source));
    let mut built_in: Vec<Chain> = Vec::new();
    let mut others: Vec<Chain> = Vec::new();
    let mut hooks: Vec<HookJump> = Vec::new();
    for hook in name.hooks() {
        let written = source.iter().find(|chain| chain.name == hook.name());
        if let Some(own) = model.ownership.hook_chain(*hook) {
            hooks.extend(written.map(|chain| HookJump {
                hook: *hook,
                chain: own,
                position: chain.position(),
                loc: chain.loc,
            }));
            continue;
        }
        built_in.push(Chain {
            name: hook.name().into(),
            policy: Some(written.and_then(|chain| chain.policy()).unwrap_or(ChainPolicy::Accept)),
            rules: Vec::new(),
            auxiliary: false,
        });
    }
    for (number, chain) in numbers.into_iter().zip(source) {
        let mut lowered =
            assemble::lower_chain(model, (number, chain), family, &targets, &changes, sets, &mut names)
                .into_iter();
        let own = lowered.next().expect("a chain lowers to itself first");
        match built_in.iter_mut().find(|chain| chain.name == own.name) {
            Some(chain) => chain.rules = own.rules,
            None => others.push(own),
        }
        others.extend(lowered);
    }
    others.sort_by(|a, b| a.name.cmp(&b.name));
    built_in.append(&mut others);
    Some(Table { name, chains: built_in, hooks, foreign })
}

/// The names that a chain made by the lowering may not have.
fn taken_names<'a>(
    model: &'a Model,
    table: TableName,
    source: &'a [&crate::model::Chain],
) -> impl Iterator<Item = String> + 'a {
    let own = source.iter().map(|chain| emitted_name(model, chain));
    own.chain(
        model
            .foreign
            .iter()
            .filter(move |foreign| foreign.table == table)
            .map(|foreign| foreign.name.clone()),
    )
}
