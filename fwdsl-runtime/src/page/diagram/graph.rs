//! The chains of a table, and which calls which.

use crate::family::FamilySet;
use crate::model::{Action, Chain, ChainPolicy, Model};
use crate::page::rules::target;
use crate::page::view::count;
use crate::table::{Hook, TableName};

/// A chain.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) name: String,
    /// Its place in the policy; `None` for a chain of others.
    pub(super) chain: Option<usize>,
    pub(super) hook: Option<Hook>,
    pub(super) policy: Option<ChainPolicy>,
    pub(super) families: FamilySet,
    /// What is to be said of it in a few words.
    pub(super) about: String,
}

/// Rules that lead from one chain to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// How many rules.
    pub(super) rules: usize,
    /// Whether none of them comes back.
    pub(super) is_goto: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
}

pub(super) fn graph(table: TableName, chains: &[(usize, &Chain)], model: &Model) -> Graph {
    let mut graph = Graph::default();
    for (number, chain) in chains {
        let policy = match chain.policy() {
            Some(ChainPolicy::Accept) => ", policy accept",
            Some(ChainPolicy::Drop) => ", policy drop",
            None => "",
        };
        graph.nodes.push(Node {
            name: chain.name().to_owned(),
            chain: Some(*number),
            hook: chain.hook(),
            policy: chain.policy(),
            families: chain.families(),
            about: count(chain.rules().len(), "rule", "rules") + policy + &of_family(chain, model),
        });
    }
    for foreign in model.foreign_chains().iter().filter(|foreign| foreign.table() == table) {
        if graph.nodes.iter().all(|node| node.name != foreign.name()) {
            graph.nodes.push(Node {
                name: foreign.name().to_owned(),
                chain: None,
                hook: None,
                policy: None,
                families: foreign.families(),
                about: "of others".into(),
            });
        }
    }
    for (from, (_, chain)) in chains.iter().enumerate() {
        for verdict in chain.rules().iter().flat_map(|rule| rule.verdicts()) {
            let Some(name) = target(verdict) else { continue };
            let is_goto = matches!(verdict.action(), Action::Goto(_));
            // Two may have the name, one for each family.
            let is_called =
                |node: &Node| node.name == name && !node.families.and(chain.families()).is_empty();
            for to in (0..graph.nodes.len()).filter(|to| is_called(&graph.nodes[*to])) {
                match graph.edges.iter_mut().find(|edge| (edge.from, edge.to) == (from, to)) {
                    Some(edge) => {
                        edge.rules += 1;
                        edge.is_goto &= is_goto;
                    }
                    None => graph.edges.push(Edge { from, to, rules: 1, is_goto }),
                }
            }
        }
    }
    graph
}

/// The family of a chain that is not for all of the policy's.
fn of_family(chain: &Chain, model: &Model) -> String {
    match chain.families().and(model.families()) {
        families if families == model.families() => String::new(),
        families => families.iter().map(|family| format!(", {family}")).collect(),
    }
}

impl Graph {
    /// For each node whether a hook leads to it.
    pub(super) fn called(&self) -> Vec<bool> {
        let mut called: Vec<bool> = self.nodes.iter().map(|node| node.hook.is_some()).collect();
        let mut open: Vec<usize> = (0..self.nodes.len()).filter(|node| called[*node]).collect();
        while let Some(node) = open.pop() {
            for edge in self.edges.iter().filter(|edge| edge.from == node) {
                if !std::mem::replace(&mut called[edge.to], true) {
                    open.push(edge.to);
                }
            }
        }
        called
    }
}
