//! A packet that is said to break a case, by itself: another evaluation must agree.

use super::Prover;
use super::route::Route;
use crate::analysis::evaluate::evaluate;
use crate::analysis::packet::Packet;
use crate::analysis::program::LOOPBACK;
use crate::analysis::search::Watch;
use crate::analysis::state::State;
use crate::analysis::travel::{evaluate_host, travel};
use crate::analysis::walk::{Met, Walk};
use crate::catalogue::Extension;
use crate::model::{AssertionCase, Outcome};
use crate::table::TableName;

impl Prover<'_> {
    /// Whether the packet by itself does not break the case after all: what rules change is followed there bit by bit.
    pub(super) fn is_refuted(
        &self,
        route: Route,
        case: &AssertionCase,
        packet: &Packet,
        verdict: Option<&Extension>,
    ) -> bool {
        // The other evaluation does not know that what this host sends to itself has its translation already.
        if matches!(route, Route::Host { .. }) && packet.in_interface.as_deref() == Some(LOOPBACK) {
            return false;
        }
        match (&case.claim.outcome, verdict) {
            (Outcome::Verdict(_), Some(verdict)) => self.lacks(route, packet, verdict),
            (Outcome::Verdict(_), None) => false,
            (Outcome::Reaches { .. }, _) => self.goes_otherwise(route, case, packet),
        }
    }

    /// Whether the packet is not given a verdict.
    fn lacks(&self, route: Route, packet: &Packet, verdict: &Extension) -> bool {
        let ruleset = self.ruleset(route);
        match route {
            Route::Chain { table, chain, .. } => {
                let name = ruleset.table(table).map_or("", |table| &table.chains[chain].name);
                let verdicts = evaluate(ruleset, table, name, packet);
                verdicts.is_some_and(|verdicts| !verdicts.contains(&verdict))
            }
            Route::Host { .. } => {
                let fate = evaluate_host(ruleset, packet, None);
                fate.is_some_and(|fate| !fate.joined && !fate.verdicts.contains(&verdict))
            }
        }
    }

    /// Whether the packet surely comes to a chain that it is said to pass by, or never to one that it is said to come to.
    fn goes_otherwise(&self, route: Route, case: &AssertionCase, packet: &Packet) -> bool {
        let Some((table, watch)) = self.watch(route, case) else { return false };
        let Some(met) = self.met(route, packet, table) else { return false };
        match watch {
            Watch::Comers(chain) => !met.iter().any(|met| met.chain == chain),
            Watch::Others(chain) => met.iter().any(|met| met.chain == chain && met.certain),
        }
    }

    /// What the packet meets in a table; `None` if that cannot be told.
    fn met(&self, route: Route, packet: &Packet, name: TableName) -> Option<Vec<Met>> {
        let ruleset = self.ruleset(route);
        match route {
            Route::Chain { table, chain, .. } => {
                let mut walk = Walk::recorded(ruleset.table(table)?, packet, None, true);
                walk.ends(chain, vec![State::new(packet.mark)]);
                (!walk.is_full()).then(|| walk.into_record())
            }
            Route::Host { .. } => {
                let travel = travel(ruleset, packet, None, true)?;
                if travel.fate.joined || travel.visits.iter().any(|visit| visit.is_cut) {
                    return None;
                }
                let visits = travel.visits.into_iter().filter(|visit| visit.table.name == name);
                Some(visits.flat_map(|visit| visit.met).collect())
            }
        }
    }
}
