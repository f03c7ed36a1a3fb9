//! Targets that hand packets, or word of them, to somebody else.
//!
//! Source: iptables-extensions(8), sections NFLOG, NFQUEUE, TEE, TRACE, AUDIT, SYNPROXY, TPROXY.

use super::extension::{Extension, Flow};
use super::kind::{MaskForm, ValueKind, Word};
use super::option::{DefaultValue, OptionSpec, When};
use super::requirement::Requirement::{AtMostOneOf, Needs, Wide};
use super::transport::{TCP_NUMBER, UDP_NUMBER};
use crate::table::{Hook, HookSet, TableName};

/// The longest prefix that legacy keeps; nft would take 127.
const NFLOG_PREFIX_MAX_BYTES: usize = 63;

/// `-j NFLOG`
pub(super) static NFLOG: Extension = Extension {
    requirements: &[AtMostOneOf(&["range", "size"])],
    ..Extension::new_target(
        "NFLOG",
        Flow::Continues,
        &[
            OptionSpec::new(
                "prefix",
                "--nflog-prefix",
                ValueKind::Text { max_bytes: NFLOG_PREFIX_MAX_BYTES },
            )
            .positional(),
            OptionSpec::new("group", "--nflog-group", ValueKind::Number { min: 0, max: 65_535 })
                .or(DefaultValue::Number(0)),
            OptionSpec::new("range", "--nflog-range", ValueKind::Number { min: 0, max: u32::MAX as u64 })
                .or(DefaultValue::Number(0))
                .legacy_only(),
            OptionSpec::new("size", "--nflog-size", ValueKind::Number { min: 0, max: u32::MAX as u64 }),
            OptionSpec::new("threshold", "--nflog-threshold", ValueKind::Number { min: 0, max: 65_535 })
                .or(DefaultValue::Number(0)),
        ],
        "hand the packet to a logging program and go on",
    )
};

/// `-j NFQUEUE`
pub static NFQUEUE: Extension = Extension {
    requirements: &[
        AtMostOneOf(&["num", "balance"]),
        Needs("cpu-fanout", &["balance"]),
        Wide { option: "balance", most: 65_535 },
    ],
    ..Extension::new_target(
        "NFQUEUE",
        Flow::Ends,
        &[
            OptionSpec::new("num", "--queue-num", ValueKind::Number { min: 0, max: 65_535 })
                .alias(&["queue-num"])
                .positional()
                .or(DefaultValue::Printed { ipv4: "0", ipv6: "0", when: When::Without("balance") }),
            OptionSpec::new(
                "balance",
                "--queue-balance",
                ValueKind::Span { max: 65_535, sign: ':', open: false, whole: false },
            )
            .alias(&["queue-balance"]),
            OptionSpec::flag("bypass", "--queue-bypass").alias(&["queue-bypass"]),
            OptionSpec::flag("cpu-fanout", "--queue-cpu-fanout").alias(&["queue-cpu-fanout"]),
        ],
        "let a program decide",
    )
};

/// `-j TEE`
pub static TEE: Extension = Extension::new_target(
    "TEE",
    Flow::Continues,
    &[
        OptionSpec::new("gateway", "--gateway", ValueKind::Host).required(),
        OptionSpec { list: super::option::List::No, ..OptionSpec::new("oif", "--oif", ValueKind::Interface) },
    ],
    "send a copy of the packet to another host",
);

/// `-j TRACE`. Legacy takes it in `raw` alone.
pub(super) static TRACE: Extension = Extension {
    tables: &[TableName::Raw],
    nft_anywhere: true,
    ..Extension::new_target("TRACE", Flow::Continues, &[], "report every rule that the packet comes to")
};

static AUDIT_TYPES: &[Word] = &[Word::plain("accept"), Word::plain("drop"), Word::plain("reject")];

/// `-j AUDIT`
pub(super) static AUDIT: Extension = Extension::new_target(
    "AUDIT",
    Flow::Continues,
    &[OptionSpec::new("type", "--type", ValueKind::Word(AUDIT_TYPES)).required()],
    "write an audit record and go on",
);

/// `-j SYNPROXY`. It takes SYN and the ACK that answers its own SYN, and lets all else go on.
pub static SYNPROXY: Extension = Extension {
    reassembles: true,
    hooks: HookSet::of(&[Hook::Input, Hook::Forward]),
    protocols: &[TCP_NUMBER],
    ..Extension::new_target(
        "SYNPROXY",
        Flow::MayEnd,
        &[
            OptionSpec::flag("sack-perm", "--sack-perm"),
            OptionSpec::flag("timestamp", "--timestamp"),
            OptionSpec::new("wscale", "--wscale", ValueKind::Number { min: 0, max: 255 }),
            OptionSpec::new("mss", "--mss", ValueKind::Number { min: 0, max: 65_535 }),
            OptionSpec::flag("ecn", "--ecn"),
        ],
        "finish the TCP handshake in the server's place, against floods of SYN",
    )
};

/// `-j TPROXY`
pub static TPROXY: Extension = Extension {
    reassembles: true,
    tables: &[TableName::Mangle],
    hooks: HookSet::of(&[Hook::Prerouting]),
    protocols: &[TCP_NUMBER, UDP_NUMBER],
    ..Extension::new_target(
        "TPROXY",
        Flow::Ends,
        &[
            OptionSpec::new("on-port", "--on-port", ValueKind::PortNumber).required(),
            OptionSpec::new("on-ip", "--on-ip", ValueKind::Host).or(DefaultValue::Printed {
                ipv4: "0.0.0.0",
                ipv6: "::",
                when: When::Always,
            }),
            OptionSpec::new("mark", "--tproxy-mark", ValueKind::Masked(MaskForm::Long, &[]))
                .or(DefaultValue::printed("0x0/0x0")),
        ],
        "hand the packet to a socket of this host without changing it",
    )
};
