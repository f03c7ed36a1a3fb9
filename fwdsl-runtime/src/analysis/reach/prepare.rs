//! A table, prepared for many searches.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::area::Area;
use super::areas::areas;
use super::cube::Cube;
use super::cuts::Cuts;
use super::index::{Index, index};
use super::search::Known;
use crate::analysis::entry::{Surroundings, entries};
use crate::analysis::program::{Action, Program, choice_domain};
use crate::analysis::region::Choice;
use crate::lower::Table;

/// A table of one family, with the areas of its rules.
#[derive(Debug)]
pub(in crate::analysis) struct Prepared<'a> {
    pub(super) program: &'a Program,
    pub(super) chains: Vec<Chain>,
    /// Every packet, whether it can be or not.
    pub(super) anything: Cube,
    /// For rules that lead to chains, by chain and place, packets that were found to come to them. Most rules of a chain are
    /// reached on the same way.
    pub(super) known: RefCell<HashMap<(u32, u32), Vec<Known>>>,
}

/// A chain.
#[derive(Debug)]
pub(super) struct Chain {
    /// The areas of all rules, in order.
    pub(super) areas: Vec<Area>,
    /// For each rule the first of its areas, and at the end their number.
    pub(super) starts: Vec<u32>,
    /// Those by which packets can be taken out of their way here.
    pub(super) walked: Vec<u32>,
    pub(super) index: Option<Index>,
    /// Packets that come here from the network or the host itself.
    pub(super) entries: Vec<Cube>,
    /// Packets as they are at the hooks from which a way leads here.
    pub(super) ways: Vec<Cube>,
    /// The rules that lead here, from chains to which packets come.
    pub(super) callers: Vec<(u32, u32)>,
    /// Whether a way leads here from a hook.
    pub(super) is_called: bool,
    /// Whether it is a part of a rule of another chain.
    pub(super) is_auxiliary: bool,
    /// Whether everything that comes here comes back.
    pub(super) is_inert: bool,
}

impl<'a> Prepared<'a> {
    /// Prepares a table.
    pub(in crate::analysis) fn new(
        program: &'a Program,
        table: &Table,
        surroundings: Surroundings,
    ) -> Prepared<'a> {
        let cuts = Rc::new(Cuts::default());
        let mut chains: Vec<Chain> = Vec::with_capacity(program.chains.len());
        for (rules, of) in program.chains.iter().zip(&table.chains) {
            let mut chain = Chain {
                areas: Vec::with_capacity(rules.len()),
                starts: Vec::with_capacity(rules.len() + 1),
                walked: Vec::new(),
                index: None,
                entries: Vec::new(),
                ways: Vec::new(),
                callers: Vec::new(),
                is_called: false,
                is_auxiliary: of.auxiliary,
                is_inert: false,
            };
            for (number, rule) in rules.iter().enumerate() {
                chain.starts.push(chain.areas.len() as u32);
                chain.areas.extend(areas(number as u32, &rule.test, program.family, &program.classes, &cuts));
            }
            chain.starts.push(chain.areas.len() as u32);
            chains.push(chain);
        }
        set_inert(program, &mut chains);
        set_walked(program, &mut chains);
        for hook in table.name.hooks() {
            if let Some(start) = table.start(*hook) {
                let all = choice_domain(Choice::Fragment, &program.classes);
                let regions = entries(&[*hook], surroundings, &program.classes);
                let cubes: Vec<Cube> = regions
                    .iter()
                    .map(|region| Cube::of_region(&region.with_choice(Choice::Fragment, all)))
                    .collect();
                follow(program, start, &cubes, &mut chains);
                chains[start].entries.extend(cubes);
            }
        }
        set_callers(program, &mut chains);
        Prepared {
            program,
            chains,
            anything: Cube::of_region(&program.everything()),
            known: RefCell::default(),
        }
    }

    /// Whether a way leads to a chain from a hook.
    pub(in crate::analysis) fn is_called(&self, chain: usize) -> bool {
        self.chains[chain].is_called
    }

    /// Whether there are packets that a rule may match.
    pub(in crate::analysis) fn matches_anything(&self, (chain, rule): (usize, usize)) -> bool {
        self.areas(chain, rule).iter().any(|area| !area.is_headless)
    }

    /// Whether a rule that ends a packet's way in the chain surely matches whatever another one may match.
    pub(in crate::analysis) fn covers(&self, (chain, rule): (usize, usize), other: (usize, usize)) -> bool {
        let ends = matches!(self.program.chains[chain][rule].action, Action::Verdict(_) | Action::Return);
        ends && chain == other.0
            && self.areas(chain, other.1).iter().all(|area| {
                let covering = self.areas(chain, rule).iter();
                area.is_headless || { covering }.any(|own| own.certain && own.covers(area))
            })
    }

    /// The areas of a rule.
    pub(super) fn areas(&self, chain: usize, rule: usize) -> &[Area] {
        let chain = &self.chains[chain];
        &chain.areas[chain.starts[rule] as usize..chain.starts[rule + 1] as usize]
    }
}

