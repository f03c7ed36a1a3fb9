//! What connection tracking knows beyond states, and what it is told.

use fwdsl_runtime::analysis::CtState::{Invalid, Related, Untracked};
use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::case::Fate::{Accepted, Dropped};
use fwdsl_tests::constructs::probe::{SPORT, icmpv6, pings, tcp, udp};

pub(crate) fn tracking() -> Vec<Case> {
    vec![
        Case::source(
            "notrack, and ct(notrack)",
            "table raw { chain PREROUTING { udp dport 1 => notrack; udp dport 2 => ct(notrack); } }
             chain INPUT policy drop { ct untracked => jump A, accept; ct new => jump B; } chain A { } chain B { }",
        )
        .hit(udp(1).state(Untracked), Accepted, ["A"])
        .hit(udp(2).state(Untracked), Accepted, ["A"])
        .miss(udp(6303), Dropped, ["B"])
        .miss(tcp(1), Dropped, ["B"]),
        Case::source(
            "ct(zone …): one flow in two zones",
            "table raw { chain PREROUTING { tos(0x10) => ct(zone 7, ctevents [new, mark], expevents new); } }
             table mangle { chain PREROUTING { tos(0x10) => connmark(set 9); } }
             chain INPUT policy drop { connmark(mark 9) => accept; }",
        )
        .hit(udp(6311).tos(0x10), Accepted, [])
        .miss(udp(6311), Dropped, []),
        Case::source(
            "ct(zone-orig …), ct(zone-reply …)",
            "table raw { chain PREROUTING { udp dport 6321 => ct(zone-orig 5); udp dport 6322 => ct(zone-reply mark); udp dport 6323 => drop; } }",
        )
        .hit(udp(6321), Accepted, [])
        .hit(udp(6322), Accepted, [])
        .miss(udp(6323), Dropped, [])
        .target("CT", 2),
        Case::source(
            "ct(helper …), and helper",
            "table raw { chain PREROUTING { udp dport 69 => ct(helper tftp); } }
             chain OUTPUT policy drop { helper(\"tftp\") => accept; ct related => jump A; } chain A { }",
        )
        .sent()
        // A read request, and the server's answer from another port.
        .before([udp(69).payload(b"\0\x01file\0octet\0")])
        .hit(udp(SPORT).sport(6331).by_host().state(Related), Accepted, [])
        .miss(udp(6332).by_host(), Dropped, []),
        Case::source(
            "helper, negated",
            "table raw { chain PREROUTING { udp dport 69 => ct(helper tftp); } }
             chain OUTPUT policy drop { udp helper(!\"tftp\") => accept; ct related => jump A; } chain A { }",
        )
        .sent()
        .before([udp(69).sport(4009).payload(b"\0\x01file\0octet\0")])
        .hit(udp(6333).by_host(), Accepted, [])
        .miss(udp(4009).sport(6334).by_host().state(Related), Dropped, ["A"]),
        Case::source(
            "conntrack, beyond states",
            "chain INPUT policy drop {
                 conntrack(ctproto udp, ctorigsrc [172.16.0.0/24, fd00::/64], ctorigdst [172.16.0.2, fd00::2],
                           ctreplsrc [172.16.0.2, fd00::2], ctrepldst [172.16.0.1, fd00::1]) => jump A;
                 conntrack(ctorigsrcport 4000, ctorigdstport [6341, 6342..=6343], ctreplsrcport 6341..=6342, ctrepldstport 4000) => jump B;
                 conntrack(ctdir reply) => jump C; conntrack(ctdir original, ctstatus seen-reply) => jump C;
                 conntrack(!ctstatus [confirmed, assured]) => jump D;
                 conntrack(ctexpire 1..=1000000) => jump E;
                 _ => accept;
             }
             chain A { } chain B { } chain C { } chain D { } chain E { }",
        )
        .before([udp(6342)])
        .hit(udp(6341), Accepted, ["A", "B", "D"])
        .hit(udp(6342), Accepted, ["A", "B", "E"])
        .miss(tcp(6344), Accepted, ["D"]),
        Case::source(
            "conntrack, negated",
            "chain INPUT policy drop {
                 conntrack(!ctproto tcp) => jump A;
                 conntrack(!ctorigsrc [172.16.0.0/24, fd00::/64]) => jump B;
                 conntrack(!ctorigdst [10.0.0.0/8, 2001:db8::/32]) => jump C;
                 conntrack(!ctreplsrc [172.16.0.2, fd00::2]) => jump D;
                 conntrack(!ctrepldst [172.16.0.1, fd00::1]) => jump E;
                 conntrack(!ctorigsrcport 4000) => jump F;
                 conntrack(!ctorigdstport [6351, 6360..=6370]) => jump G;
                 conntrack(!ctreplsrcport 6352) => jump H;
                 conntrack(!ctrepldstport 5000..=5001) => jump I;
                 conntrack(!ctexpire 0) => jump J;
                 state(!state invalid) => accept;
             }
             chain A { } chain B { } chain C { } chain D { } chain E { } chain F { } chain G { } chain H { } chain I { } chain J { }",
        )
        .before([udp(6351)])
        .hit(udp(6351), Accepted, ["A", "C", "H", "I", "J"])
        .hit(udp(6352).sport(5000).to("10.1.1.1"), Accepted, ["A", "D", "F", "G"])
        .hit(udp(6352).sport(5000).to("2001:db8::7"), Accepted, ["A", "D", "F", "G"])
        .hit(udp(6353).from("11.0.0.1"), Accepted, ["A", "B", "C", "E", "G", "H", "I"])
        .hit(udp(6353).from("2002::1"), Accepted, ["A", "B", "C", "E", "G", "H", "I"])
        .miss(tcp(6352).flags(3).state(Invalid), Dropped, []),
    ]
    .into_iter()
    .chain([Case::matching("ct untracked").misses(pings()).misses([udp(6351)]).hits([icmpv6(135, 0).state(Untracked)]).because(
        "in IPv4 nothing is untracked unless a rule says so",
    )])
    .collect()
}
