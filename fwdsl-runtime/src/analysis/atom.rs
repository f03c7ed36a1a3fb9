//! Matches that are not modelled, but say the same of a packet wherever they stand.
//!
//! Nothing is known of what they say. Yet where a rule asks for `mac("02:00:00:00:00:01")`, an earlier rule that asks
//! for the same has matched the packet already.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use super::meaning::is_changed;
use crate::catalogue::{Aspects, Extension};
use crate::model::Match;

/// The matches that look at nothing but the packet, its socket, its connection or its route. What counts, measures time or
/// chance, or looks into a set that others fill, is not among them.
const STEADY: [&str; 33] = [
    "addrtype",
    "ah",
    "cgroup",
    "connlabel",
    "connmark",
    "conntrack",
    "dccp",
    "devgroup",
    "dscp",
    "dst",
    "ecn",
    "esp",
    "eui64",
    "frag",
    "hbh",
    "helper",
    "hl",
    "ipv6header",
    "length",
    "mac",
    "mark",
    "mh",
    "owner",
    "physdev",
    "policy",
    "realm",
    "rpfilter",
    "rt",
    "string",
    "tcpmss",
    "tos",
    "ttl",
    "u32",
];

/// The distinct steady matches of a table with their numbers.
#[derive(Debug, Default)]
pub(super) struct Atoms<'a> {
    numbers: HashMap<Condition<'a>, u32>,
}

/// A match, the same as another one wherever both are written.
#[derive(Debug)]
struct Condition<'a>(&'a Match);

impl<'a> Atoms<'a> {
    /// The number of a match; `None` if it may say something else the next time.
    pub(super) fn number(&mut self, entry: &'a Match, changed: Aspects) -> Option<u32> {
        if !is_steady(entry, changed) {
            return None;
        }
        let next = self.numbers.len() as u32;
        Some(*self.numbers.entry(Condition(entry)).or_insert(next))
    }
}

/// Whether a match says the same of a packet wherever it stands, though the packet itself does not tell what.
fn is_steady(entry: &Match, changed: Aspects) -> bool {
    is_steady_extension(entry.extension)
        && !entry.is_stateful()
        && entry.options.iter().all(|option| {
            option.spec.name != "ctexpire" && !is_changed(entry.extension, option.spec, changed)
        })
}

/// Whether a match of the extension looks at nothing but the packet, its socket, its connection or its route.
pub(super) fn is_steady_extension(extension: &Extension) -> bool {
    STEADY.contains(&extension.name)
}

impl PartialEq for Condition<'_> {
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (self.0, other.0);
        one.extension == other.extension
            && one.options.len() == other.options.len()
            && one.options.iter().zip(&other.options).all(|(one, other)| one.says_the_same(other))
    }
}

impl Eq for Condition<'_> {}

impl Hash for Condition<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.extension.name.hash(state);
        for option in &self.0.options {
            option.spec.name.hash(state);
            option.values().for_each(|value| value.hash(state));
        }
    }
}
