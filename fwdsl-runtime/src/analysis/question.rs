//! What lints ask of a built-in chain.

use std::rc::Rc;

use super::entry::{Surroundings, entries};
use super::evaluate::evaluate;
use super::packet::{CtState, Packet, Tracking};
use super::program::{LOOPBACK, Program, domain};
use super::region::{Axis, Choice, Condition, Region, Set, Span, WHOLE, complement};
use super::search::{Decider, find_verdict};
use super::tables::Tables;
use super::walk::falling_off;
use super::witness::{region_of, witness};
use crate::catalogue::{DROP, Extension, REJECT};
use crate::family::Family;
use crate::loc::Loc;
use crate::lower::{Ruleset, Table, model_families};
use crate::model::{Chain, Model};
use crate::table::{Hook, TableName};

/// How many steps the answer to one question may take. What is not decided is no finding.
const BUDGET: u64 = 30_000;

/// The ports that a Linux host's own connections come from (ip(7), `ip_local_port_range`).
pub(super) const LOCAL_PORTS: Span = Span { first: 32768, last: 60999 };

/// The rules of one hook in `filter`, and the chain of the source that they begin in.
pub(super) struct Asked<'a> {
    pub(super) ruleset: &'a Ruleset,
    surroundings: Surroundings,
    pub(super) table: &'a Table,
    pub(super) program: &'a Program,
    pub(super) hook: Hook,
    pub(super) start: usize,
    /// `None` if the policy writes nothing of it.
    pub(super) chain: Option<&'a Chain>,
}

impl<'a> Asked<'a> {
    /// The rules of a hook; `None` if the policy has none there, or others have some, too.
    pub(super) fn of(
        model: &'a Model,
        tables: &'a mut Tables,
        family: Family,
        hook: Hook,
    ) -> Option<Asked<'a>> {
        let name = TableName::Filter;
        let (ruleset, program) = tables.prepare(model, family, name)?;
        Asked::prepared(model, tables, ruleset, program, hook)
    }

    /// Another hook of the same table.
    pub(super) fn beside(&self, model: &'a Model, hook: Hook) -> Option<Asked<'a>> {
        let start = self.table.start(hook)?;
        let chain = chain_of(model, self.ruleset.family, hook);
        Some(Asked { hook, start, chain, ..*self })
    }

    fn prepared(
        model: &'a Model,
        tables: &'a Tables,
        ruleset: usize,
        program: usize,
        hook: Hook,
    ) -> Option<Asked<'a>> {
        let (ruleset, surroundings) = (&tables.rulesets[ruleset], tables.surroundings[ruleset]);
        let table = ruleset.table(TableName::Filter).filter(|_| !ruleset.chains_alone)?;
        let start = table.start(hook)?;
        let chain = chain_of(model, ruleset.family, hook);
        Some(Asked { ruleset, surroundings, table, program: &tables.programs[program].2, hook, start, chain })
    }

    /// The family.
    pub(super) fn family(&self) -> Family {
        self.ruleset.family
    }

    /// The packets at the top of which all of this is true; no later fragments.
    pub(super) fn packets(&self, conditions: &[Condition]) -> Vec<Region> {
        let mut regions = entries(&[self.hook], self.surroundings, &self.program.classes);
        let whole = Condition::OneOf(Choice::Fragment, WHOLE);
        for condition in conditions.iter().chain([&whole]) {
            let mut inside = Vec::with_capacity(regions.len());
            for region in &regions {
                region.split(condition, &mut inside, &mut Vec::new());
            }
            regions = inside;
        }
        regions
    }

    /// The packet comes in or goes out by the loopback interface, or by another.
    pub(super) fn by_loopback(&self, is_loopback: bool) -> Condition {
        let axis = if self.hook.has_in_interface() { Axis::In } else { Axis::Out };
        let set = if is_loopback { self.loopback().into() } else { self.interfaces_but_loopback() };
        Condition::Within(axis, set)
    }

    /// All interfaces but the loopback interface.
    pub(super) fn interfaces_but_loopback(&self) -> Set {
        complement(&self.loopback(), self.program.classes.interfaces.any())
    }

    fn loopback(&self) -> Vec<Span> {
        self.program.classes.interfaces.span(LOOPBACK).into_iter().collect()
    }

    /// Every number of a field but these.
    pub(super) fn outside(&self, axis: Axis, spans: &[Span]) -> Condition {
        Condition::Within(axis, complement(spans, domain(axis, self.family(), &self.program.classes)))
    }

    /// A packet among these that can get a verdict that is wanted. `Err` if that is not decided.
    pub(super) fn some(
        &self,
        packets: &[Region],
        wanted: &dyn Fn(&Extension) -> bool,
    ) -> Result<Option<Region>, ()> {
        let end = falling_off(&self.table.chains[self.start]);
        let mut budget = BUDGET;
        for region in packets {
            let found = find_verdict(self.program, self.start, region.clone(), end, wanted, &mut budget);
            if let Some((region, _)) = found.map_err(|_| ())? {
                return Ok(Some(region));
            }
        }
        Ok(None)
    }

    /// Whether it is certain that none of these packets gets a verdict that is wanted.
    pub(super) fn none(&self, packets: &[Region], wanted: &dyn Fn(&Extension) -> bool) -> bool {
        self.some(packets, wanted) == Ok(None)
    }

    /// One of these packets that gets a verdict that is wanted, whatever is answered where the packet does not tell,
    /// and the packets of which the search found it; `None` if the first that is found may get another.
    pub(super) fn surely(
        &self,
        packets: &[Region],
        wanted: &dyn Fn(&Extension) -> bool,
    ) -> Option<(Packet, Region)> {
        let region = self.some(packets, wanted).ok()??;
        let packet = witness(&region, self.program);
        self.always(&packet, wanted).then_some((packet, region))
    }

    /// Whether a packet gets a verdict that is wanted, whatever is answered where it does not tell.
    pub(super) fn always(&self, packet: &Packet, wanted: &dyn Fn(&Extension) -> bool) -> bool {
        let chain = &self.table.chains[self.start].name;
        let verdicts = evaluate(self.ruleset, TableName::Filter, chain, packet);
        verdicts.is_some_and(|verdicts| verdicts.iter().all(|verdict| wanted(verdict)))
    }

    /// The rule that gives a packet a verdict that is wanted; `None` if it is the policy.
    pub(super) fn decided_by(&self, packet: &Packet, wanted: &dyn Fn(&Extension) -> bool) -> Option<Loc> {
        let region = region_of(packet, self.program)?;
        let end = falling_off(&self.table.chains[self.start]);
        let mut budget = BUDGET;
        match find_verdict(self.program, self.start, region, end, wanted, &mut budget).ok()?? {
            (_, Decider::Rule(at)) => Some(self.table.chains[at.chain].rules[at.rule].loc),
            _ => None,
        }
    }

    /// A packet of the regions, to be shown.
    pub(super) fn example(&self, packets: &[Region]) -> Option<Packet> {
        packets.first().map(|region| witness(region, self.program))
    }
}

