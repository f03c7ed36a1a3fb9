//! The lints that read the rules, and the call of those that ask what becomes of packets.

mod forwarding_disabled;
mod nat66;
mod unused_chain;

use crate::analysis::{Tables, lint_families, lint_packets};
use crate::diagnostic::Diagnostic;
use crate::lint::report;
use crate::model::Model;

/// Where rules are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A policy, which also says what is not in its rules.
    Policy,
    /// A saved firewall of one family, which tells nothing beyond them.
    Saved,
}

/// Runs them on rules that have passed the checks.
pub(super) fn check_lints(
    model: &Model,
    tables: &mut Tables,
    origin: Origin,
    diagnostics: &mut Vec<Diagnostic>,
) {
    unused_chain::check(model, diagnostics);
    nat66::check(model, diagnostics);
    if origin == Origin::Policy {
        forwarding_disabled::check(model, diagnostics);
    }
    lint_packets(model, tables, diagnostics);
    if origin == Origin::Policy {
        lint_families(model, tables, diagnostics);
    }
}
