//! Rules to which no packet comes that they match, and why.

use std::collections::BTreeMap;

use super::entry::Surroundings;
use super::packet::Packet;
use super::program::{Classes, Program, program};
use super::reach::{Comers, Cube, Prepared, Reach, Scope};
use super::region::{Choice, WHOLE};
use super::tables::Tables;
use super::unknown::known_part;
use super::witness::witness;
use crate::catalogue::RETURN;
use crate::family::Family;
use crate::loc::Loc;
use crate::lower::{Chain, Rule, Ruleset, Table};
use crate::model::{Action, Model};
use crate::table::TableName;

/// The steps that the search for one rule may take. A step is one part of the packets that meets one rule.
const STEPS_OF_RULE: u64 = 20_000;

/// The steps of all searches that find the smallest set of causes for one rule.
const STEPS_OF_CAUSES: u64 = 20_000;

/// How many causes are tried to leave out; a list of more tells nobody why.
const CAUSES_TRIED: usize = 24;

/// A rule of the source that no packet comes to which it matches, in whatever family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// The table of its chain.
    pub table: TableName,
    /// The rule.
    pub loc: Loc,
    /// How that comes.
    pub kind: UnreachableKind,
    /// The rules that take its packets, in order.
    pub causes: Vec<Loc>,
}

/// Why a rule is unreachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnreachableKind {
    /// Its matches exclude each other.
    MatchesNothing,
    /// One earlier rule of the chain takes all its packets.
    CoveredByOne,
    /// Earlier rules of the chain take all its packets together.
    CoveredTogether,
    /// Such packets do not come to its chain.
    ChainNotEntered,
    /// No rule that a packet comes to leads to its chain.
    ChainNotCalled,
}

impl UnreachableKind {
    /// A word for reports.
    pub const fn name(self) -> &'static str {
        match self {
            UnreachableKind::MatchesNothing => "matches_nothing",
            UnreachableKind::CoveredByOne => "covered_by_one",
            UnreachableKind::CoveredTogether => "covered_together",
            UnreachableKind::ChainNotEntered => "chain_not_entered",
            UnreachableKind::ChainNotCalled => "chain_not_called",
        }
    }
}

/// A rule as iptables has it, and whether packets come to it.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleReach {
    /// The table.
    pub table: TableName,
    /// The chain's name.
    pub chain: String,
    /// The rule's place in the chain, from 0.
    pub index: usize,
    /// The rule of the source.
    pub loc: Loc,
    /// What is known.
    pub state: ReachState,
}

/// Whether packets come to a rule.
#[derive(Debug, Clone, PartialEq)]
pub enum ReachState {
    /// This one comes to it, as it is at the hook, and the rule may match it: a later fragment only if no other packet does.
    Reached(Box<Packet>),
    /// None that it matches does, for a reason and because of these rules.
    Unreachable(UnreachableKind, Vec<Loc>),
    /// The search would take too long.
    NotDecided,
}

/// For each rule of a family whether packets come to it, with one that does.
pub fn reach_of_rules(ruleset: &Ruleset) -> Vec<RuleReach> {
    let mut all = Vec::new();
    let surroundings = Surroundings::new(ruleset);
    for table in &ruleset.tables {
        let program = whole_program(table, ruleset.family);
        let prepared = Prepared::new(&program, table, surroundings);
        for (chain, of) in table.chains.iter().enumerate() {
            for (index, rule) in of.rules.iter().enumerate() {
                let state = match find(&prepared, table, (chain, index)) {
                    Found::Reached(cube) => {
                        let cube = whole(&prepared, (chain, index), cube);
                        ReachState::Reached(Box::new(witness(&cube.region(), &program)))
                    }
                    Found::Unreachable(kind, causes) => ReachState::Unreachable(kind, causes),
                    Found::NotDecided => ReachState::NotDecided,
                };
                let (table, chain) = (table.name, of.name.clone());
                all.push(RuleReach { table, chain, index, loc: rule.loc, state });
            }
        }
    }
    all
}

/// Packets that come to a rule and are no later fragments, if there are; else those that were found.
fn whole(prepared: &Prepared<'_>, rule: (usize, usize), found: Box<Cube>) -> Box<Cube> {
    if found.region().choice(Choice::Fragment) & WHOLE != 0 {
        return found;
    }
    match prepared.reach_whole(rule, &mut { STEPS_OF_RULE }) {
        Reach::Reached(cube) => cube,
        Reach::Never(_) | Reach::NotDecided => found,
    }
}

/// The rules of a policy to which no packet comes that they match. One that several rules of iptables stand for is
/// among them only if all of these are, in every family.
/// Whatever asks for a Rust value that is not known yet may match or not.
pub fn unreachable_rules(model: &Model) -> Vec<Unreachable> {
    let known = known_part(model);
    let mut tables = Tables::new(&known.model);
    unreachable(&tables.prepare_all(&known.model)).0
}

