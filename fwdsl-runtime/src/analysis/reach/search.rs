//! The search for a packet that comes to a rule.

use std::rc::Rc;

use super::cube::Cube;
use super::prepare::{Chain, Prepared};
use crate::analysis::program::Action;

/// How deep chains may call each other; far more than loads.
const DEPTH_MAX: u32 = 100;

/// The steps of a search in the order of the rules.
const STEPS_IN_ORDER: u64 = 400;

/// From where packets come to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analysis) enum Scope {
    /// From the hooks, on any way that leads there.
    Hooks,
    /// From the top of the chain that its rule of the source stands in, whatever comes there.
    Chain,
}

/// What is known of a rule.
#[derive(Debug)]
pub(in crate::analysis) enum Reach {
    /// These packets, as they come to the rule.
    Reached(Box<Cube>),
    /// None; these rules, each by chain and place, take all that would.
    Never(Vec<(usize, usize)>),
    /// The search takes more steps than it may.
    NotDecided,
}

/// A set of packets on its way.
#[derive(Debug)]
struct State {
    cube: Cube,
    frame: u32,
    /// How many of the frame's areas are passed.
    passed: usize,
}

/// A chain that packets go through.
#[derive(Debug)]
struct Frame {
    chain: usize,
    /// The areas that the packets can meet: these, or else all that are walked.
    candidates: Option<Rc<[u32]>>,
    /// Where what comes back goes on: a frame and its place there. `None` in a chain that leads to the rule.
    back: Option<(u32, usize)>,
    /// The rule where the packets are to come to, in a chain that leads to the rule.
    goal: u32,
    /// The rule of such a chain that led here, itself the chain's.
    cause: (u32, u32),
    depth: u32,
    /// What the rule that is looked for, and those that lead to it, ask beside what is modelled.
    atoms: Rc<[u32]>,
}

struct Search<'a> {
    prepared: &'a Prepared<'a>,
    scope: Scope,
    /// The rules that may take packets in the chains that lead to the rule, if not all.
    only: Option<&'a [(usize, usize)]>,
    /// Whether the rules that take most come first, not those that stand first. What rules of one chain take together does
    /// not depend on their order.
    by_size: bool,
    frames: Vec<Frame>,
    open: Vec<State>,
    causes: Vec<(usize, usize)>,
    budget: u64,
}

/// Why a search ends before all is looked through.
enum Stop {
    Found(Box<Cube>),
    NotDecided,
}

impl Prepared<'_> {
    /// Looks for a packet that comes to a rule and that it may match; if `only` is given, as if in the chains that lead
    /// to the rule these rules alone were in the way. Each part of the packets costs a step of the budget with each rule that it
    /// meets.
    pub(in crate::analysis) fn reach(
        &self,
        (chain, rule): (usize, usize),
        scope: Scope,
        only: Option<&[(usize, usize)]>,
        budget: &mut u64,
    ) -> Reach {
        self.search((chain, rule), scope, only, &self.anything, budget)
    }

    /// Looks for a packet out of a cube that comes from a hook to a rule and that it may match.
    pub(super) fn reach_with(&self, rule: (usize, usize), cube: &Cube, budget: &mut u64) -> Reach {
        self.search(rule, Scope::Hooks, None, cube, budget)
    }

    fn search(
        &self,
        rule: (usize, usize),
        scope: Scope,
        only: Option<&[(usize, usize)]>,
        cube: &Cube,
        budget: &mut u64,
    ) -> Reach {
        // Most rules are reached on the way on which one looks first. Where that is a maze, it is worth the while to
        // begin with the rules that take most.
        let mut first = (*budget).min(STEPS_IN_ORDER);
        let left = *budget - first;
        match self.search_by(rule, scope, only, cube, false, &mut first) {
            Reach::NotDecided if left > 0 => {
                *budget = left;
                self.search_by(rule, scope, only, cube, true, budget)
            }
            found => {
                *budget = left + first;
                found
            }
        }
    }

    fn search_by(
        &self,
        (chain, rule): (usize, usize),
        scope: Scope,
        only: Option<&[(usize, usize)]>,
        cube: &Cube,
        by_size: bool,
        budget: &mut u64,
    ) -> Reach {
        let mut search = Search {
            prepared: self,
            scope,
            only,
            by_size,
            frames: Vec::new(),
            open: Vec::new(),
            causes: Vec::new(),
            budget: *budget,
        };
        let found = search.begin(chain, rule, cube).and_then(|()| search.run());
        *budget = search.budget;
        match found {
            Err(Stop::Found(cube)) => Reach::Reached(cube),
            Err(Stop::NotDecided) => Reach::NotDecided,
            Ok(()) => {
                let mut causes = search.causes;
                causes.sort_unstable();
                causes.dedup();
                Reach::Never(causes)
            }
        }
    }
}

