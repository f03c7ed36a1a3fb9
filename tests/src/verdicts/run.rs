//! One set of rules against many packets.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};

use fwdsl_runtime::analysis::{Packet, PacketType, Trace, evaluate_for, trace_chain};
use fwdsl_runtime::catalogue::{ACCEPT, Extension, ICMP, ICMPV6, REJECT, UDP_NUMBER};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::lower::Ruleset;
use fwdsl_runtime::table::{Hook, TableName};

use super::counters::{Counters, Expected, Loaded, fault, kind_of};
use super::decode::{Decoded, Piece, decode};
use super::flows::{birth, make_flows};
use super::network::{Conntrack, Host};
use super::observer::{Observed, Side, Sight};
use super::packets::{marker, random_packets};
use super::tally::Tally;
use super::watch::{of_random_packets, preparing_rules, table_rules, translating_rules};
use crate::random::Random;
use crate::rules::restore;
use crate::wire::number_of;

/// Rules, and what judges them.
#[derive(Debug)]
pub struct Judged<'a> {
    /// What the analysis is asked about.
    pub ruleset: &'a Ruleset,
    /// The same as a text.
    pub text: &'a str,
    /// The variant that loads them.
    pub variant: Variant,
    /// The table whose chains are judged.
    pub table: TableName,
}

impl Judged<'_> {
    /// The verdicts that the analysis holds possible.
    fn verdicts(&self, hook: Hook, packet: &Packet) -> Vec<&'static Extension> {
        evaluate_for(self.ruleset, self.table, hook.name(), packet, Some(self.variant))
            .expect("the chain is there")
    }

    /// The way that a packet goes to the analysis.
    fn trace(&self, hook: Hook, packet: &Packet) -> Trace {
        trace_chain(self.ruleset, self.table, hook.name(), packet, Some(self.variant))
            .expect("the chain is there")
    }
}

/// Sends packets through rules, and gives back what the analysis says otherwise than the kernel.
///
/// # Panics
///
/// If the rules cannot be loaded, or packets are lost.
pub fn judge(
    host: &mut Host,
    judged: &Judged<'_>,
    random: &mut Random,
    count: usize,
    tally: &mut Tally,
) -> Vec<String> {
    let family = judged.ruleset.family;
    let (sights, counters) = host.seen(judged, random, count);
    let mut passed: HashMap<(Hook, &[u8]), usize> = HashMap::new();
    let mut before: HashMap<(Hook, &[u8]), usize> = HashMap::new();
    for sight in &sights {
        let counted = if sight.side == Side::After { &mut passed } else { &mut before };
        *counted.entry((sight.hook, &sight.bytes)).or_default() += 1;
    }
    let answers: HashSet<u16> = sights.iter().filter_map(|sight| refused_number(sight, count)).collect();
    let mut faults = Vec::new();
    let mut refused: HashMap<u16, bool> = HashMap::new();
    let decodes: Vec<Option<Decoded>> = sights.iter().map(decode).collect();
    faults.extend(miscounted(judged, &sights, &decodes, &counters, tally));
    for (sight, decoded) in sights.iter().zip(&decodes).filter(|(sight, _)| sight.side != Side::After) {
        let key = (sight.hook, sight.bytes.as_slice());
        // What came twice cannot be told apart.
        let Some(decoded) = decoded.as_ref().filter(|_| before[&key] == 1) else {
            tally.not_told_apart += 1;
            *refused.entry(number_of(&sight.bytes)).or_default() = true;
            continue;
        };
        if decoded.cut_short {
            tally.cut_short += 1;
            *refused.entry(number_of(&sight.bytes)).or_default() = true;
            continue;
        }
        let Decoded { packet, piece, .. } = decoded;
        let verdicts = judged.verdicts(sight.hook, packet);
        let has_passed = passed.contains_key(&key);
        tally.count(judged.table, sight.hook, decoded, has_passed);
        tally.count_verdicts(&verdicts);
        match host.conntrack {
            Conntrack::On => tally.count_tracking(judged.table, packet, birth(&host.flows[&family], packet)),
            Conntrack::Off => tally.add("state", "without tracking"),
        }
        let mut fault = |what: &str| {
            let names: Vec<&str> = verdicts.iter().map(|verdict| verdict.name).collect();
            faults.push(format!(
                "{family} {} {} {piece:?}: {packet}\nis {names:?} to the analysis, and the kernel {what}: {:x?}",
                judged.variant, sight.hook, sight.bytes
            ));
        };
        if !verdicts.iter().any(|verdict| (**verdict == ACCEPT) == has_passed) {
            fault(if has_passed { "lets it through" } else { "does not let it through" });
        }
        *refused.entry(number_of(&sight.bytes)).or_default() |= verdicts.contains(&&REJECT);
        // Of others, not all are answered: no errors about errors, and none about what is for many.
        let is_answered = *piece == Piece::Whole
            && packet.protocol == UDP_NUMBER
            && packet.packet_type == PacketType::Unicast
            && !is_for_many(packet.to)
            && decoded.sums_up;
        if verdicts == [&REJECT] && is_answered && !answers.contains(&number_of(&sight.bytes)) {
            fault("does not say that it refuses it");
        }
    }
    for number in &answers {
        if refused.get(number) != Some(&true) {
            let of_it = sights.iter().filter(|sight| number_of(&sight.bytes) == *number);
            let of_it: String = of_it.map(|sight| format!("\n{sight:x?}")).collect();
            faults.push(format!(
                "{family} {}: packet {number} is refused, but not to the analysis{of_it}",
                judged.variant
            ));
        }
        tally.add("verdict", "answered REJECT");
    }
    faults
}

