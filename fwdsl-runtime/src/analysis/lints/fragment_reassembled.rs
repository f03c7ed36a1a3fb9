//! `fragment` where there is none.

use super::super::entry::{hooks, sees_fragments, uses_tracking};
use super::super::tables::Tables;
use super::report;
use crate::diagnostic::Diagnostic;
use crate::family::Family;
use crate::lint::{FRAGMENT_REASSEMBLED, Level};
use crate::lower::emitted_name;
use crate::model::Model;
use crate::table::Hook;

pub(super) fn check(model: &Model, tables: &mut Tables, diagnostics: &mut Vec<Diagnostic>) {
    let Some(ruleset) = tables.ruleset(Family::Ipv4) else { return };
    let tracks = uses_tracking(ruleset);
    for chain in model.chains() {
        for rule in chain.rules() {
            let Some(option) = rule.uses("fragment").find(|option| !option.negated) else { continue };
            let Some(table) = ruleset.table(chain.table) else { continue };
            let name = emitted_name(model, chain);
            let Some(index) = table.chains.iter().position(|other| other.name == name) else { continue };
            let hooks = hooks(table, index);
            if hooks.iter().any(|hook| sees_fragments(*hook, Family::Ipv4, tracks)) {
                continue;
            }
            let why = if hooks == [Hook::Input] {
                "the kernel puts packets together before INPUT"
            } else {
                "connection tracking, which this policy uses, puts packets together before any rule"
            };
            let message = format!("`fragment` never matches here: {why}");
            let finding = Diagnostic::lint(FRAGMENT_REASSEMBLED, Level::Warn, option.loc, message)
                .help(format!("leave the rule out, or write `#[allow({FRAGMENT_REASSEMBLED})]` before it"));
            report(model, chain, Some(rule), finding, diagnostics);
        }
    }
}
