//! How often rules are matched: what the kernel has counted, and what the analysis says.

use std::collections::BTreeMap;

use fwdsl_runtime::analysis::{Answer, Event, Trace};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::table::TableName;

use crate::netns::Netns;

/// A rule: its table, its chain, and its number there.
pub(super) type Place = (TableName, String, usize);

/// Who has loaded the rules that count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loaded<'a> {
    pub(super) netns: &'a Netns,
    pub(super) family: Family,
    pub(super) variant: Variant,
}

impl Loaded<'_> {
    /// Begins to count anew in a table.
    pub(super) fn reset(self, table: TableName) {
        let restore = self.variant.program(self.family, "restore");
        let iptables = restore.strip_suffix("-restore").expect("the programs are named alike");
        self.netns.sh(&format!("{iptables} --wait=60 -t {table} -Z"));
    }

    /// Reads what was counted in a table.
    pub(super) fn read(self, table: TableName) -> Counters {
        let save = self.variant.program(self.family, "save");
        Counters::parse(&self.netns.sh(&format!("{save} -c -t {table} 2>/dev/null")), table)
    }
}

/// The packets that the kernel has counted at each rule.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counters(pub(super) BTreeMap<Place, u64>);

impl Counters {
    /// From lines like `[3:180] -A INPUT -p tcp -j ACCEPT`.
    fn parse(saved: &str, table: TableName) -> Counters {
        let mut counters: BTreeMap<Place, u64> = BTreeMap::new();
        let mut lengths: BTreeMap<&str, usize> = BTreeMap::new();
        for (counted, rule) in saved.lines().filter_map(|line| line.split_once(" -A ")) {
            let chain = rule.split(' ').next().unwrap_or_default();
            let number = lengths.entry(chain).or_default();
            *number += 1;
            let packets =
                counted.trim_start_matches('[').split(':').next().and_then(|word| word.parse().ok());
            counters.insert((table, chain.to_owned(), *number), packets.expect("a counter"));
        }
        Counters(counters)
    }
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
            let place = (step.table, step.chain.clone(), rule.number);
            let [least, most] = self.bounds.entry(place).or_default();
            *least += u64::from(surely);
            *most += u64::from(rule.answer != Answer::No);
        }
    }

    /// How many packets match a rule at least and at most; `None` if that could not be told.
    pub(super) fn of(&self, place: &Place) -> Option<[u64; 2]> {
        (!self.is_cut).then(|| self.bounds.get(place).copied().unwrap_or_default())
    }
}

/// A rule that has counted another number of packets than the analysis says.
pub(super) fn fault((table, chain, number): &Place, counted: u64, [least, most]: [u64; 2]) -> Option<String> {
    (!(least..=most).contains(&counted)).then(|| {
        format!(
            "rule {number} of {chain} in {table} counts {counted} packets, and to the analysis it is {least} to {most}"
        )
    })
}

/// What kind of bounds these are.
pub(super) fn kind_of([least, most]: [u64; 2]) -> &'static str {
    match (least, most) {
        (_, 0) => "zero",
        (least, most) if least == most => "exact",
        _ => "between two numbers",
    }
}
