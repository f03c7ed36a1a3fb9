//! The tables of a text as its lines make them: what `iptables-restore` would have in the kernel at the end.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::error::Reason;
use super::request::{Request, RequestKind};
use crate::emit::emit_rule;
use crate::family::Family;
use crate::loc::{Loc, Located};
use crate::lower::{Chain as LoweredChain, Rule as LoweredRule, RuleOrigin, exact_rules};
use crate::model::{Action, Chain, ChainPolicy, Model, Rule};
use crate::restore_text::Counters;
use crate::table::TableName;

/// The most rules that a text may make. Lists of addresses make many rules of one line, so that the size of a text
/// does not bound them.
const RULES_MAX: usize = 1_000_000;

/// The chains of one family, growing.
#[derive(Debug, Default)]
pub(super) struct Tables {
    chains: Vec<ChainState>,
    places: HashMap<(TableName, String), usize>,
    rules: Vec<RuleState>,
    /// The place of the chain that a rule was added to last.
    last: usize,
}

#[derive(Debug)]
struct ChainState {
    table: TableName,
    name: String,
    /// Where it is declared; a chain may be used before.
    declared: Option<Loc>,
    first_used: Loc,
    policy: Option<Located<ChainPolicy>>,
    counters: Option<Counters>,
    /// The rules by their numbers.
    rules: Vec<u32>,
    removed: bool,
}

#[derive(Debug)]
struct RuleState {
    rule: Option<Rule>,
    counters: Option<Counters>,
    /// What tells rules apart, once somebody asked.
    key: Option<u64>,
}

/// The counters of a chain and of its rules, where the text has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChainCounters {
    /// How often the policy decided.
    pub policy: Option<Counters>,
    /// How often each rule matched.
    pub rules: Vec<Option<Counters>>,
}

impl Tables {
    /// `*table`: the table is empty from here on, but policies stay as they are.
    pub(super) fn begin(&mut self, table: TableName, loc: Loc) {
        for chain in self.chains.iter_mut().filter(|chain| chain.table == table) {
            chain.rules.clear();
            chain.removed = table.hook(&chain.name).is_none();
        }
        self.places.retain(|(of, name), _| *of != table || table.hook(name).is_some());
        for hook in table.hooks() {
            let place = self.place(table, hook.name(), loc);
            self.chains[place].declared.get_or_insert(loc);
        }
    }

    /// Whether the table has begun.
    pub(super) fn has(&self, table: TableName) -> bool {
        self.chains.iter().any(|chain| chain.table == table)
    }

    /// The place of the chain that a rule is added to. Most lines add to the same chain as the one before.
    fn place_of_rule(&mut self, table: TableName, name: &str, loc: Loc) -> usize {
        let is_it = |chain: &ChainState| chain.table == table && chain.name == name && !chain.removed;
        if !self.chains.get(self.last).is_some_and(is_it) {
            self.last = self.place(table, name, loc);
        }
        self.last
    }

    fn find(&self, table: TableName, name: &str) -> Result<usize, Reason> {
        let key = (table, name.to_owned());
        let found = self.places.get(&key).copied();
        found.ok_or_else(|| Reason::new(format!("table `{table}` has no chain `{name}`")))
    }

    fn place(&mut self, table: TableName, name: &str, loc: Loc) -> usize {
        let next = self.chains.len();
        let place = *self.places.entry((table, name.to_owned())).or_insert(next);
        if place == next {
            self.chains.push(ChainState {
                table,
                name: name.to_owned(),
                declared: None,
                first_used: loc,
                policy: None,
                counters: None,
                rules: Vec::new(),
                removed: false,
            });
        }
        place
    }

    /// `:CHAIN POLICY [packets:bytes]`, or `-N CHAIN`.
    pub(super) fn declare(&mut self, table: TableName, name: &str, loc: Loc) -> Result<(), Reason> {
        let built_in = table.hook(name).is_some();
        let place = self.place(table, name, loc);
        let chain = &mut self.chains[place];
        match chain.declared {
            Some(first) if !built_in => {
                Err(Reason::new(format!("chain `{name}` is there already, since line {}", first.line)))
            }
            _ => {
                chain.declared = Some(loc);
                Ok(())
            }
        }
    }

    /// The policy of a built-in chain.
    pub(super) fn set_policy(
        &mut self,
        table: TableName,
        name: &str,
        policy: &str,
        counters: Option<Counters>,
        loc: Loc,
    ) -> Result<(), Reason> {
        if table.hook(name).is_none() {
            return Err(Reason::new(format!("only built-in chains have a policy, and `{name}` is none")));
        }
        let policy = [ChainPolicy::Accept, ChainPolicy::Drop]
            .into_iter()
            .find(|known| known.name() == policy)
            .ok_or_else(|| {
                Reason::new(format!("`{policy}` is not a policy"))
                    .help("a chain has the policy ACCEPT or DROP")
            })?;
        let place = self.place(table, name, loc);
        self.chains[place].policy = Some(Located::new(policy, loc));
        self.chains[place].counters = counters.or(self.chains[place].counters);
        Ok(())
    }

