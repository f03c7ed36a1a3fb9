//! Which of several matches that count is which in the other firewall.

use std::collections::BTreeMap;

use super::walk::Walk;

/// For each text of a match that counts, the rules that ask it with those that lead there, in the order in which packets
/// come to them.
pub(super) type Occurrences = BTreeMap<String, Vec<String>>;

/// For each text, the numbers of its occurrences.
pub(super) type Numbers = BTreeMap<String, Vec<u32>>;

/// More pairs than these are not looked at; then the n-th is the n-th.
const PAIRS_MAX: usize = 1 << 20;

/// The numbers that the occurrences of the new firewall have in the old one, where those are numbered from 0. Rules with
/// the same text are the same, as many as can be without changing their order; between them the n-th is the n-th.
/// What is left gets numbers that the old one does not have.
pub(super) fn numbers(old: &Occurrences, new: &Occurrences) -> Numbers {
    let of_text = |(text, new): (&String, &Vec<String>)| {
        let old = old.get(text).map_or(&[][..], Vec::as_slice);
        (text.clone(), aligned(old, new))
    };
    new.iter().map(of_text).collect()
}

fn aligned(old: &[String], new: &[String]) -> Vec<u32> {
    let mut numbers = Vec::with_capacity(new.len());
    let mut more = old.len() as u32;
    let mut before = (0, 0);
    for (at_old, at_new) in common(old, new).into_iter().chain([(old.len(), new.len())]) {
        let mut free = before.0..at_old;
        for _ in before.1..at_new {
            numbers.push(free.next().map_or(more, |place| place as u32));
            more += u32::from(numbers.last() == Some(&more));
        }
        if at_new < new.len() {
            numbers.push(at_old as u32);
        }
        before = (at_old + 1, at_new + 1);
    }
    numbers
}

/// The longest common subsequence, as pairs of places.
fn common(old: &[String], new: &[String]) -> Vec<(usize, usize)> {
    let same = |pair: &(&String, &String)| pair.0 == pair.1;
    let first = old.iter().zip(new).take_while(same).count();
    let (old, new) = (&old[first..], &new[first..]);
    let last = old.iter().rev().zip(new.iter().rev()).take_while(same).count();
    let (all_old, all_new) = (old.len() + first, new.len() + first);
    let mut pairs: Vec<(usize, usize)> = (0..first).map(|place| (place, place)).collect();
    let inner = common_within(&old[..old.len() - last], &new[..new.len() - last]);
    pairs.extend(inner.into_iter().map(|(of_old, of_new)| (of_old + first, of_new + first)));
    pairs.extend((1..=last).rev().map(|back| (all_old - back, all_new - back)));
    pairs
}

fn common_within(old: &[String], new: &[String]) -> Vec<(usize, usize)> {
    if old.len() * new.len() > PAIRS_MAX {
        return Vec::new();
    }
    let mut lengths = vec![vec![0u32; new.len() + 1]; old.len() + 1];
    for at_old in (0..old.len()).rev() {
        for at_new in (0..new.len()).rev() {
            lengths[at_old][at_new] = if old[at_old] == new[at_new] {
                lengths[at_old + 1][at_new + 1] + 1
            } else {
                lengths[at_old + 1][at_new].max(lengths[at_old][at_new + 1])
            };
        }
    }
    let (mut at_old, mut at_new, mut pairs) = (0, 0, Vec::new());
    while at_old < old.len() && at_new < new.len() {
        if old[at_old] == new[at_new] {
            pairs.push((at_old, at_new));
            (at_old, at_new) = (at_old + 1, at_new + 1);
        } else if lengths[at_old + 1][at_new] >= lengths[at_old][at_new + 1] {
            at_old += 1;
        } else {
            at_new += 1;
        }
    }
    pairs
}

impl Walk<'_, '_> {
    /// The occurrences on the way of packets that enter a chain.
    pub(super) fn occurrences(&self, chain: usize) -> Occurrences {
        let mut found = Occurrences::new();
        self.add_occurrences(chain, "", &mut vec![false; self.table.chains.len()], &mut found);
        found
    }

    fn add_occurrences(&self, chain: usize, way: &str, open: &mut Vec<bool>, found: &mut Occurrences) {
        if !self.differs[chain] || std::mem::replace(&mut open[chain], true) {
            return;
        }
        for rule in &self.table.chains[chain].rules {
            if !self.is_asked(rule) {
                continue;
            }
            let whole = format!("{way}{}\n", self.rule_text(rule));
            for text in self.counted(rule) {
                found.entry(text).or_default().push(whole.clone());
            }
            if let Some((callee, _)) = self.callee(&rule.action) {
                self.add_occurrences(callee, &whole, open, found);
            }
        }
        open[chain] = false;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_the_same_keeps_its_number() {
        let of = |rules: &str| rules.split(' ').filter(|rule| !rule.is_empty()).map(str::to_owned).collect();
        let aligned = |old: &str, new: &str| -> Vec<u32> {
            let (old, new): (Vec<String>, Vec<String>) = (of(old), of(new));
            super::aligned(&old, &new)
        };
        assert_eq!(aligned("a b c", "a b c"), [0, 1, 2]);
        assert_eq!(aligned("a b c", "b c"), [1, 2]);
        assert_eq!(aligned("b c", "a b c"), [2, 0, 1]);
        assert_eq!(aligned("a b c", "a x c"), [0, 1, 2]);
        assert_eq!(aligned("a b c", "x y z w"), [0, 1, 2, 3]);
        assert_eq!(aligned("", "a b"), [0, 1]);
    }
}
