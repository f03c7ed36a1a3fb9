//! The way on which a packet gets a verdict, told to people.

use super::evaluate::{Answer, Ends, Walk, any_verdict, falling_off};
use super::meaning::reads_transport;
use super::packet::Packet;
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
    let mut tracer = Tracer { walk: Walk::new(table, packet), packet, wanted, assumed: Vec::new() };
    let ends = tracer.walk.ends(chain);
    let goal = if tracer.gives(&ends) {
        Goal::Verdict
    } else if ends.returns && wanted(falling_off(&table.chains[chain])) {
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
    walk: Walk<'a>,
    packet: &'a Packet,
    wanted: &'a dyn Fn(&Extension) -> bool,
    assumed: Vec<Assumed>,
}

impl Tracer<'_> {
    fn gives(&self, ends: &Ends) -> bool {
        ends.verdicts.iter().any(|verdict| (self.wanted)(verdict))
    }

    fn reaches(&self, ends: &Ends, goal: Goal) -> bool {
        match goal {
            Goal::Verdict => self.gives(ends),
            Goal::Return => ends.returns,
        }
    }

    /// Leads the packet from the top of a chain to the goal, which must be known to be in reach.
    /// It takes the first rule that can do it, and lets every other by that can be let by.
    fn lead(&mut self, chain: usize, goal: Goal) -> Option<Decided> {
        let table = self.walk.table;
        for rule in &table.chains[chain].rules {
            let drops = goal == Goal::Verdict && (self.wanted)(&DROP);
            if drops && self.walk.may_drop_tiny_fragment(rule) {
                return Some(Decided::TinyFragment(rule.loc));
            }
            let answer = self.walk.answer(rule);
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
                Action::Jump(name) | Action::Goto(name) => match self.walk.chain(name) {
                    Some(target) => (Some(target), matches!(rule.action, Action::Goto(_))),
                    None => continue,
                },
            };
            let inside = target.map(|target| self.walk.ends(target)).unwrap_or_default();
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
                (_, Some(target)) if inside.returns && !is_goto => {
                    self.lead(target, Goal::Return)?;
                }
                _ => return None,
            }
        }
        (goal == Goal::Return).then_some(Decided::End)
    }

    /// Notes what the rule's matches are taken to answer that the packet does not tell.
    fn assume(&mut self, rule: &Rule, matches: bool) {
        let open = rule.matches.iter().filter(|entry| self.walk.match_answer(entry) == Answer::Perhaps);
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
