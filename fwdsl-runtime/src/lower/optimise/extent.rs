//! Which packets a rule can match, as the builder of trees sees it: one interval for each field that a tree can ask for.

use std::collections::HashMap;

use crate::catalogue::{ACCEPT, CORE, DROP, Flow, IPRANGE, MULTIPORT, TCP, TCP_NUMBER, UDP, UDP_NUMBER};
use crate::family::Family;
use crate::lower::Rule;
use crate::model::{Action, Address, Match, OptionUse, Value, width};

/// A field that a tree can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Source,
    Destination,
    Protocol,
    SourcePort,
    DestinationPort,
    In,
    Out,
}

/// The number of fields.
pub(super) const FIELDS: usize = 7;

/// The number that stands for no port: of packets whose port nobody can read.
const NO_PORT: u128 = 1 << 16;

/// Numbers from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) first: u128,
    pub(super) last: u128,
}

/// An interval for each field.
pub(super) type Extent = [Interval; FIELDS];

/// What the builder knows of a rule. The extent may be too large, never too small.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) extent: Extent,
    /// Whether it takes all packets of the extent out of the chain.
    pub(super) ends_all: bool,
    /// The fields in which all packets that match its core parameters are; only if it asks for TCP by the match of that
    /// name, so that legacy drops small fragments there.
    pub(super) drops_small: Option<Extent>,
}

/// The interfaces of a run, by number.
#[derive(Debug, Default)]
pub(super) struct Interfaces {
    pub(super) names: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Interval {
    pub(super) fn meets(self, other: Interval) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    pub(super) fn is_within(self, other: Interval) -> bool {
        other.first <= self.first && self.last <= other.last
    }

    pub(super) fn and(self, other: Interval) -> Interval {
        Interval { first: self.first.max(other.first), last: self.last.min(other.last) }
    }

    const fn one(number: u128) -> Interval {
        Interval { first: number, last: number }
    }
}

impl Interfaces {
    fn number(&mut self, name: &str) -> u128 {
        if let Some(number) = self.numbers.get(name) {
            return *number as u128;
        }
        self.numbers.insert(name.to_owned(), self.names.len());
        self.names.push(name.to_owned());
        self.names.len() as u128 - 1
    }
}

/// Every packet of a family.
pub(super) fn everything(family: Family) -> Extent {
    let all = |last: u128| Interval { first: 0, last };
    let addresses = all(u128::MAX >> (128 - width(family)));
    [addresses, addresses, all(255), all(NO_PORT), all(NO_PORT), all(u128::MAX), all(u128::MAX)]
}

/// What is known of a rule.
pub(super) fn known(rule: &Rule, family: Family, interfaces: &mut Interfaces) -> Known {
    let mut extent = everything(family);
    let mut core = extent;
    let mut is_exact = true;
    for entry in &rule.matches {
        // A match behind one that remembers packets says nothing about whom that one meets.
        if entry.is_stateful() {
            is_exact = false;
            break;
        }
        is_exact &= narrow(&mut extent, entry, interfaces);
        if *entry.extension == CORE {
            core = extent;
        }
    }
    if extent.iter().any(|interval| interval.first > interval.last) {
        // No packet matches it. That is rare, and not worth a thought.
        extent = everything(family);
        is_exact = false;
    }
    let small = rule.matches.iter().any(|entry| *entry.extension == TCP)
        && rule.matches.iter().filter(|entry| *entry.extension == CORE).all(is_plain);
    let ends = matches!(&rule.action, Action::Target { extension, .. }
        if [&ACCEPT, &DROP].contains(extension) && extension.flow == Flow::Ends);
    Known { extent, ends_all: is_exact && ends, drops_small: small.then_some(core) }
}

/// Whether a match asks for no more and no less than its intervals.
fn is_plain(entry: &Match) -> bool {
    let plain = |option: &OptionUse| {
        let masked = |value: &Value| matches!(value, Value::Address(Address::Masked(_)));
        let wildcard = |value: &Value| matches!(value, Value::Interface(name) if name.ends_with('+'));
        let known = ["from", "to", "in", "out", "proto", "sport", "dport", "src-range", "dst-range"];
        !option.negated
            && option.values.len() == 1
            && known.contains(&option.spec.name)
            && !option.values().any(|value| masked(value) || wildcard(value))
    };
    entry.options.iter().all(plain)
}

/// Narrows the extent to what a match asks for, and tells whether that is all it asks for.
fn narrow(extent: &mut Extent, entry: &Match, interfaces: &mut Interfaces) -> bool {
    let readable = [&CORE, &TCP, &UDP, &MULTIPORT, &IPRANGE].contains(&entry.extension);
    if !readable {
        return entry.extension.name == "comment";
    }
    let mut cut = |field: Field, interval: Interval| {
        let own = &mut extent[field as usize];
        *own = own.and(interval);
    };
    if *entry.extension == TCP {
        cut(Field::Protocol, Interval::one(u128::from(TCP_NUMBER)));
    } else if *entry.extension == UDP {
        cut(Field::Protocol, Interval::one(u128::from(UDP_NUMBER)));
    }
    let mut any_port = false;
    for option in entry.options.iter().filter(|option| !option.negated) {
        let field = match option.spec.name {
            "from" | "src-range" => Field::Source,
            "to" | "dst-range" => Field::Destination,
            "proto" => Field::Protocol,
            "sport" | "sports" => Field::SourcePort,
            "dport" | "dports" => Field::DestinationPort,
            "in" => Field::In,
            "out" => Field::Out,
            _ => continue,
        };
        let intervals = option.values().map(|value| interval(value, interfaces));
        let hull = intervals.reduce(|one, other| {
            let (one, other) = (one?, other?);
            Some(Interval { first: one.first.min(other.first), last: one.last.max(other.last) })
        });
        match hull {
            // nft may leave out what asks for any port, and so match fragments too.
            Some(Some(Interval { first: 0, last: 65_535 })) if entry.extension.module => any_port = true,
            Some(Some(hull)) => cut(field, hull),
            _ => {}
        }
    }
    let asks = *entry.extension == CORE || !entry.options.is_empty() && !any_port;
    *entry.extension != MULTIPORT && asks && is_plain(entry)
}

/// The numbers of a value; `None` if they are no interval.
fn interval(value: &Value, interfaces: &mut Interfaces) -> Option<Interval> {
    match value {
        Value::Address(Address::Masked(_)) => None,
        Value::Address(address) => {
            let (first, last) = address.bounds();
            Some(Interval { first, last })
        }
        Value::Protocol(number) => Some(Interval::one(u128::from(*number))),
        Value::Ports(ports) => Some(Interval { first: ports.first.into(), last: ports.last.into() }),
        Value::Interface(name) if !name.ends_with('+') => Some(Interval::one(interfaces.number(name))),
        _ => None,
    }
}