/// The rules that count other packets than the analysis says. What is cut short, the analysis does not know.
fn miscounted(
    judged: &Judged<'_>,
    sights: &[Sight],
    decodes: &[Option<Decoded>],
    counters: &Counters,
    tally: &mut Tally,
) -> Vec<String> {
    let mut expected = Expected::default();
    for (sight, decoded) in sights.iter().zip(decodes).filter(|(sight, _)| sight.side != Side::After) {
        match decoded {
            Some(decoded) if !decoded.cut_short => expected.add(&judged.trace(sight.hook, &decoded.packet)),
            _ => return Vec::new(),
        }
    }
    let mut faults = Vec::new();
    for (place, counted) in &counters.0 {
        let Some(bounds) = expected.of(place) else { return Vec::new() };
        faults.extend(fault(place, *counted, bounds));
        tally.add("counter", kind_of(bounds));
    }
    faults
}

/// Whether an address is that of many.
pub(super) fn is_for_many(address: IpAddr) -> bool {
    address.is_multicast() || address == Ipv4Addr::BROADCAST
}

/// The number of the packet that an answer of REJECT is about: an error that a port is not reachable, which nobody
/// else makes here. The errors that are sent as packets of the test speak of others.
fn refused_number(sight: &Sight, count: usize) -> Option<u16> {
    let bytes = sight.bytes.as_slice();
    let (error, protocol, header) = match bytes[0] >> 4 {
        4 => ([3, 3], bytes[9] == ICMP, 20),
        _ => ([1, 4], bytes[6] == ICMPV6, 40),
    };
    let quoted = bytes.get(header + 8..).filter(|quoted| quoted.len() >= header)?;
    let number = number_of(quoted);
    let is_answer = sight.side != Side::After && sight.hook == Hook::Output && protocol;
    (is_answer && bytes[header..].starts_with(&error) && (1..=count).contains(&number.into()))
        .then_some(number)
}

impl Host {
    /// Loads rules, sends packets, and gives back what is seen of them, and what the rules have counted.
    fn seen(&mut self, judged: &Judged<'_>, random: &mut Random, count: usize) -> (Vec<Sight>, Counters) {
        let family = judged.ruleset.family;
        let place = (family, Observed::Table(judged.table));
        if !self.flows.contains_key(&family) {
            let flows = make_flows(self, family, random);
            self.flows.insert(family, flows);
            self.observed = None;
        }
        let output = restore(&self.netns, family, judged.variant, judged.text);
        assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stderr), judged.text);
        if self.observed != Some(place) {
            let others = open_tables(&[judged.table, TableName::Nat]);
            let output = restore(&self.netns, family, judged.variant, &others);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            for family in Family::ALL {
                let mut rules = preparing_rules(family, self.conntrack, &of_random_packets());
                if self.conntrack == Conntrack::On {
                    rules += &translating_rules(family);
                }
                if family == place.0 {
                    rules += &table_rules(family, judged.table, judged.variant, self.conntrack);
                }
                self.load(&rules);
            }
            self.observed = Some(place);
        }
        // What is left of other rules comes before the first marker, and then nothing but the packets.
        loop {
            self.loaded(judged).reset(judged.table);
            if self.rest(family).is_empty() {
                break;
            }
        }
        for packet in random_packets(family, &self.flows[&family], random, count) {
            packet.send(self);
        }
        let mut sights = self.rest(family);
        loop {
            let counters = self.loaded(judged).read(judged.table);
            let late = self.rest(family);
            if late.is_empty() {
                return (sights, counters);
            }
            sights.extend(late);
        }
    }

    fn loaded(&self, judged: &Judged<'_>) -> Loaded<'_> {
        Loaded { netns: &self.netns, family: judged.ruleset.family, variant: judged.variant }
    }

    /// What is seen of the packets that are on their way.
    pub(super) fn rest(&mut self, family: Family) -> Vec<Sight> {
        marker(family).send(self);
        self.observer.until_marker()
    }
}

/// A text of all tables but some, where everything comes through.
pub(super) fn open_tables(but: &[TableName]) -> String {
    let mut text = String::new();
    for table in TableName::ALL {
        if !but.contains(&table) {
            let chains = table.hooks().iter().map(|hook| format!(":{} ACCEPT [0:0]\n", hook.name()));
            text += &format!("*{table}\n{}COMMIT\n", chains.collect::<String>());
        }
    }
    text
}
