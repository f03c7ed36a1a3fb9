//! What every rule has, without `-m`: addresses, interfaces, protocol, fragment; and ports, which
//! the language treats alike for every protocol that has them.
//!
//! Source: iptables(8), section PARAMETERS.

use super::extension::{Extension, Flow, Kind, OptionSpec, ValueKind};
use crate::family::FamilySet;

const fn core_option(
    name: &'static str,
    flag: &'static str,
    value: ValueKind,
    negatable: bool,
) -> OptionSpec {
    OptionSpec {
        name,
        flag,
        value,
        families: FamilySet::BOTH,
        negatable,
        required: false,
        positional: false,
        default: None,
    }
}

/// The parameters of a rule itself.
pub static CORE: Extension = Extension {
    name: "core",
    kind: Kind::Match,
    module: false,
    families: FamilySet::BOTH,
    tables: &[],
    not_in: &[],
    protocols: &[],
    stateful: false,
    flow: Flow::Continues,
    options: &[
        core_option("from", "-s", ValueKind::Address, true),
        core_option("to", "-d", ValueKind::Address, true),
        core_option("in", "-i", ValueKind::Interface, true),
        core_option("out", "-o", ValueKind::Interface, true),
        core_option("proto", "-p", ValueKind::Protocol, true),
        OptionSpec { families: FamilySet::IPV4, ..core_option("fragment", "-f", ValueKind::Flag, true) },
    ],
    about: "addresses, interfaces, protocol and fragments: what a rule matches without any extension",
};

/// Ports of any protocol that has them. Exists in the language only: a rule is emitted with the
/// protocol's own match or with `multiport`.
pub static PORTS: Extension = Extension {
    name: "ports",
    kind: Kind::Match,
    module: false,
    families: FamilySet::BOTH,
    tables: &[],
    not_in: &[],
    protocols: super::transport::PORT_PROTOCOLS,
    stateful: false,
    flow: Flow::Continues,
    options: &[
        core_option("sport", "", ValueKind::Port, true),
        core_option("dport", "", ValueKind::Port, true),
        core_option("port", "", ValueKind::Port, true),
    ],
    about: "source port, destination port, or either",
};
