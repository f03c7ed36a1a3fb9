//! A set as the kernel gets it.

use std::fmt;

use super::kind::SetKind;
use crate::family::Family;
use crate::model::Value;

/// Which end of a packet a part of an element is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Source address or port, incoming interface.
    Source,
    /// Destination address or port, outgoing interface.
    Destination,
}

impl Direction {
    /// As the language and iptables write it: `src` or `dst`.
    pub const fn word(self) -> &'static str {
        match self {
            Direction::Source => "src",
            Direction::Destination => "dst",
        }
    }

    /// The direction of this word.
    pub fn from_word(word: &str) -> Option<Direction> {
        [Direction::Source, Direction::Destination].into_iter().find(|direction| direction.word() == word)
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One set of one family, or of none, as the kernel gets it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KernelSet {
    /// The name in the policy.
    pub source: String,
    /// The name in the kernel.
    pub name: String,
    /// The kind.
    pub kind: &'static SetKind,
    /// The family that the kernel keeps it for; `None` where kinds have none.
    pub family: Option<Family>,
    /// The parameters with which it is made, as `ipset save` prints them: `family inet hashsize 1024 …`.
    pub parameters: String,
    /// The elements as `ipset save` prints them, without the set's name, sorted except in a list:
    /// `10.0.0.0/8 nomatch`.
    pub elements: Vec<String>,
    /// Elements that others add stay at an apply.
    pub keep: bool,
    /// The contents change without anybody's doing: elements time out, or rules add and delete them.
    pub changes_by_itself: bool,
    /// Others make and fill it; the policy only refers to it.
    pub foreign: bool,
    /// What is in it, where a match on it is the same as one on a list of these values: addresses or ports. `None`
    /// where contents or answers are not known beforehand.
    pub members: Option<Vec<Value>>,
}
