//! Who may open a service to whom. It is written only: it follows from the policy.

use serde_json::Value;

use super::address::write_ends;
use super::object::Object;
use crate::analysis::{Class, Matrix};

/// A matrix as JSON; `docs/matrix.md` tells what its fields are.
pub fn matrix_to_json(matrix: &Matrix) -> Value {
    let members =
        |class: &Class| class.ranges().map(|(first, last)| write_ends(first, last)).collect::<Value>();
    let pairs = matrix.edges().map(|(from, to)| Value::from(vec![from, to]));
    Object::one("table", matrix.table().name())
        .with("chain", matrix.chain())
        .with("family", matrix.family().name())
        .with("service", matrix.service().to_string())
        .with("classes", matrix.classes().len())
        .with("edges", matrix.edge_count())
        .with("names", matrix.classes().iter().map(Class::name).collect::<Value>())
        .with("members", matrix.classes().iter().map(members).collect::<Value>())
        .with("pairs", pairs.collect::<Value>())
        .into()
}
