//! Two lists of rules as one: what both families say stands once, and the order of each stays.

use std::collections::HashMap;

use super::entry::Entry;
use super::form::Line;
use crate::catalogue::{CORE, REJECT};
use crate::model::{Action, Rule};

/// How many pairs of rules are compared with each other at most where no rule that stands once leads the way.
const TABLE_MAX: usize = 1 << 20;

/// The rules of a chain for both families, in an order that is that of each.
pub(super) fn align(ipv4: Vec<Line>, ipv6: Vec<Line>) -> Vec<Entry> {
    let entries = |lines: Vec<Line>| lines.into_iter().map(Entry::of_line).collect::<Vec<Entry>>();
    let (left, right) = (entries(ipv4), entries(ipv6));
    if left.is_empty() || right.is_empty() {
        return left.into_iter().chain(right).collect();
    }
    let keys = |entries: &[Entry]| entries.iter().map(Entry::key).collect::<Vec<String>>();
    let pairs = common(&keys(&left), &keys(&right));
    let mut merged = Vec::with_capacity(left.len().max(right.len()));
    let (lengths, mut left, mut right) = ((left.len(), right.len()), left.into_iter(), right.into_iter());
    let mut at = (0, 0);
    for &(a, b) in pairs.iter().chain([&lengths]) {
        let gap: Vec<Entry> = left.by_ref().take(a - at.0).collect();
        let other: Vec<Entry> = right.by_ref().take(b - at.1).collect();
        neighbours(gap, other, &mut merged);
        if let (Some(mut both), Some(other)) = (left.next(), right.next()) {
            both.lines.extend(other.lines);
            both.families = both.families.or(other.families);
            merged.push(both);
        }
        at = (a + 1, b + 1);
    }
    merged
}

/// What stands between two rules that both families have: those that differ in addresses alone side by side.
fn neighbours(left: Vec<Entry>, right: Vec<Entry>, merged: &mut Vec<Entry>) {
    if left.is_empty() || right.is_empty() {
        merged.extend(left.into_iter().chain(right));
        return;
    }
    let shapes = |entries: &[Entry]| entries.iter().map(shape).collect::<Vec<String>>();
    let pairs = common(&shapes(&left), &shapes(&right));
    let (lengths, mut left, mut right) = ((left.len(), right.len()), left.into_iter(), right.into_iter());
    let mut at = (0, 0);
    for &(a, b) in pairs.iter().chain([&lengths]) {
        merged.extend(left.by_ref().take(a - at.0));
        merged.extend(right.by_ref().take(b - at.1));
        merged.extend(left.next());
        merged.extend(right.next());
        at = (a + 1, b + 1);
    }
}

/// What a rule says but for addresses and what else the families have each for itself.
fn shape(entry: &Entry) -> String {
    let mut rule: Rule = entry.rule.clone();
    // Types of ICMP go into a list with those of their own family.
    for entry in rule.matches.iter_mut().filter(|entry| *entry.extension == CORE) {
        entry.options.retain(|option| !matches!(option.spec.name, "from" | "to"));
    }
    rule.matches.retain(|entry| !entry.options.is_empty() || entry.extension.bare);
    for verdict in &mut rule.verdicts {
        if let Action::Target { extension, options } = &mut verdict.action
            && **extension == REJECT
        {
            options.clear();
        }
    }
    super::entry::key_of(&rule).unwrap_or_default()
}

/// Pairs of places, in both lists ascending, where they say the same: many, if not always the most that there are.
fn common(left: &[String], right: &[String]) -> Vec<(usize, usize)> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for key in left.iter().chain(right) {
        let next = numbers.len();
        numbers.entry(key).or_insert(next);
    }
    let numbered = |keys: &[String]| keys.iter().map(|key| numbers[key.as_str()]).collect::<Vec<usize>>();
    let (left, right) = (numbered(left), numbered(right));
    let mut pairs = Vec::new();
    between(&left, &right, (0, 0), &mut pairs);
    pairs
}

/// Finds the pairs in two slices that begin at these places of the whole lists.
fn between(left: &[usize], right: &[usize], at: (usize, usize), pairs: &mut Vec<(usize, usize)>) {
    let head = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    pairs.extend((0..head).map(|place| (at.0 + place, at.1 + place)));
    let (left, right) = (&left[head..], &right[head..]);
    let at = (at.0 + head, at.1 + head);
    let tail = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    let (inner_left, inner_right) = (&left[..left.len() - tail], &right[..right.len() - tail]);
    if !inner_left.is_empty() && !inner_right.is_empty() {
        let anchors = anchors(inner_left, inner_right);
        if anchors.is_empty() {
            let small = inner_left.len() * inner_right.len() <= TABLE_MAX;
            let found =
                if small { table(inner_left, inner_right) } else { nth_with_nth(inner_left, inner_right) };
            pairs.extend(found.iter().map(|(a, b)| (at.0 + a, at.1 + b)));
        } else {
            let mut from = (0, 0);
            let ends = (inner_left.len(), inner_right.len());
            for &(a, b) in anchors.iter().chain([&ends]) {
                between(
                    &inner_left[from.0..a],
                    &inner_right[from.1..b],
                    (at.0 + from.0, at.1 + from.1),
                    pairs,
                );
                if (a, b) != ends {
                    pairs.push((at.0 + a, at.1 + b));
                }
                from = ((a + 1).min(ends.0), (b + 1).min(ends.1));
            }
        }
    }
    let tail_at = (at.0 + inner_left.len(), at.1 + inner_right.len());
    pairs.extend((0..tail).map(|place| (tail_at.0 + place, tail_at.1 + place)));
}

