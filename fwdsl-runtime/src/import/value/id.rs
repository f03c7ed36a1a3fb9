//! Users and groups.

use super::number::number;
use crate::import::error::Reason;
use crate::model::{Span, Value};

/// A number, a range of them with `-`, or a name, which the host looks up when the rule is loaded. The superuser and its
/// group have the number 0 everywhere.
pub(super) fn read_id(text: &str) -> Result<Value, Reason> {
    let max = u64::from(u32::MAX);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (number(first, max), number(last, max)) {
        (Some(first), Some(last)) => Ok(Value::Span(Span { first, last })),
        _ if text == "root" => Ok(Value::Span(Span { first: 0, last: 0 })),
        _ if text.starts_with(|c: char| c.is_ascii_digit()) => {
            Err(Reason::new(format!("`{text}` is no number of a user or group, nor a range of them")))
        }
        _ => Ok(Value::Text(text.to_owned())),
    }
}
