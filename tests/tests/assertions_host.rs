//! Assertions about the whole way of packets: raw, mangle, nat, filter and security in their order.

use fwdsl_tests::asserted::{assert_says, errors_of_claims as errors};

#[track_caller]
fn holds(source: &str) {
    assert_eq!(errors(source), Vec::<String>::new(), "{source}");
}

#[track_caller]
fn fails(source: &str, said: &[&str]) {
    assert_says(&errors(source), said);
}

#[test]
fn each_way_has_its_chains() {
    let rules = "chain INPUT policy drop { tcp dport 22 => accept; }
                 chain FORWARD policy drop { tcp dport 80 => accept; }
                 chain OUTPUT policy drop { tcp dport 443 => accept; }";
    let host = |case: &str| format!("{rules} assert host {case}");
    holds(&host("input { tcp dport 22 => accept; tcp dport 80 => drop; }"));
    holds(&host("forward { tcp dport 80 => accept; tcp dport 22 => drop; }"));
    holds(&host("output { tcp dport 443 => accept; tcp dport 22 => drop; }"));
    // Without a way, all of them that the pattern fits.
    holds(&host("{ tcp dport 25 => drop; in eth0 out eth1 tcp dport 80 => accept; }"));
    fails(
        &host("{ in eth0 tcp dport 22 => accept; }"),
        &[
            "in eth0 out eth1 from",
            "is dropped",
            "as a packet routed through",
            "policy of `FORWARD` is drop",
            "if only packets for this host are meant: `assert host input { … }`",
        ],
    );
    fails(&host("{ out eth0 tcp dport 443 => accept; }"), &["as a packet routed through"]);
    fails(&host("input { tcp => accept; }"), &["as a packet for this host", "policy of `INPUT` is drop"]);
    fails(&host("{ tcp dport 25 => accept; }"), &["as a packet for this host"]);
}

#[test]
fn a_host_without_rules_lets_everything_through() {
    fails(
        "family ipv4; chain INPUT policy drop { } assert host { in eth0 => drop; }",
        &["is accepted", "as a packet routed through", "the policy does not write `FORWARD`"],
    );
    holds("family ipv4; chain INPUT policy drop { } assert host { out eth0 => accept; }");
    // A policy for one family leaves the other open.
    fails(
        "chain INPUT policy drop { family ipv4; } chain FORWARD policy drop { family ipv4; }
         assert host input { _ => drop; }",
        &["from 2001:db8::1", "is accepted", "the policy has no rules in table `filter`"],
    );
}

#[test]
fn every_table_is_met_in_its_order() {
    let rules = "table raw { chain PREROUTING { udp dport 1 => drop; } }
        table mangle { chain PREROUTING { udp dport 2 => drop; } chain FORWARD { udp dport 3 => drop; }
                       chain INPUT { udp dport 4 => drop; } chain POSTROUTING { udp dport 5 => drop; } chain OUTPUT { udp dport 8 => drop; } }
        table security { chain INPUT { udp dport 6 => drop; } chain FORWARD { udp dport 7 => drop; } }
        chain INPUT { udp => accept; } chain FORWARD { udp => accept; } chain OUTPUT { udp => accept; }";
    let host = |case: &str| format!("{rules} assert host {case}");
    holds(&host("input { udp dport [1, 2, 4, 6] => drop; udp dport [3, 5, 7, 8] => accept; }"));
    holds(&host("forward { udp dport [1, 2, 3, 5, 7] => drop; udp dport [4, 6, 8] => accept; }"));
    holds(&host("output { udp dport [5, 8] => drop; udp dport [1..=4, 6, 7] => accept; }"));
    holds(&host(
        "input { udp dport [2, 4, 9] => reaches mangle/PREROUTING; udp dport 1 => !reaches mangle/PREROUTING; }",
    ));
    holds(&host(
        "input { udp dport 9 => reaches INPUT; udp dport 4 => !reaches INPUT; _ => !reaches FORWARD; }",
    ));
    holds(&host("{ in eth0 out eth1 udp dport 9 => reaches FORWARD; in eth0 udp => !reaches OUTPUT; }"));
    holds(&host("{ in eth0 out eth1 udp dport 9 => reaches security/FORWARD; }"));
    fails(&host("input { udp => reaches INPUT; }"), &["does not come to `INPUT`", "dropped by this rule"]);
}

