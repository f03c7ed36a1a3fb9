//! Random policies, as source text: what the language can say about a rule, in every combination.

use std::fmt::Write;

use fwdsl_runtime::syntax::compile;

use crate::random::Random;

/// What random policies speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vocabulary {
    /// Everything.
    All,
    /// Of what packets of the test have, and what the yardstick knows.
    Known,
}

/// The source of a random policy that compiles.
#[must_use]
pub fn policy(random: &mut Random) -> String {
    policy_of(random, Vocabulary::All)
}

/// The same of some words only.
#[must_use]
pub fn policy_of(random: &mut Random, words: Vocabulary) -> String {
    // Its rules compile each by themselves; together their chains may still go too deep.
    loop {
        let source = attempt(random, words);
        if source.parse().is_ok_and(|tokens| compile(tokens).is_sound()) {
            return source;
        }
    }
}

/// The sets that random policies refer to: always the same, so that a namespace needs them once.
pub const SETS: &str = "set S-NET: net { 10.0.0.0/8, 10.1.0.0/16 nomatch, 192.0.2.0/28, fd00::/8, 2001:db8::/64 }
    set S-IP: ip { 10.0.0.1, 10.0.0.49..=10.0.0.51, 2001:db8::5, ::1.2.3.4 }
    set S-FOUR: ip family ipv4 { 192.0.2.7, 10.0.0.3 }
    set S-LIST: list { @S-IP, @S-FOUR }
    set S-PORT: port { 22, 80, 8000..=8001 }
    set S-PAIR: ip,port { (10.0.0.3, udp [22, 80]), (10.0.0.1, tcp 22), (10.1.2.3, gre), (2001:db8::5, udp 80),
        (fd00::7, tcp 1024..=1025) }
    set S-TIME: ip timeout 0 counters skbinfo { 10.0.0.50, fd00::7 }
";

fn attempt(random: &mut Random, words: Vocabulary) -> String {
    // Rules that are drawn at random hide each other, and are emitted all the same.
    let mut source = format!("#![allow(unreachable_rule, no_effect_rule)]\n{SETS}");
    let chains = ["A", "B-1", "\"c.d\""];
    for (table, hooks) in [
        ("filter", &["INPUT", "FORWARD", "OUTPUT"][..]),
        ("mangle", &["PREROUTING", "POSTROUTING"]),
        ("raw", &["PREROUTING", "OUTPUT"]),
        ("nat", &["PREROUTING", "POSTROUTING", "INPUT", "OUTPUT"]),
    ] {
        if table != "filter" && !random.one_in(3) {
            continue;
        }
        let _ = writeln!(source, "table {table} {{");
        for hook in hooks {
            let policy = random.pick(&["", " policy accept", " policy drop"]);
            let policy = if table == "nat" { "" } else { policy };
            let _ = writeln!(source, "chain {hook}{policy} {{");
            rules(&mut source, random, (table, hook), &chains, words);
            source.push_str("}\n");
        }
        // Each chain calls only those after it, so that there is no circle.
        for (index, chain) in chains.iter().enumerate() {
            let _ = writeln!(source, "chain {chain} {{");
            rules(&mut source, random, (table, chain), &chains[index + 1..], words);
            source.push_str("}\n");
        }
        source.push_str("}\n");
    }
    source
}

/// A random pattern of an assertion about a chain, which covers some packet by its looks.
#[must_use]
pub fn pattern(random: &mut Random, chain: &str) -> String {
    loop {
        let (pattern, _) = matches(random, chain, Vocabulary::All);
        if compiles(&format!("{pattern} => accept;"), "filter", chain, &[]) {
            return pattern;
        }
    }
}

fn rules(
    source: &mut String,
    random: &mut Random,
    (table, chain): (&str, &str),
    callable: &[&str],
    words: Vocabulary,
) {
    let mut wanted = random.below(6);
    while wanted > 0 {
        let rule = rule(random, (table, chain), callable, words);
        if compiles(&rule, table, chain, callable) {
            source.push_str(&rule);
            wanted -= 1;
        }
    }
}

fn rule(random: &mut Random, (table, chain): (&str, &str), callable: &[&str], words: Vocabulary) -> String {
    let mut rule = String::new();
    if random.one_in(6) {
        let _ = writeln!(rule, "/// random {} \"rule\"", random.below(100));
    }
    let (matches, tcp) = matches(random, chain, words);
    let _ = writeln!(rule, "{matches} => {};", verdicts(random, table, callable, tcp, words));
    if random.one_in(6) { format!("{} {{\n{rule}}}\n", addresses(random, "from")) } else { rule }
}

