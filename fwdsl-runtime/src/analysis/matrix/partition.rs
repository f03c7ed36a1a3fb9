//! Classes of addresses, from who may open a connection to whom.
//!
//! Two addresses are in one class if they may open it to the same addresses, and the same addresses may open it to
//! them. So nothing has to be compared pair by pair: addresses fall into *rows* by the set of destinations, then into
//! *columns* by the rows that reach them, and a class is a row and a column that have addresses in common.

use std::collections::HashMap;

use crate::analysis::region::Span;

/// Who may open a connection to whom.
#[derive(Debug)]
pub(super) struct Relation {
    /// The sets of destinations, each once: spans that are sorted and do not touch.
    pub(super) sets: Vec<Vec<Span>>,
    /// All sources in order, each span with the place of its set of destinations.
    pub(super) sources: Vec<(Span, usize)>,
}

/// The addresses, divided into classes.
#[derive(Debug)]
pub(super) struct Partition {
    /// In the order of their lowest addresses.
    pub(super) classes: Vec<Part>,
    /// For each column the rows that reach it, a bit each.
    columns: Vec<Vec<u64>>,
}

/// A class.
#[derive(Debug)]
pub(super) struct Part {
    /// Sorted, and they do not touch.
    pub(super) members: Vec<Span>,
    row: usize,
    column: usize,
}

/// Divides the addresses from 0 to `last` into as few classes as there can be.
pub(super) fn partition(relation: &Relation, last: u128) -> Partition {
    let (destinations, columns) = columns(&relation.sets, last);
    let mut places: HashMap<(usize, usize), usize> = HashMap::new();
    let mut classes: Vec<Part> = Vec::new();
    let mut rows = relation.sources.iter();
    let mut of_column = destinations.iter();
    let mut next = 0;
    let (mut row, mut column) = (rows.next(), of_column.next());
    while let (Some((source, set)), Some((destination, signature))) = (row, column) {
        let end = source.last.min(destination.last);
        let place = *places.entry((*set, *signature)).or_insert_with(|| {
            classes.push(Part { members: Vec::new(), row: *set, column: *signature });
            classes.len() - 1
        });
        extend(&mut classes[place].members, Span { first: next, last: end });
        if source.last == end {
            row = rows.next();
        }
        if destination.last == end {
            column = of_column.next();
        }
        next = end.saturating_add(1);
    }
    Partition { classes, columns }
}

/// All destinations in order, each span with the place of its column; and the columns.
fn columns(sets: &[Vec<Span>], last: u128) -> (Vec<(Span, usize)>, Vec<Vec<u64>>) {
    // Where a row begins to reach the destinations, and where it stops.
    let mut turns: Vec<(u128, usize)> = Vec::new();
    for (row, set) in sets.iter().enumerate() {
        for span in set {
            turns.push((span.first, row));
            if span.last < last {
                turns.push((span.last + 1, row));
            }
        }
    }
    turns.sort_unstable();
    let mut reaching = vec![0u64; sets.len().div_ceil(64)];
    let mut places: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut columns = Vec::new();
    let mut destinations = Vec::new();
    let mut first = 0;
    let mut at = 0;
    loop {
        while at < turns.len() && turns[at].0 == first {
            let row = turns[at].1;
            reaching[row / 64] ^= 1 << (row % 64);
            at += 1;
        }
        let end = turns.get(at).map_or(last, |(turn, _)| turn - 1);
        let place = *places.entry(reaching.clone()).or_insert_with(|| {
            columns.push(reaching.clone());
            columns.len() - 1
        });
        destinations.push((Span { first, last: end }, place));
        if end == last {
            return (destinations, columns);
        }
        first = end + 1;
    }
}

/// Adds a span behind those that are there.
pub(super) fn extend(spans: &mut Vec<Span>, span: Span) {
    match spans.last_mut() {
        Some(before) if before.last + 1 == span.first => before.last = span.last,
        _ => spans.push(span),
    }
}

