//! Promise 1: what compiles loads, on both variants and in both families, and is saved as it was
//! emitted.

use fwdsl::Policy;
use fwdsl::family::Family;
use fwdsl_runtime::syntax::{Compiled, compile};
use fwdsl_tests::corpus::side_by_side;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::policies;
use fwdsl_tests::random::Random;
use fwdsl_tests::rules::{restore, saved_table, tables};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use fwdsl_tests::sets::restore_sets;

fn compiled(source: &str) -> Compiled {
    compile(source.parse().unwrap_or_else(|error| panic!("{error}: {source}")))
}

/// Loads a policy's text and compares what is saved, table by table.
fn assert_fixpoint(netns: &Netns, policy: &Policy, source: &str) {
    for family in Family::ALL {
        let Some(text) = policy.emit(family).expect("the policy is sound") else { continue };
        let sets = policy.emit_sets(family).expect("no Rust value is in it");
        let output = restore_sets(netns, &sets);
        assert!(output.status.success(), "{}\n{sets}", String::from_utf8_lossy(&output.stderr));
        for variant in VARIANTS {
            let output = restore(netns, family, variant, &text);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{family} {variant}: {said}\n{source}\n{text}");
            for (table, block) in tables(&text) {
                let saved = saved_table(netns, family, variant, &table);
                assert_eq!(saved, block, "{family} {variant}\n{source}");
            }
        }
    }
}

#[test]
fn random_policies_load_and_are_saved_as_they_were_emitted() {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    let wanted: usize =
        std::env::var("FWDSL_RANDOM_POLICIES").map_or(150, |count| count.parse().expect("a number"));
    let mut random = Random::new(1);
    let sources: Vec<String> = (0..wanted).map(|_| policies::policy(&mut random)).collect();
    side_by_side(&sources, Netns::new, |netns, source| {
        let compiled = compiled(source);
        assert!(compiled.is_sound(), "{:?}\n{source}", compiled.diagnostics);
        let policy =
            Policy::from_model(compiled.model).expect("what compiles passes the same checks at run time");
        assert_fixpoint(netns, &policy, source);
    });
}

#[test]
fn every_protocol_rate_and_icmp_type_is_saved_as_it_was_emitted() {
    if !require(&PROGRAMS) {
        return;
    }
    let mut rules = String::new();
    for family in Family::ALL {
        let protocol = if family == Family::Ipv4 { "icmp" } else { "icmpv6" };
        for name in fwdsl_runtime::icmp::names(family) {
            rules.push_str(&format!("{protocol} {name} => accept;\n"));
        }
    }
    for number in 1..=255 {
        rules.push_str(&format!("proto {number} => accept;\n"));
    }
    for unit in ["second", "minute", "hour", "day"] {
        for count in [1, 2, 3, 7, 11, 59, 60, 61, 100, 999, 1441, 5000, 9999, 10000] {
            let burst = if unit == "day" || unit == "hour" { "burst 1" } else { "" };
            rules.push_str(&format!("limit {count}/{unit} {burst} => accept;\n"));
        }
    }
    let source = format!("#![allow(unreachable_rule, no_effect_rule)] chain INPUT {{\n{rules}}}");
    let compiled = compiled(&source);
    assert!(compiled.is_sound(), "{:#?}", compiled.diagnostics);
    let policy = Policy::from_model(compiled.model).expect("it compiled");
    assert_fixpoint(&Netns::new(), &policy, &source);
}
