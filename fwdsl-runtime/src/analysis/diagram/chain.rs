//! What comes of packets that enter a chain, for each chain once: from those that call none upwards.

use super::outcomes::Outcomes;
use super::rule::{GOES_ON, RETURNS};
use super::space::Space;
use super::store::{Diagram, Exhausted, NONE, Node, Outcome};
use crate::analysis::program::{Action, Program};
use crate::analysis::walk::any_verdict;
use crate::catalogue::Extension;

/// The chains of a table as functions from packets to outcomes.
#[derive(Debug)]
pub(in crate::analysis) struct Functions {
    pub(in crate::analysis) space: Space,
    pub(in crate::analysis) outcomes: Outcomes,
    /// In the order of the program's chains.
    chains: Vec<Node>,
    /// What each rule does with a packet that comes to it.
    pub(super) rules: Vec<Vec<Node>>,
}

/// What of a verdict's options matters, as text: for the rule of a chain, both by their numbers.
pub(in crate::analysis) type Detail<'a> = &'a dyn Fn(usize, usize) -> String;

impl Functions {
    /// The functions of all chains. Without later fragments they are smaller; then they must not be asked for them.
    pub(in crate::analysis) fn new(
        diagram: &mut Diagram,
        program: &Program,
        sees_fragments: bool,
    ) -> Result<Functions, Exhausted> {
        Functions::with_details(diagram, program, sees_fragments, &|_, _| String::new())
    }

    /// The same with verdicts told apart by more than their target.
    pub(in crate::analysis) fn with_details(
        diagram: &mut Diagram,
        program: &Program,
        sees_fragments: bool,
        detail: Detail<'_>,
    ) -> Result<Functions, Exhausted> {
        let functions = Functions {
            space: Space::new(program.family, &program.classes),
            outcomes: Outcomes::new(),
            chains: vec![NONE; program.chains.len()],
            rules: vec![Vec::new(); program.chains.len()],
        };
        let mut builder = Builder { diagram, program, sees_fragments, detail, functions };
        for chain in callees_first(program) {
            builder.chain(chain)?;
        }
        Ok(builder.functions)
    }

    /// What comes of packets that enter a chain: verdicts, or [`GOES_ON`] where they leave it at its end or return.
    #[cfg(test)]
    pub(in crate::analysis) fn chain(&self, chain: usize) -> Node {
        self.chains[chain]
    }

    /// The same with a verdict on those that leave the chain.
    pub(in crate::analysis) fn chain_with_end(
        &mut self,
        diagram: &mut Diagram,
        chain: usize,
        end: &'static Extension,
    ) -> Result<Node, Exhausted> {
        let end = self.outcomes.add(end, "");
        let end = diagram.terminal(&[end]);
        diagram.replace(GOES_ON, self.chains[chain], end)
    }
}

struct Builder<'a> {
    diagram: &'a mut Diagram,
    program: &'a Program,
    sees_fragments: bool,
    detail: Detail<'a>,
    functions: Functions,
}

impl Builder<'_> {
    fn chain(&mut self, chain: usize) -> Result<(), Exhausted> {
        let program = self.program;
        let mut rules = Vec::with_capacity(program.chains[chain].len());
        for (number, rule) in program.chains[chain].iter().enumerate() {
            let action = self.action(chain, number, rule.action)?;
            rules.push(self.functions.space.rule(self.diagram, &rule.test, action, self.sees_fragments)?);
        }
        let whole = self.diagram.one_after_another(&rules)?;
        let goes_on = self.diagram.terminal(&[GOES_ON]);
        self.functions.chains[chain] = self.diagram.replace(RETURNS, whole, goes_on)?;
        self.functions.rules[chain] = rules;
        Ok(())
    }

    /// What comes of packets of which a rule is true.
    fn action(&mut self, chain: usize, rule: usize, action: Action) -> Result<Node, Exhausted> {
        let of = |outcomes: &[Outcome], diagram: &mut Diagram| Ok(diagram.terminal(outcomes));
        match action {
            Action::Pass => of(&[GOES_ON], self.diagram),
            Action::Return => of(&[RETURNS], self.diagram),
            Action::Verdict(target) => {
                let number = self.functions.outcomes.add(target, &(self.detail)(chain, rule));
                of(&[number], self.diagram)
            }
            Action::Jump(callee) => Ok(self.functions.chains[callee]),
            Action::Goto(callee) => {
                let returns = self.diagram.terminal(&[RETURNS]);
                self.diagram.replace(GOES_ON, self.functions.chains[callee], returns)
            }
            Action::Unknown => Ok(self.anything(&[GOES_ON, RETURNS])),
            Action::JumpAway => Ok(self.anything(&[GOES_ON])),
            Action::GotoAway => Ok(self.anything(&[RETURNS])),
        }
    }

    /// Every verdict that there is, and these outcomes.
    fn anything(&mut self, beside: &[Outcome]) -> Node {
        let mut outcomes = beside.to_vec();
        outcomes.extend(any_verdict().map(|target| self.functions.outcomes.add(target, "")));
        outcomes.sort_unstable();
        self.diagram.terminal(&outcomes)
    }
}

impl Diagram {
    /// What comes of packets that meet rules one after another. They are put together by halves: to add one rule after
    /// another to a diagram that grows would go through all of it each time.
    pub(super) fn one_after_another(&mut self, rules: &[Node]) -> Result<Node, Exhausted> {
        match rules {
            [] => Ok(self.terminal(&[GOES_ON])),
            [rule] => Ok(*rule),
            _ => {
                let (first, second) = rules.split_at(rules.len() / 2);
                let (first, second) = (self.one_after_another(first)?, self.one_after_another(second)?);
                self.replace(GOES_ON, first, second)
            }
        }
    }
}

/// The chains, each behind those that it calls. Of a circle, which does not load, one comes too early, and gives
/// nothing as [`evaluate`](crate::analysis::evaluate()) does.
pub(super) fn callees_first(program: &Program) -> Vec<usize> {
    let mut order = Vec::with_capacity(program.chains.len());
    let mut seen = vec![false; program.chains.len()];
    for start in 0..program.chains.len() {
        // Each with the rule that comes next.
        let mut open: Vec<(usize, usize)> = Vec::new();
        if !std::mem::replace(&mut seen[start], true) {
            open.push((start, 0));
        }
        while let Some((chain, next)) = open.last_mut() {
            match program.chains[*chain].get(*next).map(|rule| rule.action) {
                Some(Action::Jump(callee) | Action::Goto(callee)) => {
                    *next += 1;
                    if !std::mem::replace(&mut seen[callee], true) {
                        open.push((callee, 0));
                    }
                }
                Some(_) => *next += 1,
                None => {
                    order.push(*chain);
                    open.pop();
                }
            }
        }
    }
    order
}
