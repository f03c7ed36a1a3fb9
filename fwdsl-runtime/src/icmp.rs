//! The names of ICMP and ICMPv6 types.
//!
//! The names are those that `iptables -p icmp -h` and `ip6tables -p icmpv6 -h` list, with `nft`'s
//! spellings beside them; ICMPv6 has further ones from the IANA registry that a policy needs, such as
//! multicast listener discovery (RFC 2710, RFC 3810) and multicast router discovery (RFC 4286).

use crate::family::Family;

/// A type, perhaps with a code: what a packet's first two ICMP bytes are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IcmpType {
    /// The type.
    pub ty: u8,
    /// The code; `None` for every code.
    pub code: Option<u8>,
}

/// Every type of ICMP, `any`. It is what `iptables` takes type 255 for; `ip6tables` has no such thing.
pub const ANY: IcmpType = IcmpType { ty: 255, code: None };

/// A row of the tables: the type, and its names, the one to show first.
type Row = (IcmpType, &'static [&'static str]);

const fn ty(ty: u8, names: &'static [&'static str]) -> Row {
    (IcmpType { ty, code: None }, names)
}

const fn code(ty: u8, code: u8, names: &'static [&'static str]) -> Row {
    (IcmpType { ty, code: Some(code) }, names)
}

static IPV4: &[Row] = &[
    (ANY, &["any"]),
    ty(0, &["echo-reply", "pong"]),
    ty(3, &["destination-unreachable"]),
    code(3, 0, &["network-unreachable", "net-unreachable"]),
    code(3, 1, &["host-unreachable"]),
    code(3, 2, &["protocol-unreachable", "prot-unreachable"]),
    code(3, 3, &["port-unreachable"]),
    code(3, 4, &["fragmentation-needed", "frag-needed"]),
    code(3, 5, &["source-route-failed"]),
    code(3, 6, &["network-unknown"]),
    code(3, 7, &["host-unknown"]),
    code(3, 9, &["network-prohibited", "net-prohibited"]),
    code(3, 10, &["host-prohibited"]),
    code(3, 11, &["tos-network-unreachable"]),
    code(3, 12, &["tos-host-unreachable"]),
    code(3, 13, &["communication-prohibited", "admin-prohibited"]),
    code(3, 14, &["host-precedence-violation"]),
    code(3, 15, &["precedence-cutoff"]),
    ty(4, &["source-quench"]),
    ty(5, &["redirect"]),
    code(5, 0, &["network-redirect"]),
    code(5, 1, &["host-redirect"]),
    code(5, 2, &["tos-network-redirect"]),
    code(5, 3, &["tos-host-redirect"]),
    ty(8, &["echo-request", "ping"]),
    ty(9, &["router-advertisement"]),
    ty(10, &["router-solicitation"]),
    ty(11, &["time-exceeded", "ttl-exceeded"]),
    code(11, 0, &["ttl-zero-during-transit"]),
    code(11, 1, &["ttl-zero-during-reassembly"]),
    ty(12, &["parameter-problem"]),
    code(12, 0, &["ip-header-bad"]),
    code(12, 1, &["required-option-missing"]),
    ty(13, &["timestamp-request"]),
    ty(14, &["timestamp-reply"]),
    ty(15, &["information-request", "info-request"]),
    ty(16, &["information-reply", "info-reply"]),
    ty(17, &["address-mask-request"]),
    ty(18, &["address-mask-reply"]),
    ty(42, &["extended-echo-request"]),
    ty(43, &["extended-echo-reply"]),
];