fn chain_of(model: &Model, family: Family, hook: Hook) -> Option<&Chain> {
    let here = |chain: &&Chain| {
        chain.table == TableName::Filter
            && chain.name == hook.name()
            && model_families(model, chain).contains(family)
    };
    model.chains().iter().find(here)
}

/// Whether a packet with this verdict goes on.
pub(super) fn passes(verdict: &Extension) -> bool {
    !stops(verdict)
}

/// Whether a packet with this verdict goes no further.
pub(super) fn stops(verdict: &Extension) -> bool {
    *verdict == DROP || *verdict == REJECT
}

/// The protocol is this.
pub(super) fn protocol(number: u8) -> Condition {
    let number = u128::from(number);
    Condition::Within(Axis::Protocol, Rc::from([Span { first: number, last: number }]))
}

/// The field is in this range.
pub(super) fn within(axis: Axis, span: Span) -> Condition {
    Condition::Within(axis, Rc::from([span]))
}

/// The TCP flags are one of these combinations.
pub(super) fn flags(combinations: &[u8]) -> Condition {
    Condition::OneOf(Choice::TcpFlags, combinations.iter().fold(0, |bits, flags| bits | 1u64 << flags))
}

/// The connection is in this state, with whatever translation of its addresses.
pub(super) fn state(state: CtState) -> Condition {
    let places = Tracking::ALL.iter().enumerate().filter(|(_, tracking)| tracking.state == state);
    Condition::OneOf(Choice::Tracking, places.fold(0, |bits, (place, _)| bits | 1 << place))
}
