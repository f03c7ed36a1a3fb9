//! Results that are known already, in one flat array.

/// A table from two words to one: open addressing, linear probing, never more than half full.
///
/// The standard library's map costs several times as much without optimisation.
#[derive(Debug)]
pub(super) struct Memo {
    /// Three words for each slot: the key, and the value plus one; 0 where there is nothing.
    slots: Vec<[u32; 4]>,
    filled: usize,
}

const SLOTS_AT_FIRST: usize = 1 << 8;

impl Memo {
    pub(super) fn new() -> Memo {
        Memo { slots: vec![[0; 4]; SLOTS_AT_FIRST], filled: 0 }
    }

    pub(super) fn get(&self, kind: u32, first: u32, second: u32) -> Option<u32> {
        let slots: &[[u32; 4]] = &self.slots;
        let slot = slots[find(slots, kind, first, second)];
        if slot[3] == 0 { None } else { Some(slot[3] - 1) }
    }

    /// Adds what is not there yet.
    pub(super) fn put(&mut self, kind: u32, first: u32, second: u32, value: u32) {
        if (self.filled + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let at = find(&self.slots, kind, first, second);
        self.filled += usize::from(self.slots[at][3] == 0);
        self.slots[at] = [kind, first, second, value + 1];
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<[u32; 4]>()
    }

    fn grow(&mut self) {
        let larger = vec![[0; 4]; self.slots.len() * 2];
        let slots = std::mem::replace(&mut self.slots, larger);
        for slot in slots {
            if slot[3] != 0 {
                let at = find(&self.slots, slot[0], slot[1], slot[2]);
                self.slots[at] = slot;
            }
        }
    }
}

/// The slot of a key, or the free one where it belongs.
fn find(slots: &[[u32; 4]], kind: u32, first: u32, second: u32) -> usize {
    let mask = slots.len() - 1;
    let mut at = hash(kind, first, second) as usize & mask;
    loop {
        let slot = slots[at];
        if slot[3] == 0 || (slot[1] == first && slot[2] == second && slot[0] == kind) {
            return at;
        }
        at = (at + 1) & mask;
    }
}

fn hash(kind: u32, first: u32, second: u32) -> u64 {
    let word = (first as u64) << 32 | second as u64;
    let mixed =
        (word ^ (kind as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed >> 29
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_there_and_nothing_else() {
        let mut memo = Memo::new();
        for key in 0..10_000 {
            memo.put(key % 3, key, key / 7, key * 2);
        }
        for key in 0..10_000 {
            assert_eq!(memo.get(key % 3, key, key / 7), Some(key * 2));
            assert_eq!(memo.get(key % 3 + 1, key, key / 7), None);
            assert_eq!(memo.get(key % 3, key / 7, key + 10_000), None);
        }
    }
}
