//! The form of an option in a catalogue entry.

use super::aspect::Aspects;
use super::kind::ValueKind;
use crate::family::{Family, FamilySet};
use crate::table::HookSet;

/// What a list of values means for an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// The option takes one value.
    No,
    /// Any of the values; iptables takes one, so the lowering makes several rules of them.
    Union,
    /// iptables takes them all in one option, joined by commas.
    Joined,
    /// Any of the values, as with [`List::Union`]. iptables takes them joined by commas too, but may mean something else by
    /// it; so the lowering does that for exact rules alone.
    Apart,
}

/// One option of an extension.
#[derive(Debug)]
pub struct OptionSpec {
    /// The name in the language: without dashes and without the extension's own name.
    pub name: &'static str,
    /// Other names that are understood.
    pub aliases: &'static [&'static str],
    /// The option as iptables prints it. Several options may print the same; read, it is the first of them.
    pub flag: &'static str,
    /// Other options of iptables that mean this one.
    pub flag_aliases: &'static [&'static str],
    /// What it takes.
    pub value: ValueKind,
    /// Names that iptables has for some of its numbers.
    pub names: &'static [(&'static str, u64)],
    /// Of options that may come several times, once for each element of a list that the extension describes: the element
    /// that this one is about, counted from 1. `--next` ends an element, and is about the one that it ends.
    pub element: u8,
    /// What several values mean.
    pub list: List,
    /// The families that have it.
    pub families: FamilySet,
    /// The hooks from which a rule with it may be reached.
    pub hooks: HookSet,
    /// The protocols, one of which the rule must match for it; any if empty.
    pub protocols: &'static [u8],
    /// Whether the rule must match one protocol for it, whichever.
    pub any_protocol: bool,
    /// Whether the legacy variant alone has it.
    pub legacy_only: bool,
    /// Whether iptables takes the beginning of a word for the first such word, in any case.
    pub abbreviated: bool,
    /// Whether `!` may stand before it.
    pub negatable: bool,
    /// Whether it is `!` or not written: `!update-counters`.
    pub only_negated: bool,
    /// Whether consulting it changes what it answers next time, though the extension's other options do not.
    pub stateful: bool,
    /// Whether the extension is refused without it.
    pub required: bool,
    /// Whether its value may stand without the option's name, first in the parentheses.
    pub positional: bool,
    /// What it looks at that a target can change, beside what its extension does.
    pub looks_at: Aspects,
    /// The value that holds if it is not written.
    pub default: Option<DefaultValue>,
}

/// The value of an option that is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultValue {
    /// A number, left out by `iptables-save`.
    Number(u64),
    /// The whole address, left out by `iptables-save`.
    FullPrefix,
    /// A value for each family, printed by `iptables-save` all the same; empty for a flag.
    Printed {
        /// The value for IPv4.
        ipv4: &'static str,
        /// The value for IPv6.
        ipv6: &'static str,
        /// When it is printed.
        when: When,
    },
}

