//! Headers that only IPv6 has.
//!
//! Source: iptables-extensions(8), sections ah, mh, frag, hbh, dst, rt, ipv6header.

use super::extension::Extension;
use super::headers::{U32, condition, span};
use super::kind::{ValueKind, Word};
use super::option::{DefaultValue, OptionSpec};
use super::requirement::Requirement::{AtMost, AtMostOneOf, Needs, OnlyWithNumber};
use crate::family::FamilySet;

/// IPv6's mobility header.
const MH_NUMBER: u8 = 135;

const fn ipv6(name: &'static str, options: &'static [OptionSpec], about: &'static str) -> Extension {
    Extension { families: FamilySet::IPV6, bare: true, ..Extension::new_match(name, options, about) }
}

const LENGTH: ValueKind = ValueKind::Number { min: 0, max: u32::MAX as u64 };

/// `-m ah` of IPv6, where the header is an extension header and `-p ah` never matches.
pub(super) static AH6: Extension = Extension {
    own_word: Some("ah6"),
    ..ipv6(
        "ah",
        &[
            condition("spi", "--ahspi", U32).alias(&["ahspi"]),
            // No length is looked for if it is 0.
            condition("len", "--ahlen", LENGTH).alias(&["ahlen"]).or(DefaultValue::Number(0)),
            OptionSpec::flag("res", "--ahres").alias(&["ahres"]),
        ],
        "an authentication header: its SPI, its length",
    )
};

/// The types of RFC 6275, as iptables names them.
static MOBILITY_TYPES: &[(&str, u64)] = &[
    ("binding-refresh-request", 0),
    ("brr", 0),
    ("home-test-init", 1),
    ("hoti", 1),
    ("careof-test-init", 2),
    ("coti", 2),
    ("home-test", 3),
    ("hot", 3),
    ("careof-test", 4),
    ("cot", 4),
    ("binding-update", 5),
    ("bu", 5),
    ("binding-acknowledgement", 6),
    ("ba", 6),
    ("binding-error", 7),
    ("be", 7),
];

/// `-m mh`
pub(super) static MH: Extension = Extension {
    protocols: &[MH_NUMBER],
    bare: false,
    ..ipv6(
        "mh",
        &[condition("type", "--mh-type", span(255)).named(MOBILITY_TYPES).positional()],
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
            condition("len", "--fraglen", LENGTH).alias(&["fraglen"]),
            OptionSpec::flag("res", "--fragres").alias(&["fragres"]),
            OptionSpec::flag("first", "--fragfirst").alias(&["fragfirst"]),
            OptionSpec::flag("more", "--fragmore").alias(&["fragmore"]),
            OptionSpec::flag("last", "--fraglast").alias(&["fraglast"]),
        ],
        "a fragment header",
    )
};

/// The most options of a header that are looked for (`IP6T_OPTS_OPTSNR`).
const HEADER_OPTIONS_MAX: usize = 16;

/// `-m hbh`
pub(super) static HBH: Extension = Extension {
    requirements: &[AtMost { option: "opts", values: HEADER_OPTIONS_MAX }],
    ..ipv6(
        "hbh",
        &[
            condition("len", "--hbh-len", LENGTH),
            OptionSpec::new("opts", "--hbh-opts", ValueKind::HeaderOption).joined(),
        ],
        "a header of hop-by-hop options: its length, and the options at its beginning in their order",
    )
};

/// `-m dst`
pub(super) static DST: Extension = Extension {
    requirements: &[AtMost { option: "opts", values: HEADER_OPTIONS_MAX }],
    ..ipv6(
        "dst",
        &[
            condition("len", "--dst-len", LENGTH),
            OptionSpec::new("opts", "--dst-opts", ValueKind::HeaderOption).joined(),
        ],
        "a header of destination options: its length, and the options at its beginning in their order",
    )
};

/// The most addresses of a routing header that are looked for (`IP6T_RT_HOPS`).
const HOPS_MAX: usize = 16;

/// `-m rt`. `res`, `addrs` and `not-strict` look into the header of type 0, which RFC 5095 ended.
pub(super) static RT: Extension = Extension {
    requirements: &[
        OnlyWithNumber { options: &["res", "addrs"], with: "type", number: 0 },
        Needs("not-strict", &["addrs"]),
        AtMost { option: "addrs", values: HOPS_MAX },
    ],
    ..ipv6(
        "rt",
        &[
            condition("type", "--rt-type", LENGTH),
            condition("segsleft", "--rt-segsleft", U32),
            condition("len", "--rt-len", LENGTH),
            OptionSpec::flag("res", "--rt-0-res"),
            OptionSpec::new("addrs", "--rt-0-addrs", ValueKind::Host).joined().of(FamilySet::IPV6),
            OptionSpec::flag("not-strict", "--rt-0-not-strict"),
        ],
        "a routing header",
    )
};

/// In the order in which `iptables-save` prints them.
static EXTENSION_HEADERS: &[Word] = &[
    Word::of(FamilySet::IPV6, "hop-by-hop", &["hop", "hopopt", "0"]),
    Word::of(FamilySet::IPV6, "ipv6-opts", &["dst", "60"]),
    Word::of(FamilySet::IPV6, "ipv6-route", &["route", "43"]),
    Word::of(FamilySet::IPV6, "ipv6-frag", &["frag", "44"]),
    Word::of(FamilySet::IPV6, "ah", &["auth", "51"]),
    Word::of(FamilySet::IPV6, "esp", &["50"]),
    Word::of(FamilySet::IPV6, "ipv6-nonxt", &["none", "59"]),
    Word::of(FamilySet::IPV6, "protocol", &["prot", "255"]),
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
