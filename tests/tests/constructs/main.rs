//! Every construct of the language on a real kernel: packets that must match and packets that must not.

mod changes;
mod counts;
mod headers;
mod marks;
mod matches;
mod states;
mod transport;
mod verdicts;
mod whole;

use std::collections::BTreeSet;

use fwdsl_runtime::catalogue::{EXTENSIONS, Extension};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::model::{Action, OptionUse};
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
                if require(&PROGRAMS) {
                    run_all(stringify!($name), &$cases());
                }
            }
        )*
    };
}

/// What no case tries, and why.
const UNTRIED: &[(&str, &str)] = &[];

/// The options that a case uses, in the source or in the rules that come of it, each as `extension option`; and the
/// extensions without one.
fn used(case: &Case) -> BTreeSet<String> {
    let model = case.model();
    let mut used = BTreeSet::new();
    let mut add = |extension: &Extension, options: &[OptionUse]| {
        used.insert(extension.name.to_owned());
        used.extend(options.iter().map(|option| format!("{} {}", extension.name, option.spec().name)));
    };
    let add_action = |action: &Action, add: &mut dyn FnMut(&Extension, &[OptionUse])| {
        if let Action::Target { extension, options } = action {
            add(extension, options);
        }
    };
    for rule in model.chains().iter().flat_map(|chain| chain.rules()) {
        rule.matches().iter().for_each(|entry| add(entry.extension(), entry.options()));
        rule.verdicts().iter().for_each(|verdict| add_action(verdict.action(), &mut add));
    }
    for ruleset in Family::ALL.into_iter().filter_map(|family| lower(&model, family)) {
        for rule in ruleset.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules) {
            rule.matches.iter().for_each(|entry| add(entry.extension(), entry.options()));
            add_action(&rule.action, &mut add);
        }
    }
    used
}

#[test]
fn every_option_of_the_catalogue_is_tried() {
    let used: BTreeSet<String> = all().iter().flat_map(used).collect();
    let mut untried = Vec::new();
    for extension in EXTENSIONS {
        let options = extension.options.iter().map(|option| format!("{} {}", extension.name, option.name));
        untried.extend(options.chain([extension.name.to_owned()]).filter(|name| !used.contains(name)));
    }
    let excused: Vec<&str> = UNTRIED.iter().map(|(what, _)| *what).collect();
    assert_eq!(untried, excused);
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
    origins: headers::origins;
    tracking: headers::tracking;
    translations: changes::translations;
    own_translations: changes::own_translations;
    changed_headers: changes::headers;
    diversions: changes::diversions;
    names: whole::names;
    abstractions: whole::abstractions;
}