/// Finds the areas that can take packets out of their way. What only may match takes none, unless it leads them away from
/// what else the chain holds.
fn set_walked(program: &Program, chains: &mut [Chain]) {
    let is_inert: Vec<bool> = chains.iter().map(|chain| chain.is_inert).collect();
    for (number, chain) in chains.iter_mut().enumerate() {
        for (at, area) in chain.areas.iter().enumerate() {
            let takes = match program.chains[number][area.rule as usize].action {
                Action::Pass | Action::JumpAway => false,
                Action::Verdict(_) => area.certain,
                Action::Jump(to) => area.certain && !is_inert[to],
                Action::Goto(_) | Action::Return | Action::GotoAway | Action::Unknown => true,
            };
            if takes {
                chain.walked.push(at as u32);
            }
        }
        chain.index = index(&chain.areas, &chain.walked);
    }
}

/// Marks the chains to which a way leads from a hook with these packets.
fn follow(program: &Program, start: usize, cubes: &[Cube], chains: &mut [Chain]) {
    let mut open = vec![start];
    let mut is_done = vec![false; chains.len()];
    while let Some(number) = open.pop() {
        if std::mem::replace(&mut is_done[number], true) {
            continue;
        }
        let chain = &mut chains[number];
        chain.is_called = true;
        for cube in cubes {
            if !chain.ways.contains(cube) {
                chain.ways.push(cube.clone());
            }
        }
        for rule in &program.chains[number] {
            if let Action::Jump(to) | Action::Goto(to) = rule.action {
                open.push(to);
            }
        }
    }
}

fn set_callers(program: &Program, chains: &mut [Chain]) {
    for (from, rules) in program.chains.iter().enumerate() {
        if !chains[from].is_called {
            continue;
        }
        for (number, rule) in rules.iter().enumerate() {
            if let Action::Jump(to) | Action::Goto(to) = rule.action {
                chains[to].callers.push((from as u32, number as u32));
            }
        }
    }
}

/// Finds the chains that no packet ends in, and that lead to none where one does.
fn set_inert(program: &Program, chains: &mut [Chain]) {
    let mut is_inert = vec![true; chains.len()];
    loop {
        let mut is_stable = true;
        for (chain, rules) in program.chains.iter().enumerate() {
            let ends = |action: &Action| match action {
                Action::Verdict(_) => true,
                Action::Jump(to) | Action::Goto(to) => !is_inert[*to],
                _ => false,
            };
            if is_inert[chain] && rules.iter().any(|rule| ends(&rule.action)) {
                is_inert[chain] = false;
                is_stable = false;
            }
        }
        if is_stable {
            break;
        }
    }
    for (chain, is_inert) in chains.iter_mut().zip(is_inert) {
        chain.is_inert = is_inert;
    }
}
