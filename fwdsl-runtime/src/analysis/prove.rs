//! Assertions, put to the proof.

use super::entry::{entries, hooks};
use super::finding::{Counterexample, Finding, Place, Problem};
use super::program::{Classes, Program, program, test};
use super::region::{Choice, Region, WHOLE};
use super::search::{Stop, search};
use super::state::State;
use super::trace::trace;
use super::unknown::{case_is_unknown, without_unknown};
use super::walk::{Walk, falling_off};
use super::witness::witness;
use crate::catalogue::{Aspects, Extension};
use crate::family::{Family, FamilySet};
use crate::lower::{Ruleset, Table, emitted_name, lower, model_families, refer, rule_families};
use crate::model::{Assertion, AssertionCase, Chain, Model, Rule};
use crate::table::TableName;

/// Looks for a packet that breaks an assertion of the policy, and returns what is found, in
/// source order: nothing if all of them hold. The policy must have passed the other checks of
/// [`crate::check`].
pub fn prove(model: &Model) -> Vec<Finding> {
    if model.assertions().is_empty() {
        return Vec::new();
    }
    let mut tables = Tables::default();
    for family in model.families().iter() {
        tables.rulesets.extend(lower(model, family));
    }
    let mut findings = Vec::new();
    for assertion in model.assertions() {
        for case in assertion.cases() {
            findings.extend(prove_case(model, &mut tables, assertion, case));
        }
    }
    findings
}

/// The same for a policy some of whose Rust values are not known yet: what is proven holds for every value. An
/// assertion that some value might break is not a finding; it is put to the proof again when the values are known.
pub fn prove_for_every_value(model: &Model) -> Vec<Finding> {
    let Some(mut known) = without_unknown(model) else { return prove(model) };
    for assertion in &mut known.assertions {
        assertion.cases.retain(|case| !case_is_unknown(case));
    }
    let mut findings = prove(&known);
    findings.retain(|finding| matches!(finding.problem, Problem::NoPacket));
    findings
}

/// What is prepared once for all assertions.
#[derive(Default)]
struct Tables {
    rulesets: Vec<Ruleset>,
    programs: Vec<(Family, TableName, Program)>,
}

impl Tables {
    /// Prepares a table if that is not done, and returns its place.
    fn prepare(&mut self, model: &Model, family: Family, name: TableName) -> Option<(usize, usize)> {
        let ruleset = self.rulesets.iter().position(|ruleset| ruleset.family == family)?;
        let table = self.rulesets[ruleset].table(name)?;
        let same = |(of, table, _): &(Family, TableName, Program)| (*of, *table) == (family, name);
        let place = self.programs.iter().position(same).unwrap_or_else(|| {
            let rules = table.chains.iter().flat_map(|chain| &chain.rules).map(|rule| &rule.matches[..]);
            let cases = model.assertions().iter().flat_map(Assertion::cases).map(|case| &case.matches[..]);
            let classes = Classes::new(rules.chain(cases));
            self.programs.push((family, name, program(table, family, classes)));
            self.programs.len() - 1
        });
        Some((ruleset, place))
    }
}

