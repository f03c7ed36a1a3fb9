//! Which rule decides a packet, with answers for all that packets do not tell.

use super::walk::{Act, Block};
use crate::analysis::diagram::{Diagram, Field, GOES_ON, Level, NONE, Node, RETURNS, Space};
use crate::analysis::packet::{Packet, Tracking};
use crate::analysis::program::Classes;
use crate::analysis::region::{Axis, Choice, Span};
use crate::loc::Loc;
use crate::model::to_bits;

/// A packet and answers as numbers.
pub(super) struct Point<'a> {
    pub(super) packet: &'a Packet,
    pub(super) classes: &'a Classes,
    /// The atoms that are true.
    pub(super) holding: Vec<usize>,
}

impl Point<'_> {
    /// Gives answers with which the packet is in a set.
    pub(super) fn answer(&mut self, diagram: &Diagram, space: &Space, set: Node) {
        let mut node = set;
        while let Some(level) = diagram.axis(node) {
            let mut branches = diagram.branches(node, space);
            branches.retain(|(child, _)| *child != NONE);
            let number = self.number(level);
            let is_atom = matches!(level.field(), Field::Atom(_));
            let fits = |(_, spans): &&(Node, Vec<_>)| spans.iter().any(|span: &Span| span.holds(number));
            let next = branches.iter().find(fits).or(if is_atom { branches.first() } else { None });
            let Some((child, spans)) = next else { return };
            if let (Field::Atom(atom), false) = (level.field(), spans.iter().any(|span| span.holds(number))) {
                self.holding.push(atom);
            }
            node = *child;
        }
    }

    /// The number on an axis.
    pub(super) fn number(&self, level: Level) -> u128 {
        let (packet, classes) = (self.packet, self.classes);
        match level.field() {
            Field::Axis(Axis::In) => classes.interfaces.number(packet.in_interface.as_deref()),
            Field::Axis(Axis::Out) => classes.interfaces.number(packet.out_interface.as_deref()),
            Field::Axis(Axis::Source) => to_bits(packet.from),
            Field::Axis(Axis::Destination) => to_bits(packet.to),
            Field::Axis(Axis::Protocol) => packet.protocol.into(),
            Field::Axis(Axis::SourcePort) => packet.sport.into(),
            Field::Axis(Axis::DestinationPort) => packet.dport.into(),
            Field::Axis(Axis::Icmp) => u16::from_be_bytes([packet.icmp_type, packet.icmp_code]).into(),
            Field::Choice(Choice::TcpFlags) => packet.tcp_flags.into(),
            Field::Choice(Choice::Tracking) => {
                let place = Tracking::ALL.iter().position(|other| *other == packet.tracking);
                place.unwrap_or_default() as u128
            }
            Field::Choice(Choice::Fragment) => packet.later_fragment.into(),
            Field::Choice(Choice::Status) => packet.status.bits().into(),
            Field::Choice(Choice::Mark) => classes.marks.class(packet.mark) as u128,
            Field::Choice(Choice::PacketType) => packet.packet_type as u128,
            Field::Atom(atom) => self.holding.contains(&atom).into(),
        }
    }
}

/// The rule that decides a packet in a block; `None` if it comes to the end, or back.
pub(super) fn decide(diagram: &Diagram, blocks: &[Block], block: usize, point: &Point<'_>) -> Option<Loc> {
    let number = |level| point.number(level);
    for step in &blocks[block].steps {
        if diagram.at(step.truth, &number) == NONE {
            continue;
        }
        let outcome = match step.act {
            Act::Gives(node) => diagram.outcome_at(node, &number),
            Act::Call(callee) | Act::Goto(callee) => {
                let decided = decide(diagram, blocks, callee, point);
                if decided.is_some() || matches!(step.act, Act::Goto(_)) {
                    return decided;
                }
                continue;
            }
        };
        match outcome {
            Some(GOES_ON) => {}
            Some(RETURNS) | None => return None,
            Some(_) => return Some(step.loc),
        }
    }
    None
}
