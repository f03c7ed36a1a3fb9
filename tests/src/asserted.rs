//! What the compiler says to policies with assertions.

use fwdsl_runtime::loc::Sources;
use fwdsl_runtime::syntax::compile;

/// The errors of a policy, as the compiler shows them.
#[must_use]
pub fn errors(source: &str) -> Vec<String> {
    let tokens = source.parse().unwrap_or_else(|error| panic!("{error}: {source}"));
    let diagnostics = compile(tokens).diagnostics;
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    errors.map(|error| error.text(&Sources::of_file("policy.rs"))).collect()
}

/// The same where what a rule is good for is beside the point.
#[must_use]
pub fn errors_of_claims(source: &str) -> Vec<String> {
    errors(&format!("#![allow(unreachable_rule, no_effect_rule)] {source}"))
}

/// Whether there is one error, with each of these parts.
#[track_caller]
pub fn assert_says(errors: &[String], said: &[&str]) {
    assert_eq!(errors.len(), 1, "{errors:#?}");
    for part in said {
        assert!(errors[0].contains(part), "no `{part}` in: {}", errors[0]);
    }
}
