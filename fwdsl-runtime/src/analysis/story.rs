//! What happened to a packet that breaks an assertion, told to people.

use super::answer::{Answer, Asked};
use super::effect::not_followed;
use super::finding::participle;
use super::flow::{Event, Flow, RulePlace, Step};
use super::meaning::reads_transport;
use super::program::Program;
use super::search::{Decider, End};
use super::state::State;
use super::witness::witness;
use crate::catalogue::{ACCEPT, MARK, NOTRACK};
use crate::loc::Loc;
use crate::lower::{Rule, Table, emitted_name};
use crate::model::{Action, Chain, Match, Model, Value};
use crate::table::TableName;

/// How many assumptions, and how many jumps, are told; a list of more helps nobody.
const STEPS_TOLD: usize = 4;

/// A remark, and the place that it is about.
pub(super) type Note = (String, Option<Loc>);

/// What is known of the rules that the packet met.
pub(super) struct Teller<'a> {
    pub(super) model: &'a Model,
    /// By their stations.
    pub(super) tables: Vec<(&'a Table, &'a Program)>,
}

impl Teller<'_> {
    /// What happened on the way, and what ended it.
    pub(super) fn tell(&self, flow: &Flow, end: End) -> Vec<Note> {
        let steps = flow.steps();
        let mut notes: Vec<Note> = Vec::new();
        let (mut jumps, mut assumed) = (0, 0);
        // What is nearest to the end matters most.
        for step in steps.iter().rev() {
            let count = match step.event {
                Event::TakenToMatch | Event::TakenNotToMatch => &mut assumed,
                Event::Jump | Event::Return => &mut jumps,
                Event::Changed | Event::Accepted => &mut 0,
            };
            if *count == STEPS_TOLD {
                continue;
            }
            for note in self.step(step).into_iter().rev() {
                if !notes.contains(&note) {
                    *count += 1;
                    notes.push(note);
                }
            }
        }
        notes.reverse();
        notes.extend(self.end(end, &steps));
        notes
    }

    fn table(&self, at: RulePlace) -> &Table {
        self.tables[at.station].0
    }

    fn rule(&self, at: RulePlace) -> Option<&Rule> {
        self.table(at).chains[at.chain].rules.get(at.rule)
    }

    fn step(&self, step: &Step) -> Vec<Note> {
        let Some(rule) = self.rule(step.rule) else { return Vec::new() };
        let note = |text: String| vec![(text, Some(rule.loc))];
        match step.event {
            Event::Jump => match &rule.action {
                // A chain that the lowering made is part of its rule.
                Action::Jump(name) | Action::Goto(name) if !self.is_auxiliary(step.rule, name) => {
                    note(format!("it goes to `{name}` by this rule"))
                }
                _ => Vec::new(),
            },
            Event::Return => match &rule.action {
                Action::Goto(name) if !self.is_auxiliary(step.rule, name) => {
                    note(format!("it does not come back from `{name}`, since this is a `goto`"))
                }
                Action::Target { .. } if !self.table(step.rule).chains[step.rule.chain].auxiliary => {
                    note("it leaves the chain by this rule".into())
                }
                _ => Vec::new(),
            },
            Event::TakenToMatch | Event::TakenNotToMatch => self.assumptions(step, rule),
            Event::Changed => note(changed_by(rule)),
            Event::Accepted => {
                let is_accept =
                    matches!(&rule.action, Action::Target { extension, .. } if **extension == ACCEPT);
                let table = self.table(step.rule).name;
                if is_accept { note(format!("accepted in table `{table}` by this rule")) } else { Vec::new() }
            }
        }
    }

    /// What the rule's matches are taken to answer that the packet does not tell.
    fn assumptions(&self, step: &Step, rule: &Rule) -> Vec<Note> {
        let (table, program) = self.tables[step.rule.station];
        let packet = witness(&step.now, program);
        let changed = not_followed([table]);
        let asked =
            Asked { packet: &packet, state: State::new(packet.mark).with_changed(changed), variant: None };
        let not = if step.event == Event::TakenToMatch { "" } else { "not " };
        let open = rule.matches.iter().filter(|entry| asked.entry(entry) == Answer::Perhaps);
        let tell = |entry: &Match| {
            let note = if reads_transport(entry) && packet.later_fragment {
                format!(
                    "this rule is taken {not}to match: it asks for a header that a later fragment does not have"
                )
            } else {
                format!("`{}` of this rule is taken {not}to match", entry.extension.word())
            };
            (note, Some(rule.loc))
        };
        open.map(tell).collect()
    }

    fn is_auxiliary(&self, at: RulePlace, name: &str) -> bool {
        self.table(at).chain(name).is_some_and(|chain| chain.auxiliary)
    }

    fn end(&self, end: End, steps: &[&Step]) -> Vec<Note> {
        let at = |place: RulePlace| self.rule(place).map(|rule| rule.loc);
        match end {
            End::Top(Some(place)) => vec![("it comes there by this rule".into(), at(place))],
            End::Top(None) => vec![("every packet that comes to this table begins there".into(), None)],
            End::Verdict(verdict, Decider::Rule(place)) => {
                vec![(format!("{} by this rule", participle(verdict)), at(place))]
            }
            End::Verdict(_, Decider::Unknown(place)) => {
                let foreign =
                    self.rule(place).is_some_and(|rule| !matches!(rule.action, Action::Target { .. }));
                let note = if foreign {
                    "this rule goes to a foreign chain, whose rules are not known: it may decide anything"
                } else {
                    "nothing is known of the target of this rule: it may decide anything"
                };
                vec![(note.into(), at(place))]
            }
            End::Verdict(_, Decider::TinyFragment(place)) => {
                let note = "the legacy variant drops TCP fragments at offset 8 once it looks at a rule that asks \
                            for TCP ports or flags";
                vec![(note.into(), at(place))]
            }
            End::Verdict(_, Decider::ChainEnd { station, chain }) => vec![self.chain_end(station, chain)],
            End::Verdict(_, Decider::Nothing) => self.let_through(steps).into_iter().collect(),
        }
    }

    /// That the packet fell off the chain where its way through a table began.
    fn chain_end(&self, station: usize, chain: usize) -> Note {
        let table = self.tables[station].0;
        let Some(written) = self.written(table, chain) else {
            let name = &table.chains[chain].name;
            return (
                format!("no rule decides, and the policy does not write `{name}`, so it is accept"),
                None,
            );
        };
        let name = &written.name;
        match (&written.policy, written.hook()) {
            (_, Some(hook)) if self.model.ownership().hook_chain(hook).is_some() => (
                format!("no rule decides, so it goes on to the rules of others in {hook}"),
                Some(written.loc),
            ),
            (Some(policy), _) => {
                let word = policy.value.name().to_ascii_lowercase();
                (format!("no rule decides, and the policy of `{name}` is {word}"), Some(policy.loc))
            }
            (None, Some(_)) => (
                format!("no rule decides, and `{name}` states no policy, so it is accept"),
                Some(written.loc),
            ),
            (None, None) => (format!("no rule of `{name}` decides"), Some(written.loc)),
        }
    }

    /// That no rule refused the packet, if no rule accepted it where packets are filtered.
    fn let_through(&self, steps: &[&Step]) -> Option<Note> {
        let filtered =
            |step: &&&Step| step.event == Event::Accepted && self.table(step.rule).name == TableName::Filter;
        match steps.iter().rev().find(filtered) {
            Some(step) if self.rule(step.rule).is_some() => None,
            Some(step) => Some(self.chain_end(step.rule.station, step.rule.chain)),
            None => Some(("the policy has no rules in table `filter` that it comes to".into(), None)),
        }
    }

    /// The chain as the source has it.
    fn written(&self, table: &Table, chain: usize) -> Option<&Chain> {
        let name = &table.chains[chain].name;
        let mut chains = self.model.chains().iter();
        chains.find(|chain| chain.table == table.name && emitted_name(self.model, chain) == *name)
    }
}

/// What a rule makes of the packet.
fn changed_by(rule: &Rule) -> String {
    let Action::Target { extension, options } = &rule.action else {
        return "a foreign chain may change it here".into();
    };
    if *extension == &NOTRACK || options.iter().any(|option| option.spec.name == "notrack") {
        return "it is not tracked, by this rule".into();
    }
    let value = options.iter().flat_map(|option| option.values()).next();
    match value {
        Some(Value::Endpoint(endpoint)) => format!("it is sent to {endpoint} by this rule"),
        Some(Value::Masked(bits)) if **extension == MARK && bits.mask() == u32::MAX => {
            format!("its mark becomes {:#x} by this rule", bits.value)
        }
        _ => format!("`{}` of this rule changes it", extension.word()),
    }
}
