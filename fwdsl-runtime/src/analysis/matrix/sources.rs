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

#[cfg(all(test, feature = "syntax"))]
mod tests {
    use super::*;
    use crate::analysis::{Question, Service, matrix};
    use crate::lower::lower;
    use crate::syntax::compile;

    const POLICY: &str = "chain INPUT policy drop {
        in lo => accept;
        from 10.0.0.0/8 tcp dport 22 => accept;
        from ![10.1.0.0/16, 255.255.255.255] tcp dport 80 => accept;
        tcp dport 443 => accept;
    }";

    fn asked(ports: &[u16], from_outside: bool) -> Vec<Sources> {
        let model = compile(POLICY.parse().expect("tokens")).model;
        let ruleset = lower(&model, Family::Ipv4).expect("it is for IPv4");
        let of = |port: &u16| {
            let question = Question { from_outside, ..Question::new("INPUT", Service::new(6, *port)) };
            matrix(&ruleset, &question).expect("it is decided")
        };
        sources(Family::Ipv4, &ports.iter().map(of).collect::<Vec<Matrix>>())
    }

    #[test]
    fn addresses_are_told_apart_by_what_they_may_open() {
        let found = asked(&[22, 80, 443, 25], true);
        let told: Vec<(String, &[bool])> =
            found.iter().map(|of| (of.class.member_words(9).join(" "), of.opens.as_slice())).collect();
        let expected: [(&str, &[bool]); 4] = [
            ("0.0.0.0-9.255.255.255 11.0.0.0-255.255.255.254", &[false, true, true, false]),
            ("10.0.0.0/16 10.2.0.0-10.255.255.255", &[true, true, true, false]),
            ("10.1.0.0/16", &[true, false, true, false]),
            ("255.255.255.255", &[false, false, true, false]),
        ];
        let expected: Vec<(String, &[bool])> =
            expected.iter().map(|(words, opens)| ((*words).into(), *opens)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn the_host_itself_is_another_matter() {
        assert_eq!(asked(&[25], true)[0].opens, [false]);
        assert_eq!(asked(&[25], false)[0].opens, [true], "a rule on an interface is taken to match");
        let none = sources(Family::Ipv6, &[]);
        assert_eq!((none.len(), none[0].opens.len(), none[0].class.name()), (1, 0, "::/0"));
    }
}
