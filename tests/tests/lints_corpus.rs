//! What the lints find in the firewalls of the corpus, each line looked at by a person. `FWDSL_BLESS=1` writes the list.

use std::fmt::Write;

use fwdsl_runtime::analysis::UnreachableKind;
use fwdsl_runtime::check::{check, lint};
use fwdsl_runtime::import::{Imported, Unknown, import};
use fwdsl_tests::corpus::{Firewall, directory, firewalls};

const LIST: &str = "lints.txt";

const HEAD: &str = "\
# What lints find in the firewalls beside, a line for each finding: the file, the line, the lint, and the lines that
# cause it. Written by `FWDSL_BLESS=1 cargo test -p fwdsl-tests --test lints_corpus`, and read by a person.
";

/// What only a policy says, so that a saved firewall never gets it.
const OF_POLICIES: [&str; 2] = ["ipv6_left_open", "forwarding_disabled"];

fn imported() -> Vec<(Firewall, Imported)> {
    let read = |firewall: Firewall| {
        let imported = import(&firewall.text, &firewall.name, firewall.family, Unknown::Refuse);
        let imported = imported.unwrap_or_else(|error| panic!("{}: {error}", firewall.name));
        (firewall, imported)
    };
    firewalls().into_iter().map(read).collect()
}

#[test]
fn the_findings_in_the_corpus_are_those_that_were_looked_at() {
    let mut list = String::from(HEAD);
    for (firewall, Imported { model, .. }) in imported() {
        for found in lint(&model) {
            let Some(name) = found.lint else { panic!("{}: {}", firewall.name, found.message) };
            assert!(!OF_POLICIES.contains(&name), "{}: {name}", firewall.name);
            let causes = found.causes.iter().map(|loc| format!(" {}", loc.line)).collect::<String>();
            writeln!(list, "{} {}:{} {name}{causes}", firewall.name, firewall.family, found.loc.line)
                .expect("a string takes it");
        }
    }
    let path = directory().join(LIST);
    if std::env::var_os("FWDSL_BLESS").is_some() {
        std::fs::write(&path, list).expect("the list is written");
    } else {
        let written = std::fs::read_to_string(&path).expect("the list");
        assert!(list == written, "{} is not what is found:\n{list}", path.display());
    }
}

#[test]
fn as_a_policy_a_saved_firewall_also_answers_for_the_other_family_and_for_forwarding() {
    let mut count = 0;
    for (_, Imported { model, .. }) in imported() {
        let of_policies = |lint: Option<&str>| lint.is_some_and(|lint| OF_POLICIES.contains(&lint));
        let all = check(&model);
        count += all.iter().filter(|found| of_policies(found.lint)).count();
        let others: Vec<_> = all.into_iter().filter(|found| !of_policies(found.lint)).collect();
        // Of a chain that nothing leads to, the rules of a policy are not told one by one.
        let mut of_saved = lint(&model);
        of_saved.retain(|found| found.kind != Some(UnreachableKind::ChainNotCalled.name()));
        assert_eq!(others, of_saved);
    }
    assert!(count > 10, "only {count} findings");
}
