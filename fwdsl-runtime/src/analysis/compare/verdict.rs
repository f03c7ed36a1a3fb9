//! What can come of packets, told apart by all that matters.

use crate::analysis::diagram::VERDICTS;
use crate::catalogue::{ACCEPT, DROP, Extension, REJECT};

/// What comes of packets at a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A target, and it with its options as iptables has them.
    Target(&'static Extension, String),
    /// A target that nobody knows, as its text.
    Unknown(String),
    /// A chain of others decides.
    Foreign(String),
    /// They go on to the rules of others in the hook.
    GoesOn,
}

impl Verdict {
    pub(super) fn accept() -> Verdict {
        Verdict::Target(&ACCEPT, ACCEPT.name.to_owned())
    }

    pub(super) fn drop() -> Verdict {
        Verdict::Target(&DROP, DROP.name.to_owned())
    }

    /// Whether packets go on their way.
    pub fn is_accept(&self) -> bool {
        matches!(self, Verdict::Target(extension, _) if **extension == ACCEPT)
    }

    /// Whether packets go no further.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Verdict::Target(extension, _) if **extension == DROP || **extension == REJECT)
    }

    /// What is done to packets: `accepted`, ``given to `DNAT --to-destination 10.0.0.2` ``.
    pub fn participle(&self) -> String {
        match self {
            Verdict::Target(extension, _) if **extension == ACCEPT => "accepted".into(),
            Verdict::Target(extension, _) if **extension == DROP => "dropped".into(),
            Verdict::Target(extension, text) if **extension == REJECT => {
                let with = text.strip_prefix("REJECT --reject-with ").unwrap_or("nothing");
                format!("rejected with {with}")
            }
            Verdict::Target(_, text) => format!("given to `{text}`"),
            Verdict::Unknown(text) => format!("given to `{text}`, which nobody knows here"),
            Verdict::Foreign(chain) => format!("left to `{chain}`, a chain of others"),
            Verdict::GoesOn => "left to the rules of others".into(),
        }
    }
}

/// The verdicts of both firewalls as outcomes.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    list: Vec<Verdict>,
}

impl Verdicts {
    pub(super) fn number(&mut self, verdict: Verdict) -> u32 {
        let known = self.list.iter().position(|other| *other == verdict);
        let place = known.unwrap_or_else(|| {
            self.list.push(verdict);
            self.list.len() - 1
        });
        VERDICTS + place as u32
    }

    /// The verdict of an outcome.
    pub(super) fn verdict(&self, outcome: u32) -> Verdict {
        let place = outcome.checked_sub(VERDICTS).map(|place| place as usize);
        place.and_then(|place| self.list.get(place)).cloned().unwrap_or(Verdict::GoesOn)
    }
}
