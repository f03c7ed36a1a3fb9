//! What was seen and counted of the packets that were sent at a firewall, against what is said of its rules.

use std::collections::HashMap;

use fwdsl_runtime::analysis::{Answer, Event, Packet, ReachState, RuleReach, Trace, trace_chain};
use fwdsl_runtime::catalogue::Aspects;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::lower::{Chain, Ruleset, Table};
use fwdsl_runtime::table::{Hook, TableName, Way};

use super::confirm::Suspect;
use super::confirmed::Confirmed;
use super::counters::{Counters, Expected, Place, fault};
use super::decode::decode;
use super::observer::{Side, Sight};
use super::wanted::{Wanted, Why};
use crate::wire::number_of;

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

/// See the module.
pub(super) struct Trial<'a> {
    suspect: &'a Suspect<'a>,
    variant: Variant,
    wanted: &'a [Wanted],
    /// Of each packet.
    outcomes: Vec<Outcome>,
    /// The hooks where a packet was seen as it was to be.
    itself: HashMap<usize, Vec<Hook>>,
    alone: Alone<'a>,
    /// What every rule is to count, as long as every packet could be read.
    expected: Option<Expected>,
    faults: Vec<String>,
}

impl<'a> Trial<'a> {
    /// Begins, with those packets marked that could not be made.
    pub(super) fn new(
        suspect: &'a Suspect<'a>,
        variant: Variant,
        wanted: &'a [Wanted],
        outcomes: Vec<Outcome>,
    ) -> Trial<'a> {
        Trial {
            suspect,
            variant,
            wanted,
            outcomes,
            itself: HashMap::new(),
            alone: Alone { suspect, rulesets: HashMap::new() },
            expected: Some(Expected::default()),
            faults: Vec::new(),
        }
    }

    /// Takes up a packet that was seen right before the rules of a table.
    pub(super) fn see(&mut self, sight: &Sight) {
        let Side::Before(table) = sight.side else { return };
        let Some(decoded) = decode(sight).filter(|decoded| !decoded.cut_short) else {
            self.expected = None;
            return;
        };
        let packet = &decoded.packet;
        let trace = trace_chain(self.suspect.ruleset, table, sight.hook.name(), packet, Some(self.variant));
        let trace = trace.expect("the chain is there");
        if let Some(expected) = &mut self.expected {
            expected.add(&trace);
        }
        // What the host says itself has other numbers, or at times one of these: no harm is done.
        let Some(index) = usize::from(number_of(&sight.bytes)).checked_sub(1) else { return };
        let Some(wanted) = self.wanted.get(index) else { return };
        let outcome = match wanted.why {
            Why::Witness(rule) if self.suspect.said[rule].table == table => {
                if packet.to_string() == wanted.packet.to_string() {
                    self.itself.entry(index).or_default().push(sight.hook);
                }
                what_it_does_to(&self.suspect.said[rule], &trace)
            }
            Why::AtDead(rule) if self.suspect.said[rule].table == table => {
                let is_inside = self.alone.may_match(rule, packet, self.variant);
                if is_inside { Outcome::Inside } else { Outcome::Otherwise }
            }
            _ => return,
        };
        self.outcomes[index] = self.outcomes[index].max(outcome);
    }

    /// Compares with what the kernel has counted, and gives back what does not agree.
    pub(super) fn judge(mut self, counters: &Counters, confirmed: &mut Confirmed) -> Vec<String> {
        for (index, wanted) in self.wanted.iter().enumerate() {
            match wanted.why {
                Why::Witness(rule) => self.judge_witness(index, rule, counters, confirmed),
                Why::AtDead(_) => confirmed.at_dead(self.outcomes[index]),
                Why::AtRandom => {}
            }
        }
        for said in self.suspect.said {
            let counted = counters.0.get(&place(said));
            let counted = *counted.unwrap_or_else(|| panic!("{}: there is no counter", place_of(said)));
            confirmed.rule(&said.state, counted);
            if let ReachState::Unreachable(kind, _) = &said.state
                && counted > 0
            {
                self.faults.push(format!("{} is {} and counts {counted}", place_of(said), kind.name()));
            }
        }
        for (place, counted) in &counters.0 {
            let bounds = self.expected.as_ref().and_then(|expected| expected.of(place));
            confirmed.counter(bounds);
            self.faults.extend(bounds.and_then(|bounds| fault(place, *counted, bounds)));
        }
        self.faults
    }

    fn judge_witness(&mut self, index: usize, rule: usize, counters: &Counters, confirmed: &mut Confirmed) {
        let (said, packet) = (&self.suspect.said[rule], &self.wanted[index].packet);
        let outcome = self.outcomes[index];
        let has_counted = counters.0.get(&place(said)).is_some_and(|counted| *counted > 0);
        confirmed.witness(outcome, has_counted);
        if outcome == Outcome::Counted && !has_counted {
            self.faults.push(format!("{} has not counted its packet {packet}", place_of(said)));
        }
        let seen = self.itself.get(&index).map(Vec::as_slice).unwrap_or_default();
        if outcome < Outcome::MayCount && hooks(said.table, packet).iter().all(|hook| seen.contains(hook)) {
            confirmed.is_not_reached();
            if is_all_modelled(self.suspect, said.table) {
                self.faults.push(format!("{} is not reached by {packet}", place_of(said)));
            }
        }
    }
}

/// What a packet with this way does to a rule.
fn what_it_does_to(said: &RuleReach, trace: &Trace) -> Outcome {
    let steps = trace.steps.iter().filter(|step| step.chain == said.chain);
    let outcomes = steps.filter_map(|step| match &step.event {
        Event::Rule(rule) if rule.number == said.index + 1 && rule.answer != Answer::No => {
            let surely = step.certain && rule.answer == Answer::Yes && !rule.may_drop;
            Some(if surely { Outcome::Counted } else { Outcome::MayCount })
        }
        _ => None,
    });
    outcomes.max().unwrap_or(Outcome::Otherwise)
}

fn place(said: &RuleReach) -> Place {
    (said.table, said.chain.clone(), said.index + 1)
}

fn place_of(said: &RuleReach) -> String {
    format!("rule {} of {} in {} (line {})", said.index + 1, said.chain, said.table, said.loc.line)
}

/// Whether the search knows exactly what each rule of a table asks for: not of rules that others change something for, nor of
/// masks with gaps, which alone are written out, nor of what a connection began with, which other packets do not have.
fn is_all_modelled(suspect: &Suspect<'_>, table: TableName) -> bool {
    let has_mask = |word: &str| word.split_once('/').is_some_and(|(_, mask)| mask.contains(['.', ':']));
    let table = suspect.ruleset.table(table).expect("the table is there");
    let mut rules = table.chains.iter().flat_map(|chain| &chain.rules);
    let changes = rules.any(|rule| rule.target().is_some_and(|target| target.changes != Aspects::NONE));
    let asks_for_more =
        |word: &str| ["--ctproto", "--ctdir", "--ctorig", "--ctrepl"].iter().any(|it| word.starts_with(it));
    !changes && !suspect.text.split_whitespace().any(|word| has_mask(word) || asks_for_more(word))
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
