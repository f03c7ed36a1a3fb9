//! Sets: what comes of their declarations, and that ipset takes it and gives it back.

use fwdsl::Policy;
use fwdsl::family::Family;
use fwdsl::family::Family::{Ipv4, Ipv6};
use fwdsl::ipset::KINDS;
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::rules::{restore, saved_table};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use fwdsl_tests::sets::{kernel_has, policy_of as policy, restore_sets, saved_sets, sorted};

/// The set declared, and a chain so that both families have rules.
fn declared(set: &str) -> Policy {
    policy(&format!("{set} chain INPUT {{ in lo => accept; }}"))
}

/// The text for a family, hashes taken out.
fn text(policy: &Policy, family: Family) -> String {
    let mut text = policy.emit_sets(family).unwrap();
    for set in policy.sets(family).unwrap() {
        if !set.foreign {
            let without_hash = set.name.rsplit_once('.').expect("a hash").0;
            text = text.replace(&set.name, without_hash);
        }
    }
    text
}

/// What the sets' declarations cover of kinds and parameters: each line is a set of one kind.
const EVERY_KIND: [&str; 16] = [
    "set A: ip timeout 10m maxelem 1000 hashsize 1000 bucketsize 4 counters comment skbinfo forceadd { \
        192.0.2.1 timeout 5m comment \"it's a \\\\ test\", 192.0.2.2 skbmark 0x1/0xff skbprio 1:10 skbqueue 3, 192.0.2.8/30, \
        10.0.0.1..=10.0.0.3, 2001:db8::1 skbmark 0xff, 2001:db8::10/126 }",
    "set A: net counters { 10.0.0.0/8, 10.1.0.0/16 nomatch, 192.0.2.7, 10.9.0.0..=10.9.1.2, 2001:db8::/32, \
        2001:db8::1 nomatch, 0.0.0.0/1, 128.0.0.0/1, ::/1, 2001:db8:1::..=2001:db8:2:ffff:ffff:ffff:ffff:ffff }",
    "set A: ip,port timeout 0 { (192.0.2.1, 80), (192.0.2.1, tcp 8000..=8003), (192.0.2.1, udp [53, 54]), \
        (192.0.2.1, sctp 5), (192.0.2.1, udplite 5), (192.0.2.1, gre), (192.0.2.1, proto 200), (192.0.2.1, icmp echo-request), \
        (192.0.2.1, icmp 3/4), (192.0.2.1, icmp 250/3), (192.0.2.1, vrrp), (2001:db8::1, icmpv6 neighbour-solicitation), \
        (2001:db8::1, udp 53), (2001:db8::1, icmpv6 200/7), ([192.0.2.3, 2001:db8::3], tcp [ssh, http]) }",
    "set A: net,port { (10.0.0.0/8, tcp 22), (10.1.0.0/16, tcp 22) nomatch, (2001:db8::/32, udp domain) }",
    "set A: net,iface { (10.0.0.0/8, eth0), (10.1.0.0/16, eth1) nomatch, (10.2.0.0/16, physdev eth2), (10.3.0.0/16, br+), \
        (0.0.0.0/0, \"wg-home.2\"), (::/0, eth0), (2001:db8::/32, eth+) nomatch }",
    "set A: net,net { (10.0.0.0/8, 192.0.2.0/24), (2001:db8::/32, 2001:db8::1) nomatch }",
    "set A: ip,port,ip { (10.0.0.1, tcp 80, 10.0.0.2), (10.0.0.0..=10.0.0.1, tcp 81, 10.0.0.2), (2001:db8::1, udp 1, ::1) }",
    "set A: ip,port,net { (10.0.0.1, tcp 80, 10.0.0.0/8), (2001:db8::1, tcp 80, 2001:db8::/32) nomatch }",
    "set A: net,port,net { (10.0.0.0/8, tcp 80, 10.0.0.0/8), (2001:db8::/32, tcp 80, 2001:db8::/32) nomatch }",
    "set A: mac comment { \"02:00:00:00:00:01\" comment \"one\", \"2:0:0:0:ab:CD\" }",
    "set A: ip,mac { (10.0.0.1, \"02:00:00:00:00:01\"), (2001:db8::1, \"02:00:00:00:00:02\") }",
    "set A: ip,mark markmask 0xff { (10.0.0.1, 0x63), (2001:db8::1, 7) }",
    "set A: bitmap:ip range 10.0.0.0/16 netmask 24 timeout 1h counters comment skbinfo { 10.0.3.0/24, 10.0.8.0/22 comment \"x\" }",
    "set A: bitmap:ip,mac range 10.0.0.1..=10.0.0.99 { 10.0.0.1, (10.0.0.2, \"02:00:00:00:00:01\") }",
    "set A: port range 10..=9000 counters { 22, 8000..=8080 }",
    "set B: net { 10.0.0.0/8, fd00::/8 } set C: ip family ipv4 {} set P: port { 22 } \
        set A: list timeout 1d counters comment { @B comment \"first\", @C, @P }",
];

