//! Which rules change nothing: whatever they decide would be decided the same without them.
//!
//! From behind a rule its packets are followed on, as if it had let them go. If none of them can get another
//! verdict, and nothing on the way notices them (a log, a mark, a match that counts), the rule has no effect.

use std::collections::HashMap;
use std::rc::Rc;

use super::area::Area;
use super::cube::Cube;
use super::index::{Index, index};
use super::prepare::Prepared;
use super::search::{DEPTH_MAX, Reach, has_all};
use crate::analysis::program::Action;
use crate::analysis::walk::falling_off;
use crate::catalogue::{ACCEPT, COUNT, DROP, REJECT};
use crate::lower::{Rule, Table};
use crate::model;

/// Packets that are known to come to rules, by chain and place.
pub(in crate::analysis) type Comers = HashMap<(usize, usize), Box<Cube>>;

/// A prepared table, with what packets are noticed by.
#[derive(Debug)]
pub(in crate::analysis) struct Effects<'a> {
    prepared: &'a Prepared<'a>,
    table: &'a Table,
    chains: Vec<Noticing>,
}

/// The areas of a chain's rules that end a packet's way or notice it.
#[derive(Debug)]
struct Noticing {
    areas: Vec<u32>,
    index: Option<Index>,
    /// Whether there are such rules here, or in a chain that is called from here.
    is_silent: bool,
}

/// Where packets go on at the end of a chain.
#[derive(Debug, Clone, Copy)]
enum Back {
    /// In a frame, behind so many of its areas.
    To(u32, usize),
    /// Where those go on that leave this chain.
    Leave(usize),
}

#[derive(Debug)]
struct Frame {
    chain: usize,
    candidates: Option<Rc<[u32]>>,
    back: Back,
    depth: u32,
}

#[derive(Debug)]
struct State {
    cube: Cube,
    frame: u32,
    passed: usize,
}

struct Follow<'a> {
    effects: &'a Effects<'a>,
    rule: (usize, usize),
    /// What the rule asks beside what is modelled.
    atoms: Vec<u32>,
    /// Packets that come to the rule.
    known: Option<&'a Cube>,
    /// Whether a rule is taken for absent, by chain and place.
    is_absent: &'a dyn Fn(usize, usize) -> bool,
    /// The rules that decide the same, by chain and place.
    instead: Vec<(usize, usize)>,
    frames: Vec<Frame>,
    open: Vec<State>,
    budget: u64,
}

/// Why following ends early: there is an effect, or it is not decided whether there is.
struct Stop;

