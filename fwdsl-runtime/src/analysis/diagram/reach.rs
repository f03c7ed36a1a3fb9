//! Which packets come to each rule and are matched by it, from the chain where they enter downwards.

use super::chain::{Functions, callees_first};
use super::rule::GOES_ON;
use super::store::{Diagram, Exhausted, NONE, Node};
use crate::analysis::program::{Action, Program};

/// The packets that may enter each chain, and that each rule may be asked about and be true of.
#[derive(Debug)]
pub(in crate::analysis) struct Reach {
    /// What enters each chain.
    pub(in crate::analysis) chains: Vec<Node>,
    /// What each rule matches of that; [`NONE`] for a rule that can never match.
    pub(in crate::analysis) rules: Vec<Vec<Node>>,
}

impl Functions {
    /// Follows packets down from where they enter: pairs of a chain and a set.
    pub(in crate::analysis) fn reach(
        &self,
        diagram: &mut Diagram,
        program: &Program,
        entering: &[(usize, Node)],
    ) -> Result<Reach, Exhausted> {
        let mut reach = Reach {
            chains: vec![NONE; program.chains.len()],
            rules: program.chains.iter().map(|rules| vec![NONE; rules.len()]).collect(),
        };
        for (chain, set) in entering {
            reach.chains[*chain] = diagram.or(reach.chains[*chain], *set)?;
        }
        for chain in callees_first(program).into_iter().rev() {
            let mut tests = Vec::with_capacity(program.chains[chain].len());
            for rule in &program.chains[chain] {
                tests.push(self.space.truth(diagram, &rule.test)?.perhaps);
            }
            let entering = reach.chains[chain];
            let mut descent = Descent { diagram, functions: &self.rules[chain], tests: &tests };
            descent.descend(0, tests.len(), entering, &mut reach.rules[chain])?;
            let mut called: Vec<(usize, Node)> = Vec::new();
            for (rule, matched) in program.chains[chain].iter().zip(&reach.rules[chain]) {
                if let (Action::Jump(callee) | Action::Goto(callee), true) = (rule.action, *matched != NONE) {
                    called.push((callee, *matched));
                }
            }
            called.sort_unstable();
            for calls in called.chunk_by(|(first, _), (second, _)| first == second) {
                let sets: Vec<Node> = calls.iter().map(|(_, set)| *set).collect();
                let set = diagram.or_all(&sets)?;
                reach.chains[calls[0].0] = diagram.or(reach.chains[calls[0].0], set)?;
            }
        }
        Ok(reach)
    }
}

/// One chain's rules, halved until one is left. What no rule of a half can match is left out before it is halved
/// again, so that the sets get smaller with the number of rules.
struct Descent<'a> {
    diagram: &'a mut Diagram,
    functions: &'a [Node],
    tests: &'a [Node],
}

impl Descent<'_> {
    fn descend(
        &mut self,
        from: usize,
        to: usize,
        entering: Node,
        matched: &mut [Node],
    ) -> Result<(), Exhausted> {
        if from == to || entering == NONE {
            return Ok(());
        }
        let asked = self.diagram.or_all(&self.tests[from..to])?;
        let entering = self.diagram.and(entering, asked)?;
        if to - from == 1 {
            matched[from] = entering;
            return Ok(());
        }
        let middle = from + (to - from) / 2;
        self.descend(from, middle, entering, matched)?;
        let before = self.diagram.one_after_another(&self.functions[from..middle])?;
        let goes_on = self.diagram.gives(before, GOES_ON)?;
        let left = self.diagram.and(entering, goes_on)?;
        self.descend(middle, to, left, matched)
    }
}
