//! Address translation that reaches IPv6 unasked.

use super::report;
use crate::catalogue::{Extension, MASQUERADE, REDIRECT, SNAT};
use crate::diagnostic::Diagnostic;
use crate::family::FamilySet;
use crate::lint::{Level, NAT66};
use crate::lower::TargetFamilies;
use crate::model::{Action, Model, OptionUse};

pub(super) fn check(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    let targets = TargetFamilies::new(model);
    for chain in model.chains() {
        for rule in chain.rules() {
            for verdict in rule.verdicts() {
                let Action::Target { extension, options } = verdict.action() else { continue };
                let Some(what) = translated(extension, options) else { continue };
                if targets.of_rule(model, chain, rule) != FamilySet::BOTH {
                    continue;
                }
                let message = format!("`{}` translates the {what} of IPv6 as well", verdict.word());
                let finding = Diagnostic::lint(NAT66, Level::Warn, verdict.loc(), message)
                    .help("`family ipv4;` at the top of the table or chain says that only IPv4 is meant");
                report(model, chain, Some(rule), finding, diagnostics);
            }
        }
    }
}

/// What of a packet a target changes that a rule for both families can have.
fn translated(extension: &Extension, options: &[OptionUse]) -> Option<&'static str> {
    match extension {
        it if *it == MASQUERADE || *it == REDIRECT => Some("addresses"),
        // An address is of one family, and a value that is not known yet will be; ports are of both.
        it if *it == SNAT && options.iter().any(|option| option.spec.name == "to") => Some("ports"),
        _ => None,
    }
}
