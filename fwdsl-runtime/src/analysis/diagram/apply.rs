//! Operations on functions: with sets for functions, they are those of sets.

use super::store::{ALL, Diagram, Exhausted, MEMBER, NONE, Node, Outcome};

/// What is made of the outcomes of two functions for a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    /// Those of either.
    Or,
    /// Those of the first if the second gives any.
    Within,
    /// Those of the first if the second gives none.
    Without,
    /// Those of the first, but in the place of this one those of the second.
    Replace(Outcome),
    /// [`MEMBER`] where they differ, if they do.
    Differ,
    /// [`MEMBER`] where the first gives this one; the second is of no account.
    Gives(Outcome),
}

impl Operation {
    /// A number of its own for each.
    fn number(self) -> u32 {
        match self {
            Operation::Or => 0,
            Operation::Within => 1,
            Operation::Without => 2,
            Operation::Differ => 3,
            Operation::Replace(outcome) => 4 + outcome * 2,
            Operation::Gives(outcome) => 5 + outcome * 2,
        }
    }
}

impl Diagram {
    /// The outcomes of either function; the packets that are in either set.
    pub(in crate::analysis) fn or(&mut self, first: Node, second: Node) -> Result<Node, Exhausted> {
        self.apply(Operation::Or, first, second)
    }

    /// The packets that are in both sets.
    pub(in crate::analysis) fn and(&mut self, first: Node, second: Node) -> Result<Node, Exhausted> {
        self.apply(Operation::Within, first, second)
    }

    /// The function for the packets in a set, and no outcome for others.
    pub(in crate::analysis) fn within(&mut self, function: Node, set: Node) -> Result<Node, Exhausted> {
        self.apply(Operation::Within, function, set)
    }

    /// The packets that are in the first set and not in the second; the function for packets outside of a set.
    pub(in crate::analysis) fn without(&mut self, first: Node, second: Node) -> Result<Node, Exhausted> {
        self.apply(Operation::Without, first, second)
    }

    /// The packets that are not in a set.
    pub(in crate::analysis) fn not(&mut self, set: Node) -> Result<Node, Exhausted> {
        self.apply(Operation::Without, ALL, set)
    }

    /// The first function, but in the place of one outcome what the second function gives: what comes of packets
    /// that go through the first and then, with that outcome, through the second.
    pub(in crate::analysis) fn replace(
        &mut self,
        outcome: Outcome,
        first: Node,
        second: Node,
    ) -> Result<Node, Exhausted> {
        self.apply(Operation::Replace(outcome), first, second)
    }

    /// The packets to which two functions give different outcomes.
    pub(in crate::analysis) fn differing(&mut self, first: Node, second: Node) -> Result<Node, Exhausted> {
        self.apply(Operation::Differ, first, second)
    }

    /// The packets to which a function gives an outcome, perhaps among others.
    pub(in crate::analysis) fn gives(&mut self, function: Node, outcome: Outcome) -> Result<Node, Exhausted> {
        self.apply(Operation::Gives(outcome), function, ALL)
    }

    /// The union of all.
    pub(in crate::analysis) fn or_all(&mut self, nodes: &[Node]) -> Result<Node, Exhausted> {
        match nodes {
            [] => Ok(NONE),
            [node] => Ok(*node),
            _ => {
                let (first, second) = nodes.split_at(nodes.len() / 2);
                let (first, second) = (self.or_all(first)?, self.or_all(second)?);
                self.or(first, second)
            }
        }
    }

    fn apply(&mut self, operation: Operation, first: Node, second: Node) -> Result<Node, Exhausted> {
        if let Some(node) = self.at_once(operation, first, second) {
            return Ok(node);
        }
        // The order does not matter to these; one entry of the memo for both.
        let (first, second) = match operation {
            Operation::Or | Operation::Differ if second < first => (second, first),
            _ => (first, second),
        };
        let number = operation.number();
        if let Some(known) = self.memo.get(number, first.0, second.0) {
            return Ok(Node(known));
        }
        let node = if first.is_terminal() && second.is_terminal() {
            self.apply_terminals(operation, first, second)
        } else {
            self.apply_edges(operation, first, second)?
        };
        self.memo.put(number, first.0, second.0, node.0);
        Ok(node)
    }

    /// The result where it can be seen from the nodes alone.
    fn at_once(&mut self, operation: Operation, first: Node, second: Node) -> Option<Node> {
        match operation {
            Operation::Or if first == second || second == NONE => Some(first),
            Operation::Or if first == NONE => Some(second),
            Operation::Within if first == NONE || second == NONE => Some(NONE),
            Operation::Within if second == ALL || first == second => Some(first),
            Operation::Without if first == NONE || first == second || second == ALL => Some(NONE),
            Operation::Without if second == NONE => Some(first),
            Operation::Differ if first == second => Some(NONE),
            Operation::Replace(outcome) => self.replaced_at_once(outcome, first, second),
            _ => None,
        }
    }

