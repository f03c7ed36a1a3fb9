//! Runs a case on the kernel, and says what came otherwise.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use fwdsl_runtime::analysis::{evaluate, evaluate_host};
use fwdsl_runtime::catalogue::{ACCEPT, Aspects};
use fwdsl_runtime::emit::{emit, emit_sets};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::lower::{Ruleset, lower};
use fwdsl_runtime::model::Model;
use fwdsl_runtime::table::{Hook, TableName};

use super::answers::Answers;
use super::case::{Case, Fate, Step};
use super::network::{Network, end, send};
use crate::netns::Netns;
use crate::rules::{restore, tables};
use crate::sets::restore_sets;
use crate::wire::IpPacket;

/// How long packets may take to arrive; far beyond what they take.
const DEADLINE: Duration = Duration::from_secs(20);
/// The length of the first packet of a case; each further one is a byte longer.
const LENGTH: usize = 200;
/// The length of packets that are not counted.
const LENGTH_BEFORE: usize = 190;

/// A chain of a table.
type Place = (TableName, String);

/// What came of a case in one family and variant.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was otherwise than the case says, as text for people.
    pub faults: Vec<String>,
    /// About how many packets the analysis was sure.
    pub decided: u32,
}

/// Runs a case.
///
/// # Panics
///
/// If the rules cannot be loaded, or packets do not arrive.
#[must_use]
pub fn run(case: &Case, family: Family, variant: Variant, network: &Network) -> Outcome {
    let steps: Vec<&Step> = case.steps.iter().filter(|step| step.probe.fits(family)).collect();
    let mut outcome = Outcome::default();
    if steps.is_empty() {
        return outcome;
    }
    let model = case.model();
    let ruleset = lower(&model, family);
    let places = Places::of(case, &model);
    let sets = emit_sets(ruleset.iter().flat_map(|ruleset| &ruleset.sets).map(AsRef::as_ref));
    let output = restore_sets(&network.host, &sets);
    assert!(output.status.success(), "{}\n{sets}", String::from_utf8_lossy(&output.stderr));
    let text = places.text(ruleset.as_ref(), steps.len());
    let output = restore(&network.host, family, variant, &text);
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));

    let observed = observing_rules(&steps);
    let output = restore(&network.peer, family, variant, &observed);
    assert!(output.status.success(), "{}\n{observed}", String::from_utf8_lossy(&output.stderr));
    let listen = |port: &u16| UdpSocket::bind((end(family, 0, 2), *port)).expect("the host may listen");
    let _sockets: Vec<UdpSocket> = network.host.enter(|| case.listening.iter().map(listen).collect());

    send_all(network, family, case.before.iter().map(|probe| (probe, LENGTH_BEFORE)));
    let answers = steps
        .iter()
        .any(|step| step.answer.is_some())
        .then(|| network.peer.enter(|| Answers::listen(family)));
    let numbered = steps.iter().enumerate().flat_map(|(index, step)| {
        std::iter::repeat_n((&step.probe, LENGTH + index), step.probe.times as usize)
    });
    send_all(network, family, numbered);

    let counters = places.arrived(network, family, variant, &steps);
    let asked = ruleset.as_ref().filter(|_| case.unanalysed.is_none());
    let seen = Counters::of_namespace(&network.peer, family, variant);
    for (index, step) in steps.iter().enumerate() {
        let mut wrong = places.compare(&counters, step, LENGTH + index);
        if let (Some(wanted), Some(answers)) = (step.answer, &answers) {
            let heard = answers.to(step, LENGTH + index);
            wrong.extend((heard != wanted).then(|| format!("is answered {heard:?}, not {wanted:?}")));
        }
        if step.leaves.is_some() {
            let came = seen.of(&observed_at(), LENGTH + index);
            let wanted = u64::from(step.probe.times);
            wrong.extend(
                (came != wanted)
                    .then(|| format!("comes to the peer {came} times, not {wanted}\n{}", seen.text)),
            );
        }
        match asked.map(|ruleset| analyse(ruleset, step, family)) {
            Some(Ok(sure)) => outcome.decided += u32::from(sure),
            Some(Err(fault)) => wrong.push(fault),
            None => {}
        }
        for fault in wrong {
            outcome.faults.push(format!(
                "{family} {variant} {}: {:?} {fault}",
                case.name,
                step.probe.packet(family)
            ));
        }
    }
    if case.packets(family)[0] > 0 {
        for (target, wanted) in &case.targets {
            let acted = counters.target(target);
            if acted != *wanted {
                outcome.faults.push(format!(
                    "{family} {variant} {}: {target} acts {acted} times, not {wanted}",
                    case.name
                ));
            }
        }
        for saved in case.saved.iter().filter(|saved| !counters.text.contains(**saved)) {
            outcome
                .faults
                .push(format!("{family} {variant} {}: {saved:?} is not in the saved rules", case.name));
        }
    }
    if !outcome.faults.is_empty() {
        outcome.faults.push(text);
    }
    outcome
}