#[test]
fn filter_sees_where_a_packet_is_sent() {
    let rules = "family ipv4;
        table nat { chain PREROUTING { to 203.0.113.1 tcp dport 80 => dnat(to 10.0.0.2:8080); } }
        chain FORWARD policy drop {
            ct established|related => accept;
            to 10.0.0.2 tcp dport 8080 => accept;
        }";
    let host = |case: &str| format!("{rules} assert host forward {{ {case} }}");
    holds(&host("in eth0 to 203.0.113.1 tcp dport 80 ct new => accept;"));
    holds(&host("to 10.0.0.2 tcp dport 8080 ct new => accept;"));
    holds(&host("to 203.0.113.2 tcp dport 80 ct new => drop;"));
    holds(&host("to 10.0.0.2 tcp dport 80 ct new => drop;"));
    // In the chain alone nothing is known of it.
    fails(
        &format!("{rules} assert FORWARD {{ to 203.0.113.1 tcp dport 80 ct new => accept; }}"),
        &["is dropped"],
    );
    fails(
        &host("to 203.0.113.1 tcp dport 80..=81 ct new => accept;"),
        &["to 203.0.113.1 tcp sport 1024 dport 81 ct new", "is dropped"],
    );
    fails(
        &host("to 203.0.113.0/24 tcp dport 80 ct new => drop;"),
        &[
            "to 203.0.113.1 tcp sport 1024 dport 80 ct new",
            "is accepted",
            "it is sent to 10.0.0.2:8080 by this rule (policy.rs:2)",
            "accepted in table `filter` by this rule (policy.rs:5)",
        ],
    );
    // Of what comes later nothing is known but that its connection is translated.
    fails(
        &format!(
            "{} assert host forward {{ ct dnat => accept; }}",
            rules.replace("ct established|related", "ct dnat to 10.0.0.2")
        ),
        &["ct dnat", "is dropped"],
    );
}

#[test]
fn only_the_first_packet_of_a_connection_asks_nat() {
    let rules = "family ipv4;
        table nat { chain PREROUTING { tcp dport 80 => redirect(to 3128); } }
        chain INPUT policy drop { tcp dport 3128 => accept; }";
    let host = |case: &str| format!("{rules} assert host input {{ {case} }}");
    holds(&host("in eth0 tcp dport 80 ct new => accept;"));
    holds(&host("in eth0 tcp dport 80 ct new => reaches nat/PREROUTING;"));
    holds(&host("tcp dport 80 ct invalid => drop;"));
    holds(&host("tcp dport 80 ct invalid => !reaches nat/PREROUTING;"));
    fails(&host("tcp dport 80 => reaches nat/PREROUTING;"), &["does not come to `PREROUTING`"]);
    // What this host sends to itself has been translated on its way out.
    fails(&host("in lo tcp dport 80 ct new => accept;"), &["is dropped"]);
}

#[test]
fn what_a_target_may_choose_may_be_any() {
    let rules = "family ipv4;
        table nat { chain PREROUTING { to 203.0.113.1 tcp dport 80 => dnat(to 10.0.0.2-10.0.0.9); } }
        chain FORWARD policy drop { to 10.0.0.0/29 => accept; }"
        .replace("10.0.0.2-10.0.0.9", "10.0.0.2..=10.0.0.9");
    let host = |case: &str| format!("{rules} assert host forward {{ {case} }}");
    fails(&host("in eth0 to 203.0.113.1 tcp dport 80 ct new => accept;"), &["is dropped"]);
    fails(&host("in eth0 to 203.0.113.1 tcp dport 80 ct new => drop;"), &["is accepted"]);
    holds(&host("in eth0 to 203.0.113.1 tcp dport 80 ct new => accept|drop;"));
    holds(
        &host("in eth0 to 203.0.113.1 tcp dport 80 ct new => !reject;").replace("10.0.0.0/29", "10.0.0.0/28"),
    );
    holds(
        &host("in eth0 to 203.0.113.1 tcp dport 80 ct new => accept;").replace("10.0.0.0/29", "10.0.0.0/28"),
    );
}

#[test]
fn marks_are_followed_from_table_to_table() {
    let rules = "table mangle { chain PREROUTING { in vpn0 => mark(set 0x10); in lan0 => mark(xor 1); } }
        chain INPUT policy drop { mark 0x10 => accept; }";
    let host = |case: &str| format!("{rules} assert host input {{ {case} }}");
    holds(&host("in vpn0 => accept; in eth0 mark 0 => drop; in eth0 mark 0x10 => accept;"));
    fails(&host("in eth0 => drop;"), &["mark 0x10", "is accepted"]);
    // A mark of which some bits are changed may be any to the proof, but not to the packet that would show it.
    fails(
        &host("in lan0 mark 0 => drop;"),
        &["assertion not decided", "what others changed before, such as the mark"],
    );
    // A limit may match or not.
    fails(
        &host("in vpn0 mark 0 => accept;").replace("in vpn0 =>", "in vpn0 limit 1/s =>"),
        &["is dropped", "`limit` of this rule"],
    );
}

#[test]
fn what_is_not_tracked_is_untracked() {
    let rules = "table raw { chain PREROUTING { udp dport 53 => ct(notrack); } }
        chain INPUT policy drop { ct untracked => accept; ct new => reject; }";
    let host = |case: &str| format!("{rules} assert host input {{ {case} }}");
    holds(&host("udp dport 53 => accept;"));
    holds(&host("udp dport 54 ct new => reject;"));
    fails(&host("udp dport 52..=53 ct new => reject;"), &["dport 53", "is accepted"]);
}

