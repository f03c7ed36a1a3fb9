//! Matching sets, and changing them.
//!
//! Source: iptables-extensions(8), sections set and SET; for what goes together, iptables itself.

use super::aspect::Aspects;
use super::extension::{Extension, Flow};
use super::kind::ValueKind;
use super::option::OptionSpec;
use super::requirement::Requirement;
use crate::table::{Hook, HookSet};

const fn counter(name: &'static str, flag: &'static str) -> OptionSpec {
    OptionSpec::new(name, flag, ValueKind::Number { min: 0, max: u64::MAX }).stateful()
}

/// `-m set`
pub static SET_MATCH: Extension = Extension {
    requirements: &[
        Requirement::AtMostOneOf(&["packets-eq", "packets-lt", "packets-gt"]),
        Requirement::AtMostOneOf(&["bytes-eq", "bytes-lt", "bytes-gt"]),
    ],
    looks_at: Aspects::ADDRESSES.or(Aspects::MARK),
    ..Extension::new_match(
        "set",
        &[
            OptionSpec::new("match-set", "--match-set", ValueKind::Set)
                .also(&["--set"])
                .negatable()
                .required(),
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
    )
};

/// The longest time that an element stays, in seconds (ipset(8), section timeout).
pub(crate) const TIMEOUT_MAX_SECONDS: u64 = 2_147_483;

/// Where packets leave: only there the kernel takes a priority or a queue from a set.
const LEAVING: HookSet = HookSet::of(&[Hook::Forward, Hook::Output, Hook::Postrouting]);

/// `-j SET`
pub static SET: Extension = Extension {
    requirements: &[
        Requirement::AnyOf(&["add", "del", "map"]),
        Requirement::Needs("exist", &["add"]),
        Requirement::Needs("timeout", &["add"]),
        Requirement::Needs("map", &["map-mark", "map-prio", "map-queue"]),
        Requirement::Needs("map-mark", &["map"]),
        Requirement::Needs("map-prio", &["map"]),
        Requirement::Needs("map-queue", &["map"]),
    ],
    changes: Aspects::SETS.or(Aspects::MARK),
    ..Extension::new_target(
        "SET",
        Flow::Continues,
        &[
            OptionSpec::new("add", "--add-set", ValueKind::Set),
            OptionSpec::new("exist", "--exist", ValueKind::Flag),
            OptionSpec::new("timeout", "--timeout", ValueKind::Number { min: 0, max: u32::MAX as u64 - 1 }),
            OptionSpec::new("del", "--del-set", ValueKind::Set),
            OptionSpec::new("map", "--map-set", ValueKind::Set),
            OptionSpec::new("map-mark", "--map-mark", ValueKind::Flag),
            OptionSpec::flag("map-prio", "--map-prio").at(LEAVING),
            OptionSpec::flag("map-queue", "--map-queue").at(LEAVING),
        ],
        "put the packet's addresses or ports into a set, take them out, or take marks from it",
    )
};
