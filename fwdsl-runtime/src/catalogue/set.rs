//! Matching sets, and changing them.
//!
//! Source: iptables-extensions(8), sections set and SET; for what goes together, iptables itself.

use super::extension::{Extension, Flow, OptionSpec, ValueKind};

const fn counter(name: &'static str, flag: &'static str) -> OptionSpec {
    OptionSpec::new(name, flag, ValueKind::Number { min: 0, max: u64::MAX }).stateful()
}

/// `-m set`
pub static SET_MATCH: Extension = Extension::new_match(
    "set",
    &[
        OptionSpec::new("match-set", "--match-set", ValueKind::Set).negatable().required(),
        OptionSpec::new("return-nomatch", "--return-nomatch", ValueKind::Flag),
        OptionSpec::new("update-counters", "--update-counters", ValueKind::Flag).only_negated(),
        OptionSpec::new("update-subcounters", "--update-subcounters", ValueKind::Flag).only_negated(),
        counter("packets-eq", "--packets-eq").negatable(),
        counter("packets-lt", "--packets-lt"),
        counter("packets-gt", "--packets-gt"),
        counter("bytes-eq", "--bytes-eq").negatable(),
        counter("bytes-lt", "--bytes-lt"),
        counter("bytes-gt", "--bytes-gt"),
    ],
    "whether the packet is in a set",
);

/// The longest time that an element stays, in seconds (ipset(8), section timeout).
pub(crate) const TIMEOUT_MAX_SECONDS: u64 = 2_147_483;

/// `-j SET`
pub static SET: Extension = Extension::new_target(
    "SET",
    Flow::Continues,
    &[
        OptionSpec::new("add", "--add-set", ValueKind::Set),
        OptionSpec::new("exist", "--exist", ValueKind::Flag),
        OptionSpec::new("timeout", "--timeout", ValueKind::Number { min: 0, max: TIMEOUT_MAX_SECONDS }),
        OptionSpec::new("del", "--del-set", ValueKind::Set),
        OptionSpec::new("map", "--map-set", ValueKind::Set),
        OptionSpec::new("map-mark", "--map-mark", ValueKind::Flag),
        OptionSpec::new("map-prio", "--map-prio", ValueKind::Flag),
        OptionSpec::new("map-queue", "--map-queue", ValueKind::Flag),
    ],
    "put the packet's addresses or ports into a set, take them out, or take marks from it",
);
