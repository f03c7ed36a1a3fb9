//! Comparisons against [`evaluate`], packet by packet: the printed lines are read again as rules.

use super::{COMPARE_BUDGET, Change, Comparison, Decision, Verdict, compare};
use crate::analysis::diagram::tests::{Random, point, read, rule, ruleset};
use crate::analysis::entry::{Surroundings, entries};
use crate::analysis::evaluate::evaluate;
use crate::analysis::packet::Packet;
use crate::analysis::program::{Classes, program};
use crate::analysis::witness::witness;
use crate::family::{Family, FamilySet};
use crate::import::{Unknown, import};
use crate::lower::{Ruleset, lower};
use crate::model::Model;
use crate::table::{Hook, TableName};

fn model(text: &str, family: Family) -> Model {
    import(text, "test", family, Unknown::Raw).unwrap_or_else(|errors| panic!("{errors}\n{text}")).model
}

fn compared(old: &str, new: &str, family: Family) -> Comparison {
    let (old, new) = (model(old, family), model(new, family));
    compare(&old, &new, FamilySet::only(family), COMPARE_BUDGET).expect("few steps")
}

fn ipv4(old: &str, new: &str) -> Comparison {
    let filter = |rules: &str| format!("*filter\n:INPUT DROP [0:0]\n:a -\n:b -\n{rules}\nCOMMIT\n");
    compared(&filter(old), &filter(new), Family::Ipv4)
}

/// `was -> is: line`, for each line.
fn said(comparison: &Comparison) -> Vec<String> {
    let of = |change: &Change| {
        let (was, is) = (change.old.participle(), change.new.participle());
        { &change.lines }.iter().map(|line| format!("{was} -> {is}: {}", line.text)).collect::<Vec<_>>()
    };
    comparison.changes.iter().flat_map(of).collect()
}

/// The packets of a line as a ruleset that accepts them in INPUT and OUTPUT and drops others; what stands for opaque
/// matches is left out.
fn as_rules(line: &str, hook: &str, family: Family) -> Ruleset {
    let end = [" raw ", " !raw ", " ("].iter().filter_map(|mark| line.find(mark)).min();
    let line = &line[..end.unwrap_or(line.len())];
    let line = if line.starts_with("raw ") || line.starts_with("!raw ") || line.starts_with('(') {
        "_"
    } else {
        line
    };
    let name = if family == Family::Ipv4 { "ipv4" } else { "ipv6" };
    let chains = format!("family {name}; chain {hook} policy drop {{ {line} => accept; }}");
    let compiled = crate::syntax::compile(chains.parse().unwrap_or_else(|error| panic!("{error}: {chains}")));
    let errors: Vec<_> = compiled.diagnostics.iter().filter(|found| found.lint.is_none()).collect();
    assert!(errors.is_empty(), "{chains}: {errors:?}");
    lower(&compiled.model, family).expect("a table")
}

fn verdicts(ruleset: &Ruleset, chain: &str, packet: &Packet) -> Vec<&'static str> {
    let verdicts = evaluate(ruleset, TableName::Filter, chain, packet).expect("a chain");
    let mut names: Vec<&str> = verdicts.iter().map(|target| target.name).collect();
    names.sort_unstable();
    names
}

