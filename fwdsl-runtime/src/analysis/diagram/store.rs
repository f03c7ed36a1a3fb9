//! The nodes of a diagram, each kept once.
//!
//! ```text
//! levels   of node 0, 1, …         a node looks at the number of one axis
//! starts   of node 0, 1, …  ┐      and has an edge for each range of numbers,
//! lasts    ├── node 0 ──┤── node 1 ──┤…    up to and with `last`,
//! children ├── node 0 ──┤── node 1 ──┤…    which leads to the child
//! ```
//!
//! A node's edges are sorted, the last one ends at `u128::MAX`, and neighbours lead to different children; no node
//! has one edge only. So equal functions have equal nodes.

use std::collections::BTreeMap;

use super::memo::Memo;
use super::space::Level;

/// A function from packets to sets of outcomes, in a diagram: equal functions are equal nodes.
///
/// A set of packets is the function that gives [`MEMBER`] to those in it, and nothing to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::analysis) struct Node(pub(super) u32);

/// A number for what may come of a packet.
pub(in crate::analysis) type Outcome = u32;

/// The outcome of packets that are in a set.
pub(in crate::analysis) const MEMBER: Outcome = 0;

/// Nodes from here on are functions that give every packet the same.
const TERMINALS: u32 = 1 << 31;

/// The empty set, and the function that gives no outcome.
pub(in crate::analysis) const NONE: Node = Node(TERMINALS);
/// The set of all packets.
pub(in crate::analysis) const ALL: Node = Node(TERMINALS + 1);

/// The level of terminals: below all others.
pub(super) const BOTTOM: u16 = u16::MAX;

/// The steps are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analysis) struct Exhausted;

/// What edges lead to, over one axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) last: u128,
    pub(super) child: Node,
}

/// A diagram: functions from packets to outcomes, each kept once.
#[derive(Debug)]
pub(in crate::analysis) struct Diagram {
    pub(super) levels: Vec<u16>,
    /// One more than there are nodes.
    pub(super) starts: Vec<u32>,
    pub(super) lasts: Vec<u128>,
    pub(super) children: Vec<Node>,
    hashes: Vec<u64>,
    /// Nodes by their hash, plus one; 0 where there is none.
    slots: Vec<u32>,
    /// The outcomes of each terminal, sorted.
    outcomes: Vec<Vec<Outcome>>,
    terminals: BTreeMap<Vec<Outcome>, u32>,
    pub(super) memo: Memo,
    /// Edges of the nodes that are being made, the innermost last.
    pub(super) building: Vec<Edge>,
    steps: u64,
}

impl Diagram {
    /// A diagram whose operations may take so many steps in all.
    pub(in crate::analysis) fn new(steps: u64) -> Diagram {
        let mut diagram = Diagram {
            levels: Vec::new(),
            starts: vec![0],
            lasts: Vec::new(),
            children: Vec::new(),
            hashes: Vec::new(),
            slots: vec![0; 1 << 10],
            outcomes: Vec::new(),
            terminals: BTreeMap::new(),
            memo: Memo::new(),
            building: Vec::new(),
            steps,
        };
        diagram.terminal(&[]);
        diagram.terminal(&[MEMBER]);
        diagram
    }

    /// How many steps are left.
    pub(in crate::analysis) fn steps_left(&self) -> u64 {
        self.steps
    }

    pub(super) fn spend(&mut self, steps: u64) -> Result<(), Exhausted> {
        if self.steps < steps {
            return Err(Exhausted);
        }
        self.steps -= steps;
        Ok(())
    }

    /// The function that gives every packet these outcomes, which are sorted.
    pub(in crate::analysis) fn terminal(&mut self, outcomes: &[Outcome]) -> Node {
        if let Some(number) = self.terminals.get(outcomes) {
            return Node(TERMINALS + number);
        }
        let number = self.outcomes.len() as u32;
        self.outcomes.push(outcomes.to_vec());
        self.terminals.insert(outcomes.to_vec(), number);
        Node(TERMINALS + number)
    }

    /// What a terminal gives; `None` if what packets get depends on them.
    pub(in crate::analysis) fn outcomes(&self, node: Node) -> Option<&[Outcome]> {
        node.is_terminal().then(|| self.outcomes[(node.0 - TERMINALS) as usize].as_slice())
    }

    /// What a function gives to the packet with these numbers.
    pub(in crate::analysis) fn at(&self, function: Node, number: &dyn Fn(Level) -> u128) -> Node {
        let mut node = function;
        while !node.is_terminal() {
            let number = number(Level(self.level(node)));
            let (start, end) = self.edges(node);
            let edge = self.lasts[start..end].partition_point(|last| *last < number);
            node = self.children[start + edge];
        }
        node
    }

