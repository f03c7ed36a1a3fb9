//! Every lint finds what it is for, says nothing of what was meant, and is silenced wherever an attribute may stand.

use fwdsl_runtime::diagnostic::Diagnostic;
use fwdsl_runtime::lint::{LINTS, Level, Lint};
use fwdsl_runtime::syntax::compile;

/// What is found in a policy of these items.
fn findings(items: &str) -> Vec<Diagnostic> {
    compile(items.parse().unwrap_or_else(|error| panic!("{error}: {items}"))).diagnostics
}

fn told(found: &[Diagnostic]) -> String {
    found.iter().map(|it| format!("{:?} line {}: {}\n", it.lint, it.loc.line, it.message)).collect()
}

/// The lints whose documentation has an example.
fn lints() -> impl Iterator<Item = &'static Lint> {
    LINTS.iter().filter(|lint| !lint.found_in.is_empty())
}

#[test]
fn every_lint_finds_what_it_is_for_and_nothing_in_what_was_meant() {
    for lint in lints() {
        let found = findings(lint.found_in);
        assert!(
            !found.is_empty() && found.iter().all(|it| it.lint == Some(lint.name) && it.level == lint.level),
            "{}: {}",
            lint.name,
            told(&found)
        );
        let found = findings(lint.meant);
        assert!(found.is_empty(), "{}, as it was meant: {}", lint.name, told(&found));
    }
}

#[test]
fn every_lint_has_a_level_at_the_top_of_the_policy_and_before_what_it_finds() {
    for lint in lints() {
        let name = lint.name;
        let found = findings(&format!("#![allow({name})]\n{}", lint.found_in));
        assert!(found.is_empty(), "{name}: {}", told(&found));
        let found = findings(&format!("#![deny({name})]\n{}", lint.found_in));
        assert!(
            !found.is_empty() && found.iter().all(|it| it.level == Level::Deny),
            "{name}: {}",
            told(&found)
        );
        let lines: Vec<&str> = lint.found_in.lines().collect();
        let places: Vec<usize> = findings(lint.found_in).iter().map(|it| it.loc.line as usize).collect();
        let mut silenced = String::new();
        for (number, line) in (1..).zip(lines) {
            if places.contains(&number) {
                silenced += &format!("#[allow({name})]\n");
            }
            silenced += &format!("{line}\n");
        }
        let found = findings(&silenced);
        assert!(found.is_empty(), "{name}: {}\n{silenced}", told(&found));
    }
}
