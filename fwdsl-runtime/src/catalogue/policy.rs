//! IPsec policies, which may be a list of transformations.
//!
//! Source: iptables-extensions(8), section policy.

use super::extension::Extension;
use super::kind::{MaskForm, ValueKind, Word};
use super::option::{DefaultValue, OptionSpec};
use super::origin::{ARRIVING, LEAVING};
use super::requirement::Requirement::{Needs, OnlyWithWord, Taken};
use crate::family::FamilySet;

static DIRECTIONS: &[Word] =
    &[Word { hooks: ARRIVING, ..Word::plain("in") }, Word { hooks: LEAVING, ..Word::plain("out") }];
static POLICIES: &[Word] = &[Word::plain("none"), Word::plain("ipsec")];
static MODES: &[Word] = &[Word::plain("transport"), Word::plain("tunnel")];
static PROTOCOLS: &[Word] = &[
    Word::of(FamilySet::BOTH, "esp", &["50"]),
    Word::of(FamilySet::BOTH, "ah", &["51"]),
    Word::of(FamilySet::BOTH, "ipcomp", &["comp", "108"]),
];

/// The options of one element, and the `next` that ends it.
macro_rules! element {
    ($number:literal: $reqid:literal $spi:literal $proto:literal $mode:literal $dst:literal $src:literal) => {
        [
            OptionSpec::new($reqid, "--reqid", ValueKind::Number { min: 0, max: u32::MAX as u64 })
                .negatable()
                .of_element($number),
            OptionSpec::new($spi, "--spi", ValueKind::Masked(MaskForm::None, &[]))
                .negatable()
                .of_element($number),
            OptionSpec::new($proto, "--proto", ValueKind::Word(PROTOCOLS)).negatable().of_element($number),
            OptionSpec::new($mode, "--mode", ValueKind::Word(MODES)).negatable().of_element($number),
            OptionSpec::new($dst, "--tunnel-dst", TUNNEL_END).negatable().of_element($number),
            OptionSpec::new($src, "--tunnel-src", TUNNEL_END).negatable().of_element($number),
        ]
    };
}

const TUNNEL_END: ValueKind = ValueKind::Network { full_prefix: false, longest: 128 };

const FIRST: &[&str] = &["reqid", "spi", "proto", "mode", "tunnel-dst", "tunnel-src"];
const SECOND: &[&str] = &["reqid-2", "spi-2", "proto-2", "mode-2", "tunnel-dst-2", "tunnel-src-2"];
const THIRD: &[&str] = &["reqid-3", "spi-3", "proto-3", "mode-3", "tunnel-dst-3", "tunnel-src-3"];
const FOURTH: &[&str] = &["reqid-4", "spi-4", "proto-4", "mode-4", "tunnel-dst-4", "tunnel-src-4"];

static OPTIONS: [OptionSpec; 30] = {
    let [reqid, spi, proto, mode, dst, src] =
        element!(1: "reqid" "spi" "proto" "mode" "tunnel-dst" "tunnel-src");
    let [reqid2, spi2, proto2, mode2, dst2, src2] =
        element!(2: "reqid-2" "spi-2" "proto-2" "mode-2" "tunnel-dst-2" "tunnel-src-2");
    let [reqid3, spi3, proto3, mode3, dst3, src3] =
        element!(3: "reqid-3" "spi-3" "proto-3" "mode-3" "tunnel-dst-3" "tunnel-src-3");
    let [reqid4, spi4, proto4, mode4, dst4, src4] =
        element!(4: "reqid-4" "spi-4" "proto-4" "mode-4" "tunnel-dst-4" "tunnel-src-4");
    [
        OptionSpec::new("dir", "--dir", ValueKind::Word(DIRECTIONS)).required().by_name(),
        OptionSpec::new("pol", "--pol", ValueKind::Word(POLICIES)).or(DefaultValue::printed("ipsec")),
        OptionSpec::flag("strict", "--strict"),
        reqid,
        spi,
        proto,
        mode,
        dst,
        src,
        OptionSpec::flag("next", "--next").of_element(1),
        reqid2,
        spi2,
        proto2,
        mode2,
        dst2,
        src2,
        OptionSpec::flag("next-2", "--next").of_element(2),
        reqid3,
        spi3,
        proto3,
        mode3,
        dst3,
        src3,
        OptionSpec::flag("next-3", "--next").of_element(3),
        reqid4,
        spi4,
        proto4,
        mode4,
        dst4,
        src4,
    ]
};

/// `-m policy`
pub static POLICY: Extension = Extension {
    requirements: &[
        OnlyWithWord { options: &["strict", "next"], with: "pol", word: "ipsec" },
        Taken(&OnlyWithWord { options: FIRST, with: "pol", word: "ipsec" }),
        Needs("strict", FIRST),
        Needs("next", &["strict"]),
        Needs("next", SECOND),
        Needs("next-2", &["next"]),
        Needs("next-2", THIRD),
        Needs("next-3", &["next-2"]),
        Needs("next-3", FOURTH),
        OnlyWithWord { options: &["tunnel-dst", "tunnel-src"], with: "mode", word: "tunnel" },
        OnlyWithWord { options: &["tunnel-dst-2", "tunnel-src-2"], with: "mode-2", word: "tunnel" },
        OnlyWithWord { options: &["tunnel-dst-3", "tunnel-src-3"], with: "mode-3", word: "tunnel" },
        OnlyWithWord { options: &["tunnel-dst-4", "tunnel-src-4"], with: "mode-4", word: "tunnel" },
        Needs("reqid-2", &["next"]),
        Needs("spi-2", &["next"]),
        Needs("proto-2", &["next"]),
        Needs("mode-2", &["next"]),
        Needs("reqid-3", &["next-2"]),
        Needs("spi-3", &["next-2"]),
        Needs("proto-3", &["next-2"]),
        Needs("mode-3", &["next-2"]),
        Needs("reqid-4", &["next-3"]),
        Needs("spi-4", &["next-3"]),
        Needs("proto-4", &["next-3"]),
        Needs("mode-4", &["next-3"]),
    ],
    ..Extension::new_match(
        "policy",
        &OPTIONS,
        "the IPsec policy by which the packet came or will go; `strict` compares each of its elements, which `next` separates",
    )
};
