//! Runs of rules to trees of chains, so that what a packet costs does hardly depend on how many rules there are.
//!
//! ```text
//! INPUT  -s A … ACCEPT        INPUT          -j INPUT.1-9000
//! INPUT  -s B … DROP          INPUT.1-9000   -s 10.0.0.0/9 -g INPUT.src
//! …                           INPUT.1-9000   -s 10.128.0.0/10 -g INPUT.src-2
//!                             INPUT.src      …
//! ```
//!
//! A run is rules of a chain, one behind the other, that remember no packet and change nothing that a tree asks for. In the tree
//! each rule stands as it stood, in every leaf to which packets come that it may match. The tree is used if
//! [`crate::analysis::check_trees`] proves that it does the same with every packet.

mod extent;
mod question;
#[cfg(all(test, feature = "syntax"))]
mod tests;
mod tree;

use self::extent::{Interfaces, Known, known};
use self::tree::{Builder, Tree, leaf_of};
use super::name::Names;
use super::{Chain, Rule, RuleOrigin, Ruleset, Table, lower};
use crate::analysis::{Stead, changes_on_return, check_trees, has_state, leaves, may_see_fragments};
use crate::catalogue::Aspects;
use crate::check::{DEPTH_MAX, deepest_way, ways_through};
use crate::family::Family;
use crate::loc::Loc;
use crate::model::{Action, Model};
use crate::table::TableName;

/// Fewer rules are left as they are.
const RUN_MIN: usize = 12;
/// A tree deeper than this asks hardly fewer questions.
const TREE_DEPTH_MAX: usize = 7;

/// What became of a run of rules that was to be optimised.
#[derive(Debug, Clone, PartialEq)]
pub struct OptimisedRun {
    /// The family.
    pub family: Family,
    /// The table.
    pub table: TableName,
    /// The chain.
    pub chain: String,
    /// Where its first and its last rule stand.
    pub locs: (Loc, Loc),
    /// How many rules it has, as they are lowered.
    pub rules: usize,
    /// The tree; or why there is none.
    pub tree: Result<TreeSize, String>,
}

/// What a tree is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeSize {
    /// How many chains it has.
    pub chains: usize,
    /// How many lines, with a line for each chain.
    pub lines: usize,
    /// The most lines that a packet meets in it.
    pub longest_way: usize,
}

/// The rules of a policy for one family, with trees where the policy asks for them; `None` if it holds no table for it.
///
/// The policy must have passed [`crate::check`].
pub fn lower_optimised(model: &Model, family: Family) -> Option<(Ruleset, Vec<OptimisedRun>)> {
    let mut ruleset = lower(model, family)?;
    let mut report = Vec::new();
    if !model.wants_trees() {
        return Some((ruleset, report));
    }
    for number in 0..ruleset.tables.len() {
        if let Some(table) = optimise_table(model, &ruleset, number, &mut report) {
            ruleset.tables[number] = table;
        }
    }
    Some((ruleset, report))
}

/// A chain that is to be optimised, and its runs.
struct Candidate {
    chain: usize,
    runs: Vec<(usize, usize)>,
}

fn optimise_table(
    model: &Model,
    ruleset: &Ruleset,
    number: usize,
    report: &mut Vec<OptimisedRun>,
) -> Option<Table> {
    let table = &ruleset.tables[number];
    let is_wanted = |chain: &Chain| {
        let source = chain.rules.first().map(|rule| rule.origin.chain);
        source
            .and_then(|source| model.chains.get(source))
            .is_some_and(|source| model.optimise || source.optimise)
    };
    let mut candidates: Vec<Candidate> = (0..table.chains.len())
        .filter(|chain| is_wanted(&table.chains[*chain]))
        .map(|chain| Candidate { chain, runs: runs(table, &table.chains[chain]) })
        .filter(|candidate| !candidate.runs.is_empty())
        .collect();
    if candidates.is_empty() {
        return None;
    }
    // Chains can go only so deep together. Those with many rules gain the most.
    candidates.sort_by_key(|candidate| std::cmp::Reverse(table.chains[candidate.chain].rules.len()));
    let mut names =
        Names::new(table.chains.iter().map(|chain| chain.name.clone()).chain(table.foreign.iter().cloned()));
    let mut now = table.clone();
    for Candidate { chain, runs } in candidates {
        let fragments = may_see_fragments(ruleset, table, chain);
        let place = now.position(&table.chains[chain].name)?;
        let depth = DEPTH_MAX.saturating_sub(ways_through(&now)[place] + 1).min(TREE_DEPTH_MAX);
        let make = Make { family: ruleset.family, table, chain, depth, fragments };
        let (steads, with_trees, made) = make.chain(&runs, &mut names, report, table.name);
        if steads.is_empty() {
            continue;
        }
        let mut attempt = now.clone();
        attempt.chains[place] = with_trees;
        add_sorted(&mut attempt, made);
        match check_trees((ruleset, table, chain), &attempt, &steads) {
            Ok(()) if deepest_way(&attempt) <= DEPTH_MAX => now = attempt,
            Ok(()) => refuse(report, steads.len(), "the chains would go too deep"),
            Err(why) => refuse(report, steads.len(), &why),
        }
    }
    Some(now)
}

/// Marks the last trees of the report as refused.
fn refuse(report: &mut [OptimisedRun], mut count: usize, why: &str) {
    for run in report.iter_mut().rev() {
        if count > 0 && run.tree.is_ok() {
            run.tree = Err(format!("not proven: {why}"));
            count -= 1;
        }
    }
}

/// Adds chains that are not built in.
fn add_sorted(table: &mut Table, made: Vec<Chain>) {
    let built_in = table.chains.iter().position(|chain| chain.policy.is_none()).unwrap_or(table.chains.len());
    table.chains.extend(made);
    table.chains[built_in..].sort_by(|a, b| a.name.cmp(&b.name));
}

