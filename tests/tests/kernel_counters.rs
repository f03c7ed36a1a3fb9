//! The kernel's counters are the judge of what is said of rules: one to which no packet comes that it matches counts
//! nothing, whatever is sent at it, and one that is reached counts the packet that is said to come to it.
//! `FWDSL_RANDOM_POLICIES=100` tries so many random sets of rules of each kind, and the huge firewalls.

use fwdsl_runtime::analysis::reach_of_rules;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::import::import_leniently;
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::table::TableName;
use fwdsl_tests::corpus::{Firewall, firewalls, side_by_side};
use fwdsl_tests::large;
use fwdsl_tests::netns::require;
use fwdsl_tests::random::Random;
use fwdsl_tests::sandbox::PROGRAMS;
use fwdsl_tests::verdicts::{Confirmed, Conntrack, Effort, Suspect, confirm, random_host, random_rules};

/// How many random sets of rules there are for each table and family, and for all tables at once, both with connection
/// tracking and without.
const POLICIES: usize = 2;
/// Firewalls of more rules are large, and of these only some witnesses are sent.
const LARGE: usize = 600;
/// Those of more lines are tried on demand alone.
const HUGE: usize = 2000;

/// Random rules, and generated firewalls whose dead rules are known.
fn made(random: &mut Random, policies: usize) -> Vec<Firewall> {
    let mut made = Vec::new();
    let mut add = |name: String, family: Family, text: String| {
        made.push(Firewall { name, family, text, sets: String::new() });
    };
    for family in Family::ALL {
        for (name, large) in [
            ("campus", large::campus(family, 500)),
            ("access list", large::access_list(family, 200)),
            ("pairs of fields", large::pairs_of_fields(family, 200)),
            ("callers", large::many_callers(family, 100)),
            ("chains", large::many_chains(family, 100)),
            ("ports", large::ports_of_one_host(family, 100)),
        ] {
            add(name.to_owned(), family, large.text);
        }
        for table in [TableName::Filter, TableName::Mangle, TableName::Raw, TableName::Security] {
            for conntrack in [Conntrack::On, Conntrack::Off] {
                for number in 0..policies {
                    let text = random_rules(random, family, table, conntrack);
                    add(format!("random {table} {conntrack:?} {number}"), family, text);
                }
            }
        }
        for conntrack in [Conntrack::On, Conntrack::Off] {
            for number in 0..policies {
                let text = random_host(random, family, conntrack);
                add(format!("random host {conntrack:?} {number}"), family, text);
            }
        }
    }
    made
}

fn judge(firewall: &Firewall, variant: Variant, seed: u64) -> (Confirmed, Vec<String>) {
    let text = Some((firewall.text.as_str(), "rules"));
    let imported = match firewall.family {
        Family::Ipv4 => import_leniently(text, None),
        Family::Ipv6 => import_leniently(None, text),
    };
    let ruleset = lower(&imported.model, firewall.family).expect("the rules are of the family");
    let said = reach_of_rules(&ruleset);
    let effort = Effort { at_dead: 10, at_random: 60, witness_of: said.len().div_ceil(LARGE) };
    let suspect = Suspect {
        name: &firewall.name,
        text: &firewall.text,
        sets: &firewall.sets,
        ruleset: &ruleset,
        said: &said,
    };
    let mut confirmed = Confirmed::default();
    let faults = confirm(&suspect, variant, effort, &mut Random::new(seed), &mut confirmed);
    (confirmed, faults)
}

fn the_counters_agree(variant: Variant, seed: u64) {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    let policies: usize =
        std::env::var("FWDSL_RANDOM_POLICIES").map_or(POLICIES, |count| count.parse().expect("a number"));
    let mut all = made(&mut Random::new(seed), policies);
    let is_tried = |firewall: &Firewall| policies > POLICIES || firewall.text.lines().count() < HUGE;
    all.extend(firewalls().into_iter().filter(is_tried));
    let numbered: Vec<(usize, Firewall)> = all.into_iter().enumerate().collect();
    let judged = side_by_side(
        &numbered,
        || (),
        |(), (number, firewall)| judge(firewall, variant, seed + *number as u64),
    );
    let mut confirmed = Confirmed::default();
    let mut wrong = String::new();
    for ((_, firewall), (counted, faults)) in numbered.iter().zip(judged) {
        confirmed.merge(&counted);
        for fault in faults.iter().take(5) {
            wrong += &format!("{} {}: {fault}\n", firewall.name, firewall.family);
        }
        if !faults.is_empty() && firewall.name.starts_with("random") {
            wrong += &firewall.text;
        }
    }
    println!("{variant}: {confirmed}");
    assert!(wrong.is_empty(), "{variant}:\n{wrong}");
    let missing = confirmed.missing();
    assert!(missing.is_empty(), "{variant}: there was nothing of {}\n{confirmed}", missing.join(", "));
}

#[test]
fn legacy_counts_what_is_said_of_rules() {
    the_counters_agree(Variant::Legacy, 21);
}

#[test]
fn nft_counts_what_is_said_of_rules() {
    the_counters_agree(Variant::Nft, 22);
}
