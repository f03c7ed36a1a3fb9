//! Names for the chains that the lowering makes.

use std::collections::HashSet;

/// The longest chain name, in bytes: `XT_EXTENSION_MAXNAMELEN` is 29 with the closing NUL.
pub(crate) const CHAIN_NAME_MAX_BYTES: usize = 28;

/// The names that are taken in a table.
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    pub(super) fn new(taken: impl Iterator<Item = String>) -> Names {
        Names { taken: taken.collect() }
    }

    /// A name for a chain that serves the rule at `number` (from 1) of `chain`: `INPUT.3`, and
    /// `INPUT.3b`, `INPUT.3c` for further ones. A long name is cut; a taken one is passed over.
    pub(super) fn auxiliary(&mut self, chain: &str, number: usize) -> String {
        let letters =
            std::iter::once(String::new()).chain((b'b'..=b'z').map(|letter| char::from(letter).to_string()));
        let more = (27..).map(|count| format!("-{count}"));
        for suffix in letters.chain(more) {
            let suffix = format!(".{number}{suffix}");
            let mut cut = chain.len().min(CHAIN_NAME_MAX_BYTES - suffix.len());
            while !chain.is_char_boundary(cut) {
                cut -= 1;
            }
            let name = format!("{}{suffix}", &chain[..cut]);
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
        unreachable!("there is no end to the suffixes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_collide_with_none() {
        let mut names = Names::new(["INPUT", "INPUT.3"].into_iter().map(String::from));
        assert_eq!(names.auxiliary("INPUT", 3), "INPUT.3b");
        assert_eq!(names.auxiliary("INPUT", 3), "INPUT.3c");
        assert_eq!(names.auxiliary("INPUT", 4), "INPUT.4");
        let long = "ÄÖÜÄÖÜÄÖÜÄÖÜÄÖ";
        assert_eq!(long.len(), CHAIN_NAME_MAX_BYTES);
        for _ in 0..40 {
            assert!(names.auxiliary(long, 12).len() <= CHAIN_NAME_MAX_BYTES);
        }
    }
}
