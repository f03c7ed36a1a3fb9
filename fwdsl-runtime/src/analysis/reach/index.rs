//! Which areas of a long chain a cube meets, without looking at each.

use super::area::Area;
use super::cube::Cube;
use crate::analysis::region::{Axis, Choice, LATER};

/// Chains with fewer areas are looked through.
const WORTHWHILE: usize = 48;

/// The fields by which areas are found.
const KEYS: [Axis; 6] =
    [Axis::Source, Axis::Destination, Axis::DestinationPort, Axis::SourcePort, Axis::In, Axis::Out];

/// An index over the areas of a chain.
#[derive(Debug)]
pub(super) struct Index {
    fields: Vec<Field>,
    /// How many areas there are.
    count: usize,
}

/// The areas by their interval in one field.
#[derive(Debug)]
struct Field {
    axis: usize,
    /// Sorted by their first number.
    intervals: Vec<Interval>,
    /// The last number of every interval, sorted.
    lasts: Vec<u128>,
    /// The areas that do not ask for the field, in order.
    rest: Vec<u32>,
    /// The same for those of later fragments, which are many where ports are asked for, and met by few packets.
    rest_later: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Interval {
    first: u128,
    last: u128,
    /// The greatest `last` of this interval's subtree: the slice that it is the middle of.
    reach: u128,
    area: u32,
}

/// The index of a chain that is long enough to want one.
pub(super) fn index(areas: &[Area], walked: &[u32]) -> Option<Index> {
    if walked.len() < WORTHWHILE {
        return None;
    }
    let mut fields = Vec::new();
    for axis in KEYS {
        let field = field(axis as usize, areas, walked);
        if field.intervals.len() >= walked.len() / 4 {
            fields.push(field);
        }
    }
    Some(Index { fields, count: walked.len() })
}

fn field(axis: usize, areas: &[Area], walked: &[u32]) -> Field {
    let mut field =
        Field { axis, intervals: Vec::new(), lasts: Vec::new(), rest: Vec::new(), rest_later: Vec::new() };
    for &area in walked {
        let set = areas[area as usize].spans.iter().find(|(other, _)| *other == axis);
        match set {
            Some((_, set)) => {
                let (first, last) = (set[0].first, set[set.len() - 1].last);
                field.intervals.push(Interval { first, last, reach: last, area });
                field.lasts.push(last);
            }
            None if areas[area as usize].is_headless => field.rest_later.push(area),
            None => field.rest.push(area),
        }
    }
    field.intervals.sort_unstable_by_key(|interval| interval.first);
    field.lasts.sort_unstable();
    set_reach(&mut field.intervals);
    field
}

fn set_reach(intervals: &mut [Interval]) -> u128 {
    if intervals.is_empty() {
        return 0;
    }
    let middle = intervals.len() / 2;
    let (before, rest) = intervals.split_at_mut(middle);
    let (here, behind) = rest.split_first_mut().expect("the middle is in the slice");
    here.reach = here.last.max(set_reach(before)).max(set_reach(behind));
    here.reach
}

fn collect(intervals: &[Interval], first: u128, last: u128, found: &mut Vec<u32>) {
    let mut rest = intervals;
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        let here = &rest[middle];
        if here.reach < first {
            return;
        }
        collect(&rest[..middle], first, last, found);
        if here.first > last {
            return;
        }
        if here.last >= first {
            found.push(here.area);
        }
        rest = &rest[middle + 1..];
    }
}

impl Index {
    /// The areas that the cube may meet, in order; `None` if looking through all is as good.
    pub(super) fn candidates(&self, cube: &Cube) -> Option<Vec<u32>> {
        let has_later = cube.bits[Choice::Fragment as usize] & LATER != 0;
        let mut best: Option<(&Field, usize)> = None;
        for field in &self.fields {
            let (first, last) = (cube.first[field.axis], cube.last[field.axis]);
            let begun = field.intervals.partition_point(|interval| interval.first <= last);
            let ended = field.lasts.partition_point(|end| *end < first);
            let count = begun - ended + field.rest.len();
            let count = if has_later { count + field.rest_later.len() } else { count };
            if best.is_none_or(|(_, least)| count < least) {
                best = Some((field, count));
            }
        }
        let (field, count) = best?;
        if count * 2 > self.count {
            return None;
        }
        let mut found = Vec::with_capacity(count);
        collect(&field.intervals, cube.first[field.axis], cube.last[field.axis], &mut found);
        found.sort_unstable();
        let found = merge(found, &field.rest);
        Some(if has_later { merge(found, &field.rest_later) } else { found })
    }
}

/// Both lists, each in order, as one.
fn merge(one: Vec<u32>, other: &[u32]) -> Vec<u32> {
    if other.is_empty() {
        return one;
    }
    let mut merged = Vec::with_capacity(one.len() + other.len());
    let mut done = 0;
    for &area in &one {
        let before = other.partition_point(|next| *next < area).max(done);
        merged.extend_from_slice(&other[done..before]);
        merged.push(area);
        done = before;
    }
    merged.extend_from_slice(&other[done..]);
    merged
}
