//! The second method, where the search runs out of steps: what the rules of a chain do as one function of packets.
//!
//! Boxes multiply where rules cut packets in many directions; in a diagram what is equal is there once. What rules change for
//! later ones is not followed in it: whatever asks for that may match or not. So a claim that it finds no packet against
//! is proven, and a packet that it finds is to be confirmed.

use std::collections::BTreeSet;

use super::Prover;
use super::route::Route;
use super::send::is_broken;
use crate::analysis::diagram::{Diagram, Exhausted, Functions, Outcome, likely};
use crate::analysis::finding::Finding;
use crate::analysis::program::{Action, Program, Rule, Test, program};
use crate::analysis::region::{Choice, LATER, Region};
use crate::analysis::search::Watch;
use crate::analysis::walk::falling_off;
use crate::catalogue::{ACCEPT, Extension};
use crate::model::{Assertion, AssertionCase, Claim};

/// Tells jumps to the chain that is asked for from verdicts.
const COMES_THERE: &str = "comes there";

/// What the diagram says of a case.
pub(super) enum Decision {
    Holds,
    Broken(Box<Finding>),
    Open,
}

/// Packets that may break a claim, by this verdict, or without one because they come to the chain that is asked for.
struct Breach {
    packets: Region,
    verdict: Option<&'static Extension>,
}

impl Prover<'_> {
    /// Decides a case about a chain. The whole way through the hooks, with all that is changed there, is left to the search.
    pub(super) fn decide(
        &self,
        route: Route,
        assertion: &Assertion,
        case: &AssertionCase,
        covered: &[Region],
        steps: &mut u64,
    ) -> Decision {
        let Ok(breaches) = self.breaches(route, case, covered, steps) else { return Decision::Open };
        if breaches.is_empty() {
            return Decision::Holds;
        }
        let confirmed = breaches.iter().find_map(|Breach { packets, verdict }| {
            self.broken_by(route, assertion, case, packets, *verdict)
        });
        confirmed.map_or(Decision::Open, |finding| Decision::Broken(Box::new(finding)))
    }

    /// The packets that may break a case, some for each way to do so.
    fn breaches(
        &self,
        route: Route,
        case: &AssertionCase,
        covered: &[Region],
        steps: &mut u64,
    ) -> Result<Vec<Breach>, Exhausted> {
        let Route::Chain { table, chain, .. } = route else { return Err(Exhausted) };
        let ruleset = self.ruleset(route);
        let table = ruleset.table(table).ok_or(Exhausted)?;
        let mut program = program(table, ruleset.family, self.classes(route).clone());
        let arriving = match self.watch(route, case) {
            Some((_, Watch::Comers(wanted) | Watch::Others(wanted))) => stop_at(&mut program, wanted),
            None => BTreeSet::new(),
        };
        restrict(&mut program, chain, covered, steps)?;
        let question =
            Question { program: &program, chain, arriving: &arriving, claim: &case.claim, covered };
        let mut diagram = Diagram::new(*steps);
        let breaches = question.ask(&mut diagram, falling_off(&table.chains[chain]));
        *steps = diagram.steps_left();
        breaches
    }
}

/// What is asked of a chain.
struct Question<'a> {
    program: &'a Program,
    chain: usize,
    /// The rules by which packets come to the chain that is asked for, by chain and rule.
    arriving: &'a BTreeSet<(usize, usize)>,
    claim: &'a Claim,
    covered: &'a [Region],
}

impl Question<'_> {
    fn ask(&self, diagram: &mut Diagram, end: &'static Extension) -> Result<Vec<Breach>, Exhausted> {
        let detail = |chain: usize, rule: usize| {
            let arrives = self.arriving.contains(&(chain, rule));
            if arrives { COMES_THERE.to_owned() } else { String::new() }
        };
        let whole = |region: &Region| region.choice(Choice::Fragment) & LATER == 0;
        let sees_fragments = !self.covered.iter().all(whole);
        let mut functions = Functions::with_details(diagram, self.program, sees_fragments, &detail)?;
        let function = functions.chain_with_end(diagram, self.chain, end)?;
        let covered = functions.space.regions(diagram, self.covered)?;
        let function = diagram.within(function, covered)?;
        let mut breaches = Vec::new();
        for outcome in diagram.all_outcomes(function) {
            let Some(verdict) = self.breaking(&functions, outcome) else { continue };
            let packets = diagram.gives(function, outcome)?;
            let everything = self.program.everything();
            let packets = diagram.region(packets, &functions.space, &everything, &likely).ok_or(Exhausted)?;
            breaches.push(Breach { packets, verdict });
        }
        Ok(breaches)
    }

    /// The verdict of an outcome that breaks the claim; `Some(None)` for that packets come to the chain that is asked for.
    fn breaking(&self, functions: &Functions, outcome: Outcome) -> Option<Option<&'static Extension>> {
        let (verdict, detail) = functions.outcomes.verdict(outcome)?;
        let verdict = (detail != COMES_THERE).then_some(verdict);
        is_broken(self.claim, verdict).then_some(verdict)
    }
}

/// Ends the way of packets that come to a chain. Returns the rules by which they do.
fn stop_at(program: &mut Program, wanted: usize) -> BTreeSet<(usize, usize)> {
    let mut arriving = BTreeSet::new();
    for (chain, rules) in program.chains.iter_mut().enumerate() {
        for (number, rule) in rules.iter_mut().enumerate() {
            if matches!(rule.action, Action::Jump(callee) | Action::Goto(callee) if callee == wanted) {
                rule.action = Action::Verdict(&ACCEPT);
                arriving.insert((chain, number));
            }
        }
    }
    arriving
}

/// Leaves in a program what may matter to these packets in a chain. Rules keep their numbers.
fn restrict(
    program: &mut Program,
    start: usize,
    packets: &[Region],
    steps: &mut u64,
) -> Result<(), Exhausted> {
    let mut is_entered = vec![false; program.chains.len()];
    is_entered[start] = true;
    let mut open = vec![start];
    while let Some(chain) = open.pop() {
        for rule in &mut program.chains[chain] {
            if !may_matter(rule, packets, steps)? {
                *rule = Rule { test: Test::default(), action: Action::Pass };
            }
            if let Action::Jump(callee) | Action::Goto(callee) = rule.action
                && !std::mem::replace(&mut is_entered[callee], true)
            {
                open.push(callee);
            }
        }
    }
    for (rules, is_entered) in program.chains.iter_mut().zip(is_entered) {
        if !is_entered {
            rules.clear();
        }
    }
    Ok(())
}

/// Whether a rule may decide about one of the packets.
fn may_matter(rule: &Rule, packets: &[Region], steps: &mut u64) -> Result<bool, Exhausted> {
    if rule.action == Action::Pass && !rule.test.drops_tiny_fragments {
        return Ok(false);
    }
    for region in packets {
        let division = rule.test.divide(region);
        *steps = steps.checked_sub(division.parts() as u64).ok_or(Exhausted)?;
        let may_match = !(division.yes.is_empty() && division.perhaps.is_empty());
        if may_match || !rule.test.tiny_fragments(region).is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