#[test]
fn every_kind_loads_and_is_saved_as_it_was_emitted() {
    if !require(&["ipset"]) {
        return;
    }
    for (source, kind) in EVERY_KIND.iter().zip(kinds_in_order()) {
        let netns = Netns::new();
        if !kernel_has(&netns, kind) {
            continue;
        }
        let policy = declared(source);
        for family in Family::ALL {
            let netns = Netns::new();
            let text = policy.emit_sets(family).unwrap();
            let output = restore_sets(&netns, &text);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}\n{source}\n{text}");
            assert_eq!(saved_sets(&netns), sorted(&text), "{source}");
            let names = netns.sh("ipset list -n");
            assert!(names.lines().all(|name| name.len() <= 31), "{names}");
        }
    }
}

#[test]
fn interfaces_that_the_kernel_takes_for_each_other_do_not_stand_with_one_network() {
    let said = |elements: &str| {
        let source = format!("set A: net,iface {{ {elements} }} chain INPUT {{ set(@A src,src) => drop; }}");
        let found = compile(source.parse().unwrap()).diagnostics;
        found.iter().map(|found| found.message.clone()).collect::<Vec<_>>().join("\n")
    };
    // The second would change the first to `nomatch`, or not get in.
    for (one, other) in
        [("ppp+", "ppp0"), ("ppp0", "ppp+"), ("pp+", "ppp+"), ("physdev ppp+", "physdev ppp0")]
    {
        for words in ["", " nomatch"] {
            let said = said(&format!("(10.0.0.0/8, {one}), (10.0.0.0/8, {other}){words}"));
            assert!(said.contains("the kernel cannot tell apart"), "{one} {other}: {said}");
        }
    }
    let well =
        "(10.0.0.0/8, ppp0), (10.0.0.0/8, physdev ppp+), (10.0.0.0/8, eth+), (10.1.0.0/16, ppp+) nomatch";
    assert_eq!(said(well), "");
}

/// The kinds of the sets in [`EVERY_KIND`]: all that there are.
fn kinds_in_order() -> Vec<&'static str> {
    let kinds: Vec<&str> = EVERY_KIND
        .iter()
        .map(|source| {
            let policy = declared(source);
            let set = policy.model().sets().last().expect("a set").kind();
            set.name
        })
        .collect();
    for kind in KINDS {
        assert!(kinds.contains(&kind.name), "{} is not tried", kind.name);
    }
    kinds
}

