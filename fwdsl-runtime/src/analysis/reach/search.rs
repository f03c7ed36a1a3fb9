//! The search for a packet that comes to a rule.

use std::rc::Rc;

use super::area::Area;
use super::cube::Cube;
use super::prepare::{Chain, Prepared};
use crate::analysis::program::Action;
use crate::analysis::region::{Choice, WHOLE};

/// How deep chains may call each other; far more than loads.
pub(super) const DEPTH_MAX: u32 = 100;

/// The steps that the search for what comes to such a rule may take.
const STEPS_OF_CALLER: u64 = 2_000;

/// How many sets of packets are kept that come to a rule that leads to others.
const WAYS_KNOWN: usize = 4;
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

/// Packets that come from a hook to a rule.
#[derive(Debug)]
pub(super) struct Known {
    cube: Cube,
    /// What these have beside what is modelled.
    atoms: Rc<[u32]>,
    /// Whether nothing on the way asks for that.
    is_plain: bool,
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
    /// The frame of the chain that a chain on the way to the rule leads to.
    to: u32,
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
    /// By chain and place.
    causes: Vec<(u32, u32)>,
    /// Whether a rule asked for something that is not modelled.
    met_atoms: bool,
    budget: u64,
}

/// Why a search ends before all is looked through.
enum Stop {
    /// With the frame of the hook.
    Found(Box<Cube>, u32),
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

    /// Looks for a packet that comes from a hook to a rule and that it may match, among those that are no later
    /// fragments: the kernel may put these together before.
    pub(in crate::analysis) fn reach_whole(&self, rule: (usize, usize), budget: &mut u64) -> Reach {
        let whole = self.anything.region().with_choice(Choice::Fragment, WHOLE);
        self.reach_with(rule, &Cube::of_region(&whole), budget)
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
            met_atoms: false,
            budget: *budget,
        };
        let found = search.begin(chain, rule, cube).and_then(|()| search.run());
        *budget = search.budget;
        match found {
            Err(Stop::Found(cube, frame)) => {
                search.remember(&cube, frame);
                Reach::Reached(cube)
            }
            Err(Stop::NotDecided) => Reach::NotDecided,
            Ok(()) => {
                let mut causes = search.causes;
                causes.sort_unstable();
                causes.dedup();
                Reach::Never(causes.iter().map(|(chain, rule)| (*chain as usize, *rule as usize)).collect())
            }
        }
    }
}

