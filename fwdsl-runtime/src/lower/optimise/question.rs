//! What a branch of a tree asks for, and which questions are worth asking.

use super::extent::{Extent, Field, Interfaces, Interval, Known};
use crate::catalogue::{CORE, TCP, TCP_NUMBER, UDP, UDP_NUMBER};
use crate::family::Family;
use crate::lower::draft::Draft;
use crate::model::{Address, Match, Net, PortRange, Value, from_bits, width};

/// The fields of which a branch asks an interval each: one, or ports and their protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) field: Field,
    pub(super) interval: Interval,
    /// The protocol that has the ports.
    pub(super) protocol: Option<u8>,
}

/// The protocols whose ports are asked for.
const WITH_PORTS: [u8; 2] = [TCP_NUMBER, UDP_NUMBER];

impl Question {
    fn new(field: Field, first: u128, last: u128) -> Question {
        Question { field, interval: Interval { first, last }, protocol: None }
    }

    /// How much it costs to ask, in comparisons of an address.
    pub(super) fn cost(&self) -> f64 {
        if self.protocol.is_some() { 2.0 } else { 1.0 }
    }

    fn of_protocol(&self) -> Option<Interval> {
        let number = u128::from(self.protocol?);
        Some(Interval { first: number, last: number })
    }

    /// Whether some packets of an extent enter the branch.
    pub(super) fn meets(&self, extent: &Extent) -> bool {
        extent[self.field as usize].meets(self.interval)
            && self.of_protocol().is_none_or(|protocol| extent[Field::Protocol as usize].meets(protocol))
    }

    /// Whether all packets of an extent enter it.
    pub(super) fn takes(&self, extent: &Extent) -> bool {
        extent[self.field as usize].is_within(self.interval)
            && self.of_protocol().is_none_or(|protocol| extent[Field::Protocol as usize].is_within(protocol))
    }

    /// The packets of an extent that enter it.
    pub(super) fn inside(&self, extent: &Extent) -> Extent {
        let mut inside = *extent;
        let own = &mut inside[self.field as usize];
        *own = own.and(self.interval);
        if let Some(protocol) = self.of_protocol() {
            inside[Field::Protocol as usize] = protocol;
        }
        inside
    }

    /// An extent that holds those that do not.
    pub(super) fn outside(&self, extent: &Extent) -> Extent {
        let mut outside = *extent;
        let is_one_cut =
            self.of_protocol().is_none_or(|protocol| extent[Field::Protocol as usize].is_within(protocol));
        let own = &mut outside[self.field as usize];
        if is_one_cut && self.interval.first <= own.first && self.interval.last < own.last {
            own.first = own.first.max(self.interval.last + 1);
        } else if is_one_cut && own.last <= self.interval.last && own.first < self.interval.first {
            own.last = own.last.min(self.interval.first - 1);
        }
        outside
    }

    /// The matches that ask it.
    pub(super) fn matches(&self, family: Family, interfaces: &Interfaces) -> Vec<Match> {
        let Interval { first, last } = self.interval;
        let core = |option: &str, value: Value| Draft::one(&CORE, option, false, vec![value]);
        let network = |option: &str| {
            let bits = (last - first).count_ones() as u8;
            let net = Net { addr: from_bits(family, first), prefix: width(family) - bits };
            core(option, Value::Address(Address::Net(net)))
        };
        let interface =
            |option: &str| core(option, Value::Interface(interfaces.names[first as usize].clone()));
        let ports = |option: &str| {
            let protocol = self.protocol.unwrap_or(TCP_NUMBER);
            let extension = if protocol == TCP_NUMBER { &TCP } else { &UDP };
            let ports = Value::Ports(PortRange { first: first as u16, last: last as u16 });
            core("proto", Value::Protocol(protocol)).with(&Draft::one(extension, option, false, vec![ports]))
        };
        let draft = match self.field {
            Field::Source => network("from"),
            Field::Destination => network("to"),
            Field::Protocol => core("proto", Value::Protocol(first as u8)),
            Field::SourcePort => ports("sport"),
            Field::DestinationPort => ports("dport"),
            Field::In => interface("in"),
            Field::Out => interface("out"),
        };
        draft.finish()
    }

    /// The word for chains to which it leads.
    pub(super) fn word(&self) -> &'static str {
        ["src", "dst", "proto", "sport", "dport", "in", "out"][self.field as usize]
    }
}

/// The rules of a branch, and the packets that come to them.
pub(super) struct Rest<'a> {
    pub(super) known: &'a [Known],
    pub(super) rules: &'a [u32],
    pub(super) within: &'a Extent,
}