/// The same rules with one change.
fn mutated(random: &mut Random, text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let rules: Vec<usize> = (0..lines.len()).filter(|place| lines[*place].starts_with("-A")).collect();
    if rules.is_empty() {
        return text.replace(":INPUT DROP", ":INPUT ACCEPT");
    }
    let place = rules[random.below(rules.len())];
    let chain = lines[place].split(' ').nth(1).expect("a chain").to_owned();
    let hook = if chain == "OUTPUT" { "OUTPUT" } else { "" };
    match random.below(4) {
        0 => drop(lines.remove(place)),
        1 => lines[place] = format!("-A {chain}{}", rule(random, &[], hook)),
        2 => lines.insert(place, format!("-A {chain}{}", rule(random, &[], hook))),
        _ => {
            let other = rules[random.below(rules.len())];
            if lines[other].split(' ').nth(1) == Some(&chain) {
                lines.swap(place, other);
            }
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_lines_are_the_packets_of_which_something_else_becomes() {
    let mut random = Random(0xc0de);
    let (mut same, mut differ, mut lines, mut equal) = (0, 0, 0, 0);
    for _ in 0..120 {
        let (old_text, old) = ruleset(&mut random);
        let mut new_text = mutated(&mut random, &old_text);
        for _ in 0..random.below(4) {
            new_text = mutated(&mut random, &new_text);
        }
        let new = read(&new_text, Family::Ipv4);
        let comparison = compared(&old_text, &new_text, Family::Ipv4);
        equal += usize::from(comparison.is_same());
        let told = || format!("{old_text}\n{new_text}\n{}", said(&comparison).join("\n"));
        let tables = [&old, &new].map(|ruleset| ruleset.table(TableName::Filter).expect("the table"));
        let rules = tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
        let classes = Classes::new(rules.map(|rule| rule.matches.as_slice()));
        let program = program(tables[0], Family::Ipv4, classes);
        for (hook, name) in [(Hook::Input, "INPUT"), (Hook::Output, "OUTPUT")] {
            let here: Vec<&Change> =
                { &comparison.changes }.iter().filter(|change| change.hook == hook).collect();
            let mut as_read: Vec<(Ruleset, &str)> = Vec::new();
            for change in &here {
                assert!(change.is_complete && !change.lines.is_empty());
                for line in &change.lines {
                    lines += 1;
                    as_read.push((as_rules(&line.text, name, Family::Ipv4), &line.text));
                    // The packet is one of the line, and each side may do with it what is told.
                    for (ruleset, verdict, decision) in
                        [(&old, &change.old, line.old), (&new, &change.new, line.new)]
                    {
                        let Verdict::Target(target, text) = verdict else { panic!("{verdict:?}") };
                        let given = verdicts(ruleset, name, &line.packet);
                        assert!(given.contains(&target.name), "{}: {given:?}\n{}", line.text, told());
                        let source = if std::ptr::eq(ruleset, &old) { &old_text } else { &new_text };
                        if let Decision::Rule(loc) = decision {
                            let rule = source.lines().nth(loc.line as usize - 1).expect("a line");
                            let target = text.split(' ').next().expect("a word");
                            assert!(
                                rule.contains(&format!("-j {target}")),
                                "{rule} for {verdict:?}\n{}",
                                told()
                            );
                        }
                    }
                }
            }
            for region in entries(&[hook], Surroundings::new(&old), &program.classes) {
                for _ in 0..30 {
                    let packet = witness(&point(&mut random, &region, &program), &program);
                    let [was, is] = [&old, &new].map(|ruleset| verdicts(ruleset, name, &packet));
                    if was.len() > 1 || is.len() > 1 {
                        continue;
                    }
                    let told_by: Vec<&&str> = { &as_read }
                        .iter()
                        .filter(|(line, _)| verdicts(line, name, &packet) == ["ACCEPT"])
                        .map(|(_, text)| text)
                        .collect();
                    assert_eq!(
                        was != is,
                        !told_by.is_empty(),
                        "{packet} in {name}: {was:?} {is:?} {told_by:?}\n{}",
                        told()
                    );
                    if was == is { same += 1 } else { differ += 1 }
                }
            }
        }
    }
    assert!(same > 4_000 && differ > 500, "{same} packets the same, {differ} not");
    assert!(lines > 100 && equal > 10, "{lines} lines, {equal} pairs equal");
}

#[test]
fn how_rules_are_written_does_not_matter() {
    for (old, new) in [
        (
            "-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT",
            "-A INPUT -p tcp --dport 80 -j ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT",
        ),
        (
            "-A INPUT -s 10.0.0.0/9 -j ACCEPT\n-A INPUT -s 10.128.0.0/9 -j ACCEPT",
            "-A INPUT -s 10.0.0.0/8 -j a\n-A a -j b\n-A b -j ACCEPT",
        ),
        (
            "-A INPUT -m mac --mac-source 02:00:00:00:00:01 -j DROP\n-A INPUT -j ACCEPT",
            "-A INPUT -m mac ! --mac-source 02:00:00:00:00:01 -j ACCEPT",
        ),
        (
            "-A INPUT -m limit --limit 1/s -j ACCEPT\n-A INPUT -p tcp -j LOG",
            "-A INPUT -j a\n-A a -m limit --limit 1/s -j ACCEPT\n-A a -j DROP",
        ),
        (
            "-A INPUT -m set --match-set x src -j ACCEPT",
            "-A INPUT -m set ! --match-set x src -j RETURN\n-A INPUT -j ACCEPT",
        ),
        (
            "-A INPUT -m conntrack --ctstate NEW --ctorigdst 10.0.0.1 -j ACCEPT",
            "-A INPUT -m conntrack --ctorigdst 10.0.0.1 -m conntrack --ctstate NEW -j ACCEPT",
        ),
        (
            "-A INPUT -s 10.0.0.0/255.0.0.255 -j ACCEPT",
            "-A INPUT ! -s 10.0.0.0/255.0.0.255 -j DROP\n-A INPUT -j ACCEPT",
        ),
    ] {
        assert_eq!(said(&ipv4(old, new)), [""; 0], "{old}\n{new}");
    }
}

#[test]
fn differences_are_told_in_few_words() {
    for (old, new, expected) in [
        (
            "",
            "-A INPUT -i eth0 -s 10.0.0.0/8 -p tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT",
            vec!["dropped -> accepted: in eth0 from 10.0.0.0/8 tcp dport 22 ct new"],
        ),
        (
            "-A INPUT -p tcp -m multiport --dports 22,80,443 -j ACCEPT",
            "-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT",
            vec!["accepted -> dropped: tcp dport 443"],
        ),
        (
            "-A INPUT -s 10.0.0.0/8 -j ACCEPT",
            "-A INPUT -s 10.1.0.0/16 -j REJECT\n-A INPUT -s 10.0.0.0/8 -j ACCEPT",
            vec!["accepted -> rejected with icmp-port-unreachable: from 10.1.0.0/16"],
        ),
        (
            "-A INPUT -j REJECT",
            "-A INPUT ! -i lo -p tcp -j REJECT --reject-with tcp-reset\n-A INPUT -j REJECT",
            vec!["rejected with icmp-port-unreachable -> rejected with tcp-reset: in !lo tcp"],
        ),
        (
            "-A INPUT -m limit --limit 1/s -j ACCEPT\n-A INPUT -m limit --limit 1/s -j ACCEPT",
            "-A INPUT -m limit --limit 1/s -j ACCEPT",
            vec![
                "accepted -> dropped: !raw \"-m limit --limit 1/sec\" raw \"-m limit --limit 1/sec\" (no. 2)",
            ],
        ),
        (
            "-A INPUT -j ACCEPT",
            "-A INPUT -p tcp --syn -j DROP\n-A INPUT -j ACCEPT",
            vec!["accepted -> dropped: tcp syn"],
        ),
        (
            "-A INPUT -j ACCEPT",
            "-A INPUT -p icmp --icmp-type 3/4 -j ACCEPT\n-A INPUT -p icmp -j DROP\n-A INPUT -j ACCEPT",
            vec!["accepted -> dropped: icmp !fragmentation-needed"],
        ),
        (
            "",
            "-A INPUT -m conntrack ! --ctstate INVALID -m mark ! --mark 1/3 -m pkttype --pkt-type unicast -j ACCEPT",
            vec!["dropped -> accepted: ct !invalid mark !0x1/0x3 pkttype(unicast)"],
        ),
        // The limit of the second rule is the same as before, though it is now the first with its text.
        (
            "-A INPUT -p tcp -m limit --limit 1/s -j ACCEPT\n-A INPUT -p udp -m limit --limit 1/s -j ACCEPT",
            "-A INPUT -p udp -m limit --limit 1/s -j ACCEPT",
            vec!["accepted -> dropped: tcp raw \"-m limit --limit 1/sec\""],
        ),
        ("-A INPUT ! -s 10.0.0.0/8 -j ACCEPT", "", vec!["accepted -> dropped: from !10.0.0.0/8"]),
    ] {
        assert_eq!(said(&ipv4(old, new)), expected, "{old}\n{new}");
    }
}

#[test]
fn what_rules_change_is_followed_to_those_that_look_at_it() {
    let mark = |from: &str, to: u32| {
        format!(
            "*mangle\n:PREROUTING ACCEPT [0:0]\n:a -\n-A PREROUTING -j a\n-A PREROUTING -m mark --mark 1 -j DROP\n\
            -A a -s {from} -j RETURN\n-A a -j MARK --set-xmark {to}\nCOMMIT\n"
        )
    };
    let same = |old: &str, new: &str| compared(old, new, Family::Ipv4).is_same();
    assert!(same(&mark("10.0.0.1", 1), &mark("10.0.0.1", 1)));
    assert!(!same(&mark("10.0.0.1", 1), &mark("10.0.0.2", 1)));
    assert!(!same(&mark("10.0.0.1", 1), &mark("10.0.0.1", 2)));
    // The name of the chain, and rules that end the way, do not change what comes to the mark's test.
    let other = mark("10.0.0.1", 1).replace(":a ", ":z ").replace("-j a", "-j z").replace("-A a", "-A z");
    assert!(same(&mark("10.0.0.1", 1), &other));
}

#[test]
fn tables_beside_filter_are_compared_with_their_options() {
    let nat = |to: &str| {
        format!(
            "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination {to}\nCOMMIT\n"
        )
    };
    let comparison = compared(&nat("10.0.0.1"), &nat("10.0.0.2"), Family::Ipv4);
    assert_eq!(
        said(&comparison),
        [
            "given to `DNAT --to-destination 10.0.0.1` -> given to `DNAT --to-destination 10.0.0.2`: tcp dport 80"
        ]
    );
    let none = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n";
    assert_eq!(said(&compared(none, &nat("10.0.0.1"), Family::Ipv4)).len(), 1);
}

#[test]
fn a_comparison_ends_when_its_steps_are_used_up() {
    let (old, new) = ("-A INPUT -s 10.0.0.1 -j ACCEPT", "-A INPUT -s 10.0.0.2 -j ACCEPT");
    let of = |rules: &str| model(&format!("*filter\n:INPUT DROP [0:0]\n{rules}\nCOMMIT\n"), Family::Ipv4);
    let found = compare(&of(old), &of(new), FamilySet::only(Family::Ipv4), 20);
    assert_eq!(found.map_err(|stop| stop.budget), Err(20));
}
