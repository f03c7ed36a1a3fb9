//! Forgetting axes.

use super::memo::Memo;
use super::space::Level;
use super::store::{Diagram, Exhausted, Node};

impl Diagram {
    /// The function that does not look at some axes: it gives what the other one gives for any numbers there. Of a
    /// set, the packets that belong to it if those fields are changed suitably.
    pub(in crate::analysis) fn forget(
        &mut self,
        function: Node,
        is_forgotten: &dyn Fn(Level) -> bool,
    ) -> Result<Node, Exhausted> {
        self.forget_below(function, is_forgotten, &mut Memo::new())
    }

    fn forget_below(
        &mut self,
        function: Node,
        is_forgotten: &dyn Fn(Level) -> bool,
        memo: &mut Memo,
    ) -> Result<Node, Exhausted> {
        if function.is_terminal() {
            return Ok(function);
        }
        if let Some(known) = memo.get(0, function.0, 0) {
            return Ok(Node(known));
        }
        let (level, (start, end)) = (self.level(function), self.edges(function));
        self.spend((end - start) as u64)?;
        let mut children = Vec::with_capacity(end - start);
        for at in start..end {
            let child = self.forget_below(self.edge(at).child, is_forgotten, memo)?;
            children.push((self.edge(at).last, child));
        }
        let node = if is_forgotten(Level(level)) {
            let mut nodes: Vec<Node> = children.iter().map(|(_, child)| *child).collect();
            nodes.sort_unstable();
            nodes.dedup();
            self.or_all(&nodes)?
        } else {
            let from = self.building.len();
            for (last, child) in children {
                self.push_edge(from, last, child);
            }
            self.finish(level, from)
        };
        memo.put(0, function.0, 0, node.0);
        Ok(node)
    }
}
