//! The way on which a packet gets a verdict, told to people.

use super::answer::Answer;
use std::rc::Rc;

use super::meaning::{changes, reads_transport};
use super::packet::Packet;
use super::state::State;
use super::walk::{Ends, Walk, any_verdict, falling_off};
use crate::catalogue::{DROP, Extension, Flow, RAW, RETURN};
use crate::loc::Loc;
use crate::lower::{Rule, Table};
use crate::model::Action;

/// A packet's way to a verdict.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    pub(super) decided: Decided,
    /// What was assumed of matches whose answer the packet does not tell.
    pub(super) assumed: Vec<Assumed>,
}

/// What gave the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decided {
    /// The target of a rule.
    Rule(Loc),
    /// A chain of others, of which nothing is known.
    Others(Loc),
    /// Legacy's care about small TCP fragments, in a rule that asks for TCP ports or flags.
    TinyFragment(Loc),
    /// A RETURN from the chain, or a fall off a chain that it went to.
    Return(Loc),
    /// The end of the chain.
    End,
}

/// An answer that was assumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assumed {
    pub(super) loc: Loc,
    pub(super) matches: bool,
    /// The match that the rule asks, as the language calls it.
    pub(super) word: String,
    /// Whether it is asked for a transport header that the packet does not have.
    pub(super) of_fragment: bool,
}

/// A way on which the packet gets a verdict that is `wanted`, if there is one.
pub(super) fn trace(
    table: &Table,
    chain: usize,
    packet: &Packet,
    wanted: &dyn Fn(&Extension) -> bool,
) -> Option<Trace> {
    // Whatever a target of the table changes is not known here, as it is not in the search.
    let state = State::without(changes(table));
    let walk = Walk::new(table, packet, None);
    let mut tracer = Tracer { walk, packet, state, wanted, assumed: Vec::new() };
    let ends = tracer.ends(chain);
    let goal = if ends.has(wanted) {
        Goal::Verdict
    } else if !ends.returns.is_empty() && wanted(falling_off(&table.chains[chain])) {
        Goal::Return
    } else {
        return None;
    };
    let decided = tracer.lead(chain, goal)?;
    Some(Trace { decided, assumed: tracer.assumed })
}

/// Where a packet is to be led.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// To a verdict that is wanted.
    Verdict,
    /// Back to the caller.
    Return,
}

struct Tracer<'a> {
    walk: Walk<'a, 'a>,
    packet: &'a Packet,
    state: State,
    wanted: &'a dyn Fn(&Extension) -> bool,
    assumed: Vec<Assumed>,
}

impl<'a> Tracer<'a> {
    fn ends(&mut self, chain: usize) -> Rc<Ends<'a>> {
        self.walk.ends(chain, vec![self.state])
    }

    fn reaches(&self, ends: &Ends<'_>, goal: Goal) -> bool {
        match goal {
            Goal::Verdict => ends.has(self.wanted),
            Goal::Return => !ends.returns.is_empty(),
        }
    }

    /// Leads the packet from the top of a chain to the goal, which must be known to be in reach.
    /// It takes the first rule that can do it, and lets every other by that can be let by.
    fn lead(&mut self, chain: usize, goal: Goal) -> Option<Decided> {
        let table = self.walk.table;
        for rule in &table.chains[chain].rules {
            let asked = self.walk.asked(self.state);
            let drops = goal == Goal::Verdict && (self.wanted)(&DROP);
            if drops && asked.may_drop_tiny_fragment(rule) {
                return Some(Decided::TinyFragment(rule.loc));
            }
            let answer = asked.rule(rule);
            if answer == Answer::No {
                continue;
            }
            let (target, is_goto) = match &rule.action {
                Action::Target { extension, .. } if extension.flow == Flow::Continues => continue,
                Action::Target { extension, .. } if **extension == RAW => {
                    if goal == Goal::Return {
                        self.assume(rule, true);
                        return Some(Decided::Return(rule.loc));
                    }
                    if any_verdict().any(|verdict| (self.wanted)(verdict)) {
                        self.assume(rule, true);
                        return Some(Decided::Others(rule.loc));
                    }
                    continue;
                }
                Action::Target { extension, .. } => {
                    let returns = **extension == RETURN;
                    if returns && goal == Goal::Return {
                        self.assume(rule, true);
                        return Some(Decided::Return(rule.loc));
                    }
                    if !returns && goal == Goal::Verdict && (self.wanted)(extension) {
                        self.assume(rule, true);
                        return Some(Decided::Rule(rule.loc));
                    }
                    if extension.flow == Flow::MayEnd {
                        continue;
                    }
                    (None, false)
                }
                Action::Jump(name) | Action::Goto(name) if self.walk.table.is_foreign(name) => {
                    let is_goto = matches!(rule.action, Action::Goto(_));
                    if goal == Goal::Verdict && any_verdict().any(|verdict| (self.wanted)(verdict)) {
                        self.assume(rule, true);
                        return Some(Decided::Others(rule.loc));
                    }
                    if goal == Goal::Return && is_goto {
                        self.assume(rule, true);
                        return Some(Decided::Return(rule.loc));
                    }
                    if is_goto && answer == Answer::Yes {
                        return None;
                    }
                    if answer == Answer::Perhaps {
                        self.assume(rule, false);
                    }
                    continue;
                }
                Action::Jump(name) | Action::Goto(name) => match self.walk.table.position(name) {
                    Some(target) => (Some(target), matches!(rule.action, Action::Goto(_))),
                    None => continue,
                },
            };
            let inside = target.map(|target| self.ends(target)).unwrap_or_default();
            if let Some(target) = target
                && (is_goto || goal == Goal::Verdict)
                && self.reaches(&inside, goal)
            {
                self.assume(rule, true);
                let decided = self.lead(target, goal)?;
                return Some(if decided == Decided::End { Decided::Return(rule.loc) } else { decided });
            }
            match (answer, target) {
                (Answer::Perhaps, _) => self.assume(rule, false),
                (_, Some(target)) if !inside.returns.is_empty() && !is_goto => {
                    self.lead(target, Goal::Return)?;
                }
                _ => return None,
            }
        }
        (goal == Goal::Return).then_some(Decided::End)
    }

    /// Notes what the rule's matches are taken to answer that the packet does not tell.
    fn assume(&mut self, rule: &Rule, matches: bool) {
        let open =
            rule.matches.iter().filter(|entry| self.walk.asked(self.state).entry(entry) == Answer::Perhaps);
        for entry in open {
            let assumed = Assumed {
                loc: rule.loc,
                matches,
                word: entry.extension.word(),
                of_fragment: reads_transport(entry) && self.packet.later_fragment,
            };
            if !self.assumed.contains(&assumed) {
                self.assumed.push(assumed);
            }
        }
    }
}
