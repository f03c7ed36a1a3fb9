//! The lints, each with the places that an attribute silences.

use crate::catalogue::{CONNTRACK, STATE};
use crate::diagnostic::Diagnostic;
use crate::lint::FRAGMENT_REASSEMBLED;
use crate::model::{Chain, Model, Rule};
use crate::table::Hook;

pub(super) fn check_lints(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    let rules =
        || model.chains().iter().flat_map(|chain| chain.rules().iter().map(move |rule| (chain, rule)));
    let tracks = rules()
        .any(|(_, rule)| rule.matches.iter().any(|entry| [&CONNTRACK, &STATE].contains(&entry.extension)));
    for (chain, rule) in rules() {
        if !allowed(model, chain, rule, FRAGMENT_REASSEMBLED) {
            fragment_reassembled(chain, rule, tracks, diagnostics);
        }
    }
}

fn allowed(model: &Model, chain: &Chain, rule: &Rule, lint: &str) -> bool {
    [&rule.allows, &chain.allows, &model.allows].into_iter().flatten().any(|name| name == lint)
}

fn fragment_reassembled(chain: &Chain, rule: &Rule, tracks: bool, diagnostics: &mut Vec<Diagnostic>) {
    let Some(option) = rule.uses("fragment").find(|option| !option.negated) else { return };
    let why = if chain.hook() == Some(Hook::Input) {
        "the kernel puts packets together before INPUT"
    } else if tracks {
        "connection tracking, which this policy uses, puts packets together before any rule"
    } else {
        return;
    };
    let message = format!("`fragment` never matches here: {why}");
    diagnostics.push(
        Diagnostic::lint(FRAGMENT_REASSEMBLED, option.loc, message)
            .help(format!("leave the rule out, or write `#[allow({FRAGMENT_REASSEMBLED})]` before it")),
    );
}
