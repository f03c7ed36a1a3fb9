//! Whole firewalls come through `import --to restore`, the kernel and back as what iptables alone makes of them, on both
//! variants, and a large one is imported in well under a second.

use std::collections::BTreeMap;
use std::time::Duration;

use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl_tests::corpus::{Firewall, canonical, firewalls, generated, side_by_side};
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::rules::{restore, saved_table, tables};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use fwdsl_tests::sets::restore_sets;
use rustix::time::{ClockId, clock_gettime};

/// The least that the largest firewalls hold.
const LARGE: usize = 5000;

/// How long the import of one may take: well under a second, or ten times that without optimisation.
const MOST: Duration = Duration::from_millis(if cfg!(debug_assertions) { 5000 } else { 500 });

/// What is saved of each table of a text.
type Saved = BTreeMap<String, String>;

#[test]
fn firewalls_come_through_the_importer_as_iptables_saves_them() {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    let firewalls = firewalls();
    let differences = side_by_side(&firewalls, || (), |(), firewall| difference(firewall));
    let differences: Vec<String> = firewalls
        .iter()
        .zip(differences)
        .filter_map(|(firewall, difference)| {
            Some(format!("{} {}: {}", firewall.name, firewall.family, difference?))
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Where the importer is wrong about a firewall.
fn difference(firewall: &Firewall) -> Option<String> {
    let imported = match canonical(firewall.family, &firewall.text) {
        Ok(text) => text,
        Err(refused) => {
            let lines = refused.iter().map(|(line, why)| format!("\n    line {line}: {why}"));
            return Some(format!("refused{}", lines.collect::<String>()));
        }
    };
    let emitted: Saved = tables(&imported).into_iter().collect();
    let mut is_saved_as_emitted = false;
    for variant in VARIANTS {
        // `iptables-restore` takes no carriage returns; the importer does.
        let alone = match load(firewall, variant, &firewall.text.replace('\r', "")) {
            Ok(saved) => saved,
            Err(said) => return Some(format!("iptables alone refuses it: {said}")),
        };
        let ours = match load(firewall, variant, &imported) {
            Ok(saved) => saved,
            Err(said) => return Some(format!("what was imported is refused: {said}")),
        };
        if alone != ours {
            return Some(format!("on {variant}:{}", first_difference(&alone, &ours)));
        }
        is_saved_as_emitted |= ours == emitted;
        if variant == Variant::Nft && !is_saved_as_emitted {
            return Some(format!(
                "what is emitted is not what is saved:{}",
                first_difference(&ours, &emitted)
            ));
        }
    }
    None
}

/// Loads a text, and saves its tables; or why it is refused.
fn load(firewall: &Firewall, variant: Variant, text: &str) -> Result<Saved, String> {
    let netns = Netns::new();
    if !firewall.sets.is_empty() {
        assert!(restore_sets(&netns, &firewall.sets).status.success(), "the sets of {}", firewall.name);
    }
    let output = restore(&netns, firewall.family, variant, text);
    if !output.status.success() {
        return Err(format!("{variant}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let names = text.lines().filter_map(|line| line.trim_end().strip_prefix('*'));
    Ok(names.map(|name| (name.to_owned(), saved_table(&netns, firewall.family, variant, name))).collect())
}

fn first_difference(expected: &Saved, found: &Saved) -> String {
    let lines = |saved: &Saved| -> Vec<String> {
        saved.values().flat_map(|block| block.lines()).map(str::to_owned).collect()
    };
    let (expected, found) = (lines(expected), lines(found));
    match expected.iter().zip(&found).find(|(expected, found)| expected != found) {
        Some((expected, found)) => format!("\n    expected {expected}\n    found    {found}"),
        None => format!("{} lines, and {} were expected", found.len(), expected.len()),
    }
}

/// How long the calling thread has had a processor: other tests run at the same time.
fn time_of_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[test]
fn a_firewall_of_6000_rules_is_imported_in_well_under_a_second() {
    for make in [generated::university, generated::company] {
        for family in Family::ALL {
            let text = make(family);
            let rules = text.lines().filter(|line| line.starts_with("-A ")).count();
            assert!((LARGE..=6500).contains(&rules), "{rules} rules");
            let start = time_of_thread();
            assert!(canonical(family, &text).is_ok());
            let taken = time_of_thread() - start;
            eprintln!("{rules} rules in {taken:?}");
            assert!(taken < MOST, "{rules} rules took {taken:?}");
        }
    }
}
