//! Targets.
//!
//! Source: iptables(8), section TARGETS; iptables-extensions(8), sections REJECT and LOG.

use super::extension::{Extension, Flow};
use super::kind::{ValueKind, Word};
use super::option::{DefaultValue, OptionSpec, When};
use super::transport::TCP_NUMBER;
use crate::family::FamilySet;
use crate::table::TableName;

/// `-j ACCEPT`
pub static ACCEPT: Extension = Extension::new_target("ACCEPT", Flow::Ends, &[], "let the packet through");

/// `-j DROP`
pub static DROP: Extension = Extension {
    not_in: &[TableName::Nat],
    ..Extension::new_target("DROP", Flow::Ends, &[], "throw the packet away without an answer")
};

/// `-j RETURN`
pub static RETURN: Extension = Extension::new_target(
    "RETURN",
    Flow::Ends,
    &[],
    "go back to the calling chain; in a built-in chain, its policy",
);

/// The answers of `REJECT`; the first of each family's own is not the default, `port-unreachable` is.
static REJECT_WITH: &[Word] = &[
    Word::of(FamilySet::IPV4, "icmp-net-unreachable", &["net-unreach"]),
    Word::of(FamilySet::IPV4, "icmp-host-unreachable", &["host-unreach"]),
    Word::of(FamilySet::IPV4, "icmp-proto-unreachable", &["proto-unreach"]),
    Word::of(FamilySet::IPV4, "icmp-port-unreachable", &["port-unreach"]),
    Word::of(FamilySet::IPV4, "icmp-net-prohibited", &["net-prohib"]),
    Word::of(FamilySet::IPV4, "icmp-host-prohibited", &["host-prohib"]),
    Word::of(FamilySet::IPV4, "icmp-admin-prohibited", &["admin-prohib"]),
    Word::of(FamilySet::IPV6, "icmp6-no-route", &["no-route"]),
    Word::of(FamilySet::IPV6, "icmp6-adm-prohibited", &["adm-prohibited"]),
    Word::of(FamilySet::IPV6, "icmp6-addr-unreachable", &["addr-unreach"]),
    Word::of(FamilySet::IPV6, "icmp6-port-unreachable", &["port-unreach"]),
    Word::of(FamilySet::IPV6, "icmp6-policy-fail", &["policy-fail"]),
    Word::of(FamilySet::IPV6, "icmp6-reject-route", &["reject-route"]),
    Word { protocols: &[TCP_NUMBER], ..Word::of(FamilySet::BOTH, "tcp-reset", &["tcp-rst"]) },
];

/// `-j REJECT`
pub static REJECT: Extension = Extension {
    tables: &[TableName::Filter],
    ..Extension::new_target(
        "REJECT",
        Flow::Ends,
        &[OptionSpec::new("with", "--reject-with", ValueKind::Word(REJECT_WITH))
            .abbreviated()
            .positional()
            .or(DefaultValue::Printed {
                ipv4: "icmp-port-unreachable",
                ipv6: "icmp6-port-unreachable",
                when: When::Always,
            })],
        "drop the packet and tell its sender",
    )
};

/// The longest log prefix, in bytes; iptables cuts a longer one without a word.
pub const LOG_PREFIX_MAX_BYTES: usize = 29;

/// The levels of syslog(3), each at its number.
static LOG_LEVELS: &[Word] = &[
    Word::of(FamilySet::BOTH, "emerg", &["panic"]),
    Word::plain("alert"),
    Word::plain("crit"),
    Word::of(FamilySet::BOTH, "err", &["error"]),
    Word::of(FamilySet::BOTH, "warning", &["warn"]),
    Word::plain("notice"),
    Word::plain("info"),
    Word::plain("debug"),
];

/// `-j LOG`
pub static LOG: Extension = Extension::new_target(
    "LOG",
    Flow::Continues,
    &[
        OptionSpec::new("prefix", "--log-prefix", ValueKind::Text { max_bytes: LOG_PREFIX_MAX_BYTES })
            .positional(),
        OptionSpec::new("level", "--log-level", ValueKind::NamedNumber(LOG_LEVELS))
            .or(DefaultValue::Number(4)),
        OptionSpec::new("tcp-sequence", "--log-tcp-sequence", ValueKind::Flag),
        OptionSpec::new("tcp-options", "--log-tcp-options", ValueKind::Flag),
        OptionSpec::new("ip-options", "--log-ip-options", ValueKind::Flag),
        OptionSpec::new("uid", "--log-uid", ValueKind::Flag),
        OptionSpec::new("macdecode", "--log-macdecode", ValueKind::Flag),
    ],
    "write the packet's headers to the kernel log and go on",
);
