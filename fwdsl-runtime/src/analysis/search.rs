//! The search for a packet that a chain gives a verdict that must not be.
//!
//! A region goes through a chain rule by rule; each rule cuts off what it decides. A part of which a
//! rule may be true goes both ways. Calls and returns are followed as such: what comes back from a
//! chain goes on behind the jump, and where nothing was lost on the way it goes on in one piece.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::program::{Action, Program};
use super::region::Region;
use super::walk::any_verdict;
use crate::catalogue::{DROP, Extension};

/// How deep chains may call each other; far more than loads.
const DEPTH_MAX: usize = 100;

/// Why a search ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// These packets can all get this verdict, which is looked for.
    Found(Box<Region>, &'static Extension),
    /// The budget is used up.
    Budget,
    /// Chains call each other deeper than loads anyway.
    Depth,
}

/// Searches the packets that enter a chain for one whose verdict is `wanted`. `end` is the
/// verdict of those that leave it at its end. Each part that a rule makes of a region costs a step
/// of `budget`.
pub(super) fn search(
    program: &Program,
    chain: usize,
    region: Region,
    end: &'static Extension,
    wanted: &dyn Fn(&Extension) -> bool,
    budget: &mut u64,
) -> Result<(), Stop> {
    let mut search = Search { program, wanted, budget, memo: BTreeMap::new() };
    let leaving = search.walk(chain, region, 0)?;
    match leaving.regions.first() {
        Some(region) if wanted(end) => Err(Stop::Found(Box::new(region.clone()), end)),
        _ => Ok(()),
    }
}

/// What leaves a chain towards its caller.
#[derive(Debug)]
struct Leaving {
    /// They may overlap.
    regions: Vec<Region>,
    /// Whether that is all that came in, which is then in one piece.
    all: bool,
}

struct Search<'a> {
    program: &'a Program,
    wanted: &'a dyn Fn(&Extension) -> bool,
    budget: &'a mut u64,
    /// What left a chain, by what entered it.
    memo: BTreeMap<(usize, Region), Rc<Leaving>>,
}

impl Search<'_> {
    fn spend(&mut self, steps: usize) -> Result<(), Stop> {
        *self.budget = self.budget.checked_sub(steps as u64).ok_or(Stop::Budget)?;
        Ok(())
    }

    fn call(&mut self, chain: usize, region: Region, depth: usize) -> Result<Rc<Leaving>, Stop> {
        let key = (chain, region);
        if let Some(leaving) = self.memo.get(&key) {
            return Ok(Rc::clone(leaving));
        }
        let leaving = Rc::new(self.walk(chain, key.1.clone(), depth)?);
        self.memo.insert(key, Rc::clone(&leaving));
        Ok(leaving)
    }

    fn walk(&mut self, chain: usize, entering: Region, depth: usize) -> Result<Leaving, Stop> {
        if depth > DEPTH_MAX {
            return Err(Stop::Depth);
        }
        let program = self.program;
        let mut here = vec![entering.clone()];
        let mut leaving = Leaving { regions: Vec::new(), all: true };
        for rule in &program.chains[chain] {
            if here.is_empty() {
                break;
            }
            if rule.action == Action::Pass && !rule.test.drops_tiny_fragments {
                continue;
            }
            let mut next = Vec::with_capacity(here.len());
            for region in here {
                if let Some(small) = rule.test.tiny_fragments(&region).first() {
                    self.decide(&DROP, small)?;
                }
                let division = rule.test.divide(&region);
                self.spend(division.parts())?;
                for part in &division.perhaps {
                    // What may match may also not, so all of it goes on anyway.
                    self.act(rule.action, part, depth, &mut leaving)?;
                }
                let mut back = Vec::new();
                let mut lost = false;
                for part in &division.yes {
                    match self.act(rule.action, part, depth, &mut leaving)? {
                        Passed::All => back.push(part.clone()),
                        Passed::Some(regions) => {
                            (lost, leaving.all) = (true, false);
                            back.extend(regions);
                        }
                        Passed::Left => lost = true,
                        Passed::Decided => (lost, leaving.all) = (true, false),
                    }
                }
                if lost {
                    next.extend(division.no);
                    next.extend(division.perhaps);
                    next.extend(back);
                } else {
                    next.push(region);
                }
            }
            here = next;
        }
        if leaving.all {
            leaving.regions = vec![entering];
        } else {
            leaving.regions.append(&mut here);
            self.thin(&mut leaving.regions)?;
        }
        Ok(leaving)
    }

    /// Does what a rule says with packets that it matches.
    fn act(
        &mut self,
        action: Action,
        part: &Region,
        depth: usize,
        leaving: &mut Leaving,
    ) -> Result<Passed, Stop> {
        match action {
            Action::Pass => Ok(Passed::All),
            Action::Verdict(verdict) => {
                self.decide(verdict, part)?;
                Ok(Passed::Decided)
            }
            Action::Return => {
                leaving.regions.push(part.clone());
                Ok(Passed::Left)
            }
            Action::Unknown => {
                self.decide_anyhow(part)?;
                leaving.regions.push(part.clone());
                Ok(Passed::All)
            }
            Action::JumpAway => {
                self.decide_anyhow(part)?;
                Ok(Passed::All)
            }
            Action::GotoAway => {
                self.decide_anyhow(part)?;
                leaving.regions.push(part.clone());
                Ok(Passed::Left)
            }
            Action::Jump(chain) => {
                let back = self.call(chain, part.clone(), depth + 1)?;
                if back.all {
                    return Ok(Passed::All);
                }
                Ok(Passed::Some(back.regions.clone()))
            }
            Action::Goto(chain) => {
                let back = self.call(chain, part.clone(), depth + 1)?;
                leaving.regions.extend(back.regions.iter().cloned());
                Ok(if back.all { Passed::Left } else { Passed::Decided })
            }
        }
    }

    /// Takes every verdict for possible.
    fn decide_anyhow(&self, region: &Region) -> Result<(), Stop> {
        any_verdict().try_for_each(|verdict| self.decide(verdict, region))
    }

    fn decide(&self, verdict: &'static Extension, region: &Region) -> Result<(), Stop> {
        if (self.wanted)(verdict) { Err(Stop::Found(Box::new(region.clone()), verdict)) } else { Ok(()) }
    }

    /// Drops regions that another one covers, which would only double the work behind.
    fn thin(&mut self, regions: &mut Vec<Region>) -> Result<(), Stop> {
        let mut kept: Vec<Region> = Vec::with_capacity(regions.len());
        for region in regions.drain(..) {
            self.spend(1 + kept.len() / 8)?;
            if !kept.iter().any(|other| other.covers(&region)) {
                kept.retain(|other| !region.covers(other));
                kept.push(region);
            }
        }
        *regions = kept;
        Ok(())
    }
}

/// What of the packets that a rule matched comes to the next rule.
enum Passed {
    /// All of them.
    All,
    /// These; the rest was decided on the way.
    Some(Vec<Region>),
    /// None: all go back to the caller.
    Left,
    /// None: some were decided.
    Decided,
}
