//! Sets of packets that are a product of one set for each field, and how a condition cuts them.

/// Numbers from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) first: u128,
    pub(super) last: u128,
}

/// The fields of a region that are ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

/// The bit of packets that are whole, or a first fragment.
pub(super) const WHOLE: u64 = 1;
/// The bit of later fragments.
pub(super) const LATER: u64 = 2;

/// A set of packets, never empty. Fields that a packet does not have are without meaning: only
/// conditions behind a condition on the protocol look at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Region {
    spans: [Span; 8],
    choices: [u64; 3],
}

/// A condition on a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// The field is in one of the spans, which are sorted and do not touch.
    Within(Axis, Vec<Span>),
    /// The field is one of these values.
    OneOf(Choice, u64),
    /// Either port is in one of the spans.
    EitherPort(Vec<Span>),
}

impl Condition {
    /// How many parts a region can have of which the condition is true.
    pub(super) fn parts(&self) -> usize {
        match self {
            Condition::Within(_, spans) => spans.len(),
            Condition::OneOf(..) => 1,
            Condition::EitherPort(spans) => spans.len().saturating_mul(2 + spans.len()),
        }
    }
}

impl Span {
    pub(super) fn holds(self, number: u128) -> bool {
        self.first <= number && number <= self.last
    }
}

/// Sorts spans and joins those that touch.
pub(super) fn union(mut spans: Vec<Span>) -> Vec<Span> {
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
    joined
}

/// What of a domain is in none of the spans, which are as [`union`] makes them.
pub(super) fn complement(spans: &[Span], domain: Span) -> Vec<Span> {
    let (_, outside) = cut(domain, spans);
    outside
}

/// Cuts a span into what is in the given spans and what is not.
fn cut(span: Span, by: &[Span]) -> (Vec<Span>, Vec<Span>) {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    let mut next = span.first;
    let from = by.partition_point(|other| other.last < span.first);
    for other in by[from..].iter().take_while(|other| other.first <= span.last) {
        if other.first > next {
            outside.push(Span { first: next, last: other.first - 1 });
        }
        let last = other.last.min(span.last);
        inside.push(Span { first: other.first.max(next), last });
        if last == span.last {
            return (inside, outside);
        }
        next = last + 1;
    }
    outside.push(Span { first: next, last: span.last });
    (inside, outside)
}

impl Region {
    pub(super) fn new(spans: [Span; 8], choices: [u64; 3]) -> Region {
        Region { spans, choices }
    }

    pub(super) fn span(&self, axis: Axis) -> Span {
        self.spans[axis as usize]
    }

    pub(super) fn choice(&self, choice: Choice) -> u64 {
        self.choices[choice as usize]
    }

    pub(super) fn with_span(mut self, axis: Axis, span: Span) -> Region {
        self.spans[axis as usize] = span;
        self
    }

    pub(super) fn with_choice(mut self, choice: Choice, bits: u64) -> Region {
        self.choices[choice as usize] = bits;
        self
    }

    /// Whether every packet of the other region is in this one.
    pub(super) fn covers(&self, other: &Region) -> bool {
        let spans = || self.spans.iter().zip(&other.spans);
        spans().all(|(mine, other)| mine.first <= other.first && other.last <= mine.last)
            && self.choices.iter().zip(&other.choices).all(|(mine, other)| other & !mine == 0)
    }

    /// Adds the part of which a condition is true to `inside`, and the rest to `outside`.
    pub(super) fn split(&self, condition: &Condition, inside: &mut Vec<Region>, outside: &mut Vec<Region>) {
        match condition {
            Condition::Within(axis, spans) => {
                let (within, without) = cut(self.span(*axis), spans);
                inside.extend(within.into_iter().map(|span| self.with_span(*axis, span)));
                outside.extend(without.into_iter().map(|span| self.with_span(*axis, span)));
            }
            Condition::OneOf(choice, wanted) => {
                let bits = self.choice(*choice);
                for (part, to) in [(bits & wanted, inside), (bits & !wanted, outside)] {
                    if part != 0 {
                        to.push(self.with_choice(*choice, part));
                    }
                }
            }
            Condition::EitherPort(spans) => {
                let (within, without) = cut(self.span(Axis::SourcePort), spans);
                inside.extend(within.into_iter().map(|span| self.with_span(Axis::SourcePort, span)));
                for span in without {
                    let by_destination = Condition::Within(Axis::DestinationPort, spans.clone());
                    self.with_span(Axis::SourcePort, span).split(&by_destination, inside, outside);
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
        assert_eq!(joined, [span(0, 4), span(7, u128::MAX)]);
        assert_eq!(complement(&joined, span(0, u128::MAX)), [span(5, 6)]);
        assert_eq!(complement(&[], span(3, 9)), [span(3, 9)]);
        assert_eq!(complement(&[span(0, 9)], span(0, 9)), []);
    }

    #[test]
    fn parts_are_apart_and_make_up_the_whole() {
        let whole = Region::new([span(0, 9); 8], [0b1111; 3]);
        for condition in [
            Condition::Within(Axis::Source, vec![span(2, 3), span(8, 20)]),
            Condition::OneOf(Choice::Tracking, 0b1010),
            Condition::EitherPort(vec![span(0, 0), span(5, 6)]),
        ] {
            let (mut inside, mut outside) = (Vec::new(), Vec::new());
            whole.split(&condition, &mut inside, &mut outside);
            let size = |region: &Region| -> u128 {
                let spans: u128 = region.spans.iter().map(|span| span.last - span.first + 1).product();
                spans * region.choices.iter().map(|bits| u128::from(bits.count_ones())).product::<u128>()
            };
            let parts: Vec<Region> = inside.iter().chain(&outside).copied().collect();
            assert_eq!(parts.iter().map(size).sum::<u128>(), size(&whole), "{condition:?}");
            assert!(parts.iter().all(|part| whole.covers(part) && !part.covers(&whole)));
        }
    }
}
