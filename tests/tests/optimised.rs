//! `#[optimise]`: rules as trees of chains. Each tree is proven as it is made; here the diagram compares it with the rules once
//! more, and the kernel does with packets what it did before.

use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl::lower::{Ruleset, lower, lower_optimised};
use fwdsl::model::Model;
use fwdsl::table::TableName;
use fwdsl_runtime::analysis::{Comparison, compare_rulesets, evaluate_for};
use fwdsl_runtime::emit::{Protocols, emit};
use fwdsl_runtime::import::{Unknown, import, import_leniently};
use fwdsl_tests::corpus::firewalls;
use fwdsl_tests::large;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::packets::packet;
use fwdsl_tests::random::Random;
use fwdsl_tests::rules::{restore, saved_table};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use fwdsl_tests::verdicts::{Conntrack, Host, Judged, Tally, judge, random_rules};

#[path = "../../examples/article-host/src/main.rs"]
#[allow(dead_code, unreachable_pub)]
mod article_host;

/// How many sets of rules go through the kernel, of each family and on each host.
const POLICIES: usize = 1;
/// With how many packets each of them is tried.
const PACKETS: usize = 300;
/// How many steps a comparison may take.
const STEPS: u64 = 1_000_000;

struct Both {
    plain: Ruleset,
    optimised: Ruleset,
    trees: usize,
}

/// The rules of a model without trees and with them. What is not proven is a fault here: all that is made is right.
fn both(mut model: Model, family: Family) -> Both {
    model.set_optimise(true);
    let plain = lower(&model, family).expect("rules of the family");
    let (optimised, report) = lower_optimised(&model, family).expect("rules of the family");
    for run in &report {
        let is_refused = matches!(&run.tree, Err(why) if why.starts_with("not proven"));
        assert!(!is_refused, "{run:?}\n{}", text(&plain));
    }
    let trees = report.iter().filter(|run| run.tree.is_ok()).count();
    Both { plain, optimised, trees }
}

fn of_text(text: &str, family: Family) -> Both {
    let imported = import(text, "rules", family, Unknown::Refuse);
    both(imported.unwrap_or_else(|errors| panic!("{errors}\n{text}")).model, family)
}

/// A table with many random rules in each of its chains.
fn many_random_rules(random: &mut Random, family: Family, conntrack: Conntrack) -> String {
    let text = random_rules(random, family, TableName::Filter, conntrack);
    let mut rules: Vec<String> = text.lines().filter(|line| line.starts_with("-A")).map(Into::into).collect();
    for _ in 0..6 {
        let more = random_rules(random, family, TableName::Filter, conntrack);
        rules.extend(more.lines().filter(|line| line.starts_with("-A")).map(Into::into));
    }
    let head: Vec<&str> = text.lines().filter(|line| !line.starts_with("-A") && *line != "COMMIT").collect();
    format!("{}\n{}\nCOMMIT\n", head.join("\n"), rules.join("\n"))
}

/// The analysis says of some packets what it says of them without trees.
fn assert_same_verdicts(both: &Both, random: &mut Random, packets: usize) {
    for _ in 0..packets {
        for hook in ["INPUT", "FORWARD", "OUTPUT"] {
            let packet = packet(random, both.plain.family, hook);
            for variant in VARIANTS {
                let verdicts = |rules| evaluate_for(rules, TableName::Filter, hook, &packet, Some(variant));
                let mut names = [&both.plain, &both.optimised].map(|rules| {
                    let verdicts = verdicts(rules).expect("the chain is there");
                    verdicts.iter().map(|verdict| verdict.name).collect::<Vec<_>>()
                });
                names.iter_mut().for_each(|names| names.sort_unstable());
                assert_eq!(names[0], names[1], "{variant} {hook} {packet}\n{}", text(&both.optimised));
            }
        }
    }
}

fn text(rules: &Ruleset) -> String {
    emit(rules, Protocols::Named)
}

fn the_kernel_agrees(variant: Variant, seed: u64) {
    if !require(&PROGRAMS) {
        return;
    }
    let policies: usize =
        std::env::var("FWDSL_RANDOM_POLICIES").map_or(POLICIES, |count| count.parse().expect("a number"));
    let mut hosts = [Conntrack::On, Conntrack::Off].map(|conntrack| (conntrack, Host::new(conntrack)));
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    let mut trees = 0;
    for _ in 0..policies {
        for (conntrack, host) in &mut hosts {
            for family in Family::ALL {
                let rules = many_random_rules(&mut random, family, *conntrack);
                let both = of_text(&rules, family);
                trees += both.trees;
                assert_same_verdicts(&both, &mut random, 100);
                // The same packets once through the rules, and once through the trees.
                let same = random.clone();
                for ruleset in [&both.plain, &both.optimised] {
                    random = same.clone();
                    let text = text(ruleset);
                    let judged = Judged { ruleset, text: &text, variant, table: TableName::Filter };
                    let faults = judge(host, &judged, &mut random, PACKETS, &mut tally);
                    let some = &faults[..faults.len().min(5)];
                    assert!(faults.is_empty(), "{} faults\n{}\n{text}", faults.len(), some.join("\n"));
                }
            }
        }
    }
    println!("{variant}: {trees} trees, {tally}");
    assert!(trees >= 4 * policies, "{trees}");
}

