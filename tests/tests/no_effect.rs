//! A rule that is said to change nothing can be left out: the comparison, which knows nothing of the lint, finds no
//! difference.

use fwdsl_runtime::analysis::{COMPARE_BUDGET, compare};
use fwdsl_runtime::check::lint;
use fwdsl_runtime::family::{Family, FamilySet};
use fwdsl_runtime::import::{Unknown, import};
use fwdsl_runtime::lint::NO_EFFECT_RULE;
use fwdsl_runtime::model::Model;
use fwdsl_tests::corpus::firewalls;

/// How many findings of one firewall are tried. A comparison of a large one takes its time.
const TRIED: usize = 60;
const TRIED_OF_LARGE: usize = 3;

/// The rules of a large firewall.
const LARGE: usize = 1000;

fn read(text: &str, family: Family) -> Model {
    import(text, "firewall", family, Unknown::Raw).unwrap_or_else(|errors| panic!("{errors}")).model
}

fn without(text: &str, number: usize) -> String {
    let lines = text.lines().enumerate().filter(|(index, _)| index + 1 != number);
    lines.map(|(_, line)| format!("{line}\n")).collect()
}

#[test]
fn a_rule_without_effect_can_be_left_out() {
    let mut count = 0;
    for firewall in firewalls() {
        let whole = read(&firewall.text, firewall.family);
        let found = lint(&whole).into_iter().filter(|found| found.lint == Some(NO_EFFECT_RULE));
        let lines: Vec<usize> = found.map(|found| found.loc.line as usize).collect();
        let rules: usize = whole.chains().iter().map(|chain| chain.rules().len()).sum();
        let tried = if rules < LARGE { TRIED } else { TRIED_OF_LARGE };
        for line in lines.iter().step_by(lines.len().div_ceil(tried).max(1)) {
            let shorter = read(&without(&firewall.text, *line), firewall.family);
            let compared = compare(&whole, &shorter, FamilySet::only(firewall.family), COMPARE_BUDGET);
            let compared = compared.unwrap_or_else(|error| panic!("{}:{line}: {error:?}", firewall.name));
            assert!(compared.changes.is_empty(), "{}:{line}: {:?}", firewall.name, compared.changes);
            count += 1;
        }
    }
    assert!(count > 80, "only {count} rules were left out");
}
