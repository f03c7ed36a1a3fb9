//! Interface names as numbers: of the endless many, those that some rule can tell apart.
//!
//! Each class of names that fit the same patterns has one name to stand for it. The classes are
//! numbered in the order of these names, so that what a pattern fits is a range: `eth+` is
//! everything from the first to the last name that begins with `eth`.

use super::region::Span;

/// The longest interface name, in bytes.
const NAME_MAX_BYTES: usize = 15;

/// The classes of interface names. Number 0 stands for no interface at all.
#[derive(Debug, Clone)]
pub(super) struct Interfaces {
    /// For each class from number 1 on, the name that stands for it.
    names: Vec<String>,
    /// The number of the class that fits no pattern.
    other: Option<u128>,
}

impl Interfaces {
    /// The classes that these patterns tell apart.
    pub(super) fn new<'a>(patterns: impl Iterator<Item = &'a str>) -> Interfaces {
        let (mut literals, mut prefixes) = (Vec::new(), Vec::new());
        for pattern in patterns {
            match pattern.strip_suffix('+') {
                Some(prefix) => prefixes.push(prefix),
                None => literals.push(pattern),
            }
        }
        for list in [&mut literals, &mut prefixes] {
            list.sort_unstable();
            list.dedup();
        }
        let longest = |name: &str| -> Option<&str> {
            prefixes.iter().copied().filter(|prefix| name.starts_with(prefix)).max_by_key(|p| p.len())
        };
        let free = |name: &String| name.len() <= NAME_MAX_BYTES && !literals.contains(&name.as_str());
        let mut names: Vec<String> = literals.iter().map(|name| (*name).to_owned()).collect();
        for prefix in &prefixes {
            // No name may be left of those that begin so.
            names.extend(continuations(prefix).find(|name| free(name) && longest(name) == Some(prefix)));
        }
        let other = ["eth", "wan", "lan"].into_iter().flat_map(continuations).chain(continuations(""));
        let other = { other }.find(|name| !name.is_empty() && free(name) && longest(name).is_none());
        names.extend(other.clone());
        names.sort_unstable();
        let place = |other: String| names.iter().position(|name| *name == other).map(|at| at as u128 + 1);
        let other = other.and_then(place);
        Interfaces { names, other }
    }

    /// Every name.
    pub(super) fn any(&self) -> Span {
        Span { first: 1, last: self.names.len() as u128 }
    }

    /// What a pattern fits; `None` if no name is left that does. The name of no interface is empty to the kernel.
    pub(super) fn span(&self, pattern: &str) -> Option<Span> {
        if pattern == "+" {
            return Some(Span { first: 0, ..self.any() });
        }
        let fits = |name: &String| match pattern.strip_suffix('+') {
            Some(prefix) => name.starts_with(prefix),
            None => name == pattern,
        };
        let first = self.names.iter().position(fits)?;
        let last = self.names.iter().rposition(fits)?;
        Some(Span { first: first as u128 + 1, last: last as u128 + 1 })
    }

    /// The number of a name that stands for its class, or of no interface.
    pub(super) fn number(&self, name: Option<&str>) -> u128 {
        let place = name.and_then(|name| self.names.iter().position(|other| other == name));
        place.map_or(0, |place| place as u128 + 1)
    }

    /// The number of a name out of a set of classes, an ordinary one if there is; 0 for no interface.
    pub(super) fn pick(&self, set: &[Span]) -> u128 {
        match self.other {
            Some(other) if set.iter().any(|span| span.holds(other)) => other,
            _ => set.iter().find(|span| span.last > 0).map_or(0, |span| span.first.max(1)),
        }
    }

    /// The name that stands for a class; `None` for no interface.
    pub(super) fn name(&self, number: u128) -> Option<String> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.names.get(index).cloned()
    }
}

/// Names that begin so, ordinary ones first.
fn continuations(prefix: &str) -> impl Iterator<Item = String> {
    let byte = |byte: u8| char::from(byte).to_string();
    let digits = (b'0'..=b'9').map(byte);
    let letters = (b'a'..=b'z').chain(b'A'..=b'Z').chain([b'_', b'-', b'.']).map(byte);
    let numbers = (10..10_000).map(|number: u32| number.to_string());
    digits.chain([String::new()]).chain(letters).chain(numbers).map(move |end| format!("{prefix}{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_ranges_over_the_names_that_can_be_told_apart() {
        let patterns = ["eth0", "eth+", "lo", "eth1+", "wg+"];
        let interfaces = Interfaces::new(patterns.into_iter());
        let within = |inner: &str, outer: &str| {
            let (inner, outer) = (interfaces.span(inner).unwrap(), interfaces.span(outer).unwrap());
            outer.first <= inner.first && inner.last <= outer.last
        };
        assert!(within("eth0", "eth+") && within("eth1+", "eth+") && !within("eth0", "eth1+"));
        assert!(!within("lo", "eth+") && !within("eth+", "eth0") && !within("eth+", "eth1+"));
        // A name that fits `eth+` and nothing else is there too.
        let eth = interfaces.span("eth+").unwrap();
        assert_eq!(eth.last - eth.first, 2);
        assert_eq!(interfaces.name(interfaces.pick(&[interfaces.any()])).as_deref(), Some("wan0"));
        assert_eq!(interfaces.name(interfaces.pick(&[Span { first: 0, last: 0 }])), None);
        // Whoever fits everything fits no interface too.
        assert_eq!(interfaces.span("+"), Some(Span { first: 0, last: interfaces.any().last }));
    }

    #[test]
    fn without_patterns_there_is_one_class() {
        let interfaces = Interfaces::new(std::iter::empty());
        assert_eq!(interfaces.any(), Span { first: 1, last: 1 });
        assert_eq!(interfaces.name(interfaces.pick(&[interfaces.any()])).as_deref(), Some("eth0"));
    }
}
