//! What comes of packets at a hook of one of two firewalls, as a function that both can be compared by.

use std::collections::BTreeMap;

use super::align::Numbers;
use super::atom::{Atoms, History, Kind, Which, opaque_parts};
use super::verdict::{Verdict, Verdicts};
use crate::analysis::diagram::{Diagram, Exhausted, GOES_ON, NONE, Node, RETURNS, Space};
use crate::analysis::meaning::is_changed;
use crate::analysis::program::{Program, test};
use crate::catalogue::{Aspects, Flow, RAW, RETURN};
use crate::emit::{emit_match, emit_target};
use crate::family::Family;
use crate::loc::Loc;
use crate::lower::{Rule, Table};
use crate::model::Action;

/// What both firewalls share.
pub(super) struct Shared<'a> {
    pub(super) diagram: Diagram,
    pub(super) space: Space,
    /// Of no chains: the family, and what names and marks the rules of both tell apart.
    pub(super) program: &'a Program,
    pub(super) family: Family,
    pub(super) atoms: Atoms,
    pub(super) verdicts: Verdicts,
    /// What the rules of either change.
    pub(super) changed: Aspects,
    pub(super) sees_fragments: bool,
}

/// The rules of a chain as packets meet them on one way to it.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) steps: Vec<Step>,
    /// What comes of packets that enter the chain.
    pub(super) function: Node,
}

/// A rule that something depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) loc: Loc,
    pub(super) truth: Node,
    pub(super) act: Act,
}

/// What a rule does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    /// This comes of packets.
    Gives(Node),
    Call(usize),
    Goto(usize),
}

/// A table on its way to a function for each hook.
pub(super) struct Walk<'a, 'b> {
    pub(super) shared: &'b mut Shared<'a>,
    pub(super) table: &'b Table,
    pub(super) blocks: Vec<Block>,
    /// Chains that are the same on every way to them.
    known: Vec<Option<usize>>,
    /// Chains whose answers depend on the way to them.
    pub(super) differs: Vec<bool>,
    open: Vec<bool>,
    /// How often the text of a match that counts has come so far.
    counts: BTreeMap<String, u32>,
    /// The numbers that the occurrences have in the other firewall; their own where there is none.
    pub(super) numbers: Numbers,
    history: History,
    /// Whether some rule looks at what others change.
    tracks_changes: bool,
}

impl<'a, 'b> Walk<'a, 'b> {
    pub(super) fn new(shared: &'b mut Shared<'a>, table: &'b Table) -> Walk<'a, 'b> {
        let rules = || table.chains.iter().flat_map(|chain| &chain.rules);
        let mut options = rules()
            .flat_map(|rule| &rule.matches)
            .flat_map(|entry| entry.options.iter().map(move |option| (entry.extension, option.spec)));
        let tracks_changes = options.any(|(extension, spec)| is_changed(extension, spec, shared.changed));
        let count = table.chains.len();
        let mut walk = Walk {
            shared,
            table,
            blocks: Vec::new(),
            known: vec![None; count],
            differs: vec![false; count],
            open: vec![false; count],
            counts: BTreeMap::new(),
            numbers: Numbers::new(),
            history: 0,
            tracks_changes,
        };
        walk.differs = walk.find_differing();
        walk
    }

    /// The block of the chain that packets enter at a hook.
    pub(super) fn hook(&mut self, chain: usize) -> Result<usize, Exhausted> {
        self.counts.clear();
        self.history = 0;
        self.chain(chain)
    }

    /// The chains with something that is counted or changed, and those that lead there.
    fn find_differing(&self) -> Vec<bool> {
        let chains = &self.table.chains;
        let own = |rule: &Rule| {
            let may_end = matches!(&rule.action, Action::Target { extension, .. }
                if extension.flow == Flow::MayEnd || **extension == RAW);
            let changes = matches!(&rule.action, Action::Target { extension, .. }
                if self.tracks_changes && extension.changes.meets(Aspects::ALL));
            may_end
                || changes
                || matches!(&rule.action, Action::Jump(to) | Action::Goto(to) if self.table.is_foreign(to))
                || opaque_parts(rule, self.shared.family, &self.shared.program.classes, self.shared.changed)
                    .iter()
                    .any(|part| part.kind != Kind::Steady)
        };
        let mut differs: Vec<bool> = chains.iter().map(|chain| chain.rules.iter().any(own)).collect();
        loop {
            let leads = |rule: &Rule| self.callee(&rule.action).is_some_and(|(callee, _)| differs[callee]);
            let more: Vec<usize> = (0..chains.len())
                .filter(|chain| !differs[*chain] && chains[*chain].rules.iter().any(leads))
                .collect();
            if more.is_empty() {
                return differs;
            }
            more.into_iter().for_each(|chain| differs[chain] = true);
        }
    }