impl<'a> Effects<'a> {
    pub(in crate::analysis) fn new(prepared: &'a Prepared<'a>, table: &'a Table) -> Effects<'a> {
        let mut chains: Vec<Noticing> = Vec::with_capacity(prepared.chains.len());
        for (number, chain) in prepared.chains.iter().enumerate() {
            let rules = &table.chains[number].rules;
            let notices = |area: &Area| {
                let rule = area.rule as usize;
                prepared.program.chains[number][rule].action != Action::Pass || is_noticed(&rules[rule])
            };
            let mut areas = Vec::new();
            for (at, area) in chain.areas.iter().enumerate() {
                // Later fragments whose bytes are taken for ports are nobody's reason for a rule.
                if !area.is_headless && notices(area) {
                    areas.push(at as u32);
                }
            }
            let index = index(&chain.areas, &areas);
            chains.push(Noticing { areas, index, is_silent: false });
        }
        let mut effects = Effects { prepared, table, chains };
        effects.set_silent();
        effects
    }

    /// Finds the chains that packets go through as if they were not there.
    fn set_silent(&mut self) {
        for chain in &mut self.chains {
            chain.is_silent = true;
        }
        loop {
            let loud = |number: &usize| {
                let rules = self.table.chains[*number].rules.iter();
                self.chains[*number].is_silent
                    && rules.zip(&self.prepared.program.chains[*number]).any(|(rule, of)| match of.action {
                        Action::Pass | Action::Return => is_noticed(rule),
                        Action::Jump(to) | Action::Goto(to) => is_noticed(rule) || !self.chains[to].is_silent,
                        _ => true,
                    })
            };
            let Some(number) = (0..self.chains.len()).find(loud) else { return };
            self.chains[number].is_silent = false;
        }
    }

    /// Whether a rule changes nothing, and then the rules that decide instead of it; `None` if it does change something,
    /// if that is not decided, or not asked: of rules that do more than decide. The rules that are taken for absent are
    /// to include the rule itself. What is known to come to the rule need not be looked for.
    pub(in crate::analysis) fn instead(
        &self,
        (chain, rule): (usize, usize),
        known: Option<&Cube>,
        is_absent: &dyn Fn(usize, usize) -> bool,
        budget: u64,
    ) -> Option<Vec<(usize, usize)>> {
        let lowered = &self.table.chains[chain].rules[rule];
        let decides = match self.prepared.program.chains[chain][rule].action {
            Action::Verdict(verdict) => [&ACCEPT, &DROP, &REJECT].contains(&verdict),
            Action::Return => true,
            _ => false,
        };
        if !decides || is_noticed(lowered) {
            return None;
        }
        let areas = self.prepared.areas(chain, rule);
        let mut follow = Follow {
            effects: self,
            rule: (chain, rule),
            atoms: areas.first()?.atoms.clone(),
            known,
            is_absent,
            instead: Vec::new(),
            frames: Vec::new(),
            open: Vec::new(),
            budget,
        };
        // Of most rules one packet tells that they have an effect.
        if let Some(cube) = known {
            follow.begin(cube.packet()).and_then(|()| follow.run()).ok()?;
            follow.instead.clear();
            follow.budget = budget;
        }
        follow.begin_all(areas).and_then(|()| follow.run()).ok()?;
        follow.instead.sort_unstable();
        follow.instead.dedup();
        Some(follow.instead)
    }
}

/// Whether a packet that comes to a rule leaves a trace: in a match that counts, or by what the rule does beside deciding.
fn is_noticed(rule: &Rule) -> bool {
    let counts = rule.matches.iter().any(model::Match::is_stateful);
    counts
        || rule
            .target()
            .is_some_and(|target| target.flow == crate::catalogue::Flow::Continues && *target != COUNT)
}

/// Whether two rules decide the same.
fn decide_the_same(one: &Rule, other: &Rule) -> bool {
    let (
        model::Action::Target { extension, options },
        model::Action::Target { extension: other, options: others },
    ) = (&one.action, &other.action)
    else {
        return false;
    };
    extension == other
        && options.len() == others.len()
        && options.iter().zip(others).all(|(one, other)| one.says_the_same(other))
}

impl Follow<'_> {
    fn begin(&mut self, cube: Cube) -> Result<(), Stop> {
        let (chain, rule) = self.rule;
        self.go(chain, Some(rule), Back::Leave(chain), 0, cube)
    }

    fn begin_all(&mut self, areas: &[Area]) -> Result<(), Stop> {
        let anything = &self.effects.prepared.anything;
        for area in areas.iter().filter(|area| !area.is_headless) {
            let (mut with, mut without) = (Vec::new(), Vec::new());
            area.cut(anything, &mut with, &mut without);
            self.spend(with.len() as u64)?;
            for cube in with {
                self.begin(cube)?;
            }
        }
        Ok(())
    }

    fn spend(&mut self, steps: u64) -> Result<(), Stop> {
        self.budget = self.budget.checked_sub(steps).ok_or(Stop)?;
        Ok(())
    }

    /// Sends packets into a chain, behind a rule of it or from its top.
    fn go(
        &mut self,
        chain: usize,
        behind: Option<usize>,
        back: Back,
        depth: u32,
        cube: Cube,
    ) -> Result<(), Stop> {
        if depth > DEPTH_MAX {
            return Err(Stop);
        }
        let here = &self.effects.chains[chain];
        let candidates: Option<Rc<[u32]>> =
            here.index.as_ref().and_then(|index| index.candidates(&cube)).map(Rc::from);
        let list: &[u32] = candidates.as_deref().unwrap_or(&here.areas);
        let areas = &self.effects.prepared.chains[chain].areas;
        let passed =
            behind.map_or(0, |rule| list.partition_point(|area| areas[*area as usize].rule as usize <= rule));
        self.frames.push(Frame { chain, candidates, back, depth });
        self.open.push(State { cube, frame: (self.frames.len() - 1) as u32, passed });
        Ok(())
    }

    fn run(&mut self) -> Result<(), Stop> {
        while let Some(state) = self.open.pop() {
            self.walk(state)?;
        }
        Ok(())
    }

