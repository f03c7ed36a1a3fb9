//! A rule in the making.

use crate::catalogue::{CORE, Extension, IPRANGE, MULTIPORT, OptionSpec, TCP};
use crate::loc::{Loc, Located};
use crate::model::{Match, OptionUse, Value};

/// The matches of a rule in the making.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) matches: Vec<Match>,
}

impl Draft {
    /// A draft with one option of an extension.
    pub(super) fn one(
        extension: &'static Extension,
        option: &str,
        negated: bool,
        values: Vec<Value>,
    ) -> Draft {
        let spec = extension.option(option).expect("an option of the catalogue");
        Draft {
            matches: vec![Match {
                extension,
                options: vec![option_use(spec, negated, values)],
                loc: Loc::default(),
            }],
        }
    }

    /// Both drafts' matches in one rule.
    #[must_use]
    pub(super) fn with(&self, other: &Draft) -> Draft {
        let mut draft = self.clone();
        draft.matches.extend(other.matches.iter().cloned());
        draft
    }

    /// Whether the rule asks for an option of this name, as it must for some targets.
    pub(super) fn asks(&self, name: &str) -> bool {
        let its_own = |entry: &&Match| [&CORE, &TCP].contains(&entry.extension);
        let mut options = self.matches.iter().filter(its_own).flat_map(|entry| &entry.options);
        options.any(|option| option.spec.name == name && !option.negated)
    }

    /// The matches in the order in which a rule is emitted: the core parameters as one, then a
    /// protocol's own options as one, then the rest in their order.
    pub(super) fn finish(self) -> Vec<Match> {
        let mut finished: Vec<Match> = Vec::new();
        for entry in self.matches {
            let merges = *entry.extension == CORE || is_protocol_match(entry.extension);
            // An option that stands already (`!` of two ICMP types) goes into a second match.
            let takes = |other: &&mut Match| {
                let taken = |option: &OptionUse| other.options.iter().any(|mine| mine.spec == option.spec);
                merges && other.extension == entry.extension && !entry.options.iter().any(taken)
            };
            match finished.iter_mut().find(takes) {
                Some(other) => other.options.extend(entry.options),
                None => finished.push(entry),
            }
        }
        for entry in &mut finished {
            let place =
                |option: &OptionUse| entry.extension.options.iter().position(|spec| spec == option.spec);
            entry.options.sort_by_key(place);
        }
        finished.sort_by_key(rank);
        finished
    }
}

/// Whether a match is that of one protocol, so that its options stand in one.
pub(super) fn is_protocol_match(extension: &Extension) -> bool {
    extension.module && matches!(extension.protocols, [_])
}

/// The place of a match in a rule.
pub(super) fn rank(entry: &Match) -> u8 {
    let extension = entry.extension;
    if *extension == CORE {
        0
    } else if is_protocol_match(extension) {
        1
    } else if *extension == MULTIPORT {
        2
    } else if *extension == IPRANGE {
        3
    } else if entry.is_stateful() {
        5
    } else {
        4
    }
}

/// An option without a place in the source.
pub(super) fn option_use(spec: &'static OptionSpec, negated: bool, values: Vec<Value>) -> OptionUse {
    let values = values.into_iter().map(|value| Located::new(value, Loc::default())).collect();
    OptionUse { spec, negated, values, loc: Loc::default() }
}
