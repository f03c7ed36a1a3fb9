//! Address translation that reaches IPv6 unasked.

use super::report;
use crate::catalogue::{MASQUERADE, REDIRECT};
use crate::diagnostic::Diagnostic;
use crate::family::FamilySet;
use crate::lint::{Level, NAT66};
use crate::lower::TargetFamilies;
use crate::model::{Action, Model};

pub(super) fn check(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    let targets = TargetFamilies::new(model);
    for chain in model.chains() {
        for rule in chain.rules() {
            for verdict in rule.verdicts() {
                let Action::Target { extension, .. } = verdict.action() else { continue };
                let translates = **extension == MASQUERADE || **extension == REDIRECT;
                if !translates || targets.of_rule(model, chain, rule) != FamilySet::BOTH {
                    continue;
                }
                let message = format!("`{}` translates the addresses of IPv6 as well", verdict.word());
                let finding = Diagnostic::lint(NAT66, Level::Warn, verdict.loc(), message)
                    .help("`family ipv4;` at the top of the table or chain says that only IPv4 is meant");
                report(model, chain, Some(rule), finding, diagnostics);
            }
        }
    }
}
