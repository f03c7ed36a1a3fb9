//! Comparisons of whole firewalls: how they are written does not matter, what they do does.

use fwdsl::prelude::*;
use fwdsl_runtime::analysis::{COMPARE_BUDGET, Comparison, Verdict, compare, evaluate};
use fwdsl_runtime::family::{Family, FamilySet};
use fwdsl_runtime::import::{Unknown, import};
use fwdsl_runtime::lower::{Ruleset, lower};
use fwdsl_runtime::model::Model;
use fwdsl_runtime::table::TableName;
use fwdsl_tests::corpus::{Firewall, firewalls, generated};

/// The rules of firewalls that are compared many times.
const SMALL: usize = 1000;

fn read(text: &str, family: Family) -> Model {
    let imported = import(text, "firewall", family, Unknown::Raw);
    imported.unwrap_or_else(|errors| panic!("{errors}")).model
}

fn compared(old: &Model, new: &Model, family: Family) -> Comparison {
    compare(old, new, FamilySet::only(family), COMPARE_BUDGET).expect("few steps")
}

/// The lines of all differences.
fn lines(comparison: &Comparison) -> Vec<&str> {
    comparison.changes.iter().flat_map(|change| &change.lines).map(|line| line.text.as_str()).collect()
}

/// The rules without counters.
fn plain(firewall: &Firewall) -> String {
    let line = |line: &str| match line.trim().split_once("] -A ") {
        Some((_, rule)) => format!("-A {rule}"),
        None => line.trim().to_owned(),
    };
    firewall.text.lines().map(|text| line(text) + "\n").collect()
}

