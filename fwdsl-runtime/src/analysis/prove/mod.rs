//! Assertions, put to the proof.
//!
//! ```text
//! route ──what is covered, where──▶ send (a search, box by box) ──▶ broken ──▶ a finding
//!                                     └─ out of steps ─▶ second (a diagram) ─┘  └─ confirm
//! ```

mod broken;
mod confirm;
mod route;
mod second;
mod send;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use self::route::{Route, TableProgram};
use self::second::Decision;
use super::finding::{Finding, Problem};
use super::flow::Flow;
use super::host::HostProgram;
use super::region::Region;
use super::search::Stop;
use super::tables::Tables;
use super::unknown::{Known, known_part};
use crate::family::Family;
use crate::lower::Ruleset;
use crate::model::{Assertion, AssertionCase, Model, Scope};

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
    let mut prover = prover(model, tables);
    let mut findings = Vec::new();
    for assertion in model.assertions() {
        for case in assertion.cases() {
            findings.extend(prover.prove_case(assertion, case, Budgets::new(model)));
        }
    }
    findings
}

fn prover<'a>(model: &'a Model, tables: &'a Tables) -> Prover<'a> {
    let mut prover = Prover { model, rulesets: Vec::new(), programs: Vec::new(), hosts: Vec::new() };
    for family in model.families().iter() {
        let empty = || Ruleset { family, tables: Vec::new(), chains_alone: false, sets: Vec::new() };
        let ruleset = tables.ruleset(family).map(Cow::Borrowed);
        prover.rulesets.push(ruleset.unwrap_or_else(|| Cow::Owned(empty())));
    }
    prover
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

impl Prover<'_> {
    fn prove_case(
        &mut self,
        assertion: &Assertion,
        case: &AssertionCase,
        mut budgets: Budgets,
    ) -> Option<Finding> {
        let mut covers = false;
        for family in self.model.families().iter() {
            for route in self.routes(&assertion.scope, case, family) {
                let regions = self.covered(route, case);
                covers |= !regions.is_empty();
                if let Some(finding) = self.prove_route(route, assertion, case, &regions, &mut budgets) {
                    return Some(finding);
                }
            }
        }
        let place = match &assertion.scope {
            Scope::Chain { name, .. } => format!("`{name}`"),
            Scope::Host(_) => "the host".to_owned(),
        };
        (!covers).then(|| Finding::no_packet(case, &place))
    }

    /// Puts a case to the proof for the packets of one route: by the search, and if that runs out of steps by a diagram.
    fn prove_route(
        &self,
        route: Route,
        assertion: &Assertion,
        case: &AssertionCase,
        covered: &[Region],
        budgets: &mut Budgets,
    ) -> Option<Finding> {
        for region in covered {
            match self.run(route, case, Flow::new(region.clone()), false, &mut budgets.search) {
                Ok(()) => {}
                Err(Stop::Found(flow, end)) => {
                    return Some(self.broken(route, assertion, case, *flow, end));
                }
                Err(Stop::Budget) => {
                    return match self.decide(route, assertion, case, covered, &mut budgets.diagram) {
                        Decision::Holds => None,
                        Decision::Broken(finding) => Some(*finding),
                        Decision::Open => Some(Finding::not_decided(case, self.model.analysis_budget())),
                    };
                }
                Err(Stop::Depth) => return Some(Finding::too_deep(case)),
            }
        }
        None
    }
}

/// The steps that each method may still take for a case.
struct Budgets {
    search: u64,
    diagram: u64,
}

impl Budgets {
    fn new(model: &Model) -> Budgets {
        let steps = model.analysis_budget();
        Budgets { search: steps, diagram: steps }
    }
}
