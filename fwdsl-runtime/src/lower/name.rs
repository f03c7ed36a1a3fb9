//! Names for the chains that the lowering makes.

use std::collections::{HashMap, HashSet};

/// The longest chain name, in bytes: `XT_EXTENSION_MAXNAMELEN` is 29 with the closing NUL.
pub(crate) const CHAIN_NAME_MAX_BYTES: usize = 28;

/// The names that are taken in a table.
pub(super) struct Names {
    taken: HashSet<String>,
    /// How often a word was used for a chain, so that ten thousand names are not tried one by one.
    tags: HashMap<String, usize>,
}

impl Names {
    pub(super) fn new(taken: impl Iterator<Item = String>) -> Names {
        Names { taken: taken.collect(), tags: HashMap::new() }
    }

    /// A name for a chain of a tree that stands for rules of `chain`: `INPUT.src`, and `INPUT.src-2` for a further one.
    pub(super) fn tagged(&mut self, chain: &str, word: &str) -> String {
        let used = self.tags.entry(format!("{chain}.{word}")).or_default();
        loop {
            *used += 1;
            let suffix = if *used == 1 { format!(".{word}") } else { format!(".{word}-{used}") };
            let name = with_suffix(chain, &suffix);
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    /// A name for a chain that serves the rule at `number` (from 1) of `chain`: `INPUT.3`, and
    /// `INPUT.3b`, `INPUT.3c` for further ones. A long name is cut; a taken one is passed over.
    pub(super) fn auxiliary(&mut self, chain: &str, number: usize) -> String {
        let letters =
            std::iter::once(String::new()).chain((b'b'..=b'z').map(|letter| char::from(letter).to_string()));
        let more = (27..).map(|count| format!("-{count}"));
        for suffix in letters.chain(more) {
            let suffix = format!(".{number}{suffix}");
            let name = with_suffix(chain, &suffix);
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
        unreachable!("there is no end to the suffixes")
    }
}

/// A name with a suffix, cut where it would be too long.
fn with_suffix(chain: &str, suffix: &str) -> String {
    let mut cut = chain.len().min(CHAIN_NAME_MAX_BYTES - suffix.len());
    while !chain.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}{suffix}", &chain[..cut])
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