    /// Carries out a command.
    pub(super) fn carry_out(
        &mut self,
        table: TableName,
        family: Family,
        request: &Request<'_>,
        rules: &mut Vec<Rule>,
        counters: Option<Counters>,
        loc: Loc,
    ) -> Result<(), Reason> {
        let Some(name) = request.chain else { return self.carry_out_everywhere(table, request) };
        match &request.kind {
            RequestKind::New if table.hook(name).is_some() => {
                Err(Reason::new(format!("chain `{name}` is built in, and there already")))
            }
            RequestKind::New => self.declare(table, name, loc),
            RequestKind::Policy(policy) => self.set_policy(table, name, policy, counters, loc),
            RequestKind::Append => {
                let place = self.place_of_rule(table, name, loc);
                let end = self.chains[place].rules.len();
                self.insert(place, end, rules, counters)
            }
            RequestKind::Insert(number) => {
                let place = self.place(table, name, loc);
                if *number > self.chains[place].rules.len() + 1 {
                    return Err(Reason::new(format!("chain `{name}` has too few rules for one at {number}")));
                }
                // Each of several rules goes to the same place, so that the last comes to stand first.
                rules.reverse();
                self.insert(place, number - 1, rules, counters)
            }
            RequestKind::Replace(number) => {
                let place = self.find(table, name)?;
                let at = self.rule_at(place, *number)?;
                if rules.len() != 1 {
                    return Err(Reason::new("`-R` takes one source and one destination"));
                }
                self.chains[place].rules.remove(at);
                self.insert(place, at, rules, counters)
            }
            RequestKind::DeleteNumber(number) => {
                let place = self.find(table, name)?;
                let at = self.rule_at(place, *number)?;
                self.chains[place].rules.remove(at);
                Ok(())
            }
            RequestKind::Delete | RequestKind::Check => {
                let place = self.find(table, name)?;
                for rule in rules.iter() {
                    let at = self.find_rule(place, rule, family);
                    let at = at.ok_or_else(|| Reason::new(format!("chain `{name}` has no such rule")))?;
                    if request.kind == RequestKind::Delete {
                        self.chains[place].rules.remove(at);
                    }
                }
                Ok(())
            }
            RequestKind::Flush => {
                let place = self.find(table, name)?;
                self.chains[place].rules.clear();
                Ok(())
            }
            RequestKind::DeleteChain => self.delete_chain(table, name),
            RequestKind::Rename(new) => self.rename(table, name, new, loc),
            RequestKind::Zero(number) => self.zero(table, name, *number),
            RequestKind::List => self.find(table, name).map(|_| ()),
        }
    }

    /// A command without a chain, which is for every one of the table.
    fn carry_out_everywhere(&mut self, table: TableName, request: &Request<'_>) -> Result<(), Reason> {
        let here = |chain: &&mut ChainState| chain.table == table && !chain.removed;
        match request.kind {
            RequestKind::Flush => self.chains.iter_mut().filter(here).for_each(|chain| chain.rules.clear()),
            RequestKind::Zero(_) => {
                for place in 0..self.chains.len() {
                    if self.chains[place].table == table {
                        self.zero_chain(place);
                    }
                }
            }
            RequestKind::DeleteChain => {
                let names: Vec<String> = self
                    .chains
                    .iter_mut()
                    .filter(here)
                    .filter(|chain| table.hook(&chain.name).is_none())
                    .map(|chain| chain.name.clone())
                    .collect();
                for name in names {
                    self.delete_chain(table, &name)?;
                }
            }
            RequestKind::List => {}
            _ => return Err(Reason::new("the command lacks its chain")),
        }
        Ok(())
    }

    fn insert(
        &mut self,
        place: usize,
        at: usize,
        rules: &mut Vec<Rule>,
        counters: Option<Counters>,
    ) -> Result<(), Reason> {
        if self.rules.len() + rules.len() > RULES_MAX {
            return Err(Reason::new(format!("these are more than {RULES_MAX} rules")));
        }
        let first = self.rules.len() as u32;
        let numbers = first..first + rules.len() as u32;
        let chain = &mut self.chains[place];
        if at == chain.rules.len() {
            chain.rules.extend(numbers);
        } else {
            chain.rules.splice(at..at, numbers);
        }
        for rule in rules.drain(..) {
            self.rules.push(RuleState { rule: Some(rule), counters, key: None });
        }
        Ok(())
    }

    fn rule_at(&self, place: usize, number: usize) -> Result<usize, Reason> {
        let chain = &self.chains[place];
        if number > chain.rules.len() {
            return Err(Reason::new(format!("chain `{}` has no rule {number}", chain.name)));
        }
        Ok(number - 1)
    }

    /// The first rule of a chain that is saved as this one would be.
    fn find_rule(&mut self, place: usize, rule: &Rule, family: Family) -> Option<usize> {
        let key = rule_key(rule, family);
        let rules = &mut self.rules;
        self.chains[place].rules.iter().position(|number| {
            let other = &mut rules[*number as usize];
            let Some(other_rule) = &other.rule else { return false };
            *other.key.get_or_insert_with(|| rule_key(other_rule, family)) == key
        })
    }

