//! The lints that ask what becomes of packets, each with a packet to show for it.

mod established_not_accepted;
mod fragment_reassembled;
mod ipv6_left_open;
mod ipv6_neighbour_discovery_blocked;
mod loopback_blocked;
mod spoofable_loopback;
mod stateful_after_drop;

use super::packet::Packet;
use super::question::{Asked, stops};
use super::tables::Tables;
use crate::diagnostic::Diagnostic;
use crate::lint::report;
use crate::model::Model;

/// Runs them on rules that have passed the checks.
pub(crate) fn lint_packets(model: &Model, tables: &mut Tables, diagnostics: &mut Vec<Diagnostic>) {
    established_not_accepted::check(model, tables, diagnostics);
    fragment_reassembled::check(model, tables, diagnostics);
    loopback_blocked::check(model, tables, diagnostics);
    ipv6_neighbour_discovery_blocked::check(model, tables, diagnostics);
    spoofable_loopback::check(model, tables, diagnostics);
    stateful_after_drop::check(model, tables, diagnostics);
}

/// Runs those that compare what a policy says of one family with what it says of the other.
pub(crate) fn lint_families(model: &Model, tables: &mut Tables, diagnostics: &mut Vec<Diagnostic>) {
    ipv6_left_open::check(model, tables, diagnostics);
}

/// Adds what drops a packet: a rule, or the policy of the chain.
fn with_what_drops(finding: Diagnostic, asked: &Asked<'_>, packet: &Packet) -> Diagnostic {
    match (asked.decided_by(packet, &stops), asked.chain) {
        (Some(rule), _) => finding.cause("this rule drops it", rule),
        (None, Some(chain)) => {
            let policy = chain.policy.as_ref().map(|policy| policy.loc);
            finding.note(format!("no rule accepts it, and the policy of `{}` drops it", chain.name), policy)
        }
        (None, None) => finding,
    }
}