fn prove_case(
    model: &Model,
    tables: &mut Tables,
    assertion: &Assertion,
    case: &AssertionCase,
) -> Option<Finding> {
    let pattern = Rule {
        families: FamilySet::BOTH,
        matches: case.matches.clone(),
        verdicts: Vec::new(),
        comment: None,
        exact: false,
        levels: Vec::new(),
        loc: case.loc,
    };
    let mut budget = model.analysis_budget();
    let mut covers = false;
    let unwritten = unwritten(assertion);
    let named = |chain: &&Chain| (chain.table, chain.name.as_str()) == (assertion.table, assertion.chain());
    let written: Vec<&Chain> = model.chains().iter().filter(named).collect();
    let chains = if written.is_empty() { vec![&unwritten] } else { written };
    for family in model.families().iter() {
        let here = chains.iter().find(|chain| model_families(model, chain).contains(family));
        let Some(chain) = here.copied() else { continue };
        if !rule_families(model, chain, &pattern).contains(family) {
            continue;
        }
        let Some((ruleset, program)) = tables.prepare(model, family, assertion.table) else { continue };
        let hooked = chain.hook().is_some_and(|hook| model.ownership().hook_chain(hook).is_some());
        let place = Place { chain, case, hooked };
        let (ruleset, program) = (&tables.rulesets[ruleset], &tables.programs[program].2);
        let Some(table) = ruleset.table(assertion.table) else { continue };
        let name = emitted_name(model, chain);
        let Some(index) = table.chains.iter().position(|other| other.name == name) else { continue };
        let regions = covered(ruleset, program, table, index, case);
        covers |= !regions.is_empty();
        for region in regions {
            if let Err(stop) = prove_region(program, table, index, region, case, &mut budget) {
                return Some(finding(stop, model, program, table, index, &place));
            }
        }
    }
    (!covers).then(|| Finding::no_packet(assertion, case))
}

/// The built-in chain that an assertion speaks of, as it is where the policy writes nothing of it.
fn unwritten(assertion: &Assertion) -> Chain {
    Chain {
        table: assertion.table,
        name: assertion.chain().to_owned(),
        policy: None,
        position: None,
        families: FamilySet::BOTH,
        doc: String::new(),
        rules: Vec::new(),
        levels: Vec::new(),
        loc: assertion.chain.loc,
    }
}

/// The packets that the pattern covers, at the top of the chain. A pattern that asks for ports
/// speaks of packets that have them.
fn covered(
    ruleset: &Ruleset,
    program: &Program,
    table: &Table,
    chain: usize,
    case: &AssertionCase,
) -> Vec<Region> {
    let mut matches = case.matches.clone();
    refer(&mut matches, &ruleset.sets);
    let pattern = test(&matches, ruleset.family, &program.classes, Aspects::NONE);
    let mut covered = Vec::new();
    for mut region in entries(&hooks(table, chain), ruleset, &program.classes) {
        if pattern.reads_transport {
            region = region.with_choice(Choice::Fragment, region.choice(Choice::Fragment) & WHOLE);
        }
        let division = pattern.divide(&region);
        covered.extend(division.yes);
        covered.extend(division.perhaps);
    }
    covered
}

/// Whether a verdict breaks what the case asserts.
pub(super) fn breaks(case: &AssertionCase, verdict: &Extension) -> bool {
    (verdict == case.verdict) == case.negated
}

fn prove_region(
    program: &Program,
    table: &Table,
    chain: usize,
    region: Region,
    case: &AssertionCase,
    budget: &mut u64,
) -> Result<(), Stop> {
    let end = falling_off(&table.chains[chain]);
    search(program, chain, region, end, &|verdict| breaks(case, verdict), budget)
}

fn finding(
    stop: Stop,
    model: &Model,
    program: &Program,
    table: &Table,
    chain: usize,
    place: &Place<'_>,
) -> Finding {
    match stop {
        Stop::Found(region, verdict) => {
            let packet = witness(&region, program);
            // The search does not follow what rules change for later ones, so it may have gone a way that no packet goes.
            let ends = Walk::new(table, &packet, None).ends(chain, vec![State::new(packet.mark)]);
            let falls_off = !ends.returns.is_empty() && falling_off(&table.chains[chain]) == verdict;
            if !falls_off && !ends.has(&|other| other == verdict) {
                return Finding::new(place.case.loc, Problem::NotFollowed);
            }
            let trace = trace(table, chain, &packet, &|other| other == verdict);
            let counterexample = Counterexample {
                shows_flags: region.choice(Choice::TcpFlags) != u64::MAX,
                family: program.family,
                packet,
                verdict,
            };
            Finding::broken(counterexample, trace.as_ref(), place)
        }
        Stop::Budget => Finding::new(place.case.loc, Problem::NotDecided { budget: model.analysis_budget() }),
        Stop::Depth => Finding::new(place.case.loc, Problem::TooDeep),
    }
}