impl Search<'_> {
    fn begin(&mut self, chain: usize, rule: usize, cube: &Cube) -> Result<(), Stop> {
        let here = &self.prepared.chains[chain];
        if self.scope == Scope::Chain {
            return self.lead(here, chain, rule, cube, &Rc::from([]), 0);
        }
        for way in &here.ways {
            if let Some(cube) = cube.and(way) {
                self.lead(here, chain, rule, &cube, &Rc::from([]), 0)?;
            }
        }
        Ok(())
    }

    /// Sends those of the packets that a rule may match to it, from the top of its chain.
    fn lead(
        &mut self,
        here: &Chain,
        chain: usize,
        rule: usize,
        cube: &Cube,
        atoms: &Rc<[u32]>,
        depth: u32,
    ) -> Result<(), Stop> {
        if depth > DEPTH_MAX {
            return Err(Stop::NotDecided);
        }
        for area in self.prepared.areas(chain, rule) {
            if area.is_headless || !area.meets(cube) {
                continue;
            }
            let (mut with, mut without) = (Vec::new(), Vec::new());
            area.cut(cube, &mut with, &mut without);
            self.spend(with.len() as u64)?;
            let atoms = if area.atoms.is_empty() { Rc::clone(atoms) } else { joined(atoms, &area.atoms) };
            for cube in with {
                let mut candidates = candidates(here, &cube);
                if self.by_size {
                    candidates =
                        Some(by_size(here, candidates.as_deref().unwrap_or(&here.walked), rule, &cube));
                }
                let frame = Frame {
                    chain,
                    candidates,
                    back: None,
                    goal: rule as u32,
                    cause: (0, 0),
                    depth,
                    atoms: Rc::clone(&atoms),
                };
                self.frames.push(frame);
                self.open.push(State { cube, frame: (self.frames.len() - 1) as u32, passed: 0 });
            }
        }
        Ok(())
    }

    fn spend(&mut self, steps: u64) -> Result<(), Stop> {
        self.budget = self.budget.checked_sub(steps).ok_or(Stop::NotDecided)?;
        Ok(())
    }

    fn run(&mut self) -> Result<(), Stop> {
        while let Some(state) = self.open.pop() {
            self.walk(state)?;
        }
        Ok(())
    }

    /// Leads packets on until a rule takes them, parts them, or they are where they should come to.
    fn walk(&mut self, mut state: State) -> Result<(), Stop> {
        let prepared = self.prepared;
        loop {
            let frame = &self.frames[state.frame as usize];
            let (number, back) = (frame.chain, frame.back);
            let chain = &prepared.chains[number];
            let Some(at) = next(chain, frame, &mut state) else {
                match back {
                    Some((frame, passed)) => {
                        (state.frame, state.passed) = (frame, passed);
                        continue;
                    }
                    None => return self.arrive(state),
                }
            };
            self.spend(1)?;
            let area = &chain.areas[at as usize];
            let rule = area.rule as usize;
            if back.is_none() && self.only.is_some_and(|only| !only.contains(&(number, rule))) {
                continue;
            }
            let certain = area.certain && has_all(&self.frames[state.frame as usize].atoms, &area.atoms);
            let action = prepared.program.chains[number][rule].action;
            // Where the packets that match go: to a frame, out of the way, or nowhere.
            let to = match (action, back) {
                (Action::Pass | Action::JumpAway, _) => continue,
                (Action::Jump(to), _) if !certain || prepared.chains[to].is_inert => continue,
                (Action::Jump(to), _) => Some((Some(to), Some((state.frame, state.passed)))),
                // What does not match for sure goes on anyway; only what comes back is more.
                (Action::Verdict(_), _) | (Action::Goto(_) | Action::Return | Action::GotoAway, None) => {
                    if !certain {
                        continue;
                    }
                    None
                }
                (Action::Unknown, None) => continue,
                (Action::Goto(to), Some(back)) => Some((Some(to), Some(back))),
                (Action::Return | Action::GotoAway | Action::Unknown, Some(back)) => Some((None, Some(back))),
            };
            let goes_on = !certain || action == Action::Unknown;
            let cause = if back.is_none() {
                (number as u32, area.rule)
            } else {
                self.frames[state.frame as usize].cause
            };
            let (mut with, mut without) = (Vec::new(), Vec::new());
            area.cut(&state.cube, &mut with, &mut without);
            self.spend((with.len() + without.len()) as u64)?;
            if to.is_none() {
                self.causes.push((cause.0 as usize, cause.1 as usize));
            }
            let (frame, passed) = (state.frame, state.passed);
            let mut rest: Vec<State> = Vec::new();
            if goes_on {
                rest.push(state);
            } else {
                // Those without the first thing that the rule asks are the most, and come first.
                rest.extend(without.into_iter().rev().map(|cube| State { cube, frame, passed }));
            }
            // What goes round a jump comes first, and what leaves a chain: both are nearer to the goal.
            match to {
                Some((Some(to), back)) => {
                    for cube in with {
                        self.call(to, back, cause, frame, cube)?;
                    }
                    self.open.append(&mut rest);
                }
                Some((None, Some((frame, passed)))) => {
                    self.open.append(&mut rest);
                    self.open.extend(with.into_iter().map(|cube| State { cube, frame, passed }));
                }
                _ => self.open.append(&mut rest),
            }
            return Ok(());
        }
    }

    /// Sends packets through a chain.
    fn call(
        &mut self,
        chain: usize,
        back: Option<(u32, usize)>,
        cause: (u32, u32),
        from: u32,
        cube: Cube,
    ) -> Result<(), Stop> {
        let (depth, atoms) = {
            let from = &self.frames[from as usize];
            (from.depth + 1, Rc::clone(&from.atoms))
        };
        if depth > DEPTH_MAX {
            return Err(Stop::NotDecided);
        }
        let candidates = candidates(&self.prepared.chains[chain], &cube);
        self.frames.push(Frame { chain, candidates, back, goal: u32::MAX, cause, depth, atoms });
        self.open.push(State { cube, frame: (self.frames.len() - 1) as u32, passed: 0 });
        Ok(())
    }

    /// The packets are at the rule of their chain where they should come to; from here they go back to where they
    /// came from.
    fn arrive(&mut self, state: State) -> Result<(), Stop> {
        let prepared = self.prepared;
        let frame = &self.frames[state.frame as usize];
        let (chain, depth, atoms) = (frame.chain, frame.depth, Rc::clone(&frame.atoms));
        if self.scope == Scope::Chain && !prepared.chains[chain].is_auxiliary {
            return Err(Stop::Found(Box::new(state.cube)));
        }
        for entry in &prepared.chains[chain].entries {
            if let Some(cube) = state.cube.and(entry) {
                return Err(Stop::Found(Box::new(cube)));
            }
        }
        for &(caller, rule) in &prepared.chains[chain].callers {
            let (caller, rule) = (caller as usize, rule as usize);
            let open = self.open.len();
            self.lead(&prepared.chains[caller], caller, rule, &state.cube, &atoms, depth + 1)?;
            if self.open.len() == open {
                // It asks for something else than these packets have.
                self.causes.push((caller, rule));
            }
        }
        Ok(())
    }
}

