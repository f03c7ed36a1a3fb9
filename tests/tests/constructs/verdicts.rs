//! What a rule does with a packet: verdicts, chains, policies, answers, logs.

use fwdsl_runtime::table::{Hook, TableName};
use fwdsl_tests::constructs::case::Answer::{Icmp, Reset, Silence};
use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::case::Fate::{Accepted, Dropped};
use fwdsl_tests::constructs::probe::{icmp, icmpv6, pings, tcp, udp};

pub(crate) fn ways() -> Vec<Case> {
    vec![
        Case::source(
            "jump comes back, goto does not",
            "chain INPUT policy drop {
                 udp dport 1 => jump A;
                 udp dport 2 => goto A;
                 udp dport 1|2|3 => jump BACK;
                 udp => accept;
             }
             chain A { udp sport 7 => accept; udp sport 8 => drop; } chain BACK { }",
        )
        .hit(udp(1), Accepted, ["A", "BACK"])
        .hit(udp(2), Dropped, ["A"])
        .hit(udp(2).sport(7), Accepted, ["A"])
        .hit(udp(1).sport(8), Dropped, ["A"])
        .miss(udp(3), Accepted, ["BACK"])
        .miss(tcp(1), Dropped, []),
        Case::source(
            "return, after jump and after goto",
            "chain INPUT policy drop {
                 udp => jump A;
                 _ => jump BACK;
                 _ => accept;
             }
             chain A { dport 1 => return; dport 2|3 => goto B; _ => jump REST; _ => drop; }
             chain B { dport 2 => return; dport 3 => jump C; } chain C { _ => return; _ => drop; }
             chain BACK { } chain REST { }"
                .replace("dport", "udp dport")
                .as_str(),
        )
        .hit(udp(1), Accepted, ["A", "BACK"])
        .hit(udp(2), Accepted, ["A", "B", "BACK"])
        .hit(udp(3), Accepted, ["A", "B", "C", "BACK"])
        .miss(udp(4), Dropped, ["A", "REST"])
        .miss(tcp(1), Accepted, ["BACK"]),
        Case::source(
            "return in a built-in chain is its policy",
            "chain INPUT policy drop { udp dport 1|2 => return; _ => accept; }
             chain FORWARD { udp dport 1 => return; _ => drop; }",
        )
        .hit(udp(1), Dropped, [])
        .miss(udp(3), Accepted, []),
        Case::source(
            "return with a list, which needs a chain of its own",
            "chain INPUT policy drop { _ => jump A; _ => accept; }
             chain A {
                 from ![10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 2001:db8::1, 2001:db8::2, 2001:db8::3, 2001:db8::4, 2001:db8::5] => return;
                 _ => jump REST;
                 _ => drop;
             }
             chain REST { }",
        )
        .hit(udp(1), Accepted, ["A"])
        .miss(udp(1).from("10.0.0.5"), Dropped, ["A", "REST"])
        .miss(udp(1).from("2001:db8::5"), Dropped, ["A", "REST"]),
        Case::source(
            "goto with a list, which needs a chain of its own",
            "chain INPUT policy drop { _ => jump A; _ => accept; }
             chain A {
                 udp port [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35] => goto B;
                 _ => jump REST;
                 _ => drop;
             }
             chain B { udp sport 35 => drop; } chain REST { }",
        )
        .hit(udp(1), Accepted, ["A", "B"])
        .hit(udp(1).sport(35), Dropped, ["A", "B"])
        .miss(udp(2), Dropped, ["A", "REST"]),
        Case::source(
            "several verdicts on one packet, left to right",
            "chain INPUT policy drop {
                 tcp|udp dport [1, 2] => log(\"one \"), jump A, jump B, accept;
                 udp dport 3 => log, drop;
                 udp dport 4 => jump A, goto B;
                 udp dport 5 => jump A, return;
                 _ => accept;
             }
             chain A { udp sport 7 => drop; } chain B { }",
        )
        .hit(udp(1), Accepted, ["A", "B"])
        .hit(tcp(2), Accepted, ["A", "B"])
        .hit(udp(2).sport(7), Dropped, ["A"])
        .hit(udp(3), Dropped, [])
        .hit(udp(4), Dropped, ["A", "B"])
        .hit(udp(5), Dropped, ["A"])
        .miss(udp(6), Accepted, [])
        .target("LOG", 4),
        Case::source(
            "jump with a list meets a packet once",
            "chain INPUT {
                 from [10.0.0.0/8, 10.1.0.0/16, 10.1.2.3, 2001:db8::/32, 2001:db8::/48, 2001:db8::3] => log, jump A;
                 udp port [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35] => jump B;
             }
             chain A { } chain B { }",
        )
        .hit(udp(2).from("10.1.2.3"), Accepted, ["A"])
        .hit(udp(2).from("2001:db8::3"), Accepted, ["A"])
        .hit(udp(1).sport(35), Accepted, ["B"])
        .miss(udp(2), Accepted, [])
        .target("LOG", 1),
    ]
}

