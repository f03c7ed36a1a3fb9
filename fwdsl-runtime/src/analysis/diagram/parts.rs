//! Functions as lists of disjoint parts, which tests hold sets of packets against.

use super::space::{Level, Space};
use super::store::{Diagram, NONE, Node};
use crate::analysis::region::Span;

/// A part of a function: what it gives to packets of which all constraints are true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analysis) struct Part {
    /// The fields that are not free, from the top, each with its numbers.
    pub(in crate::analysis) constraints: Vec<(Level, Vec<Span>)>,
    /// The terminal.
    pub(in crate::analysis) gives: Node,
}

impl Diagram {
    /// The parts of a function that give something, which are disjoint; `None` if there are more than `most`.
    pub(in crate::analysis) fn parts(&self, function: Node, space: &Space, most: usize) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        self.add_parts(function, space, most, &mut Vec::new(), &mut parts)?;
        Some(parts)
    }

    fn add_parts(
        &self,
        function: Node,
        space: &Space,
        most: usize,
        constraints: &mut Vec<(Level, Vec<Span>)>,
        parts: &mut Vec<Part>,
    ) -> Option<()> {
        if function == NONE {
            return Some(());
        }
        if function.is_terminal() {
            if parts.len() == most {
                return None;
            }
            parts.push(Part { constraints: constraints.clone(), gives: function });
            return Some(());
        }
        let level = Level(self.level(function));
        for (child, spans) in self.branches(function, space) {
            constraints.push((level, spans));
            self.add_parts(child, space, most, constraints, parts)?;
            constraints.pop();
        }
        Some(())
    }
}
