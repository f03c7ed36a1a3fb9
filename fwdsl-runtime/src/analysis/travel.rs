//! The whole way of one packet through a host: all tables, in the order in which it comes to them.
//!
//! What is not in the rules is taken from the packet: whether it is for this host or routed through tell its
//! interfaces, and its state is what connection tracking says once it has seen it. One in state `new` without
//! translated addresses is taken for the first of its connection, which the table `nat` translates, unless its
//! connection is confirmed.
//!
//! What the kernel throws away by itself is not told: what it finds no route for, what is redirected to an interface
//! without an address, what it cannot translate since it is broken, and what is of a masqueraded connection and to
//! leave by another interface than the first.

use std::rc::Rc;

use super::entry::uses_tracking;
use super::evaluate::add;
use super::packet::{CtState, Packet, Status, Tracking};
use super::state::{Fields, State, add_state};
use super::translate::translated;
use super::walk::{Ends, Met, Walk, falling_off};
use super::way::{Station, orders};
use crate::catalogue::{
    ACCEPT, Aspects, DROP, Extension, Flow, ICMP, ICMPV6, NFQUEUE, QUEUE, RAW, REJECT, RETURN, TPROXY,
};
use crate::family::Family;
use crate::lower::{Ruleset, Table};
use crate::model::Action;
use crate::table::{Hook, TableName, Way};
use crate::variant::Variant;

/// What becomes of a packet on its whole way.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fate {
    /// The verdicts that it can get, where it is not let through all tables; else `ACCEPT`.
    pub verdicts: Vec<&'static Extension>,
    /// Whether the kernel may put it together with other fragments on the way. What becomes of the whole is not among
    /// the verdicts.
    pub joined: bool,
}

/// What becomes of a packet that begins its way through the host; `None` if the rules are of another family.
///
/// Rules of others that are loaded beside those of the ruleset are taken to let it pass.
pub fn evaluate_host(ruleset: &Ruleset, packet: &Packet, variant: Option<Variant>) -> Option<Fate> {
    travel(ruleset, packet, variant, false).map(|travel| travel.fate)
}

/// A packet's visit to a table at a hook.
#[derive(Debug)]
pub(super) struct Visit<'a> {
    pub(super) hook: Hook,
    pub(super) table: &'a Table,
    /// The chain that it enters.
    pub(super) chain: usize,
    /// What it is then.
    pub(super) packet: Packet,
    pub(super) met: Vec<Met>,
    /// Whether it met more.
    pub(super) is_cut: bool,
    pub(super) ends: Rc<Ends<'a>>,
}

/// A packet's way, and what it met if that is wanted.
#[derive(Debug, Default)]
pub(super) struct Travel<'a> {
    pub(super) fate: Fate,
    pub(super) visits: Vec<Visit<'a>>,
}

/// A packet as it may be at a station.
#[derive(Debug, Clone)]
struct Traveller {
    packet: Packet,
    states: Vec<State>,
    certain: bool,
}

/// Sends a packet on its way. Where it is not known in which order it comes to the tables, it goes in both.
pub(super) fn travel<'a>(
    ruleset: &'a Ruleset,
    packet: &Packet,
    variant: Option<Variant>,
    recorded: bool,
) -> Option<Travel<'a>> {
    if packet.family() != ruleset.family {
        return None;
    }
    let orders = orders(ruleset, Way::of(packet), variant);
    let travels = orders.iter().map(|order| travel_in_order(ruleset, packet, variant, *order, recorded));
    travels.reduce(Travel::or)
}

fn travel_in_order<'a>(
    ruleset: &'a Ruleset,
    packet: &Packet,
    variant: Option<Variant>,
    order: Variant,
    recorded: bool,
) -> Travel<'a> {
    let way = Way::of(packet);
    let mut travel = Travel::default();
    if packet.later_fragment && way != Way::Out && uses_tracking(ruleset) {
        travel.fate.joined = true;
        return travel;
    }
    let mut guide = Guide { ruleset, origin: packet, variant, recorded, travel };
    // By which interface a packet leaves that is routed through, nobody knows before.
    let out_interface = packet.out_interface.clone().filter(|_| way == Way::Out);
    let arriving = Packet { out_interface, ..packet.clone() };
    let mut here = vec![Traveller { packet: arriving, states: vec![State::new(packet.mark)], certain: true }];
    for station in way.stations(order) {
        here = match station {
            Station::Rules(hook, table) => guide.rules(hook, table, here),
            Station::Tracking => guide.tracking(way, here),
            Station::Routing if packet.later_fragment && way == Way::In && ruleset.family == Family::Ipv4 => {
                guide.travel.fate.joined |= !here.is_empty();
                Vec::new()
            }
            Station::Routing => {
                here.iter_mut().for_each(|it| it.packet.out_interface.clone_from(&packet.out_interface));
                here
            }
        };
    }
    let mut travel = guide.travel;
    if !here.is_empty() {
        add(&mut travel.fate.verdicts, &ACCEPT);
    }
    travel
}

