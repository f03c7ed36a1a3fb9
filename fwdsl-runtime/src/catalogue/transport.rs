//! Matches that belong to one protocol, and those over ports and address ranges.
//!
//! Source: iptables-extensions(8), sections tcp, udp, sctp, icmp, icmp6, multiport, iprange.

use super::aspect::Aspects;
use super::extension::Extension;
use super::kind::ValueKind;
use super::option::OptionSpec;
use super::requirement::Requirement::{AnyOf, AtMostOneOf, OneOf};
use crate::family::{Family, FamilySet};

/// ICMP, RFC 792.
pub const ICMP: u8 = 1;
/// TCP.
pub const TCP_NUMBER: u8 = 6;
/// UDP.
pub const UDP_NUMBER: u8 = 17;
/// DCCP.
pub const DCCP_NUMBER: u8 = 33;
/// ICMPv6, RFC 4443.
pub const ICMPV6: u8 = 58;
/// SCTP.
pub const SCTP_NUMBER: u8 = 132;
/// UDP-Lite.
pub const UDPLITE_NUMBER: u8 = 136;

/// The protocols that have ports, which is what `multiport` works with.
pub const PORT_PROTOCOLS: &[u8] = &[TCP_NUMBER, UDP_NUMBER, DCCP_NUMBER, SCTP_NUMBER, UDPLITE_NUMBER];

const fn option(name: &'static str, flag: &'static str, value: ValueKind) -> OptionSpec {
    OptionSpec::new(name, flag, value).negatable()
}

pub(super) const fn source_port() -> OptionSpec {
    option("sport", "--sport", ValueKind::Port).also(&["--source-port"])
}

pub(super) const fn destination_port() -> OptionSpec {
    option("dport", "--dport", ValueKind::Port).also(&["--destination-port"])
}

const fn transport(
    name: &'static str,
    protocols: &'static [u8],
    options: &'static [OptionSpec],
    about: &'static str,
) -> Extension {
    Extension { protocols, ..Extension::new_match(name, options, about) }
}

/// `-m tcp`
pub static TCP: Extension = transport(
    "tcp",
    &[TCP_NUMBER],
    &[
        source_port(),
        destination_port(),
        option("option", "--tcp-option", ValueKind::Number { min: 1, max: 255 })
            .union()
            .looking_at(Aspects::TCP_OPTIONS),
        option("flags", "--tcp-flags", ValueKind::TcpFlags),
    ],
    "TCP ports, flags and options",
);

/// `-m udp`
pub static UDP: Extension =
    transport("udp", &[UDP_NUMBER], &[source_port(), destination_port()], "UDP ports");

/// Chunks of which a packet has some, has all, or has nothing else.
const fn chunks(name: &'static str, flag: &'static str) -> OptionSpec {
    option(name, flag, ValueKind::Chunk).joined()
}

/// `-m sctp`
pub static SCTP: Extension = Extension {
    requirements: &[AtMostOneOf(&["any", "all", "only"])],
    ..transport(
        "sctp",
        &[SCTP_NUMBER],
        &[
            source_port(),
            destination_port(),
            chunks("any", "--chunk-types any"),
            chunks("all", "--chunk-types all"),
            chunks("only", "--chunk-types only"),
        ],
        "SCTP ports and kinds of chunks",
    )
};

/// `-m icmp`
pub static ICMP_TYPE: Extension = Extension {
    families: FamilySet::IPV4,
    ..transport(
        "icmp",
        &[ICMP],
        &[option("type", "--icmp-type", ValueKind::IcmpType(Family::Ipv4)).required()],
        "ICMP type and code",
    )
};

/// `-m icmp6`
pub static ICMP6_TYPE: Extension = Extension {
    families: FamilySet::IPV6,
    ..transport(
        "icmp6",
        &[ICMPV6],
        &[option("type", "--icmpv6-type", ValueKind::IcmpType(Family::Ipv6)).required()],
        "ICMPv6 type and code",
    )
};

/// The most ports that one `multiport` takes; a range counts as two.
pub const MULTIPORT_SLOTS: usize = 15;

/// `-m multiport`
pub static MULTIPORT: Extension = Extension {
    requirements: &[OneOf(&["sports", "dports", "ports"])],
    ..transport(
        "multiport",
        PORT_PROTOCOLS,
        &[
            option("sports", "--sports", ValueKind::Port).also(&["--source-ports"]),
            option("dports", "--dports", ValueKind::Port).also(&["--destination-ports"]),
            option("ports", "--ports", ValueKind::Port),
        ],
        "up to 15 ports; a range counts as two",
    )
};

/// `-m iprange`
pub static IPRANGE: Extension = Extension {
    looks_at: Aspects::ADDRESSES,
    requirements: &[AnyOf(&["src-range", "dst-range"])],
    ..Extension::new_match(
        "iprange",
        &[
            option("src-range", "--src-range", ValueKind::Address),
            option("dst-range", "--dst-range", ValueKind::Address),
        ],
        "ranges of addresses that need not be networks",
    )
};
