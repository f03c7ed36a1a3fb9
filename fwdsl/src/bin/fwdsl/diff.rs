//! Differences between two texts, for people.

use std::fmt::Write;

/// Lines that are shown around a difference.
const CONTEXT: usize = 2;

/// So many steps may the comparison take; past that, all between the first and the last difference
/// is shown as replaced.
const MAX_STEPS: usize = 4_000_000;

/// The differences by lines, each under a header with the file and the line in the old text.
pub(crate) fn diff(name: &str, old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let edits = edits(&old, &new);
    let mut out = String::new();
    let mut shown = 0;
    let mut line = 1;
    for (index, edit) in edits.iter().enumerate() {
        let near = |edits: &[Edit<'_>]| edits.iter().any(|edit| !matches!(edit, Edit::Same(_)));
        let is_near = near(&edits[index.saturating_sub(CONTEXT)..(index + CONTEXT + 1).min(edits.len())]);
        if is_near {
            if shown != index || shown == 0 {
                let _ = writeln!(out, "{name}:{line}:");
            }
            shown = index + 1;
            let (sign, text) = match edit {
                Edit::Same(text) => (' ', text),
                Edit::Old(text) => ('-', text),
                Edit::New(text) => ('+', text),
            };
            let _ = writeln!(out, "{sign}{}", text.trim_end_matches('\r'));
        }
        line += usize::from(!matches!(edit, Edit::New(_)));
    }
    out
}

enum Edit<'a> {
    Same(&'a str),
    Old(&'a str),
    New(&'a str),
}

/// By the longest common subsequence, after what both begin and end with.
fn edits<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Edit<'a>> {
    let start = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(old, new)| old == new).count();
    let (old_middle, new_middle) = (&old_rest[..old_rest.len() - end], &new_rest[..new_rest.len() - end]);
    let mut edits: Vec<Edit<'a>> = old[..start].iter().map(|line| Edit::Same(line)).collect();
    push_middle(&mut edits, old_middle, new_middle);
    edits.extend(old[old.len() - end..].iter().map(|line| Edit::Same(line)));
    edits
}

fn push_middle<'a>(edits: &mut Vec<Edit<'a>>, old: &[&'a str], new: &[&'a str]) {
    let (mut at_old, mut at_new) = (0, 0);
    if old.len().saturating_mul(new.len()) <= MAX_STEPS {
        // `common[i][j]`: how many lines `old[i..]` and `new[j..]` have in common.
        let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
        for i in (0..old.len()).rev() {
            for j in (0..new.len()).rev() {
                common[i][j] = if old[i] == new[j] {
                    common[i + 1][j + 1] + 1
                } else {
                    common[i + 1][j].max(common[i][j + 1])
                };
            }
        }
        while at_old < old.len() && at_new < new.len() {
            if old[at_old] == new[at_new] {
                edits.push(Edit::Same(old[at_old]));
                at_old += 1;
                at_new += 1;
            } else if common[at_old + 1][at_new] >= common[at_old][at_new + 1] {
                edits.push(Edit::Old(old[at_old]));
                at_old += 1;
            } else {
                edits.push(Edit::New(new[at_new]));
                at_new += 1;
            }
        }
    }
    edits.extend(old[at_old..].iter().map(|line| Edit::Old(line)));
    edits.extend(new[at_new..].iter().map(|line| Edit::New(line)));
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
