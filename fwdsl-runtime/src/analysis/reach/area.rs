//! Areas: what a rule asks of a packet, as a conjunction.

use std::rc::Rc;

use super::super::region::{Set, Span, is_within};
use super::cube::{Cube, met};
use super::cuts::Cuts;

/// A conjunction of conditions on fields that a rule asks of a packet.
#[derive(Debug)]
pub(super) struct Area {
    /// The rule's place in its chain.
    pub(super) rule: u32,
    /// The fields that must be in a set.
    pub(super) spans: Vec<(usize, Set)>,
    /// The choices that must be one of some values.
    pub(super) bits: Vec<(usize, u64)>,
    /// Matches that are not modelled and say the same of a packet wherever they stand, by number.
    pub(super) atoms: Vec<u32>,
    /// Whether a packet that has all this surely matches; else it may.
    pub(super) certain: bool,
    /// Whether these are later fragments, of a rule that asks for a header that they do not have.
    pub(super) is_headless: bool,
    /// What is known of long lists.
    pub(super) cuts: Rc<Cuts>,
}

/// How many spans of a set are looked at to say how large it is.
const SPANS_SIZED: usize = 16;

impl Area {
    /// Whether some packet of the cube has all of it. Asked most of all: only what a compiler that does not optimise makes
    /// no calls of, loops over slices and their indices.
    pub(super) fn meets(&self, cube: &Cube) -> bool {
        let spans: &[(usize, Set)] = &self.spans;
        let mut number = 0;
        while number < spans.len() {
            let (axis, set) = &spans[number];
            let set: &[Span] = set;
            let (first, last) = (cube.first[*axis], cube.last[*axis]);
            let end = set.len() - 1;
            if set[0].first > last || set[end].last < first {
                return false;
            }
            if end > 0 {
                let at = set.partition_point(|span| span.last < first);
                if set[at].first > last {
                    return false;
                }
            }
            number += 1;
        }
        let bits: &[(usize, u64)] = &self.bits;
        number = 0;
        while number < bits.len() {
            let (choice, bits) = bits[number];
            if cube.bits[choice] & bits == 0 {
                return false;
            }
            number += 1;
        }
        cube.lists.is_none() || self.meets_lists(cube)
    }

    /// Whether it has numbers in common with each list of a cube, in the cube's interval.
    fn meets_lists(&self, cube: &Cube) -> bool {
        self.spans.iter().all(|(axis, set)| {
            let span = Span { first: cube.first[*axis], last: cube.last[*axis] };
            cube.list(*axis).is_none_or(|list| self.cuts.meet(list, set, span))
        })
    }

    /// How small a share of the cube has all that it asks: about so many times half of it, 0 if it is all.
    pub(super) fn halvings(&self, cube: &Cube) -> u32 {
        let mut halvings = 0;
        for (choice, bits) in &self.bits {
            let has = cube.bits[*choice];
            halvings += has.count_ones().ilog2() - (has & bits).count_ones().max(1).ilog2();
            halvings += u32::from(has & !bits != 0);
        }
        for (axis, set) in &self.spans {
            let (first, last) = (cube.first[*axis], cube.last[*axis]);
            let (from, to) = met(set, first, last);
            let inside = |span: &Span| span.last.min(last) - span.first.max(first);
            let looked_at = to.min(from + SPANS_SIZED);
            let widest = set[from..looked_at].iter().map(inside).max().unwrap_or(0);
            if widest < last - first {
                halvings += 1 + (last - first).ilog2() - widest.max(1).ilog2();
            }
        }
        halvings
    }

    /// Whether every packet that has all of another area has all of this one.
    pub(super) fn covers(&self, other: &Area) -> bool {
        let asks = |choice: &usize| other.bits.iter().find(|(also, _)| also == choice);
        let within = |axis: &usize| other.spans.iter().find(|(also, _)| also == axis);
        let is_within = |of: &Set, set: &Set| Rc::ptr_eq(of, set) || is_within(of, set);
        self.atoms.iter().all(|atom| other.atoms.contains(atom))
            && self.bits.iter().all(|(choice, bits)| asks(choice).is_some_and(|(_, of)| of & !bits == 0))
            && self.spans.iter().all(|(axis, set)| within(axis).is_some_and(|(_, of)| is_within(of, set)))
    }

    /// Whether it asks for one interval of each field.
    pub(super) fn is_plain(&self) -> bool {
        self.spans.iter().all(|(_, set)| set.len() == 1)
    }
}