    /// Whether something depends on a rule.
    pub(super) fn is_asked(&self, rule: &Rule) -> bool {
        match &rule.action {
            Action::Target { extension, .. } if extension.flow == Flow::Continues => {
                self.tracks_changes && extension.changes.meets(Aspects::ALL)
            }
            Action::Target { .. } => true,
            Action::Jump(name) | Action::Goto(name) => {
                self.table.is_foreign(name) || self.callee(&rule.action).is_some()
            }
        }
    }

    /// What a rule counts, in the order in which it is numbered.
    pub(super) fn counted(&self, rule: &Rule) -> Vec<String> {
        let Shared { program, family, .. } = &*self.shared;
        let parts = opaque_parts(rule, *family, &program.classes, Aspects::NONE);
        let counted = parts.into_iter().filter(|part| part.kind == Kind::Counted).map(|part| part.text);
        let of_target = match &rule.action {
            Action::Target { extension, .. } if extension.flow == Flow::MayEnd || **extension == RAW => {
                Some(asked(&emit_target(&rule.action, *family)))
            }
            Action::Jump(name) | Action::Goto(name) if self.table.is_foreign(name) => Some(asked(name)),
            _ => None,
        };
        counted.chain(of_target).collect()
    }

    /// A rule without the names of chains that it leads to.
    pub(super) fn rule_text(&self, rule: &Rule) -> String {
        let family = self.shared.family;
        let mut words: Vec<String> = rule.matches.iter().map(|entry| emit_match(entry, family)).collect();
        let target = match self.callee(&rule.action) {
            Some(_) => "jump".to_owned(),
            None => emit_target(&rule.action, family),
        };
        words.push(target);
        words.join(" ")
    }

    /// The chain that a rule leads to, and whether it comes back to it.
    pub(super) fn callee(&self, action: &Action) -> Option<(usize, bool)> {
        let (name, returns) = match action {
            Action::Jump(name) => (name, true),
            Action::Goto(name) => (name, false),
            Action::Target { .. } => return None,
        };
        let index = self.table.chains.iter().position(|chain| chain.name == *name)?;
        Some((index, returns))
    }

    fn chain(&mut self, index: usize) -> Result<usize, Exhausted> {
        if let Some(known) = self.known[index] {
            return Ok(known);
        }
        let mut block = Block { steps: Vec::new(), function: NONE };
        // A circle does not load, and gives nothing.
        if !std::mem::replace(&mut self.open[index], true) {
            let table = self.table;
            let mut rules = Vec::new();
            for rule in &table.chains[index].rules {
                if let Some(step) = self.step(rule)? {
                    let action = self.action(step.act)?;
                    let shared = &mut *self.shared;
                    rules.push(shared.space.exact_rule(&mut shared.diagram, step.truth, action)?);
                    block.steps.push(step);
                }
            }
            let diagram = &mut self.shared.diagram;
            let whole = diagram.sequence(&rules)?;
            let goes_on = diagram.terminal(&[GOES_ON]);
            block.function = diagram.replace(RETURNS, whole, goes_on)?;
            self.open[index] = false;
        }
        self.blocks.push(block);
        let number = self.blocks.len() - 1;
        if !self.differs[index] {
            self.known[index] = Some(number);
        }
        Ok(number)
    }

    fn action(&mut self, act: Act) -> Result<Node, Exhausted> {
        match act {
            Act::Gives(node) => Ok(node),
            Act::Call(block) => Ok(self.blocks[block].function),
            Act::Goto(block) => {
                let diagram = &mut self.shared.diagram;
                let returns = diagram.terminal(&[RETURNS]);
                diagram.replace(GOES_ON, self.blocks[block].function, returns)
            }
        }
    }

