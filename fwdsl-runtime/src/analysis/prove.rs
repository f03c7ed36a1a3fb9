//! Assertions, put to the proof.

use std::borrow::Cow;

use super::effect::{effects, not_followed};
use super::entry::{entries, hooks};
use super::evaluate::evaluate;
use super::finding::{Counterexample, Finding, Problem, union_help};
use super::flow::{Effect, Event, Flow};
use super::host::{HostProgram, HostWay, beginning, prepare_host};
use super::packet::Packet;
use super::program::{Classes, LOOPBACK, Program, program_where, test};
use super::region::{Choice, Region, WHOLE};
use super::search::{Decide, Decider, End, Place, Stop, Watch, search};
use super::story::{Note, Teller};
use super::tables::Tables;
use super::travel::evaluate_host;
use super::unknown::{Known, known_part};
use super::walk::falling_off;
use super::witness::{packet, pin};
use crate::catalogue::{Aspects, Extension, RETURN};
use crate::family::{Family, FamilySet};
use crate::loc::Loc;
use crate::lower::{Ruleset, emitted_name, model_families, refer, rule_families};
use crate::model::{Assertion, AssertionCase, Chain, HOST, Match, Model, Outcome, Rule, Scope};
use crate::table::{TableName, Way};

/// The steps that telling a packet's way may take.
const STORY_BUDGET: u64 = 20_000;

/// Looks for a packet that breaks an assertion of the policy, and returns what is found, in
/// source order: nothing if all of them hold. The policy must have passed the other checks of
/// [`crate::check`].
pub fn prove(model: &Model) -> Vec<Finding> {
    if model.assertions().is_empty() {
        return Vec::new();
    }
    prove_with(model, &Tables::new(model))
}

/// The same with what is prepared of the policy already.
fn prove_with(model: &Model, tables: &Tables) -> Vec<Finding> {
    let mut prover = Prover { model, rulesets: Vec::new(), programs: Vec::new(), hosts: Vec::new() };
    for family in model.families().iter() {
        let empty = || Ruleset { family, tables: Vec::new(), chains_alone: false, sets: Vec::new() };
        let ruleset = tables.ruleset(family).map(Cow::Borrowed);
        prover.rulesets.push(ruleset.unwrap_or_else(|| Cow::Owned(empty())));
    }
    let mut findings = Vec::new();
    for assertion in model.assertions() {
        for case in assertion.cases() {
            findings.extend(prover.prove_case(assertion, case));
        }
    }
    findings
}

/// The same for a policy some of whose Rust values are not known yet: what is proven holds for every value. An
/// assertion that some value might break is not a finding; it is put to the proof again when the values are known.
pub fn prove_for_every_value(model: &Model) -> Vec<Finding> {
    let known = known_part(model);
    prove_known(&known, &Tables::new(&known.model))
}

/// The same with what is prepared of it already.
pub(crate) fn prove_known(known: &Known<'_>, tables: &Tables) -> Vec<Finding> {
    let mut findings = prove_with(&known.model, tables);
    if !known.is_whole {
        findings.retain(|finding| matches!(finding.problem, Problem::NoPacket));
    }
    findings
}

/// A policy, and what is prepared once for all of its assertions.
struct Prover<'a> {
    model: &'a Model,
    rulesets: Vec<Cow<'a, Ruleset>>,
    programs: Vec<TableProgram>,
    hosts: Vec<(Family, HostProgram)>,
}

/// A table of one family, prepared for assertions about its chains.
struct TableProgram {
    family: Family,
    name: TableName,
    program: Program,
    effects: Vec<Vec<Effect>>,
}

/// Where the packets of a family go that an assertion speaks of, as places in what is prepared.
#[derive(Clone, Copy)]
enum Route {
    Chain { ruleset: usize, program: usize, table: TableName, chain: usize },
    Host { ruleset: usize, host: usize, way: Way },
}

impl<'a> Prover<'a> {
    fn prove_case(&mut self, assertion: &Assertion, case: &AssertionCase) -> Option<Finding> {
        let mut budget = self.model.analysis_budget();
        let mut covers = false;
        for family in self.model.families().iter() {
            for route in self.routes(&assertion.scope, case, family) {
                let regions = self.covered(route, case);
                covers |= !regions.is_empty();
                for region in regions {
                    match self.run(route, case, Flow::new(region), false, &mut budget) {
                        Ok(()) => {}
                        Err(Stop::Found(flow, end)) => {
                            return Some(self.broken(route, assertion, case, *flow, end));
                        }
                        Err(Stop::Budget) => {
                            return Some(Finding::not_decided(case, self.model.analysis_budget()));
                        }
                        Err(Stop::Depth) => return Some(Finding::too_deep(case)),
                    }
                }
            }
        }
        let place = match &assertion.scope {
            Scope::Chain { name, .. } => format!("`{name}`"),
            Scope::Host(_) => "the host".to_owned(),
        };
        (!covers).then(|| Finding::no_packet(case, &place))
    }

