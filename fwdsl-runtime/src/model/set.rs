//! Sets: `set NAME: KIND OPTIONS { elements }`, and references to them.

use std::sync::Arc;

use super::{Address, PortRange};
use crate::family::FamilySet;
use crate::ipset::{Direction, KernelSet, SetKind};
use crate::loc::{Loc, Located};

/// The most elements that one written element may stand for, with lists in its parts.
pub(crate) const ELEMENTS_MAX: usize = 1 << 20;

/// A set.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    pub(crate) name: String,
    pub(crate) kind: &'static SetKind,
    pub(crate) families: FamilySet,
    pub(crate) foreign: bool,
    pub(crate) options: Vec<Located<SetOption>>,
    pub(crate) elements: Vec<Element>,
    pub(crate) loc: Loc,
}

/// A parameter of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetOption {
    /// Elements go after so many seconds unless they say otherwise; 0 for never.
    Timeout(u64),
    /// Packets and bytes are counted for each element.
    Counters,
    /// Elements may have a comment.
    Comment,
    /// Elements may have a mark, a priority and a queue for packets.
    SkbInfo,
    /// A full set takes a new element for a random one.
    ForceAdd,
    /// Elements that others add stay at an apply.
    Keep,
    /// The places of the hash at first.
    HashSize(u64),
    /// The most elements.
    MaxElem(u64),
    /// The most elements in one place of the hash.
    BucketSize(u64),
    /// How many leading bits of an address are kept.
    Netmask(u64),
    /// The bits of a mark that are looked at.
    MarkMask(u64),
    /// The addresses that there is room for.
    AddressRange(Address),
    /// The ports that there is room for.
    PortRange(PortRange),
}

/// An element of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    pub(crate) parts: Vec<Located<ElementPart>>,
    pub(crate) options: Vec<Located<ElementOption>>,
    pub(crate) loc: Loc,
}

/// One part of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ElementPart {
    /// An address, a network or a range.
    Address(Address),
    /// Ports of whatever protocol.
    Ports(PortRange),
    /// Ports of a protocol; for ICMP, the type is the high byte and the code the low one.
    Service {
        /// The protocol's number.
        protocol: u8,
        /// The ports; 0 for a protocol that has none.
        ports: PortRange,
    },
    /// An interface.
    Interface {
        /// The name; a `+` at its end stands for any continuation.
        name: String,
        /// Whether it is a bridge's port.
        bridge_port: bool,
    },
    /// A MAC address.
    Mac([u8; 6]),
    /// A packet's mark.
    Mark(u64),
    /// Another set.
    Set(String),
    /// `#name`: the Rust value at this place of the policy, with the word before it. A model that a
    /// [`crate::Policy`] gives out has its values in its stead.
    Rust {
        /// The place.
        place: u8,
        /// The word: `tcp`, `physdev`.
        word: Option<String>,
    },
}

/// What may stand after an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ElementOption {
    /// It goes after so many seconds; 0 for never.
    Timeout(u64),
    /// It is taken out of the larger one that holds it.
    NoMatch,
    /// Text for people.
    Comment(String),
    /// The mark that `set(map …)` gives to packets, and its mask.
    SkbMark(u32, u32),
    /// Their class for traffic control, major and minor.
    SkbPrio(u16, u16),
    /// Their queue.
    SkbQueue(u16),
}

/// A reference to a set, as an option's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SetRef {
    /// The set's name in the policy.
    pub name: String,
    /// What each part of its elements is compared with.
    pub directions: Vec<Direction>,
    /// The set of one family that it is, in lowered rules.
    pub kernel: Option<Arc<KernelSet>>,
}

impl Set {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its kind.
    pub fn kind(&self) -> &'static SetKind {
        self.kind
    }

    /// The families that it was declared for; its kind may restrict it further.
    pub fn families(&self) -> FamilySet {
        self.families
    }

    /// Whether others make and fill it.
    pub fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// Its parameters.
    pub fn options(&self) -> impl Iterator<Item = &SetOption> {
        self.options.iter().map(|option| &option.value)
    }

    /// Its elements, in source order.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// Where it is declared.
    pub fn loc(&self) -> Loc {
        self.loc
    }

    /// Whether it has this parameter.
    pub(crate) fn has(&self, option: &SetOption) -> bool {
        self.options().any(|mine| mine == option)
    }

    /// The seconds after which elements go that do not say otherwise, if elements can go at all.
    pub(crate) fn timeout(&self) -> Option<u64> {
        self.options()
            .find_map(|option| if let SetOption::Timeout(seconds) = option { Some(*seconds) } else { None })
    }
}

impl SetOption {
    /// The word that the language has for it.
    pub const fn word(&self) -> &'static str {
        match self {
            SetOption::Timeout(_) => "timeout",
            SetOption::Counters => "counters",
            SetOption::Comment => "comment",
            SetOption::SkbInfo => "skbinfo",
            SetOption::ForceAdd => "forceadd",
            SetOption::Keep => "keep",
            SetOption::HashSize(_) => "hashsize",
            SetOption::MaxElem(_) => "maxelem",
            SetOption::BucketSize(_) => "bucketsize",
            SetOption::Netmask(_) => "netmask",
            SetOption::MarkMask(_) => "markmask",
            SetOption::AddressRange(_) | SetOption::PortRange(_) => "range",
        }
    }
}

impl Element {
    /// Its parts.
    pub fn parts(&self) -> impl Iterator<Item = &ElementPart> {
        self.parts.iter().map(|part| &part.value)
    }

    /// What stands after it.
    pub fn options(&self) -> impl Iterator<Item = &ElementOption> {
        self.options.iter().map(|option| &option.value)
    }

    /// Where it stands.
    pub fn loc(&self) -> Loc {
        self.loc
    }
}

impl ElementOption {
    /// The word that the language has for it.
    pub const fn word(&self) -> &'static str {
        match self {
            ElementOption::Timeout(_) => "timeout",
            ElementOption::NoMatch => "nomatch",
            ElementOption::Comment(_) => "comment",
            ElementOption::SkbMark(..) => "skbmark",
            ElementOption::SkbPrio(..) => "skbprio",
            ElementOption::SkbQueue(_) => "skbqueue",
        }
    }
}
