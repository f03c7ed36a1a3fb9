//! Marks that are made of a hash, so that connections spread over routes.
//!
//! Source: iptables-extensions(8), section HMARK; for what goes together, net/netfilter/xt_HMARK.c of Linux.

use super::aspect::Aspects;
use super::extension::{Extension, Flow};
use super::kind::{ValueKind, Word};
use super::option::OptionSpec;
use super::requirement::Requirement::{AnyOf, AtMostOneOf};

/// What the hash may be made of. Lowering writes all but `ct` as masks of all bits.
static FIELDS: &[Word] = &[
    Word::plain("ct"),
    Word::plain("src"),
    Word::plain("dst"),
    Word::plain("sport"),
    Word::plain("dport"),
    Word::plain("proto"),
    Word::plain("spi"),
];

const U32_MAX: u64 = u32::MAX as u64;

const fn hex(name: &'static str, flag: &'static str, max: u64, digits: usize) -> OptionSpec {
    OptionSpec::new(name, flag, ValueKind::Hex { min: 0, max, digits })
}

const fn number(name: &'static str, flag: &'static str, min: u64) -> OptionSpec {
    OptionSpec::new(name, flag, ValueKind::Number { min, max: U32_MAX })
}

/// `-j HMARK`
pub static HMARK: Extension = Extension {
    changes: Aspects::MARK,
    looks_at: Aspects::TRACKING,
    requirements: &[
        AnyOf(&[
            "tuple",
            "src-prefix",
            "dst-prefix",
            "sport-mask",
            "dport-mask",
            "spi-mask",
            "sport",
            "dport",
            "spi",
            "proto-mask",
        ]),
        AtMostOneOf(&["spi-mask", "sport-mask"]),
        AtMostOneOf(&["spi-mask", "dport-mask"]),
        AtMostOneOf(&["spi", "sport"]),
        AtMostOneOf(&["spi", "dport"]),
    ],
    ..Extension::new_target(
        "HMARK",
        Flow::Continues,
        &[
            OptionSpec::new("src-prefix", "--hmark-src-prefix", ValueKind::PrefixLength),
            OptionSpec::new("dst-prefix", "--hmark-dst-prefix", ValueKind::PrefixLength),
            hex("sport-mask", "--hmark-sport-mask", 0xffff, 4),
            hex("dport-mask", "--hmark-dport-mask", 0xffff, 4),
            hex("spi-mask", "--hmark-spi-mask", U32_MAX, 8),
            hex("sport", "--hmark-sport", 0xffff, 4),
            hex("dport", "--hmark-dport", 0xffff, 4),
            hex("spi", "--hmark-spi", U32_MAX, 8),
            hex("proto-mask", "--hmark-proto-mask", 0xffff, 2),
            hex("rnd", "--hmark-rnd", U32_MAX, 8).required().by_name(),
            number("mod", "--hmark-mod", 1).required().by_name(),
            number("offset", "--hmark-offset", 0),
            OptionSpec::new("tuple", "--hmark-tuple", ValueKind::Words(FIELDS)).abbreviated(),
        ],
        "set the packet's mark to a hash of its addresses, ports or protocol",
    )
};