/// The runs of a chain that are long enough, from a rule to the one behind.
fn runs(table: &Table, chain: &Chain) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut first = 0;
    let mut push = |first: usize, end: usize| {
        if end - first >= RUN_MIN {
            found.push((first, end));
        }
    };
    // What leaves the chain can be in its last run alone: from a tree in the middle it would lead behind the tree.
    let last_barrier = chain.rules.iter().rposition(|rule| is_barrier(table, rule));
    let tail = last_barrier.map_or(0, |last| last + 1);
    for (place, rule) in chain.rules.iter().enumerate() {
        if is_barrier(table, rule) || leaves(rule) && place < tail {
            push(first, place);
            first = place + 1;
        }
    }
    push(first, chain.rules.len());
    found
}

/// Whether a rule cannot be in a tree.
fn is_barrier(table: &Table, rule: &Rule) -> bool {
    has_state(rule) || changes_on_return(table, &rule.action).meets(Aspects::ADDRESSES)
}

/// What the trees of a chain are made with.
struct Make<'a> {
    family: Family,
    table: &'a Table,
    chain: usize,
    depth: usize,
    fragments: bool,
}

impl Make<'_> {
    /// The chain with trees in the place of its runs, and the chains of the trees.
    fn chain(
        &self,
        runs: &[(usize, usize)],
        names: &mut Names,
        report: &mut Vec<OptimisedRun>,
        table: TableName,
    ) -> (Vec<Stead>, Chain, Vec<Chain>) {
        let chain = &self.table.chains[self.chain];
        let mut with_trees = Chain { rules: Vec::new(), ..chain.clone() };
        let (mut steads, mut made) = (Vec::new(), Vec::new());
        let mut copied = 0;
        for (first, end) in runs.iter().copied() {
            let rules = &chain.rules[first..end];
            let tree = self.tree(rules);
            let size = tree.as_ref().map_err(Clone::clone).map(|(tree, _)| TreeSize {
                chains: tree.nodes.len(),
                lines: tree.lines(),
                longest_way: tree.longest_way(),
            });
            report.push(OptimisedRun {
                family: self.family,
                table,
                chain: chain.name.clone(),
                locs: (rules[0].loc, rules[rules.len() - 1].loc),
                rules: rules.len(),
                tree: size,
            });
            let Ok((tree, interfaces)) = tree else { continue };
            with_trees.rules.extend_from_slice(&chain.rules[copied..first]);
            copied = end;
            let chains = self.emit(&tree, &interfaces, (first, end), names);
            steads.push(Stead { entry: with_trees.rules.len(), first, end });
            with_trees.rules.push(led(&rules[0], Vec::new(), Action::Jump(chains[0].name.clone())));
            made.extend(chains);
        }
        with_trees.rules.extend_from_slice(&chain.rules[copied..]);
        (steads, with_trees, made)
    }

    /// The tree for a run, if it is worth it.
    fn tree(&self, rules: &[Rule]) -> Result<(Tree, Interfaces), String> {
        if self.depth == 0 {
            return Err("the chains are too deep already".into());
        }
        let mut interfaces = Interfaces::default();
        let known: Vec<Known> = rules.iter().map(|rule| known(rule, self.family, &mut interfaces)).collect();
        let mut shortest = rules.len();
        // With fewer copies of rules there are more questions.
        for growth in [0.5, 0.25, 0.1, 0.04, 0.0] {
            let builder = Builder {
                known: &known,
                family: self.family,
                depth: self.depth,
                fragments: self.fragments,
                growth,
                leaf: leaf_of(rules.len()),
            };
            let tree = builder.build((0..rules.len() as u32).collect());
            shortest = shortest.min(tree.longest_way());
            // Each packet has to meet the entry too.
            if tree.lines() <= rules.len() * 2
                && tree.longest_way() + 2 < rules.len()
                && tree.depth() <= self.depth + 1
            {
                return Ok((tree, interfaces));
            }
        }
        Err(if shortest + 2 < rules.len() {
            "it would take more than twice the lines".into()
        } else {
            "no questions tell its rules apart".into()
        })
    }

    fn emit(
        &self,
        tree: &Tree,
        interfaces: &Interfaces,
        (first, end): (usize, usize),
        names: &mut Names,
    ) -> Vec<Chain> {
        let chain = &self.table.chains[self.chain];
        let run = &chain.rules[first..end];
        let number = |place: usize| chain.rules[place].origin.rule + 1;
        let mut chains: Vec<Chain> = Vec::with_capacity(tree.nodes.len());
        let mut words = vec![format!("{}-{}", number(first), number(end - 1)); tree.nodes.len()];
        for (question, to) in tree.nodes.iter().flat_map(|node| &node.branches) {
            words[*to] = question.word().to_owned();
        }
        for word in &words {
            let name = names.tagged(&chain.name, word);
            chains.push(Chain { name, policy: None, rules: Vec::new(), auxiliary: true });
        }
        for (place, node) in tree.nodes.iter().enumerate() {
            let branches = node.branches.iter().map(|(question, to)| {
                let action = Action::Goto(chains[*to].name.clone());
                led(&run[0], question.matches(self.family, interfaces), action)
            });
            let rules = node.rules.iter().map(|rule| run[*rule as usize].clone());
            let rules: Vec<Rule> = branches.chain(rules).collect();
            chains[place].rules = rules;
        }
        chains
    }
}

/// A rule that leads to a chain of a tree.
fn led(first: &Rule, matches: Vec<crate::model::Match>, action: Action) -> Rule {
    let origin = RuleOrigin { counts: false, leads: true, ..first.origin };
    Rule { matches, action, loc: first.loc, origin }
}
