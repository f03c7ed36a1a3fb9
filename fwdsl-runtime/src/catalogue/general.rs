//! Matches of connection tracking, rates and comments.
//!
//! Source: iptables-extensions(8), sections conntrack, state, limit, comment; for the limits of
//! `limit`, net/netfilter/xt_limit.c of Linux.

use super::extension::{DefaultValue, Extension, OptionSpec, ValueKind, Word};

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

/// `-m conntrack`
pub static CONNTRACK: Extension = Extension::new_match(
    "conntrack",
    &[OptionSpec::new("ctstate", "--ctstate", ValueKind::Words(CT_STATES)).negatable().required()],
    "the state that connection tracking gives the packet",
);

/// `-m state`
pub static STATE: Extension = Extension::new_match(
    "state",
    &[OptionSpec::new("state", "--state", ValueKind::Words(STATES)).negatable().required()],
    "the older name of `conntrack`'s state match",
);

/// The number of packets that `limit` lets through at once if no burst is written.
pub const LIMIT_DEFAULT_BURST: u64 = 5;

/// `-m limit`
pub static LIMIT: Extension = Extension {
    stateful: true,
    ..Extension::new_match(
        "limit",
        &[
            OptionSpec::new("limit", "--limit", ValueKind::Rate).required(),
            OptionSpec::new("burst", "--limit-burst", ValueKind::Number { min: 1, max: 10_000 })
                .or(DefaultValue::Number(LIMIT_DEFAULT_BURST)),
        ],
        "a token bucket: matches until the rate is used up",
    )
};

/// The longest comment, in bytes: `XT_MAX_COMMENT_LEN` is 256 with the closing NUL.
pub const COMMENT_MAX_BYTES: usize = 255;

/// `-m comment`
pub static COMMENT: Extension = Extension::new_match(
    "comment",
    &[OptionSpec::new("comment", "--comment", ValueKind::Text { max_bytes: COMMENT_MAX_BYTES }).required()],
    "text for people; written as the rule's doc comment",
);
