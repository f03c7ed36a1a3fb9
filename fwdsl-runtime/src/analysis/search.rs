//! The search for a packet of which a chain makes what must not become of it.
//!
//! A flow goes through a chain rule by rule; each rule cuts off what it decides. A part of which a
//! rule may be true goes both ways. Calls and returns are followed as such: what comes back from a
//! chain goes on behind the jump, and where nothing was lost on the way it goes on in one piece.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::flow::{Effect, Event, Flow, RulePlace, Step};
use super::program::{Action, Program};
use super::region::Region;
use super::walk::any_verdict;
use crate::catalogue::{self, DROP, Extension};

/// How deep chains may call each other; far more than loads.
const DEPTH_MAX: usize = 100;

/// Why a search ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// This becomes of these packets, and must not.
    Found(Box<Flow>, End),
    /// The budget is used up.
    Budget,
    /// Chains call each other deeper than loads anyway.
    Depth,
}

/// How the way of packets ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Verdict(&'static Extension, Decider),
    /// They come to the chain that is asked for; by this rule, if it is one.
    Top(Option<RulePlace>),
}

/// What gives a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decider {
    /// The target of a rule.
    Rule(RulePlace),
    /// What nothing is known of: a chain of others, or a target.
    Unknown(RulePlace),
    /// Legacy's care about small TCP fragments, in a rule that asks for TCP ports or flags.
    TinyFragment(RulePlace),
    /// The end of the chain where the way through the table began.
    ChainEnd { station: usize, chain: usize },
    /// Nothing: no rule refused it.
    Nothing,
}

/// What is asked of a chain that packets come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watch {
    /// Whether some do.
    Comers(usize),
    /// Whether some do not: those that come are not looked at any more.
    Others(usize),
}

impl End {
    /// The verdict, if it is one.
    pub(super) fn verdict(self) -> Option<&'static Extension> {
        match self {
            End::Verdict(verdict, _) => Some(verdict),
            End::Top(_) => None,
        }
    }
}

/// What is searched.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) program: &'a Program,
    /// What the rules change, by chain and rule; empty where that is not looked at.
    pub(super) effects: &'a [Vec<Effect>],
    pub(super) station: usize,
    pub(super) watch: Option<Watch>,
    /// Whether the flows tell what happened to them.
    pub(super) is_traced: bool,
}

/// What is done with packets that get a verdict.
pub(super) type Decide<'a> = dyn FnMut(End, Flow) -> Result<(), Stop> + 'a;

/// Sends packets into a chain. `decide` gets those that are decided; those that leave the chain at its end are
/// returned. Each part that a rule makes of a flow costs a step of `budget`.
pub(super) fn search(
    place: Place<'_>,
    chain: usize,
    flow: Flow,
    budget: &mut u64,
    decide: &mut Decide<'_>,
) -> Result<Vec<Flow>, Stop> {
    let mut search = Search { place, budget, decide, memo: BTreeMap::new() };
    Ok(search.walk(chain, flow, 0)?.flows)
}

/// Searches the packets that enter a chain for one whose verdict is `wanted`. `end` is the verdict of those that leave it
/// at its end.
pub(super) fn find_verdict(
    program: &Program,
    chain: usize,
    region: Region,
    end: &'static Extension,
    wanted: &dyn Fn(&Extension) -> bool,
    budget: &mut u64,
) -> Result<Option<(Region, Decider)>, Stop> {
    let place = Place { program, effects: &[], station: 0, watch: None, is_traced: false };
    let mut decide = |end: End, flow: Flow| match end {
        End::Verdict(verdict, _) if wanted(verdict) => Err(Stop::Found(Box::new(flow), end)),
        _ => Ok(()),
    };
    let found = search(place, chain, Flow::new(region), budget, &mut decide).and_then(|left| {
        let end = End::Verdict(end, Decider::ChainEnd { station: 0, chain });
        left.into_iter().try_for_each(|flow| decide(end, flow))
    });
    match found {
        Ok(()) => Ok(None),
        Err(Stop::Found(flow, End::Verdict(_, decider))) => Ok(Some((flow.now, decider))),
        Err(stop) => Err(stop),
    }
}

/// What leaves a chain towards its caller.
#[derive(Debug)]
struct Leaving {
    /// They may overlap.
    flows: Vec<Flow>,
    /// Whether that is all that came in, which is then in one piece.
    all: bool,
}

