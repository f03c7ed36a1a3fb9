//! What connection tracking knows, and what it is told.
//!
//! Source: iptables-extensions(8), sections conntrack, state, helper, CT, NOTRACK.

use super::aspect::Aspects;
use super::extension::{Extension, Flow};
use super::kind::{ValueKind, Word};
use super::option::OptionSpec;
use super::requirement::Requirement::AnyOf;
use super::transport::{TCP_NUMBER, UDP_NUMBER};
use crate::family::FamilySet;
use crate::table::TableName;

/// The states of `conntrack --ctstate`, in the order in which `iptables-save` prints them.
pub static CT_STATES: &[Word] = &[
    Word::printed("invalid", "INVALID"),
    Word::printed("new", "NEW"),
    Word::printed("related", "RELATED"),
    Word::printed("established", "ESTABLISHED"),
    Word::printed("untracked", "UNTRACKED"),
    Word::printed("snat", "SNAT"),
    Word::printed("dnat", "DNAT"),
];

static STATES: &[Word] = &[
    Word::printed("invalid", "INVALID"),
    Word::printed("new", "NEW"),
    Word::printed("related", "RELATED"),
    Word::printed("established", "ESTABLISHED"),
    Word::printed("untracked", "UNTRACKED"),
];

/// `NONE` is no bits at all: no packet has one of them. It is saved only where it stands alone.
static STATUSES: &[Word] = &[
    Word::printed("expected", "EXPECTED"),
    Word::of_print("seen-reply", "SEEN_REPLY", &["seen_reply"]),
    Word::printed("assured", "ASSURED"),
    Word::printed("confirmed", "CONFIRMED"),
    Word::printed(NO_STATUS, "NONE"),
];

/// The word for no status at all.
pub(crate) const NO_STATUS: &str = "none";

static DIRECTIONS: &[Word] = &[Word::printed("original", "ORIGINAL"), Word::printed("reply", "REPLY")];

const fn network(name: &'static str, flag: &'static str) -> OptionSpec {
    OptionSpec::new(name, flag, ValueKind::Network { full_prefix: false, longest: 128 }).negatable().union()
}

const fn ports(name: &'static str, flag: &'static str) -> OptionSpec {
    OptionSpec::new(name, flag, ValueKind::PortSpan(':')).negatable().union()
}

/// `-m conntrack`
pub static CONNTRACK: Extension = Extension {
    reassembles: true,
    looks_at: Aspects::TRACKING,
    requirements: &[AnyOf(&[
        "ctstate",
        "ctproto",
        "ctorigsrc",
        "ctorigdst",
        "ctreplsrc",
        "ctrepldst",
        "ctorigsrcport",
        "ctorigdstport",
        "ctreplsrcport",
        "ctrepldstport",
        "ctstatus",
        "ctexpire",
        "ctdir",
    ])],
    ..Extension::new_match(
        "conntrack",
        &[
            OptionSpec::new("ctstate", "--ctstate", ValueKind::Words(CT_STATES)).negatable().positional(),
            OptionSpec::new("ctproto", "--ctproto", ValueKind::ProtocolNumber).negatable().union(),
            network("ctorigsrc", "--ctorigsrc"),
            network("ctorigdst", "--ctorigdst"),
            network("ctreplsrc", "--ctreplsrc"),
            network("ctrepldst", "--ctrepldst"),
            ports("ctorigsrcport", "--ctorigsrcport"),
            ports("ctorigdstport", "--ctorigdstport"),
            ports("ctreplsrcport", "--ctreplsrcport"),
            ports("ctrepldstport", "--ctrepldstport"),
            OptionSpec::new("ctstatus", "--ctstatus", ValueKind::Words(STATUSES)).negatable(),
            OptionSpec::new(
                "ctexpire",
                "--ctexpire",
                ValueKind::Span { max: u32::MAX as u64, sign: ':', open: false, whole: true },
            )
            .negatable()
            .union(),
            OptionSpec::new("ctdir", "--ctdir", ValueKind::Word(DIRECTIONS)),
        ],
        "what connection tracking knows of the packet's connection",
    )
};

/// `-m state`
pub static STATE: Extension = Extension {
    reassembles: true,
    looks_at: Aspects::TRACKING,
    ..Extension::new_match(
        "state",
        &[OptionSpec::new("state", "--state", ValueKind::Words(STATES)).negatable().required()],
        "the older name of `conntrack`'s state match",
    )
};

