//! Matches that count: rates, lists of recent addresses, shares, quotas, connections.
//!
//! Source: iptables-extensions(8), sections limit, hashlimit, recent, quota, statistic, connlimit,
//! connbytes; for the limits, net/netfilter/xt_limit.c, xt_hashlimit.c and xt_recent.c of Linux.

use super::aspect::Aspects;
use super::extension::Extension;
use super::kind::{ValueKind, Word};
use super::option::{DefaultValue, OptionSpec, When};
use super::requirement::Requirement::{AtMostOneOf, Below, Needs, OneOf, Taken, WordNeeds};
use crate::model::{Rate, TimeUnit};

const U32_MAX: u64 = u32::MAX as u64;

const fn number(name: &'static str, flag: &'static str, min: u64, max: u64) -> OptionSpec {
    OptionSpec::new(name, flag, ValueKind::Number { min, max })
}

/// The number of packets that `limit` lets through at once if no burst is written.
pub const LIMIT_DEFAULT_BURST: u64 = 5;

/// The rate of `limit` if none is written, which is saved all the same: `3/hour`.
pub(crate) const LIMIT_DEFAULT_RATE: Rate = Rate { count: 3, per: TimeUnit::Hour };

/// `-m limit`
pub static LIMIT: Extension = Extension {
    stateful: true,
    requirements: &[Taken(&Needs("burst", &["limit"]))],
    ..Extension::new_match(
        "limit",
        &[
            OptionSpec::new("limit", "--limit", ValueKind::Rate)
                .positional()
                .or(DefaultValue::printed("3/hour")),
            number("burst", "--limit-burst", 1, 10_000).or(DefaultValue::Number(LIMIT_DEFAULT_BURST)),
        ],
        "a token bucket: matches until the rate is used up",
    )
};

/// What `hashlimit` keeps a bucket for each of, in the order in which it is saved.
static HASH_MODES: &[Word] =
    &[Word::plain("srcip"), Word::plain("srcport"), Word::plain("dstip"), Word::plain("dstport")];

/// The longest name of a `hashlimit` table: it is a file's name, and lowering adds five bytes.
const HASH_NAME_MAX_BYTES: usize = 64;

/// `-m hashlimit`. A table outlives the rules that made it, with its old parameters; so lowering
/// adds to the name what the parameters are.
pub static HASHLIMIT: Extension = Extension {
    stateful: true,
    requirements: &[OneOf(&["upto", "above"]), Taken(&Needs("rate-interval", &["rate-match"]))],
    ..Extension::new_match(
        "hashlimit",
        &[
            OptionSpec::new("upto", "--hashlimit-upto", ValueKind::HashRate)
                .also(&["--hashlimit"])
                .negatable(),
            OptionSpec::new("above", "--hashlimit-above", ValueKind::HashRate).negatable(),
            OptionSpec::new("burst", "--hashlimit-burst", ValueKind::HashBurst),
            OptionSpec::new("mode", "--hashlimit-mode", ValueKind::Words(HASH_MODES)),
            OptionSpec::new("name", "--hashlimit-name", ValueKind::Name { max_bytes: HASH_NAME_MAX_BYTES })
                .required()
                .by_name(),
            number("htable-size", "--hashlimit-htable-size", 0, U32_MAX).or(DefaultValue::Number(0)),
            number("htable-max", "--hashlimit-htable-max", 0, U32_MAX).or(DefaultValue::Number(0)),
            number("htable-gcinterval", "--hashlimit-htable-gcinterval", 1, U32_MAX)
                .or(DefaultValue::Number(1000)),
            number("htable-expire", "--hashlimit-htable-expire", 1, U32_MAX),
            OptionSpec::new("srcmask", "--hashlimit-srcmask", ValueKind::PrefixLength)
                .or(DefaultValue::FullPrefix),
            OptionSpec::new("dstmask", "--hashlimit-dstmask", ValueKind::PrefixLength)
                .or(DefaultValue::FullPrefix),
            OptionSpec::flag("rate-match", "--hashlimit-rate-match"),
            number("rate-interval", "--hashlimit-rate-interval", 1, 86_400).or(DefaultValue::Number(1)),
        ],
        "a rate for each address or port: matches until it is used up, or once it is",
    )
};