    /// About how much memory it takes, in bytes.
    #[cfg(test)]
    pub(in crate::analysis) fn bytes(&self) -> usize {
        let of_edges = self.lasts.capacity() * 16 + self.children.capacity() * 4;
        let of_nodes = self.levels.capacity() * 2 + self.starts.capacity() * 4 + self.hashes.capacity() * 8;
        of_edges + of_nodes + self.slots.capacity() * 4 + self.memo.bytes()
    }

    pub(super) fn level(&self, node: Node) -> u16 {
        if node.is_terminal() { BOTTOM } else { self.levels[node.0 as usize] }
    }

    /// The edges of a node that is no terminal, as a range of `lasts` and `children`.
    pub(super) fn edges(&self, node: Node) -> (usize, usize) {
        let starts: &[u32] = &self.starts;
        (starts[node.0 as usize] as usize, starts[node.0 as usize + 1] as usize)
    }

    pub(super) fn edge(&self, at: usize) -> Edge {
        Edge { last: self.lasts[at], child: self.children[at] }
    }

    /// Adds an edge to the node that is being made.
    pub(super) fn push_edge(&mut self, from: usize, last: u128, child: Node) {
        let count = self.building.len();
        if count > from && self.building[count - 1].child == child {
            self.building[count - 1].last = last;
        } else {
            self.building.push(Edge { last, child });
        }
    }

    /// The node of the edges that were pushed last, from a place on.
    pub(super) fn finish(&mut self, level: u16, from: usize) -> Node {
        let edges: &[Edge] = &self.building[from..];
        if edges.len() == 1 {
            let child = edges[0].child;
            self.building.truncate(from);
            return child;
        }
        let hash = hash(level, edges);
        let slot = match self.find(level, edges, hash) {
            Ok(node) => {
                self.building.truncate(from);
                return node;
            }
            Err(slot) => slot,
        };
        let number = self.levels.len() as u32;
        for edge in edges {
            self.lasts.push(edge.last);
            self.children.push(edge.child);
        }
        self.building.truncate(from);
        self.levels.push(level);
        self.starts.push(self.lasts.len() as u32);
        self.hashes.push(hash);
        self.slots[slot] = number + 1;
        if self.levels.len() * 2 > self.slots.len() {
            self.grow();
        }
        Node(number)
    }

    /// The node of these edges, or the free slot where it belongs.
    fn find(&self, level: u16, edges: &[Edge], hash: u64) -> Result<Node, usize> {
        let slots: &[u32] = &self.slots;
        let hashes: &[u64] = &self.hashes;
        let mask = slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            if slots[at] == 0 {
                return Err(at);
            }
            let node = slots[at] - 1;
            if hashes[node as usize] == hash && self.is(Node(node), level, edges) {
                return Ok(Node(node));
            }
            at = (at + 1) & mask;
        }
    }

    fn is(&self, node: Node, level: u16, edges: &[Edge]) -> bool {
        let (start, end) = self.edges(node);
        if self.levels[node.0 as usize] != level || end - start != edges.len() {
            return false;
        }
        let lasts: &[u128] = &self.lasts[start..end];
        let children: &[Node] = &self.children[start..end];
        let mut at = 0;
        while at < edges.len() {
            if lasts[at] != edges[at].last || children[at].0 != edges[at].child.0 {
                return false;
            }
            at += 1;
        }
        true
    }

    fn grow(&mut self) {
        let mut slots = vec![0; self.slots.len() * 2];
        let mask = slots.len() - 1;
        for (number, hash) in self.hashes.iter().enumerate() {
            let mut at = *hash as usize & mask;
            while slots[at] != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = number as u32 + 1;
        }
        self.slots = slots;
    }
}

impl Node {
    pub(super) fn is_terminal(self) -> bool {
        self.0 >= TERMINALS
    }
}

/// Cheap, since it is taken of every node that is made; the numbers of addresses differ in few bits.
fn hash(level: u16, edges: &[Edge]) -> u64 {
    let mut hash = level as u64;
    let mut at = 0;
    while at < edges.len() {
        let edge = edges[at];
        let word = edge.last as u64 ^ (edge.last >> 64) as u64;
        hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash = (hash ^ hash >> 32 ^ edge.child.0 as u64).wrapping_mul(0xd6e8_feb8_6659_fd93);
        at += 1;
    }
    hash ^ hash >> 32
}