#[test]
fn legacy_does_with_trees_what_it_does_with_rules() {
    the_kernel_agrees(Variant::Legacy, 21);
}

#[test]
fn nft_does_with_trees_what_it_does_with_rules() {
    the_kernel_agrees(Variant::Nft, 22);
}

#[test]
fn random_rules_and_their_trees_are_the_same() {
    let mut random = Random::new(5);
    let mut trees = 0;
    for number in 0..8 {
        let family = Family::ALL[number % 2];
        let both = of_text(&many_random_rules(&mut random, family, Conntrack::On), family);
        trees += both.trees;
        assert_same_verdicts(&both, &mut random, 60);
    }
    assert!(trees >= 8, "{trees} trees");
}

fn is_stateful(rules: &Ruleset) -> bool {
    let chains = rules.tables.iter().flat_map(|table| &table.chains);
    { chains.flat_map(|chain| &chain.rules) }.any(|rule| rule.matches.iter().any(|entry| entry.is_stateful()))
}

fn assert_none(comparison: &Comparison, name: &str) {
    let changes = comparison.changes.iter().map(|change| &change.lines);
    let lines: Vec<&str> = changes.flatten().map(|line| line.text.as_str()).take(5).collect();
    assert!(comparison.changes.is_empty(), "{name}: {lines:#?}");
}

/// Firewalls of others, and large ones: every tree is proven, and compared as far as that is decided.
#[test]
fn firewalls_and_their_trees_are_the_same() {
    let (mut trees, mut decided) = (0, 0);
    for firewall in firewalls() {
        let text = Some((firewall.text.as_str(), firewall.name.as_str()));
        let imported = match firewall.family {
            Family::Ipv4 => import_leniently(text, None),
            Family::Ipv6 => import_leniently(None, text),
        };
        if lower(&imported.model, firewall.family).is_none() {
            continue;
        }
        let both = both(imported.model, firewall.family);
        if both.trees == 0 {
            continue;
        }
        trees += both.trees;
        // The comparison numbers what remembers packets by the ways to it, and to a tree's leaves there are other ways.
        if is_stateful(&both.plain) {
            continue;
        }
        if let Ok(comparison) = compare_rulesets(&both.plain, &both.optimised, STEPS) {
            decided += 1;
            assert_none(&comparison, &firewall.name);
        }
    }
    println!("{trees} trees, {decided} comparisons");
    assert!(trees > 0 && decided > 0, "{trees} trees, {decided} comparisons");
}

/// What is loaded is what `iptables-save` prints, so that a second apply finds nothing to do.
#[test]
fn trees_are_saved_as_they_are_emitted() {
    let article: Vec<(Family, Both)> = Family::ALL
        .into_iter()
        .map(|family| (family, both(article_host::HOST.model().into_owned(), family)))
        .collect();
    for (_, both) in &article {
        let comparison = compare_rulesets(&both.plain, &both.optimised, STEPS).expect("it is small");
        assert_none(&comparison, "the article");
    }
    let mut all: Vec<(Family, Both)> = article;
    for family in Family::ALL {
        for large in [
            large::campus(family, 300),
            large::access_list(family, 200),
            large::ports_of_one_host(family, 150),
        ] {
            let both = of_text(&large.text, family);
            assert!(both.trees > 0, "{}", large.text);
            all.push((family, both));
        }
    }
    if !require(&PROGRAMS) {
        return;
    }
    for variant in VARIANTS {
        for (family, both) in &all {
            let netns = Netns::new();
            let text = text(&both.optimised);
            let output = restore(&netns, *family, variant, &text);
            assert!(
                output.status.success(),
                "{variant}: {}\n{text}",
                String::from_utf8_lossy(&output.stderr)
            );
            assert_eq!(saved_table(&netns, *family, variant, "filter"), text, "{variant}");
        }
    }
}

/// What the page shows is what is emitted.
#[test]
fn the_page_shows_what_is_emitted() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/optimise.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let block = |from: &str| {
        let (_, rest) = page.split_once(from).unwrap_or_else(|| panic!("{from}"));
        rest.split_once("```").expect("it ends").0.to_owned()
    };
    let source = block("```rust\nfirewall! {");
    let source = source.trim_end().strip_suffix('}').expect("a brace");
    let model = fwdsl_runtime::syntax::compile(source.parse().expect("tokens")).model;
    let emitted = text(&both(model, Family::Ipv4).optimised);
    let shown = block("becomes\n\n```text\n");
    if std::env::var("FWDSL_BLESS").is_ok() {
        std::fs::write(path, page.replacen(&shown, &emitted, 1)).expect("the page is written");
    } else {
        assert_eq!(shown, emitted, "FWDSL_BLESS=1 writes the page");
    }
}