struct Search<'a> {
    place: Place<'a>,
    budget: &'a mut u64,
    decide: &'a mut Decide<'a>,
    /// What left a chain, by what entered it.
    memo: BTreeMap<(usize, Flow), Rc<Leaving>>,
}

impl Search<'_> {
    fn spend(&mut self, steps: usize) -> Result<(), Stop> {
        *self.budget = self.budget.checked_sub(steps as u64).ok_or(Stop::Budget)?;
        Ok(())
    }

    fn call(&mut self, chain: usize, flow: Flow, depth: usize) -> Result<Rc<Leaving>, Stop> {
        let key = (chain, flow);
        if let Some(leaving) = self.memo.get(&key) {
            return Ok(Rc::clone(leaving));
        }
        let leaving = Rc::new(self.walk(chain, key.1.clone(), depth)?);
        self.memo.insert(key, Rc::clone(&leaving));
        Ok(leaving)
    }

    fn walk(&mut self, chain: usize, entering: Flow, depth: usize) -> Result<Leaving, Stop> {
        if depth > DEPTH_MAX {
            return Err(Stop::Depth);
        }
        let Place { program, effects, is_traced, station, .. } = self.place;
        let mut here = vec![entering.clone()];
        let mut leaving = Leaving { flows: Vec::new(), all: true };
        for (number, rule) in program.chains[chain].iter().enumerate() {
            if here.is_empty() {
                break;
            }
            let effect =
                effects.get(chain).map(|effects| &effects[number]).filter(|effect| !effect.is_none());
            if rule.action == Action::Pass && !rule.test.drops_tiny_fragments && effect.is_none() {
                continue;
            }
            let at = RulePlace { station, chain, rule: number };
            let mut next = Vec::with_capacity(here.len());
            for flow in here {
                if let Some(small) = rule.test.tiny_fragments(&flow.now).into_iter().next() {
                    (self.decide)(End::Verdict(&DROP, Decider::TinyFragment(at)), flow.part(small))?;
                }
                let division = rule.test.divide(&flow.now);
                self.spend(division.parts())?;
                let mut doing = Doing { at, effect, depth, leaving: &mut leaving };
                let mut over = Vec::with_capacity(division.perhaps.len());
                for part in division.perhaps {
                    let part = flow.part(part);
                    let taken = part.after(is_traced, at, Event::TakenToMatch);
                    // What may match may also not, so all of it goes on anyway; beside it what was changed.
                    let matters = match self.act(rule.action, &taken, &mut doing)? {
                        Passed::All => false,
                        Passed::Some(flows) => {
                            let matters = !flows.iter().any(|other| other.covers(&part));
                            let changed = flows.into_iter().filter(|other| !part.covers(other));
                            let before = next.len();
                            next.extend(changed);
                            doing.leaving.all &= next.len() == before;
                            matters
                        }
                        Passed::Left | Passed::Decided => true,
                    };
                    over.push(part.after(is_traced && matters, at, Event::TakenNotToMatch));
                }
                let mut back = Vec::new();
                let mut lost = is_traced;
                for part in division.yes {
                    let part = flow.part(part);
                    match self.act(rule.action, &part, &mut doing)? {
                        Passed::All => back.push(part),
                        Passed::Some(flows) => {
                            (lost, doing.leaving.all) = (true, false);
                            back.extend(flows);
                        }
                        Passed::Left => lost = true,
                        Passed::Decided => (lost, doing.leaving.all) = (true, false),
                    }
                }
                if lost {
                    next.extend(division.no.into_iter().map(|part| flow.part(part)));
                    next.extend(over);
                    next.extend(back);
                } else {
                    next.push(flow);
                }
            }
            here = next;
        }
        if leaving.all && !is_traced && leaving.flows.iter().all(|flow| entering.covers(flow)) {
            leaving.flows = vec![entering];
        } else {
            leaving.flows.append(&mut here);
            thin(&mut leaving.flows, self.budget)?;
        }
        Ok(leaving)
    }

    /// Does what a rule says with packets that it matches.
    fn act(&mut self, action: Action, part: &Flow, doing: &mut Doing<'_>) -> Result<Passed, Stop> {
        let Doing { at, effect, depth, .. } = *doing;
        let is_traced = self.place.is_traced;
        let changed = || effect.map(|effect| part.after(is_traced, at, Event::Changed).changed_by(effect));
        let leave = |flow: &Flow| flow.after(is_traced, at, Event::Return);
        match action {
            Action::Pass => Ok(changed().map_or(Passed::All, |changed| Passed::Some(vec![changed]))),
            Action::Verdict(verdict) => {
                let flow = changed().unwrap_or_else(|| part.clone());
                (self.decide)(End::Verdict(verdict, Decider::Rule(at)), flow.clone())?;
                // What it may let go on, it may have changed.
                let may_go_on = verdict.flow == catalogue::Flow::MayEnd;
                Ok(if may_go_on { Passed::Some(vec![flow]) } else { Passed::Decided })
            }
            Action::Return => {
                doing.leaving.flows.push(leave(part));
                Ok(Passed::Left)
            }
            Action::Unknown => {
                self.decide_anyhow(part, at)?;
                doing.leaving.flows.push(leave(part));
                let Some(changed) = changed() else { return Ok(Passed::All) };
                self.decide_anyhow(&changed, at)?;
                doing.leaving.flows.push(leave(&changed));
                Ok(Passed::Some(vec![part.clone(), changed]))
            }
            Action::JumpAway => {
                self.decide_anyhow(part, at)?;
                let Some(changed) = changed() else { return Ok(Passed::All) };
                self.decide_anyhow(&changed, at)?;
                Ok(Passed::Some(vec![part.clone(), changed]))
            }
            Action::GotoAway => {
                self.decide_anyhow(part, at)?;
                doing.leaving.flows.push(leave(part));
                let Some(changed) = changed() else { return Ok(Passed::Left) };
                self.decide_anyhow(&changed, at)?;
                doing.leaving.flows.push(leave(&changed));
                Ok(Passed::Left)
            }
            Action::Jump(chain) | Action::Goto(chain) => {
                match self.place.watch {
                    Some(Watch::Comers(wanted)) if wanted == chain => {
                        (self.decide)(End::Top(Some(at)), part.clone())?;
                    }
                    Some(Watch::Others(wanted)) if wanted == chain => return Ok(Passed::Decided),
                    _ => {}
                }
                let inside = part.after(is_traced, at, Event::Jump);
                let back = self.call(chain, inside, depth + 1)?;
                if let Action::Jump(_) = action {
                    if back.all && !is_traced {
                        return Ok(Passed::All);
                    }
                    let flows = back.flows.iter().map(|flow| come_back(part, flow));
                    return Ok(Passed::Some(flows.collect()));
                }
                doing.leaving.flows.extend(back.flows.iter().map(leave));
                Ok(if back.all { Passed::Left } else { Passed::Decided })
            }
        }
    }

    /// Takes every verdict for possible.
    fn decide_anyhow(&mut self, flow: &Flow, at: RulePlace) -> Result<(), Stop> {
        for verdict in any_verdict() {
            (self.decide)(End::Verdict(verdict, Decider::Unknown(at)), flow.clone())?;
        }
        Ok(())
    }
}

