//! Functions taken apart into products of one set for each field.

use super::space::{Field, Level, Space};
use super::store::{Diagram, NONE, Node};
use crate::analysis::region::{Axis, Choice, Condition, Region, Span};
use crate::catalogue::{TCP_NUMBER, UDP_NUMBER};

impl Diagram {
    /// What a node's numbers lead to: each child once, with all numbers that lead to it, as far as packets have them.
    pub(in crate::analysis) fn branches(&self, node: Node, space: &Space) -> Vec<(Node, Vec<Span>)> {
        let domain = space.last(Level(self.level(node)));
        let (start, end) = self.edges(node);
        let mut by_child: Vec<(Node, u32, Span)> = Vec::with_capacity(end - start);
        let mut first = 0;
        for at in start..end {
            let edge = self.edge(at);
            let span = Span { first, last: edge.last.min(domain) };
            by_child.push((edge.child, at as u32, span));
            if edge.last >= domain {
                break;
            }
            first = edge.last + 1;
        }
        by_child.sort_unstable_by_key(|(child, at, _)| (*child, *at));
        let groups = by_child.chunk_by(|(first, ..), (second, ..)| first == second);
        groups.map(|group| (group[0].0, group.iter().map(|(.., span)| *span).collect())).collect()
    }

    /// The axis that a node looks at; `None` for a terminal.
    pub(in crate::analysis) fn axis(&self, node: Node) -> Option<Level> {
        (!node.is_terminal()).then(|| Level(self.level(node)))
    }

    /// Some packets of a set, as a region within `all`, which must have some of them; with `likely` telling numbers to
    /// be preferred. `None` if the set is empty.
    pub(in crate::analysis) fn region(
        &self,
        set: Node,
        space: &Space,
        all: &Region,
        likely: &dyn Fn(Level) -> Vec<u128>,
    ) -> Option<Region> {
        let (mut node, mut region) = (set, all.clone());
        while !node.is_terminal() {
            let level = Level(self.level(node));
            let mut branches = self.branches(node, space);
            branches.retain(|(child, _)| *child != NONE);
            let likely = likely(level);
            let holds = |spans: &[Span], number: u128| spans.iter().any(|span| span.holds(number));
            let wanted =
                likely.iter().find_map(|number| branches.iter().position(|(_, spans)| holds(spans, *number)));
            let (child, spans) =
                branches.swap_remove(wanted.unwrap_or(0).min(branches.len().checked_sub(1)?));
            let condition = match level.field() {
                Field::Axis(axis) => Some(Condition::Within(axis, spans.into())),
                Field::Choice(choice) => Some(Condition::OneOf(choice, bits(&spans))),
                Field::Atom(_) => None,
            };
            if let Some(condition) = condition {
                let mut inside = Vec::new();
                region.split(&condition, &mut inside, &mut Vec::new());
                region = inside.pop()?;
            }
            node = child;
        }
        (node != NONE).then_some(region)
    }
}

/// What packets mostly are, where they may be several things.
pub(in crate::analysis) fn likely(level: Level) -> Vec<u128> {
    match level.field() {
        Field::Axis(Axis::Protocol) => vec![TCP_NUMBER.into(), UDP_NUMBER.into()],
        Field::Axis(Axis::DestinationPort) => vec![80, 443, 22],
        Field::Axis(Axis::SourcePort) => vec![1024, 49152],
        Field::Choice(Choice::TcpFlags) => vec![0b00_0010, 0b01_0000],
        // A whole packet of a new connection, without status and mark, to this host; no opaque match.
        Field::Choice(_) | Field::Atom(_) => vec![0],
        Field::Axis(_) => Vec::new(),
    }
}

/// Small numbers as bits.
fn bits(spans: &[Span]) -> u64 {
    spans.iter().flat_map(|span| span.first..=span.last).fold(0, |bits, number| bits | 1 << number)
}
