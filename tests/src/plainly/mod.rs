//! What the text of `iptables-save` does with one packet, said once more and as plainly as possible: the yardstick for what
//! the analysis says about rules. It shares nothing with the library but the type of a packet.
//!
//! What it does not know, such as `-m mac`, is asked of a [`Guess`].

mod read;
mod sample;
mod test;
mod walk;

pub use read::{Firewall, Rule, read};
pub use sample::Samples;
pub use walk::{can_be, met, starts};

use fwdsl::analysis::Packet;

/// Whether something is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// It is not.
    No,
    /// It may be, and otherwise the next time.
    Perhaps,
    /// It is.
    Yes,
}

/// What is taken for the answer of a match that the packet does not tell: text such as `mac --mac-source …`.
pub type Guess<'a> = &'a dyn Fn(&str, &Packet) -> Answer;