/// The next area that the packets meet, behind which they stand then.
fn next(chain: &Chain, frame: &Frame, state: &mut State) -> Option<u32> {
    let list: &[u32] = match &frame.candidates {
        Some(candidates) => candidates,
        None => &chain.walked,
    };
    let mut passed = state.passed;
    while passed < list.len() {
        let at = list[passed];
        passed += 1;
        let area = &chain.areas[at as usize];
        if area.rule >= frame.goal {
            break;
        }
        if area.meets(&state.cube) {
            state.passed = passed;
            return Some(at);
        }
    }
    None
}

/// The areas before a rule, those first that leave least of the cube whole.
fn by_size(chain: &Chain, areas: &[u32], goal: usize, cube: &Cube) -> Rc<[u32]> {
    let mut sized: Vec<(u32, u32)> = Vec::new();
    for &at in areas {
        let area = &chain.areas[at as usize];
        if (area.rule as usize) < goal && area.meets(cube) {
            sized.push((area.halvings(cube), at));
        }
    }
    sized.sort_unstable();
    sized.into_iter().map(|(_, at)| at).collect()
}

fn candidates(chain: &Chain, cube: &Cube) -> Option<Rc<[u32]>> {
    let index = chain.index.as_ref()?;
    index.candidates(cube).map(Rc::from)
}

pub(super) fn has_all(atoms: &[u32], wanted: &[u32]) -> bool {
    wanted.iter().all(|atom| atoms.contains(atom))
}

fn joined(atoms: &[u32], more: &[u32]) -> Rc<[u32]> {
    atoms.iter().chain(more).copied().collect()
}