/// The same for tables that are prepared, and of each table the packets that were found to come to rules.
pub(super) fn unreachable(tables: &[(&Table, Prepared<'_>)]) -> (Vec<Unreachable>, Vec<Comers>) {
    let mut rules: BTreeMap<(TableName, Loc), Sum> = BTreeMap::new();
    let comers = tables.iter().map(|(table, prepared)| add_table(table, prepared, &mut rules)).collect();
    let found = rules.into_iter().filter(|(_, sum)| !sum.is_alive && sum.is_final);
    (found.map(|((table, loc), sum)| sum.finding(table, loc)).collect(), comers)
}

/// What is known of a rule of the source.
#[derive(Default)]
struct Sum {
    is_alive: bool,
    /// Whether a rule stands for it that does what it says, not only a step to that.
    is_final: bool,
    kind: Option<UnreachableKind>,
    causes: Vec<Loc>,
}

impl Sum {
    fn finding(mut self, table: TableName, loc: Loc) -> Unreachable {
        self.causes.sort_unstable();
        self.causes.dedup();
        // What a rule's own steps take, it does not match.
        self.causes.retain(|cause| *cause != loc);
        let kind = match (self.kind, self.causes.len()) {
            (None, _) | (Some(UnreachableKind::CoveredByOne | UnreachableKind::CoveredTogether), 0) => {
                UnreachableKind::MatchesNothing
            }
            (Some(UnreachableKind::CoveredTogether), 1) => UnreachableKind::CoveredByOne,
            (Some(UnreachableKind::CoveredByOne), 2..) => UnreachableKind::CoveredTogether,
            (Some(kind), _) => kind,
        };
        Unreachable { table, loc, kind, causes: self.causes }
    }
}

fn add_table(table: &Table, prepared: &Prepared<'_>, rules: &mut BTreeMap<(TableName, Loc), Sum>) -> Comers {
    let mut comers = Comers::default();
    for (chain, of) in table.chains.iter().enumerate() {
        for (index, rule) in of.rules.iter().enumerate() {
            let sum = rules.entry((table.name, rule.loc)).or_default();
            if is_step(table, of, rule) || sum.is_alive {
                continue;
            }
            sum.is_final = true;
            match find(prepared, table, (chain, index)) {
                Found::Unreachable(kind, causes) => {
                    sum.kind = sum.kind.max(Some(kind));
                    sum.causes.extend(causes);
                }
                Found::Reached(cube) => {
                    sum.is_alive = true;
                    comers.insert((chain, index), cube);
                }
                Found::NotDecided => sum.is_alive = true,
            }
        }
    }
    comers
}

/// Whether a rule of a table is a step of the lowering, not what a rule of the source says: into an auxiliary chain, or out
/// of one.
pub(super) fn is_step(table: &Table, chain: &Chain, rule: &Rule) -> bool {
    match &rule.action {
        Action::Jump(name) | Action::Goto(name) => table.chain(name).is_some_and(|chain| chain.auxiliary),
        Action::Target { extension, .. } => chain.auxiliary && **extension == RETURN,
    }
}

/// The program of a table whose classes are those that its own rules tell apart.
fn whole_program(table: &Table, family: Family) -> Program {
    let rules = table.chains.iter().flat_map(|chain| &chain.rules).map(|rule| &rule.matches[..]);
    program(table, family, Classes::new(rules))
}

enum Found {
    Reached(Box<Cube>),
    Unreachable(UnreachableKind, Vec<Loc>),
    NotDecided,
}

fn find(prepared: &Prepared<'_>, table: &Table, rule: (usize, usize)) -> Found {
    if !prepared.is_called(rule.0) {
        return Found::Unreachable(UnreachableKind::ChainNotCalled, Vec::new());
    }
    let mut budget = STEPS_OF_RULE;
    let on_the_way = match prepared.reach(rule, Scope::Hooks, None, &mut budget) {
        Reach::Reached(cube) => return Found::Reached(cube),
        Reach::NotDecided => return Found::NotDecided,
        Reach::Never(causes) => causes,
    };
    if !prepared.matches_anything(rule) {
        return Found::Unreachable(UnreachableKind::MatchesNothing, Vec::new());
    }
    let loc = |(chain, index): &(usize, usize)| table.chains[*chain].rules[*index].loc;
    match prepared.reach(rule, Scope::Chain, None, &mut budget) {
        Reach::Never(causes) => {
            let causes = fewer(prepared, rule, Scope::Chain, causes);
            let kind = if causes.len() == 1 {
                UnreachableKind::CoveredByOne
            } else {
                UnreachableKind::CoveredTogether
            };
            Found::Unreachable(kind, causes.iter().map(loc).collect())
        }
        _ => {
            let causes = fewer(prepared, rule, Scope::Hooks, on_the_way);
            Found::Unreachable(UnreachableKind::ChainNotEntered, causes.iter().map(loc).collect())
        }
    }
}

/// The causes without those that are not needed: one that does it alone if there is, else those of which none can be
/// left out.
fn fewer(
    prepared: &Prepared<'_>,
    rule: (usize, usize),
    scope: Scope,
    causes: Vec<(usize, usize)>,
) -> Vec<(usize, usize)> {
    if causes.len() < 2 {
        return causes;
    }
    if scope == Scope::Chain
        && let Some(alone) = causes.iter().find(|cause| prepared.covers(**cause, rule))
    {
        return vec![*alone];
    }
    if causes.len() > CAUSES_TRIED {
        return causes;
    }
    let mut budget = STEPS_OF_CAUSES;
    let mut needed = causes.clone();
    // Later ones first: the first rule that takes a packet is the one to tell of.
    for cause in causes.iter().rev() {
        let rest: Vec<(usize, usize)> = needed.iter().copied().filter(|other| other != cause).collect();
        if matches!(prepared.reach(rule, scope, Some(&rest), &mut budget), Reach::Never(_)) {
            needed = rest;
        }
    }
    // If no rule is needed, it is what leads there that keeps the packets out.
    if needed.is_empty() { causes } else { needed }
}
