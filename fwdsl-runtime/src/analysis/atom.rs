//! Matches that are not modelled, but say the same of a packet wherever they stand.
//!
//! Nothing is known of what they say. Yet where a rule asks for `mac("02:00:00:00:00:01")`, an earlier rule that asks
//! for the same has matched the packet already.

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

/// The distinct steady matches of a table; their numbers are their places.
#[derive(Debug, Default)]
pub(super) struct Atoms<'a> {
    list: Vec<&'a Match>,
}

impl<'a> Atoms<'a> {
    /// The number of a match; `None` if it may say something else the next time.
    pub(super) fn number(&mut self, entry: &'a Match, changed: Aspects) -> Option<u32> {
        if !is_steady(entry, changed) {
            return None;
        }
        let known = self.list.iter().position(|other| says_the_same(entry, other));
        let number = known.unwrap_or_else(|| {
            self.list.push(entry);
            self.list.len() - 1
        });
        Some(number as u32)
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

/// Whether two matches are the same condition.
fn says_the_same(one: &Match, other: &Match) -> bool {
    one.extension == other.extension
        && one.options.len() == other.options.len()
        && one.options.iter().zip(&other.options).all(|(one, other)| one.says_the_same(other))
}