/// Rules of the peer for what is to come back to it.
fn observing_rules(steps: &[&Step]) -> String {
    let (table, chain) = observed_at();
    let mut text = format!("*{table}\n:PREROUTING ACCEPT [0:0]\n");
    for (index, step) in steps.iter().enumerate() {
        if let Some(matches) = step.leaves {
            let _ = writeln!(text, "-A {chain} {matches} -m length --length {}", LENGTH + index);
        }
    }
    text + "COMMIT\n"
}

fn observed_at() -> Place {
    (TableName::Raw, Hook::Prerouting.name().to_owned())
}

/// Sends packets from the host and the peer, changing sides only where the order asks for it.
fn send_all<'a>(
    network: &Network,
    family: Family,
    probes: impl Iterator<Item = (&'a super::probe::Probe, usize)>,
) {
    let packets: Vec<(bool, IpPacket, usize)> = probes
        .filter(|(probe, _)| probe.fits(family))
        .map(|(probe, length)| (probe.by_host, probe.packet(family), length))
        .collect();
    for side in packets.chunk_by(|one, other| one.0 == other.0) {
        let from = if side[0].0 { &network.host } else { &network.peer };
        from.enter(|| send(family, side.iter().map(|(_, packet, length)| (packet, *length))));
    }
}

/// Whether the analysis is sure of a step's fate; an error if it excludes it. Where a rule before has marked the packet,
/// only the analysis of its whole way can know.
fn analyse(ruleset: &Ruleset, step: &Step, family: Family) -> Result<bool, String> {
    by_chains(ruleset, step, family).or_else(|said| {
        let hooks = step.probe.way();
        let has = |of: fn(Hook) -> bool| hooks.iter().any(|hook| of(*hook));
        let packet = step.probe.analysed(family, has(Hook::has_in_interface), has(Hook::has_out_interface));
        let verdicts = evaluate_host(ruleset, &packet, None).map(|fate| fate.verdicts).unwrap_or_default();
        let ends: Vec<&str> = verdicts.iter().map(|verdict| verdict.name).collect();
        if !are_changed(ruleset) { Err(said) } else { decided(step.fate, &ends) }
    })
}

/// Whether a rule changes the marks of packets.
fn are_changed(ruleset: &Ruleset) -> bool {
    let rules = ruleset.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
    { rules }.any(|rule| rule.target().is_some_and(|target| target.changes.meets(Aspects::MARK)))
}

