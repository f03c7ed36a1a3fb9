//! Promise 1 for every entry of the catalogue: each option at its limits, positive and negated, in
//! each table, hook and family that the entry serves, loads on both variants and is saved as it was
//! emitted. Prints what was covered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl::table::{Hook, TableName};
use fwdsl_runtime::Policy;
use fwdsl_runtime::catalogue::{EXTENSIONS, Extension, Kind};
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::rules::{restore, saved_table, tables};
use fwdsl_tests::samples::{Sample, samples};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};

/// Matches and targets that some kernels do not have, or not in every namespace.
const KNOWN_ABSENT: &[&str] = &[];

/// What iptables says if the kernel lacks an extension.
const ABSENT: &[&str] = &["missing kernel module", "No chain/target/match by that name", "Couldn't load"];

fn policy(table: TableName, hook: Hook, rules: &str) -> Option<Policy> {
    let source = format!("table {table} {{ chain {} {{ {rules} }} }}", hook.name());
    let compiled = compile(source.parse().unwrap_or_else(|error| panic!("{error}: {source}")));
    compiled.is_sound().then(|| Policy::from_model(compiled.model).expect("the same checks"))
}

/// Why a rule does not compile.
fn complaint(table: TableName, hook: Hook, rule: &str) -> String {
    let source = format!("table {table} {{ chain {} {{ {rule} }} }}", hook.name());
    let compiled = compile(source.parse().expect("tokens"));
    let messages: Vec<&str> =
        compiled.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    messages.join("; ")
}

fn name(extension: &Extension) -> String {
    let prefix = if extension.kind == Kind::Match { "-m" } else { "-j" };
    format!("{prefix} {}", extension.name)
}

fn absence(extension: &Extension, family: Family, variant: Variant) -> String {
    format!("{} {family} {variant}", name(extension))
}

/// Loads text, and compares what is saved. What is wrong, if anything is.
fn difference(netns: &Netns, family: Family, variant: Variant, text: &str) -> Option<String> {
    let output = restore(netns, family, variant, text);
    if !output.status.success() {
        return Some(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let (table, block) = tables(text).into_iter().next().expect("a table");
    let saved = saved_table(netns, family, variant, &table);
    if saved == block {
        return None;
    }
    let pairs = block.lines().zip(saved.lines()).filter(|(emitted, saved)| emitted != saved);
    Some(pairs.map(|(emitted, saved)| format!("\n  emitted {emitted}\n  saved   {saved}")).collect())
}

/// Loads rules together; if something is wrong with that, their halves, down to the rules at fault.
fn find_wrong<'a>(
    netns: &Netns,
    (table, hook): (TableName, Hook),
    family: Family,
    variant: Variant,
    rules: &[(&'a Sample, &'a str)],
    wrong: &mut Vec<(&'a Sample, &'a str, String)>,
) {
    if rules.is_empty() {
        return;
    }
    let source: Vec<&str> = rules.iter().map(|(_, rule)| *rule).collect();
    let together = policy(table, hook, &source.join("\n"));
    let together = together.unwrap_or_else(|| panic!("{}", complaint(table, hook, &source.join("\n"))));
    let Some(said) = difference(netns, family, variant, &together.emit(family).unwrap_or_default()) else {
        return;
    };
    match rules {
        [(sample, rule)] => wrong.push((sample, rule, said)),
        _ => {
            let (first, second) = rules.split_at(rules.len() / 2);
            let before = wrong.len();
            find_wrong(netns, (table, hook), family, variant, first, wrong);
            find_wrong(netns, (table, hook), family, variant, second, wrong);
            if wrong.len() == before {
                wrong.push((rules[0].0, rules[0].1, format!(" and others, together only: {said}")));
            }
        }
    }
}

#[test]
fn every_option_of_every_extension_is_saved_as_it_was_emitted() {
    if !require(&PROGRAMS) {
        return;
    }
    let netns = Netns::new();
    let all: Vec<Sample> = EXTENSIONS
        .iter()
        .filter(|it| it.module || it.kind == Kind::Target)
        .flat_map(|it| samples(it))
        .collect();
    let mut absent = BTreeSet::new();
    let mut failures = String::new();
    let mut covered: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let mut compiled_somewhere: BTreeMap<(String, String), bool> = BTreeMap::new();
    let only = std::env::var("FWDSL_CATALOGUE_TABLE").ok();
    for table in TableName::ALL.into_iter().filter(|it| only.as_ref().is_none_or(|only| only == it.name())) {
        for hook in table.hooks().iter().copied() {
            let mut here: Vec<(&Sample, &str, Policy)> = Vec::new();
            for sample in &all {
                let found = sample
                    .rules
                    .iter()
                    .find_map(|rule| Some((sample, rule.as_str(), policy(table, hook, rule)?)));
                let known =
                    compiled_somewhere.entry((name(sample.extension), sample.rules[0].clone())).or_default();
                *known |= found.is_some();
                here.extend(found);
            }
            for family in Family::ALL {
                for variant in VARIANTS {
                    let here = here.iter().filter_map(|(sample, rule, policy)| {
                        let lacks = absent.contains(&absence(sample.extension, family, variant));
                        let fits = policy.emit(family).is_some_and(|text| text.contains("\n-A "));
                        (fits && !lacks).then_some((*sample, *rule))
                    });
                    let here: Vec<(&Sample, &str)> = here.collect();
                    let mut wrong = Vec::new();
                    find_wrong(&netns, (table, hook), family, variant, &here, &mut wrong);
                    for (sample, ..) in &here {
                        let place = format!("{table}/{hook}");
                        *covered.entry(name(sample.extension)).or_default().entry(place).or_default() += 1;
                    }
                    for (sample, rule, said) in wrong {
                        if ABSENT.iter().any(|it| said.contains(it)) {
                            absent.insert(absence(sample.extension, family, variant));
                        } else {
                            writeln!(failures, "{table}/{hook} {family} {variant}: {rule}{said}").unwrap();
                        }
                    }
                }
            }
        }
    }
    let nowhere = compiled_somewhere.iter().filter(|(_, compiled)| !**compiled && only.is_none());
    for ((extension, rule), _) in nowhere {
        let places = TableName::ALL.iter().flat_map(|table| table.hooks().iter().map(|hook| (*table, *hook)));
        let said: BTreeSet<String> = places.map(|(table, hook)| complaint(table, hook, rule)).collect();
        writeln!(failures, "{extension}: nowhere compiles: {rule}: {said:?}").unwrap();
    }
    for entry in EXTENSIONS.iter().filter(|it| it.module || it.kind == Kind::Target) {
        let places = covered.get(&name(entry)).cloned().unwrap_or_default();
        let total: usize = places.values().sum();
        let places: Vec<&str> = places.keys().map(String::as_str).collect();
        eprintln!("{:<16} {total:>6} loads in {}", name(entry), places.join(" "));
    }
    for absence in &absent {
        eprintln!("ABSENT from this kernel: {absence}");
        let known = KNOWN_ABSENT.iter().any(|known| absence.starts_with(known));
        if !known && std::env::var_os("FWDSL_KERNEL_TESTS").is_some_and(|value| value == "required") {
            writeln!(failures, "this kernel lacks {absence}").unwrap();
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}
