//! The table of what was tried, and whether both kinds of packets were.

use std::fmt::Write;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::lower::lower;

use super::case::Case;
use super::network::Network;
use super::run::run;
use crate::sandbox::VARIANTS;

/// Runs cases on both variants and in both families, and prints a table of them.
///
/// # Panics
///
/// If anything comes otherwise than a case says, or a case lacks packets of one kind without a reason.
pub fn run_all(title: &str, cases: &[Case]) {
    let mut faults: Vec<String> = cases.iter().filter_map(one_sided).collect();
    let mut decided = vec![0; cases.len()];
    for variant in VARIANTS {
        // What one variant left to connection tracking is not to meet the other.
        let network = Network::new();
        for (index, case) in cases.iter().enumerate() {
            for family in Family::ALL {
                let outcome = run(case, family, variant, &network);
                faults.extend(outcome.faults);
                decided[index] += if variant == Variant::Legacy { outcome.decided } else { 0 };
            }
        }
    }
    println!("{}", table(title, cases, &decided));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// That a case has packets of one kind only in a family that it is for, if it does not say why.
fn one_sided(case: &Case) -> Option<String> {
    let model = case.model();
    let lacking = |family: &Family| {
        // Without rules in a family, no packet can hit there.
        let ruleset = lower(&model, *family);
        let has_rules = ruleset.iter().flat_map(|ruleset| &ruleset.tables).flat_map(|table| &table.chains);
        has_rules.map(|chain| chain.rules.len()).sum::<usize>() > 0 && case.packets(*family).contains(&0)
    };
    let family = Family::ALL.into_iter().find(lacking)?;
    let [hits, misses] = case.packets(family);
    case.why
        .is_none()
        .then(|| format!("{}: {hits} packets hit and {misses} miss in {family}; why?", case.name))
}

/// How many packets hit and missed in each family, and of how many the analysis was sure.
fn table(title: &str, cases: &[Case], decided: &[u32]) -> String {
    let mut text = format!("\n{title:<70} {:>9} {:>9} {:>8}\n", "IPv4", "IPv6", "decided");
    let mut all = [[0; 2]; 2];
    for (case, decided) in cases.iter().zip(decided) {
        let counts = Family::ALL.map(|family| case.packets(family));
        for (sum, count) in all.iter_mut().flatten().zip(counts.as_flattened()) {
            *sum += count;
        }
        let [ipv4, ipv6] = counts.map(|[hits, misses]| format!("{hits} / {misses}"));
        let _ = writeln!(text, "  {:<68} {ipv4:>9} {ipv6:>9} {decided:>8}", case.name);
        for why in case.why.iter().chain(&case.unanalysed) {
            let _ = writeln!(text, "      ({why})");
        }
    }
    let [ipv4, ipv6] = all.map(|[hits, misses]| format!("{hits} / {misses}"));
    let _ = writeln!(text, "  {:<68} {ipv4:>9} {ipv6:>9}", "in all, hits / misses on each variant");
    text
}
