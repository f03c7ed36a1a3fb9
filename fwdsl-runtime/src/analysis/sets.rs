//! Sets whose contents are known, as the lists that they are.
//!
//! The policy's contents are taken for the set's: whoever changes a set by hand changes the policy. What times out,
//! what rules add and delete, what others fill (`keep`, `foreign`), and what has more parts than one is opaque.

use std::collections::HashMap;
use std::rc::Rc;

use super::meaning::Meaning;
use super::region::{Axis, Set};
use crate::catalogue::{TCP_NUMBER, UDP_NUMBER};
use crate::ipset::{Direction, Part};
use crate::model::{Match, OptionUse, SetRef, Value};

/// The protocols whose ports the kernel looks up in a set of ports.
pub(super) const PORT_SET_PROTOCOLS: [u8; 2] = [TCP_NUMBER, UDP_NUMBER];

/// A match on a set that says no more than a list.
pub(super) struct Exact<'a> {
    pub(super) meaning: Meaning,
    pub(super) negated: bool,
    pub(super) values: &'a [Value],
}

/// What is in the sets that rules ask for, as numbers: many rules may ask for the same long set.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// By the place of the values in memory, with the field and whether it is what is not in the set.
    known: HashMap<(*const Value, Axis, bool), Set>,
}

impl Contents {
    /// The numbers that a match on a set asks for in a field, made by `make` if it is the first that asks for them. The values stay
    /// where they are meanwhile.
    pub(super) fn numbers(&mut self, axis: Axis, of: &Exact<'_>, make: impl FnOnce() -> Set) -> Set {
        let key = (of.values.as_ptr(), axis, of.negated);
        Rc::clone(self.known.entry(key).or_insert_with(make))
    }
}

/// What a match of the extension `set` looks at, if that is known.
pub(super) fn exact(entry: &Match) -> Option<Exact<'_>> {
    let silent = |option: &&OptionUse| option.spec.only_negated;
    let mut options = entry.options.iter().filter(|option| !silent(option));
    let (Some(option), None) = (options.next(), options.next()) else { return None };
    let Some(Value::Set(used)) = option.values().next() else { return None };
    let (meaning, values) = known(used)?;
    Some(Exact { meaning, negated: option.negated, values })
}

/// What a reference to a set looks at, and the values that are in the set.
pub(super) fn known(used: &SetRef) -> Option<(Meaning, &[Value])> {
    let kernel = used.kernel.as_ref()?;
    let [direction] = used.directions.as_slice() else { return None };
    let of_ports = kernel.kind.parts == [Part::Port];
    let meaning = match (of_ports, direction) {
        (false, Direction::Source) => Meaning::Source,
        (false, Direction::Destination) => Meaning::Destination,
        (true, Direction::Source) => Meaning::SourcePort,
        (true, Direction::Destination) => Meaning::DestinationPort,
    };
    Some((meaning, kernel.members.as_ref()?))
}

/// Whether an option names a set of which that is not known.
pub(super) fn names_unknown(option: &OptionUse) -> bool {
    option.values().any(|value| matches!(value, Value::Set(used) if known(used).is_none()))
}
