//! Sets of packets that are a product of one set for each field, and how a condition cuts them.

use std::rc::Rc;

/// Numbers from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) first: u128,
    pub(super) last: u128,
}

/// A set of numbers: spans that are sorted and do not touch. Shared, since most fields of a region
/// stay as they are when it is cut.
pub(super) type Set = Rc<[Span]>;

/// The fields of a region that are sets of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Axis {
    In,
    Out,
    Source,
    Destination,
    Protocol,
    SourcePort,
    DestinationPort,
    /// Type and code as one number of 16 bits.
    Icmp,
}

/// The fields of a region that are any of a few values, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// A bit for each combination of the six TCP flags.
    TcpFlags,
    /// A bit for each place in `Tracking::ALL`.
    Tracking,
    /// [`WHOLE`] and [`LATER`].
    Fragment,
    /// A bit for each combination of the four bits of a status.
    Status,
    /// A bit for each class of marks.
    Mark,
    /// A bit for each place in `PacketType::ALL`.
    PacketType,
}

impl Axis {
    /// Every axis.
    pub(super) const ALL: [Axis; AXES] = [
        Axis::In,
        Axis::Out,
        Axis::Source,
        Axis::Destination,
        Axis::Protocol,
        Axis::SourcePort,
        Axis::DestinationPort,
        Axis::Icmp,
    ];
}

impl Choice {
    /// Every choice.
    pub(super) const ALL: [Choice; CHOICES] = [
        Choice::TcpFlags,
        Choice::Tracking,
        Choice::Fragment,
        Choice::Status,
        Choice::Mark,
        Choice::PacketType,
    ];
}

/// The number of axes.
pub(super) const AXES: usize = 8;
/// The number of choices.
pub(super) const CHOICES: usize = 6;

/// The bit of packets that are whole, or a first fragment.
pub(super) const WHOLE: u64 = 1;
/// The bit of later fragments.
pub(super) const LATER: u64 = 2;

/// A set of packets, never empty. Fields that a packet does not have are without meaning: only
/// conditions behind a condition on the protocol look at them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Region {
    sets: [Set; AXES],
    choices: [u64; CHOICES],
}

/// A condition on a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// The field is in the set.
    Within(Axis, Set),
    /// The field is one of these values.
    OneOf(Choice, u64),
    /// Either port is in the set.
    EitherPort(Set),
    /// One of the fields is one of its values.
    EitherChoice([(Choice, u64); 2]),
}

impl Span {
    pub(super) fn holds(self, number: u128) -> bool {
        self.first <= number && number <= self.last
    }
}

/// Sorts spans and joins those that touch.
pub(super) fn union(mut spans: Vec<Span>) -> Set {
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(before) if span.first <= before.last.saturating_add(1) => {
                before.last = before.last.max(span.last);
            }
            _ => joined.push(span),
        }
    }
    joined.into()
}

/// What of a domain is not in the set.
pub(super) fn complement(set: &[Span], domain: Span) -> Set {
    cut(&[domain], set).1.into()
}

/// What is in both sets.
pub(super) fn intersection(set: &[Span], other: &[Span]) -> Set {
    cut(set, other).0.into()
}

/// Whether sets have a number in common.
pub(super) fn meets(set: &[Span], other: &[Span]) -> bool {
    set.iter().any(|span| {
        let at = other.partition_point(|other| other.last < span.first);
        at < other.len() && other[at].first <= span.last
    })
}

/// Whether all of a set is in another one. Spans do not touch, so one of the other's has to hold each.
pub(super) fn is_within(set: &[Span], other: &[Span]) -> bool {
    let mut number = 0;
    while number < set.len() {
        let span = set[number];
        let at = if other.len() == 1 { 0 } else { other.partition_point(|other| other.last < span.first) };
        if at == other.len() || other[at].first > span.first || other[at].last < span.last {
            return false;
        }
        number += 1;
    }
    true
}

/// Cuts a set into what is in another one and what is not.
pub(super) fn cut(set: &[Span], by: &[Span]) -> (Vec<Span>, Vec<Span>) {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    let mut at = 0;
    for span in set {
        // Of two long lists the next span is mostly near.
        if at < by.len() && by[at].last < span.first {
            at += 1;
            if at < by.len() && by[at].last < span.first {
                at += by[at..].partition_point(|other| other.last < span.first);
            }
        }
        cut_span(*span, by, &mut at, &mut inside, &mut outside);
    }
    (inside, outside)
}

/// Cuts a span by those from a place on, and moves the place to the first that may meet what comes behind the span.
fn cut_span(span: Span, by: &[Span], at: &mut usize, inside: &mut Vec<Span>, outside: &mut Vec<Span>) {
    let mut next = span.first;
    while *at < by.len() && by[*at].first <= span.last {
        let other = by[*at];
        if other.first > next {
            outside.push(Span { first: next, last: other.first - 1 });
        }
        let last = if other.last < span.last { other.last } else { span.last };
        inside.push(Span { first: if other.first > next { other.first } else { next }, last });
        if last == span.last {
            return;
        }
        next = last + 1;
        *at += 1;
    }
    outside.push(Span { first: next, last: span.last });
}