impl Travel<'_> {
    /// This way or another. What happens on one of them alone is not certain.
    fn or(mut self, mut other: Self) -> Self {
        other.fate.verdicts.iter().for_each(|verdict| add(&mut self.fate.verdicts, verdict));
        self.fate.joined |= other.fate.joined;
        for visit in &mut self.visits {
            let found = other.visits.iter().position(|other| other.is_like(visit));
            match found {
                Some(found) => drop(other.visits.remove(found)),
                None => visit.doubt(),
            }
        }
        other.visits.iter_mut().for_each(Visit::doubt);
        self.visits.extend(other.visits);
        self
    }
}

impl Visit<'_> {
    fn is_like(&self, other: &Visit<'_>) -> bool {
        let states = |visit: &Visit<'_>| visit.met.first().map(|met| met.states.clone());
        (self.hook, self.table.name) == (other.hook, other.table.name)
            && self.packet == other.packet
            && states(self) == states(other)
    }

    fn doubt(&mut self) {
        self.met.iter_mut().for_each(|met| met.certain = false);
    }
}

/// Whether a packet with this verdict goes on to the next table.
pub(super) fn lets_pass(verdict: &Extension) -> bool {
    verdict.flow == Flow::Ends && ![&DROP, &REJECT, &NFQUEUE, &QUEUE].contains(&verdict)
}

struct Guide<'a, 'p> {
    ruleset: &'a Ruleset,
    /// The packet as it began.
    origin: &'p Packet,
    variant: Option<Variant>,
    recorded: bool,
    travel: Travel<'a>,
}

