//! What is said of each rule of a firewall, whether packets come to it, held against the kernel's counters.

use std::collections::{BTreeMap, HashMap};

use fwdsl_runtime::analysis::{Answer, Event, Packet, ReachState, RuleReach, trace_chain};
use fwdsl_runtime::catalogue::Aspects;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::lower::{Chain, Ruleset, Table};
use fwdsl_runtime::table::{Hook, TableName, Way};

use super::confirmed::Confirmed;
use super::counters::{Expected, Place, fault};
use super::decode::decode;
use super::directed::{Directed, Links};
use super::network::{Conntrack, Host};
use super::observer::Side;
use super::stand::Stand;
use crate::plainly::{self, Samples, read};
use crate::random::Random;
use crate::wire::number_of;

/// A firewall, and what the analysis says of it.
#[derive(Debug)]
pub struct Suspect<'a> {
    /// What it is called.
    pub name: &'a str,
    /// The restore text.
    pub text: &'a str,
    /// What `ipset restore` makes first.
    pub sets: &'a str,
    /// The same as the analysis has it.
    pub ruleset: &'a Ruleset,
    /// What it says of each rule.
    pub said: &'a [RuleReach],
}

/// How many packets are sent.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// At each rule that is said to be unreachable.
    pub at_dead: usize,
    /// At any rule of each table.
    pub at_random: usize,
    /// Of the rules that are said to be reached, one in so many gets its witness.
    pub witness_of: usize,
}

/// A packet, and why it is sent.
struct Wanted {
    packet: Packet,
    why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The rule of this number in what is said is reached by it.
    Witness(usize),
    /// It has what the rule of this number asks for, which is said to be unreachable.
    AtDead(usize),
    AtRandom,
}

/// The words of rules that make the kernel track connections, or may.
const TRACKING: [&str; 18] = [
    "-m conn",
    "-m state",
    "-m ct",
    "-m helper",
    "-m cluster",
    "-m socket",
    "-j CT",
    "-j CONN",
    "-j NOTRACK",
    "-j DNAT",
    "-j SNAT",
    "-j MASQUERADE",
    "-j REDIRECT",
    "-j NETMAP",
    "-j TPROXY",
    "-j SYNPROXY",
    "-j TRACE",
    "--ctstate",
];

/// Loads a firewall, sends packets at its rules, and gives back where the counters say otherwise than the analysis.
///
/// # Panics
///
/// If the rules cannot be loaded, or packets are lost.
pub fn confirm(
    suspect: &Suspect<'_>,
    variant: Variant,
    effort: Effort,
    random: &mut Random,
    confirmed: &mut Confirmed,
) -> Vec<String> {
    let tracks = TRACKING.iter().any(|word| suspect.text.contains(word));
    let conntrack = if tracks { Conntrack::On } else { Conntrack::Off };
    let wanted = wanted(suspect, effort, random);
    let mut links = Links::default();
    wanted.iter().for_each(|wanted| links.add(&wanted.packet));
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut made: Vec<(usize, Directed)> = Vec::new();
    for (index, Wanted { packet, .. }) in wanted.iter().enumerate() {
        match Directed::new(packet, &links, conntrack) {
            Ok(directed) => {
                made.push((index, directed));
                outcomes.push(Outcome::NotSeen);
            }
            Err(why) => outcomes.push(Outcome::NotMade(why)),
        }
    }
    let mut stand = Stand::new(Host::with_links(conntrack, links.names), suspect, variant, &made);
    let mut sights = stand.send(&made);
    let counters = stand.count(&mut sights);

    let mut faults = Vec::new();
    let mut expected = Some(Expected::default());
    // Where each packet was seen as it was to be.
    let mut itself: HashMap<usize, Vec<Hook>> = HashMap::new();
    let mut alone = Alone { suspect, rulesets: HashMap::new() };
    for sight in &sights {
        let Side::Before(table) = sight.side else { continue };
        let Some(decoded) = decode(sight).filter(|decoded| !decoded.cut_short) else {
            expected = None;
            continue;
        };
        let trace = trace_chain(suspect.ruleset, table, sight.hook.name(), &decoded.packet, Some(variant));
        let trace = trace.expect("the chain is there");
        if let Some(expected) = &mut expected {
            expected.add(&trace);
        }
        let Some(index) =
            usize::from(number_of(&sight.bytes)).checked_sub(1).filter(|index| *index < wanted.len())
        else {
            continue;
        };
        match wanted[index].why {
            Why::Witness(rule) if suspect.said[rule].table == table => {
                let said = &suspect.said[rule];
                let answer = trace.steps.iter().filter(|step| step.chain == said.chain).find_map(|step| {
                    match &step.event {
                        Event::Rule(rule) if rule.number == said.index + 1 && rule.answer != Answer::No => {
                            let surely = step.certain && rule.answer == Answer::Yes && !rule.may_drop;
                            Some(if surely { Outcome::Counted } else { Outcome::MayCount })
                        }
                        _ => None,
                    }
                });
                if decoded.packet.to_string() == wanted[index].packet.to_string() {
                    itself.entry(index).or_default().push(sight.hook);
                }
                let outcome = answer.unwrap_or(Outcome::Otherwise);
                outcomes[index] = outcomes[index].max(outcome);
            }
            Why::AtDead(rule) if suspect.said[rule].table == table => {
                let inside = alone.may_match(rule, &decoded.packet, variant);
                let outcome = if inside { Outcome::Inside } else { Outcome::Otherwise };
                outcomes[index] = outcomes[index].max(outcome);
            }
            _ => {}
        }
    }
    confirmed.packets += made.len();
    for (index, wanted) in wanted.iter().enumerate() {
        let outcome = outcomes[index];
        match wanted.why {
            Why::Witness(rule) => {
                let said = &suspect.said[rule];
                let has_counted = counters.0.get(&place(said)).is_some_and(|counted| *counted > 0);
                confirmed.witness(outcome, has_counted);
                let seen = itself.get(&index).map(Vec::as_slice).unwrap_or_default();
                let hooks = hooks(said.table, &wanted.packet);
                if outcome < Outcome::MayCount && hooks.iter().all(|hook| seen.contains(hook)) {
                    if is_all_modelled(suspect, said.table) {
                        faults.push(format!("{} is not reached by {}", place_of(said), wanted.packet));
                    }
                    confirmed.is_not_reached();
                }
                if outcome == Outcome::Counted && !has_counted {
                    faults.push(format!("{} has not counted its packet {}", place_of(said), wanted.packet));
                }
            }
            Why::AtDead(_) => confirmed.at_dead(outcome),
            Why::AtRandom => {}
        }
    }
    for said in suspect.said {
        let counted = counters.0.get(&place(said));
        let Some(counted) = counted else { panic!("{}: there is no counter", place_of(said)) };
        confirmed.rule(&said.state, *counted);
        if let ReachState::Unreachable(kind, _) = &said.state
            && *counted > 0
        {
            faults.push(format!("{} is {} and counts {counted} packets", place_of(said), kind.name()));
        }
    }
    if let Some(expected) = expected {
        for (place, counted) in &counters.0 {
            let Some(bounds) = expected.of(place) else { break };
            faults.extend(fault(place, *counted, bounds));
            confirmed.bounds(bounds);
        }
    }
    faults
}

