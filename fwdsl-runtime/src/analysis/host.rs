//! The whole way of packets through the tables of a host.
//!
//! What a rule changes is followed as far as it is known: a destination that is translated to constants, a mark that
//! is set whole, packets that are not to be tracked. Else it may be anything.

use super::effect::{effects, not_followed, source_effects};
use super::entry::{Surroundings, sees_fragments};
use super::flow::{Effect, Event, Flow, RulePlace};
use super::packet::{CtState, PacketType, Tracking};
use super::program::{Classes, LOOPBACK, Program, domain, program_where, spans_between};
use super::region::{Axis, Choice, Condition, LATER, Region, Span, WHOLE, union};
use super::search::{Decide, Decider, End, Place, Stop, Watch, search, thin};
use super::travel::lets_pass;
use super::walk::falling_off;
use super::way::{Station, can_tell_orders, orders};
use crate::catalogue::{
    ACCEPT, Aspects, DNAT, DROP, Extension, Flow as Ending, MASQUERADE, REDIRECT, RETURN, SNAT, TPROXY,
};
use crate::family::Family;
use crate::lower::{Ruleset, Table};
use crate::model::Action;
use crate::table::{Hook, TableName, Way};

/// Whether a packet's way can end with a verdict.
pub(crate) fn ends_the_way(verdict: &Extension) -> bool {
    *verdict == ACCEPT || verdict.flow == Ending::Ends && !lets_pass(verdict)
}

/// The tables of one family, prepared.
#[derive(Debug)]
pub(super) struct HostProgram {
    tables: Vec<(TableName, Program, Vec<Vec<Effect>>)>,
    /// What rules of `nat` do in INPUT, where somebody can tell.
    sources: Vec<Vec<Effect>>,
    pub(super) classes: Classes,
    family: Family,
    surroundings: Surroundings,
    /// What connection tracking can say, a bit for each.
    translations: u64,
}

/// A way through them.
pub(super) struct HostWay<'a> {
    pub(super) host: &'a HostProgram,
    pub(super) ruleset: &'a Ruleset,
    pub(super) way: Way,
    /// The chain that is asked for, and whether it is asked who comes there or who does not.
    pub(super) watch: Option<(TableName, Watch)>,
    pub(super) is_traced: bool,
}

/// Prepares the tables of a family.
pub(super) fn prepare_host(ruleset: &Ruleset, classes: &Classes) -> HostProgram {
    let changed = not_followed(&ruleset.tables);
    let tables = ruleset.tables.iter().map(|table| {
        // There is no state yet in `raw`.
        let stateless = if table.name == TableName::Raw { Aspects::TRACKING } else { Aspects::NONE };
        let changed = changed.or(stateless);
        let program = program_where(table, ruleset.family, classes.clone(), changed);
        (table.name, program, effects(table, ruleset.family, classes))
    });
    let nat = ruleset.table(TableName::Nat).filter(|_| can_tell_orders(ruleset));
    HostProgram {
        tables: tables.collect(),
        sources: nat.map(|table| source_effects(table, ruleset.family, classes)).unwrap_or_default(),
        classes: classes.clone(),
        family: ruleset.family,
        surroundings: Surroundings::new(ruleset),
        translations: translations(ruleset),
    }
}

