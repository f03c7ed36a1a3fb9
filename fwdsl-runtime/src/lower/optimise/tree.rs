//! Rules to a tree of chains.
//!
//! A chain of a tree asks one question after the other, each leading to a branch by `goto`, and ends with the rules that
//! are left. So who comes to a branch has answered as many questions as stand before it, and N(d, t) = N(d-1, t-1) + N(d, t-1)
//! leaves can be told apart by t questions in chains that go d deep: the first branch takes N(d-1, t-1) of them.
//! That is nearly as few questions as a binary tree asks, at half its depth.

use super::extent::{Extent, Known};
use super::question::{Question, Rest};
use crate::family::Family;

/// Up to how many rules a leaf holds, of a short run and of a long one: chains take longer to load than rules.
const LEAF: (usize, usize) = (4, 12);
/// Of how many rules a run has one more in each leaf.
const RULES_OF_LEAF: usize = 64;
/// The most questions on a way; more rules than that tells apart do not load.
const QUESTIONS_MAX: usize = 64;

/// A chain of a tree.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The questions in order, with the number of the node that each leads to.
    pub(super) branches: Vec<(Question, usize)>,
    /// The rules behind them.
    pub(super) rules: Vec<u32>,
}

/// A tree; the first node is its root.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

impl Tree {
    /// How many lines it has in all: rules, questions, and chains.
    pub(super) fn lines(&self) -> usize {
        self.nodes.iter().map(|node| 1 + node.branches.len() + node.rules.len()).sum()
    }

    /// The most lines that a packet can meet.
    pub(super) fn longest_way(&self) -> usize {
        self.longest_from(0)
    }

    fn longest_from(&self, node: usize) -> usize {
        let node = &self.nodes[node];
        let ways = node.branches.iter().enumerate();
        let ways = ways.map(|(asked, (_, to))| asked + 1 + self.longest_from(*to));
        ways.max().unwrap_or_default().max(node.branches.len() + node.rules.len())
    }

    /// How many chains deep it goes.
    pub(super) fn depth(&self) -> usize {
        self.depth_from(0)
    }

    fn depth_from(&self, node: usize) -> usize {
        1 + self.nodes[node].branches.iter().map(|(_, to)| self.depth_from(*to)).max().unwrap_or_default()
    }
}

/// What a tree is made of.
pub(super) struct Builder<'a> {
    pub(super) known: &'a [Known],
    pub(super) family: Family,
    /// How many chains deep it may go below its root.
    pub(super) depth: usize,
    /// Whether later fragments may come, so that legacy may drop small ones where it is asked for ports of TCP.
    pub(super) fragments: bool,
    /// By what share a question may make the rules more that it divides.
    pub(super) growth: f64,
    /// Up to how many rules a leaf holds.
    pub(super) leaf: usize,
}

/// Up to how many rules the leaves hold of a run of so many.
pub(super) fn leaf_of(rules: usize) -> usize {
    (rules / RULES_OF_LEAF).clamp(LEAF.0, LEAF.1)
}

