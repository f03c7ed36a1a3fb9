//! Sets, and what their elements are compared with.

use crate::import::error::Reason;
use crate::ipset::Direction;
use crate::model::{SetRef, Value};

/// The most parts that an element has (`IPSET_DIM_MAX`).
const PARTS_MAX: usize = 6;

/// `NAME src,dst`
pub(super) fn read_set(name: &str, directions: &str) -> Result<Value, Reason> {
    let directions = directions
        .split(',')
        .map(|word| match word.get(..3) {
            // The rest of a word is not looked at.
            Some("src") => Ok(Direction::Source),
            Some("dst") => Ok(Direction::Destination),
            _ => Err(Reason::new(format!("`{word}` is neither `src` nor `dst`"))),
        })
        .collect::<Result<Vec<_>, _>>()?;
    if directions.len() > PARTS_MAX {
        return Err(Reason::new(format!("a set has elements of {PARTS_MAX} parts at most")));
    }
    Ok(Value::Set(SetRef { name: name.to_owned(), directions, kernel: None }))
}
