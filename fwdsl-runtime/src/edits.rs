//! What turns one list into another: the fewest removals and additions.
//!
//! After E. W. Myers, *An O(ND) Difference Algorithm and Its Variations*, Algorithmica 1 (1986): the greedy search for the
//! shortest way, after what both lists begin and end with.

/// So many removals and additions are searched for between what both lists begin and end with; lists that differ in more
/// are told as replaced there. The search keeps the square of that in memory.
const DISTANCE_MAX: usize = 2_000;

/// A step from one list to another, with places in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// Both have it: its place in the old list and in the new one.
    Same(usize, usize),
    /// Only the old list has it.
    Old(usize),
    /// Only the new list has it.
    New(usize),
}

impl Edit {
    /// Whether both lists have it.
    pub const fn is_same(self) -> bool {
        matches!(self, Edit::Same(..))
    }
}

/// The steps from `old` to `new`, in order; what goes is told before what comes.
pub fn edits<T: PartialEq>(old: &[T], new: &[T]) -> Vec<Edit> {
    around(old, new, |old, new| shortest(old, new, DISTANCE_MAX).unwrap_or_else(|| replaced(old, new)))
}

/// The same, if no more than `most` of the steps remove or add something.
pub fn edits_within<T: PartialEq>(old: &[T], new: &[T], most: usize) -> Option<Vec<Edit>> {
    let mut is_within = true;
    let edits = around(old, new, |old, new| {
        shortest(old, new, most).unwrap_or_else(|| {
            is_within = false;
            Vec::new()
        })
    });
    is_within.then_some(edits)
}

/// The steps of what lies between what both lists begin and end with, and these.
fn around<T: PartialEq>(old: &[T], new: &[T], steps: impl FnOnce(&[T], &[T]) -> Vec<Edit>) -> Vec<Edit> {
    let start = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(old, new)| old == new).count();
    let (old_middle, new_middle) = (&old_rest[..old_rest.len() - end], &new_rest[..new_rest.len() - end]);
    let mut edits: Vec<Edit> = (0..start).map(|at| Edit::Same(at, at)).collect();
    edits.extend(steps(old_middle, new_middle).into_iter().map(|edit| match edit {
        Edit::Same(at_old, at_new) => Edit::Same(start + at_old, start + at_new),
        Edit::Old(at) => Edit::Old(start + at),
        Edit::New(at) => Edit::New(start + at),
    }));
    edits.extend((0..end).map(|at| Edit::Same(old.len() - end + at, new.len() - end + at)));
    edits
}

fn replaced<T>(old: &[T], new: &[T]) -> Vec<Edit> {
    (0..old.len()).map(Edit::Old).chain((0..new.len()).map(Edit::New)).collect()
}

/// The shortest way, if it has no more than `most` steps. `reach[k]` is how far into `old` the farthest way of so many steps leads on
/// the diagonal `k`, where the place in `new` is that in `old` less `k - steps`.
fn shortest<T: PartialEq>(old: &[T], new: &[T], most: usize) -> Option<Vec<Edit>> {
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    for steps in 0..=(old.len() + new.len()).min(most) {
        let mut reach = vec![0; 2 * steps + 1];
        for diagonal in (0..=2 * steps).step_by(2) {
            let mut at_old = start_of(rounds.last(), diagonal, steps);
            // Diagonals that lead out of either list are followed by none.
            let Some(mut at_new) = (at_old + steps).checked_sub(diagonal) else { continue };
            while at_old < old.len() && at_new < new.len() && old[at_old] == new[at_new] {
                at_old += 1;
                at_new += 1;
            }
            reach[diagonal] = at_old;
            if at_old >= old.len() && at_new >= new.len() {
                rounds.push(reach);
                return Some(way_back(&rounds, old.len(), new.len()));
            }
        }
        rounds.push(reach);
    }
    None
}

/// Where a diagonal begins in a round: one step from the better of its neighbours in the round before.
fn start_of(before: Option<&Vec<usize>>, diagonal: usize, steps: usize) -> usize {
    let Some(before) = before else { return 0 };
    if comes_down(before, diagonal, steps) { before[diagonal] } else { before[diagonal - 2] + 1 }
}