impl<'a> Guide<'a, '_> {
    fn rules(&mut self, hook: Hook, name: TableName, here: Vec<Traveller>) -> Vec<Traveller> {
        let mut next: Vec<Traveller> = Vec::new();
        for mut traveller in here {
            if name == TableName::Raw {
                self.forget_state(hook, &mut traveller);
            }
            let is_asked = if name == TableName::Nat { self.is_translated(&traveller) } else { Some(true) };
            if is_asked != Some(true) {
                let mut passing = traveller.clone();
                passing.certain &= is_asked == Some(false);
                if name == TableName::Nat {
                    self.translate_again(hook, &mut passing);
                }
                join(&mut next, passing);
            }
            if is_asked != Some(false) {
                traveller.certain &= is_asked == Some(true);
                self.visit(hook, name, traveller, &mut next);
            }
        }
        next
    }

    /// Sends a traveller through a table, and adds what comes out of it.
    fn visit(&mut self, hook: Hook, name: TableName, traveller: Traveller, next: &mut Vec<Traveller>) {
        let table = self.ruleset.table(name);
        let Some((table, chain)) = table.and_then(|table| Some((table, table.start(hook)?))) else {
            join(next, traveller);
            return;
        };
        let Traveller { packet, states, certain } = traveller;
        let mut walk = match self.recorded {
            true => Walk::recorded(table, &packet, self.variant, certain),
            false => Walk::new(table, &packet, self.variant),
        };
        let ends = walk.ends(chain, states);
        let is_cut = walk.is_full();
        let met = walk.into_record();
        let mut out: Vec<Traveller> = Vec::new();
        let mut stopped = false;
        for given in &ends.verdicts {
            if *given.verdict == TPROXY {
                // Where nobody listens the packet is thrown away.
                add(&mut self.travel.fate.verdicts, &DROP);
                stopped = true;
            }
            if lets_pass(given.verdict) {
                let (packet, state) = translated(hook, &packet, given);
                join(&mut out, Traveller { packet, states: vec![state], certain });
            } else {
                add(&mut self.travel.fate.verdicts, given.verdict);
                stopped = true;
            }
        }
        for state in &ends.returns {
            if [&ACCEPT, &RETURN].contains(&falling_off(&table.chains[chain])) {
                join(&mut out, Traveller { packet: packet.clone(), states: vec![*state], certain });
            } else {
                add(&mut self.travel.fate.verdicts, &DROP);
                stopped = true;
            }
        }
        let certain = certain && !stopped && out.len() == 1;
        for traveller in out {
            join(next, Traveller { certain, ..traveller });
        }
        if self.recorded {
            self.travel.visits.push(Visit { hook, table, chain, packet, met, is_cut, ends });
        }
    }

    /// Before connection tracking has seen a packet it has no state, which `ctstate` calls invalid, unless it comes from
    /// this host itself, or answers a packet of a connection.
    fn forget_state(&self, hook: Hook, traveller: &mut Traveller) {
        if self.may_have_state(hook) {
            for state in &mut traveller.states {
                *state = state.with_changed(Aspects::TRACKING);
            }
        } else {
            traveller.packet.tracking = Tracking::of(CtState::Invalid);
            traveller.packet.status = Status::NONE;
        }
    }

    fn may_have_state(&self, hook: Hook) -> bool {
        match hook {
            Hook::Output => self.origin.tracking.state == CtState::Related,
            _ => self.origin.in_interface.as_deref() == Some("lo"),
        }
    }

    /// Connection tracking looks at the packet, unless a rule has forbidden it.
    fn tracking(&mut self, way: Way, here: Vec<Traveller>) -> Vec<Traveller> {
        let hook = if way == Way::Out { Hook::Output } else { Hook::Prerouting };
        // Where it is not known what was done there, it is not known whether it was forbidden.
        let is_opaque = self.ruleset.table(TableName::Raw).is_some_and(has_unknown_targets);
        let mut next: Vec<Traveller> = Vec::new();
        for Traveller { packet, states, certain } in here {
            for state in states {
                let seen = state.tracked();
                let seen = if is_opaque { seen.with_changed(Aspects::TRACKING) } else { seen };
                let mut one = |tracking: Tracking, status: Status, certain: bool| {
                    let packet = Packet { tracking, status, ..packet.clone() };
                    join(&mut next, Traveller { packet, states: vec![seen], certain });
                };
                let open = self.may_have_state(hook);
                if state.untracked {
                    one(Tracking::of(CtState::Untracked), Status::NONE, certain && !open);
                }
                if !state.untracked || open {
                    one(self.origin.tracking, self.origin.status, certain && !state.untracked);
                }
            }
        }
        if next.len() > 1 {
            next.iter_mut().for_each(|traveller| traveller.certain = false);
        }
        next
    }

    /// Whether the table `nat` is asked about a packet; `None` if that is not known.
    fn is_translated(&self, traveller: &Traveller) -> Option<bool> {
        let packet = &traveller.packet;
        if traveller.states.iter().any(|state| state.changed.meets(Aspects::TRACKING)) {
            return None;
        }
        let origin = self.origin.tracking;
        match packet.tracking.state {
            // What was confirmed before has got its translation, or none.
            CtState::New => {
                let confirmed = packet.status.or(Status::CONFIRMED) == packet.status;
                Some(!origin.snat && !origin.dnat && !confirmed)
            }
            // Errors are translated as the packets that they are about. What a helper expects may have been told how.
            CtState::Related if packet.protocol == ICMP || packet.protocol == ICMPV6 => Some(false),
            CtState::Related if origin.snat || origin.dnat => Some(false),
            CtState::Related => None,
            CtState::Established | CtState::Invalid | CtState::Untracked => Some(false),
        }
    }

    /// What becomes of a packet whose connection is translated already, in one direction or the other.
    fn translate_again(&self, hook: Hook, traveller: &mut Traveller) {
        let Tracking { state, snat, dnat } = self.origin.tracking;
        let is_tracked = traveller.packet.tracking.state == state && state.has_connection();
        let fields = match hook {
            _ if !(is_tracked && (snat || dnat)) => Fields::NONE,
            Hook::Prerouting | Hook::Output => Fields::DESTINATION.or(Fields::DESTINATION_PORT),
            Hook::Input => Fields::SOURCE.or(Fields::SOURCE_PORT),
            Hook::Forward | Hook::Postrouting => Fields::NONE,
        };
        traveller.states.iter_mut().for_each(|state| *state = state.hiding(fields));
    }
}

/// Whether there are targets of which nothing is known.
fn has_unknown_targets(table: &Table) -> bool {
    let mut rules = table.chains.iter().flat_map(|chain| &chain.rules);
    rules.any(|rule| match &rule.action {
        Action::Target { extension, .. } => **extension == RAW,
        Action::Jump(name) | Action::Goto(name) => table.is_foreign(name),
    })
}

/// Adds a traveller to those that are at a station: as another state of one if it is the same packet.
fn join(travellers: &mut Vec<Traveller>, traveller: Traveller) {
    match travellers.iter_mut().find(|other| other.packet == traveller.packet) {
        Some(other) => {
            traveller.states.into_iter().for_each(|state| add_state(&mut other.states, state));
            other.certain &= traveller.certain;
        }
        None => travellers.push(traveller),
    }
}
