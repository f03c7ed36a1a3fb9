//! Matches that remember: rates by address, lists of recent addresses, quotas, shares, connections.

use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::case::Fate::{Accepted, Dropped, Some};
use fwdsl_tests::constructs::probe::{tcp, udp};

pub(crate) fn counts() -> Vec<Case> {
    let many = "[1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35]";
    let keyed = |name: &'static str, parameters: &str| {
        Case::source(name, &format!("chain INPUT policy drop {{ hashlimit({parameters}) => accept; }}"))
    };
    vec![
        keyed("hashlimit(upto …), for each source", "upto 1/h, burst 2, mode srcip, name k1")
            .hit(udp(1).times(5), Some(2), [])
            .hit(udp(2).from("11.0.0.1").times(3), Some(2), [])
            .hit(udp(2).from("2002:db8::1").times(3), Some(2), [])
            .miss(udp(3).times(2), Dropped, []),
        keyed("hashlimit(above …)", "above 1/h, burst 2, mode srcip, name k2").hit(udp(1).times(5), Some(3), []),
        keyed("hashlimit, for each destination port", "upto 1/h, burst 1, mode [dstip, dstport], name k3")
            .hit(udp(1).times(3), Some(1), [])
            .hit(udp(2).times(3), Some(1), []),
        keyed(
            "hashlimit, for each network, with the table's limits",
            "upto 1/h, burst 1, mode [srcip, srcport], srcmask 24, name k4, htable-size 64, htable-max 128, \
             htable-gcinterval 500, htable-expire 90000",
        )
        .hit(udp(1).from("11.0.0.1").times(2), Some(1), [])
        .miss(udp(1).from("11.0.0.9"), Dropped, [])
        .hit(udp(1).from("11.0.1.1").times(2), Some(1), [])
        .hit(udp(1).from("2002:db8::1").times(2), Some(1), []),
        keyed("hashlimit, by destination networks", "upto 1/h, burst 1, mode dstip, dstmask 16, name k5")
            .hit(udp(1).to("10.1.0.1").times(2), Some(1), [])
            .miss(udp(1).to("10.1.2.1"), Dropped, [])
            .hit(udp(1).to("10.2.0.1"), Accepted, [])
            .hit(udp(1).to("2001:db8::1").times(2), Some(1), []),
        keyed("hashlimit(rate-match …)", "above 5/s, rate-match, rate-interval 10, mode srcip, name k6")
            // The rate, and the burst that it may be passed by: five each.
            .hit(udp(1).times(80), Some(70), []),
        keyed("hashlimit(!upto …)", "!upto 1/h, burst 2, mode srcip, name k8").hit(udp(1).times(5), Some(3), []),
        keyed("hashlimit(!above …)", "!above 1/h, burst 2, mode srcip, name k9").hit(udp(1).times(5), Some(2), []),
        // Of several values of a list, and of several verdicts, each packet takes one.
        Case::source("hashlimit, with a list and several verdicts", &format!(
            "chain INPUT policy drop {{ tcp|udp port {many} hashlimit(upto 1/h, burst 3, mode srcip, name k7)
                 => log(\"seen \"), jump A, jump B, accept; _ => jump REST; }}
             chain A {{ }} chain B {{ }} chain REST {{ }}"
        ))
        .miss(udp(2), Dropped, ["REST"])
        .hit(udp(1).sport(35), Accepted, ["A", "B"])
        .hit(tcp(35).times(2), Accepted, ["A", "A", "B", "B"])
        .hit(udp(3).times(2), Dropped, ["REST", "REST"])
        .target("LOG", 3),
        Case::source(
            "recent: set, rcheck, remove",
            "chain INPUT policy drop {
                 udp dport 1 recent(set, name \"seen\") => jump A;
                 udp dport 2 recent(rcheck, name \"seen\", seconds 60) => jump B;
                 udp dport 3 recent(remove, name \"seen\") => jump C;
                 udp dport 4 recent(!rcheck, name \"seen\") => jump D;
             }
             chain A { } chain B { } chain C { } chain D { }",
        )
        .miss(udp(2).tos(1), Dropped, [])
        .hit(udp(4).tos(1), Dropped, ["D"])
        .hit(udp(1), Dropped, ["A"])
        .hit(udp(2), Dropped, ["B"])
        .miss(udp(2).from("11.0.0.1"), Dropped, [])
        .miss(udp(2).from("2002:db8::1"), Dropped, [])
        .miss(udp(4), Dropped, [])
        .hit(udp(3), Dropped, ["C"])
        .miss(udp(2).tos(2), Dropped, []),
        Case::source(
            "recent, negated",
            "chain INPUT policy drop {
                 udp dport 1 recent(set, name \"not\") => jump A;
                 udp dport 1 recent(!set, name \"not\") => jump B;
                 udp dport 2 recent(!update, name \"not\", seconds 60) => jump C;
                 udp dport 3 recent(!remove, name \"not\") => jump D;
             }
             chain A { } chain B { } chain C { } chain D { }",
        )
        .hit(udp(2).tos(1), Dropped, ["C"])
        .hit(udp(3).tos(1), Dropped, ["D"])
        .miss(udp(1), Dropped, ["A"])
        .miss(udp(2), Dropped, [])
        .miss(udp(3), Dropped, [])
        .hit(udp(3).tos(2), Dropped, ["D"]),
        Case::source(
            "recent(update …) with a count of hits",
            "chain INPUT { udp dport 1 {
                 recent(update, seconds 60, reap, hitcount 3, rttl, name \"hits\", rsource) => drop;
                 recent(set, name \"hits\", rsource) => jump A;
             } }
             chain A { }",
        )
        .hit(udp(1).times(3), Accepted, ["A", "A", "A"])
        .hit(udp(1).tos(1).times(2), Dropped, [])
        .miss(udp(1).ttl(60), Accepted, ["A"])
        .miss(udp(1).from("11.0.0.1"), Accepted, ["A"])
        .miss(udp(1).from("2002:db8::1"), Accepted, ["A"]),
        Case::source(
            "recent(…, rdest, mask …)",
            "chain INPUT policy drop {
                 udp dport 1 recent(set, name \"to4\", rdest, mask 255.255.255.0) => jump A;
                 udp dport 2 recent(rcheck, name \"to4\", rdest, mask 255.255.255.0) => accept;
                 udp dport 1 recent(set, name \"to6\", rdest, mask ffff:ffff::) => jump A;
                 udp dport 2 recent(rcheck, name \"to6\", rdest, mask ffff:ffff::) => accept;
             }
             chain A { }",
        )
        .hit(udp(1).to("10.1.0.1"), Dropped, ["A"])
        .hit(udp(2).to("10.1.0.7"), Accepted, [])
        .miss(udp(2).to("10.1.1.7"), Dropped, [])
        .hit(udp(1).to("2001:db8::1"), Dropped, ["A"])
        .hit(udp(2).to("2001:db8:7::1"), Accepted, [])
        .miss(udp(2).to("2001:db9::1"), Dropped, []),
        Case::matching("quota(quota 500)").limited(udp(1).times(4), 2),
        Case::source("quota(!quota 500)", "chain INPUT policy drop { quota(!quota 500) => accept; }")
            .hit(udp(1).times(5), Some(3), []),
        Case::matching("statistic(mode nth, every 3, packet 1)").limited(udp(1).times(7), 2),
        Case::matching("statistic(mode nth, !every 3)").limited(udp(1).times(6), 4),
        Case::source(
            "statistic(mode random, …)",
            "chain INPUT policy drop {
                 statistic(mode random, probability 0) => jump A;
                 statistic(mode random, !probability 0) udp => accept;
                 statistic(mode random, probability 1) => jump B;
             }
             chain A { } chain B { }",
        )
        .hit(udp(1).times(20), Accepted, [])
        .miss(tcp(1).times(2), Dropped, ["B", "B"]),
        Case::source(
            "connlimit(above 2)",
            "chain INPUT { udp connlimit(above 2) => jump A, drop; } chain A { }",
        )
        .miss(udp(6201), Accepted, [])
        .miss(udp(6202).times(2), Accepted, [])
        .hit(udp(6203), Dropped, ["A"])
        .hit(udp(6204), Dropped, ["A"]),
        Case::source(
            "connlimit(upto …, mask …, daddr)",
            "chain INPUT { udp connlimit(upto 1, mask 24, daddr) => jump A, return; udp => drop; } chain A { }",
        )
        .hit(udp(6211), Accepted, ["A"])
        .miss(udp(6212), Dropped, []),
        Case::source(
            "connlimit(above …, saddr)",
            "chain INPUT { udp connlimit(above 1, saddr) => drop; }",
        )
        .miss(udp(6221), Accepted, [])
        .hit(udp(6222), Dropped, []),
        Case::source(
            "connlimit(!above …, mask …, daddr)",
            "chain INPUT { udp connlimit(!above 1, mask 24, daddr) => jump A, return; udp => drop; } chain A { }",
        )
        .hit(udp(6241), Accepted, ["A"])
        .miss(udp(6242), Dropped, []),
        Case::source("connlimit(!upto …)", "chain INPUT { udp connlimit(!upto 1) => drop; }")
            .miss(udp(6251), Accepted, [])
            .hit(udp(6252), Dropped, []),
        Case::source(
            "connbytes",
            "chain INPUT policy drop {
                 udp connbytes(3..=1000, mode packets, dir original) => jump A;
                 udp connbytes(100..=300, mode bytes, dir both) => jump B;
                 udp connbytes(!0..=2, mode packets, dir reply) => jump C;
                 _ => accept;
             }
             chain A { } chain B { } chain C { }",
        )
        .before([udp(6231)])
        .miss(udp(6231), Accepted, [])
        .hit(udp(6231).times(2), Accepted, ["A", "A"])
        .hit(udp(6232), Accepted, ["B"]),
    ]
}
