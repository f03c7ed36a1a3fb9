//! How often rules are matched: what the kernel has counted, and what the analysis says.

use std::collections::BTreeMap;

use fwdsl_runtime::analysis::{Answer, Event, Trace};

use super::run::Judged;
use super::tally::Tally;
use crate::netns::Netns;

/// A rule: its chain, and its number there.
type Place = (String, usize);

/// The packets that the kernel has counted at each rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counters(BTreeMap<Place, u64>);

impl Counters {
    /// Begins to count.
    pub(super) fn reset(netns: &Netns, judged: &Judged<'_>) {
        let restore = program(judged, "restore");
        let iptables = restore.strip_suffix("-restore").expect("the programs are named alike");
        netns.sh(&format!("{iptables} --wait=60 -t {} -Z", judged.table));
    }

    /// Reads what was counted.
    pub(super) fn read(netns: &Netns, judged: &Judged<'_>) -> Counters {
        Counters::parse(&netns.sh(&format!("{} -c -t {}", program(judged, "save"), judged.table)))
    }

    /// From lines like `[3:180] -A INPUT -p tcp -j ACCEPT`.
    fn parse(saved: &str) -> Counters {
        let mut counters: BTreeMap<Place, u64> = BTreeMap::new();
        let mut lengths: BTreeMap<&str, usize> = BTreeMap::new();
        for (counted, rule) in saved.lines().filter_map(|line| line.split_once(" -A ")) {
            let chain = rule.split(' ').next().unwrap_or_default();
            let number = lengths.entry(chain).or_default();
            *number += 1;
            let packets =
                counted.trim_start_matches('[').split(':').next().and_then(|word| word.parse().ok());
            counters.insert((chain.to_owned(), *number), packets.expect("a counter"));
        }
        Counters(counters)
    }
}

fn program(judged: &Judged<'_>, action: &str) -> String {
    judged.variant.program(judged.ruleset.family, action)
}

/// How many packets match each rule at least and at most.
#[derive(Debug, Default)]
pub(super) struct Expected {
    bounds: BTreeMap<Place, [u64; 2]>,
    /// Whether a way was too long to be told.
    is_cut: bool,
}

impl Expected {
    /// Adds a packet.
    pub(super) fn add(&mut self, trace: &Trace) {
        self.is_cut |= trace.is_cut;
        for step in &trace.steps {
            let Event::Rule(rule) = &step.event else { continue };
            // One that is thrown away before the rule is through with it is not counted.
            let surely = step.certain && rule.answer == Answer::Yes && !rule.may_drop;
            let place = (step.chain.clone(), rule.number);
            let [least, most] = self.bounds.entry(place).or_default();
            *least += u64::from(surely);
            *most += u64::from(rule.answer != Answer::No);
        }
    }

    /// The rules for which the kernel has counted something else.
    pub(super) fn faults(&self, counters: &Counters, tally: &mut Tally) -> Vec<String> {
        if self.is_cut {
            return Vec::new();
        }
        let mut faults = Vec::new();
        for (place, counted) in &counters.0 {
            let [least, most] = self.bounds.get(place).copied().unwrap_or_default();
            if !(least..=most).contains(counted) {
                let (chain, number) = place;
                faults.push(format!(
                    "rule {number} of {chain} counts {counted} packets, and to the analysis it is {least} to {most}"
                ));
            }
            tally.add(
                "counter",
                match (least, most) {
                    (_, 0) => "zero",
                    (least, most) if least == most => "exact",
                    _ => "between two numbers",
                },
            );
        }
        faults
    }
}
