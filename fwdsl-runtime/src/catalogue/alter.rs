//! Targets that change the packet's headers and let it go on.
//!
//! Source: iptables-extensions(8), sections TCPMSS, TTL, HL, TCPOPTSTRIP, ECN, CHECKSUM.

use super::aspect::Aspects;
use super::extension::{Extension, Flow};
use super::kind::ValueKind;
use super::option::OptionSpec;
use super::requirement::Requirement::{AnyOf, AtMostOneOf, OneOf};
use super::transport::TCP_NUMBER;
use crate::family::FamilySet;
use crate::table::{Hook, HookSet, TableName};

/// `-j TCPMSS`
pub static TCPMSS: Extension = Extension {
    changes: Aspects::TCP_OPTIONS,
    protocols: &[TCP_NUMBER],
    syn: true,
    nft_anywhere: true,
    requirements: &[OneOf(&["set-mss", "clamp-mss-to-pmtu"])],
    ..Extension::new_target(
        "TCPMSS",
        Flow::Continues,
        &[
            OptionSpec::new("set-mss", "--set-mss", ValueKind::SegmentSize).alias(&["set"]).positional(),
            OptionSpec::flag("clamp-mss-to-pmtu", "--clamp-mss-to-pmtu").at(HookSet::of(&[
                Hook::Forward,
                Hook::Output,
                Hook::Postrouting,
            ])),
        ],
        "set the maximum segment size that a TCP SYN announces",
    )
};

const fn mangle(
    name: &'static str,
    families: FamilySet,
    options: &'static [OptionSpec],
    about: &'static str,
) -> Extension {
    Extension {
        families,
        tables: &[TableName::Mangle],
        ..Extension::new_target(name, Flow::Continues, options, about)
    }
}

const HOPS: ValueKind = ValueKind::Number { min: 0, max: 255 };
const STEP: ValueKind = ValueKind::Number { min: 1, max: 255 };

/// `-j TTL`
pub(super) static TTL: Extension = Extension {
    changes: Aspects::HOPS,
    requirements: &[OneOf(&["set", "dec", "inc"])],
    ..mangle(
        "TTL",
        FamilySet::IPV4,
        &[
            OptionSpec::new("set", "--ttl-set", HOPS),
            OptionSpec::new("dec", "--ttl-dec", STEP),
            OptionSpec::new("inc", "--ttl-inc", STEP),
        ],
        "set how many hops the packet may still go",
    )
};

/// `-j HL`
pub(super) static HL: Extension = Extension {
    changes: Aspects::HOPS,
    requirements: &[OneOf(&["set", "dec", "inc"])],
    ..mangle(
        "HL",
        FamilySet::IPV6,
        &[
            OptionSpec::new("set", "--hl-set", HOPS),
            OptionSpec::new("dec", "--hl-dec", STEP),
            OptionSpec::new("inc", "--hl-inc", STEP),
        ],
        "set how many hops the packet may still go",
    )
};

/// TCP options that iptables knows by name.
static TCP_OPTIONS: &[(&str, u64)] =
    &[("mss", 2), ("wscale", 3), ("sack-permitted", 4), ("sack", 5), ("timestamp", 8), ("md5", 19)];

/// `-j TCPOPTSTRIP`
pub static TCPOPTSTRIP: Extension = Extension {
    changes: Aspects::TCP_OPTIONS,
    protocols: &[TCP_NUMBER],
    ..mangle(
        "TCPOPTSTRIP",
        FamilySet::BOTH,
        &[OptionSpec::new(
            "strip-options",
            "--strip-options",
            ValueKind::Named { min: 2, max: 255, names: TCP_OPTIONS, hex: false },
        )
        .alias(&["strip"])
        .joined()
        .positional()],
        "take options out of the TCP header",
    )
};

const BIT: ValueKind = ValueKind::Number { min: 0, max: 1 };

/// `-j ECN`. Lowering writes both bits of TCP as `--ecn-tcp-remove` where nothing is set.
pub static ECN: Extension = Extension {
    changes: Aspects::SERVICE,
    requirements: &[
        AnyOf(&["tcp-remove", "tcp-ece", "tcp-cwr", "ip-ect"]),
        AtMostOneOf(&["tcp-remove", "tcp-ece"]),
        AtMostOneOf(&["tcp-remove", "tcp-cwr"]),
    ],
    ..mangle(
        "ECN",
        FamilySet::IPV4,
        &[
            OptionSpec::flag("tcp-remove", "--ecn-tcp-remove").over(&[TCP_NUMBER]),
            OptionSpec::new("tcp-ece", "--ecn-tcp-ece", BIT).over(&[TCP_NUMBER]),
            OptionSpec::new("tcp-cwr", "--ecn-tcp-cwr", BIT).over(&[TCP_NUMBER]),
            OptionSpec::new("ip-ect", "--ecn-ip-ect", ValueKind::Number { min: 0, max: 3 }),
        ],
        "clear or set the bits of explicit congestion notification",
    )
};

/// `-j CHECKSUM`
pub(super) static CHECKSUM: Extension = Extension {
    requirements: &[OneOf(&["fill"])],
    ..mangle(
        "CHECKSUM",
        FamilySet::BOTH,
        &[OptionSpec::flag("fill", "--checksum-fill")],
        "fill in a checksum that was left to the network card",
    )
};
