//! Marks: bits that the kernel keeps beside a packet, a connection or a route, and the two that
//! the packet itself carries, DSCP and TOS.
//!
//! Source: iptables-extensions(8), sections mark, connmark, realm, dscp, tos, MARK, CONNMARK, DSCP,
//! TOS, CLASSIFY.

use super::aspect::Aspects;
use super::extension::{Extension, Flow};
use super::kind::{MaskForm, ValueKind};
use super::option::{DefaultValue, OptionSpec};
use super::requirement::Requirement::{AtMostOneOf, OneOf};
use crate::family::FamilySet;
use crate::table::{Hook, HookSet, TableName};

const SHORT: ValueKind = ValueKind::Masked(MaskForm::Short, &[]);
const LONG: ValueKind = ValueKind::Masked(MaskForm::Long, &[]);
const BITS: ValueKind = ValueKind::Masked(MaskForm::None, &[]);

/// `-m mark`
pub static MARK_MATCH: Extension = Extension {
    looks_at: Aspects::MARK,
    ..Extension::new_match(
        "mark",
        &[OptionSpec::new("mark", "--mark", SHORT).negatable().union().required()],
        "the packet's mark, as far as the mask says",
    )
};

/// `-m connmark`
pub static CONNMARK_MATCH: Extension = Extension {
    reassembles: true,
    looks_at: Aspects::CONNMARK.or(Aspects::TRACKING),
    ..Extension::new_match(
        "connmark",
        &[OptionSpec::new("mark", "--mark", SHORT).negatable().union().required()],
        "the connection's mark, as far as the mask says",
    )
};

/// `-m realm`. Realm 0 is saved by its name in `/etc/iproute2/rt_realms`; the checks refuse it.
pub(super) static REALM: Extension = Extension {
    families: FamilySet::IPV4,
    hooks: HookSet::of(&[Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting]),
    ..Extension::new_match(
        "realm",
        &[OptionSpec::new("realm", "--realm", ValueKind::Masked(MaskForm::NamedZero, &[("cosmos", 0)]))
            .negatable()
            .union()
            .required()],
        "the realm that routing gave the packet",
    )
};

const fn set_forms(print: &'static str) -> [OptionSpec; 5] {
    [
        OptionSpec::new("set-xmark", print, LONG).alias(&["xset", "xmark"]),
        OptionSpec::new("set", print, LONG).alias(&["set-mark"]).also(&["--set-mark"]),
        OptionSpec::new("and", print, BITS).alias(&["and-mark"]).also(&["--and-mark"]),
        OptionSpec::new("or", print, BITS).alias(&["or-mark"]).also(&["--or-mark"]),
        OptionSpec::new("xor", print, BITS).alias(&["xor-mark"]).also(&["--xor-mark"]),
    ]
}

static MARK_OPTIONS: [OptionSpec; 5] = set_forms("--set-xmark");

/// `-j MARK`. Lowering writes every form as `--set-xmark`, which is what is saved.
pub static MARK: Extension = Extension {
    changes: Aspects::MARK,
    requirements: &[OneOf(&["set-xmark", "set", "and", "or", "xor"])],
    ..Extension::new_target("MARK", Flow::Continues, &MARK_OPTIONS, "set bits of the packet's mark")
};

/// Places by which the kernel shifts the new mark at last. Linux has it since 4.18.
const fn shift(name: &'static str, flag: &'static str, alias: &'static [&'static str]) -> OptionSpec {
    OptionSpec::new(name, flag, ValueKind::Number { min: 0, max: 31 })
        .alias(alias)
        .by_name()
        .or(DefaultValue::Number(0))
}

static CONNMARK_OPTIONS: [OptionSpec; 12] = {
    let [xset, set, and, or, xor] = set_forms("--set-xmark");
    [
        xset,
        set,
        and,
        or,
        xor,
        OptionSpec::flag("save", "--save-mark").alias(&["save-mark"]),
        OptionSpec::flag("restore", "--restore-mark").alias(&["restore-mark"]),
        OptionSpec::new("mask", "--mask", BITS),
        OptionSpec::new("nfmask", "--nfmask", BITS),
        OptionSpec::new("ctmask", "--ctmask", BITS),
        shift("left-shift", "--left-shift-mark", &["left-shift-mark"]),
        shift("right-shift", "--right-shift-mark", &["right-shift-mark"]),
    ]
};

