//! What iptables refuses is refused, with the reason.

use fwdsl_runtime::family::Family;

use crate::{canonical, with_rule};

/// Rules in `filter`'s FORWARD, and words of the reason why they are refused.
const RULES: &[(&str, &str)] = &[
    ("-s 10.0.0.1 -s 10.0.0.2", "`-s` can be given once"),
    ("! -s 10.0.0.1,10.0.0.2", "does not go with a list"),
    ("! -p all", "none of all protocols"),
    ("-s", "`-s` lacks its value"),
    ("! ! -s 10.0.0.1", "two `!` in a row"),
    ("! -s ! 10.0.0.1", "another one behind it"),
    ("-j ACCEPT !", "nothing follows the `!`"),
    ("! -j ACCEPT", "cannot be negated"),
    ("! -m limit", "before an option of the match"),
    ("-j ACCEPT -j DROP", "a second target"),
    ("-ieth0", "put a blank between them"),
    ("--source=10.0.0.1", "put a blank between them"),
    ("word", "`word` is no option"),
    ("-s 10.0.0.1 word", "`word` is no option"),
    ("-- word", "`word` behind `--`"),
    ("-n -j ACCEPT", "`-n` has no place"),
    ("-t nat -j ACCEPT", "the line `*NAME` above it"),
    ("-w -j ACCEPT", "`-w` has no place"),
    ("-Q", "unknown option `-Q`"),
    ("--dprt 22", "unknown option `--dprt`"),
    ("-p tcp --dprt 22", "unknown option `--dprt`"),
    ("--s 10.0.0.1", "`--s` may be"),
    ("-p tcp --dport 22 --dest 10.0.0.1", "`--dest` may be"),
    ("--dport 22", "unknown option `--dport`"),
    ("-p tcp --dport 22 --dport 23", "`--dport` can be given once"),
    ("-p tcp --syn=1", "takes no value"),
    ("-p tcp --tcp-flags SYN -j ACCEPT", "takes two values"),
    ("-p tcp --tcp-flags SYN,FOO SYN", "unknown TCP flag `FOO`"),
    ("-p tcp --dport 70000", "neither a port nor"),
    ("-p udp --dport htpp", "did you mean `http`"),
    ("-p tcp --dport 80:70", "wrong way round"),
    ("-p tcp -m multiport --dports 80:70", "it must rise"),
    ("-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "15 ports"),
    ("-m multiport --dports 22", "without a protocol"),
    ("-p icmp --icmp-type echo", "may be `echo-reply` or `echo-request`"),
    ("-p tpc", "did you mean `tcp`"),
    ("-p 256", "unknown protocol"),
    ("-s fd00::1", "the other family"),
    ("-s www.example.org", "names are looked up"),
    ("-s 10.0.0.1/33", "is not a mask"),
    ("-m nosuch", "unknown match `nosuch`"),
    ("-m limti --limit 1/s", "did you mean `limit`"),
    ("-j NOSUCH", "neither a known target nor a chain"),
    ("-j REJCT", "did you mean `REJECT`"),
    ("-g NOSUCH", "has no chain `NOSUCH`"),
    ("-j ACCEPT --foo", "unknown option `--foo`"),
    ("-j LOG --log-level warn", "knows no `warn`"),
    ("-j REJECT --reject-with icmp6-no-route", "knows no `icmp6-no-route`"),
    ("-j REJECT --reject-with tcp-reset", "works with `tcp` only"),
    ("-j MASQUERADE", "cannot stand in table `filter`"),
    ("! -p hopopt", "none of all protocols"),
    ("-p udp --dport 2147483648", "is not a port"),
    ("-p udp --dport 4294967295", "is not a port"),
    (
        "-m hashlimit --hashlimit-above 1/day --hashlimit-burst 5 --hashlimit-mode srcip --hashlimit-name x",
        "overflows",
    ),
    ("-m conntrack --ctstate NEW,", "knows no ``"),
    ("-m limit --limit 1/week", "is not a rate"),
    ("-m mark --mark 0x100000000", "takes a number up to"),
    ("-m statistic --mode nth --every 5", "needs `--packet` too"),
    ("-m comment", "needs its option"),
    ("-c 1 -j ACCEPT", "takes two numbers"),
];

#[test]
fn rules_that_iptables_refuses_are_refused_with_the_reason() {
    for (rule, reason) in RULES {
        match canonical(&with_rule("filter", "FORWARD", rule), Family::Ipv4) {
            Ok(text) => panic!("{rule} was taken as {text}"),
            Err(reasons) => {
                assert!(reasons.starts_with("test.save:2: error: "), "{rule}: {reasons}");
                assert!(reasons.contains(reason), "{rule}: {reasons}");
            }
        }
    }
}

#[test]
fn every_line_is_told_in_one_go() {
    let text = "*filter\n-A INPUT -j NOSUCH\n-A INPUT -s 1.2.3.4/40\n\n-A NOCHAIN -j ACCEPT\n-A INPUT -j MASQUERADE\n";
    let reasons = canonical(text, Family::Ipv4).expect_err("five lines are wrong");
    let lines: Vec<&str> = reasons.lines().filter_map(|line| line.strip_prefix("test.save:")).collect();
    let numbers: Vec<&str> = lines.iter().map(|line| &line[..1]).collect();
    assert_eq!(numbers, ["2", "3", "5", "6"], "{reasons}");
    assert!(reasons.contains("declare it: `:NOCHAIN - [0:0]`"), "{reasons}");
    assert!(!canonical(&format!("{text}COMMIT\n"), Family::Ipv4).expect_err("the same").contains("COMMIT"));
}

#[test]
fn other_chains_refuse_what_their_packets_do_not_have() {
    for (table, chain, rule, reason) in [
        ("filter", "INPUT", "-o +", "`-o` in INPUT"),
        ("filter", "OUTPUT", "-i +", "`-i` in OUTPUT"),
        ("mangle", "PREROUTING", "! -o +", "`-o` in PREROUTING"),
        ("nat", "PREROUTING", "-j DNAT --to-destination 192.168.77", "is not an IPv4 address"),
        ("nat", "PREROUTING", "-j DNAT --to-destination 10", "is not an IPv4 address"),
        ("nat", "PREROUTING", "-j DNAT --to-destination localhost", "is not an IPv4 address"),
        ("nat", "POSTROUTING", "-j SNAT --to-source 010.0.0.1", "is not an IPv4 address"),
        ("nat", "POSTROUTING", "-j SNAT --to-source 192.168.0x1.20", "is not an IPv4 address"),
        ("nat", "POSTROUTING", "-j SNAT --to-source 10.0.0.1-10.0.0.09", "is not an IPv4 address"),
        ("nat", "PREROUTING", "-j DNAT --to-destination 10.0.0.1:80 -p tcp", "without a protocol"),
        ("nat", "POSTROUTING", "-j SNAT --to-source 10.0.0.1:5 -p icmp", "without a protocol"),
        ("nat", "PREROUTING", "-j REDIRECT --to-ports 80 -p tcp", "without a protocol"),
        ("nat", "POSTROUTING", "-j MASQUERADE --to-ports 80 -p udp", "without a protocol"),
    ] {
        match canonical(&with_rule(table, chain, rule), Family::Ipv4) {
            Ok(text) => panic!("{rule} was taken as {text}"),
            Err(reasons) => assert!(reasons.contains(reason), "{rule}: {reasons}"),
        }
    }
}

#[test]
fn a_circle_of_jumps_is_refused_where_packets_come_to_it() {
    let chains = |first: &str| {
        let mut text = String::from("*filter\n");
        (1..=9).for_each(|number| text.push_str(&format!(":C{number} - [0:0]\n")));
        text.push_str(first);
        (1..=9).for_each(|number| text.push_str(&format!("-A C{number} -j C{}\n", number % 9 + 1)));
        text + "COMMIT\n"
    };
    let reasons =
        canonical(&chains("-A INPUT -j C1\n"), Family::Ipv4).expect_err("INPUT leads to the circle");
    assert!(reasons.contains("circle: C1 → C2 → C3 → C4 → … → C9 → C1"), "{reasons}");
    let text = canonical(&chains(""), Family::Ipv4).expect("no packet comes to the circle");
    assert!(text.contains("-A C9 -j C1\n"), "{text}");
    let alone = "*filter\n:A - [0:0]\n-A A -g A\nCOMMIT\n";
    assert!(canonical(alone, Family::Ipv4).expect("no packet comes to A").contains("-A A -g A\n"));
}