/// Not all that is put together means something: some is of no family, or asks for what no packet has.
fn compiles(rule: &str, table: &str, chain: &str, callable: &[&str]) -> bool {
    // They take their time to read, and most rules refer to none.
    let sets = if rule.contains('@') { SETS } else { "" };
    let mut source = format!("{sets} table {table} {{ chain {chain} {{ {rule} }}\n");
    for other in callable {
        let _ = writeln!(source, "chain {other} {{ }}");
    }
    source.push('}');
    source.parse().is_ok_and(|tokens| compile(tokens).is_sound())
}

/// What asks for the mark, which verdicts change.
const MARKS: &[&str] = &[
    "mark 0x1",
    "mark !0",
    "mark 0x10/0x10",
    "mark [1, 2]",
    "mark ![1, 0x10/0xf0]",
    "mark(!0x11)",
    "mark [0/0xf, 0x11/0xff, 2]",
];

/// Matches that change by being asked. A name stands for the same parameters everywhere.
const STATEFUL: &[&str] = &[
    "hashlimit(upto 40/s, burst 20, mode srcip, name \"ssh\")",
    "hashlimit(above 60/minute, mode [dstport, srcip], srcmask 24, htable-expire 90000, name b)",
    "hashlimit(upto 512kb/s, name bytes, mode dstip)",
    "recent(set, name \"seen\")",
    "recent(update, seconds 60, hitcount 4, rttl, name \"seen\", rsource)",
    "recent(!rcheck, seconds 60, reap, mask 255.255.255.0, rdest)",
    "recent(remove)",
    "quota(1000000)",
    "statistic(mode random, !probability 0.25)",
    "statistic(nth, every 10, packet 3)",
    "connlimit(above 10, mask 24)",
    "connlimit(upto 3, mask 64, daddr)",
];

const LENGTHS: &[&str] = &["length(100)", "length([20..=40, 500])", "length(![20, 50..=100])"];

/// Matches of which packets here know nothing.
const STATELESS: &[&str] = &[
    "addrtype(dst-type [local, broadcast, multicast], limit-iface-in)",
    "addrtype(!src-type local)",
    "pkttype([broadcast, multicast])",
    "pkttype(![unicast, otherhost])",
    "conntrack(ctproto [tcp, udp], ctstate new, ctdir original)",
    "conntrack(!ctorigsrc [10.0.0.0/8, fd00::/8], ctstatus assured)",
    "conntrack(ctorigdstport [22, 80..=90], !ctexpire 10..=20)",
    "rpfilter(loose, invert)",
    "rpfilter",
    "owner(uid [0, 1000..=2000], !gid 5)",
    "mac(source \"00:16:3e:00:00:01\")",
    "ttl(lt 5)",
    "hl(![64, 255])",
    "frag(first, id 1..=5)",
    "frag",
    "ipv6header([hop, route], soft)",
    "dscp([ef, 10])",
    "tos(![minimize-delay, 0x20/0xff])",
    "string(![\"foo\", \"b|a|r\"], algo bm, to 500)",
    "time(start 08:00, stop 17:30, weekdays [fri, mon])",
    "connmark(mark ![1, 2/0xf])",
    "helper(\"ftp\")",
    "socket(transparent)",
    "physdev(in [eth0, eth1], is-bridged)",
    "connbytes(10..=20, dir both, mode bytes)",
    "cpu([0, 1])",
];

