//! Targets of the legacy variant alone, from older kernels.
//!
//! Source: iptables-extensions(8), sections CLUSTERIP, ULOG; for QUEUE, iptables itself.

use super::extension::{Extension, Flow};
use super::kind::{ValueKind, Word};
use super::option::{DefaultValue, OptionSpec};
use super::requirement::Requirement::Needs;
use crate::family::FamilySet;
use crate::table::{Hook, HookSet};

/// `-j QUEUE`: what `NFQUEUE` is for queue 0.
pub static QUEUE: Extension = Extension {
    legacy_only: true,
    ..Extension::new_target(
        "QUEUE",
        Flow::Ends,
        &[],
        "let a program at queue 0 decide; `nfqueue` is its successor",
    )
};

/// The longest prefix of `ULOG`: `ULOG_PREFIX_LEN` is 32 with the closing NUL.
const ULOG_PREFIX_MAX_BYTES: usize = 31;

/// `-j ULOG`. Linux had it until 3.16.
pub(super) static ULOG: Extension = Extension {
    legacy_only: true,
    families: FamilySet::IPV4,
    ..Extension::new_target(
        "ULOG",
        Flow::Continues,
        &[
            OptionSpec::new("prefix", "--ulog-prefix", ValueKind::Text { max_bytes: ULOG_PREFIX_MAX_BYTES })
                .positional(),
            OptionSpec::new("nlgroup", "--ulog-nlgroup", ValueKind::Number { min: 1, max: 32 })
                .or(DefaultValue::Number(1)),
            OptionSpec::new("cprange", "--ulog-cprange", ValueKind::Number { min: 0, max: u32::MAX as u64 })
                .or(DefaultValue::Number(0)),
            OptionSpec::new("qthreshold", "--ulog-qthreshold", ValueKind::Number { min: 1, max: 50 })
                .or(DefaultValue::Number(1)),
        ],
        "hand the packet to a logging program and go on; `nflog` is its successor",
    )
};

static HASH_MODES: &[Word] = &[
    Word::plain("sourceip"),
    Word::plain("sourceip-sourceport"),
    Word::plain("sourceip-sourceport-destport"),
];

/// The most nodes of a cluster (`CLUSTERIP_MAX_NODES`).
const NODES_MAX: u64 = 16;

const fn node(name: &'static str, flag: &'static str) -> OptionSpec {
    OptionSpec::new(name, flag, ValueKind::Number { min: 1, max: NODES_MAX })
}

/// `-j CLUSTERIP`. Linux had it until 6.2. A rule without options belongs to a cluster that another rule makes.
pub static CLUSTERIP: Extension = Extension {
    reassembles: true,
    legacy_only: true,
    families: FamilySet::IPV4,
    hooks: HookSet::of(&[Hook::Input]),
    requirements: &[
        Needs("new", &["hashmode"]),
        Needs("new", &["clustermac"]),
        Needs("new", &["total-nodes"]),
        Needs("new", &["local-node"]),
        Needs("hashmode", &["new"]),
        Needs("clustermac", &["new"]),
        Needs("total-nodes", &["new"]),
        Needs("local-node", &["new"]),
        Needs("hash-init", &["new"]),
    ],
    ..Extension::new_target(
        "CLUSTERIP",
        Flow::Continues,
        &[
            OptionSpec::flag("new", "--new"),
            OptionSpec::new("hashmode", "--hashmode", ValueKind::Word(HASH_MODES)),
            OptionSpec::new("clustermac", "--clustermac", ValueKind::Mac),
            node("total-nodes", "--total-nodes"),
            node("local-node", "--local-node"),
            OptionSpec::new("hash-init", "--hash-init", ValueKind::Number { min: 0, max: u32::MAX as u64 })
                .or(DefaultValue::Printed { ipv4: "0", ipv6: "0", when: super::option::When::With("new") }),
        ],
        "share one address with other hosts; the match `cluster` is its successor",
    )
};