    /// The ways of the packets of a family.
    fn routes(&mut self, scope: &Scope, case: &AssertionCase, family: Family) -> Vec<Route> {
        let model = self.model;
        let pattern = pattern(case);
        let unwritten = unwritten(scope);
        let named = |chain: &&Chain| match scope {
            Scope::Chain { table, name } => (chain.table, &chain.name) == (*table, name),
            Scope::Host(_) => false,
        };
        let written: Vec<&Chain> = model.chains().iter().filter(named).collect();
        let chains = if written.is_empty() { vec![&unwritten] } else { written };
        let here = chains.iter().find(|chain| model_families(model, chain).contains(family));
        let Some(chain) = here.filter(|chain| rule_families(model, chain, &pattern).contains(family)) else {
            return Vec::new();
        };
        let Some(ruleset) = self.rulesets.iter().position(|ruleset| ruleset.family == family) else {
            return Vec::new();
        };
        match scope {
            Scope::Chain { table, .. } => {
                let name = emitted_name(model, chain);
                let chains = self.rulesets[ruleset].table(*table).map_or(&[][..], |table| &table.chains);
                let Some(chain) = chains.iter().position(|chain| chain.name == name) else {
                    return Vec::new();
                };
                vec![Route::Chain { ruleset, program: self.program(ruleset, *table), table: *table, chain }]
            }
            Scope::Host(way) => {
                let host = self.host(ruleset);
                let ways = Way::ALL.into_iter().filter(|other| way.is_none_or(|way| way == *other));
                ways.filter(|way| fits(*way, case)).map(|way| Route::Host { ruleset, host, way }).collect()
            }
        }
    }

    /// Prepares a table if that is not done, and returns its place.
    fn program(&mut self, ruleset: usize, name: TableName) -> usize {
        let family = self.rulesets[ruleset].family;
        let same = |done: &TableProgram| (done.family, done.name) == (family, name);
        if let Some(place) = self.programs.iter().position(same) {
            return place;
        }
        if let Some(table) = self.rulesets[ruleset].table(name) {
            let rules = table.chains.iter().flat_map(|chain| &chain.rules).map(|rule| &rule.matches[..]);
            let classes = Classes::new(rules.chain(patterns(self.model)));
            let effects = effects(table, family, &classes);
            let program = program_where(table, family, classes, not_followed([table]));
            self.programs.push(TableProgram { family, name, program, effects });
        }
        self.programs.len() - 1
    }

    /// Prepares all tables of a family if that is not done, and returns their place.
    fn host(&mut self, ruleset: usize) -> usize {
        let ruleset = &self.rulesets[ruleset];
        let done = self.hosts.iter().position(|(family, _)| *family == ruleset.family);
        done.unwrap_or_else(|| {
            let chains = ruleset.tables.iter().flat_map(|table| &table.chains);
            let rules = chains.flat_map(|chain| &chain.rules).map(|rule| &rule.matches[..]);
            let classes = Classes::new(rules.chain(patterns(self.model)));
            self.hosts.push((ruleset.family, prepare_host(ruleset, &classes)));
            self.hosts.len() - 1
        })
    }

    fn ruleset(&self, route: Route) -> &Ruleset {
        let (Route::Chain { ruleset, .. } | Route::Host { ruleset, .. }) = route;
        &self.rulesets[ruleset]
    }

    /// The packets that the pattern covers where they start. A pattern that asks for ports
    /// speaks of packets that have them.
    fn covered(&self, route: Route, case: &AssertionCase) -> Vec<Region> {
        let ruleset = self.ruleset(route);
        let (entering, classes) = match route {
            Route::Chain { program, table, chain, .. } => {
                let classes = &self.programs[program].program.classes;
                let Some(table) = ruleset.table(table) else { return Vec::new() };
                (entries(&hooks(table, chain), ruleset, classes), classes)
            }
            Route::Host { host, way, .. } => {
                let host = &self.hosts[host].1;
                (beginning(host, ruleset, way), &host.classes)
            }
        };
        let mut matches = case.matches.clone();
        refer(&mut matches, &ruleset.sets);
        let pattern = test(&matches, ruleset.family, classes, Aspects::NONE);
        let mut covered = Vec::new();
        for mut region in entering {
            if pattern.reads_transport {
                region = region.with_choice(Choice::Fragment, region.choice(Choice::Fragment) & WHOLE);
            }
            let division = pattern.divide(&region);
            covered.extend(division.yes);
            covered.extend(division.perhaps);
        }
        covered
    }