fn matches(random: &mut Random, chain: &str, words: Vocabulary) -> (String, bool) {
    let mut parts: Vec<String> = Vec::new();
    let mut tcp = false;
    match random.below(12) {
        0 => parts.push("tcp|udp".into()),
        1 => parts.push("[tcp, udp, sctp]".into()),
        2 => parts.push("!icmp".into()),
        3 => parts.push(format!(
            "icmp {}",
            random.pick(&["echo-request", "![3, 4]", "[echo-request, 3/4, 11]", "any"])
        )),
        4 => parts.push(format!("icmpv6 {}", random.pick(&["echo-request", "!135", "[135, 136, 1/3]"]))),
        5 => parts.push(random.pick(&["proto 47", "esp", "proto [50, 51]", "proto ![47, 50]"]).into()),
        6 | 7 => {
            tcp = true;
            let flags = random.pick(&["tcp", "tcp syn", "tcp !syn", "tcp flags(syn / syn,ack)"]);
            parts.push(flags.into());
        }
        _ => {}
    }
    let has_ports = tcp || parts.first().is_some_and(|part| part.contains("udp"));
    if has_ports {
        for option in ["sport", "dport", "port"] {
            if random.one_in(3) {
                let many = (1..40).map(|port| (port * 7).to_string()).collect::<Vec<_>>().join(", ");
                let (many, not_many) = (format!("[{many}]"), format!("![{many}]"));
                let value = random.pick(&[
                    "22",
                    "!22",
                    "1024..=65535",
                    "!1024..=2000",
                    "[ssh, http, 8000..=8080]",
                    "![1, 2, 5..=9]",
                    "0..=65535",
                    "!0..=10",
                    "!0..=65534",
                    "!0",
                    "1..=65535",
                    "!10..=65535",
                    many.as_str(),
                    not_many.as_str(),
                    "@S-PORT",
                    "!@S-PORT",
                    "[@S-PORT, 7, 443..=1024]",
                    "![22, @S-PORT, 1024]",
                ]);
                parts.push(format!("{option} {value}"));
            }
        }
    }
    for option in ["from", "to"] {
        if random.one_in(3) {
            parts.push(addresses(random, option));
        }
    }
    for option in ["in", "out"] {
        let absent = if option == "in" { ["OUTPUT", "POSTROUTING"] } else { ["INPUT", "PREROUTING"] };
        if random.one_in(4) && !absent.contains(&chain) {
            let value = random.pick(&[
                "lo",
                "!lo",
                "eth+",
                "[eth0, eth1, br-lan]",
                "![eth0, wg+]",
                "\"WAN\"",
                "eth0.100",
            ]);
            parts.push(format!("{option} {value}"));
        }
    }
    if random.one_in(4) {
        parts.push(format!(
            "ct {}",
            random.pick(&["new", "established|related", "!invalid", "![new, invalid]", "[snat, dnat]"])
        ));
    }
    if random.one_in(6) {
        let sets = [
            "set(@S-PAIR dst,dst)",
            "set(!@S-PAIR src,src)",
            "set(!@S-PORT dst)",
            "set(@S-NET src, return-nomatch)",
            "set(@S-LIST dst)",
            "set(@S-TIME dst, !update-counters)",
            "set(@S-TIME src, packets-gt 5, !bytes-eq 7)",
        ];
        let sets = if words == Vocabulary::Known { &sets[..6] } else { &sets[..] };
        parts.push(random.pick(sets).into());
    }
    if words == Vocabulary::All && random.one_in(5) {
        parts
            .push(format!("limit {}", random.pick(&["1/s", "7/minute burst 20", "100/h burst 3", "1441/s"])));
    }
    if random.one_in(12) {
        parts.push(random.pick(&["fragment", "!fragment"]).into());
    }
    for (rarity, extensions) in [(4, MARKS), (6, LENGTHS), (6, STATEFUL), (4, STATELESS)] {
        let known = [MARKS, LENGTHS].contains(&extensions) || words == Vocabulary::All;
        if known && random.one_in(rarity) {
            parts.push(random.pick(extensions).into());
        }
    }
    if parts.is_empty() {
        parts.push("_".into());
    }
    (parts.join(" "), tcp)
}

fn addresses(random: &mut Random, option: &str) -> String {
    let value = random.pick(&[
        "10.0.0.0/8",
        "!10.1.0.0/16",
        "2001:db8::/32",
        "!fe80::/10",
        "10.0.0.1..=10.0.0.99",
        "!2001:db8::1..=2001:db8::ff",
        "[10.0.0.0/8, 192.0.2.1]",
        "[10.0.0.0/8, 10.1.0.0/16, fd00::/8]",
        "![10.0.0.0/8, 192.0.2.7, 2001:db8::/32]",
        "![10.0.0.1, 10.0.0.3, 10.0.0.5, 10.0.0.7, 10.0.0.9, 2001:db8::5]",
        "0.0.0.0/0",
        "::1.2.3.4",
        "::ffff:0:0/96",
        "@S-NET",
        "!@S-IP",
        "@S-FOUR",
        "@S-LIST",
        "[@S-IP, 192.0.2.7, 2001:db8::/64]",
        "![@S-NET, @S-FOUR, 8.8.8.8]",
    ]);
    format!("{option} {value}")
}