#[test]
fn elements_go_to_the_set_of_their_family() {
    let policy = declared("set ADMINS: net { 192.0.2.0/24, 2001:db8:ad::/48, 192.0.2.0/24 }");
    let parameters = |family| format!("hash:net family {family} hashsize 1024 maxelem 65536 bucketsize 12");
    assert_eq!(
        text(&policy, Ipv4),
        format!("create ADMINS.4 {}\nadd ADMINS.4 192.0.2.0/24\n", parameters("inet"))
    );
    assert_eq!(
        text(&policy, Ipv6),
        format!("create ADMINS.6 {}\nadd ADMINS.6 2001:db8:ad::/48\n", parameters("inet6"))
    );
    let ports = declared("set PORTS: port { 22 }");
    assert_eq!(text(&ports, Ipv4), "create PORTS.x bitmap:port range 0-65535\nadd PORTS.x 22\n");
    assert_eq!(ports.emit_sets(Ipv4).unwrap(), ports.emit_sets(Ipv6).unwrap());
    let only = declared("set X: net family ipv4 { 10.0.0.0/8 }");
    assert!(text(&only, Ipv6).is_empty() && !text(&only, Ipv4).is_empty());
    let of_policy = policy_of_one_family();
    assert!(text(&of_policy, Ipv4).is_empty() && text(&of_policy, Ipv6).starts_with("create X.6"));
}

fn policy_of_one_family() -> Policy {
    policy("family ipv6; set X: net { fd00::/8 } chain INPUT { in lo => accept; }")
}

#[test]
fn names_tell_generations_apart_and_nothing_else() {
    let name = |source: &str| declared(source).sets(Ipv4).unwrap()[0].name.clone();
    let first = name("set A: net { 10.0.0.0/8, 192.0.2.1 }");
    assert_eq!(first, name("let N = [192.0.2.1, 10.0.0.0/8]; set A: hash:net { N, 192.0.2.1..=192.0.2.1 }"));
    assert_ne!(first, name("set A: net { 10.0.0.0/8 }"));
    assert_ne!(first, name("set A: net counters { 10.0.0.0/8, 192.0.2.1 }"));
    assert_ne!(name("set A: net { 10.0.0.0/8 nomatch }"), name("set A: net { 10.0.0.0/8 }"));
    assert_eq!(name("set A: net keep { 10.0.0.0/8 }"), name("set A: net keep { }"));
    assert_ne!(name("set A: net keep timeout 1m { }"), name("set A: net keep { }"));
    // A list is another one when a set in it is.
    let list = |inner: &str| {
        let policy = declared(&format!("set L: list {{ @A }} set A: net {{ {inner} }}"));
        policy.sets(Ipv4).unwrap()[1].name.clone()
    };
    assert!(list("").starts_with("L.4."));
    assert_ne!(list("10.0.0.0/8"), list("10.0.0.0/9"));
}

/// What the rules of one chain become.
fn rules(source: &str, family: Family) -> Vec<String> {
    let policy = policy(source);
    let mut text = policy.emit(family).unwrap().unwrap_or_default();
    for set in policy.sets(family).unwrap().iter().filter(|set| !set.foreign) {
        text = text.replace(&set.name, set.name.rsplit_once('.').expect("a hash").0);
    }
    text.lines().filter(|line| line.starts_with("-A ")).map(str::to_owned).collect()
}

const SETS: &str = "set A: net { 10.0.0.0/8, fd00::/8 } set B: ip { } set V4: ip family ipv4 { 10.0.0.1 } \
    set P: port { 22, 8000..=8080 } set PAIRS: ip,port { } set T: ip timeout 60 counters skbinfo { } \
    set L: list { @A, @B } foreign set \"f2b-sshd\": ip family ipv4;";

#[track_caller]
fn both(body: &str, ipv4: &[&str], ipv6: &[&str]) {
    let source = format!("{SETS} {body}");
    assert_eq!(rules(&source, Ipv4), ipv4, "{body}");
    assert_eq!(rules(&source, Ipv6), ipv6, "{body}");
}

#[track_caller]
fn input(rule: &str, ipv4: &[&str], ipv6: &[&str]) {
    both(&format!("chain INPUT {{ {rule} }}"), ipv4, ipv6);
}