impl Partition {
    /// Whether the addresses of one class may open the connection to those of another.
    pub(super) fn allows(&self, from: usize, to: usize) -> bool {
        let (row, column) = (self.classes[from].row, self.classes[to].column);
        self.columns[column][row / 64] & (1 << (row % 64)) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(first: u128, last: u128) -> Span {
        Span { first, last }
    }

    fn members(partition: &Partition) -> Vec<Vec<Span>> {
        partition.classes.iter().map(|class| class.members.clone()).collect()
    }

    #[test]
    fn what_is_never_told_apart_is_one_class() {
        for (set, allowed) in [(vec![span(0, u128::MAX)], true), (vec![], false)] {
            let relation = Relation { sets: vec![set], sources: vec![(span(0, u128::MAX), 0)] };
            let partition = partition(&relation, u128::MAX);
            assert_eq!(members(&partition), [[span(0, u128::MAX)]]);
            assert_eq!(partition.allows(0, 0), allowed);
        }
    }

    #[test]
    fn sources_and_destinations_both_tell_addresses_apart() {
        // 4..=5 and 8 may reach 2..=5, nobody else anybody.
        let relation = Relation {
            sets: vec![vec![], vec![span(2, 5)]],
            sources: vec![
                (span(0, 3), 0),
                (span(4, 5), 1),
                (span(6, 7), 0),
                (span(8, 8), 1),
                (span(9, 9), 0),
            ],
        };
        let partition = partition(&relation, 9);
        let expected =
            [vec![span(0, 1), span(6, 7), span(9, 9)], vec![span(2, 3)], vec![span(4, 5)], vec![span(8, 8)]];
        assert_eq!(members(&partition), expected);
        let edges: Vec<(usize, usize)> = (0..4)
            .flat_map(|from| (0..4).map(move |to| (from, to)))
            .filter(|(from, to)| partition.allows(*from, *to))
            .collect();
        assert_eq!(edges, [(2, 1), (2, 2), (3, 1), (3, 2)]);
    }

    /// The definition itself, over every pair of a few addresses.
    #[test]
    fn random_relations_are_divided_as_the_definition_says() {
        const LAST: usize = 39;
        let mut state = 1u64;
        let mut random = |end: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % end
        };
        for _ in 0..300 {
            let mut allowed = [[false; LAST + 1]; LAST + 1];
            for _ in 0..random(6) {
                let mut ends = || {
                    let ends = [random(40) as usize, random(40) as usize];
                    ends[0].min(ends[1])..=ends[0].max(ends[1])
                };
                let (from, to) = (ends(), ends());
                for row in &mut allowed[from] {
                    row[to.clone()].iter_mut().for_each(|may| *may = !*may);
                }
            }
            let mut sets: Vec<Vec<Span>> = Vec::new();
            let mut sources = Vec::new();
            for (from, row) in allowed.iter().enumerate() {
                let mut set = Vec::new();
                for to in (0..=LAST).filter(|to| row[*to]) {
                    extend(&mut set, span(to as u128, to as u128));
                }
                let place = sets.iter().position(|other| *other == set).unwrap_or_else(|| {
                    sets.push(set);
                    sets.len() - 1
                });
                sources.push((span(from as u128, from as u128), place));
            }
            let partition = partition(&Relation { sets, sources }, LAST as u128);
            let class = |address: usize| {
                let holds = |part: &Part| part.members.iter().any(|span| span.holds(address as u128));
                let mut holding = (0..partition.classes.len()).filter(|at| holds(&partition.classes[*at]));
                let class = holding.next().unwrap();
                assert_eq!(holding.next(), None);
                class
            };
            for a in 0..=LAST {
                for b in 0..=LAST {
                    let alike =
                        (0..=LAST).all(|x| allowed[a][x] == allowed[b][x] && allowed[x][a] == allowed[x][b]);
                    assert_eq!(class(a) == class(b), alike, "{a} {b}");
                    assert_eq!(partition.allows(class(a), class(b)), allowed[a][b], "{a} -> {b}");
                }
            }
        }
    }
}