pub(crate) fn policies() -> Vec<Case> {
    vec![
        Case::source("chain INPUT policy drop", "chain INPUT policy drop { udp dport 1 => accept; }")
            .hit(udp(1), Accepted, [])
            .miss(udp(2), Dropped, [])
            .miss(tcp(1), Dropped, []),
        Case::source("chain INPUT policy accept", "chain INPUT policy accept { udp dport 1 => drop; }")
            .hit(udp(1), Dropped, [])
            .miss(udp(2), Accepted, []),
        Case::source("a chain without a policy accepts", "chain INPUT { udp dport 1 => drop; }")
            .hit(udp(1), Dropped, [])
            .miss(udp(2), Accepted, []),
        Case::source("chain FORWARD policy drop", "chain FORWARD policy drop { udp dport 1 => accept; }")
            .forwarded()
            .hit(udp(1).out("eth1"), Accepted, [])
            .miss(udp(2).out("eth1"), Dropped, []),
        Case::source("chain OUTPUT policy drop", "chain OUTPUT policy drop { udp dport 1 => accept; }")
            .sent()
            .hit(udp(1).by_host(), Accepted, [])
            .miss(udp(2).by_host(), Dropped, []),
    ]
}

pub(crate) fn rejects() -> Vec<Case> {
    let ipv4 = [
        ("reject(icmp-net-unreachable)", 0),
        ("reject(icmp-host-unreachable)", 1),
        ("reject(icmp-proto-unreachable)", 2),
        ("reject(icmp-port-unreachable)", 3),
        ("reject(icmp-net-prohibited)", 9),
        ("reject(icmp-host-prohibited)", 10),
        ("reject(icmp-admin-prohibited)", 13),
    ];
    let ipv6 = [
        ("reject(icmp6-no-route)", 0),
        ("reject(icmp6-adm-prohibited)", 1),
        ("reject(icmp6-addr-unreachable)", 3),
        ("reject(icmp6-port-unreachable)", 4),
        ("reject(icmp6-policy-fail)", 5),
        ("reject(icmp6-reject-route)", 6),
    ];
    let why = "a verdict of one family restricts the rule to it";
    let mut cases = Vec::new();
    for (verdict, code) in ipv4 {
        let source = format!(
            "chain INPUT {{ icmp echo-request => drop; dport 9 udp => {verdict}; tcp => {verdict}; }}"
        );
        cases.push(
            Case::source(verdict, &source)
                .hit(udp(9).only_ipv4(), Dropped, [])
                .answered(Icmp(3, code))
                .hit(tcp(9).only_ipv4(), Dropped, [])
                .answered(Icmp(3, code))
                .miss(icmp(8, 0), Dropped, [])
                .answered(Silence)
                .miss(udp(9).only_ipv6(), Accepted, [])
                .because(why),
        );
    }
    for (verdict, code) in ipv6 {
        let source = format!(
            "chain INPUT {{ icmpv6 echo-request => drop; dport 9 udp => {verdict}; tcp => {verdict}; }}"
        );
        cases.push(
            Case::source(verdict, &source)
                .hit(udp(9).only_ipv6(), Dropped, [])
                .answered(Icmp(1, code))
                .hit(tcp(9).only_ipv6(), Dropped, [])
                .answered(Icmp(1, code))
                .miss(icmpv6(128, 0), Dropped, [])
                .answered(Silence)
                .miss(udp(9).only_ipv4(), Accepted, [])
                .because(why),
        );
    }
    let [ping4, ping6] = pings();
    cases.push(
        Case::source("reject", "chain INPUT policy drop { udp => reject; }")
            .hit(udp(1).only_ipv4(), Dropped, [])
            .answered(Icmp(3, 3))
            .hit(udp(1).only_ipv6(), Dropped, [])
            .answered(Icmp(1, 4))
            .miss(ping4, Dropped, [])
            .answered(Silence)
            .miss(ping6, Dropped, [])
            .answered(Silence),
    );
    cases.push(
        Case::source("reject(tcp-reset)", "chain INPUT policy drop { tcp dport 113 => reject(tcp-reset); }")
            .hit(tcp(113), Dropped, [])
            .answered(Reset)
            .miss(tcp(114), Dropped, [])
            .answered(Silence)
            .miss(udp(113), Dropped, [])
            .answered(Silence),
    );
    cases.push(
        Case::source(
            "reject, of forwarded packets",
            "chain FORWARD { tcp dport [5, 113] => reject(tcp-reset); out wg+ => reject; }",
        )
        .forwarded()
        .hit(tcp(5).out("eth1"), Dropped, [])
        .answered(Reset)
        .hit(udp(1).out("wg7").only_ipv4(), Dropped, [])
        .answered(Icmp(3, 3))
        .hit(udp(1).out("wg7").only_ipv6(), Dropped, [])
        .answered(Icmp(1, 4))
        .miss(udp(113).out("eth1"), Accepted, [])
        .answered(Silence),
    );
    cases
}

