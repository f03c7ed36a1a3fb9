//! Whether a connection could begin.

use std::net::IpAddr;

use super::super::netlink::{self, Connection, Leads, Tuple};
use crate::analysis::{CtState, Packet, Tracking, evaluate_host};
use crate::catalogue::{ACCEPT, DNAT, DROP, NETMAP, RAW, REDIRECT, REJECT, TPROXY};
use crate::emit::{Protocols, emit_chains};
use crate::family::Family;
use crate::lower::{Ruleset, Table};
use crate::model::Action;
use crate::variant::Variant;

/// What is to become of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It may go on: it could begin now, or could not before.
    Kept,
    /// It could begin before, and cannot now.
    Revoked,
    /// Why that is not certain.
    Undecided(&'static str),
}

const NO_ROUTE: &str = "by which interfaces its packets come and go is not known";
const TRANSLATED: &str = "the rules that translate its destination have changed";
const OPAQUE: &str = "it depends on what its packets do not tell, such as a rate";

/// The former rules and the new ones.
pub(super) struct Judge {
    old: Ruleset,
    new: Ruleset,
    variant: Option<Variant>,
    /// Whether the kernel finds a way by nothing but addresses.
    routes: bool,
    /// What becomes of destinations.
    destinations: Destinations,
}

/// What the new rules do to destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Destinations {
    /// The same as the former ones.
    Same,
    /// Nothing.
    Left,
    /// Something else.
    Changed,
}

impl Judge {
    pub(super) fn new([old, new]: [Ruleset; 2], family: Family, variant: Option<Variant>) -> Judge {
        let routes = netlink::is_by_address_alone(family);
        let destinations = destinations(&old, &new);
        Judge { old, new, variant, routes, destinations }
    }

    pub(super) fn judge(&self, connection: &Connection) -> Judgement {
        let Connection { original, reply, expected, .. } = connection;
        if !self.routes {
            return Judgement::Undecided(NO_ROUTE);
        }
        let now = match self.destinations {
            Destinations::Same => reply.from,
            Destinations::Left => original.to,
            Destinations::Changed => return Judgement::Undecided(TRANSLATED),
        };
        let first = |to| packets(original, to, *expected);
        let (Some(before), Some(now)) = (first(reply.from), first(now)) else {
            return Judgement::Undecided(NO_ROUTE);
        };
        match self.permits(&self.new, &now) {
            Some(true) => Judgement::Kept,
            now => match (self.permits(&self.old, &before), now) {
                (Some(false), _) => Judgement::Kept,
                (Some(true), Some(false)) => Judgement::Revoked,
                _ => Judgement::Undecided(OPAQUE),
            },
        }
    }

    /// Whether the other end may begin a connection of these ends.
    pub(super) fn may_begin_again(&self, connection: &Connection) -> bool {
        let Connection { original, reply, .. } = connection;
        packets(reply, original.from, false)
            .is_none_or(|packets| self.permits(&self.new, &packets) != Some(false))
    }

    /// Whether all of the packets pass; `None` if that is not certain.
    fn permits(&self, rules: &Ruleset, packets: &[Packet]) -> Option<bool> {
        let mut all = Some(true);
        for packet in packets {
            let fate = evaluate_host(rules, packet, self.variant)?;
            let passes = fate.verdicts.contains(&&ACCEPT);
            let only_refused = fate.verdicts.iter().all(|verdict| [&DROP, &REJECT].contains(verdict));
            match fate.verdicts.len() {
                _ if fate.joined => all = None,
                1 if passes => {}
                1.. if only_refused => return Some(false),
                _ => all = None,
            }
        }
        all
    }
}

/// The first packet of a connection that ends at `destination`, wherever it meets rules on its own; `None` if its way is
/// not known.
fn packets(original: &Tuple, destination: IpAddr, expected: bool) -> Option<Vec<Packet>> {
    // Such an address says nothing without its link.
    let of_a_link = |address: &IpAddr| match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    if [original.from, destination].iter().any(of_a_link) {
        return None;
    }
    let (source, destination) = (netlink::leads(original.from)?, netlink::leads(destination)?);
    let state = if expected { CtState::Related } else { CtState::New };
    let Tuple { from, to, protocol, sport, dport, icmp_type, icmp_code } = *original;
    let packet = Packet {
        sport,
        dport,
        icmp_type,
        icmp_code,
        tracking: Tracking::of(state),
        ..Packet::new(from, to, protocol)
    };
    let comes = |interface: &str, packet: &Packet| Packet {
        in_interface: Some(interface.to_owned()),
        ..packet.clone()
    };
    let goes = |interface: &str, packet: &Packet| Packet {
        out_interface: Some(interface.to_owned()),
        ..packet.clone()
    };
    Some(match (source, destination) {
        (Leads::Here, Leads::Here) => vec![goes("lo", &packet), comes("lo", &packet)],
        (Leads::Here, Leads::Out(out)) => vec![goes(&out, &packet)],
        (Leads::Out(incoming), Leads::Here) => vec![comes(&incoming, &packet)],
        (Leads::Out(incoming), Leads::Out(out)) => vec![comes(&incoming, &goes(&out, &packet))],
    })
}

fn destinations(old: &Ruleset, new: &Ruleset) -> Destinations {
    let [before, now] = [old, new].map(|ruleset| {
        let mut changing = ruleset.clone();
        changing.tables.retain(changes_destinations);
        changing
    });
    match now.tables.is_empty() {
        _ if emit_chains(&before, Protocols::Numbered) == emit_chains(&now, Protocols::Numbered) => {
            Destinations::Same
        }
        true => Destinations::Left,
        false => Destinations::Changed,
    }
}

fn changes_destinations(table: &Table) -> bool {
    let targets = [&DNAT, &REDIRECT, &NETMAP, &TPROXY, &RAW];
    let mut rules = table.chains.iter().flat_map(|chain| &chain.rules);
    rules.any(|rule| matches!(&rule.action, Action::Target { extension, .. } if targets.contains(extension)))
}
