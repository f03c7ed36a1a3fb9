//! Rules whose opaque matches are axes of their own: what they do is a function of packets and atoms, and gives one
//! outcome to each.

use std::collections::HashSet;

use super::space::{Branches, Level, Space};
use super::store::{Diagram, Exhausted, Node, Outcome};
use crate::analysis::packet::Tracking;
use crate::analysis::program::{Test, has_ports_of_sets, tracking_bits};
use crate::analysis::region::{Choice, Condition, LATER};

/// The atom that tells whether rules read the payload of later fragments as if it were a transport header, as nft may
/// do; legacy's say no there.
pub(in crate::analysis) const READS_FRAGMENTS: usize = 0;

/// What a rule asks of an atom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analysis) struct Literal {
    pub(in crate::analysis) atom: usize,
    pub(in crate::analysis) holds: bool,
    /// Whether it is asked of packets that are of a connection, and true of the others.
    pub(in crate::analysis) of_connections: bool,
}

impl Space {
    /// The packets and answers of which a rule is true.
    pub(in crate::analysis) fn exact_truth(
        &self,
        diagram: &mut Diagram,
        test: &Test,
        literals: &[Literal],
        sees_fragments: bool,
    ) -> Result<Node, Exhausted> {
        let mut set = self.conditions(diagram, &test.always)?;
        let unread = if sees_fragments { self.unread(diagram)? } else { super::store::NONE };
        if test.reads_transport {
            let transport = self.conditions(diagram, &test.transport)?;
            set = diagram.and(set, transport)?;
            set = diagram.without(set, unread)?;
        }
        for ports in &test.not_in {
            let with_ports = self.condition(diagram, &has_ports_of_sets())?;
            let in_set = self.condition(diagram, ports)?;
            let refused = diagram.and(with_ports, in_set)?;
            let refused = diagram.without(refused, unread)?;
            set = diagram.without(set, refused)?;
        }
        for literal in literals {
            let asked = self.literal(diagram, *literal)?;
            set = diagram.and(set, asked)?;
        }
        Ok(set)
    }

    /// What comes of packets: one function's outcomes where an atom is true, and another's where it is not.
    pub(in crate::analysis) fn by_atom(
        &self,
        diagram: &mut Diagram,
        atom: usize,
        inside: Node,
        outside: Node,
    ) -> Result<Node, Exhausted> {
        let set = self.cut_bits(diagram, Level::of_atom(atom), 0b10, Branches::SET);
        let inside = diagram.within(inside, set)?;
        let outside = diagram.without(outside, set)?;
        diagram.or(inside, outside)
    }

    /// What comes of packets that meet a rule: of those of which it is true what `action` gives, the others go on.
    pub(in crate::analysis) fn exact_rule(
        &self,
        diagram: &mut Diagram,
        truth: Node,
        action: Node,
    ) -> Result<Node, Exhausted> {
        self.guarded(diagram, super::rule::Truth { surely: truth, perhaps: truth }, action)
    }

    /// A set of packets with what it says of later fragments in few words: those whose payload is read as a header are
    /// left out where they are what whole packets with that header are, or what later fragments are anyway.
    pub(in crate::analysis) fn without_copies(
        &self,
        diagram: &mut Diagram,
        set: Node,
    ) -> Result<Node, Exhausted> {
        let later = self.condition(diagram, &Condition::OneOf(Choice::Fragment, LATER))?;
        let fragments = diagram.and(set, later)?;
        if fragments == super::store::NONE {
            return Ok(set);
        }
        let unread = self.unread(diagram)?;
        let whole = diagram.without(set, later)?;
        let as_whole = diagram.forget(whole, &|level| level == Level::FRAGMENT)?;
        let of_unread = diagram.and(fragments, unread)?;
        let of_unread = diagram.forget(of_unread, &|level| level == Level::of_atom(READS_FRAGMENTS))?;
        let mut more = diagram.without(fragments, unread)?;
        for known in [as_whole, of_unread] {
            more = diagram.without(more, known)?;
        }
        diagram.or_all(&[whole, of_unread, more])
    }

    /// Later fragments of which rules do not read a header.
    fn unread(&self, diagram: &mut Diagram) -> Result<Node, Exhausted> {
        let later = self.condition(diagram, &Condition::OneOf(Choice::Fragment, LATER))?;
        let read = self.cut_bits(diagram, Level::of_atom(READS_FRAGMENTS), 0b10, Branches::SET);
        diagram.without(later, read)
    }

    fn literal(&self, diagram: &mut Diagram, literal: Literal) -> Result<Node, Exhausted> {
        let bits = if literal.holds { 0b10 } else { 0b01 };
        let asked = self.cut_bits(diagram, Level::of_atom(literal.atom), bits, Branches::SET);
        if !literal.of_connections {
            return Ok(asked);
        }
        let without = tracking_bits(|tracking: &Tracking| !tracking.state.has_connection());
        let without = self.condition(diagram, &Condition::OneOf(Choice::Tracking, without))?;
        diagram.or(asked, without)
    }
}

impl Diagram {
    /// What comes of packets that meet these rules one after another.
    pub(in crate::analysis) fn sequence(&mut self, rules: &[Node]) -> Result<Node, Exhausted> {
        self.one_after_another(rules)
    }

    /// Every outcome that a function gives to some packet, sorted.
    pub(in crate::analysis) fn all_outcomes(&self, function: Node) -> Vec<Outcome> {
        let (mut seen, mut open, mut outcomes) = (HashSet::new(), vec![function], Vec::new());
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            match self.outcomes(node) {
                Some(of_node) => outcomes.extend(of_node),
                None => {
                    let (start, end) = self.edges(node);
                    open.extend(&self.children[start..end]);
                }
            }
        }
        outcomes.sort_unstable();
        outcomes.dedup();
        outcomes
    }

    /// The only outcome that a function gives to a packet.
    pub(in crate::analysis) fn outcome_at(
        &self,
        function: Node,
        number: &dyn Fn(Level) -> u128,
    ) -> Option<Outcome> {
        self.outcomes(self.at(function, number))?.first().copied()
    }
}