/// `-m recent`. A table outlives the rules that made it; its name is the user's.
pub static RECENT: Extension = Extension {
    stateful: true,
    requirements: &[
        OneOf(&["set", "rcheck", "update", "remove"]),
        Needs("seconds", &["rcheck", "update"]),
        Needs("reap", &["seconds"]),
        Needs("hitcount", &["rcheck", "update"]),
        Needs("rttl", &["rcheck", "update"]),
        AtMostOneOf(&["rsource", "rdest"]),
    ],
    ..Extension::new_match(
        "recent",
        &[
            OptionSpec::flag("set", "--set").negatable(),
            OptionSpec::flag("rcheck", "--rcheck").negatable(),
            OptionSpec::flag("update", "--update").negatable(),
            OptionSpec::flag("remove", "--remove").negatable(),
            // Saved as a negative number beyond.
            number("seconds", "--seconds", 1, U32_MAX),
            OptionSpec::flag("reap", "--reap"),
            // Kernels before 6.12 keep 255 at most.
            number("hitcount", "--hitcount", 0, 65_535).or(DefaultValue::Number(0)),
            OptionSpec::flag("rttl", "--rttl"),
            OptionSpec::new("name", "--name", ValueKind::Name { max_bytes: 199 })
                .or(DefaultValue::printed("DEFAULT")),
            OptionSpec::new("mask", "--mask", ValueKind::Host).or(DefaultValue::Printed {
                ipv4: "255.255.255.255",
                ipv6: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                when: When::Always,
            }),
            OptionSpec::flag("rsource", "--rsource").or(DefaultValue::Printed {
                ipv4: "",
                ipv6: "",
                when: When::Without("rdest"),
            }),
            OptionSpec::flag("rdest", "--rdest"),
        ],
        "a list of addresses that were seen: put the packet's into it, look for it, take it out",
    )
};

/// `-m quota`. Its count starts anew whenever the rules are replaced.
pub(super) static QUOTA: Extension = Extension {
    stateful: true,
    ..Extension::new_match(
        "quota",
        &[number("quota", "--quota", 0, u64::MAX).negatable().required()],
        "matches until so many bytes have passed",
    )
};

static STATISTIC_MODES: &[Word] = &[Word::plain("random"), Word::plain("nth")];

/// `-m statistic`
pub(super) static STATISTIC: Extension = Extension {
    stateful: true,
    requirements: &[
        AtMostOneOf(&["probability", "every"]),
        WordNeeds { option: "mode", word: "random", needs: "probability" },
        WordNeeds { option: "mode", word: "nth", needs: "every" },
        Needs("packet", &["every"]),
        Below { less: "packet", more: "every", or_equal: false, with: None },
    ],
    ..Extension::new_match(
        "statistic",
        &[
            OptionSpec::new("mode", "--mode", ValueKind::Word(STATISTIC_MODES)).required(),
            OptionSpec::new("probability", "--probability", ValueKind::Probability).negatable(),
            number("every", "--every", 1, U32_MAX).negatable(),
            number("packet", "--packet", 0, U32_MAX - 1).or(DefaultValue::Printed {
                ipv4: "0",
                ipv6: "0",
                when: When::With("every"),
            }),
        ],
        "a share of the packets: some by chance, or every so many",
    )
};

/// `-m connlimit`
pub static CONNLIMIT: Extension =
    Extension {
        reassembles: true,
        // It takes the connection into its count as it is asked.
        stateful: true,
        requirements: &[OneOf(&["upto", "above"]), AtMostOneOf(&["saddr", "daddr"])],
        ..Extension::new_match(
            "connlimit",
            &[
                number("upto", "--connlimit-upto", 0, U32_MAX).negatable(),
                number("above", "--connlimit-above", 0, U32_MAX).negatable(),
                OptionSpec::new("mask", "--connlimit-mask", ValueKind::PrefixLength)
                    .or(DefaultValue::Printed { ipv4: "32", ipv6: "128", when: When::Always }),
                OptionSpec::flag("saddr", "--connlimit-saddr").or(DefaultValue::Printed {
                    ipv4: "",
                    ipv6: "",
                    when: When::Without("daddr"),
                }),
                OptionSpec::flag("daddr", "--connlimit-daddr"),
            ],
            "how many connections the host or network has open",
        )
    };

static COUNTED: &[Word] = &[Word::plain("packets"), Word::plain("bytes"), Word::plain("avgpkt")];
static DIRECTIONS: &[Word] = &[Word::plain("original"), Word::plain("reply"), Word::plain("both")];

/// `-m connbytes`
pub(super) static CONNBYTES: Extension = Extension {
    reassembles: true,
    looks_at: Aspects::TRACKING,
    ..Extension::new_match(
        "connbytes",
        &[
            OptionSpec::new(
                "connbytes",
                "--connbytes",
                ValueKind::Span { max: u64::MAX, sign: ':', open: true, whole: true },
            )
            .negatable()
            .required(),
            OptionSpec::new("mode", "--connbytes-mode", ValueKind::Word(COUNTED)).required().by_name(),
            OptionSpec::new("dir", "--connbytes-dir", ValueKind::Word(DIRECTIONS)).required().by_name(),
        ],
        "how much the connection has carried; needs `net.netfilter.nf_conntrack_acct`",
    )
};