/// What became of a packet, the better the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// It could not be made, for a reason.
    NotMade(&'static str),
    /// It did not come to a chain of the table.
    NotSeen,
    /// It was another one by then.
    Otherwise,
    /// It may have been counted.
    MayCount,
    /// It surely was.
    Counted,
    /// It came to a chain of the table, and has what the rule asks for.
    Inside,
}

fn place(said: &RuleReach) -> Place {
    (said.table, said.chain.clone(), said.index + 1)
}

fn place_of(said: &RuleReach) -> String {
    format!("rule {} of {} in {} (line {})", said.index + 1, said.chain, said.table, said.loc.line)
}

/// Whether the search knows exactly what each rule of a table asks for: not of rules that others change something for, nor of
/// masks with gaps, which alone are written out.
fn is_all_modelled(suspect: &Suspect<'_>, table: TableName) -> bool {
    let has_mask = |word: &str| word.split_once('/').is_some_and(|(_, mask)| mask.contains(['.', ':']));
    let table = suspect.ruleset.table(table).expect("the table is there");
    let mut rules = table.chains.iter().flat_map(|chain| &chain.rules);
    let changes = rules.any(|rule| rule.target().is_some_and(|target| target.changes != Aspects::NONE));
    !changes && !suspect.text.split_whitespace().any(has_mask)
}

/// The hooks of a table to which a packet with such interfaces comes.
fn hooks(table: TableName, packet: &Packet) -> Vec<Hook> {
    let hooks = match Way::of(packet) {
        Way::In => [Hook::Prerouting, Hook::Input],
        Way::Through => [Hook::Forward, Hook::Postrouting],
        Way::Out => [Hook::Output, Hook::Postrouting],
    };
    hooks.into_iter().filter(|hook| table.hooks().contains(hook)).collect()
}

/// What is to be sent.
fn wanted(suspect: &Suspect<'_>, effort: Effort, random: &mut Random) -> Vec<Wanted> {
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

/// The rules that are said to be unreachable, each by itself.
struct Alone<'a> {
    suspect: &'a Suspect<'a>,
    rulesets: HashMap<usize, Ruleset>,
}

impl Alone<'_> {
    /// Whether a packet has what a rule asks for, so that it would be counted if it came to the rule.
    fn may_match(&mut self, rule: usize, packet: &Packet, variant: Variant) -> bool {
        let RuleReach { table, chain, index, .. } = &self.suspect.said[rule];
        let whole = self.suspect.ruleset;
        let ruleset = self.rulesets.entry(rule).or_insert_with(|| {
            let of = whole.table(*table).expect("the table is there");
            let rule = of.chain(chain).expect("the chain is there").rules[*index].clone();
            let alone = Chain { name: "alone".to_owned(), policy: None, rules: vec![rule], auxiliary: false };
            let table = Table { chains: vec![alone], ..of.clone() };
            Ruleset { tables: vec![table], ..whole.clone() }
        });
        let trace = trace_chain(ruleset, *table, "alone", packet, Some(variant)).expect("the chain is there");
        trace.steps.iter().any(|step| matches!(&step.event, Event::Rule(rule) if rule.answer != Answer::No))
    }
}
