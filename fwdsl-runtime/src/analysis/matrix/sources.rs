//! Several services at once: the addresses that they may be opened from, divided into classes that may open the same.

use super::members::{class_name, range};
use super::{Class, Matrix, size};
use crate::analysis::region::Span;
use crate::family::Family;
use crate::model::{Address, to_bits, width};

/// Addresses that may open the same of several services, to whatever address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The addresses.
    pub class: Class,
    /// For each service whether they may open it to some address.
    pub opens: Vec<bool>,
}

/// Divides the addresses of a family into the fewest classes that tell who may open which of the services that the
/// matrices are about. All are of this family.
pub fn sources(family: Family, matrices: &[Matrix]) -> Vec<Sources> {
    let last = u128::MAX >> (128 - width(family));
    let opening: Vec<Vec<Span>> = matrices.iter().map(opening).collect();
    // Where something begins to be otherwise.
    let mut starts: Vec<u128> = vec![0];
    for span in opening.iter().flatten() {
        starts.push(span.first);
        starts.extend((span.last < last).then(|| span.last + 1));
    }
    starts.sort_unstable();
    starts.dedup();
    let mut parts: Vec<(Vec<bool>, Vec<Span>)> = Vec::new();
    for (at, first) in starts.iter().enumerate() {
        let span = Span { first: *first, last: starts.get(at + 1).map_or(last, |next| next - 1) };
        let opens: Vec<bool> =
            opening.iter().map(|spans| spans.iter().any(|opening| opening.holds(span.first))).collect();
        match parts.iter_mut().find(|(of, _)| *of == opens) {
            Some((_, spans)) => match spans.last_mut() {
                Some(before) if before.last + 1 == span.first => before.last = span.last,
                _ => spans.push(span),
            },
            None => parts.push((opens, vec![span])),
        }
    }
    let largest = (0..parts.len()).max_by_key(|at| size(&parts[*at].1));
    let sources = parts.into_iter().enumerate().map(|(at, (opens, spans))| {
        let members: Vec<Address> = spans.into_iter().map(|span| range(family, span)).collect();
        Sources { class: Class { name: class_name(&members, Some(at) == largest), members }, opens }
    });
    sources.collect()
}

/// The addresses from which a service may be opened.
fn opening(matrix: &Matrix) -> Vec<Span> {
    let places = 0..matrix.classes().len();
    let opening = places.clone().filter(|from| places.clone().any(|to| matrix.allows(*from, to)));
    let spans = opening.flat_map(|from| matrix.classes()[from].ranges());
    spans.map(|(first, last)| Span { first: to_bits(first), last: to_bits(last) }).collect()
}