impl Rest<'_> {
    fn interval(&self, rule: u32, field: Field) -> Interval {
        self.known[rule as usize].extent[field as usize].and(self.within[field as usize])
    }

    /// Gives every question to `ask` that could divide the rules.
    pub(super) fn questions(&self, shares: &[f64], ask: &mut impl FnMut(Question)) {
        for field in [Field::Source, Field::Destination] {
            self.networks(field, ask);
        }
        for field in [Field::Protocol, Field::In, Field::Out] {
            self.single_values(field, ask);
        }
        for field in [Field::DestinationPort, Field::SourcePort] {
            self.port_ranges(field, shares, ask);
        }
    }

    fn is_everywhere(&self, interval: Interval, field: Field) -> bool {
        self.within[field as usize].is_within(interval)
    }

    /// Halves of networks, on the way down to where most of the rules are.
    fn networks(&self, field: Field, ask: &mut impl FnMut(Question)) {
        let mut open: Vec<Interval> = Vec::with_capacity(self.rules.len());
        for rule in self.rules {
            let interval = self.interval(*rule, field);
            if !self.is_everywhere(interval, field) {
                open.push(interval);
            }
        }
        while !open.is_empty() {
            let first = open.iter().map(|interval| interval.first).min().unwrap_or_default();
            let last = open.iter().map(|interval| interval.last).max().unwrap_or_default();
            if first == last {
                ask(Question::new(field, first, first));
                return;
            }
            // The highest bit in which they differ halves the smallest network that holds them all.
            let half = 1u128 << (127 - (first ^ last).leading_zeros());
            let middle = last & !(half - 1);
            let lower = Interval { first: middle - half, last: middle - 1 };
            let upper = Interval { first: middle, last: middle + (half - 1) };
            if self.within[field as usize] != (Interval { first: lower.first, last: upper.last }) {
                ask(Question::new(field, lower.first, upper.last));
            }
            ask(Question::new(field, lower.first, lower.last));
            ask(Question::new(field, upper.first, upper.last));
            let count = |half: Interval| open.iter().filter(|interval| interval.meets(half)).count();
            let half = if count(lower) >= count(upper) { lower } else { upper };
            // What takes up all of it tells nothing apart there.
            open.retain_mut(|interval| {
                let meets = interval.meets(half);
                *interval = interval.and(half);
                meets && *interval != half
            });
        }
    }

    fn single_values(&self, field: Field, ask: &mut impl FnMut(Question)) {
        let mut values: Vec<u128> = Vec::new();
        for rule in self.rules {
            let Interval { first, last } = self.interval(*rule, field);
            if first == last
                && !self.is_everywhere(Interval { first, last }, field)
                && values.last() != Some(&first)
            {
                values.push(first);
            }
        }
        values.sort_unstable();
        values.dedup();
        values.into_iter().for_each(|value| ask(Question::new(field, value, value)));
    }

    /// Ranges from the lowest port on, with some shares of the rules in them.
    fn port_ranges(&self, field: Field, shares: &[f64], ask: &mut impl FnMut(Question)) {
        let mut ends: [Vec<(u128, u128)>; WITH_PORTS.len()] = [Vec::new(), Vec::new()];
        for rule in self.rules {
            let Interval { first, last } = self.interval(*rule, field);
            if self.is_everywhere(Interval { first, last }, field) {
                continue;
            }
            let protocol = self.interval(*rule, Field::Protocol);
            for (number, ends) in WITH_PORTS.iter().zip(&mut ends) {
                let number = u128::from(*number);
                if protocol.first == number && protocol.last == number {
                    ends.push((last, first));
                }
            }
        }
        for (protocol, ends) in WITH_PORTS.into_iter().zip(&mut ends) {
            ends.sort_unstable();
            let Some(least) = ends.iter().map(|(_, first)| *first).min() else { continue };
            let low = self.within[field as usize].first.min(least);
            let mut asked = None;
            for share in shares {
                let place = ((ends.len() as f64 * share) as usize).min(ends.len() - 1);
                let last = ends[place].0;
                if asked != Some(last) && last < 1 << 16 && (low, last) != (0, (1 << 16) - 1) {
                    asked = Some(last);
                    let question = |first, last| Question {
                        protocol: Some(protocol),
                        ..Question::new(field, first, last)
                    };
                    ask(question(low, last));
                    // One port that many rules ask for.
                    if ends[place].1 == last && last > low {
                        ask(question(last, last));
                        ask(question(low, last - 1));
                    }
                }
            }
        }
    }
}
