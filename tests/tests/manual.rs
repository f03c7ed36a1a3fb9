//! The catalogue has every extension of the manual page, and every option of each, so that none is forgotten.

use std::collections::BTreeSet;

use fwdsl_runtime::catalogue::{EXTENSIONS, Extension, Kind, OptionSpec};
use fwdsl_runtime::family::Family;
use fwdsl_tests::manual::{Section, page, sections};
use fwdsl_tests::netns::skip_without;

/// Options of the page that the catalogue does not have, and why.
const EXCEPT: &[(&str, &str, &str)] = &[
    ("SYNPROXY", "--timestamps", "iptables has `--timestamp`"),
    ("tcp", "--syn", "another way to write `--tcp-flags`, which the importer reads as that"),
];

fn entries(section: &Section) -> Vec<&'static Extension> {
    let family = section.family.as_ref().map(|name| if name == "IPv4" { Family::Ipv4 } else { Family::Ipv6 });
    let is_it = |entry: &&&Extension| {
        entry.kind == section.kind
            && entry.name == section.name
            && family.is_none_or(|family| entry.families.contains(family))
    };
    EXTENSIONS.iter().filter(is_it).copied().collect()
}

fn has_flag(option: &OptionSpec, flag: &str) -> bool {
    // Some flags have a word behind them that is part of the option.
    option.flag.split(' ').next() == Some(flag) || option.flag_aliases.contains(&flag)
}

#[test]
fn the_catalogue_has_every_extension_and_option_of_the_manual_page() {
    let Some(page) = page() else {
        skip_without("the manual page iptables-extensions(8)");
        return;
    };
    let sections = sections(&page);
    let count = |kind| sections.iter().filter(|section| section.kind == kind).count();
    let options: usize = sections.iter().map(|section| section.options.len()).sum();
    eprintln!("{} matches and {} targets with {options} options", count(Kind::Match), count(Kind::Target));
    // Else the page has another form than is read here.
    assert!(count(Kind::Match) > 50 && count(Kind::Target) > 30 && options > 250, "{sections:?}");

    let mut missing = BTreeSet::new();
    for section in &sections {
        let entries = entries(section);
        if entries.is_empty() {
            missing.insert(format!("{:?} {}", section.kind, section.name));
        }
        for (flag, negated) in &section.options {
            let mut found = entries
                .iter()
                .flat_map(|entry| entry.options)
                .filter(|option| has_flag(option, flag))
                .peekable();
            let known = EXCEPT.iter().any(|(name, option, _)| section.name == *name && flag == option);
            let (there, negatable) = (found.peek().is_some(), found.any(|option| option.negatable));
            if !there && !known {
                missing.insert(format!("{:?} {} {flag}", section.kind, section.name));
            } else if *negated && !negatable && !known {
                missing.insert(format!("{:?} {} ! {flag}", section.kind, section.name));
            } else if known && there && (negatable || !negated) {
                missing.insert(format!("{} {flag} is there", section.name));
            }
        }
    }
    assert!(missing.is_empty(), "not in the catalogue: {missing:#?}");
}
