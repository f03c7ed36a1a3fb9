//! Fields of the packet's headers.
//!
//! Source: iptables-extensions(8), sections length, ttl, hl, tcpmss, ecn, ah, esp, dccp, ipcomp.

use super::aspect::Aspects;
use super::extension::Extension;
use super::kind::{ValueKind, Word};
use super::option::{DefaultValue, OptionSpec};
use super::requirement::Requirement::{AnyOf, OneOf};
use super::transport::{DCCP_NUMBER, TCP_NUMBER, destination_port, source_port};
use crate::family::FamilySet;

/// IPsec's Encapsulating Security Payload.
const ESP_NUMBER: u8 = 50;
/// IPsec's Authentication Header.
const AH_NUMBER: u8 = 51;
/// IP Payload Compression.
const IPCOMP_NUMBER: u8 = 108;

pub(super) const fn span(max: u64) -> ValueKind {
    ValueKind::Span { max, sign: ':', open: false, whole: false }
}

pub(super) const U32: ValueKind = span(u32::MAX as u64);

pub(super) const fn condition(name: &'static str, flag: &'static str, value: ValueKind) -> OptionSpec {
    OptionSpec::new(name, flag, value).negatable().union()
}

/// `-m length`
pub static LENGTH: Extension = Extension {
    looks_at: Aspects::TCP_OPTIONS,
    ..Extension::new_match(
        "length",
        &[condition("length", "--length", span(65_535)).required()],
        "the packet's length in bytes, the IP header included",
    )
};

const HOPS: ValueKind = ValueKind::Number { min: 0, max: 255 };

/// `-m ttl`
pub(super) static TTL_MATCH: Extension = Extension {
    looks_at: Aspects::HOPS,
    families: FamilySet::IPV4,
    requirements: &[OneOf(&["eq", "lt", "gt"])],
    ..Extension::new_match(
        "ttl",
        &[
            condition("eq", "--ttl-eq", HOPS).also(&["--ttl"]).positional(),
            OptionSpec::new("lt", "--ttl-lt", HOPS),
            OptionSpec::new("gt", "--ttl-gt", HOPS),
        ],
        "how many hops the packet may still go",
    )
};

/// `-m hl`
pub(super) static HL_MATCH: Extension = Extension {
    looks_at: Aspects::HOPS,
    families: FamilySet::IPV6,
    requirements: &[OneOf(&["eq", "lt", "gt"])],
    ..Extension::new_match(
        "hl",
        &[
            condition("eq", "--hl-eq", HOPS).also(&["--hl"]).positional(),
            OptionSpec::new("lt", "--hl-lt", HOPS),
            OptionSpec::new("gt", "--hl-gt", HOPS),
        ],
        "how many hops the packet may still go",
    )
};

/// `-m tcpmss`
pub(super) static TCPMSS_MATCH: Extension = Extension {
    looks_at: Aspects::TCP_OPTIONS,
    protocols: &[TCP_NUMBER],
    ..Extension::new_match(
        "tcpmss",
        &[condition("mss", "--mss", ValueKind::Span { max: 65_535, sign: ':', open: false, whole: true })
            .required()],
        "the maximum segment size that a TCP SYN announces",
    )
};

/// `-m ecn`
pub(super) static ECN_MATCH: Extension = Extension {
    looks_at: Aspects::SERVICE,
    requirements: &[AnyOf(&["tcp-cwr", "tcp-ece", "ip-ect"])],
    ..Extension::new_match(
        "ecn",
        &[
            OptionSpec::flag("tcp-ece", "--ecn-tcp-ece").negatable().over(&[TCP_NUMBER]),
            OptionSpec::flag("tcp-cwr", "--ecn-tcp-cwr").negatable().over(&[TCP_NUMBER]),
            condition("ip-ect", "--ecn-ip-ect", ValueKind::Number { min: 0, max: 3 }),
        ],
        "the bits of explicit congestion notification (RFC 3168)",
    )
};

/// `-m ah`, of IPv4.
pub(super) static AH: Extension = Extension {
    families: FamilySet::IPV4,
    protocols: &[AH_NUMBER],
    ..Extension::new_match(
        "ah",
        &[condition("spi", "--ahspi", U32).alias(&["ahspi"]).positional()],
        "AH's SPI",
    )
};

/// `-m esp`
pub(super) static ESP: Extension = Extension {
    protocols: &[ESP_NUMBER],
    ..Extension::new_match(
        "esp",
        &[condition("spi", "--espspi", U32).alias(&["espspi"]).positional()],
        "ESP's SPI",
    )
};

/// `-m ipcomp`. Without `spi` it looks for SPI 0, and is saved so.
pub(super) static IPCOMP: Extension = Extension {
    protocols: &[IPCOMP_NUMBER],
    ..Extension::new_match(
        "ipcomp",
        &[
            condition("spi", "--ipcompspi", U32)
                .alias(&["ipcompspi"])
                .positional()
                .or(DefaultValue::printed("0")),
            OptionSpec::flag("res", "--compres").alias(&["compres"]),
        ],
        "IPComp's SPI",
    )
};

static DCCP_TYPES: &[Word] = &[
    Word::printed("request", "REQUEST"),
    Word::printed("response", "RESPONSE"),
    Word::printed("data", "DATA"),
    Word::printed("ack", "ACK"),
    Word::printed("dataack", "DATAACK"),
    Word::printed("closereq", "CLOSEREQ"),
    Word::printed("close", "CLOSE"),
    Word::printed("reset", "RESET"),
    Word::printed("sync", "SYNC"),
    Word::printed("syncack", "SYNCACK"),
    Word::printed("invalid", "INVALID"),
];

/// `-m dccp`
pub static DCCP: Extension = Extension {
    protocols: &[DCCP_NUMBER],
    ..Extension::new_match(
        "dccp",
        &[
            source_port(),
            destination_port(),
            OptionSpec::new("types", "--dccp-types", ValueKind::Words(DCCP_TYPES)).negatable(),
            condition("option", "--dccp-option", ValueKind::Number { min: 1, max: 255 }),
        ],
        "DCCP ports, packet types and options",
    )
};