pub(crate) fn logs() -> Vec<Case> {
    vec![
        Case::source("log", "chain INPUT policy drop { udp dport 1 => log; udp => jump A, accept; } chain A { }")
            .hit(udp(1).times(2), Accepted, ["A", "A"])
            .miss(udp(2), Accepted, ["A"])
            .miss(tcp(1), Dropped, [])
            .target("LOG", 2)
            .saved("-j LOG"),
        Case::source(
            "log(\"prefix \", level info, …)",
            "chain INPUT { tcp dport [1, 2] from [172.16.0.0/24, 172.16.0.0/16, fd00::/64, fd00::/16]
                 => log(\"it's \\\"seen\\\" \", level info, tcp-sequence, tcp-options, ip-options, uid, macdecode), drop; }",
        )
        .hit(tcp(1), Dropped, [])
        .hit(tcp(2), Dropped, [])
        .miss(tcp(3), Accepted, [])
        .target("LOG", 2)
        .saved("--log-prefix \"it\\'s \\\"seen\\\" \" --log-level 6")
        .saved("--log-tcp-sequence --log-tcp-options --log-ip-options --log-uid --log-macdecode"),
        Case::source(
            "a doc comment",
            "chain INPUT policy drop {
                 /// administration, by \"hand\"
                 ///
                 /// not for the rule
                 udp dport 1 => accept;
             }",
        )
        .hit(udp(1), Accepted, [])
        .miss(udp(2), Dropped, [])
        .saved("-m comment --comment \"administration, by \\\"hand\\\"\" -j ACCEPT"),
        Case::matching("udp dport 1 comment(\"as a match\")")
            .hits([udp(1)])
            .misses([udp(2)])
            .saved("--comment \"as a match\""),
    ]
}