/// The longest name of a helper: `sizeof(struct xt_helper_info.name)` is 30 with the closing NUL.
const HELPER_MAX_BYTES: usize = 29;

/// `-m helper`
pub(super) static HELPER: Extension = Extension {
    reassembles: true,
    looks_at: Aspects::TRACKING,
    ..Extension::new_match(
        "helper",
        &[OptionSpec::new("helper", "--helper", ValueKind::Text { max_bytes: HELPER_MAX_BYTES })
            .negatable()
            .union()
            .required()],
        "the helper that watches the packet's connection",
    )
};

const fn helper(name: &'static str, print: &'static str, protocols: &'static [u8]) -> Word {
    Word { protocols, ..Word::printed(name, print) }
}

const fn ipv4_helper(name: &'static str, protocols: &'static [u8]) -> Word {
    Word { families: FamilySet::IPV4, ..helper(name, name, protocols) }
}

/// The helpers of Linux, each with the families and protocols for which it is registered.
static HELPERS: &[Word] = &[
    helper("ftp", "ftp", &[TCP_NUMBER]),
    ipv4_helper("irc", &[TCP_NUMBER]),
    ipv4_helper("pptp", &[TCP_NUMBER]),
    helper("sane", "sane", &[TCP_NUMBER]),
    helper("q.931", "Q.931", &[TCP_NUMBER]),
    helper("sip", "sip", &[TCP_NUMBER, UDP_NUMBER]),
    helper("ras", "RAS", &[UDP_NUMBER]),
    helper("tftp", "tftp", &[UDP_NUMBER]),
    helper("amanda", "amanda", &[UDP_NUMBER]),
    ipv4_helper("snmp", &[UDP_NUMBER]),
    ipv4_helper("netbios-ns", &[UDP_NUMBER]),
];

static EVENTS: &[Word] = &[
    Word::plain("new"),
    Word::plain("related"),
    Word::plain("destroy"),
    Word::plain("reply"),
    Word::plain("assured"),
    Word::plain("protoinfo"),
    Word::plain("helper"),
    Word::plain("mark"),
    Word::plain("natseqinfo"),
    Word::plain("secmark"),
];

static EXPECTATION_EVENTS: &[Word] = &[Word::plain("new")];
static FROM_MARK: &[Word] = &[Word::plain("mark")];

const ZONE: ValueKind = ValueKind::NumberOr { min: 0, max: 65_535, words: FROM_MARK };

/// The longest name of a timeout policy: `sizeof(struct xt_ct_target_info_v1.timeout)` is 32 with the closing NUL.
const TIMEOUT_MAX_BYTES: usize = 31;

/// The longest name of a helper that `CT` takes: `sizeof(struct xt_ct_target_info_v1.helper)` is 16 likewise.
const CT_HELPER_MAX_BYTES: usize = 15;

/// `-j CT`. Helpers beyond those of Linux, and timeout policies, are objects that nfct(8) makes. Without an option
/// it does nothing.
pub static CT: Extension = Extension {
    reassembles: true,
    changes: Aspects::TRACKING,
    tables: &[TableName::Raw],
    ..Extension::new_target(
        "CT",
        Flow::Continues,
        &[
            OptionSpec::flag("notrack", "--notrack"),
            OptionSpec::new(
                "helper",
                "--helper",
                ValueKind::WordOrName { words: HELPERS, max_bytes: CT_HELPER_MAX_BYTES },
            )
            .over_any(),
            OptionSpec::new("timeout", "--timeout", ValueKind::Bare { max_bytes: TIMEOUT_MAX_BYTES })
                .over_any(),
            OptionSpec::new("ctevents", "--ctevents", ValueKind::Words(EVENTS)),
            OptionSpec::new("expevents", "--expevents", ValueKind::Words(EXPECTATION_EVENTS)),
            OptionSpec::new("zone", "--zone", ZONE),
            OptionSpec::new("zone-orig", "--zone-orig", ZONE),
            OptionSpec::new("zone-reply", "--zone-reply", ZONE),
        ],
        "tell connection tracking how to treat the packet's connection",
    )
};

/// `-j NOTRACK`
pub static NOTRACK: Extension = Extension {
    changes: Aspects::TRACKING,
    tables: &[TableName::Raw],
    ..Extension::new_target("NOTRACK", Flow::Continues, &[], "keep the packet out of connection tracking")
};
