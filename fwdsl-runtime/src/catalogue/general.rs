//! Matches of connection tracking, rates and comments.
//!
//! Source: iptables-extensions(8), sections conntrack, state, limit, comment; for the limits of
//! `limit`, net/netfilter/xt_limit.c of Linux.

use super::extension::{DefaultValue, Extension, Flow, Kind, OptionSpec, ValueKind, Word};
use crate::family::FamilySet;

/// The states of `conntrack --ctstate`, in the order in which `iptables-save` prints them.
pub static CT_STATES: &[Word] = &[
    Word::printed("invalid", "INVALID"),
    Word::printed("new", "NEW"),
    Word::printed("related", "RELATED"),
    Word::printed("established", "ESTABLISHED"),
    Word::printed("untracked", "UNTRACKED"),
    Word::printed("snat", "SNAT"),
    Word::printed("dnat", "DNAT"),
];

static STATES: &[Word] = &[
    Word::printed("invalid", "INVALID"),
    Word::printed("new", "NEW"),
    Word::printed("related", "RELATED"),
    Word::printed("established", "ESTABLISHED"),
    Word::printed("untracked", "UNTRACKED"),
];

const fn general(
    name: &'static str,
    stateful: bool,
    options: &'static [OptionSpec],
    about: &'static str,
) -> Extension {
    Extension {
        name,
        kind: Kind::Match,
        module: true,
        families: FamilySet::BOTH,
        tables: &[],
        not_in: &[],
        protocols: &[],
        stateful,
        flow: Flow::Continues,
        options,
        about,
    }
}

const fn required(name: &'static str, flag: &'static str, value: ValueKind, negatable: bool) -> OptionSpec {
    OptionSpec {
        name,
        flag,
        value,
        families: FamilySet::BOTH,
        negatable,
        required: true,
        positional: true,
        default: None,
    }
}

/// `-m conntrack`
pub static CONNTRACK: Extension = general(
    "conntrack",
    false,
    &[required("ctstate", "--ctstate", ValueKind::Words(CT_STATES), true)],
    "the state that connection tracking gives the packet",
);

/// `-m state`
pub static STATE: Extension = general(
    "state",
    false,
    &[required("state", "--state", ValueKind::Words(STATES), true)],
    "the older name of `conntrack`'s state match",
);

/// The number of packets that `limit` lets through at once if no burst is written.
pub const LIMIT_DEFAULT_BURST: u64 = 5;

/// `-m limit`
pub static LIMIT: Extension = general(
    "limit",
    true,
    &[
        required("limit", "--limit", ValueKind::Rate, false),
        OptionSpec {
            name: "burst",
            flag: "--limit-burst",
            value: ValueKind::Number { min: 1, max: 10_000 },
            families: FamilySet::BOTH,
            negatable: false,
            required: false,
            positional: false,
            default: Some(DefaultValue::Number(LIMIT_DEFAULT_BURST)),
        },
    ],
    "a token bucket: matches until the rate is used up",
);

/// `-m comment`
pub static COMMENT: Extension = general(
    "comment",
    false,
    &[required("comment", "--comment", ValueKind::Text { max_bytes: COMMENT_MAX_BYTES }, false)],
    "text for people; written as the rule's doc comment",
);

/// The longest comment, in bytes: `XT_MAX_COMMENT_LEN` is 256 with the closing NUL.
pub const COMMENT_MAX_BYTES: usize = 255;
