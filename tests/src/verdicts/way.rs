//! The whole way of packets through all tables of a host, against what becomes of them.

use std::collections::HashMap;

use fwdsl_runtime::analysis::{CtState, Fate, Packet, PacketType, evaluate_host};
use fwdsl_runtime::catalogue::{ACCEPT, ICMP, ICMPV6};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::lower::Ruleset;
use fwdsl_runtime::table::{Hook, TableName, Way};

use super::decode::{Decoded, decode};
use super::flows::{birth, make_flows};
use super::network::{Conntrack, Host, LINKS, Route};
use super::observer::{Observed, Side, Sight};
use super::packets::random_packets;
use super::run::{is_for_many, open_tables};
use super::tally::Tally;
use super::watch::{Preparation, of_random_packets, preparing_rules, way_rules};
use crate::random::Random;
use crate::rules::restore;
use crate::wire::number_of;

/// Rules of all tables, and what judges them.
#[derive(Debug)]
pub struct JudgedHost<'a> {
    /// What the analysis is asked about.
    pub ruleset: &'a Ruleset,
    /// The same as a text.
    pub text: &'a str,
    /// The variant that loads them.
    pub variant: Variant,
}

/// What was seen of one packet on one way.
#[derive(Debug, Default)]
struct Seen<'a> {
    /// As it came.
    first: Option<&'a Sight>,
    /// Once connection tracking had seen it.
    tracked: Option<&'a Sight>,
    /// Behind the rules of the first hook, and at the next.
    routed: Option<&'a Sight>,
    found: bool,
    leaves: bool,
    /// At the end.
    last: Option<&'a Sight>,
    /// Whether another packet has the same number there.
    is_confused: bool,
}

/// Sends packets through rules, and gives back what the analysis says otherwise of their whole way than the kernel.
///
/// # Panics
///
/// If the rules cannot be loaded, or packets are lost.
pub fn judge_way(
    host: &mut Host,
    judged: &JudgedHost<'_>,
    random: &mut Random,
    count: usize,
    tally: &mut Tally,
) -> Vec<String> {
    let family = judged.ruleset.family;
    let (sent, sights) = host.seen_on_the_way(judged, random, count);
    let mut faults = Vec::new();
    for ((way, number), seen) in sort(&sights) {
        let Some(first) =
            seen.first.filter(|first| !seen.is_confused && sent.get(&number) == Some(&first.bytes))
        else {
            tally.not_told_apart += 1;
            continue;
        };
        let Some(Decoded { packet, cut_short: false, sums_up, .. }) = decode(first) else {
            tally.cut_short += 1;
            continue;
        };
        if seen.routed.is_some() && !seen.found {
            tally.add("on the way", "lost while it was routed");
            continue;
        }
        let Some(packet) = as_it_is_asked(packet, way, first, seen.tracked) else { continue };
        // That of a masqueraded connection which is to leave by another link than the first (net/netfilter/nf_nat_proto.c,
        // nf_nat_ipv4_out) the kernel throws away, whatever the rules say.
        if packet.tracking.snat && seen.leaves && seen.last.is_none() {
            tally.add("on the way", "perhaps masqueraded for another link");
            continue;
        }
        // Nor does it translate an error whose checksum is wrong (nf_nat_icmp_reply_translation).
        let is_error = [ICMP, ICMPV6].contains(&packet.protocol) && packet.tracking.state == CtState::Related;
        if is_error && !sums_up {
            tally.add("on the way", "a broken error");
            continue;
        }
        let fate_for = |variant| evaluate_host(judged.ruleset, &packet, Some(variant)).expect("the family");
        let fate = fate_for(judged.variant);
        let last = seen.last.and_then(|last| Some((last, decode(last)?)));
        let passed = last.is_some();
        tally.count_way(way, &packet, passed);
        tally.count_verdicts(&fate.verdicts);
        if host.conntrack == Conntrack::On {
            tally.count_tracking(TableName::Filter, &packet, birth(&host.flows[&family], &packet));
        }
        if let Some((last, decoded)) = &last {
            tally.count_changes(&packet, &decoded.packet, last.mark);
        }
        if fate.joined {
            tally.add("on the way", "may be put together");
            continue;
        }
        let allows = |fate: &Fate| fate.verdicts.iter().any(|verdict| (**verdict == ACCEPT) == passed);
        if way == Way::In && !allows(&fate_for(judged.variant.other())) {
            tally.add("on the way", "only in this order");
        }
        if !allows(&fate) {
            let names: Vec<&str> = fate.verdicts.iter().map(|verdict| verdict.name).collect();
            let what = if passed { "lets it through" } else { "does not let it through" };
            let places: Vec<String> = { sights.iter().filter(|sight| number_of(&sight.bytes) == number) }
                .map(|sight| format!("{:?} {}: {}", sight.side, sight.hook, told(sight)))
                .collect();
            faults.push(format!(
                "{family} {} {way:?}: {packet}\nis {names:?} to the analysis, and the kernel {what}:\n{}",
                judged.variant,
                places.join("\n")
            ));
        }
    }
    faults
}