/// The same chain by chain. A packet is accepted if every chain on its way accepts it; those of `nat` are asked for the first
/// packet of a flow alone and decide nothing.
fn by_chains(ruleset: &Ruleset, step: &Step, family: Family) -> Result<bool, String> {
    let mut ends: Vec<&str> = Vec::new();
    for hook in step.probe.way() {
        let packet = step.probe.analysed(family, hook.has_in_interface(), hook.has_out_interface());
        for table in TableName::ALL.into_iter().filter(|table| *table != TableName::Nat) {
            let verdicts = evaluate(ruleset, table, hook.name(), &packet).unwrap_or_default();
            ends.extend(verdicts.iter().map(|verdict| verdict.name));
            if !verdicts.is_empty() && !verdicts.contains(&&ACCEPT) {
                // It comes no further.
                ends.retain(|end| *end != ACCEPT.name);
                return decided(step.fate, &ends);
            }
        }
    }
    decided(step.fate, &ends)
}

/// Holds what the analysis takes for possible against what is so.
fn decided(fate: Fate, ends: &[&str]) -> Result<bool, String> {
    let (accepts, others) = (ends.contains(&ACCEPT.name), ends.iter().any(|end| *end != ACCEPT.name));
    let allowed = match fate {
        Fate::Accepted => accepts,
        Fate::Dropped => others,
        Fate::Some(_) => accepts && others,
    };
    // Without a chain on its way nothing is decided.
    if allowed || ends.is_empty() {
        Ok(accepts != others)
    } else {
        Err(format!("is {ends:?} to the analysis, not {fate:?}"))
    }
}

/// Where packets are counted.
struct Places {
    /// Where they arrive.
    arrival: Vec<Place>,
    /// What they come to, one of these, if the policy lets them; empty if nothing is behind the place.
    passed: Vec<Place>,
    /// The user chains of the policy.
    chains: Vec<Place>,
}

impl Places {
    fn of(case: &Case, model: &Model) -> Places {
        let (table, hook) = case.place;
        let passed: &[(TableName, Hook)] = match (hook, table) {
            (Hook::Prerouting, TableName::Raw) => &[(TableName::Mangle, Hook::Prerouting)],
            (Hook::Input, TableName::Security) | (Hook::Postrouting, _) => &[],
            (Hook::Prerouting, _) => {
                &[(TableName::Security, Hook::Input), (TableName::Security, Hook::Forward)]
            }
            (Hook::Forward | Hook::Output, TableName::Security) => &[(TableName::Mangle, Hook::Postrouting)],
            _ => &[(TableName::Security, hook)],
        };
        let chains = model.chains().iter().filter(|chain| chain.hook().is_none());
        let arrival = [Hook::Prerouting, Hook::Output].map(|hook| (TableName::Raw, hook.name().to_owned()));
        Places {
            arrival: arrival.into(),
            passed: passed.iter().map(|(table, hook)| (*table, hook.name().to_owned())).collect(),
            chains: chains.map(|chain| (chain.table(), chain.name().to_owned())).collect(),
        }
    }

    /// The policy's rules with rules that count `packets` packets at the top of each place. Every table that does not
    /// turn connection tracking on is there, so that nothing stays of an earlier case.
    fn text(&self, ruleset: Option<&Ruleset>, packets: usize) -> String {
        let emitted = ruleset.map(|ruleset| emit(ruleset, Default::default())).unwrap_or_default();
        let mut blocks: BTreeMap<String, String> = tables(&emitted).into_iter().collect();
        for table in TableName::ALL.into_iter().filter(|table| *table != TableName::Nat) {
            let empty = || {
                let hooks = table.hooks().iter().map(|hook| format!(":{} ACCEPT [0:0]\n", hook.name()));
                format!("*{table}\n{}COMMIT\n", hooks.collect::<String>())
            };
            blocks.entry(table.name().to_owned()).or_insert_with(empty);
        }
        for (table, chain) in self.arrival.iter().chain(&self.passed).chain(&self.chains) {
            let mut rules = String::new();
            for length in (LENGTH..).take(packets) {
                let _ = writeln!(rules, "-A {} -m length --length {length}", quoted(chain));
            }
            // A policy that is not for this family has no such chain.
            let Some(block) = blocks.get_mut(table.name()) else { continue };
            if block.contains(&format!(":{chain} ")) {
                let top = block.find("\n-A ").or_else(|| block.find("\nCOMMIT")).expect("a block ends") + 1;
                block.insert_str(top, &rules);
            }
        }
        blocks.into_values().collect()
    }

