//! What the language has beside iptables' extensions: rules that only count, text as it is, exact rules.

use fwdsl_tests::constructs::case::{Case, Fate};
use fwdsl_tests::constructs::probe::{tcp, udp};

pub(crate) fn plain() -> Vec<Case> {
    vec![
        Case::source(
            "count",
            "chain INPUT policy drop { udp => count; udp dport 1 => jump A; udp dport 1 => accept; } chain A { _ => count; }",
        )
        .hit(udp(1), Fate::Accepted, ["A"])
        .miss(udp(2), Fate::Dropped, []),
        Case::matching("raw \"-m udp --dport 7\" udp").hits([udp(7)]).misses([udp(8)]),
        Case::matching("udp raw \"-m udp ! --dport 7\"").hits([udp(8)]).misses([udp(7), tcp(8)]),
        Case::source(
            "raw as a verdict",
            "chain INPUT policy accept { udp dport 1 => jump A; udp dport 1 => raw \"DROP\"; } chain A { udp dport 1 => raw \"RETURN\"; }",
        )
        .hit(udp(1), Fate::Dropped, ["A"])
        .miss(udp(2), Fate::Accepted, []),
        Case::source(
            "an exact rule",
            "chain INPUT policy drop { #[exact] udp comment \"a b\" dport [1, 3] udp(sport 1024..=65535) => jump A; }
             chain A { #[exact] udp udp() => accept; }",
        )
        .hit(udp(1).sport(2000), Fate::Accepted, ["A"])
        .hit(udp(3).sport(1024), Fate::Accepted, ["A"])
        .miss(udp(1).sport(1023), Fate::Dropped, [])
        .miss(udp(2).sport(2000), Fate::Dropped, []),
    ]
}