static IPV6: &[Row] = &[
    ty(1, &["destination-unreachable"]),
    code(1, 0, &["no-route"]),
    code(1, 1, &["communication-prohibited", "admin-prohibited"]),
    code(1, 2, &["beyond-scope"]),
    code(1, 3, &["address-unreachable", "addr-unreachable"]),
    code(1, 4, &["port-unreachable"]),
    code(1, 5, &["failed-policy", "policy-fail"]),
    code(1, 6, &["reject-route"]),
    ty(2, &["packet-too-big"]),
    ty(3, &["time-exceeded", "ttl-exceeded"]),
    code(3, 0, &["ttl-zero-during-transit"]),
    code(3, 1, &["ttl-zero-during-reassembly"]),
    ty(4, &["parameter-problem"]),
    code(4, 0, &["bad-header"]),
    code(4, 1, &["unknown-header-type"]),
    code(4, 2, &["unknown-option"]),
    ty(128, &["echo-request", "ping"]),
    ty(129, &["echo-reply", "pong"]),
    ty(130, &["mld-listener-query"]),
    ty(131, &["mld-listener-report"]),
    ty(132, &["mld-listener-done", "mld-listener-reduction"]),
    ty(133, &["router-solicitation", "nd-router-solicit"]),
    ty(134, &["router-advertisement", "nd-router-advert"]),
    ty(135, &["neighbour-solicitation", "neighbor-solicitation", "nd-neighbor-solicit"]),
    ty(136, &["neighbour-advertisement", "neighbor-advertisement", "nd-neighbor-advert"]),
    ty(137, &["redirect", "nd-redirect"]),
    ty(138, &["router-renumbering"]),
    ty(139, &["node-information-query"]),
    ty(140, &["node-information-response"]),
    ty(141, &["inverse-neighbour-solicitation", "inverse-neighbor-solicitation", "ind-neighbor-solicit"]),
    ty(142, &["inverse-neighbour-advertisement", "inverse-neighbor-advertisement", "ind-neighbor-advert"]),
    ty(143, &["mld2-listener-report"]),
    ty(144, &["home-agent-address-discovery-request"]),
    ty(145, &["home-agent-address-discovery-reply"]),
    ty(146, &["mobile-prefix-solicitation"]),
    ty(147, &["mobile-prefix-advertisement"]),
    ty(148, &["certification-path-solicitation"]),
    ty(149, &["certification-path-advertisement"]),
    ty(151, &["multicast-router-advertisement", "mrd-advertisement"]),
    ty(152, &["multicast-router-solicitation", "mrd-solicitation"]),
    ty(153, &["multicast-router-termination", "mrd-termination"]),
    ty(155, &["rpl-control"]),
    ty(157, &["duplicate-address-request"]),
    ty(158, &["duplicate-address-confirmation"]),
    ty(160, &["extended-echo-request"]),
    ty(161, &["extended-echo-reply"]),
];

fn rows(family: Family) -> &'static [Row] {
    match family {
        Family::Ipv4 => IPV4,
        Family::Ipv6 => IPV6,
    }
}

/// The type, perhaps with its code, that the name or alias stands for in the family. As with `iptables`,
/// which writes `TOS-host-redirect`, case does not matter.
pub fn find(family: Family, name: &str) -> Option<IcmpType> {
    let is_named = |(_, names): &&Row| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    rows(family).iter().find(is_named).map(|(found, _)| *found)
}

/// Every name and alias of the family's types, by type and code.
pub fn names(family: Family) -> impl Iterator<Item = &'static str> {
    rows(family).iter().flat_map(|(_, names)| names.iter().copied())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn found(family: Family, name: &str) -> (u8, Option<u8>) {
        let found = find(family, name).unwrap_or_else(|| panic!("no {family} type {name}"));
        (found.ty, found.code)
    }

    #[test]
    fn every_name_stands_once_and_is_found() {
        for family in Family::ALL {
            let mut seen = HashSet::new();
            for name in names(family) {
                assert!(seen.insert(name), "{name} stands twice");
                assert!(find(family, name).is_some());
                assert_eq!(name, name.to_lowercase());
            }
        }
    }

    #[test]
    fn types_of_both_families() {
        assert_eq!(found(Family::Ipv4, "echo-request"), (8, None));
        assert_eq!(found(Family::Ipv4, "ping"), (8, None));
        assert_eq!(found(Family::Ipv4, "fragmentation-needed"), (3, Some(4)));
        assert_eq!(found(Family::Ipv4, "TOS-host-redirect"), (5, Some(3)));
        assert_eq!(found(Family::Ipv6, "ping"), (128, None));
        assert_eq!(found(Family::Ipv6, "no-route"), (1, Some(0)));
        for spelling in ["neighbour-solicitation", "neighbor-solicitation", "nd-neighbor-solicit"] {
            assert_eq!(found(Family::Ipv6, spelling), (135, None));
        }
        assert_eq!(found(Family::Ipv6, "mld-listener-reduction"), (132, None));
        assert_eq!(find(Family::Ipv4, "neighbour-solicitation"), None);
    }

    #[test]
    fn any_is_of_ipv4_alone() {
        assert_eq!(find(Family::Ipv4, "any"), Some(ANY));
        assert_eq!(find(Family::Ipv6, "any"), None);
    }
}
