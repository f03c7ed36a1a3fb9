//! Every construct of the language on a real kernel: packets that must match and packets that must not.

mod changes;
mod counts;
mod headers;
mod marks;
mod matches;
mod origins;
mod plain;
mod programs;
mod routes;
mod sets;
mod states;
mod tracking;
mod transport;
mod verdicts;
mod watches;
mod whole;

use std::collections::BTreeSet;

use fwdsl_runtime::catalogue::{EXTENSIONS, Extension, OptionSpec};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::model::{Action, Match, OptionUse};
use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::report::run_all;
use fwdsl_tests::netns::require;
use fwdsl_tests::sandbox::PROGRAMS;

macro_rules! sections {
    ($($name:ident: $cases:path;)*) => {
        /// The cases of all sections.
        fn all() -> Vec<Case> {
            [$($cases()),*].concat()
        }

        $(
            #[test]
            fn $name() {
                if require(&[&PROGRAMS[..], &["ipset"]].concat()) {
                    run_all(stringify!($name), &$cases());
                }
            }
        )*
    };
}

/// What a kernel gives no packet for, and why.
const UNTRIED: &[(&str, &str)] = &[
    ("LED", "the kernel of a server has no lights"),
    ("SECMARK", "the kernel takes contexts only where SELinux runs"),
    ("QUEUE", "the legacy variant alone has it, and cases run on both"),
    ("NFLOG range", "the same; the kernel ignores it"),
    ("ULOG", "it left Linux with 3.17"),
    ("CLUSTERIP", "it left Linux with 6.3"),
    ("bpf object-pinned", "the object is made by another program"),
    ("ipvs", "kernels without IP virtual servers do not have it"),
];

/// What a case uses, in the source or in the rules that come of it: extensions, their options as `EXTENSION option`, and
/// those that are negated as `EXTENSION !option`.
fn used(case: &Case) -> BTreeSet<String> {
    let model = case.model();
    let mut used = BTreeSet::new();
    let mut add = |extension: &Extension, options: &[OptionUse]| {
        used.insert(extension.name.to_owned());
        used.extend(options.iter().map(|option| named(extension, option.spec(), option.negated())));
    };
    let mut add_rule = |matches: &[Match], action: &Action| {
        matches.iter().for_each(|entry| add(entry.extension(), entry.options()));
        if let Action::Target { extension, options } = action {
            add(extension, options);
        }
    };
    for rule in model.chains().iter().flat_map(|chain| chain.rules()) {
        rule.verdicts().iter().for_each(|verdict| add_rule(rule.matches(), verdict.action()));
    }
    for ruleset in Family::ALL.into_iter().filter_map(|family| lower(&model, family)) {
        let rules = ruleset.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
        rules.for_each(|rule| add_rule(&rule.matches, &rule.action));
    }
    used
}

fn named(extension: &Extension, option: &OptionSpec, negated: bool) -> String {
    format!("{} {}{}", extension.name, if negated { "!" } else { "" }, option.name)
}

#[test]
fn every_option_of_the_catalogue_is_tried() {
    let used: BTreeSet<String> = all().iter().flat_map(used).collect();
    let mut wanted = Vec::new();
    for extension in EXTENSIONS {
        wanted.push(extension.name.to_owned());
        for option in extension.options {
            wanted.extend((!option.only_negated).then(|| named(extension, option, false)));
            wanted.extend(option.negatable.then(|| named(extension, option, true)));
        }
    }
    wanted.retain(|name| !used.contains(name));
    let excuses = |what: &str, name: &str| {
        name.strip_prefix(what).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    for (what, why) in UNTRIED {
        assert!(wanted.iter().any(|name| excuses(what, name)), "{what} has a case, though {why}");
        eprintln!("SKIPPED {what}: {why}");
    }
    wanted.retain(|name| !UNTRIED.iter().any(|(what, _)| excuses(what, name)));
    assert_eq!(wanted, Vec::<String>::new(), "options without a case");
}

sections! {
    interfaces: matches::interfaces;
    addresses: matches::addresses;
    protocols: transport::protocols;
    ports: transport::ports;
    icmp_types: transport::icmp_types;
    tcp_flags: transport::tcp_flags;
    states: states::states;
    rates: states::rates;
    fragments: states::fragments;
    ways: verdicts::ways;
    policies: verdicts::policies;
    rejects: verdicts::rejects;
    logs: verdicts::logs;
    tables: verdicts::tables;
    marks: marks::marks;
    services: marks::services;
    counts: counts::counts;
    headers: headers::headers;
    contents: headers::contents;
    origins: origins::origins;
    tracking: tracking::tracking;
    programs: programs::programs;
    beside: programs::beside;
    estimates: programs::estimates;
    extension_headers: routes::extension_headers;
    transports: routes::transports;
    ipsec: routes::ipsec;
    translations: changes::translations;
    own_translations: changes::own_translations;
    changed_headers: changes::headers;
    diversions: changes::diversions;
    hashes: watches::hashes;
    watches: watches::watches;
    sets: sets::sets;
    plain: plain::plain;
    names: whole::names;
    abstractions: whole::abstractions;
}
