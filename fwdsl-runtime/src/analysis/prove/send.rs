//! The packets of a case, sent on their way.

use super::Prover;
use super::route::{Route, TableProgram};
use crate::analysis::flow::Flow;
use crate::analysis::host::HostWay;
use crate::analysis::search::{Decide, Decider, End, Place, Stop, Watch, search};
use crate::analysis::walk::falling_off;
use crate::catalogue::Extension;
use crate::lower::{emitted_name, model_families};
use crate::model::{AssertionCase, Chain, Claim, Outcome};
use crate::table::TableName;

impl Prover<'_> {
    /// Sends packets on their way, up to the first that break the case.
    pub(super) fn run(
        &self,
        route: Route,
        case: &AssertionCase,
        flow: Flow,
        is_traced: bool,
        budget: &mut u64,
    ) -> Result<(), Stop> {
        let watch = self.watch(route, case);
        let mut decide = |end: End, flow: Flow| {
            if is_broken(&case.claim, end.verdict()) { Err(Stop::Found(Box::new(flow), end)) } else { Ok(()) }
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
    pub(super) fn watch(&self, route: Route, case: &AssertionCase) -> Option<(TableName, Watch)> {
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
}

/// Whether a packet breaks a claim that gets this verdict, or without one comes to the chain that is asked for.
pub(super) fn is_broken(claim: &Claim, verdict: Option<&Extension>) -> bool {
    match (&claim.outcome, verdict) {
        (Outcome::Verdict(_), Some(verdict)) => claim.is_broken_by(verdict),
        (Outcome::Verdict(_), None) => false,
        (Outcome::Reaches { .. }, verdict) => claim.negated == verdict.is_none(),
    }
}
