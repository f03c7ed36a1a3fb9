//! Address translation.
//!
//! Source: iptables-extensions(8), sections DNAT, SNAT, MASQUERADE, REDIRECT, NETMAP, DNPT, SNPT.

use super::aspect::Aspects;
use super::extension::{Extension, Flow};
use super::kind::ValueKind;
use super::option::OptionSpec;
use super::transport::{DCCP_NUMBER, ICMP, SCTP_NUMBER, TCP_NUMBER, UDP_NUMBER};
use crate::family::FamilySet;
use crate::table::{Hook, HookSet, TableName};

/// The protocols whose ports can be translated. ICMP has the identifiers of its questions in their place.
pub const NAT_PROTOCOLS: &[u8] = &[TCP_NUMBER, UDP_NUMBER, SCTP_NUMBER, DCCP_NUMBER, ICMP];

const BEFORE_ROUTING: HookSet = HookSet::of(&[Hook::Prerouting, Hook::Output]);

const fn nat(
    name: &'static str,
    hooks: HookSet,
    options: &'static [OptionSpec],
    about: &'static str,
) -> Extension {
    Extension {
        tables: &[TableName::Nat],
        hooks,
        reassembles: true,
        ..Extension::new_target(name, Flow::Ends, options, about)
    }
}

const fn random() -> OptionSpec {
    OptionSpec::flag("random", "--random")
}

const fn random_fully() -> OptionSpec {
    OptionSpec::flag("random-fully", "--random-fully")
}

const fn persistent() -> OptionSpec {
    OptionSpec::flag("persistent", "--persistent")
}

const fn to_ports() -> OptionSpec {
    OptionSpec::new("to", "--to-ports", ValueKind::PortSpan('-'))
        .alias(&["to-ports", "to-port"])
        .over(NAT_PROTOCOLS)
        .positional()
}

/// `-j DNAT`
pub static DNAT: Extension = nat(
    "DNAT",
    BEFORE_ROUTING,
    &[
        OptionSpec::new("to", "--to-destination", ValueKind::Endpoint).alias(&["to-destination"]).required(),
        random(),
        persistent(),
    ],
    "send the connection to another address, another port, or both",
);

/// `-j SNAT`
pub static SNAT: Extension = nat(
    "SNAT",
    HookSet::of(&[Hook::Input, Hook::Postrouting]),
    &[
        OptionSpec::new("to", "--to-source", ValueKind::Endpoint).alias(&["to-source"]).required(),
        random(),
        random_fully(),
        persistent(),
    ],
    "let the connection come from another address, another port, or both",
);

/// `-j MASQUERADE`
pub static MASQUERADE: Extension = nat(
    "MASQUERADE",
    HookSet::of(&[Hook::Postrouting]),
    &[to_ports(), random(), random_fully()],
    "let the connection come from the address of the interface that it leaves by",
);

/// `-j REDIRECT`
pub static REDIRECT: Extension = nat(
    "REDIRECT",
    BEFORE_ROUTING,
    &[to_ports(), random()],
    "send the connection to this host, to another port if one is named",
);

/// `-j NETMAP`
pub static NETMAP: Extension = nat(
    "NETMAP",
    HookSet::of(&[Hook::Prerouting, Hook::Input, Hook::Output, Hook::Postrouting]),
    &[OptionSpec::new("to", "--to", ValueKind::Network { full_prefix: true, longest: 128 }).required()],
    "put one network in the place of another, address by address",
);

/// The kernel translates the upper half of an address at most.
const PREFIX: ValueKind = ValueKind::Network { full_prefix: true, longest: 64 };

static PREFIXES: &[OptionSpec] = &[
    OptionSpec::new("src-pfx", "--src-pfx", PREFIX).required().by_name(),
    OptionSpec::new("dst-pfx", "--dst-pfx", PREFIX).required().by_name(),
];

const fn prefix_translation(name: &'static str, hooks: HookSet, about: &'static str) -> Extension {
    Extension {
        families: FamilySet::IPV6,
        tables: &[TableName::Mangle],
        hooks,
        changes: Aspects::ADDRESSES,
        ..Extension::new_target(name, Flow::MayEnd, PREFIXES, about)
    }
}

/// `-j SNPT`
pub(super) static SNPT: Extension = prefix_translation(
    "SNPT",
    HookSet::of(&[Hook::Input, Hook::Postrouting]),
    "put another prefix into the source address, without state (RFC 6296)",
);

/// `-j DNPT`
pub(super) static DNPT: Extension = prefix_translation(
    "DNPT",
    HookSet::of(&[Hook::Prerouting, Hook::Output]),
    "put another prefix into the destination address, without state (RFC 6296)",
);
