//! Users and groups.

use super::number::number;
use crate::model::{Span, Value};

/// A number, a range of them with `-`, or a name, which the host looks up when the rule is loaded. The superuser and its
/// group have the number 0 everywhere.
pub(super) fn read_id(text: &str) -> Value {
    let max = u64::from(u32::MAX);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (number(first, max), number(last, max)) {
        (Some(first), Some(last)) => Value::Span(Span { first, last }),
        _ if text == "root" => Value::Span(Span { first: 0, last: 0 }),
        _ => Value::Text(text.to_owned()),
    }
}
