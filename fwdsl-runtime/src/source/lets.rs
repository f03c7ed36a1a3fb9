//! Names for values that come up often.

use std::collections::HashMap;

/// The places whose values get names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Place {
    /// Of addresses and networks.
    Address,
    /// Of interfaces.
    Interface,
    /// Of ports.
    Ports,
}

/// The `let`s of a policy, by what they stand for as it is written.
#[derive(Debug, Default)]
pub(super) struct Lets {
    names: HashMap<(Place, String), String>,
}

impl Lets {
    /// A value, or the `let` that stands for it.
    pub(super) fn named(&self, place: Option<Place>, value: &str) -> String {
        let name = place.and_then(|place| self.names.get(&(place, value.to_owned())));
        name.map_or(value, String::as_str).to_owned()
    }

    /// A list of values, by the `let` that stands for all of them, or each by its own.
    pub(super) fn named_list(&self, place: Option<Place>, values: &[String]) -> String {
        let whole = format!("[{}]", values.join(", "));
        let name = self.named(place, &whole);
        if name != whole {
            return name;
        }
        let values: Vec<String> = values.iter().map(|value| self.named(place, value)).collect();
        format!("[{}]", values.join(", "))
    }
}