/// Whether the step onto a diagonal adds something of the new list; else it removes something of the old one.
fn comes_down(before: &[usize], diagonal: usize, steps: usize) -> bool {
    diagonal == 0 || (diagonal != 2 * steps && before[diagonal - 2] < before[diagonal])
}

fn way_back(rounds: &[Vec<usize>], old: usize, new: usize) -> Vec<Edit> {
    let mut edits = Vec::new();
    let (mut at_old, mut at_new) = (old, new);
    for steps in (0..rounds.len()).rev() {
        let diagonal = at_old + steps - at_new;
        let before = steps.checked_sub(1).map(|last| &rounds[last]);
        let start = start_of(before, diagonal, steps);
        while at_old > start {
            at_old -= 1;
            at_new -= 1;
            edits.push(Edit::Same(at_old, at_new));
        }
        match before {
            None => {}
            Some(before) if comes_down(before, diagonal, steps) => {
                at_new -= 1;
                edits.push(Edit::New(at_new));
            }
            Some(_) => {
                at_old -= 1;
                edits.push(Edit::Old(at_old));
            }
        }
    }
    edits.reverse();
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many places both lists have in common at most.
    fn common(old: &[u8], new: &[u8]) -> usize {
        match (old.split_first(), new.split_first()) {
            (Some((first, old_rest)), Some((other, new_rest))) if first == other => {
                1 + common(old_rest, new_rest)
            }
            (Some((_, old_rest)), Some((_, new_rest))) => common(old_rest, new).max(common(old, new_rest)),
            _ => 0,
        }
    }

    fn check(old: &[u8], new: &[u8]) {
        let edits = edits(old, new);
        let (mut at_old, mut at_new, mut same) = (0, 0, 0);
        for edit in &edits {
            match *edit {
                Edit::Same(one, other) => {
                    assert_eq!((one, other), (at_old, at_new), "{old:?} {new:?} {edits:?}");
                    assert_eq!(old[one], new[other]);
                    (at_old, at_new, same) = (at_old + 1, at_new + 1, same + 1);
                }
                Edit::Old(at) => {
                    assert_eq!(at, at_old, "{old:?} {new:?} {edits:?}");
                    at_old += 1;
                }
                Edit::New(at) => {
                    assert_eq!(at, at_new, "{old:?} {new:?} {edits:?}");
                    at_new += 1;
                }
            }
        }
        assert_eq!((at_old, at_new), (old.len(), new.len()));
        assert_eq!(same, common(old, new), "{old:?} {new:?} {edits:?}");
        let changes = old.len() + new.len() - 2 * same;
        assert_eq!(edits_within(old, new, changes).as_ref(), Some(&edits));
        assert!(changes == 0 || edits_within(old, new, changes - 1).is_none(), "{old:?} {new:?}");
    }

    #[test]
    fn every_pair_of_short_lists_gets_the_fewest_steps() {
        let lists: Vec<Vec<u8>> = (0..=5_u32)
            .flat_map(|length| {
                (0..3_u32.pow(length)).map(move |number| {
                    (0..length).map(|place| (number / 3_u32.pow(place) % 3) as u8).collect::<Vec<u8>>()
                })
            })
            .collect();
        for old in lists.iter().step_by(3) {
            for new in &lists {
                check(old, new);
            }
        }
    }

    #[test]
    fn lists_that_have_little_in_common_are_told_as_replaced() {
        let old: Vec<usize> = (0..3 * DISTANCE_MAX).collect();
        let new: Vec<usize> = (0..3 * DISTANCE_MAX).map(|number| number * 7 + 1).collect();
        let edits = edits(&old, &new);
        assert!(edits.iter().all(|edit| !edit.is_same() || *edit == Edit::Same(0, 0)));
        assert_eq!(edits.len(), old.len() + new.len());
        assert_eq!(edits[0], Edit::Old(0));
    }
}