fn told(sight: &Sight) -> String {
    decode(sight).map_or_else(|| format!("{:x?}", sight.bytes), |decoded| decoded.packet.to_string())
}

/// The sights of each packet, by its way and its number.
fn sort(sights: &[Sight]) -> HashMap<(Way, u16), Seen<'_>> {
    let mut all: HashMap<(Way, u16), Seen<'_>> = HashMap::new();
    for sight in sights {
        let way = match sight.hook {
            Hook::Output => Way::Out,
            Hook::Postrouting if sight.in_interface.is_none() => Way::Out,
            _ if service(&sight.bytes) == Route::Local.tos() => Way::In,
            _ => Way::Through,
        };
        let seen = all.entry((way, number_of(&sight.bytes))).or_default();
        let arrives = matches!(sight.hook, Hook::Prerouting | Hook::Output);
        let place = match sight.side {
            Side::Before(TableName::Raw) if arrives => &mut seen.first,
            Side::Before(TableName::Mangle) if arrives => &mut seen.tracked,
            Side::After if arrives => &mut seen.routed,
            Side::After => &mut seen.last,
            Side::Before(_) => {
                seen.found |= !arrives;
                seen.leaves |= sight.hook == Hook::Postrouting;
                continue;
            }
        };
        seen.is_confused |= place.replace(sight).is_some();
    }
    all
}

/// The packet as the analysis is asked about it: as it came, with the interface that it is to leave by, and with what
/// connection tracking says once it has seen it. None if the kernel has its own ways with it: what is for many it routes
/// through to nobody, and sends by other links and more than once.
fn as_it_is_asked(mut packet: Packet, way: Way, first: &Sight, tracked: Option<&Sight>) -> Option<Packet> {
    let is_for_one = packet.packet_type == PacketType::Unicast && !is_for_many(packet.to);
    if way != Way::In && !is_for_one {
        return None;
    }
    if way == Way::Through {
        let slot = usize::from(service(&first.bytes) / 4).checked_sub(1)?;
        packet.out_interface = Some(LINKS[slot].to_owned());
    }
    if let Some(tracked) = tracked {
        (packet.tracking, packet.status) = (tracked.tracking, tracked.status);
    }
    Some(packet)
}

/// The type of service, or traffic class, which tells the route.
fn service(bytes: &[u8]) -> u8 {
    if bytes[0] >> 4 == 4 { bytes[1] } else { bytes[0] << 4 | bytes[1] >> 4 }
}

impl Host {
    /// Loads rules, sends packets, and gives back these by their numbers, and what is seen of them.
    fn seen_on_the_way(
        &mut self,
        judged: &JudgedHost<'_>,
        random: &mut Random,
        count: usize,
    ) -> (HashMap<u16, Vec<u8>>, Vec<Sight>) {
        let family = judged.ruleset.family;
        if !self.flows.contains_key(&family) {
            let flows = make_flows(self, family, random);
            self.flows.insert(family, flows);
            self.observed = None;
        }
        // Translation is nothing without connection tracking.
        let tables = TableName::ALL.into_iter();
        let tables = tables.filter(|table| *table != TableName::Nat || self.conntrack == Conntrack::On);
        let tables: Vec<TableName> = tables.collect();
        let mut given: Vec<TableName> = judged.ruleset.tables.iter().map(|table| table.name).collect();
        given.extend((self.conntrack == Conntrack::Off).then_some(TableName::Nat));
        let text = judged.text.to_owned() + &open_tables(&given);
        let output = restore(&self.netns, family, judged.variant, &text);
        assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
        if self.observed != Some((family, Observed::Way)) {
            // What nobody tracks is for the rules to say.
            let marked = of_random_packets().into_iter().map(|it| Preparation { untracked: false, ..it });
            let marked: Vec<Preparation> = marked.collect();
            for other in Family::ALL {
                self.load(&preparing_rules(other, self.conntrack, &marked));
            }
            self.load(&way_rules(family, &tables, judged.variant, self.conntrack));
            self.observed = Some((family, Observed::Way));
        }
        while !self.rest(family).is_empty() {}
        let mut sent = HashMap::new();
        for packet in random_packets(family, &self.flows[&family], random, count) {
            sent.insert(number_of(&packet.bytes), packet.bytes.clone());
            packet.send(self);
        }
        (sent, self.rest(family))
    }
}
