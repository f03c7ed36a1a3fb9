//! Cubes: sets of packets with one interval of numbers, or some values of a choice, for each field.
//!
//! Long lists of numbers, as sets and lists of ports are, do not cut a cube into as many parts: it keeps the list, and its
//! interval says which part of it is meant. What is cut off after that looks at few of the list's spans.

use std::rc::Rc;

use super::super::region::{AXES, Axis, CHOICES, Region, Set, Span, intersection};

/// A set of packets, never empty. Without lists it can be compared and cut without allocating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analysis) struct Cube {
    pub(super) first: [u128; AXES],
    pub(super) last: [u128; AXES],
    pub(super) bits: [u64; CHOICES],
    /// For some fields, lists in which the number must be too. The ends of the interval are in the list, and not both in one of
    /// its spans.
    pub(super) lists: Option<Rc<Vec<(usize, Set)>>>,
}

impl Cube {
    /// The packets of a region.
    pub(super) fn of_region(region: &Region) -> Cube {
        let mut cube = Cube { first: [0; AXES], last: [0; AXES], bits: region.choices(), lists: None };
        let mut lists = Vec::new();
        for axis in Axis::ALL {
            let set = region.shared(axis);
            let at = axis as usize;
            (cube.first[at], cube.last[at]) = (set[0].first, set[set.len() - 1].last);
            if set.len() > 1 {
                lists.push((at, Rc::clone(set)));
            }
        }
        if !lists.is_empty() {
            cube.lists = Some(Rc::new(lists));
        }
        cube
    }

    /// The same packets as a region.
    pub(in crate::analysis) fn region(&self) -> Region {
        let span = |axis: Axis| Span { first: self.first[axis as usize], last: self.last[axis as usize] };
        let mut region = Region::new(Axis::ALL.map(span), self.bits);
        for axis in Axis::ALL {
            if let Some(list) = self.list(axis as usize) {
                region = region.with_set(axis, intersection(&[span(axis)], list).to_vec());
            }
        }
        region
    }

    /// One of its packets.
    pub(super) fn packet(&self) -> Cube {
        Cube {
            first: self.first,
            last: self.first,
            bits: self.bits.map(|bits| bits & bits.wrapping_neg()),
            lists: None,
        }
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
        if both.lists.is_some() || other.lists.is_some() { both.and_lists(other) } else { Some(both) }
    }

    /// Whether there are packets of both.
    pub(super) fn meets(&self, other: &Cube) -> bool {
        (0..AXES).all(|axis| self.first[axis] <= other.last[axis] && other.first[axis] <= self.last[axis])
            && (0..CHOICES).all(|choice| self.bits[choice] & other.bits[choice] != 0)
            && (self.lists.is_none() && other.lists.is_none() || self.and(other).is_some())
    }

    fn and_lists(mut self, other: &Cube) -> Option<Cube> {
        for axis in 0..AXES {
            match (self.list(axis), other.list(axis)) {
                (Some(own), Some(list)) if !Rc::ptr_eq(own, list) => {
                    let span = Span { first: self.first[axis], last: self.last[axis] };
                    let list = intersection(&intersection(&[span], own), list);
                    self.set_list(axis, list);
                }
                (None, Some(list)) => self.set_list(axis, Rc::clone(list)),
                _ => {}
            }
            if !self.tighten(axis) {
                return None;
            }
        }
        Some(self)
    }

    /// The list that a field's numbers are in, if it is not the whole interval.
    pub(super) fn list(&self, axis: usize) -> Option<&Set> {
        let lists = self.lists.as_ref()?;
        lists.iter().find(|(other, _)| *other == axis).map(|(_, list)| list)
    }

    /// Those of the packets whose number is in an interval; `None` if there are none.
    pub(super) fn within(&self, axis: usize, first: u128, last: u128) -> Option<Cube> {
        let mut cube = self.clone();
        cube.narrow(axis, first, last).then_some(cube)
    }

    /// Leaves those of the packets whose number is in an interval, and tells whether there are any; if not, it is of no use
    /// any more.
    pub(super) fn narrow(&mut self, axis: usize, first: u128, last: u128) -> bool {
        if first > self.first[axis] {
            self.first[axis] = first;
        }
        if last < self.last[axis] {
            self.last[axis] = last;
        }
        self.first[axis] <= self.last[axis] && (self.lists.is_none() || self.tighten(axis))
    }

    /// The packets whose number is in the cube's interval and in this list; `None` if there are none.
    pub(super) fn with_list(&self, axis: usize, list: Set) -> Option<Cube> {
        let mut cube = self.clone();
        cube.set_list(axis, list);
        cube.tighten(axis).then_some(cube)
    }

    /// The packets with any number of an interval, whatever list they were in.
    pub(super) fn without_list(&self, axis: usize, first: u128, last: u128) -> Cube {
        let mut cube = self.clone();
        cube.drop_list(axis);
        (cube.first[axis], cube.last[axis]) = (first, last);
        cube
    }

    fn set_list(&mut self, axis: usize, list: Set) {
        let lists = Rc::make_mut(self.lists.get_or_insert_default());
        lists.retain(|(other, _)| *other != axis);
        lists.push((axis, list));
    }

    fn drop_list(&mut self, axis: usize) {
        let Some(lists) = &mut self.lists else { return };
        if lists.iter().all(|(other, _)| *other == axis) {
            self.lists = None;
        } else {
            Rc::make_mut(lists).retain(|(other, _)| *other != axis);
        }
    }

    /// Moves the ends of an interval to where its list has numbers, and tells whether it has any there.
    fn tighten(&mut self, axis: usize) -> bool {
        let Some(list) = self.list(axis) else { return true };
        let (from, to) = met(list, self.first[axis], self.last[axis]);
        if from == to {
            return false;
        }
        let (first, last) = (list[from].first, list[to - 1].last);
        if first > self.first[axis] {
            self.first[axis] = first;
        }
        if last < self.last[axis] {
            self.last[axis] = last;
        }
        if to - from == 1 {
            self.drop_list(axis);
        }
        true
    }
}

/// The spans of a set that an interval meets, as a range of their places.
pub(super) fn met(set: &[Span], first: u128, last: u128) -> (usize, usize) {
    if set.len() == 1 {
        let meets = set[0].first <= last && first <= set[0].last;
        return (0, usize::from(meets));
    }
    let from = set.partition_point(|span| span.last < first);
    (from, from + set[from..].partition_point(|span| span.first <= last))
}
