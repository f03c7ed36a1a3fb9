//! The segment routing header of IPv6.
//!
//! Source: iptables-extensions(8), section srh; RFC 8754.

use super::extension::Extension;
use super::headers::condition;
use super::kind::ValueKind;
use super::option::OptionSpec;
use super::requirement::Requirement::{AtMostOneOf, Taken};
use crate::family::FamilySet;

const BYTE: ValueKind = ValueKind::Number { min: 0, max: 255 };

const fn byte(name: &'static str, flag: &'static str) -> OptionSpec {
    OptionSpec::new(name, flag, BYTE).negatable()
}

const fn segment(name: &'static str, flag: &'static str) -> OptionSpec {
    OptionSpec::new(name, flag, ValueKind::Network { full_prefix: true, longest: 128 })
        .negatable()
        .union()
        .of(FamilySet::IPV6)
}

/// `-m srh`. Of two conditions on one field the kernel keeps one number.
pub(super) static SRH: Extension = Extension {
    families: FamilySet::IPV6,
    bare: true,
    requirements: &[
        Taken(&AtMostOneOf(&["hdr-len-eq", "hdr-len-gt", "hdr-len-lt"])),
        Taken(&AtMostOneOf(&["segs-left-eq", "segs-left-gt", "segs-left-lt"])),
        Taken(&AtMostOneOf(&["last-entry-eq", "last-entry-gt", "last-entry-lt"])),
    ],
    ..Extension::new_match(
        "srh",
        &[
            byte("next-hdr", "--srh-next-hdr"),
            byte("hdr-len-eq", "--srh-hdr-len-eq"),
            byte("hdr-len-gt", "--srh-hdr-len-gt"),
            byte("hdr-len-lt", "--srh-hdr-len-lt"),
            byte("segs-left-eq", "--srh-segs-left-eq"),
            byte("segs-left-gt", "--srh-segs-left-gt"),
            byte("segs-left-lt", "--srh-segs-left-lt"),
            byte("last-entry-eq", "--srh-last-entry-eq"),
            byte("last-entry-gt", "--srh-last-entry-gt"),
            byte("last-entry-lt", "--srh-last-entry-lt"),
            condition("tag", "--srh-tag", ValueKind::Number { min: 0, max: 65_535 }),
            segment("psid", "--srh-psid"),
            segment("nsid", "--srh-nsid"),
            segment("lsid", "--srh-lsid"),
        ],
        "a segment routing header: its fields, and the previous, next and last segment",
    )
};