    /// Sends packets on their way, up to the first that break the case.
    fn run(
        &self,
        route: Route,
        case: &AssertionCase,
        flow: Flow,
        is_traced: bool,
        budget: &mut u64,
    ) -> Result<(), Stop> {
        let watch = self.watch(route, case);
        let mut decide = |end: End, flow: Flow| {
            let breaks = match (end, &case.claim.outcome) {
                (End::Top(_), _) => true,
                (End::Verdict(verdict, _), Outcome::Verdict(_)) => case.claim.is_broken_by(verdict),
                (End::Verdict(..), Outcome::Reaches { .. }) => !case.claim.negated,
            };
            if breaks { Err(Stop::Found(Box::new(flow), end)) } else { Ok(()) }
        };
        let decide: &mut Decide<'_> = &mut decide;
        let ruleset = self.ruleset(route);
        match route {
            Route::Chain { program, table, chain, .. } => {
                let TableProgram { program, effects, .. } = &self.programs[program];
                let watch = watch.map(|(_, watch)| watch);
                let place = Place { program, effects, station: 0, watch, is_traced };
                let left = search(place, chain, flow, budget, decide)?;
                let Some(table) = ruleset.table(table) else { return Ok(()) };
                let verdict = falling_off(&table.chains[chain]);
                let end = End::Verdict(verdict, Decider::ChainEnd { station: 0, chain });
                left.into_iter().try_for_each(|flow| decide(end, flow))
            }
            Route::Host { host, way, .. } => {
                let host = &self.hosts[host].1;
                HostWay { host, ruleset, way, watch, is_traced }.search(flow, budget, decide)
            }
        }
    }

    /// The chain that the claim is about. If it is not there in this family, no packet comes to it.
    fn watch(&self, route: Route, case: &AssertionCase) -> Option<(TableName, Watch)> {
        let Outcome::Reaches { table, chain } = &case.claim.outcome else { return None };
        let ruleset = self.ruleset(route);
        let named = |other: &&Chain| (other.table, &other.name) == (*table, &chain.value);
        let here = |other: &&Chain| model_families(self.model, other).contains(ruleset.family);
        let written = self.model.chains().iter().filter(named).find(here);
        let name = written.map_or_else(|| chain.value.clone(), |chain| emitted_name(self.model, chain));
        let lowered = ruleset.table(*table);
        let place = lowered.and_then(|table| table.chains.iter().position(|chain| chain.name == name));
        match (place, case.claim.negated) {
            (Some(place), true) => Some((*table, Watch::Comers(place))),
            (None, true) => None,
            (place, false) => Some((*table, Watch::Others(place.unwrap_or(usize::MAX)))),
        }
    }

    /// A finding about packets that break a case: one of them is sent on its way again, and watched.
    fn broken(
        &self,
        route: Route,
        assertion: &Assertion,
        case: &AssertionCase,
        flow: Flow,
        end: End,
    ) -> Finding {
        let shows_flags = flow.origin().choice(Choice::TcpFlags) != u64::MAX;
        let (family, classes) = (self.ruleset(route).family, self.classes(route));
        let pinned = pin(&flow.origin(), family, classes);
        let mut budget = STORY_BUDGET;
        let (flow, end) = match self.run(route, case, Flow::new(pinned.clone()), true, &mut budget) {
            Err(Stop::Found(flow, end)) => (*flow, end),
            _ => (flow, end),
        };
        let packet = packet(&pinned, family, classes);
        let verdict = match end {
            End::Verdict(verdict, _) => Some(verdict),
            End::Top(_) => None,
        };
        if verdict.is_some_and(|verdict| self.is_refuted(route, case, &packet, verdict)) {
            return Finding::not_followed(case);
        }
        let mut notes: Vec<Note> = Vec::new();
        if let Route::Host { way, .. } = route {
            notes.push((format!("as a packet {}", way.kind()), None));
        }
        notes.extend(self.teller(route).tell(&flow, end));
        let mut finding =
            Finding::broken(case, Counterexample { family, packet, verdict }, shows_flags, notes);
        let assumed = flow
            .steps()
            .iter()
            .any(|step| matches!(step.event, Event::TakenToMatch | Event::TakenNotToMatch));
        finding.help = verdict.and_then(|verdict| union_help(case, verdict, assumed));
        self.remark(assertion, case, route, &mut finding);
        finding
    }