    fn replaced_at_once(&self, outcome: Outcome, first: Node, second: Node) -> Option<Node> {
        match self.outcomes(first) {
            Some(outcomes) if !outcomes.contains(&outcome) => return Some(first),
            Some([_]) => return Some(second),
            _ => {}
        }
        match self.outcomes(second) {
            Some([only]) if *only == outcome => Some(first),
            _ => None,
        }
    }

    /// The result where whatever the other function gives is of no account.
    fn regardless(&self, operation: Operation, first: Node, second: Node) -> (bool, bool) {
        match operation {
            Operation::Or | Operation::Differ | Operation::Gives(_) => (false, false),
            Operation::Within => (first == NONE, second == NONE),
            Operation::Without => (first == NONE, second == ALL),
            Operation::Replace(outcome) => {
                (self.outcomes(first).is_some_and(|outcomes| !outcomes.contains(&outcome)), false)
            }
        }
    }

    fn apply_terminals(&mut self, operation: Operation, first: Node, second: Node) -> Node {
        let (Some(of_first), Some(of_second)) = (self.outcomes(first), self.outcomes(second)) else {
            unreachable!("only called with terminals");
        };
        let mut outcomes = of_first.to_vec();
        match operation {
            Operation::Or => outcomes.extend(of_second),
            Operation::Within if of_second.is_empty() => outcomes.clear(),
            Operation::Without if !of_second.is_empty() => outcomes.clear(),
            Operation::Within | Operation::Without => {}
            Operation::Replace(outcome) => {
                outcomes.retain(|other| *other != outcome);
                outcomes.extend(of_second);
            }
            // Equal ones were answered at once.
            Operation::Differ => outcomes = vec![MEMBER],
            Operation::Gives(outcome) => keep_member(&mut outcomes, of_first.contains(&outcome)),
        }
        outcomes.sort_unstable();
        outcomes.dedup();
        self.terminal(&outcomes)
    }

    fn apply_edges(&mut self, operation: Operation, first: Node, second: Node) -> Result<Node, Exhausted> {
        let (first_level, second_level) = (self.level(first), self.level(second));
        let level = if first_level < second_level { first_level } else { second_level };
        let (mut at_first, end_first) = if first_level == level { self.edges(first) } else { (0, 0) };
        let (mut at_second, end_second) = if second_level == level { self.edges(second) } else { (0, 0) };
        let from = self.building.len();
        let mut steps = 0;
        loop {
            let (mut last, mut of_first, mut of_second) = (u128::MAX, first, second);
            if end_first != 0 {
                (last, of_first) = (self.lasts[at_first], self.children[at_first]);
            }
            let last_first = last;
            let mut last_second = u128::MAX;
            if end_second != 0 {
                (last_second, of_second) = (self.lasts[at_second], self.children[at_second]);
            }
            let (by_first, by_second) = self.regardless(operation, of_first, of_second);
            // Where one side decides alone, the edges of the other are passed over.
            if by_first {
                last = last_first;
            } else if by_second || last_second < last_first {
                last = last_second;
            }
            let child = self.apply(operation, of_first, of_second)?;
            self.push_edge(from, last, child);
            steps += 1;
            if last == u128::MAX {
                break;
            }
            if end_first != 0 {
                at_first = after(&self.lasts, at_first, end_first, last);
            }
            if end_second != 0 {
                at_second = after(&self.lasts, at_second, end_second, last);
            }
        }
        let node = self.finish(level, from);
        self.spend(steps)?;
        Ok(node)
    }
}

fn keep_member(outcomes: &mut Vec<Outcome>, is_member: bool) {
    outcomes.clear();
    outcomes.extend(is_member.then_some(MEMBER));
}

/// The first edge from a place on that ends behind a number.
fn after(lasts: &[u128], at: usize, end: usize, number: u128) -> usize {
    if lasts[at] > number {
        return at;
    }
    // One edge on, mostly; else further and further, and then by halves.
    let (mut low, mut step) = (at, 1);
    while low + step < end && lasts[low + step] <= number {
        low += step;
        step *= 2;
    }
    let mut high = if low + step < end { low + step } else { end };
    low += 1;
    while low < high {
        let middle = (low + high) / 2;
        if lasts[middle] > number { high = middle } else { low = middle + 1 }
    }
    low
}
