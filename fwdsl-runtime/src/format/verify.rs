//! The safety net: what was formatted is what was written.

use super::call::find_calls;
use super::error::FormatError;
use super::piece::{Inside, Kind};
use super::read::Source;

/// Fails if a body does not have the same tokens and comments in the formatted file.
pub(super) fn check_same(before: &Source<'_>, after: &str) -> Result<(), FormatError> {
    let calls = find_calls(before)?;
    let Ok(read) = Source::read(after) else {
        return Err(FormatError::Changed { line: calls.first().map_or(1, |call| before.line(call.start)) });
    };
    let formatted = find_calls(&read)?;
    for (index, call) in calls.iter().enumerate() {
        let (mut old, mut new) = (Vec::new(), Vec::new());
        flatten(&call.inside, &mut old);
        if let Some(call) = formatted.get(index) {
            flatten(&call.inside, &mut new);
        }
        if old != new {
            let at = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
            let place = old.get(at).map_or(call.end, |text| place_of(before, text));
            return Err(FormatError::Changed { line: before.line(place) });
        }
    }
    Ok(())
}

/// The text of every token, bracket and comment.
fn flatten<'a>(inside: &Inside<'a>, out: &mut Vec<&'a str>) {
    out.push(inside.open);
    for piece in &inside.pieces {
        match &piece.kind {
            Kind::Group(inside) => flatten(inside, out),
            _ => out.push(piece.text),
        }
    }
    out.push(inside.close);
}

/// Where a part of the source's text stands in it.
fn place_of(source: &Source<'_>, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(source.text().as_ptr() as usize)
}