impl Region {
    pub(super) fn new(spans: [Span; AXES], choices: [u64; CHOICES]) -> Region {
        Region { sets: spans.map(|span| Rc::from([span])), choices }
    }

    pub(super) fn set(&self, axis: Axis) -> &[Span] {
        &self.sets[axis as usize]
    }

    /// The set of an axis, to be shared.
    pub(super) fn shared(&self, axis: Axis) -> &Set {
        &self.sets[axis as usize]
    }

    pub(super) fn choices(&self) -> [u64; CHOICES] {
        self.choices
    }

    pub(super) fn choice(&self, choice: Choice) -> u64 {
        self.choices[choice as usize]
    }

    pub(super) fn with_set(&self, axis: Axis, set: Vec<Span>) -> Region {
        let mut region = self.clone();
        region.sets[axis as usize] = set.into();
        region
    }

    pub(super) fn with_choice(&self, choice: Choice, bits: u64) -> Region {
        let mut region = self.clone();
        region.choices[choice as usize] = bits;
        region
    }

    /// Whether every packet of the other region is in this one.
    pub(super) fn covers(&self, other: &Region) -> bool {
        for choice in 0..CHOICES {
            if other.choices[choice] & !self.choices[choice] != 0 {
                return false;
            }
        }
        for axis in 0..AXES {
            let (mine, others) = (&self.sets[axis], &other.sets[axis]);
            // Parts of one region share the fields in which nothing cut.
            if !Rc::ptr_eq(mine, others) && !is_within(others, mine) {
                return false;
            }
        }
        true
    }

    /// Adds the part of which a condition is true to `inside`, and the rest to `outside`.
    pub(super) fn split(&self, condition: &Condition, inside: &mut Vec<Region>, outside: &mut Vec<Region>) {
        match condition {
            Condition::Within(axis, set) => {
                let (within, without) = cut(self.set(*axis), set);
                for (part, to) in [(within, inside), (without, outside)] {
                    if !part.is_empty() {
                        to.push(self.with_set(*axis, part));
                    }
                }
            }
            Condition::OneOf(choice, wanted) => {
                let bits = self.choice(*choice);
                for (part, to) in [(bits & wanted, inside), (bits & !wanted, outside)] {
                    if part != 0 {
                        to.push(self.with_choice(*choice, part));
                    }
                }
            }
            Condition::EitherPort(set) => {
                let mut rest = Vec::new();
                self.split(&Condition::Within(Axis::SourcePort, Rc::clone(set)), inside, &mut rest);
                for region in rest {
                    region.split(&Condition::Within(Axis::DestinationPort, Rc::clone(set)), inside, outside);
                }
            }
            Condition::EitherChoice([(first, of_first), (second, of_second)]) => {
                let mut rest = Vec::new();
                self.split(&Condition::OneOf(*first, *of_first), inside, &mut rest);
                for region in rest {
                    region.split(&Condition::OneOf(*second, *of_second), inside, outside);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(first: u128, last: u128) -> Span {
        Span { first, last }
    }

    #[test]
    fn spans_join_and_cut_at_the_ends_of_the_numbers() {
        let joined = union(vec![span(7, u128::MAX), span(0, 2), span(3, 4), span(1, 1)]);
        assert_eq!(*joined, [span(0, 4), span(7, u128::MAX)]);
        assert_eq!(*complement(&joined, span(0, u128::MAX)), [span(5, 6)]);
        assert_eq!(*complement(&[], span(3, 9)), [span(3, 9)]);
        assert_eq!(*complement(&[span(0, 9)], span(0, 9)), []);
    }

    #[test]
    fn parts_are_apart_and_make_up_the_whole() {
        let whole = Region::new([span(0, 9); 8], [0b1111; CHOICES]);
        for condition in [
            Condition::Within(Axis::Source, union(vec![span(2, 3), span(8, 20)])),
            Condition::OneOf(Choice::Tracking, 0b1010),
            Condition::EitherPort(union(vec![span(0, 0), span(5, 6)])),
            Condition::EitherChoice([(Choice::Tracking, 0b0110), (Choice::Status, 0b1100)]),
        ] {
            let (mut inside, mut outside) = (Vec::new(), Vec::new());
            whole.split(&condition, &mut inside, &mut outside);
            let size = |region: &Region| -> u128 {
                let length = |set: &Set| set.iter().map(|span| span.last - span.first + 1).sum::<u128>();
                let spans: u128 = region.sets.iter().map(length).product();
                spans * region.choices.iter().map(|bits| u128::from(bits.count_ones())).product::<u128>()
            };
            let parts: Vec<Region> = inside.iter().chain(&outside).cloned().collect();
            assert_eq!(parts.iter().map(size).sum::<u128>(), size(&whole), "{condition:?}");
            assert!(parts.iter().all(|part| whole.covers(part) && !part.covers(&whole)));
        }
    }
}
