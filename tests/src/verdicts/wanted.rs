//! The packets that are sent at the rules of a firewall, and why.

use std::collections::{BTreeMap, HashMap};

use fwdsl_runtime::analysis::{Packet, ReachState};
use fwdsl_runtime::table::TableName;

use super::confirm::{Effort, Suspect};
use crate::plainly::{self, Samples, read};
use crate::random::Random;

/// A packet, and why it is sent.
pub(super) struct Wanted {
    pub(super) packet: Packet,
    pub(super) why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The rule of this number in what is said is reached by it.
    Witness(usize),
    /// It has what the rule of this number asks for, which is said to be unreachable.
    AtDead(usize),
    AtRandom,
}

/// What is to be sent.
pub(super) fn wanted(suspect: &Suspect<'_>, effort: Effort, random: &mut Random) -> Vec<Wanted> {
    let firewalls = read(suspect.text);
    let samples: HashMap<&str, (Samples, HashMap<u32, &plainly::Rule>)> = firewalls
        .iter()
        .map(|firewall| {
            let rules = firewall.chains.iter().flatten().map(|rule| (rule.line, rule)).collect();
            (firewall.table.as_str(), (Samples::new(firewall, suspect.ruleset.family), rules))
        })
        .collect();
    let sample = |table: TableName, line: u32, random: &mut Random| {
        let (samples, rules) = &samples[table.name()];
        let mut packet = samples.packet(rules[&line], random);
        (packet.tracking.snat, packet.tracking.dnat) = (false, false);
        packet
    };
    let mut wanted = Vec::new();
    let mut tables: BTreeMap<TableName, Vec<u32>> = BTreeMap::new();
    for (index, said) in suspect.said.iter().enumerate() {
        tables.entry(said.table).or_default().push(said.loc.line);
        match &said.state {
            ReachState::Reached(packet) if random.one_in(effort.witness_of) => {
                wanted.push(Wanted { packet: (**packet).clone(), why: Why::Witness(index) });
            }
            ReachState::Unreachable(..) => wanted.extend((0..effort.at_dead).map(|_| Wanted {
                packet: sample(said.table, said.loc.line, random),
                why: Why::AtDead(index),
            })),
            _ => {}
        }
    }
    for (table, lines) in tables {
        wanted.extend((0..effort.at_random).map(|_| Wanted {
            packet: sample(table, lines[random.below(lines.len())], random),
            why: Why::AtRandom,
        }));
    }
    assert!(wanted.len() < usize::from(u16::MAX), "a number for each packet");
    wanted
}
