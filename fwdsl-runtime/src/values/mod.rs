//! Rust values in a policy: `#name` and `#{expression}`.
//!
//! ```text
//! tcp dport #PORT => accept;
//!   ⇒ Policy::with_values(file!(), b"…", [values::Port::of(&PORT).value(), …])
//! ```
//!
//! `places` says which Rust types may stand where, so that rustc checks the type at the user's expression;
//! `fill` puts the values into the rules, each read by the reader that also reads what is written out.

mod constant;
mod fill;
mod places;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

pub use places::{
    Address, IsAddress, IsNumber, IsPort, IsSetting, IsText, IsWord, Number, Port, Setting, Text, Unfit, Word,
};

use crate::catalogue::ValueKind;
use crate::expression::ExprKind;
use crate::ipset::Part;
use crate::loc::{Loc, Located};
use crate::model::Net;

pub(crate) use fill::fill;

/// How many Rust values a policy takes. A policy is a constant, so it holds them in place; a slice is one value.
pub const RUST_VALUES_MAX: usize = 64;

/// What may stand at a place; each has a type of its name, which checks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Ports, ranges of ports, names of services.
    Port,
    /// Addresses, networks, ranges, or strings that are read as such.
    Address,
    /// Whole numbers.
    Number,
    /// Strings that are read as the word, rate or name that the place wants; and protocol numbers.
    Word,
    /// Strings that are taken as they are.
    Text,
    /// The value of a sysctl: a number or a string.
    Setting,
}

impl Place {
    /// What may stand for an option that takes this kind of value.
    pub fn of(kind: ValueKind) -> Place {
        match kind {
            ValueKind::Port | ValueKind::PortSpan(_) => Place::Port,
            ValueKind::Address | ValueKind::Host | ValueKind::Network { .. } | ValueKind::Endpoint => {
                Place::Address
            }
            ValueKind::Number { .. }
            | ValueKind::NumberOr { .. }
            | ValueKind::Named { .. }
            | ValueKind::Span { .. }
            | ValueKind::Masked(..)
            | ValueKind::Hex { .. }
            | ValueKind::SegmentSize
            | ValueKind::PortNumber
            | ValueKind::PrefixLength => Place::Number,
            ValueKind::Text { .. }
            | ValueKind::Quoted { .. }
            | ValueKind::Name { .. }
            | ValueKind::WordOrName { .. }
            | ValueKind::Pattern { .. } => Place::Text,
            _ => Place::Word,
        }
    }

    /// What may stand for a part of a set's elements; `None` for another set.
    pub fn of_part(part: Part) -> Option<Place> {
        match part {
            Part::Ip | Part::Net => Some(Place::Address),
            Part::Port | Part::Service => Some(Place::Port),
            Part::Mark => Some(Place::Number),
            Part::Interface | Part::Mac => Some(Place::Word),
            Part::Set => None,
        }
    }

    /// The name of the type that checks it.
    pub const fn type_name(self) -> &'static str {
        match self {
            Place::Port => "Port",
            Place::Address => "Address",
            Place::Number => "Number",
            Place::Word => "Word",
            Place::Text => "Text",
            Place::Setting => "Setting",
        }
    }
}

/// A Rust value that a policy was given.
#[derive(Debug, Clone)]
pub struct RustValue(Content);

/// The type of each item, and whether there is one or a list.
#[derive(Debug, Clone)]
enum Content {
    /// None: the policy has fewer values than it has room for.
    Absent,
    U8(Many<u8>),
    U16(Many<u16>),
    U32(Many<u32>),
    U64(Many<u64>),
    Ports(Many<RangeInclusive<u16>>),
    V4(Many<Ipv4Addr>),
    V6(Many<Ipv6Addr>),
    Ip(Many<IpAddr>),
    V4Range(Many<RangeInclusive<Ipv4Addr>>),
    V6Range(Many<RangeInclusive<Ipv6Addr>>),
    IpRange(Many<RangeInclusive<IpAddr>>),
    Net(Many<Net>),
    Str(Many<&'static str>),
    String(Many<String>),
}

#[derive(Debug, Clone)]
enum Many<T: 'static> {
    One(T),
    Slice(&'static [T]),
    Owned(Vec<T>),
}

/// The Rust values of a policy, in the order of their places.
///
/// They are held in place, since a constant cannot hold a box.
#[derive(Debug, Clone)]
pub struct RustValues {
    values: [RustValue; RUST_VALUES_MAX],
    count: usize,
}

impl RustValues {
    /// None.
    #[doc(hidden)]
    pub const fn none() -> RustValues {
        RustValues { values: [const { RustValue(Content::Absent) }; RUST_VALUES_MAX], count: 0 }
    }

    /// The same and one more, at the next place.
    #[doc(hidden)]
    #[must_use]
    pub const fn and(mut self, value: RustValue) -> RustValues {
        // An assignment would drop what was there, which no constant can.
        std::mem::forget(std::mem::replace(&mut self.values[self.count], value));
        self.count += 1;
        self
    }

    /// The value at a place.
    fn get(&self, place: u8) -> Option<&RustValue> {
        self.values[..self.count].get(usize::from(place))
    }
}

impl RustValue {
    /// The value as it would be written, for the reader of what is written out.
    fn written(&self, place: Place, loc: Loc) -> Vec<ExprKind> {
        let atom = |text: String| match place {
            Place::Text | Place::Setting => ExprKind::Text(text),
            _ => ExprKind::Atom(text),
        };
        fn all<T>(many: &Many<T>, write: impl FnMut(&T) -> ExprKind) -> Vec<ExprKind> {
            match many {
                Many::One(item) => std::slice::from_ref(item).iter().map(write).collect(),
                Many::Slice(items) => items.iter().map(write).collect(),
                Many::Owned(items) => items.iter().map(write).collect(),
            }
        }
        let range =
            |first: String, last: String| ExprKind::Range(Located::new(first, loc), Located::new(last, loc));
        fn ends<T: ToString>(range: &RangeInclusive<T>) -> (String, String) {
            (range.start().to_string(), range.end().to_string())
        }
        match &self.0 {
            Content::Absent => Vec::new(),
            Content::U8(many) => all(many, |item| atom(item.to_string())),
            Content::U16(many) => all(many, |item| atom(item.to_string())),
            Content::U32(many) => all(many, |item| atom(item.to_string())),
            Content::U64(many) => all(many, |item| atom(item.to_string())),
            Content::V4(many) => all(many, |item| atom(item.to_string())),
            Content::V6(many) => all(many, |item| atom(item.to_string())),
            Content::Ip(many) => all(many, |item| atom(item.to_string())),
            Content::Net(many) => all(many, |item| atom(item.to_string())),
            Content::Str(many) => all(many, |item| atom((*item).to_owned())),
            Content::String(many) => all(many, |item| atom(item.clone())),
            Content::Ports(many) => all(many, |item| {
                let (first, last) = ends(item);
                range(first, last)
            }),
            Content::V4Range(many) => all(many, |item| {
                let (first, last) = ends(item);
                range(first, last)
            }),
            Content::V6Range(many) => all(many, |item| {
                let (first, last) = ends(item);
                range(first, last)
            }),
            Content::IpRange(many) => all(many, |item| {
                let (first, last) = ends(item);
                range(first, last)
            }),
        }
    }
}