pub(crate) fn tables() -> Vec<Case> {
    let (mangle, security, nat) = (TableName::Mangle, TableName::Security, TableName::Nat);
    vec![
        Case::matching("udp dport 1").raw().hits([udp(1)]).misses([udp(2), tcp(1)]),
        Case::matching("out eth0 udp dport 1")
            .at(TableName::Raw, Hook::Output)
            .hits([udp(1).by_host()])
            .misses([udp(2).by_host(), udp(1).via("eth1").by_host()]),
        Case::matching("in eth1").at(mangle, Hook::Prerouting).hits([udp(1).via("eth1")]).misses([udp(1)]),
        Case::matching("in eth1 udp dport 1").at(mangle, Hook::Input).hits([udp(1).via("eth1")]).misses([udp(1)]),
        Case::matching("in eth0 out eth1")
            .at(mangle, Hook::Forward)
            .hits([udp(1).out("eth1")])
            .misses([udp(1).out("wg7")]),
        Case::matching("udp dport 1").at(mangle, Hook::Output).hits([udp(1).by_host()]).misses([udp(2).by_host()]),
        Case::matching("udp out eth1")
            .at(mangle, Hook::Postrouting)
            .hits([udp(1).out("eth1"), udp(1).via("eth1").by_host()])
            .misses([udp(1).out("wg7"), tcp(1).out("eth1"), udp(1).by_host()]),
        Case::matching("udp dport 1").at(security, Hook::Input).hits([udp(1)]).misses([udp(2)]),
        Case::matching("udp dport 1")
            .at(security, Hook::Forward)
            .hits([udp(1).out("eth1")])
            .misses([udp(2).out("eth1")]),
        Case::matching("udp dport 1").at(security, Hook::Output).hits([udp(1).by_host()]).misses([udp(2).by_host()]),
        Case::source(
            "tables after one another, with chains of one name",
            "table raw { chain PREROUTING { udp dport 1 => drop; udp => jump A; } chain A { udp dport 2 => drop; } }
             table mangle { chain PREROUTING { udp dport 3 => drop; } }
             table filter { chain INPUT { udp => jump A; } chain A { udp dport 4 => drop; } }",
        )
        .hit(udp(1), Dropped, [])
        .hit(udp(2), Dropped, ["A"])
        .hit(udp(3), Dropped, ["A"])
        .hit(udp(4), Dropped, ["A", "A"])
        .miss(udp(5), Accepted, ["A", "A"]),
        // The kernel asks the table for the first packet of a flow, and only once something has it track connections.
        Case::source(
            "table nat { chain PREROUTING … }",
            "table nat { chain PREROUTING { ct new udp dport 5101 => jump A, accept; udp => jump B; } chain A { } chain B { } }",
        )
        .at(nat, Hook::Prerouting)
        .hit(udp(5101), Accepted, ["A"])
        .miss(udp(5102), Accepted, ["B"])
        .miss(tcp(5101), Accepted, []),
        Case::source(
            "table nat { chain INPUT … }",
            "table nat { chain INPUT { ct new udp dport 5111 => jump A; } chain A { } }",
        )
        .at(nat, Hook::Input)
        .hit(udp(5111), Accepted, ["A"])
        .miss(udp(5112), Accepted, []),
        Case::source(
            "table nat { chain OUTPUT … chain POSTROUTING … }",
            "table nat { chain OUTPUT { udp dport 5121 => jump A; } chain POSTROUTING { ct new out eth1 => jump B; } chain A { } chain B { } }",
        )
        .at(nat, Hook::Output)
        .hit(udp(5121).by_host().via("eth1"), Accepted, ["A", "B"])
        .hit(udp(5121).by_host(), Accepted, ["A"])
        .hit(udp(5122).by_host().via("eth1"), Accepted, ["B"])
        .miss(udp(5123).by_host(), Accepted, []),
    ]
}
