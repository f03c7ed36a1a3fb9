//! What every rule has, without `-m`: addresses, interfaces, protocol, fragment; and ports, which
//! the language treats alike for every protocol that has them.
//!
//! Source: iptables(8), section PARAMETERS.

use super::aspect::Aspects;
use super::extension::Extension;
use super::kind::ValueKind;
use super::option::OptionSpec;
use crate::family::FamilySet;

/// The parameters of a rule itself, in the order in which `iptables-save` prints them.
pub static CORE: Extension = Extension {
    module: false,
    ..Extension::new_match(
        "core",
        &[
            OptionSpec::new("from", "-s", ValueKind::Address)
                .also(&["--source", "--src"])
                .negatable()
                .looking_at(Aspects::ADDRESSES),
            OptionSpec::new("to", "-d", ValueKind::Address)
                .also(&["--destination", "--dst"])
                .negatable()
                .looking_at(Aspects::ADDRESSES),
            OptionSpec::new("in", "-i", ValueKind::Interface).also(&["--in-interface"]).negatable(),
            OptionSpec::new("out", "-o", ValueKind::Interface).also(&["--out-interface"]).negatable(),
            OptionSpec::new("proto", "-p", ValueKind::Protocol).also(&["--protocol"]).negatable(),
            OptionSpec::new("fragment", "-f", ValueKind::Flag)
                .also(&["--fragments"])
                .negatable()
                .of(FamilySet::IPV4),
        ],
        "addresses, interfaces, protocol and fragments: what a rule matches without any extension",
    )
};

/// Ports of any protocol that has them. Exists in the language only: a rule is emitted with the
/// protocol's own match or with `multiport`.
pub static PORTS: Extension = Extension {
    module: false,
    protocols: super::transport::PORT_PROTOCOLS,
    ..Extension::new_match(
        "ports",
        &[
            OptionSpec::new("sport", "", ValueKind::Port).negatable(),
            OptionSpec::new("dport", "", ValueKind::Port).negatable(),
            OptionSpec::new("port", "", ValueKind::Port).negatable(),
        ],
        "source port, destination port, or either",
    )
};
