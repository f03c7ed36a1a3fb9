//! A packet that breaks a case, and what is told of it.

use super::Prover;
use super::route::{Route, fits};
use crate::analysis::finding::{Counterexample, Finding, union_help};
use crate::analysis::flow::{Event, Flow, Step};
use crate::analysis::packet::Packet;
use crate::analysis::region::{Choice, Region};
use crate::analysis::search::{End, Stop};
use crate::analysis::story::{Note, Teller};
use crate::analysis::witness::{packet, pin};
use crate::catalogue::{Extension, RETURN};
use crate::model::{Assertion, AssertionCase, HOST, Outcome, Scope};
use crate::table::Way;

/// The steps that telling a packet's way may take.
const STORY_BUDGET: u64 = 20_000;

/// A packet that breaks a case.
struct Witness {
    packet: Packet,
    /// The same as a region.
    pinned: Region,
    /// Whether its TCP flags matter.
    shows_flags: bool,
}

impl Prover<'_> {
    /// A finding about packets that break a case: one of them is sent on its way again, and watched.
    pub(super) fn broken(
        &self,
        route: Route,
        assertion: &Assertion,
        case: &AssertionCase,
        flow: Flow,
        end: End,
    ) -> Finding {
        let witness = self.witness(route, &flow.origin());
        let (flow, end) = match self.follow(route, case, &witness) {
            Err(Stop::Found(flow, end)) => (*flow, end),
            _ => (flow, end),
        };
        let verdict = end.verdict();
        if self.is_refuted(route, case, &witness.packet, verdict) {
            return Finding::not_followed(case);
        }
        self.tell(route, assertion, case, witness, verdict, Some((&flow, end)))
    }

    /// A finding about packets that are said to get this verdict, or without one to come to the chain that is asked for; `None`
    /// if that is not so of the one that would be shown.
    pub(super) fn broken_by(
        &self,
        route: Route,
        assertion: &Assertion,
        case: &AssertionCase,
        packets: &Region,
        verdict: Option<&'static Extension>,
    ) -> Option<Finding> {
        let witness = self.witness(route, packets);
        let story = match self.follow(route, case, &witness) {
            Err(Stop::Found(flow, end)) => Some((*flow, end)),
            Ok(()) => return None,
            Err(Stop::Budget | Stop::Depth) => None,
        };
        let verdict = story.as_ref().map_or(verdict, |(_, end)| end.verdict());
        if self.is_refuted(route, case, &witness.packet, verdict) {
            return None;
        }
        let story = story.as_ref().map(|(flow, end)| (flow, *end));
        Some(self.tell(route, assertion, case, witness, verdict, story))
    }

    /// One of the packets.
    fn witness(&self, route: Route, packets: &Region) -> Witness {
        let (family, classes) = (self.ruleset(route).family, self.classes(route));
        let pinned = pin(packets, family, classes);
        Witness {
            packet: packet(&pinned, family, classes),
            pinned,
            shows_flags: packets.choice(Choice::TcpFlags) != u64::MAX,
        }
    }

    /// Sends a packet on its way by itself, with a record of what happens.
    fn follow(&self, route: Route, case: &AssertionCase, witness: &Witness) -> Result<(), Stop> {
        self.run(route, case, Flow::new(witness.pinned.clone()), true, &mut { STORY_BUDGET })
    }

    fn tell(
        &self,
        route: Route,
        assertion: &Assertion,
        case: &AssertionCase,
        witness: Witness,
        verdict: Option<&'static Extension>,
        story: Option<(&Flow, End)>,
    ) -> Finding {
        let mut notes: Vec<Note> = Vec::new();
        if let Route::Host { way, .. } = route {
            notes.push((format!("as a packet {}", way.kind()), None));
        }
        let mut is_assumed = false;
        if let Some((flow, end)) = story {
            notes.extend(self.teller(route).tell(flow, end));
            let assumed = |step: &&Step| matches!(step.event, Event::TakenToMatch | Event::TakenNotToMatch);
            is_assumed = flow.steps().iter().any(assumed);
        }
        let family = self.ruleset(route).family;
        let Witness { packet, shows_flags, .. } = witness;
        let found = Counterexample { family, packet, verdict };
        let mut finding = Finding::broken(case, found, shows_flags, notes);
        finding.help = verdict.and_then(|verdict| union_help(case, verdict, is_assumed));
        self.remark(assertion, case, route, &mut finding);
        finding
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