/// All packets at the beginning of the way. Those that are forwarded are said to have the interface that they will
/// leave by.
pub(super) fn beginning(host: &HostProgram, ruleset: &Ruleset, way: Way) -> Vec<Region> {
    let interfaces = &host.classes.interfaces;
    let none = Span { first: 0, last: 0 };
    let of = |present: bool| if present { interfaces.any() } else { none };
    let both = [of(way.has_in_interface()), of(way.has_out_interface())];
    let spans = spans_between(both, host.family, &host.classes);
    let first = if way == Way::Out { Hook::Output } else { Hook::Prerouting };
    let mut fragments =
        if sees_fragments(first, host.family, host.surroundings.tracks) { WHOLE | LATER } else { WHOLE };
    if way == Way::In && host.family == Family::Ipv4 && !has_chain(ruleset, Hook::Prerouting) {
        // Put together before the first rule that looks at it.
        fragments = WHOLE;
    }
    let all_bits = |count: usize| (1 << count) - 1;
    let choices = [
        u64::MAX,
        first_tracking(host.translations),
        fragments,
        all_bits(super::packet::Status::COUNT as usize),
        host.classes.marks.all(),
        all_bits(PacketType::ALL.len()),
    ];
    let region = Region::new(spans, choices);
    let (mut here, mut others) = (Vec::new(), Vec::new());
    match interfaces.span(LOOPBACK).filter(|_| way.has_in_interface()) {
        Some(loopback) => {
            region.split(&Condition::Within(Axis::In, union(vec![loopback])), &mut here, &mut others);
        }
        None => others.push(region),
    }
    // What comes back by the loopback interface is for this host, and may have been translated on its way out.
    if way == Way::In {
        let tracking = host.translations;
        others.extend(here.iter().map(|region| region.with_choice(Choice::Tracking, tracking)));
    }
    others.iter().flat_map(|region| host.surroundings.by_status_if_asked(region)).collect()
}

/// Whether a table of the policy has rules at a hook.
fn has_chain(ruleset: &Ruleset, hook: Hook) -> bool {
    let at_hook =
        |table: &Table| table.start(hook).is_some_and(|start| !table.chains[start].rules.is_empty());
    ruleset.tables.iter().any(at_hook)
}

/// What connection tracking can say of packets of connections that began under these rules.
fn translations(ruleset: &Ruleset) -> u64 {
    let (mut snat, mut dnat) = (false, false);
    for table in ruleset.tables.iter().filter(|table| table.name == TableName::Nat) {
        for rule in table.chains.iter().flat_map(|chain| &chain.rules) {
            match &rule.action {
                Action::Jump(name) | Action::Goto(name) if table.is_foreign(name) => {
                    (snat, dnat) = (true, true)
                }
                Action::Jump(_) | Action::Goto(_) => {}
                Action::Target { extension, .. } => {
                    let source = [&SNAT, &MASQUERADE].contains(extension);
                    let destination = [&DNAT, &REDIRECT].contains(extension);
                    let neither =
                        [&ACCEPT, &RETURN].contains(extension) || extension.flow == Ending::Continues;
                    snat |= !(destination || neither);
                    dnat |= !(source || neither);
                }
            }
        }
    }
    bits_of(|tracking| (snat || !tracking.snat) && (dnat || !tracking.dnat))
}

/// The same as a packet arrives: one in state `new` is taken for the first of its connection, which nothing has
/// translated yet.
fn first_tracking(translations: u64) -> u64 {
    translations & bits_of(|tracking| tracking.state != CtState::New || !(tracking.snat || tracking.dnat))
}

fn bits_of(wanted: impl Fn(&Tracking) -> bool) -> u64 {
    let places = Tracking::ALL.iter().enumerate().filter(|(_, tracking)| wanted(tracking));
    places.fold(0, |bits, (place, _)| bits | 1 << place)
}

impl HostProgram {
    /// The tables, in the order of the ruleset.
    pub(super) fn programs(&self) -> impl Iterator<Item = &Program> {
        self.tables.iter().map(|(_, program, _)| program)
    }
}

