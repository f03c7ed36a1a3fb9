//! Where the packets go that an assertion speaks of, and what of them it covers.

use super::Prover;
use crate::analysis::effect::{effects, not_followed};
use crate::analysis::entry::{Surroundings, entries, hooks};
use crate::analysis::flow::Effect;
use crate::analysis::host::{beginning, prepare_host};
use crate::analysis::program::{Classes, Program, program_where, test};
use crate::analysis::region::{Choice, Region, WHOLE};
use crate::catalogue::Aspects;
use crate::family::{Family, FamilySet};
use crate::loc::Loc;
use crate::lower::{Ruleset, emitted_name, model_families, refer, rule_families};
use crate::model::{Assertion, AssertionCase, Chain, Few, Match, Model, Rule, Scope};
use crate::table::{TableName, Way};

/// A table of one family, prepared for assertions about its chains.
pub(super) struct TableProgram {
    pub(super) family: Family,
    pub(super) name: TableName,
    pub(super) program: Program,
    pub(super) effects: Vec<Vec<Effect>>,
}

/// Where the packets of a family go that an assertion speaks of, as places in what is prepared.
#[derive(Clone, Copy)]
pub(super) enum Route {
    Chain { ruleset: usize, program: usize, table: TableName, chain: usize },
    Host { ruleset: usize, host: usize, way: Way },
}

impl Prover<'_> {
    /// The ways of the packets of a family.
    pub(super) fn routes(&mut self, scope: &Scope, case: &AssertionCase, family: Family) -> Vec<Route> {
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

    pub(super) fn ruleset(&self, route: Route) -> &Ruleset {
        let (Route::Chain { ruleset, .. } | Route::Host { ruleset, .. }) = route;
        &self.rulesets[ruleset]
    }

    pub(super) fn classes(&self, route: Route) -> &Classes {
        match route {
            Route::Chain { program, .. } => &self.programs[program].program.classes,
            Route::Host { host, .. } => &self.hosts[host].1.classes,
        }
    }

    /// The packets that the pattern covers where they start. A pattern that asks for ports
    /// speaks of packets that have them.
    pub(super) fn covered(&self, route: Route, case: &AssertionCase) -> Vec<Region> {
        let ruleset = self.ruleset(route);
        let (entering, classes) = match route {
            Route::Chain { program, table, chain, .. } => {
                let classes = &self.programs[program].program.classes;
                let Some(table) = ruleset.table(table) else { return Vec::new() };
                (entries(&hooks(table, chain), Surroundings::new(ruleset), classes), classes)
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
}

/// The pattern as a rule, which is what families are told of.
fn pattern(case: &AssertionCase) -> Rule {
    Rule {
        families: FamilySet::BOTH,
        matches: case.matches.clone(),
        verdicts: Few::default(),
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
pub(super) fn fits(way: Way, case: &AssertionCase) -> bool {
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
        optimise: false,
        loc: Loc::default(),
    }
}