/// The same with other names for the chains, which come in another order.
fn rearranged(text: &str) -> String {
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix(':'))
        .filter(|line| line.split_whitespace().nth(1) == Some("-"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let renamed = |name: &str| {
        let place = names.iter().position(|other| *other == name);
        place.map_or(name.to_owned(), |place| format!("x{:05}", 99_999 - place))
    };
    let mut tables: Vec<Vec<String>> = vec![Vec::new()];
    for line in text.lines() {
        let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        if words.is_empty() {
            continue;
        }
        if let Some(name) = line.strip_prefix(':').and_then(|line| line.split_whitespace().next()) {
            words[0] = format!(":{}", renamed(name));
        }
        for place in 1..words.len() {
            if ["-A", "-I", "-j", "-g", "--jump", "--goto"].contains(&words[place - 1].as_str()) {
                words[place] = renamed(&words[place]);
            }
        }
        if line.starts_with('*') {
            tables.push(Vec::new());
        }
        tables.last_mut().expect("one").push(words.join(" "));
    }
    let chain = |line: &String| match line.split(' ').collect::<Vec<_>>().as_slice() {
        ["-A" | "-I", chain, ..] => (1, (*chain).to_owned()),
        _ if line.starts_with("COMMIT") => (2, String::new()),
        _ => (0, String::new()),
    };
    tables.iter_mut().for_each(|table| table.sort_by_key(chain));
    tables.concat().join("\n") + "\n"
}

#[test]
fn firewalls_do_what_they_do_whatever_their_chains_are_called() {
    let mut renamed = 0;
    for firewall in firewalls() {
        let text = plain(&firewall);
        let other = rearranged(&text);
        renamed += usize::from(other.contains("x99999"));
        let comparison =
            compared(&read(&text, firewall.family), &read(&other, firewall.family), firewall.family);
        assert!(comparison.is_same(), "{}: {:?}", firewall.name, lines(&comparison));
    }
    assert!(renamed > 15, "only {renamed} have chains of their own");
}

#[test]
fn a_rule_that_changes_what_becomes_of_a_host_is_found() {
    for firewall in firewalls() {
        let text = plain(&firewall);
        let (host, reject) = match firewall.family {
            Family::Ipv4 => ("203.0.113.77", "icmp-proto-unreachable"),
            Family::Ipv6 => ("2001:db8:77::7", "icmp6-policy-fail"),
        };
        let Some(table) = text.find("*filter") else { continue };
        let rules = table + text[table..].find("\n-A ").expect("a rule") + 1;
        let rule = format!("-A INPUT -s {host} -j REJECT --reject-with {reject}\n");
        let changed = format!("{}{rule}{}", &text[..rules], &text[rules..]);
        let comparison =
            compared(&read(&text, firewall.family), &read(&changed, firewall.family), firewall.family);
        let lines = lines(&comparison);
        assert!(!lines.is_empty(), "{}", firewall.name);
        for line in lines {
            assert!(
                line.contains(&format!("from {host}")) || line.contains(&format!("from {host:?}")),
                "{}: {line}",
                firewall.name
            );
        }
    }
}

/// Whether a packet can get a verdict at a hook.
fn gives(
    ruleset: &Ruleset,
    table: TableName,
    chain: &str,
    verdict: &Verdict,
    packet: &fwdsl_runtime::analysis::Packet,
) -> bool {
    let Verdict::Target(target, _) = verdict else { return true };
    match evaluate(ruleset, table, chain, packet) {
        Some(verdicts) => verdicts.contains(target),
        // There is no such table.
        None => verdict.is_accept(),
    }
}

#[test]
fn packets_of_differences_show_them() {
    let (mut removed, mut shown) = (0, 0);
    for firewall in firewalls() {
        let text = plain(&firewall);
        let all: Vec<&str> = text.lines().collect();
        let rules: Vec<usize> = (0..all.len()).filter(|place| all[*place].starts_with("-A ")).collect();
        if rules.len() > SMALL {
            continue;
        }
        let old = read(&text, firewall.family);
        let old_rules = lower(&old, firewall.family).expect("tables");
        for place in rules.iter().step_by(rules.len() / 6 + 1) {
            let mut left = all.clone();
            left.remove(*place);
            let new = read(&(left.join("\n") + "\n"), firewall.family);
            let new_rules = lower(&new, firewall.family).expect("tables");
            let comparison = compared(&old, &new, firewall.family);
            removed += 1;
            for change in &comparison.changes {
                for line in &change.lines {
                    shown += 1;
                    for (ruleset, verdict) in [(&old_rules, &change.old), (&new_rules, &change.new)] {
                        let chain = change.hook.name();
                        assert!(
                            gives(ruleset, change.table, chain, verdict, &line.packet),
                            "{} without `{}`: {} in {chain} is not {}",
                            firewall.name,
                            all[*place],
                            line.packet,
                            verdict.participle(),
                        );
                    }
                }
            }
        }
    }
    assert!(removed > 100 && shown > 100, "{removed} rules taken away, {shown} lines");
}

#[test]
fn policies_are_compared_in_both_families() {
    static OLD: Policy = firewall! {
        #![allow(ipv6_neighbour_discovery_blocked)]

        chain INPUT policy drop {
            in lo => accept;
            ct established|related => accept;
            tcp dport [ssh, http] => accept;
        }
    };
    static SAME: Policy = firewall! {
        #![allow(ipv6_neighbour_discovery_blocked)]

        chain INPUT policy drop {
            tcp dport http => accept;
            administration();
            in lo => accept;
            ct established|related => accept;
        }
        fn administration() {
            tcp dport ssh => accept;
        }
    };
    static NEW: Policy = firewall! {
        #![allow(ipv6_neighbour_discovery_blocked)]

        chain INPUT policy drop {
            in lo => accept;
            ct established|related => accept;
            tcp dport http => accept;
            family ipv4 from 192.0.2.0/24 tcp dport ssh => accept;
        }
    };
    assert!(OLD.compare(&SAME).unwrap().is_same());
    let comparison = OLD.compare(&NEW).unwrap();
    let told: Vec<_> = comparison.changes.iter().map(|change| (change.family, change.kind())).collect();
    assert_eq!(told, [(Family::Ipv4, "newly refused"), (Family::Ipv6, "newly refused")]);
    assert_eq!(
        lines(&comparison),
        [
            "in !lo from !192.0.2.0/24 tcp dport 22 ct ![established, related]",
            "in !lo tcp dport 22 ct ![established, related]",
        ]
    );
}

#[test]
fn one_rule_of_thousands_is_one_line() {
    let text = generated::university(Family::Ipv4);
    let old = read(&text, Family::Ipv4);
    assert!(compared(&old, &read(&rearranged(&text), Family::Ipv4), Family::Ipv4).is_same());
    // There are hundreds of limits with the same text, one for each host; the others are what they were.
    let is_once = |line: &&str| text.matches(&format!("{line}\n")).count() == 1;
    let limited = text.lines().filter(|line| line.contains(" --limit 10/sec -j ACCEPT"));
    let limits: Vec<&str> = limited.filter(is_once).collect();
    assert!(limits.len() > 500);
    for limit in limits.iter().step_by(limits.len() / 3) {
        let new = read(&text.replace(&format!("{limit}\n"), ""), Family::Ipv4);
        let comparison = compared(&old, &new, Family::Ipv4);
        let lines = lines(&comparison);
        assert_eq!(lines.len(), 1, "{limit}: {lines:?}");
        assert!(lines[0].contains(" icmp echo-request ") && lines[0].contains("limit 10/sec"), "{lines:?}");
    }
}