/// The longest ascending run of pairs of what stands once in each list.
fn anchors(left: &[usize], right: &[usize]) -> Vec<(usize, usize)> {
    let once = |list: &[usize]| {
        let mut places: HashMap<usize, Option<usize>> = HashMap::new();
        for (place, number) in list.iter().enumerate() {
            places.entry(*number).and_modify(|place| *place = None).or_insert(Some(place));
        }
        places
    };
    let (of_left, of_right) = (once(left), once(right));
    let pair = |(a, number): (usize, &usize)| {
        let mine = of_left.get(number).copied().flatten();
        let other = of_right.get(number).copied().flatten();
        mine.and(other).map(|b| (a, b))
    };
    let pairs: Vec<(usize, usize)> = left.iter().enumerate().filter_map(pair).collect();
    // Patience sorting: for each length the pair with the least end, and what stands before each pair.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, (_, b)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *b);
        before.push(length.checked_sub(1).map(|last| ends[last]));
        if length == ends.len() { ends.push(index) } else { ends[length] = index }
    }
    let mut chain: Vec<(usize, usize)> = std::iter::successors(ends.last().copied(), |index| before[*index])
        .map(|index| pairs[index])
        .collect();
    chain.reverse();
    chain
}

/// Pairs the first of what stands often in both lists with the first, the second with the second, …: not the most pairs
/// that there are, but found at once.
fn nth_with_nth(left: &[usize], right: &[usize]) -> Vec<(usize, usize)> {
    let mut numbers: HashMap<(usize, usize), usize> = HashMap::new();
    let mut numbered = |list: &[usize]| {
        let mut seen: HashMap<usize, usize> = HashMap::new();
        let number = |key: &usize| {
            let nth = seen.entry(*key).or_insert(0);
            *nth += 1;
            let next = numbers.len();
            *numbers.entry((*key, *nth)).or_insert(next)
        };
        list.iter().map(number).collect::<Vec<usize>>()
    };
    let (left, right) = (numbered(left), numbered(right));
    anchors(&left, &right)
}

/// The longest common subsequence, by the table of all lengths.
fn table(left: &[usize], right: &[usize]) -> Vec<(usize, usize)> {
    let width = right.len() + 1;
    let mut lengths = vec![0u32; (left.len() + 1) * width];
    for a in (0..left.len()).rev() {
        for b in (0..right.len()).rev() {
            lengths[a * width + b] = if left[a] == right[b] {
                lengths[(a + 1) * width + b + 1] + 1
            } else {
                lengths[(a + 1) * width + b].max(lengths[a * width + b + 1])
            };
        }
    }
    let (mut a, mut b) = (0, 0);
    let mut pairs = Vec::new();
    while a < left.len() && b < right.len() {
        if left[a] == right[b] {
            pairs.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if lengths[(a + 1) * width + b] >= lengths[a * width + b + 1] {
            a += 1;
        } else {
            b += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::common;

    fn pairs(left: &str, right: &str) -> String {
        let keys = |text: &str| text.chars().map(String::from).collect::<Vec<String>>();
        let pairs = common(&keys(left), &keys(right));
        assert!(pairs.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1), "{pairs:?}");
        let chars: Vec<char> = left.chars().collect();
        let found: String = pairs.iter().map(|(a, _)| chars[*a]).collect();
        let others: Vec<char> = right.chars().collect();
        assert_eq!(found, pairs.iter().map(|(_, b)| others[*b]).collect::<String>());
        found
    }

    #[test]
    fn what_both_have_is_found_in_order() {
        assert_eq!(pairs("abc", "abc"), "abc");
        assert_eq!(pairs("abxcd", "abcyd"), "abcd");
        assert_eq!(pairs("abab", "baba").len(), 3);
        assert_eq!(pairs("xay", "uav"), "a");
        assert_eq!(pairs("abcdef", "fabcde"), "abcde");
        assert_eq!(pairs("", "a"), "");
        assert_eq!(pairs("aab", "ab"), "ab");
        assert_eq!(pairs("a12b34c", "x12y34z"), "1234");
    }

    #[test]
    fn long_lists_take_no_time() {
        let left: Vec<String> = (0..20_000).map(|n| format!("{}", n % 7)).collect();
        let right: Vec<String> = (0..20_000).map(|n| format!("{}", n % 11)).collect();
        assert!(common(&left, &right).len() < 20_000);
        let right: Vec<String> = (0..20_000).map(|n| format!("{}", n / 2 * 2)).collect();
        let left: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
        assert_eq!(common(&left, &right).len(), 10_000);
    }
}