    /// The counters once all packets have arrived.
    fn arrived(&self, network: &Network, family: Family, variant: Variant, steps: &[&Step]) -> Counters {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let counters = Counters::of_namespace(&network.host, family, variant);
            let mut missing = steps.iter().enumerate().filter(|(index, step)| {
                let arrived: u64 = self.arrival.iter().map(|place| counters.of(place, LENGTH + index)).sum();
                arrived < u64::from(step.probe.times)
            });
            let Some((_, step)) = missing.next() else { return counters };
            assert!(
                Instant::now() < deadline,
                "{family} {variant}: {:?} does not arrive\n{}",
                step.probe,
                counters.text
            );
        }
    }

    /// What is otherwise than the step says.
    fn compare(&self, counters: &Counters, step: &Step, length: usize) -> Vec<String> {
        let mut faults = Vec::new();
        let wanted = match step.fate {
            Fate::Accepted => step.probe.times,
            Fate::Dropped => 0,
            Fate::Some(times) => times,
        };
        if !self.passed.is_empty() {
            let passed: u64 = self.passed.iter().map(|place| counters.of(place, length)).sum();
            if passed != u64::from(wanted) {
                faults.push(format!("passes {passed} times, not {wanted}"));
            }
        }
        let mut walks: Vec<&str> = Vec::new();
        for (table, chain) in &self.chains {
            let times = counters.of(&(*table, chain.clone()), length) as usize;
            walks.extend(std::iter::repeat_n(chain.as_str(), times));
        }
        walks.sort_unstable();
        if walks != step.walks {
            faults.push(format!("comes through {walks:?}, not {:?}", step.walks));
        }
        faults
    }
}

/// A chain's name as a word of `iptables-restore`.
fn quoted(chain: &str) -> String {
    format!("\"{}\"", chain.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What rules have counted.
struct Counters {
    /// By table, chain and the length that the rule asks for.
    lengths: BTreeMap<(String, String, usize), u64>,
    text: String,
}

impl Counters {
    fn of_namespace(netns: &Netns, family: Family, variant: Variant) -> Counters {
        Counters::parse(netns.sh(&format!("{} -c 2>/dev/null", variant.program(family, "save"))))
    }

    fn parse(text: String) -> Counters {
        let mut lengths = BTreeMap::new();
        let mut table = String::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('*') {
                table = name.to_owned();
            }
            let rule = line.split_once("] -A ").and_then(|(counters, rule)| {
                let (rest, length) = rule.split_once("-m length --length ")?;
                let chain = rest.split(' ').next()?;
                Some((counters, chain, length.trim().parse().ok()?))
            });
            if let Some((counters, chain, length)) = rule {
                let packets =
                    counters.trim_start_matches('[').split(':').next().and_then(|count| count.parse().ok());
                let chain = chain.trim_matches('"').to_owned();
                *lengths.entry((table.clone(), chain, length)).or_insert(0) += packets.unwrap_or(0u64);
            }
        }
        Counters { lengths, text }
    }

    fn of(&self, (table, chain): &Place, length: usize) -> u64 {
        self.lengths.get(&(table.name().to_owned(), chain.clone(), length)).copied().unwrap_or(0)
    }

    /// How many packets rules with a target have met.
    fn target(&self, target: &str) -> u64 {
        let acting =
            |line: &&str| line.starts_with('[') && format!("{line} ").contains(&format!(" -j {target} "));
        let packets =
            |line: &str| line[1..].split(':').next().and_then(|count| count.parse::<u64>().ok()).unwrap_or(0);
        self.text.lines().filter(acting).map(packets).sum()
    }
}
