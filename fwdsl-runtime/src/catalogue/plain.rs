//! What the language has beside iptables' own extensions: the family as a match, a rule that only counts, and text
//! that goes to iptables as it is.

use super::aspect::Aspects;
use super::extension::{Extension, Flow};
use super::kind::{ValueKind, Word};
use super::option::OptionSpec;
use crate::family::FamilySet;

/// The longest piece of text, in bytes: `iptables-restore` reads lines of at most 10,240.
const RAW_MAX_BYTES: usize = 4096;

static FAMILIES: &[Word] = &[Word::of(FamilySet::IPV4, "ipv4", &[]), Word::of(FamilySet::IPV6, "ipv6", &[])];

/// `family ipv4`: the rule is for one family. Nothing is emitted for it.
pub static FAMILY: Extension = Extension {
    module: false,
    ..Extension::new_match(
        "family",
        &[OptionSpec::new("family", "", ValueKind::Word(FAMILIES)).required()],
        "IPv4 or IPv6: the rule is for one family",
    )
};

/// A rule without a target: the kernel counts its packets, and they go on.
pub static COUNT: Extension =
    Extension::new_target("count", Flow::Continues, &[], "nothing: the packets are counted, and go on");

const fn text(name: &'static str) -> OptionSpec {
    OptionSpec::new(name, "", ValueKind::Text { max_bytes: RAW_MAX_BYTES }).required()
}

/// A match of a module that the catalogue does not know: `raw "-m foo --bar 1"`. Nothing of it is checked, and the
/// analysis takes it to answer as it likes.
pub static RAW_MATCH: Extension = Extension {
    stateful: true,
    looks_at: Aspects::ALL,
    ..Extension::new_match("raw", &[text("match")], "the text as it is, for modules unknown here; unchecked")
};

/// A target that the catalogue does not know: `raw "FOO --bar 1"`. Anything may happen to the packet.
pub static RAW: Extension = Extension {
    changes: Aspects::ALL,
    ..Extension::new_target(
        "RAW",
        Flow::MayEnd,
        &[text("target")],
        "the target and its options as they are, for modules unknown here; unchecked",
    )
};
