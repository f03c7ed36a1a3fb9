//! The axes of a diagram, from the top: what each number stands for.

use super::store::{Diagram, Exhausted, NONE, Node};
use crate::analysis::program::{Classes, choice_domain, domain};
use crate::analysis::region::{Axis, Choice, Condition, Region, Span};
use crate::family::Family;

/// An axis of a diagram, by its place in the order.
///
/// Later fragments have no transport header, so that rules mean something else for them: it is asked first. Then come
/// addresses, of which rules know most; states and the like, of which they know few, stand near the bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::analysis) struct Level(pub(super) u16);

const ORDER: [Field; 14] = [
    Field::Choice(Choice::Fragment),
    Field::Axis(Axis::Source),
    Field::Axis(Axis::Destination),
    Field::Axis(Axis::In),
    Field::Axis(Axis::Out),
    Field::Axis(Axis::Protocol),
    Field::Axis(Axis::SourcePort),
    Field::Axis(Axis::DestinationPort),
    Field::Axis(Axis::Icmp),
    Field::Choice(Choice::TcpFlags),
    Field::Choice(Choice::Tracking),
    Field::Choice(Choice::Status),
    Field::Choice(Choice::Mark),
    Field::Choice(Choice::PacketType),
];

/// What an axis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analysis) enum Field {
    Axis(Axis),
    Choice(Choice),
    /// Whether an atom is true, 1, or not, 0.
    Atom(usize),
}

/// How far the numbers of each axis go. A diagram's edges go on to the greatest number of all, so that nothing but
/// what packets can be tells two functions apart.
#[derive(Debug, Clone)]
pub(in crate::analysis) struct Space {
    lasts: [u128; ORDER.len()],
}

impl Level {
    pub(in crate::analysis) const FRAGMENT: Level = Level(0);

    pub(in crate::analysis) const fn of_axis(axis: Axis) -> Level {
        Level(match axis {
            Axis::Source => 1,
            Axis::Destination => 2,
            Axis::In => 3,
            Axis::Out => 4,
            Axis::Protocol => 5,
            Axis::SourcePort => 6,
            Axis::DestinationPort => 7,
            Axis::Icmp => 8,
        })
    }

    pub(in crate::analysis) const fn of_choice(choice: Choice) -> Level {
        Level(match choice {
            Choice::Fragment => 0,
            Choice::TcpFlags => 9,
            Choice::Tracking => 10,
            Choice::Status => 11,
            Choice::Mark => 12,
            Choice::PacketType => 13,
        })
    }

    /// The level of an atom: behind all fields.
    pub(in crate::analysis) const fn of_atom(number: usize) -> Level {
        Level((ORDER.len() + number) as u16)
    }

    /// What it counts.
    pub(in crate::analysis) fn field(self) -> Field {
        let place = usize::from(self.0);
        ORDER.get(place).copied().unwrap_or_else(|| Field::Atom(place - ORDER.len()))
    }
}

impl Space {
    pub(in crate::analysis) fn new(family: Family, classes: &Classes) -> Space {
        let last = |field: Field| match field {
            Field::Axis(axis) => domain(axis, family, classes).last,
            Field::Choice(choice) => u128::from(63 - choice_domain(choice, classes).leading_zeros()),
            Field::Atom(_) => 1,
        };
        Space { lasts: ORDER.map(last) }
    }

    /// The last number of an axis.
    pub(in crate::analysis) fn last(&self, level: Level) -> u128 {
        self.lasts.get(usize::from(level.0)).copied().unwrap_or(1)
    }

    /// The function that gives one node's outcomes where the number of an axis is in the spans, and another's where it
    /// is not. The spans are sorted and do not touch; both nodes look at axes further down alone.
    pub(super) fn cut(
        &self,
        diagram: &mut Diagram,
        level: Level,
        spans: &[Span],
        branches: Branches,
    ) -> Node {
        let domain = self.last(level);
        let from = diagram.building.len();
        let mut next = 0;
        for span in spans {
            if span.first > next {
                diagram.push_edge(from, span.first - 1, branches.outside);
            }
            let last = if span.last >= domain { u128::MAX } else { span.last };
            diagram.push_edge(from, last, branches.inside);
            if last == u128::MAX {
                return diagram.finish(level.0, from);
            }
            next = last + 1;
        }
        diagram.push_edge(from, u128::MAX, branches.outside);
        diagram.finish(level.0, from)
    }

    /// The same for an axis that is any of a few numbers, one bit each.
    pub(super) fn cut_bits(
        &self,
        diagram: &mut Diagram,
        level: Level,
        bits: u64,
        branches: Branches,
    ) -> Node {
        let domain = self.last(level) as u32;
        let from = diagram.building.len();
        for number in 0..=domain {
            let last = if number == domain { u128::MAX } else { u128::from(number) };
            let child = if bits >> number & 1 == 1 { branches.inside } else { branches.outside };
            diagram.push_edge(from, last, child);
        }
        diagram.finish(level.0, from)
    }

    /// The packets of which a condition is true.
    pub(in crate::analysis) fn condition(
        &self,
        diagram: &mut Diagram,
        condition: &Condition,
    ) -> Result<Node, Exhausted> {
        match condition {
            Condition::Within(axis, spans) => {
                Ok(self.cut(diagram, Level::of_axis(*axis), spans, Branches::SET))
            }
            Condition::OneOf(choice, bits) => {
                Ok(self.cut_bits(diagram, Level::of_choice(*choice), *bits, Branches::SET))
            }
            Condition::EitherPort(spans) => {
                let of = |axis| Level::of_axis(axis);
                let source = self.cut(diagram, of(Axis::SourcePort), spans, Branches::SET);
                let destination = self.cut(diagram, of(Axis::DestinationPort), spans, Branches::SET);
                diagram.or(source, destination)
            }
            Condition::EitherChoice(choices) => {
                let [first, second] = choices.map(|(choice, bits)| {
                    self.cut_bits(diagram, Level::of_choice(choice), bits, Branches::SET)
                });
                diagram.or(first, second)
            }
        }
    }

    /// The packets of which all conditions are true.
    pub(in crate::analysis) fn conditions(
        &self,
        diagram: &mut Diagram,
        conditions: &[Condition],
    ) -> Result<Node, Exhausted> {
        let mut set = super::store::ALL;
        for condition in conditions {
            let other = self.condition(diagram, condition)?;
            set = diagram.and(set, other)?;
        }
        Ok(set)
    }

    /// The packets of a region.
    pub(in crate::analysis) fn region(&self, diagram: &mut Diagram, region: &Region) -> Node {
        let mut inside = super::store::ALL;
        for (place, field) in ORDER.iter().enumerate().rev() {
            let level = Level(place as u16);
            let branches = Branches { inside, outside: NONE };
            inside = match field {
                Field::Axis(axis) => self.cut(diagram, level, region.set(*axis), branches),
                Field::Choice(choice) => self.cut_bits(diagram, level, region.choice(*choice), branches),
                Field::Atom(_) => inside,
            };
        }
        inside
    }

    /// The packets of any of the regions.
    pub(in crate::analysis) fn regions(
        &self,
        diagram: &mut Diagram,
        regions: &[Region],
    ) -> Result<Node, Exhausted> {
        let nodes: Vec<Node> = regions.iter().map(|region| self.region(diagram, region)).collect();
        diagram.or_all(&nodes)
    }
}

/// Where the two sides of a cut lead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Branches {
    pub(super) inside: Node,
    pub(super) outside: Node,
}

impl Branches {
    pub(super) const SET: Branches = Branches { inside: super::store::ALL, outside: NONE };
}