impl Builder<'_> {
    /// The tree for rules of which a packet comes to all.
    pub(super) fn build(&self, rules: Vec<u32>) -> Tree {
        let mut tree = Tree { nodes: vec![Node::default()] };
        let all = super::extent::everything(self.family);
        self.grow(&mut tree, 0, rules, all, self.depth);
        tree
    }

    fn grow(&self, tree: &mut Tree, node: usize, mut rules: Vec<u32>, mut within: Extent, depth: usize) {
        self.cut_dead(&mut rules, &within);
        while let Some(question) = self.best(&rules, &within, depth) {
            let extent = |rule: &u32| self.clipped(*rule, &within);
            let inside = question.inside(&within);
            let of_branch = rules.iter().copied().filter(|rule| question.meets(&extent(rule))).collect();
            rules = rules.iter().copied().filter(|rule| !question.takes(&extent(rule))).collect();
            within = question.outside(&within);
            self.cut_dead(&mut rules, &within);
            let branch = tree.nodes.len();
            tree.nodes.push(Node::default());
            tree.nodes[node].branches.push((question, branch));
            self.grow(tree, branch, of_branch, inside, depth - 1);
        }
        tree.nodes[node].rules = rules;
    }

    /// The packets of a rule that come here.
    fn clipped(&self, rule: u32, within: &Extent) -> Extent {
        let mut extent = self.known[rule as usize].extent;
        for (own, within) in extent.iter_mut().zip(within) {
            *own = own.and(*within);
        }
        extent
    }

    /// Cuts off the rules behind one that takes all packets.
    fn cut_dead(&self, rules: &mut Vec<u32>, within: &Extent) {
        let takes_all = |rule: &u32| {
            let known = &self.known[*rule as usize];
            known.ends_all && within.iter().zip(&known.extent).all(|(here, own)| here.is_within(*own))
        };
        if let Some(last) = rules.iter().position(takes_all) {
            rules.truncate(last + 1);
        }
    }

    /// The question after which the fewest further ones are needed; `None` if it is best to ask no more.
    fn best(&self, rules: &[u32], within: &Extent, depth: usize) -> Option<Question> {
        if rules.len() <= self.leaf || depth == 0 {
            return None;
        }
        let count = rules.len() as f64;
        let without = needed(depth, rules.len(), self.leaf);
        let mut best: Option<(f64, Question)> = None;
        let questions = without.ceil() as usize;
        let share = leaves(depth - 1, questions.saturating_sub(1)) / leaves(depth, questions);
        let shares = [share * 0.5, share * 0.8, share, share * 1.25, 0.5];
        let extents: Vec<Extent> = rules.iter().map(|rule| self.clipped(*rule, within)).collect();
        let mut consider = |question: Question| {
            let (mut inside, mut outside) = (0, 0);
            for extent in &extents {
                inside += usize::from(question.meets(extent));
                outside += usize::from(!question.takes(extent));
            }
            let growth = (inside + outside) as f64 / count - 1.0;
            if inside == rules.len() || outside == rules.len() || growth > self.growth {
                return;
            }
            let ways = needed(depth - 1, inside, self.leaf).max(needed(depth, outside, self.leaf));
            let score = question.cost() + ways + 2.0 * growth;
            if best.as_ref().is_none_or(|(other, _)| score < *other) && self.is_safe(question, rules, within)
            {
                best = Some((score, question));
            }
        };
        let rest = Rest { known: self.known, rules, within };
        rest.questions(&shares, &mut consider);
        // Without it, the rules are met one by one.
        best.filter(|(score, _)| *score < count).map(|(_, question)| question)
    }

    /// Whether legacy drops the small fragments that it drops at this question at the next rule anyway.
    fn is_safe(&self, question: Question, rules: &[u32], within: &Extent) -> bool {
        use crate::catalogue::TCP_NUMBER;
        if !self.fragments || question.protocol != Some(TCP_NUMBER) {
            return true;
        }
        let mut tcp = *within;
        let whole = super::extent::everything(self.family);
        for field in [super::extent::Field::SourcePort, super::extent::Field::DestinationPort] {
            tcp[field as usize] = whole[field as usize];
        }
        let protocol = super::extent::Field::Protocol as usize;
        tcp[protocol].first = u128::from(TCP_NUMBER);
        tcp[protocol].last = u128::from(TCP_NUMBER);
        let first = rules.first().and_then(|rule| self.known[*rule as usize].drops_small);
        first.is_some_and(|core| tcp.iter().zip(&core).all(|(here, own)| here.is_within(*own)))
    }
}

/// How many leaves so many questions can tell apart in chains of this depth.
fn leaves(depth: usize, questions: usize) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for place in 0..depth.min(questions) {
        term *= (questions - place) as f64 / (place + 1) as f64;
        sum += term;
    }
    sum
}

/// How many questions it takes until so many rules are a leaf's, and how much of the leaf they fill.
fn needed(depth: usize, rules: usize, leaf: usize) -> f64 {
    let wanted = rules as f64 / leaf as f64;
    if wanted <= 1.0 || depth == 0 {
        return (rules as f64 - leaf as f64).max(wanted - 1.0);
    }
    let mut below = 1.0;
    for questions in 1..QUESTIONS_MAX {
        let above = leaves(depth, questions);
        if above >= wanted {
            return questions as f64 - 1.0 + (wanted - below) / (above - below);
        }
        below = above;
    }
    rules as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_sums_of_binomials() {
        assert_eq!(leaves(0, 9), 1.0);
        assert_eq!(leaves(1, 3), 4.0);
        assert_eq!(leaves(9, 4), 16.0);
        assert_eq!(leaves(6, 12), 2510.0);
        for (depth, questions) in [(2, 5), (6, 12), (3, 3)] {
            assert_eq!(
                leaves(depth, questions),
                leaves(depth - 1, questions - 1) + leaves(depth, questions - 1)
            );
        }
        assert!((11.0..=12.0).contains(&needed(6, 10_000, 4)), "{}", needed(6, 10_000, 4));
    }
}