const MARKINGS: &[&str] = &[
    "mark(set 0x1)",
    "mark(set 0x10/0xf0)",
    "mark(set 0x12/0x3)",
    "mark(and 0xf)",
    "mark(or 0x10)",
    "mark(xor 0x11)",
    "mark(set-xmark 0x1/0x2)",
];

/// Verdicts after which the packet goes on.
const CHANGES: &[&str] = &[
    "mark(set 0x1)",
    "mark(set 0x12/0x3)",
    "mark(xor 0x11)",
    "connmark(set 5)",
    "connmark(save)",
    "connmark(set 5, left-shift 4)",
    "connmark(save, right-shift 31)",
    "connmark(restore, mask 0xff)",
    "nflog(group 5)",
    "nflog(\"p: \", group 1, threshold 10)",
    "audit(drop)",
    "tee(gateway 10.0.0.1)",
    "tee(gateway fd00::1, oif eth0)",
];

/// The same, in `mangle` alone.
const CHANGES_IN_MANGLE: &[&str] = &[
    "ttl(set 64)",
    "hl(dec 1)",
    "dscp(set af11)",
    "tos(set minimize-delay)",
    "tos(or 4)",
    "checksum(fill)",
    "classify(1:10)",
];

const TRANSLATIONS: &[&str] = &[
    "dnat(to 10.0.0.2)",
    "dnat(to 10.0.0.2:8080, random)",
    "dnat(to [fd00::2]:80..=90)",
    "dnat(to 10.0.0.2..=10.0.0.9, persistent)",
    "dnat(:8080)",
    "snat(to 192.0.2.1:1024..=65535, random-fully)",
    "snat(to fd00::9)",
    "masquerade",
    "masquerade(to 1024..=65535)",
    "redirect(to 3128)",
    "redirect",
    "netmap(to 10.5.0.0/16)",
];

fn verdicts(random: &mut Random, table: &str, callable: &[&str], tcp: bool, words: Vocabulary) -> String {
    let mut verdicts = Vec::new();
    if random.one_in(3) {
        verdicts.push(
            random
                .pick(&[
                    "log",
                    "log(\"it's a \\\"test\\\" \")",
                    "log(\"p\", level info, uid)",
                    "log(tcp-options, ip-options)",
                ])
                .to_owned(),
        );
    }
    if words == Vocabulary::All && random.one_in(10) {
        verdicts.push(
            random
                .pick(&["set(add @S-TIME src, timeout 60, exist)", "set(del @S-TIME dst, add @S-TIME src)"])
                .to_owned(),
        );
    }
    if let (false, true) = (callable.is_empty(), random.one_in(4)) {
        verdicts.push(format!("jump {}", random.pick(callable)));
    }
    if random.one_in(3) {
        let changes = match table {
            "mangle" => [CHANGES, CHANGES_IN_MANGLE].concat(),
            "raw" => {
                [CHANGES, &["notrack", "ct(zone 7)", "ct(ctevents [mark, new], zone-orig mark)"]].concat()
            }
            _ => CHANGES.to_vec(),
        };
        let changes = if words == Vocabulary::Known { MARKINGS.to_vec() } else { changes };
        verdicts.push(random.pick(&changes).into());
    }
    if table == "nat" && random.one_in(2) {
        verdicts.push(random.pick(TRANSLATIONS).into());
        return verdicts.join(", ");
    }
    if tcp && random.one_in(6) {
        verdicts.push(random.pick(&["tcpmss(clamp-mss-to-pmtu)", "tcpmss(set-mss 1400)"]).into());
    }
    match random.below(7) {
        6 if words == Vocabulary::All => verdicts.push(
            random.pick(&["nfqueue(3, bypass)", "nfqueue(balance 0..=3)", "synproxy(mss 1460)"]).into(),
        ),
        0 | 1 => verdicts.push("accept".into()),
        2 => verdicts.push("drop".into()),
        3 => verdicts.push("return".into()),
        4 if table == "filter" => {
            verdicts.push(
                random.pick(&["reject", "reject(icmp-admin-prohibited)", "reject(icmp6-no-route)"]).into(),
            );
        }
        4 if !callable.is_empty() => verdicts.push(format!("goto {}", random.pick(callable))),
        _ => {}
    }
    if tcp && table == "filter" && random.one_in(8) {
        verdicts = vec!["reject(tcp-reset)".into()];
    }
    if verdicts.is_empty() {
        verdicts.push("log".into());
    }
    verdicts.join(", ")
}
