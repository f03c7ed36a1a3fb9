//! Rust values that are not known yet, while a policy is compiled.

use std::borrow::Cow;

use crate::catalogue::LIMIT;
use crate::model::{Action, AssertionCase, Match, Model, OptionUse, Value};

fn is_unknown(option: &OptionUse) -> bool {
    option.values().any(|value| matches!(value, Value::Rust(_)))
}

fn matches_unknown(matches: &[Match]) -> bool {
    matches.iter().flat_map(|entry| &entry.options).any(is_unknown)
}

/// Whether a pattern speaks of a value that is not known.
fn case_is_unknown(case: &AssertionCase) -> bool {
    matches_unknown(&case.matches)
}

/// A policy as far as it is known.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    /// What is known of it, with something that may match or not in the place of each condition on a value that is
    /// not. What is proven of it holds for every value.
    pub(crate) model: Cow<'a, Model>,
    /// Whether that is all.
    pub(crate) is_whole: bool,
}

/// What is known of a policy, without its assertions on values that are not.
pub(crate) fn known_part(model: &Model) -> Known<'_> {
    let unknown = |model: &Model| {
        model.chains.iter().flat_map(|chain| &chain.rules).any(|rule| matches_unknown(&rule.matches))
            || model.assertions.iter().flat_map(|assertion| &assertion.cases).any(case_is_unknown)
    };
    if !unknown(model) {
        return Known { model: Cow::Borrowed(model), is_whole: true };
    }
    let mut model = model.clone();
    for rule in model.chains.iter_mut().flat_map(|chain| &mut chain.rules) {
        if matches_unknown(&rule.matches) {
            let loc = rule.loc;
            for entry in &mut rule.matches {
                entry.options.retain(|option| !is_unknown(option));
            }
            rule.matches.retain(|entry| !entry.options.is_empty());
            // Any match that is not modelled says that much.
            rule.matches.push(Match { extension: &LIMIT, options: Vec::new(), loc });
        }
        for verdict in &mut rule.verdicts {
            if let Action::Target { options, .. } = &mut verdict.action {
                options.retain(|option| !is_unknown(option));
            }
        }
    }
    for assertion in &mut model.assertions {
        assertion.cases.retain(|case| !case_is_unknown(case));
    }
    Known { model: Cow::Owned(model), is_whole: false }
}
