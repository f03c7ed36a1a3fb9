//! Why a packet gets its verdict: every rule that it meets, whether it matches, and why not.

mod question;
mod reason;
mod record;
#[cfg(feature = "syntax")]
mod request;
mod text;

use super::answer::Answer;
use super::evaluate::{add, find_chain};
use super::packet::Packet;
use super::state::State;
use super::travel::travel;
use super::walk::{Walk, falling_off};
use crate::catalogue::{ACCEPT, Extension};
use crate::loc::Loc;
use crate::lower::Ruleset;
use crate::model::ChainPolicy;
use crate::table::{Hook, TableName};
use crate::variant::Variant;
pub use question::{Explanation, Place, explain, way_of};
use record::{Recorded, steps_of};
#[cfg(feature = "syntax")]
pub use request::{Request, RequestError, explain_request};

/// A packet's way through rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The packet, as it began.
    pub packet: Packet,
    /// What it meets, in order. Where the packet does not tell whether a rule matches, both ways are followed.
    pub steps: Vec<Step>,
    /// Whether there is more than could be told: rules that send packets to the same chains again and again.
    pub is_cut: bool,
    /// The verdicts that it can get: more than one where matches decide whose answer the packet does not tell.
    pub verdicts: Vec<&'static Extension>,
    /// Whether the kernel may put it together with other fragments on the way. What becomes of the whole is not among
    /// the verdicts.
    pub joined: bool,
}

impl Trace {
    /// The way of a packet where there are no rules.
    pub fn through(packet: &Packet) -> Trace {
        let packet = packet.clone();
        Trace { packet, steps: Vec::new(), is_cut: false, verdicts: vec![&ACCEPT], joined: false }
    }
}

/// Something that a packet meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The hook at which the table is asked, on the whole way through a host.
    pub hook: Option<Hook>,
    /// The table.
    pub table: TableName,
    /// The chain, as iptables has it.
    pub chain: String,
    /// How many jumps lead here from the chain in which the packet entered the table.
    pub depth: usize,
    /// Whether the packet surely comes here; else it depends on rules before.
    pub certain: bool,
    /// What it is.
    pub event: Event,
}

/// What a packet meets.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A rule.
    Rule(MetRule),
    /// The policy of a built-in chain, at its end or by a `RETURN`.
    Policy(ChainPolicy),
    /// The end of another chain, from which it goes back.
    End,
    /// A table has changed it: this is what it is from here on, as far as that is known.
    Changed(Box<Packet>),
}

/// A rule that a packet meets.
#[derive(Debug, Clone, PartialEq)]
pub struct MetRule {
    /// Its number in its chain, from 1, as `iptables -L --line-numbers` counts.
    pub number: usize,
    /// Where the source has it.
    pub loc: Loc,
    /// The rule as iptables has it: `-A INPUT -p tcp -j ACCEPT`.
    pub text: String,
    /// Whether it matches.
    pub answer: Answer,
    /// If it does not match, the first match that is not true; if it may match, what the packet does not tell.
    pub reasons: Vec<Reason>,
    /// Whether a TCP fragment may be thrown away while the kernel looks at the rule, whether it matches or not.
    pub may_drop: bool,
}

/// Why a rule does not match, or may match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What the rule asks, as iptables has it: `! -i lo`.
    pub asked: String,
    /// What the packet has to do with it: `it came in by eth0`.
    pub because: String,
}

/// The way through one chain of a packet that enters it at its top; `None` where [`evaluate`](super::evaluate) gives
/// none.
pub fn trace_chain(
    ruleset: &Ruleset,
    table: TableName,
    chain: &str,
    packet: &Packet,
    variant: Option<Variant>,
) -> Option<Trace> {
    let table = ruleset.table(table).filter(|_| packet.family() == ruleset.family)?;
    let chain = find_chain(table, chain)?;
    let mut walk = Walk::recorded(table, packet, variant, true);
    let ends = walk.ends(chain, vec![State::new(packet.mark)]);
    let is_cut = walk.is_full();
    let mut verdicts = Vec::new();
    ends.verdicts.iter().for_each(|given| add(&mut verdicts, given.verdict));
    if !ends.returns.is_empty() {
        add(&mut verdicts, falling_off(&table.chains[chain]));
    }
    let met = walk.into_record();
    let recorded = Recorded {
        hook: None,
        table,
        chain,
        packet,
        met: &met,
        ends: &ends,
        family: ruleset.family,
        variant,
    };
    let steps = steps_of(&recorded);
    Some(Trace { packet: packet.clone(), steps, is_cut, verdicts, joined: false })
}

/// The whole way of a packet through a host; `None` if the rules are of another family.
///
/// Verdicts, and what is assumed, are those of [`evaluate_host`](super::evaluate_host).
pub fn trace_host(ruleset: &Ruleset, packet: &Packet, variant: Option<Variant>) -> Option<Trace> {
    let travel = travel(ruleset, packet, variant, true)?;
    let mut steps: Vec<Step> = Vec::new();
    let mut before = packet.clone();
    let mut is_cut = false;
    for visit in &travel.visits {
        // What connection tracking and routing say of it is no change.
        let told = |packet: &Packet| Packet {
            out_interface: before.out_interface.clone(),
            tracking: before.tracking,
            status: before.status,
            ..packet.clone()
        };
        if told(&visit.packet) != before {
            steps.push(Step {
                hook: Some(visit.hook),
                table: visit.table.name,
                chain: visit.table.chains[visit.chain].name.clone(),
                depth: 0,
                certain: visit.met.first().is_none_or(|met| met.certain),
                event: Event::Changed(Box::new(visit.packet.clone())),
            });
            before = told(&visit.packet);
        }
        is_cut |= visit.is_cut;
        steps.extend(steps_of(&Recorded {
            hook: Some(visit.hook),
            table: visit.table,
            chain: visit.chain,
            packet: &visit.packet,
            met: &visit.met,
            ends: &visit.ends,
            family: ruleset.family,
            variant,
        }));
    }
    let super::Fate { verdicts, joined } = travel.fate;
    Some(Trace { packet: packet.clone(), steps, is_cut, verdicts, joined })
}
