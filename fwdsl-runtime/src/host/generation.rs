//! Whether others have changed rules since they were looked at: nft knows no lock, but its rules have a generation.

use std::cell::Cell;

use super::error::ApplyError;
use super::netlink::generation;

/// Sees to it that nobody else changes rules between the look at them and the load.
pub(crate) struct Watch(Cell<Option<u32>>);

impl Watch {
    /// Watches from a generation on; `None` watches nothing.
    pub(crate) const fn from(generation: Option<u32>) -> Watch {
        Watch(Cell::new(generation))
    }

    /// Nothing may have changed so far.
    pub(crate) fn check(&self) -> Result<(), ApplyError> {
        match self.0.get() {
            Some(seen) if generation() != Some(seen) => Err(ApplyError::ChangedMeanwhile),
            _ => Ok(()),
        }
    }

    /// Takes note that a program has made at most so many transactions, and says whether nobody else has made any.
    pub(crate) fn loaded(&self, transactions: u32) -> bool {
        let (Some(seen), Some(now)) = (self.0.get(), generation()) else { return true };
        let made = now.wrapping_sub(seen);
        // Those of others are not taken for ours: the next check finds them.
        self.0.set(Some(seen.wrapping_add(made.min(transactions))));
        made <= transactions
    }
}
