//! A packet's way through the chains of a table.

use std::rc::Rc;

use super::answer::{Answer, Asked};
use super::packet::Packet;
use super::state::{State, add_state};
use crate::catalogue::{self, ACCEPT, Aspects, DROP, Extension, Flow, RAW, RETURN};
use crate::lower::{Chain, Rule, Table};
use crate::model::{Action, ChainPolicy, OptionUse};
use crate::variant::Variant;

/// The verdict on a packet that leaves a chain at its end.
pub(super) fn falling_off(chain: &Chain) -> &'static Extension {
    match chain.policy {
        Some(ChainPolicy::Accept) => &ACCEPT,
        Some(ChainPolicy::Drop) => &DROP,
        None => &RETURN,
    }
}

/// Every verdict that ends a packet's way: what a chain can give of which nothing is known.
pub(super) fn any_verdict() -> impl Iterator<Item = &'static Extension> {
    catalogue::targets().filter(|target| target.flow != Flow::Continues && **target != RETURN)
}

/// How a packet's way through a chain can end.
#[derive(Debug, Default)]
pub(super) struct Ends<'a> {
    pub(super) verdicts: Vec<Given<'a>>,
    /// What it can be as it comes back to the caller; nothing if it never does.
    pub(super) returns: Vec<State>,
}

/// A verdict, and what the packet is then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) verdict: &'static Extension,
    pub(super) options: &'a [OptionUse],
    pub(super) state: State,
}

/// How much is recorded: chains that call each other many times over would fill any memory.
const RECORD_MAX: usize = 100_000;

/// Something that a packet meets in a chain, for those who want to know.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) chain: usize,
    /// How many jumps it has followed to come here, without those of which it came back.
    pub(super) depth: usize,
    /// Whether every way of the packet leads here.
    pub(super) certain: bool,
    /// What the packet can be here.
    pub(super) states: Vec<State>,
    pub(super) what: Thing,
}

/// What is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    Rule {
        index: usize,
        answer: Answer,
        /// Whether the packet may be thrown away while the rule is looked at.
        tiny: bool,
    },
    /// The end of the chain, from which it goes back or to the policy.
    End,
}

/// A packet on its way through a table. Unless its way is recorded, each chain is evaluated once for each form that the
/// packet has as it comes there.
pub(super) struct Walk<'a, 'p> {
    pub(super) table: &'a Table,
    packet: &'p Packet,
    variant: Option<Variant>,
    /// For each chain how the packet's way ended there.
    memo: Vec<Vec<(Vec<State>, Rc<Ends<'a>>)>>,
    /// The chains that the packet is in: it does not enter one again, as no rules that load let it.
    active: Vec<bool>,
    /// What it meets, if that is wanted.
    record: Option<Vec<Met>>,
    depth: usize,
    certain: bool,
}

impl<'a, 'p> Walk<'a, 'p> {
    pub(super) fn new(table: &'a Table, packet: &'p Packet, variant: Option<Variant>) -> Walk<'a, 'p> {
        Walk {
            table,
            packet,
            variant,
            memo: (0..table.chains.len()).map(|_| Vec::new()).collect(),
            active: vec![false; table.chains.len()],
            record: None,
            depth: 0,
            certain: true,
        }
    }

    /// The same, with a record of what the packet meets.
    pub(super) fn recorded(
        table: &'a Table,
        packet: &'p Packet,
        variant: Option<Variant>,
        certain: bool,
    ) -> Walk<'a, 'p> {
        Walk { record: Some(Vec::new()), certain, ..Walk::new(table, packet, variant) }
    }

    /// Whether there was more to be met than is recorded.
    pub(super) fn is_full(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.len() >= RECORD_MAX)
    }

    /// What was recorded.
    pub(super) fn into_record(self) -> Vec<Met> {
        self.record.unwrap_or_default()
    }