/// Drops flows that another one covers, which would only double the work behind.
pub(super) fn thin(flows: &mut Vec<Flow>, budget: &mut u64) -> Result<(), Stop> {
    let mut kept: Vec<Flow> = Vec::with_capacity(flows.len());
    for flow in flows.drain(..) {
        let steps = 1 + kept.len() as u64 / 8;
        *budget = budget.checked_sub(steps).ok_or(Stop::Budget)?;
        if !kept.iter().any(|other| other.covers(&flow)) {
            kept.retain(|other| !flow.covers(other));
            kept.push(flow);
        }
    }
    *flows = kept;
    Ok(())
}

/// Of what happened in a chain that packets came back from, only what was assumed and changed matters behind, and a
/// rule by which they left it.
fn come_back(part: &Flow, back: &Flow) -> Flow {
    let mut flow = back.clone();
    flow.path = part.path.clone();
    let steps = back.steps();
    let inside = &steps[part.steps().len().min(steps.len())..];
    let left = inside.iter().any(|step| step.event == Event::Return);
    for step in inside.iter().filter(|step| left || !matches!(step.event, Event::Jump | Event::Return)) {
        flow.path = Some(Rc::new(Step { earlier: flow.path.take(), ..(*step).clone() }));
    }
    flow
}

/// Where a rule stands, and what it is to be done with.
struct Doing<'a> {
    at: RulePlace,
    effect: Option<&'a Effect>,
    depth: usize,
    leaving: &'a mut Leaving,
}

/// What of the packets that a rule matched comes to the next rule.
enum Passed {
    /// All of them.
    All,
    /// These; the rest was decided on the way, or changed.
    Some(Vec<Flow>),
    /// None: all go back to the caller.
    Left,
    /// None: some were decided.
    Decided,
}
