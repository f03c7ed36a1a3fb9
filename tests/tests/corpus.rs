//! Every rule that iptables takes comes through the importer as what iptables alone makes of it, and every rule that
//! iptables refuses is refused. `FWDSL_CORPUS` names a directory with other specifications.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use fwdsl_tests::corpus::{Class, Judge, directory, examine, known_differences, read, side_by_side};
use fwdsl_tests::netns::require;
use fwdsl_tests::sandbox::PROGRAMS;

/// Whether the installed iptables is the one that `differences.txt` speaks of.
fn is_release_of_the_list() -> bool {
    let output = Command::new("iptables-nft-restore").arg("--version").output().expect("it runs");
    String::from_utf8_lossy(&output.stdout).contains("v1.8.9 ")
}

#[test]
fn rules_come_through_the_importer_as_iptables_saves_them() {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    let other = std::env::var_os("FWDSL_CORPUS").map(PathBuf::from);
    let corpus =
        read(&other.clone().unwrap_or_else(|| directory().join("specs"))).expect("the corpus is well formed");
    let examined = side_by_side(&corpus.cases, || Judge::new(&corpus.commands), examine);
    let mut places: BTreeMap<&str, Vec<Class>> = BTreeMap::new();
    let mut counts: BTreeMap<Class, usize> = BTreeMap::new();
    for (case, examined) in corpus.cases.iter().zip(&examined) {
        places.entry(&case.place).or_default().push(examined.class);
        *counts.entry(examined.class).or_default() += 1;
        if matches!(examined.class, Class::Split | Class::Lacking) {
            eprintln!("{}: {case}", examined.class);
        }
    }
    for (class, count) in &counts {
        eprintln!("{count:>6} {class}");
    }
    let accepted = places.values().filter(|classes| classes.contains(&Class::Accepted)).count();
    let refused = places.values().filter(|classes| classes.iter().all(|it| *it == Class::Refused)).count();
    eprintln!("{} specifications, {accepted} accepted, {refused} refused", places.len());
    let known = known_differences(&directory());
    let mut differences = Vec::new();
    let mut met = BTreeSet::new();
    for (case, examined) in corpus.cases.iter().zip(&examined) {
        let Some(difference) = &examined.difference else { continue };
        if known.contains(&case.name()) {
            met.insert(case.name());
        } else {
            differences.push(difference.as_str());
        }
    }
    assert!(differences.is_empty(), "{}\n{} differences", differences.join("\n"), differences.len());
    // Another release may have mended something.
    if other.is_none() && is_release_of_the_list() {
        let gone: Vec<&String> = known.difference(&met).collect();
        assert!(gone.is_empty(), "no differences any more: {gone:#?}");
    }
    assert!(other.is_some() || accepted >= 1100 && refused >= 400, "the corpus has become smaller");
}
