//! Long lists of numbers, cut by each other once.
//!
//! A policy's set of 10,000 addresses cuts the packets of every rule behind it. What is inside and what is outside of it is
//! the same each time, and a cube tells by its interval which part of that is meant.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::super::region::{Set, Span, complement, cut};
use super::cube::met;

/// Lists with fewer spans in an interval are cut there as often as one likes.
const SHORT: usize = 64;

/// How many spans are kept.
const SPANS_KEPT: usize = 1 << 20;

/// What is known of long lists.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    known: RefCell<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// By the places of both lists in memory; of one alone for what is outside of it.
    cuts: HashMap<(*const Span, *const Span), Cut>,
    spans: usize,
}

/// A list cut by another.
#[derive(Debug, Clone)]
struct Cut {
    /// Kept, so that nothing else comes to their places.
    _lists: (Set, Option<Set>),
    parts: Parts,
}

/// What of a list is in another one, and what is not.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) inside: Set,
    pub(super) outside: Set,
}

impl Cuts {
    /// What is not in a list, at least as far as an interval goes.
    pub(super) fn outside(&self, list: &Set, span: Span) -> Set {
        let (from, to) = met(list, span.first, span.last);
        if to - from <= SHORT {
            return complement(&list[from..to], span);
        }
        let everything = Span { first: 0, last: u128::MAX };
        let key = (list.as_ptr(), std::ptr::null());
        self.find(key, || {
            let outside = complement(list, everything);
            Cut { _lists: (Rc::clone(list), None), parts: Parts { inside: Rc::clone(list), outside } }
        })
        .outside
    }

    /// A list cut by another, at least as far as an interval goes.
    pub(super) fn parts(&self, list: &Set, by: &Set, span: Span) -> Parts {
        let (from, to) = met(list, span.first, span.last);
        let (by_from, by_to) = met(by, span.first, span.last);
        if to - from + by_to - by_from <= SHORT {
            let (inside, outside) = cut(&list[from..to], &by[by_from..by_to]);
            return Parts { inside: inside.into(), outside: outside.into() };
        }
        self.find((list.as_ptr(), by.as_ptr()), || {
            let (inside, outside) = cut(list, by);
            let parts = Parts { inside: inside.into(), outside: outside.into() };
            Cut { _lists: (Rc::clone(list), Some(Rc::clone(by))), parts }
        })
    }

    /// Whether two lists have a number in common within an interval.
    pub(super) fn meet(&self, list: &Set, other: &Set, span: Span) -> bool {
        let Span { mut first, last } = span;
        // From one to the other in turns, until both hold the number. Few turns tell, mostly.
        for _ in 0..SHORT {
            let Some(own) = next(list, first, last) else { return false };
            let Some(both) = next(other, own, last) else { return false };
            if both == own {
                return true;
            }
            first = both;
        }
        let inside = self.parts(list, other, Span { first, last }).inside;
        next(&inside, first, last).is_some()
    }

    fn find(&self, key: (*const Span, *const Span), make: impl FnOnce() -> Cut) -> Parts {
        let mut known = self.known.borrow_mut();
        if let Some(cut) = known.cuts.get(&key) {
            return cut.parts.clone();
        }
        let cut = make();
        let parts = cut.parts.clone();
        known.spans += parts.inside.len() + parts.outside.len();
        if known.spans > SPANS_KEPT {
            known.spans = 0;
            known.cuts.clear();
        }
        known.cuts.insert(key, cut);
        parts
    }
}

/// The first number of a list in an interval.
fn next(list: &[Span], first: u128, last: u128) -> Option<u128> {
    let span = list.get(list.partition_point(|span| span.last < first))?;
    let number = span.first.max(first);
    (number <= last).then_some(number)
}
