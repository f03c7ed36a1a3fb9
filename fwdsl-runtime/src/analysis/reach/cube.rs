//! Cubes: sets of packets with one interval of numbers, or some values of a choice, for each field.

use super::super::region::{AXES, CHOICES, Region, Set, Span, is_within};

/// A set of packets, never empty. Unlike a region it has no holes, so it can be compared and cut without allocating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analysis) struct Cube {
    pub(super) first: [u128; AXES],
    pub(super) last: [u128; AXES],
    pub(super) bits: [u64; CHOICES],
}

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
}

impl Cube {
    /// The regions' cubes: the product of their fields' intervals.
    pub(super) fn of_region(region: &Region) -> Cube {
        let mut cube = Cube { first: [0; AXES], last: [0; AXES], bits: region.choices() };
        for axis in 0..AXES {
            let set = region.spans(axis);
            (cube.first[axis], cube.last[axis]) = (set[0].first, set[set.len() - 1].last);
        }
        cube
    }

    /// The same packets as a region.
    pub(in crate::analysis) fn region(&self) -> Region {
        let mut spans = [Span { first: 0, last: 0 }; AXES];
        for (axis, span) in spans.iter_mut().enumerate() {
            *span = Span { first: self.first[axis], last: self.last[axis] };
        }
        Region::new(spans, self.bits)
    }

    /// One of its packets.
    pub(super) fn packet(&self) -> Cube {
        Cube { last: self.first, bits: self.bits.map(|bits| bits & bits.wrapping_neg()), ..*self }
    }

    /// The packets of both, if there are any.
    pub(super) fn and(&self, other: &Cube) -> Option<Cube> {
        let mut both = self.clone();
        for axis in 0..AXES {
            if other.first[axis] > both.first[axis] {
                both.first[axis] = other.first[axis];
            }
            if other.last[axis] < both.last[axis] {
                both.last[axis] = other.last[axis];
            }
            if both.first[axis] > both.last[axis] {
                return None;
            }
        }
        for choice in 0..CHOICES {
            both.bits[choice] &= other.bits[choice];
            if both.bits[choice] == 0 {
                return None;
            }
        }
        Some(both)
    }

    /// Whether there are packets of both.
    pub(super) fn meets(&self, other: &Cube) -> bool {
        (0..AXES).all(|axis| self.first[axis] <= other.last[axis] && other.first[axis] <= self.last[axis])
            && (0..CHOICES).all(|choice| self.bits[choice] & other.bits[choice] != 0)
    }

    fn with_span(&self, axis: usize, first: u128, last: u128) -> Cube {
        let mut cube = self.clone();
        cube.first[axis] = first;
        cube.last[axis] = last;
        cube
    }
}

/// The spans of a set that an interval meets, as a range of their places.
fn met(set: &[Span], first: u128, last: u128) -> (usize, usize) {
    if set.len() == 1 {
        let meets = set[0].first <= last && first <= set[0].last;
        return (0, usize::from(meets));
    }
    let from = set.partition_point(|span| span.last < first);
    let mut to = from;
    while to < set.len() && set[to].first <= last {
        to += 1;
    }
    (from, to)
}

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
        true
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
            let widest = set[from..to].iter().map(inside).max().unwrap_or(0);
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
        self.atoms.iter().all(|atom| other.atoms.contains(atom))
            && self.bits.iter().all(|(choice, bits)| asks(choice).is_some_and(|(_, of)| of & !bits == 0))
            && self.spans.iter().all(|(axis, set)| within(axis).is_some_and(|(_, of)| is_within(of, set)))
    }

    /// Whether it asks for one interval of each field.
    pub(super) fn is_plain(&self) -> bool {
        self.spans.iter().all(|(_, set)| set.len() == 1)
    }

    /// Takes those packets that have all of it out of a cube, and gives what is left to `keep`, part by part, in the order of
    /// [`cut`](Area::cut). Only if it [is plain](Area::is_plain), and some packet has all of it.
    pub(super) fn take_from(&self, cube: &Cube, keep: &mut dyn FnMut(&Cube)) {
        let mut rest = cube.clone();
        let bits: &[(usize, u64)] = &self.bits;
        let mut number = 0;
        while number < bits.len() {
            let (choice, bits) = bits[number];
            let has = rest.bits[choice];
            if has & !bits != 0 {
                rest.bits[choice] = has & !bits;
                keep(&rest);
                rest.bits[choice] = has & bits;
            }
            number += 1;
        }
        let spans: &[(usize, Set)] = &self.spans;
        number = 0;
        while number < spans.len() {
            let axis = spans[number].0;
            let span = spans[number].1[0];
            let (first, last) = (rest.first[axis], rest.last[axis]);
            let (has_before, has_behind) = (span.first > first, span.last < last);
            let behind_is_larger = has_before && has_behind && last - span.last > span.first - first;
            if has_before && !behind_is_larger {
                rest.last[axis] = span.first - 1;
                keep(&rest);
            }
            if has_behind {
                (rest.first[axis], rest.last[axis]) = (span.last + 1, last);
                keep(&rest);
            }
            if behind_is_larger {
                (rest.first[axis], rest.last[axis]) = (first, span.first - 1);
                keep(&rest);
            }
            rest.first[axis] = if has_before { span.first } else { first };
            rest.last[axis] = if has_behind { span.last } else { last };
            number += 1;
        }
    }

    /// Cuts a cube into those of its packets that have all of it and those that have not. The parts without come in
    /// the order of the fields that cut, of two in one field the larger first.
    pub(super) fn cut(&self, cube: &Cube, with: &mut Vec<Cube>, without: &mut Vec<Cube>) {
        let start = with.len();
        with.push(cube.clone());
        for (choice, bits) in &self.bits {
            let mut at = start;
            while at < with.len() {
                let has = with[at].bits[*choice];
                if has & !bits != 0 {
                    let mut outside = with[at].clone();
                    outside.bits[*choice] = has & !bits;
                    without.push(outside);
                    with[at].bits[*choice] = has & bits;
                }
                if has & bits == 0 {
                    with.swap_remove(at);
                } else {
                    at += 1;
                }
            }
        }
        for (axis, set) in &self.spans {
            let parts = with.len();
            for at in start..parts {
                let part = with[at].clone();
                cut_axis(&part, *axis, set, with, without);
            }
            with.drain(start..parts);
        }
    }
}

/// Cuts a cube along one field.
fn cut_axis(cube: &Cube, axis: usize, set: &[Span], with: &mut Vec<Cube>, without: &mut Vec<Cube>) {
    let (first, last) = (cube.first[axis], cube.last[axis]);
    let (from, to) = met(set, first, last);
    let mut next = first;
    let mut is_open = true;
    let start = without.len();
    for span in &set[from..to] {
        if span.first > next {
            without.push(cube.with_span(axis, next, span.first - 1));
        }
        let end = if span.last < last { span.last } else { last };
        with.push(cube.with_span(axis, if span.first > next { span.first } else { next }, end));
        if end == last {
            is_open = false;
            break;
        }
        next = end + 1;
    }
    if is_open {
        without.push(cube.with_span(axis, next, last));
    }
    if without.len() == start + 2 {
        let size = |cube: &Cube| cube.last[axis] - cube.first[axis];
        if size(&without[start]) < size(&without[start + 1]) {
            without.swap(start, start + 1);
        }
    }
}
