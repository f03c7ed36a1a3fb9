//! What rules do with one packet.

use super::packet::Packet;
use super::state::State;
use super::walk::{Walk, falling_off};
use crate::catalogue::Extension;
use crate::lower::{Ruleset, Table};
use crate::table::TableName;
use crate::variant::Variant;

/// The verdicts that `chain` can give a packet that enters it at its top: several where matches
/// whose answer the packet does not tell (`limit`) decide.
///
/// Falling off a built-in chain, or RETURN in it, is its policy; falling off another chain is
/// `RETURN`. A chain of others may give any verdict, and may let the packet come back. If the policy
/// owns its chains alone, a built-in chain is its own for that hook. What the variants of iptables do differently is
/// among the verdicts: on a later fragment, matches on ports, ICMP types and TCP flags may answer either way, and
/// legacy drops TCP fragments at offset 8. `None` if the rules are of another family or have no such chain.
///
/// The rules are to have passed [`crate::check`]; a jump to a chain that is not there is passed
/// over, and one in a circle gives no verdict.
pub fn evaluate(
    ruleset: &Ruleset,
    table: TableName,
    chain: &str,
    packet: &Packet,
) -> Option<Vec<&'static Extension>> {
    evaluate_for(ruleset, table, chain, packet, None)
}

/// What [`evaluate`] gives, for one variant of iptables: the verdicts of `None` are those of both.
pub fn evaluate_for(
    ruleset: &Ruleset,
    table: TableName,
    chain: &str,
    packet: &Packet,
    variant: Option<Variant>,
) -> Option<Vec<&'static Extension>> {
    let table = ruleset.table(table).filter(|_| packet.family() == ruleset.family)?;
    let index = find_chain(table, chain)?;
    let ends = Walk::new(table, packet, variant).ends(index, vec![State::new(packet.mark)]);
    let mut verdicts = Vec::new();
    ends.verdicts.iter().for_each(|given| add(&mut verdicts, given.verdict));
    if !ends.returns.is_empty() {
        add(&mut verdicts, falling_off(&table.chains[index]));
    }
    Some(verdicts)
}

/// The chain of this name, which for a built-in one may be the policy's own.
pub(super) fn find_chain(table: &Table, name: &str) -> Option<usize> {
    table.position(name).or_else(|| table.start(table.name.hook(name)?))
}

pub(super) fn add(verdicts: &mut Vec<&'static Extension>, verdict: &'static Extension) {
    if !verdicts.contains(&verdict) {
        verdicts.push(verdict);
    }
}
