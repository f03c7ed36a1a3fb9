//! How a rule to which no packet comes is told: in the manner of rustc's about a pattern that no value can reach.

use crate::analysis::{Unreachable, UnreachableKind};
use crate::model::{Action, Rule};

/// The message, and the mend.
pub(super) fn words(found: &Unreachable, chain: &str) -> (String, &'static str) {
    match found.kind {
        UnreachableKind::MatchesNothing => (
            "unreachable rule: its matches exclude each other, so no packet has them all".to_owned(),
            "leave it out, or one of its matches",
        ),
        UnreachableKind::CoveredByOne => (
            "unreachable rule: no packet that it matches can reach it".to_owned(),
            "leave it out, or move it before that rule",
        ),
        UnreachableKind::CoveredTogether => (
            "unreachable rule: earlier rules together take all packets that it matches".to_owned(),
            "leave it out, or move it before rules that take its packets",
        ),
        UnreachableKind::ChainNotEntered => (
            format!("unreachable rule: no packet that it matches enters `{chain}`"),
            "leave it out, or let such packets into its chain",
        ),
        UnreachableKind::ChainNotCalled => (
            format!("unreachable rule: nothing leads to `{chain}`"),
            "call its chain from where packets come",
        ),
    }
}

/// What is said of a rule that causes it.
pub(super) fn role(found: &Unreachable, chain: &str, cause: Option<&Rule>) -> &'static str {
    match (found.kind, found.causes.len()) {
        (UnreachableKind::ChainNotEntered, _) if cause.is_some_and(|rule| leads_to(rule, chain)) => {
            "this rule leads there, but not with such packets"
        }
        (UnreachableKind::ChainNotEntered, 1) => "this rule takes them on the way",
        (UnreachableKind::ChainNotEntered, _) => "this rule takes some of them on the way",
        (_, 1) => "this rule takes all of them",
        _ => "this rule takes some of them",
    }
}

fn leads_to(rule: &Rule, chain: &str) -> bool {
    rule.verdicts.iter().any(|verdict| match &verdict.action {
        Action::Jump(name) | Action::Goto(name) => name == chain,
        Action::Target { .. } => false,
    })
}
