//! The suggestion behind every "did you mean": the nearest of the names that are known.

use std::cmp::Reverse;

/// The candidate nearest to `word`, if one is near enough to be meant.
///
/// Nearness is the Damerau-Levenshtein distance (letters added, left out, replaced, or two neighbours
/// swapped), blind to ASCII case. Near enough is a third of the word's letters, at least one and at most
/// five: beyond that a suggestion confuses more than it helps. Of equally near candidates the one wins that begins
/// with more of the same letters, since few get the first ones wrong, then the first.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = letters(word);
    let limit = (word.len() / 3).clamp(1, 5);
    let mut best = None;
    for candidate in candidates {
        let other = letters(candidate);
        if word.len().abs_diff(other.len()) > limit {
            continue;
        }
        let distance = distance(&word, &other);
        let same = word.iter().zip(&other).take_while(|(letter, other)| letter == other).count();
        let rank = (distance, Reverse(same));
        if distance <= limit && best.is_none_or(|(least, _)| rank < least) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn letters(word: &str) -> Vec<char> {
    word.chars().map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The optimal string alignment distance, by rows: only the last three are kept.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, other) in b.iter().enumerate() {
            let replace = above[j] + usize::from(letter != other);
            let mut least = replace.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == b[j - 1] && a[i - 1] == *other {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(a: &str, b: &str) -> usize {
        distance(&letters(a), &letters(b))
    }

    #[test]
    fn distances() {
        assert_eq!(between("", ""), 0);
        assert_eq!(between("", "abc"), 3);
        assert_eq!(between("abc", ""), 3);
        assert_eq!(between("kitten", "sitting"), 3);
        assert_eq!(between("form", "from"), 1);
        assert_eq!(between("ca", "abc"), 3);
        assert_eq!(between("DROP", "drop"), 0);
    }

    #[test]
    fn the_nearest_is_found() {
        let names = ["established", "related", "new", "invalid"];
        assert_eq!(nearest("establised", names), Some("established"));
        assert_eq!(nearest("ESTABLISHED", names), Some("established"));
        assert_eq!(nearest("enw", names), Some("new"));
    }

    #[test]
    fn what_is_too_far_is_not_offered() {
        assert_eq!(nearest("banana", ["accept", "drop"]), None);
        assert_eq!(nearest("xy", ["accept", "drop"]), None);
        assert_eq!(nearest("", ["accept"]), None);
        assert_eq!(nearest("accept", []), None);
    }

    #[test]
    fn of_equals_the_first_wins() {
        assert_eq!(nearest("cat", ["bat", "rat"]), Some("bat"));
        assert_eq!(nearest("htp", ["hkp", "http"]), Some("http"));
    }
}