    fn delete_chain(&mut self, table: TableName, name: &str) -> Result<(), Reason> {
        let place = self.find(table, name)?;
        if table.hook(name).is_some() {
            return Err(Reason::new(format!("`{name}` is a built-in chain, which stays")));
        }
        if !self.chains[place].rules.is_empty() {
            return Err(Reason::new(format!("chain `{name}` still has rules")));
        }
        let live = self.chains.iter().filter(|chain| chain.table == table).flat_map(|chain| &chain.rules);
        let mut rules = live.filter_map(|number| self.rules[*number as usize].rule.as_ref());
        if let Some(rule) = rules.find(|rule| goes_to(rule, name)) {
            return Err(Reason::new(format!("line {} still goes to chain `{name}`", rule.loc.line)));
        }
        self.chains[place].removed = true;
        self.places.remove(&(table, name.to_owned()));
        Ok(())
    }

    fn rename(&mut self, table: TableName, name: &str, new: &str, loc: Loc) -> Result<(), Reason> {
        let place = self.find(table, name)?;
        if table.hook(name).is_some() {
            return Err(Reason::new(format!("`{name}` is a built-in chain, whose name stays")));
        }
        let declared =
            |place: &usize| self.chains[*place].declared.is_some() || !self.chains[*place].rules.is_empty();
        if table.hook(new).is_some() || self.places.get(&(table, new.to_owned())).is_some_and(declared) {
            return Err(Reason::new(format!("chain `{new}` is there already")));
        }
        self.places.remove(&(table, name.to_owned()));
        self.places.insert((table, new.to_owned()), place);
        self.last = place;
        self.chains[place].name = new.to_owned();
        self.chains[place].declared.get_or_insert(loc);
        for chain in self.chains.iter().filter(|chain| chain.table == table) {
            for number in &chain.rules {
                let rule = self.rules[*number as usize].rule.as_mut();
                for verdict in rule.into_iter().flat_map(|rule| &mut rule.verdicts) {
                    if let Action::Jump(target) | Action::Goto(target) = &mut verdict.action
                        && target == name
                    {
                        new.clone_into(target);
                    }
                }
            }
        }
        Ok(())
    }

    fn zero(&mut self, table: TableName, name: &str, number: Option<usize>) -> Result<(), Reason> {
        let place = self.find(table, name)?;
        match number {
            None => self.zero_chain(place),
            Some(number) => {
                let at = self.rule_at(place, number)?;
                let rule = self.chains[place].rules[at];
                self.rules[rule as usize].counters = None;
            }
        }
        Ok(())
    }

    fn zero_chain(&mut self, place: usize) {
        self.chains[place].counters = None;
        for number in &self.chains[place].rules {
            self.rules[*number as usize].counters = None;
        }
    }

    /// Chains that have rules, and that nothing declares.
    pub(super) fn undeclared(&self) -> impl Iterator<Item = (Loc, Reason)> {
        self.chains.iter().filter(|chain| !chain.removed && chain.declared.is_none()).map(|chain| {
            let message = format!("table `{}` has no chain `{}`", chain.table, chain.name);
            let help = format!("declare it: `:{} - [0:0]`", chain.name);
            (chain.first_used, Reason::new(message).help(help))
        })
    }

    /// Puts the chains into a model, and their counters beside them.
    pub(super) fn finish(mut self, model: &mut Model, counters: &mut Vec<ChainCounters>) {
        for chain in self.chains {
            if chain.removed {
                continue;
            }
            let mut rules = Vec::with_capacity(chain.rules.len());
            let mut counted =
                ChainCounters { policy: chain.counters, rules: Vec::with_capacity(chain.rules.len()) };
            for number in chain.rules {
                let state = &mut self.rules[number as usize];
                rules.extend(state.rule.take());
                counted.rules.push(state.counters);
            }
            let family = model.families;
            counters.push(counted);
            model.chains.push(Chain {
                table: chain.table,
                name: chain.name,
                policy: chain.policy,
                position: None,
                families: family,
                doc: String::new(),
                rules,
                levels: Vec::new(),
                optimise: false,
                loc: chain.declared.unwrap_or(chain.first_used),
            });
        }
    }
}

fn goes_to(rule: &Rule, chain: &str) -> bool {
    rule.verdicts.iter().any(|verdict| match &verdict.action {
        Action::Jump(target) | Action::Goto(target) => target == chain,
        Action::Target { .. } => false,
    })
}

/// The same for rules that are saved alike.
fn rule_key(rule: &Rule, family: Family) -> u64 {
    let chain = LoweredChain { name: String::new(), policy: None, rules: Vec::new(), auxiliary: false };
    let mut hasher = DefaultHasher::new();
    for matches in exact_rules(rule, family) {
        for verdict in &rule.verdicts {
            let lowered = LoweredRule {
                matches: matches.clone(),
                action: verdict.action.clone(),
                loc: rule.loc,
                origin: RuleOrigin::default(),
            };
            emit_rule(&chain, &lowered, family).hash(&mut hasher);
        }
    }
    hasher.finish()
}