/// When a default is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// If another option is there.
    With(&'static str),
    /// If another option is not there.
    Without(&'static str),
}

impl DefaultValue {
    /// A value that is the same for both families and always printed.
    pub(super) const fn printed(value: &'static str) -> DefaultValue {
        DefaultValue::Printed { ipv4: value, ipv6: value, when: When::Always }
    }

    /// The text that is printed, if any is.
    pub fn text(self, family: Family) -> Option<(&'static str, When)> {
        match (self, family) {
            (DefaultValue::Printed { ipv4, when, .. }, Family::Ipv4) => Some((ipv4, when)),
            (DefaultValue::Printed { ipv6, when, .. }, Family::Ipv6) => Some((ipv6, when)),
            _ => None,
        }
    }
}

impl OptionSpec {
    /// An option of both families that may be left out and not be negated.
    pub(super) const fn new(name: &'static str, flag: &'static str, value: ValueKind) -> OptionSpec {
        let list = match value {
            ValueKind::Interface
            | ValueKind::Address
            | ValueKind::Protocol
            | ValueKind::Port
            | ValueKind::IcmpType(_) => List::Union,
            ValueKind::Words(_) => List::Joined,
            _ => List::No,
        };
        OptionSpec {
            name,
            aliases: &[],
            flag,
            flag_aliases: &[],
            value,
            names: &[],
            element: 0,
            list,
            families: FamilySet::BOTH,
            hooks: HookSet::ALL,
            protocols: &[],
            any_protocol: false,
            legacy_only: false,
            abbreviated: false,
            negatable: false,
            only_negated: false,
            stateful: false,
            required: false,
            positional: false,
            looks_at: Aspects::NONE,
            default: None,
        }
    }

    /// A flag.
    pub(super) const fn flag(name: &'static str, flag: &'static str) -> OptionSpec {
        OptionSpec::new(name, flag, ValueKind::Flag)
    }

    /// The same, and these names are understood too.
    pub(super) const fn alias(self, aliases: &'static [&'static str]) -> OptionSpec {
        OptionSpec { aliases, ..self }
    }

    /// The same, and iptables takes these for it too.
    pub(super) const fn also(self, flag_aliases: &'static [&'static str]) -> OptionSpec {
        OptionSpec { flag_aliases, ..self }
    }

    /// The same, and iptables has these names for some of its numbers.
    pub(super) const fn named(self, names: &'static [(&'static str, u64)]) -> OptionSpec {
        OptionSpec { names, ..self }
    }

    /// The same, about this element of the list that the extension describes.
    pub(super) const fn of_element(self, element: u8) -> OptionSpec {
        OptionSpec { element, ..self }
    }

    /// The same, and a list of values is any of them, joined by commas in exact rules alone.
    pub(super) const fn apart(self) -> OptionSpec {
        OptionSpec { list: List::Apart, ..self }
    }

    /// The same, and `!` may stand before it.
    pub(super) const fn negatable(self) -> OptionSpec {
        OptionSpec { negatable: true, ..self }
    }

    /// The same, and it only stands with `!` before it.
    pub(super) const fn only_negated(self) -> OptionSpec {
        OptionSpec { negatable: true, only_negated: true, ..self }
    }

    /// The same, and consulting it changes what it answers next time.
    pub(super) const fn stateful(self) -> OptionSpec {
        OptionSpec { stateful: true, ..self }
    }

    /// The same, and a list of values is any of them.
    pub(super) const fn union(self) -> OptionSpec {
        OptionSpec { list: List::Union, ..self }
    }

    /// The same, and a list of values is printed as one, joined by commas.
    pub(super) const fn joined(self) -> OptionSpec {
        OptionSpec { list: List::Joined, ..self }
    }

    /// The same, but the extension is refused without it, and its name may be left out.
    pub(super) const fn required(self) -> OptionSpec {
        OptionSpec { required: true, positional: true, ..self }
    }

    /// The same, and its name may be left out.
    pub(super) const fn positional(self) -> OptionSpec {
        OptionSpec { positional: true, ..self }
    }

    /// The same, but its name may not be left out.
    pub(super) const fn by_name(self) -> OptionSpec {
        OptionSpec { positional: false, ..self }
    }

    /// The same, with the value that holds if it is not written.
    pub(super) const fn or(self, default: DefaultValue) -> OptionSpec {
        OptionSpec { default: Some(default), ..self }
    }

    /// The same, but of some families only.
    pub(super) const fn of(self, families: FamilySet) -> OptionSpec {
        OptionSpec { families, ..self }
    }

    /// The same, but only where these hooks lead.
    pub(super) const fn at(self, hooks: HookSet) -> OptionSpec {
        OptionSpec { hooks, ..self }
    }

    /// The same, and it looks at what a target can change.
    pub(super) const fn looking_at(self, looks_at: Aspects) -> OptionSpec {
        OptionSpec { looks_at, ..self }
    }

    /// The same, but only if the rule matches one protocol.
    pub(super) const fn over_any(self) -> OptionSpec {
        OptionSpec { any_protocol: true, ..self }
    }

    /// The same, but the nft variant does not have it.
    pub(super) const fn legacy_only(self) -> OptionSpec {
        OptionSpec { legacy_only: true, ..self }
    }

    /// The same, and iptables takes the beginning of a word for the word.
    pub(super) const fn abbreviated(self) -> OptionSpec {
        OptionSpec { abbreviated: true, ..self }
    }

    /// The same, but only for one of these protocols.
    pub(super) const fn over(self, protocols: &'static [u8]) -> OptionSpec {
        OptionSpec { protocols, ..self }
    }
}

impl PartialEq for OptionSpec {
    /// Options are compared within one extension, where the name is unique.
    fn eq(&self, other: &OptionSpec) -> bool {
        std::ptr::eq(self, other) || self.name == other.name && self.flag == other.flag
    }
}

impl Eq for OptionSpec {}
