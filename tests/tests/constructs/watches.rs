//! Verdicts that keep something for others to look at, marks made of a hash, and security marks.

use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::case::Fate::{Accepted, Dropped};
use fwdsl_tests::constructs::probe::{tcp, udp};

/// With a modulus of 1 every hash is 0, so that the mark is the offset.
pub(crate) fn hashes() -> Vec<Case> {
    vec![
        Case::source(
            "hmark(…), of the packet's fields",
            "table mangle { chain PREROUTING {
                 udp dport 1 => hmark(tuple [src, dst, sport, dport, proto], mod 1, rnd 0xfeed, offset 11);
                 udp dport 2 => hmark(src-prefix 24, dst-prefix 32, mod 1, rnd 1, offset 12);
                 udp dport 3 => hmark(sport-mask 0xff, dport-mask 0xffff, sport 5, dport 0x100, proto-mask 0xff, mod 1, rnd 1, offset 13);
                 udp dport 4 => hmark(spi-mask 0xff, spi 5, mod 1, rnd 1, offset 14);
             } }
             chain INPUT policy drop { mark 11 => jump A, accept; mark 12 => jump B, accept; mark 13 => jump C, accept; mark 14 => jump D, accept; }
             chain A { } chain B { } chain C { } chain D { }",
        )
        .hit(udp(1), Accepted, ["A"])
        .hit(udp(2), Accepted, ["B"])
        .hit(udp(3), Accepted, ["C"])
        .hit(udp(4), Accepted, ["D"])
        .miss(udp(5), Dropped, []),
        Case::source(
            "hmark(…), of the connection",
            "table mangle { chain PREROUTING { udp dport 6601 => hmark(tuple [ct, src, dport], mod 1, rnd 1, offset 15); } }
             chain INPUT policy drop { mark 15 => jump A; ct new mark 15 => accept; } chain A { }",
        )
        .hit(udp(6601), Accepted, ["A"])
        .miss(udp(6602), Dropped, []),
    ]
}

pub(crate) fn watches() -> Vec<Case> {
    vec![
        Case::source(
            "rateest(…)",
            "chain INPUT { udp dport 1 => rateest(name \"fwdsl-re\", interval 250ms, ewmalog 500ms), jump A; } chain A { }",
        )
        .hit(udp(1).times(2), Accepted, ["A", "A"])
        .miss(udp(2), Accepted, [])
        .target("RATEEST", 2),
        Case::source("nfacct(…)", "chain INPUT { udp dport 1 nfacct(name \"fwdsl\") => jump A; } chain A { }")
            .hit(udp(1), Accepted, ["A"])
            .miss(udp(2), Accepted, []),
        Case::source(
            "idletimer(…)",
            "chain INPUT {
                 udp dport 1 => idletimer(timeout 3600, label \"fwdsl-test\"), jump A;
                 udp dport 2 => idletimer(timeout 3600, label \"fwdsl-test-alarm\", alarm), jump A;
             } chain A { }",
        )
        .hit(udp(1), Accepted, ["A"])
        .hit(udp(2), Accepted, ["A"])
        .miss(udp(3), Accepted, [])
        .target("IDLETIMER", 2),
        Case::source(
            "connsecmark(save), connsecmark(restore)",
            "table mangle { chain PREROUTING { udp dport 6611 => connsecmark(restore), jump A; udp dport 6612 => connsecmark(save), jump A; } chain A { } }",
        )
        .hit(udp(6611), Accepted, ["A"])
        .hit(udp(6612), Accepted, ["A"])
        .miss(udp(6613), Accepted, [])
        .target("CONNSECMARK", 2),
        Case::source(
            "ct(timeout …)",
            "table raw { chain PREROUTING {
                 from 172.16.0.0/16 udp dport 6621 => ct(timeout udp4);
                 from fd00::/16 udp dport 6621 => ct(timeout udp6);
             } }
             chain INPUT { conntrack(ctexpire 3000..=5000) => jump A; ct new => accept; } chain A { }",
        )
        .before([udp(6621), udp(6622)])
        .hit(udp(6621), Accepted, ["A"])
        .miss(udp(6622), Accepted, []),
        Case::source(
            "ecn(tcp-ece …), ecn(tcp-cwr …), ecn(ip-ect …)",
            "table mangle { chain PREROUTING {
                 tcp dport 1 => ecn(tcp-ece 1, tcp-cwr 0);
                 tcp dport 2 => ecn(tcp-cwr 1);
                 tcp dport 3 => ecn(ip-ect 2);
             } }
             chain INPUT policy drop {
                 tcp ecn(tcp-ece, !tcp-cwr) => jump A, accept;
                 tcp ecn(tcp-ece, tcp-cwr) => jump B, accept;
                 ecn(ip-ect 2) => jump C, accept;
             }
             chain A { } chain B { } chain C { }",
        )
        .hit(tcp(1).flags(0x82).only_ipv4(), Accepted, ["A"])
        .hit(tcp(2).flags(0x42).only_ipv4(), Accepted, ["B"])
        .hit(tcp(3).only_ipv4(), Accepted, ["C"])
        .miss(tcp(4), Dropped, [])
        .because("the target is IPv4's"),
    ]
}
