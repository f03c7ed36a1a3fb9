//! Cubes cut by areas.

use super::super::region::{Set, Span};
use super::area::Area;
use super::cube::{Cube, met};

/// Of a list with so many spans in a cube's interval each makes a part of its own; of a longer one the list is kept.
const APART: usize = 2;

impl Area {
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
            number += 1;
            if rest.lists.is_some() && rest.list(axis).is_some() {
                take_from_list(&mut rest, axis, span, keep);
                continue;
            }
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
                self.cut_axis(&part, *axis, set, with, without);
            }
            with.drain(start..parts);
        }
    }

    /// Cuts a cube along one field.
    fn cut_axis(&self, cube: &Cube, axis: usize, set: &Set, with: &mut Vec<Cube>, without: &mut Vec<Cube>) {
        let span = Span { first: cube.first[axis], last: cube.last[axis] };
        let (from, to) = met(set, span.first, span.last);
        if to - from <= APART {
            cut_apart(cube, axis, &set[from..to], with, without);
            return;
        }
        let Some(list) = cube.list(axis) else {
            with.extend(cube.with_list(axis, Set::clone(set)));
            without.extend(cube.with_list(axis, self.cuts.outside(set, span)));
            return;
        };
        let (first, end) = met(list, span.first, span.last);
        if end - first <= APART {
            for part in &list[first..end] {
                let part = cube.without_list(axis, part.first.max(span.first), part.last.min(span.last));
                self.cut_axis(&part, axis, set, with, without);
            }
            return;
        }
        let parts = self.cuts.parts(list, set, span);
        with.extend(cube.with_list(axis, parts.inside));
        without.extend(cube.with_list(axis, parts.outside));
    }
}

/// The same where what is left is a list.
fn take_from_list(rest: &mut Cube, axis: usize, span: Span, keep: &mut dyn FnMut(&Cube)) {
    if span.first > rest.first[axis]
        && let Some(before) = rest.within(axis, 0, span.first - 1)
    {
        keep(&before);
    }
    if span.last < rest.last[axis]
        && let Some(behind) = rest.within(axis, span.last + 1, u128::MAX)
    {
        keep(&behind);
    }
    rest.narrow(axis, span.first, span.last);
}

/// Cuts a cube along one field by few spans, which it meets but for its list.
fn cut_apart(cube: &Cube, axis: usize, spans: &[Span], with: &mut Vec<Cube>, without: &mut Vec<Cube>) {
    let (first, last) = (cube.first[axis], cube.last[axis]);
    let mut next = first;
    let mut is_open = true;
    let start = without.len();
    for span in spans {
        if span.first > next {
            push_part(cube, axis, next, span.first - 1, without);
        }
        let end = if span.last < last { span.last } else { last };
        push_part(cube, axis, if span.first > next { span.first } else { next }, end, with);
        if end == last {
            is_open = false;
            break;
        }
        next = end + 1;
    }
    if is_open {
        push_part(cube, axis, next, last, without);
    }
    if without.len() == start + 2 {
        let size = |cube: &Cube| cube.last[axis] - cube.first[axis];
        if size(&without[start]) < size(&without[start + 1]) {
            without.swap(start, start + 1);
        }
    }
}

/// Adds those packets of a cube whose number is in an interval within its own.
fn push_part(cube: &Cube, axis: usize, first: u128, last: u128, parts: &mut Vec<Cube>) {
    if cube.lists.is_some() {
        parts.extend(cube.within(axis, first, last));
        return;
    }
    let mut part = cube.clone();
    part.first[axis] = first;
    part.last[axis] = last;
    parts.push(part);
}
