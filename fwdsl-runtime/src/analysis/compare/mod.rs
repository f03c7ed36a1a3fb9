//! What two firewalls do differently.
//!
//! ```text
//! two rulesets ──walk──▶ a function for each hook ──differing──▶ packets by what comes of them
//!                              │ atoms, verdicts: shared                 │ cover
//!                              └──decide── a packet ◀── words ◀── few products
//! ```
//!
//! The functions are of packets and of answers that packets do not tell: a match that is not modelled answers the same
//! to the same packet in both firewalls, if it says the same; one that counts does so if it is the same one of those
//! with its text. What is equal is equal for all packets and answers.

mod align;
mod atom;
mod decide;
mod firewalls;
mod hook;
mod question;
mod report;
#[cfg(all(test, feature = "syntax"))]
mod tests;
mod values;
mod verdict;
mod walk;
mod words;

pub use firewalls::{COMPARE_BUDGET, CompareError, NotDecided, compare, compare_rulesets};
pub use hook::{Change, Decision, Line};
pub use report::{Comparison, Side};
pub use verdict::Verdict;