    fn walk(&mut self, mut state: State) -> Result<(), Stop> {
        let prepared = self.effects.prepared;
        loop {
            let frame = &self.frames[state.frame as usize];
            let (chain, back, depth) = (frame.chain, frame.back, frame.depth);
            let list: &[u32] = frame.candidates.as_deref().unwrap_or(&self.effects.chains[chain].areas);
            let areas = &prepared.chains[chain].areas;
            while state.passed < list.len() && !areas[list[state.passed] as usize].meets(&state.cube) {
                state.passed += 1;
            }
            self.budget = self.budget.checked_sub(1).ok_or(Stop)?;
            if state.passed == list.len() {
                match back {
                    Back::To(frame, passed) => (state.frame, state.passed) = (frame, passed),
                    Back::Leave(chain) => return self.leave(chain, depth, state.cube),
                }
                continue;
            }
            let area = &areas[list[state.passed] as usize];
            state.passed += 1;
            let rule = area.rule as usize;
            if (self.is_absent)(chain, rule) {
                continue;
            }
            let lowered = &self.effects.table.chains[chain].rules[rule];
            let action = prepared.program.chains[chain][rule].action;
            let certain = area.certain && has_all(&self.atoms, &area.atoms);
            let (mut with, mut without) = (Vec::new(), Vec::new());
            area.cut(&state.cube, &mut with, &mut without);
            self.spend((with.len() + without.len()) as u64)?;
            let own = &self.effects.table.chains[self.rule.0].rules[self.rule.1];
            let differs = match action {
                _ if is_noticed(lowered) => true,
                Action::Pass | Action::Return => false,
                Action::Verdict(_) => !decide_the_same(own, lowered),
                Action::Jump(to) | Action::Goto(to) => {
                    if action == Action::Jump(to) && self.effects.chains[to].is_silent {
                        continue;
                    }
                    false
                }
                Action::Unknown | Action::JumpAway | Action::GotoAway => true,
            };
            if differs {
                for cube in &with {
                    self.differ(cube)?;
                }
            }
            if !differs && matches!(action, Action::Verdict(_)) {
                self.instead.push((chain, rule));
            }
            let (frame, passed) = (state.frame, state.passed);
            match action {
                Action::Jump(to) => {
                    for cube in with {
                        self.go(to, None, Back::To(frame, passed), depth + 1, cube)?;
                    }
                }
                Action::Goto(to) => {
                    for cube in with {
                        self.go(to, None, back, depth + 1, cube)?;
                    }
                }
                Action::Return => {
                    for cube in with {
                        match back {
                            Back::To(frame, passed) => self.open.push(State { cube, frame, passed }),
                            Back::Leave(chain) => self.leave(chain, depth, cube)?,
                        }
                    }
                }
                _ => {}
            }
            if certain && action != Action::Pass {
                self.open.extend(without.into_iter().map(|cube| State { cube, frame, passed }));
            } else {
                self.open.push(state);
            }
            return Ok(());
        }
    }

    /// Packets leave a chain at its end.
    fn leave(&mut self, chain: usize, depth: u32, cube: Cube) -> Result<(), Stop> {
        let (effects, prepared) = (self.effects, self.effects.prepared);
        let own = &effects.table.chains[self.rule.0].rules[self.rule.1];
        if depth > DEPTH_MAX {
            return Err(Stop);
        }
        let returns = prepared.program.chains[self.rule.0][self.rule.1].action == Action::Return;
        if returns && chain == self.rule.0 {
            return Ok(());
        }
        if !prepared.chains[chain].entries.is_empty() {
            let end = falling_off(&effects.table.chains[chain]);
            let same = match &own.action {
                model::Action::Target { extension, options } => *extension == end && options.is_empty(),
                _ => false,
            };
            if !same {
                self.differ(&cube)?;
            }
        }
        for &(caller, rule) in &prepared.chains[chain].callers {
            let (caller, rule) = (caller as usize, rule as usize);
            for area in prepared.areas(caller, rule) {
                if area.is_headless || !area.meets(&cube) {
                    continue;
                }
                let (mut with, mut without) = (Vec::new(), Vec::new());
                area.cut(&cube, &mut with, &mut without);
                self.spend(with.len() as u64)?;
                for cube in with {
                    match prepared.program.chains[caller][rule].action {
                        Action::Goto(_) => self.leave(caller, depth + 1, cube)?,
                        _ => self.go(caller, Some(rule), Back::Leave(caller), depth + 1, cube)?,
                    }
                }
            }
        }
        Ok(())
    }

    /// Packets fare otherwise without the rule, if they come to it at all.
    fn differ(&mut self, cube: &Cube) -> Result<(), Stop> {
        if self.known.is_some_and(|known| known.meets(cube)) {
            return Err(Stop);
        }
        match self.effects.prepared.reach_with(self.rule, cube, &mut self.budget) {
            Reach::Never(_) => Ok(()),
            Reach::Reached(_) | Reach::NotDecided => Err(Stop),
        }
    }
}