#[test]
fn sets_are_matched_where_values_may_stand() {
    let set = |family: char, rest: &str| format!("-A INPUT -m set --match-set A.{family} {rest}");
    let each = |rest: &str| [set('4', rest), set('6', rest)];
    let [four, six] = each("src -j DROP");
    input("from @A => drop;", &[&four], &[&six]);
    let [four, six] = ['4', '6'].map(|f| format!("-A INPUT -m set ! --match-set A.{f} dst -j DROP"));
    input("to !@A => drop;", &[&four], &[&six]);
    input(
        "from [@A, 192.0.2.1] => drop;",
        &["-A INPUT -m set --match-set A.4 src -j DROP", "-A INPUT -s 192.0.2.1/32 -j DROP"],
        &["-A INPUT -m set --match-set A.6 src -j DROP"],
    );
    input("from @V4 => drop;", &["-A INPUT -m set --match-set V4.4 src -j DROP"], &[]);
    input("from @f2b-sshd => drop;", &["-A INPUT -m set --match-set f2b-sshd src -j DROP"], &[]);
    let [four, six] = ['4', '6'].map(|f| format!("-A INPUT -m set --match-set L.{f} src -j DROP"));
    input("from @L => drop;", &[&four], &[&six]);
    input(
        "tcp dport @P => accept;",
        &["-A INPUT -p tcp -m set --match-set P.x dst -j ACCEPT"],
        &["-A INPUT -p tcp -m set --match-set P.x dst -j ACCEPT"],
    );
    let ports = [
        "-A INPUT -p udp -m set --match-set P.x src -j ACCEPT",
        "-A INPUT -p udp -m multiport --sports 53,67 -j ACCEPT",
    ];
    input("udp sport [@P, 53, 67] => accept;", &ports, &ports);
    // Every packet without ports is outside of a set of ports, but the rule asks for one that has ports.
    let not = ["-A INPUT -p tcp -m multiport --dports 0:65535 -m set ! --match-set P.x dst -j DROP"];
    input("tcp dport !@P => drop;", &not, &not);
    // A block's condition and the rule's hold both.
    input(
        "from 10.0.0.0/8 { from [@A, 10.1.0.0/16] => drop; }",
        &[
            "-A INPUT -s 10.0.0.0/8 -m set --match-set A.4 src -j DROP",
            "-A INPUT -s 10.0.0.0/8 -m iprange --src-range 10.1.0.0-10.1.255.255 -j DROP",
        ],
        &[],
    );
    let [four, six] = each("src -m set --match-set B.4 src -j DROP");
    input("from @A { from @B => drop; }", &[&four], &[&six.replace("B.4", "B.6")]);
}

#[test]
fn the_match_and_the_target_have_all_their_options() {
    let [four, six] = ['4', '6'].map(|f| format!("-A INPUT -m set ! --match-set PAIRS.{f} src,dst -j DROP"));
    input("set(!@PAIRS src,dst) => drop;", &[&four], &[&six]);
    let text = |f: char| {
        format!(
            "-A INPUT -m set --match-set T.{f} src --return-nomatch ! --update-counters ! --update-subcounters \
             ! --packets-eq 5 --bytes-gt 100 -j DROP"
        )
    };
    input(
        "set(@T src, return-nomatch, !update-counters, !update-subcounters, !packets-eq 5, bytes-gt 100) => drop;",
        &[&text('4')],
        &[&text('6')],
    );
    let [four, six] = ['4', '6'].map(|f| {
        format!("-A INPUT -j SET --add-set T.{f} src --exist --timeout 30 --del-set PAIRS.{f} src,dst")
    });
    input("_ => set(add @T src, timeout 30, exist, del @PAIRS src,dst);", &[&four], &[&six]);
    let map = |f: char| format!("-A FORWARD -j SET --map-set T.{f} dst --map-mark --map-prio --map-queue");
    both(
        "table mangle { chain FORWARD { _ => set(map @T dst, map-mark, map-prio, map-queue); } }",
        &[&map('4')],
        &[&map('6')],
    );
}