#[test]
fn a_packet_leaves_by_an_interface_that_is_not_known_before_it_is_routed() {
    let rules = "table mangle { chain PREROUTING { _ => jump A; } chain FORWARD { _ => jump A; } chain A { out eth1 udp => drop; } }
        chain FORWARD { out eth2 => drop; }";
    let host = |case: &str| format!("{rules} assert host forward {{ {case} }}");
    holds(&host("out eth1 udp => drop; out eth1 tcp => accept; out eth2 => drop;"));
    holds(
        "table mangle { chain PREROUTING { _ => jump A; } chain A { out eth1 udp => drop; } } chain INPUT { }
         assert host forward { out eth1 udp => accept; }",
    );
}

#[test]
fn fragments_are_put_together_on_their_way_in() {
    holds(
        "family ipv4; table raw { chain PREROUTING { fragment => drop; } } chain INPUT policy accept { }
         assert host input { fragment => drop; }",
    );
    let source = |rules: &str| format!("family ipv4; {rules} assert host input {{ fragment => accept; }}");
    let empty = &["the pattern covers no packet", "the host"];
    fails(&source("chain INPUT { }"), empty);
    fails(
        &source("table raw { chain PREROUTING { fragment => drop; } } chain INPUT { ct new => accept; }"),
        empty,
    );
    fails(
        &source(
            "table raw { chain PREROUTING { fragment => drop; } } table nat { chain POSTROUTING { _ => masquerade; } }",
        ),
        empty,
    );
}

#[test]
fn what_others_do_may_be_anything() {
    let rules =
        "foreign chain OTHERS; chain INPUT policy drop { tcp => jump OTHERS; udp dport 53 => accept; }
        table nat { foreign chain THEIRS; chain PREROUTING { udp => jump THEIRS; } }";
    let host = |case: &str| format!("{rules} assert host input {{ {case} }}");
    holds(&host("icmp ct new => drop; icmp => reaches INPUT;"));
    fails(&host("tcp ct new => drop;"), &["foreign chain"]);
    fails(&host("udp ct new => reaches INPUT;"), &["does not come to `INPUT`", "foreign chain"]);
    // They may have sent it elsewhere.
    fails(
        &host("udp dport 9 ct new => !accept;"),
        &[
            "is accepted",
            "a foreign chain may change it here",
            "accepted in table `filter` by this rule (policy.rs:1)",
        ],
    );
}

#[test]
fn what_is_asked_of_a_host_is_checked() {
    let wrong = |case: &str, said: &[&str]| fails(&format!("chain INPUT {{ }} assert host {case}"), said);
    wrong("inptu { _ => accept; }", &["unknown way `inptu`", "did you mean `input`?"]);
    wrong("INPUT { _ => accept; }", &["did you mean `input`?"]);
    wrong("through { _ => accept; }", &["unknown way `through`", "input, forward, output"]);
    wrong("input { out eth0 => accept; }", &["packets for this host have no outgoing interface"]);
    wrong("output { in eth0 => accept; }", &["packets made by this host have no incoming interface"]);
    wrong("{ _ => masquerade; }", &["no packet's way ends with `masquerade`", "accept, drop, reject"]);
    wrong("{ _ => return; }", &["no packet's way ends with `return`"]);
    wrong("{ _ => reaches nat/PREROUTING; }", &["the policy has no table `nat`"]);
    wrong("{ tcp udp => accept; }", &["the pattern covers no packet"]);
    fails(
        "own chains; chain INPUT { } assert host { _ => accept; }",
        &["the policy owns only its chains", "assert INPUT"],
    );
    // A chain may have the name.
    holds(
        "chain INPUT { _ => jump \"host\"; } chain \"host\" { } assert \"host\" { _ => return; } assert filter/host { _ => return; }",
    );
}

#[test]
fn an_assertion_holds_whichever_order_the_tables_are_asked_in() {
    let rules = "family ipv4;
        table nat { chain INPUT { from 192.0.2.1 => snat(to 10.9.9.9); } }
        table security { chain INPUT { from 10.9.9.9 => drop; from 192.0.2.1 udp => drop; } }
        chain INPUT { }";
    let host = |case: &str| format!("{rules} assert host input {{ {case} }}");
    // Legacy lets it through, and nft does not.
    fails(&host("in eth0 from 192.0.2.1 tcp ct new => accept;"), &["is dropped"]);
    fails(&host("in eth0 from 192.0.2.1 tcp ct new => drop;"), &["is accepted"]);
    // One rule drops it on the one, one on the other.
    holds(&host("in eth0 from 192.0.2.1 udp ct new => drop;"));
    holds(&host("in eth0 from 192.0.2.7 ct new => accept;"));
    // Which connections were translated is not known of their later packets.
    fails(&host("in eth0 from 192.0.2.7 ct established => accept;"), &["is dropped"]);
    holds(&host("in eth0 from 10.9.9.9 ct new => drop;"));
}
