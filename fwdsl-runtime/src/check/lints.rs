//! The lints, each with the places that an attribute silences.

use crate::catalogue::{CONNTRACK, STATE};
use crate::diagnostic::Diagnostic;
use crate::lint::{self, FRAGMENT_REASSEMBLED, Level};
use crate::model::{Chain, Model, Rule};
use crate::table::Hook;

pub(super) fn check_lints(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    let rules =
        || model.chains().iter().flat_map(|chain| chain.rules().iter().map(move |rule| (chain, rule)));
    let tracks = rules()
        .any(|(_, rule)| rule.matches.iter().any(|entry| [&CONNTRACK, &STATE].contains(&entry.extension)));
    for (chain, rule) in rules() {
        let scopes = [&rule.levels[..], &chain.levels[..], &model.levels[..]];
        let level = lint::level(FRAGMENT_REASSEMBLED, scopes);
        if level != Level::Allow {
            fragment_reassembled(chain, rule, tracks, level, diagnostics);
        }
    }
}

fn fragment_reassembled(
    chain: &Chain,
    rule: &Rule,
    tracks: bool,
    level: Level,
    diagnostics: &mut Vec<Diagnostic>,
) {
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
        Diagnostic::lint(FRAGMENT_REASSEMBLED, level, option.loc, message)
            .help(format!("leave the rule out, or write `#[allow({FRAGMENT_REASSEMBLED})]` before it")),
    );
}
