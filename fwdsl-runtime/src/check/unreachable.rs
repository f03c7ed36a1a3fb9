//! How a rule to which no packet comes is told.

use crate::analysis::{Unreachable, UnreachableKind};

/// The message, what is said of each cause, and the mend.
pub(super) fn words(found: &Unreachable, chain: &str) -> (String, &'static str, &'static str) {
    match found.kind {
        UnreachableKind::MatchesNothing => {
            ("unreachable rule: its matches exclude each other".to_owned(), "", "no packet has all of this")
        }
        UnreachableKind::CoveredByOne => (
            "unreachable rule".to_owned(),
            "this rule takes all that it would match",
            "leave it out, or move it before that one",
        ),
        UnreachableKind::CoveredTogether => (
            "unreachable rule".to_owned(),
            "this rule takes some of what it would match",
            "leave it out, or move it before those that take its packets",
        ),
        UnreachableKind::ChainNotEntered => (
            format!("unreachable rule: no packet that it matches comes to `{chain}`"),
            "this rule keeps them, or some of them, from coming there",
            "leave it out, or look at what leads to its chain",
        ),
        UnreachableKind::ChainNotCalled => (
            format!("unreachable rule: nothing leads to `{chain}`"),
            "",
            "call its chain from where packets come",
        ),
    }
}
