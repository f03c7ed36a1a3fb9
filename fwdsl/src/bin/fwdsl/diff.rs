//! Differences between two texts, for people.

use std::fmt::Write;

use fwdsl_runtime::edits::{Edit, edits};

/// Lines that are shown around a difference.
const CONTEXT: usize = 2;

/// The differences by lines, each under a header with the file and the line in the old text.
pub(crate) fn diff(name: &str, old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let edits = edits(&old, &new);
    let mut out = String::new();
    let mut shown = 0;
    let mut line = 1;
    for (index, edit) in edits.iter().enumerate() {
        let near = |edits: &[Edit]| edits.iter().any(|edit| !edit.is_same());
        let is_near = near(&edits[index.saturating_sub(CONTEXT)..(index + CONTEXT + 1).min(edits.len())]);
        if is_near {
            if shown != index || shown == 0 {
                let _ = writeln!(out, "{name}:{line}:");
            }
            shown = index + 1;
            let (sign, text) = match *edit {
                Edit::Same(at, _) => (' ', old[at]),
                Edit::Old(at) => ('-', old[at]),
                Edit::New(at) => ('+', new[at]),
            };
            let _ = writeln!(out, "{sign}{}", text.trim_end_matches('\r'));
        }
        line += usize::from(!matches!(edit, Edit::New(_)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::diff;

    #[test]
    fn differences_are_shown_with_what_is_around_them() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
        let new = "a\nb\nc\nD\ne\nf\ng\nh\ni\nj\nk\n";
        assert_eq!(diff("x.rs", old, new), "x.rs:2:\n b\n c\n-d\n+D\n e\n f\nx.rs:9:\n i\n j\n+k\n \n");
        assert_eq!(diff("x.rs", "a\n", "b\n"), "x.rs:1:\n-a\n+b\n \n");
        assert_eq!(diff("x.rs", old, old), "");
    }
}