impl Search<'_> {
    fn begin(&mut self, chain: usize, rule: usize, cube: &Cube) -> Result<(), Stop> {
        let here = &self.prepared.chains[chain];
        if self.scope == Scope::Chain {
            return self.lead(chain, rule, cube, &Rc::from([]), 0, u32::MAX);
        }
        for way in &here.ways {
            if let Some(cube) = cube.and(way) {
                self.lead(chain, rule, &cube, &Rc::from([]), 0, u32::MAX)?;
            }
        }
        Ok(())
    }

    /// Sends those of the packets that a rule may match to it, from the top of its chain.
    fn lead(
        &mut self,
        chain: usize,
        rule: usize,
        cube: &Cube,
        atoms: &Rc<[u32]>,
        depth: u32,
        to: u32,
    ) -> Result<(), Stop> {
        if depth > DEPTH_MAX {
            return Err(Stop::NotDecided);
        }
        let here = &self.prepared.chains[chain];
        for area in self.prepared.areas(chain, rule) {
            if area.is_headless || !area.meets(cube) {
                continue;
            }
            let (mut with, mut without) = (Vec::new(), Vec::new());
            area.cut(cube, &mut with, &mut without);
            self.spend(with.len() as u64)?;
            let atoms = if area.atoms.is_empty() { Rc::clone(atoms) } else { joined(atoms, &area.atoms) };
            for cube in with {
                let mut met = met_before(here, &cube, rule as u32);
                if self.by_size {
                    met = by_size(here, met, &cube);
                }
                let frame = Frame {
                    chain,
                    candidates: Some(Rc::from(met)),
                    back: None,
                    goal: rule as u32,
                    cause: (0, 0),
                    depth,
                    to,
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
            self.met_atoms |= !area.atoms.is_empty();
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
            let (frame, passed) = (state.frame, state.passed);
            if to.is_none() {
                if self.causes.last() != Some(&cause) {
                    self.causes.push(cause);
                }
                if area.is_plain() {
                    let before = self.open.len();
                    let open = &mut self.open;
                    area.take_from(&state.cube, &mut |cube| {
                        open.push(State { cube: cube.clone(), frame, passed });
                    });
                    self.open[before..].reverse();
                    self.spend((self.open.len() - before) as u64)?;
                    return Ok(());
                }
            }
            let (mut with, mut without) = (Vec::new(), Vec::new());
            area.cut(&state.cube, &mut with, &mut without);
            self.spend((with.len() + without.len()) as u64)?;
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
        self.frames.push(Frame {
            chain,
            candidates,
            back,
            goal: u32::MAX,
            cause,
            depth,
            to: u32::MAX,
            atoms,
        });
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
            return Err(Stop::Found(Box::new(state.cube), state.frame));
        }
        for entry in &prepared.chains[chain].entries {
            if let Some(cube) = state.cube.and(entry) {
                return Err(Stop::Found(Box::new(cube), state.frame));
            }
        }
        let callers: &[(u32, u32)] = &prepared.chains[chain].callers;
        if self.only.is_none() {
            for caller in callers {
                if let Some(cube) = self.known(*caller, &state.cube, &atoms) {
                    return Err(Stop::Found(Box::new(cube), state.frame));
                }
            }
        }
        for &(caller, rule) in callers {
            let (caller, rule) = (caller as usize, rule as usize);
            let open = self.open.len();
            self.lead(caller, rule, &state.cube, &atoms, depth + 1, state.frame)?;
            if self.open.len() == open {
                // It asks for something else than these packets have.
                self.causes.push((caller as u32, rule as u32));
            }
        }
        Ok(())
    }

    /// Those of the packets that are known to come to a rule that leads to others. What comes to it at all is looked for once.
    fn known(&mut self, caller: (u32, u32), cube: &Cube, atoms: &[u32]) -> Option<Cube> {
        let prepared = self.prepared;
        let rule = (caller.0 as usize, caller.1 as usize);
        if !prepared.areas(rule.0, rule.1).iter().any(|area| area.meets(cube)) {
            return None;
        }
        let is_new = !prepared.known.borrow().contains_key(&caller);
        if is_new {
            // A circle of calls ends here.
            prepared.known.borrow_mut().insert(caller, Vec::new());
            prepared.reach(rule, Scope::Hooks, None, &mut { STEPS_OF_CALLER });
        }
        let known = prepared.known.borrow();
        for way in &known[&caller] {
            if (way.is_plain || has_all(&way.atoms, atoms))
                && let Some(both) = cube.and(&way.cube)
            {
                self.met_atoms |= !way.is_plain;
                return Some(both);
            }
        }
        None
    }

    /// Keeps which packets come to the rules that lead to others.
    fn remember(&self, cube: &Cube, frame: u32) {
        if self.only.is_some() || self.scope == Scope::Chain {
            return;
        }
        let mut known = self.prepared.known.borrow_mut();
        let mut number = frame;
        while number != u32::MAX {
            let frame = &self.frames[number as usize];
            number = frame.to;
            let action = self.prepared.program.chains[frame.chain][frame.goal as usize].action;
            if !matches!(action, Action::Jump(_) | Action::Goto(_)) {
                continue;
            }
            let ways = known.entry((frame.chain as u32, frame.goal)).or_default();
            let (atoms, is_plain) = (Rc::clone(&frame.atoms), !self.met_atoms);
            if ways.len() == WAYS_KNOWN {
                // The first is the widest.
                ways.remove(1);
            }
            ways.push(Known { cube: cube.clone(), atoms, is_plain });
        }
    }
}

/// The next area that the packets meet, behind which they stand then.
fn next(chain: &Chain, frame: &Frame, state: &mut State) -> Option<u32> {
    let list: &[u32] = match &frame.candidates {
        Some(candidates) => candidates,
        None => &chain.walked,
    };
    let areas: &[Area] = &chain.areas;
    let mut passed = state.passed;
    while passed < list.len() {
        let at = list[passed];
        passed += 1;
        let area = &areas[at as usize];
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

/// The same areas, those first that leave least of the cube whole.
fn by_size(chain: &Chain, areas: Vec<u32>, cube: &Cube) -> Vec<u32> {
    let halvings = |at: u32| chain.areas[at as usize].halvings(cube);
    let mut sized: Vec<(u32, u32)> = areas.into_iter().map(|at| (halvings(at), at)).collect();
    sized.sort_unstable();
    sized.into_iter().map(|(_, at)| at).collect()
}

fn candidates(chain: &Chain, cube: &Cube) -> Option<Rc<[u32]>> {
    let index = chain.index.as_ref()?;
    index.candidates(cube).map(Rc::from)
}

/// The areas before a rule that the packets meet. All of them are looked at anyway if the packets come so far, and then each
/// part that they are cut into need not look at the others.
fn met_before(chain: &Chain, cube: &Cube, goal: u32) -> Vec<u32> {
    let found = chain.index.as_ref().and_then(|index| index.candidates(cube));
    let list: &[u32] = found.as_deref().unwrap_or(&chain.walked);
    let mut met = Vec::new();
    let mut number = 0;
    let areas: &[Area] = &chain.areas;
    while number < list.len() {
        let area = &areas[list[number] as usize];
        if area.rule >= goal {
            break;
        }
        if area.meets(cube) {
            met.push(list[number]);
        }
        number += 1;
    }
    met
}

pub(super) fn has_all(atoms: &[u32], wanted: &[u32]) -> bool {
    wanted.iter().all(|atom| atoms.contains(atom))
}

fn joined(atoms: &[u32], more: &[u32]) -> Rc<[u32]> {
    atoms.iter().chain(more).copied().collect()
}
