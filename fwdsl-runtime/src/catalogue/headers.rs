//! Fields of the packet's headers.
//!
//! Source: iptables-extensions(8), sections length, ttl, hl, tcpmss, ecn, ah, esp, dccp, ipcomp, mh,
//! frag, hbh, dst, rt, ipv6header.

use super::aspect::Aspects;
use super::extension::Extension;
use super::kind::{ValueKind, Word};
use super::option::OptionSpec;
use super::requirement::Requirement::{AnyOf, AtMostOneOf, OneOf};
use super::transport::{DCCP_NUMBER, TCP_NUMBER};
use crate::family::FamilySet;

/// IPsec's Encapsulating Security Payload.
const ESP_NUMBER: u8 = 50;
/// IPsec's Authentication Header.
const AH_NUMBER: u8 = 51;
/// IP Payload Compression.
const IPCOMP_NUMBER: u8 = 108;
/// IPv6's mobility header.
const MH_NUMBER: u8 = 135;

const fn span(max: u64) -> ValueKind {
    ValueKind::Span { max, sign: ':', open: false, whole: false }
}

const U32: ValueKind = span(u32::MAX as u64);

const fn condition(name: &'static str, flag: &'static str, value: ValueKind) -> OptionSpec {
    OptionSpec::new(name, flag, value).negatable().union()
}

/// `-m length`
pub(super) static LENGTH: Extension = Extension {
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
            OptionSpec::flag("tcp-cwr", "--ecn-tcp-cwr").negatable().over(&[TCP_NUMBER]),
            OptionSpec::flag("tcp-ece", "--ecn-tcp-ece").negatable().over(&[TCP_NUMBER]),
            condition("ip-ect", "--ecn-ip-ect", ValueKind::Number { min: 0, max: 3 }),
        ],
        "the bits of explicit congestion notification (RFC 3168)",
    )
};

/// `-m ah`, of IPv4. In IPv6 the header is found by `ipv6header(ah)`.
pub(super) static AH: Extension = Extension {
    families: FamilySet::IPV4,
    protocols: &[AH_NUMBER],
    ..Extension::new_match("ah", &[condition("spi", "--ahspi", U32).alias(&["ahspi"]).required()], "AH's SPI")
};

/// `-m esp`
pub(super) static ESP: Extension = Extension {
    protocols: &[ESP_NUMBER],
    ..Extension::new_match(
        "esp",
        &[condition("spi", "--espspi", U32).alias(&["espspi"]).required()],
        "ESP's SPI",
    )
};

/// `-m ipcomp`
pub(super) static IPCOMP: Extension = Extension {
    protocols: &[IPCOMP_NUMBER],
    ..Extension::new_match(
        "ipcomp",
        &[condition("spi", "--ipcompspi", span(65_535)).alias(&["ipcompspi"]).required()],
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

/// `-m dccp`. Its ports are `dport` and `sport`, as for every protocol that has them.
pub(super) static DCCP: Extension = Extension {
    protocols: &[DCCP_NUMBER],
    requirements: &[AnyOf(&["types", "option"])],
    ..Extension::new_match(
        "dccp",
        &[
            OptionSpec::new("types", "--dccp-types", ValueKind::Words(DCCP_TYPES)).negatable(),
            condition("option", "--dccp-option", ValueKind::Number { min: 1, max: 255 }),
        ],
        "DCCP packet types and options",
    )
};

const fn ipv6(name: &'static str, options: &'static [OptionSpec], about: &'static str) -> Extension {
    Extension { families: FamilySet::IPV6, bare: true, ..Extension::new_match(name, options, about) }
}

/// `-m mh`
pub(super) static MH: Extension = Extension {
    protocols: &[MH_NUMBER],
    bare: false,
    ..ipv6(
        "mh",
        &[condition("type", "--mh-type", span(255)).required()],
        "the type of a mobility header (RFC 6275)",
    )
};

/// `-m frag`
pub(super) static FRAG: Extension = Extension {
    requirements: &[AtMostOneOf(&["more", "last"])],
    ..ipv6(
        "frag",
        &[
            condition("id", "--fragid", U32).alias(&["fragid"]),
            condition("len", "--fraglen", ValueKind::Number { min: 0, max: u32::MAX as u64 })
                .alias(&["fraglen"]),
            OptionSpec::flag("res", "--fragres").alias(&["fragres"]),
            OptionSpec::flag("first", "--fragfirst").alias(&["fragfirst"]),
            OptionSpec::flag("more", "--fragmore").alias(&["fragmore"]),
            OptionSpec::flag("last", "--fraglast").alias(&["fraglast"]),
        ],
        "a fragment header",
    )
};

const LENGTH_OF_HEADER: ValueKind = ValueKind::Number { min: 0, max: u32::MAX as u64 };

/// `-m hbh`, but for `hbh-opts`.
pub(super) static HBH: Extension =
    ipv6("hbh", &[condition("len", "--hbh-len", LENGTH_OF_HEADER)], "a header of hop-by-hop options");

/// `-m dst`, but for `dst-opts`.
pub(super) static DST: Extension =
    ipv6("dst", &[condition("len", "--dst-len", LENGTH_OF_HEADER)], "a header of destination options");

/// `-m rt`, but for `rt-0-res`, `rt-0-addrs` and `rt-0-not-strict` of the header that RFC 5095 ended.
pub(super) static RT: Extension = ipv6(
    "rt",
    &[
        condition("type", "--rt-type", ValueKind::Number { min: 0, max: u32::MAX as u64 }),
        condition("segsleft", "--rt-segsleft", U32),
        condition("len", "--rt-len", LENGTH_OF_HEADER),
    ],
    "a routing header",
);

/// In the order in which `iptables-save` prints them.
static EXTENSION_HEADERS: &[Word] = &[
    Word::of(FamilySet::IPV6, "hop-by-hop", &["hop"]),
    Word::of(FamilySet::IPV6, "ipv6-opts", &["dst"]),
    Word::of(FamilySet::IPV6, "ipv6-route", &["route"]),
    Word::of(FamilySet::IPV6, "ipv6-frag", &["frag"]),
    Word::of(FamilySet::IPV6, "ah", &["auth"]),
    Word::of(FamilySet::IPV6, "esp", &[]),
    Word::of(FamilySet::IPV6, "ipv6-nonxt", &["none"]),
    Word::of(FamilySet::IPV6, "protocol", &["prot"]),
];

/// `-m ipv6header`. A list is not a union here: the packet has all of these headers.
pub(super) static IPV6HEADER: Extension = Extension {
    families: FamilySet::IPV6,
    ..Extension::new_match(
        "ipv6header",
        &[
            OptionSpec::new("header", "--header", ValueKind::Words(EXTENSION_HEADERS)).negatable().required(),
            OptionSpec::flag("soft", "--soft"),
        ],
        "exactly these extension headers; with `soft`, these and perhaps others",
    )
};
