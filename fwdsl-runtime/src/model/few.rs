//! Lists that nearly always have one item.

use std::ops::{Deref, DerefMut};

/// A list that nearly always has one item, as the values of an option and the verdicts of a rule. That one lies in the
/// list itself: a policy of many rules takes a fraction of the memory, and of the time to make and to drop it, that it
/// would take with a vector for each.
#[derive(Debug, Clone)]
pub(crate) enum Few<T> {
    /// One.
    One([T; 1]),
    /// Any number.
    Many(Vec<T>),
}

impl<T> Few<T> {
    /// One item.
    pub(crate) const fn one(item: T) -> Few<T> {
        Few::One([item])
    }

    /// Adds an item behind the others.
    pub(crate) fn push(&mut self, item: T) {
        *self = match std::mem::take(self) {
            Few::Many(items) if items.is_empty() => Few::one(item),
            Few::Many(mut items) => {
                items.push(item);
                Few::Many(items)
            }
            Few::One([first]) => Few::Many(vec![first, item]),
        };
    }

    /// Keeps those of which something holds.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        match self {
            Few::One([item]) if keep(item) => {}
            Few::One(_) => *self = Few::default(),
            Few::Many(items) => items.retain(keep),
        }
    }

    /// Takes out each that is the same as the one before it.
    pub(crate) fn dedup_by(&mut self, same: impl FnMut(&mut T, &mut T) -> bool) {
        if let Few::Many(items) = self {
            items.dedup_by(same);
        }
    }
}

impl<T> Default for Few<T> {
    /// Nothing.
    fn default() -> Few<T> {
        Few::Many(Vec::new())
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Few::One(items) => items,
            Few::Many(items) => items,
        }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Few::One(items) => items,
            Few::Many(items) => items,
        }
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Few<T>) -> bool {
        **self == **other
    }
}

impl<T> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.push(item));
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Few<T> {
        let mut items = items.into_iter();
        match (items.next(), items.next()) {
            (None, _) => Few::default(),
            (Some(item), None) => Few::one(item),
            (Some(first), Some(second)) => Few::Many([first, second].into_iter().chain(items).collect()),
        }
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Few<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter =
        std::iter::Chain<std::iter::Flatten<std::option::IntoIter<[T; 1]>>, std::vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, many) = match self {
            Few::One(one) => (Some(one), Vec::new()),
            Few::Many(many) => (None, many),
        };
        one.into_iter().flatten().chain(many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn few(items: &[u64]) -> Few<u64> {
        items.iter().copied().collect()
    }

    fn items(few: Few<u64>) -> Vec<u64> {
        few.into_iter().collect()
    }

    #[test]
    fn any_number_of_items_is_kept_in_order() {
        for list in [&[][..], &[1], &[1, 2], &[1, 2, 3]] {
            assert_eq!(items(few(list)), list);
            let mut longer = few(list);
            longer.extend(few(&[8, 9]));
            assert_eq!(longer, few(&[list, &[8, 9]].concat()));
            longer.retain(|item| *item == 8);
            assert_eq!(longer, few(&[8]), "one that is left of several is the same as one alone");
            longer.retain(|_| false);
            assert!(longer.is_empty());
        }
        let mut twice = few(&[1, 1, 2]);
        twice.dedup_by(|a, b| a == b);
        assert_eq!(items(twice), [1, 2]);
    }
}