    /// Whether the packet by itself is not given the verdict after all: what rules change is followed there bit by bit.
    fn is_refuted(&self, route: Route, case: &AssertionCase, packet: &Packet, verdict: &Extension) -> bool {
        let Outcome::Verdict(_) = case.claim.outcome else { return false };
        let ruleset = self.ruleset(route);
        match route {
            Route::Chain { table, chain, .. } => {
                let name = ruleset.table(table).map_or("", |table| &table.chains[chain].name);
                let verdicts = evaluate(ruleset, table, name, packet);
                verdicts.is_some_and(|verdicts| !verdicts.contains(&verdict))
            }
            // The other evaluation does not know that what this host sends to itself has its translation already.
            Route::Host { .. } if packet.in_interface.as_deref() == Some(LOOPBACK) => false,
            Route::Host { .. } => {
                let fate = evaluate_host(ruleset, packet, None);
                fate.is_some_and(|fate| !fate.joined && !fate.verdicts.contains(&verdict))
            }
        }
    }

    /// What people may not think of when they see a packet that breaks what they asserted.
    fn remark(&self, assertion: &Assertion, case: &AssertionCase, route: Route, finding: &mut Finding) {
        match &assertion.scope {
            Scope::Chain { table, name } if table.hook(name).is_none() => {
                let note = format!(
                    "`{name}` is taken by itself, with whatever packet: what its callers match is not looked at"
                );
                finding.notes.push((note, None));
            }
            Scope::Chain { table, name } => {
                let hooked =
                    table.hook(name).and_then(|hook| self.model.ownership().hook_chain(hook)).is_some();
                let Outcome::Verdict(verdicts) = &case.claim.outcome else { return };
                if verdicts.contains(&&RETURN) && !hooked {
                    let help = format!(
                        "in `{name}`, a built-in chain, `return` means its policy: name that verdict"
                    );
                    finding.help = Some(help);
                }
            }
            Scope::Host(None) => {
                let Route::Host { way, .. } = route else { return };
                let others = Way::ALL.into_iter().find(|other| *other != way && fits(*other, case));
                if let Some(other) = others.filter(|_| finding.help.is_none()) {
                    let name = other.name();
                    let help =
                        format!("if only packets {} are meant: `assert {HOST} {name} {{ … }}`", other.kind());
                    finding.help = Some(help);
                }
            }
            Scope::Host(Some(_)) => {}
        }
    }

    fn classes(&self, route: Route) -> &Classes {
        match route {
            Route::Chain { program, .. } => &self.programs[program].program.classes,
            Route::Host { host, .. } => &self.hosts[host].1.classes,
        }
    }

    fn teller(&self, route: Route) -> Teller<'_> {
        let ruleset = self.ruleset(route);
        match route {
            Route::Chain { program, table, .. } => {
                let tables = ruleset.table(table).map(|table| (table, &self.programs[program].program));
                Teller { model: self.model, tables: tables.into_iter().collect() }
            }
            Route::Host { host, .. } => {
                let tables = ruleset.tables.iter().zip(self.hosts[host].1.programs()).collect();
                Teller { model: self.model, tables }
            }
        }
    }
}

/// The pattern as a rule, which is what families are told of.
fn pattern(case: &AssertionCase) -> Rule {
    Rule {
        families: FamilySet::BOTH,
        matches: case.matches.clone(),
        verdicts: Vec::new(),
        comment: None,
        exact: false,
        levels: Vec::new(),
        loc: case.loc,
    }
}

fn patterns(model: &Model) -> impl Iterator<Item = &[Match]> {
    model.assertions().iter().flat_map(Assertion::cases).map(|case| &case.matches[..])
}

/// Whether packets of the way can be meant: a pattern that asks for an interface speaks of packets that have one.
fn fits(way: Way, case: &AssertionCase) -> bool {
    let asks = |name: &str| {
        { case.matches.iter() }
            .filter(|entry| !entry.extension.module)
            .flat_map(|entry| &entry.options)
            .any(|option| option.spec.name == name)
    };
    (way.has_in_interface() || !asks("in")) && (way.has_out_interface() || !asks("out"))
}

/// The built-in chain that an assertion speaks of, as it is where the policy writes nothing of it; for the whole way
/// any one.
fn unwritten(scope: &Scope) -> Chain {
    let (table, name) = match scope {
        Scope::Chain { table, name } => (*table, name.clone()),
        Scope::Host(_) => (TableName::Filter, String::new()),
    };
    Chain {
        table,
        name,
        policy: None,
        position: None,
        families: FamilySet::BOTH,
        doc: String::new(),
        rules: Vec::new(),
        levels: Vec::new(),
        loc: Loc::default(),
    }
}