/// `-j CONNMARK`. Lowering writes `mask` as `nfmask` and `ctmask`, and both always.
pub static CONNMARK: Extension = Extension {
    reassembles: true,
    changes: Aspects::MARK.or(Aspects::CONNMARK),
    requirements: &[
        OneOf(&["set-xmark", "set", "and", "or", "xor", "save", "restore"]),
        AtMostOneOf(&["mask", "nfmask"]),
        AtMostOneOf(&["mask", "ctmask"]),
        AtMostOneOf(&["left-shift", "right-shift"]),
    ],
    ..Extension::new_target(
        "CONNMARK",
        Flow::Continues,
        &CONNMARK_OPTIONS,
        "set bits of the connection's mark, or copy them from or to the packet",
    )
};

/// The classes of RFC 2474, RFC 2597 and RFC 3246 with their code points.
static DSCP_CLASSES: &[(&str, u64)] = &[
    ("be", 0x00),
    ("cs0", 0x00),
    ("cs1", 0x08),
    ("cs2", 0x10),
    ("cs3", 0x18),
    ("cs4", 0x20),
    ("cs5", 0x28),
    ("cs6", 0x30),
    ("cs7", 0x38),
    ("af11", 0x0a),
    ("af12", 0x0c),
    ("af13", 0x0e),
    ("af21", 0x12),
    ("af22", 0x14),
    ("af23", 0x16),
    ("af31", 0x1a),
    ("af32", 0x1c),
    ("af33", 0x1e),
    ("af41", 0x22),
    ("af42", 0x24),
    ("af43", 0x26),
    ("ef", 0x2e),
];

const CODE_POINT: ValueKind = ValueKind::Named { min: 0, max: 63, names: DSCP_CLASSES, hex: true };

/// `-m dscp`
pub(super) static DSCP_MATCH: Extension = Extension {
    looks_at: Aspects::SERVICE,
    ..Extension::new_match(
        "dscp",
        &[OptionSpec::new("dscp", "--dscp", CODE_POINT)
            .also(&["--dscp-class"])
            .alias(&["class"])
            .negatable()
            .union()
            .required()],
        "the packet's differentiated services code point",
    )
};

/// `-j DSCP`
pub(super) static DSCP: Extension = Extension {
    changes: Aspects::SERVICE,
    tables: &[TableName::Mangle],
    ..Extension::new_target(
        "DSCP",
        Flow::Continues,
        &[OptionSpec::new("set", "--set-dscp", CODE_POINT)
            .also(&["--set-dscp-class"])
            .alias(&["set-dscp", "set-dscp-class", "set-class"])
            .required()],
        "set the packet's differentiated services code point",
    )
};

/// The names of RFC 1349's types of service; each looks at six bits.
static SERVICES: &[(&str, u32)] = &[
    ("normal-service", 0x00),
    ("minimize-cost", 0x02),
    ("maximize-reliability", 0x04),
    ("maximize-throughput", 0x08),
    ("minimize-delay", 0x10),
];

const BYTE: ValueKind = ValueKind::Number { min: 0, max: 255 };

const SERVICE: ValueKind = ValueKind::Masked(MaskForm::Byte, SERVICES);

/// `-m tos`
pub(super) static TOS_MATCH: Extension = Extension {
    looks_at: Aspects::SERVICE,
    ..Extension::new_match(
        "tos",
        &[OptionSpec::new("tos", "--tos", SERVICE).negatable().union().required()],
        "the packet's type of service, or traffic class",
    )
};

/// `-j TOS`. Lowering writes every form as `--set-tos` with a mask.
pub static TOS: Extension = Extension {
    changes: Aspects::SERVICE,
    tables: &[TableName::Mangle],
    requirements: &[OneOf(&["set", "and", "or", "xor"])],
    ..Extension::new_target(
        "TOS",
        Flow::Continues,
        &[
            OptionSpec::new("set", "--set-tos", SERVICE).alias(&["set-tos"]),
            OptionSpec::new("and", "--set-tos", BYTE).alias(&["and-tos"]).also(&["--and-tos"]),
            OptionSpec::new("or", "--set-tos", BYTE).alias(&["or-tos"]).also(&["--or-tos"]),
            OptionSpec::new("xor", "--set-tos", BYTE).alias(&["xor-tos"]).also(&["--xor-tos"]),
        ],
        "set bits of the packet's type of service, or traffic class",
    )
};

/// `-j CLASSIFY`
pub(super) static CLASSIFY: Extension = Extension {
    hooks: HookSet::of(&[Hook::Forward, Hook::Output, Hook::Postrouting]),
    ..Extension::new_target(
        "CLASSIFY",
        Flow::Continues,
        &[OptionSpec::new("set-class", "--set-class", ValueKind::Class).alias(&["set"]).required()],
        "set the class in which a queueing discipline puts the packet",
    )
};