#[test]
fn rules_over_sets_are_saved_as_they_were_emitted() {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    let source = format!(
        "{} table filter {{ chain INPUT {{
            from @A => accept;
            to !@A => drop;
            from ![@A, @B, 192.0.2.1] => drop;
            from [@A, @L, 192.0.2.1..=192.0.2.9, fd00::1] to @B limit 1/s => log, drop;
            from @T tcp dport [@P, 443] => accept;
            tcp|udp sport !@P => accept;
            set(!@PAIRS dst,src) => log, accept;
            set(@L dst, !update-subcounters) => return;
            set(@T src, return-nomatch, !update-counters, packets-gt 5, !bytes-eq 10) => jump X;
            _ => set(add @T src, timeout 30, exist, del @PAIRS src,dst), log;
        }} chain X {{ _ => set(add @B src); }} }}
        table mangle {{ chain FORWARD {{ _ => set(map @T src, map-mark, map-prio, map-queue); }} }}",
        SETS.replace("foreign set \"f2b-sshd\": ip family ipv4;", "")
    );
    let policy = policy(&source);
    for variant in VARIANTS {
        for family in Family::ALL {
            let netns = Netns::new();
            let output = restore_sets(&netns, &policy.emit_sets(family).unwrap());
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let text = policy.emit(family).unwrap().expect("both families have rules");
            let output = restore(&netns, family, variant, &text);
            assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
            for (table, block) in fwdsl_tests::rules::tables(&text) {
                assert_eq!(saved_table(&netns, family, variant, &table), block, "{variant}");
            }
        }
    }
}

#[test]
fn an_assertion_takes_a_set_of_known_contents_for_a_list() {
    let problems = |set: &str, assertion: &str| {
        let source = format!(
            "#![allow(established_not_accepted, loopback_blocked, ipv6_neighbour_discovery_blocked)] {set} chain INPUT policy drop {{ from @A tcp dport @P => accept; set(!@P dst) => drop; from @A => reject; }}
            set P: port {{ 22, 80..=90 }} assert INPUT {{ {assertion} }}"
        );
        let compiled = fwdsl_runtime::syntax::compile(source.parse().unwrap());
        compiled.diagnostics.iter().map(|found| found.message.clone()).collect::<Vec<_>>().join("\n")
    };
    let known = "set A: net { 10.0.0.0/8, fd00::/8 }";
    for holds in [
        "from 10.1.2.3 tcp dport 85 => accept;",
        "from !@A => !accept;",
        "from @A tcp dport @P => accept;",
        "from 10.0.0.0/8 tcp dport 23 => drop;",
        "from fd00::1 sctp => drop;",
    ] {
        assert_eq!(problems(known, holds), "", "{holds}");
    }
    assert!(!problems(known, "from 10.0.0.0/7 tcp dport 22 => accept;").is_empty());
    assert!(!problems(known, "from 11.0.0.1 tcp dport 22 => accept;").is_empty());
    // What is not known may match or not.
    for open in [
        "set A: net keep { 10.0.0.0/8 }",
        "set A: net timeout 0 { 10.0.0.0/8 }",
        "set A: net { 10.0.0.0/8, 10.1.0.0/16 nomatch }",
        "foreign set A: net family ipv4;",
        "chain OUTPUT { _ => set(add @A dst); } set A: net { 10.0.0.0/8 }",
    ] {
        assert!(!problems(open, "from 10.2.2.3 tcp dport 85 => accept;").is_empty(), "{open}");
        assert_eq!(problems(open, "from 11.0.0.1 tcp dport 23 => !accept;"), "", "{open}");
    }
}

#[test]
fn a_rule_that_changes_its_own_set_asks_it_once() {
    let chains = [
        "-A INPUT -m set ! --match-set T.4 src -j INPUT.1",
        "-A INPUT.1 -j SET --add-set T.4 src",
        "-A INPUT.1 -j LOG",
    ];
    let of_six: Vec<String> = chains.iter().map(|rule| rule.replace("T.4", "T.6")).collect();
    let of_six: Vec<&str> = of_six.iter().map(String::as_str).collect();
    input("from !@T => set(add @T src), log;", &chains, &of_six);
}