impl HostWay<'_> {
    /// Sends packets on their way. `decide` gets those whose way ends, and how: for each order of the tables, where that
    /// may matter.
    pub(super) fn search(&self, flow: Flow, budget: &mut u64, decide: &mut Decide<'_>) -> Result<(), Stop> {
        for order in orders(self.ruleset, self.way, None) {
            let mut flows = vec![flow.clone()];
            let mut hook = None;
            for station in self.way.stations(*order) {
                let Station::Rules(here, table) = station else { continue };
                if hook.replace(here) != Some(here) {
                    flows.iter_mut().for_each(|flow| self.come_to(here, flow));
                }
                flows = self.pass(here, table, flows, budget, decide)?;
            }
            for flow in flows {
                decide(End::Verdict(&ACCEPT, Decider::Nothing), flow)?;
            }
        }
        Ok(())
    }

    /// What packets have at a hook, and what they have not.
    fn come_to(&self, hook: Hook, flow: &mut Flow) {
        let none = Span { first: 0, last: 0 };
        if hook == Hook::Prerouting && self.way == Way::Through {
            flow.set(Axis::Out, vec![none]);
        } else if hook == Hook::Forward {
            flow.restore(Axis::Out);
        } else if hook == Hook::Postrouting {
            if self.way == Way::Through {
                // Packets that are routed through still have theirs, since Linux 5.7.
                let mut with: Vec<Span> = flow.now.set(Axis::In).to_vec();
                with.push(none);
                flow.set(Axis::In, union(with).to_vec());
            } else if self.routes_again() {
                flow.set(Axis::Out, vec![self.host.classes.interfaces.any()]);
            }
        }
        if hook == Hook::Input && self.host.family == Family::Ipv4 {
            // Put together, and then there is nothing that a later fragment could be.
            if flow.now.choice(Choice::Fragment) & WHOLE != 0 {
                flow.now = flow.now.with_choice(Choice::Fragment, WHOLE);
            } else {
                flow.choose(Choice::Fragment, WHOLE);
            }
        }
    }

    /// Whether a rule may change what the kernel routes by of packets that this host makes.
    fn routes_again(&self) -> bool {
        let looked_at = Aspects::MARK.or(Aspects::SERVICE).or(Aspects::ADDRESSES);
        let rules = self
            .ruleset
            .tables
            .iter()
            .filter(|table| matches!(table.name, TableName::Mangle | TableName::Nat));
        let rules = rules.flat_map(|table| table.chains.iter().map(move |chain| (table, chain)));
        let mut rules = rules.flat_map(|(table, chain)| chain.rules.iter().map(move |rule| (table, rule)));
        rules.any(|(table, rule)| match &rule.action {
            Action::Target { extension, .. } => {
                extension.changes.meets(looked_at) || table.name == TableName::Nat && **extension != ACCEPT
            }
            Action::Jump(name) | Action::Goto(name) => table.is_foreign(name),
        })
    }

    /// Sends flows through a table at a hook, and returns those that go on.
    fn pass(
        &self,
        hook: Hook,
        name: TableName,
        flows: Vec<Flow>,
        budget: &mut u64,
        decide: &mut Decide<'_>,
    ) -> Result<Vec<Flow>, Stop> {
        let mut on = Vec::with_capacity(flows.len());
        for flow in flows {
            // Only the first packet of a connection asks the table `nat`.
            let (asking, others) = match name {
                TableName::Nat => self.translated(hook, &flow),
                _ => (vec![flow], Vec::new()),
            };
            on.extend(others);
            for flow in asking {
                match self.start(hook, name) {
                    Some(start) => on.extend(self.pass_rules(start, flow, budget, decide)?),
                    None => on.push(flow),
                }
            }
        }
        thin(&mut on, budget)?;
        Ok(on)
    }

    /// The rules of a table at a hook, if the policy has the table.
    fn start(&self, hook: Hook, name: TableName) -> Option<Start<'_>> {
        let station = self.host.tables.iter().position(|(other, ..)| *other == name)?;
        let (_, program, effects) = &self.host.tables[station];
        let is_of_sources = name == TableName::Nat && hook == Hook::Input && !self.host.sources.is_empty();
        let effects = if is_of_sources { &self.host.sources } else { effects };
        let table = self.ruleset.table(name)?;
        let watch = self.watch.filter(|(watched, _)| *watched == name).map(|(_, watch)| watch);
        let place = Place { program, effects, station, watch, is_traced: self.is_traced };
        Some(Start { place, table, chain: table.start(hook)? })
    }

    fn pass_rules(
        &self,
        Start { place, table, chain }: Start<'_>,
        flow: Flow,
        budget: &mut u64,
        decide: &mut Decide<'_>,
    ) -> Result<Vec<Flow>, Stop> {
        match place.watch {
            Some(Watch::Comers(wanted)) if wanted == chain => decide(End::Top(None), flow.clone())?,
            Some(Watch::Others(wanted)) if wanted == chain => return Ok(Vec::new()),
            _ => {}
        }
        let mut on = Vec::new();
        let mut sort = |end: End, flow: Flow| match end {
            // Where nobody listens the packet is thrown away.
            End::Verdict(verdict, decider) if *verdict == TPROXY => {
                decide(End::Verdict(&DROP, decider), flow.clone())?;
                on.push(flow);
                Ok(())
            }
            End::Verdict(verdict, Decider::Rule(at)) if lets_pass(verdict) => {
                on.push(flow.after(self.is_traced, at, Event::Accepted));
                Ok(())
            }
            End::Verdict(verdict, _) if lets_pass(verdict) => {
                on.push(flow);
                Ok(())
            }
            _ => decide(end, flow),
        };
        let fallen = search(place, chain, flow, budget, &mut sort)?;
        let policy = falling_off(&table.chains[chain]);
        let station = place.station;
        for flow in fallen {
            if lets_pass(policy) {
                let end = RulePlace { station, chain, rule: table.chains[chain].rules.len() };
                on.push(flow.after(self.is_traced, end, Event::Accepted));
            } else {
                decide(End::Verdict(policy, Decider::ChainEnd { station, chain }), flow)?;
            }
        }
        Ok(on)
    }

    /// Parts a flow into packets that ask the table `nat`, and those whose connection has its translation already,
    /// which changes them now. Where packets leave, nothing looks at what it changes, nor behind INPUT on legacy.
    fn translated(&self, hook: Hook, flow: &Flow) -> (Vec<Flow>, Vec<Flow>) {
        let arriving = matches!(hook, Hook::Prerouting | Hook::Output);
        let is_translated = |tracking: &Tracking| tracking.snat || tracking.dnat;
        let begins = |tracking: &Tracking| matches!(tracking.state, CtState::New | CtState::Related);
        // Behind the first hook the other half of the translation may be wanted still.
        let asking = bits_of(|tracking| begins(tracking) && !(arriving && is_translated(tracking)));
        // ICMP errors ask nothing, nor does what was translated on its way out through the loopback interface.
        let from_here = hook == Hook::Prerouting && self.comes_by_loopback(flow);
        let silent = bits_of(|tracking| {
            tracking.state != CtState::New || arriving && is_translated(tracking) || from_here
        });
        let of = |bits: u64| {
            let both = flow.now.choice(Choice::Tracking) & bits;
            (both != 0).then(|| flow.part(flow.now.with_choice(Choice::Tracking, both)))
        };
        let mut others = Vec::new();
        if let Some(silent) = of(silent & !bits_of(is_translated)) {
            others.push(silent);
        }
        if let Some(mut changed) = of(silent & bits_of(is_translated)) {
            let axes: &[Axis] = match hook {
                _ if arriving => &[Axis::Destination, Axis::DestinationPort],
                Hook::Input => &[Axis::Source, Axis::SourcePort],
                _ => &[],
            };
            for axis in axes {
                changed.set(*axis, vec![domain(*axis, self.host.family, &self.host.classes)]);
            }
            others.push(changed);
        }
        (of(asking).into_iter().collect(), others)
    }

    fn comes_by_loopback(&self, flow: &Flow) -> bool {
        let loopback = self.host.classes.interfaces.span(LOOPBACK);
        loopback.is_none_or(|loopback| flow.now.set(Axis::In).iter().any(|span| span.holds(loopback.first)))
    }
}

/// The rules of a table at a hook.
struct Start<'a> {
    place: Place<'a>,
    table: &'a Table,
    chain: usize,
}