    pub(super) fn asked(&self, state: State) -> Asked<'p> {
        Asked { packet: self.packet, state, variant: self.variant }
    }

    /// How the packet's way can end that enters a chain as one of these.
    pub(super) fn ends(&mut self, chain: usize, entering: Vec<State>) -> Rc<Ends<'a>> {
        if self.active[chain] {
            return Rc::default();
        }
        let known = self.memo[chain].iter().find(|(states, _)| *states == entering);
        if let Some((_, ends)) = known.filter(|_| self.record.is_none() || self.is_full()) {
            return Rc::clone(ends);
        }
        self.active[chain] = true;
        let ends = Rc::new(self.through(chain, entering.clone()));
        self.active[chain] = false;
        if !self.memo[chain].iter().any(|(states, _)| *states == entering) {
            self.memo[chain].push((entering, Rc::clone(&ends)));
        }
        ends
    }

    fn through(&mut self, chain: usize, entering: Vec<State>) -> Ends<'a> {
        let table = self.table;
        let mut ends = Ends::default();
        let mut here = entering;
        for (index, rule) in table.chains[chain].rules.iter().enumerate() {
            let before = if self.record.is_some() { here.clone() } else { Vec::new() };
            let tiny = self.drop_tiny_fragments(rule, &here, &mut ends);
            // Those that it may match are taken, those that it may not match stay.
            let mut taken: Vec<State> = Vec::new();
            let (mut least, mut most) = (Answer::Yes, Answer::No);
            here.retain(|state| {
                let asked = Asked { packet: self.packet, state: *state, variant: self.variant };
                let answer = asked.rule(rule);
                (least, most) = (least.min(answer), most.max(answer));
                if answer != Answer::No {
                    taken.push(*state);
                }
                answer != Answer::Yes
            });
            let answer = if least == most { least } else { Answer::Perhaps };
            self.note(chain, before, Thing::Rule { index, answer, tiny });
            self.certain &= !tiny;
            if !taken.is_empty() {
                let was_certain = self.certain;
                self.certain &= answer == Answer::Yes;
                let gone = self.act(&rule.action, taken, &mut here, &mut ends);
                self.certain = was_certain && !gone;
            }
            if here.is_empty() {
                return ends;
            }
        }
        self.note(chain, here.clone(), Thing::End);
        here.into_iter().for_each(|state| add_state(&mut ends.returns, state));
        ends
    }

    /// Does what a rule says with a packet that it matches: adds what it can be at the next rule, and tells whether it may
    /// not come there.
    fn act(
        &mut self,
        action: &'a Action,
        taken: Vec<State>,
        next: &mut Vec<State>,
        ends: &mut Ends<'a>,
    ) -> bool {
        match action {
            Action::Target { extension, options } if extension.flow == Flow::Continues => {
                for state in taken {
                    let tracking = self.asked(state).known_tracking();
                    add_state(next, state.after_in(tracking, extension, options));
                }
                false
            }
            Action::Target { extension, .. } if **extension == RETURN => {
                taken.into_iter().for_each(|state| add_state(&mut ends.returns, state));
                true
            }
            Action::Target { extension, .. } if **extension == RAW => {
                for state in taken {
                    let state = state.with_changed(Aspects::ALL);
                    ends.give_anything(state);
                    add_state(&mut ends.returns, state);
                    add_state(next, state);
                }
                true
            }
            Action::Target { extension, options } => {
                for state in taken {
                    ends.give(Given { verdict: extension, options, state });
                    if extension.flow == Flow::MayEnd {
                        add_state(next, state.after(extension, options));
                    }
                }
                true
            }
            Action::Jump(name) | Action::Goto(name) => {
                let is_goto = matches!(action, Action::Goto(_));
                if self.table.is_foreign(name) {
                    let changes = catalogue::changes_in(self.table.name);
                    for state in taken {
                        let state = state.with_changed(changes);
                        ends.give_anything(state);
                        add_state(if is_goto { &mut ends.returns } else { next }, state);
                    }
                    return true;
                }
                let Some(target) = self.table.position(name) else {
                    taken.into_iter().for_each(|state| add_state(next, state));
                    return false;
                };
                self.depth += 1;
                let inner = self.ends(target, taken);
                self.depth -= 1;
                inner.verdicts.iter().for_each(|given| ends.give(*given));
                let back = if is_goto { &mut ends.returns } else { next };
                inner.returns.iter().for_each(|state| add_state(back, *state));
                is_goto || !inner.verdicts.is_empty() || inner.returns.is_empty()
            }
        }
    }

    /// Adds that the packet may be thrown away while a rule is looked at, if that is so.
    fn drop_tiny_fragments(&self, rule: &Rule, here: &[State], ends: &mut Ends<'a>) -> bool {
        if !self.packet.later_fragment {
            return false;
        }
        let mut may = false;
        for state in here.iter().filter(|state| self.asked(**state).may_drop_tiny_fragment(rule)) {
            ends.give(Given { verdict: &DROP, options: &[], state: *state });
            may = true;
        }
        may
    }

    fn note(&mut self, chain: usize, states: Vec<State>, what: Thing) {
        let (depth, certain) = (self.depth, self.certain);
        if let Some(record) = &mut self.record
            && record.len() < RECORD_MAX
        {
            record.push(Met { chain, depth, certain, states, what });
        }
    }
}

impl<'a> Ends<'a> {
    fn give(&mut self, given: Given<'a>) {
        // The same target with the same options is the same to whoever asks, and there are few.
        let same = |other: &Given<'a>| {
            other.verdict == given.verdict
                && other.state == given.state
                && std::ptr::eq(other.options, given.options)
        };
        if !self.verdicts.iter().any(same) {
            self.verdicts.push(given);
        }
    }

    fn give_anything(&mut self, state: State) {
        any_verdict().for_each(|verdict| self.give(Given { verdict, options: &[], state }));
    }
}