    /// What a rule does to packets and answers; `None` if nothing depends on it.
    fn step(&mut self, rule: &Rule) -> Result<Option<Step>, Exhausted> {
        let step = |truth, act| Ok(Some(Step { loc: rule.loc, truth, act }));
        match &rule.action {
            Action::Target { extension, .. } if extension.flow == Flow::Continues => {
                if self.is_asked(rule) {
                    let truth = self.truth(rule)?;
                    self.pass(truth, emit_target(&rule.action, self.shared.family));
                }
                Ok(None)
            }
            Action::Target { extension, .. } if **extension == RETURN => {
                let truth = self.truth(rule)?;
                self.pass(truth, "RETURN".into());
                step(truth, Act::Gives(self.shared.diagram.terminal(&[RETURNS])))
            }
            Action::Target { extension, .. } => {
                let text = emit_target(&rule.action, self.shared.family);
                let truth = self.truth(rule)?;
                let is_raw = **extension == RAW;
                let verdict = if is_raw {
                    Verdict::Unknown(text.clone())
                } else {
                    Verdict::Target(extension, text.clone())
                };
                let after = [GOES_ON, RETURNS];
                let after = if is_raw { &after[..] } else { &after[..1] };
                let act = match extension.flow == Flow::MayEnd || is_raw {
                    true => self.perhaps(verdict, &text, after, truth)?,
                    false => self.shared.verdict(verdict),
                };
                step(truth, Act::Gives(act))
            }
            Action::Jump(name) | Action::Goto(name) if self.table.is_foreign(name) => {
                let truth = self.truth(rule)?;
                let goes_back = matches!(rule.action, Action::Goto(_));
                let after = [if goes_back { RETURNS } else { GOES_ON }];
                let act = self.perhaps(Verdict::Foreign(name.clone()), name, &after, truth)?;
                step(truth, Act::Gives(act))
            }
            Action::Jump(_) | Action::Goto(_) => {
                let Some((callee, comes_back)) = self.callee(&rule.action) else { return Ok(None) };
                let truth = self.truth(rule)?;
                if self.differs[callee] || !comes_back {
                    self.pass(truth, if comes_back { "jump" } else { "goto" }.into());
                }
                let block = self.chain(callee)?;
                if self.differs[callee] && comes_back {
                    self.pass(truth, "back".into());
                }
                step(truth, if comes_back { Act::Call(block) } else { Act::Goto(block) })
            }
        }
    }

    /// A target that may take packets or not, as answers of its own tell; then they go one of these ways.
    fn perhaps(
        &mut self,
        verdict: Verdict,
        text: &str,
        after: &[u32],
        truth: Node,
    ) -> Result<Node, Exhausted> {
        let nth = nth(&mut self.counts, &self.numbers, &asked(text));
        let mut ends = Vec::with_capacity(after.len());
        let given = self.shared.verdict(verdict);
        ends.push((given, format!("{text} takes the packet")));
        let shared = &mut *self.shared;
        let mut others: Vec<Node> = after.iter().map(|after| shared.diagram.terminal(&[*after])).collect();
        let mut last = others.remove(0);
        ends.extend(others.into_iter().map(|node| (node, format!("{text} returns"))));
        for (node, text) in ends.into_iter().rev() {
            let atom = shared.atoms.number(text, String::new(), Which::Nth(nth));
            last = shared.space.by_atom(&mut shared.diagram, atom, node, last)?;
        }
        self.pass(truth, text.to_owned());
        Ok(last)
    }

    /// Notes that packets met a rule, where others may look at what it did.
    fn pass(&mut self, truth: Node, does: String) {
        if self.tracks_changes && truth != NONE {
            self.history = self.shared.atoms.history(self.history, truth, does);
        }
    }

    /// The packets and answers of which a rule is true.
    fn truth(&mut self, rule: &Rule) -> Result<Node, Exhausted> {
        let Shared { diagram, space, program, family, atoms, changed, sees_fragments, .. } =
            &mut *self.shared;
        let changed = if self.history == 0 { Aspects::NONE } else { *changed };
        let (counts, numbers) = (&mut self.counts, &self.numbers);
        let mut literals = Vec::new();
        for part in opaque_parts(rule, *family, &program.classes, changed) {
            literals.push(part.literal(atoms, self.history, &mut |text| nth(counts, numbers, text)));
        }
        let test = test(&rule.matches, *family, &program.classes, changed);
        space.exact_truth(diagram, &test, &literals, *sees_fragments)
    }
}

/// The number of the next occurrence of a text, from 1.
fn nth(counts: &mut BTreeMap<String, u32>, numbers: &Numbers, text: &str) -> u32 {
    let count = counts.entry(text.to_owned()).or_default();
    let own = *count;
    *count += 1;
    numbers.get(text).and_then(|numbers| numbers.get(own as usize)).copied().unwrap_or(own) + 1
}

/// What is counted of a target that may take packets.
fn asked(text: &str) -> String {
    format!("-j {text}")
}

impl Shared<'_> {
    pub(super) fn verdict(&mut self, verdict: Verdict) -> Node {
        let outcome = self.verdicts.number(verdict);
        self.diagram.terminal(&[outcome])
    }
}
