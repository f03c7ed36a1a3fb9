//! Tables, hooks and built-in chains: the fixed part of what iptables works on.
//!
//! Source: iptables(8), section TABLES.

use std::fmt;

/// A table.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TableName {
    /// `raw`: before connection tracking.
    Raw,
    /// `mangle`: packet alteration.
    Mangle,
    /// `nat`: address translation, consulted by the first packet of a connection.
    Nat,
    /// `filter`: the default table.
    #[default]
    Filter,
    /// `security`: mandatory access control marks.
    Security,
}

/// A hook, which is a built-in chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hook {
    /// As a packet arrives, before routing.
    Prerouting,
    /// Packets for this host.
    Input,
    /// Packets routed through this host.
    Forward,
    /// Packets that this host makes.
    Output,
    /// As a packet leaves, after routing.
    Postrouting,
}

/// Where a packet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// It comes in, and is for this host.
    In,
    /// It comes in, and is routed through.
    Through,
    /// This host makes it.
    Out,
}

/// A set of hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HookSet(u8);

impl HookSet {
    /// No hook.
    pub const NONE: HookSet = HookSet(0);
    /// Every hook.
    pub const ALL: HookSet = HookSet::of(&Hook::ALL);

    /// The set that holds these.
    pub const fn of(hooks: &[Hook]) -> HookSet {
        let mut bits = 0;
        let mut at = 0;
        while at < hooks.len() {
            bits |= 1 << hooks[at] as u8;
            at += 1;
        }
        HookSet(bits)
    }

    /// Whether `hook` is in the set.
    pub const fn contains(self, hook: Hook) -> bool {
        self.0 & (1 << hook as u8) != 0
    }

    /// What both sets hold.
    #[must_use]
    pub const fn and(self, other: HookSet) -> HookSet {
        HookSet(self.0 & other.0)
    }

    /// What either set holds.
    #[must_use]
    pub const fn or(self, other: HookSet) -> HookSet {
        HookSet(self.0 | other.0)
    }

    /// The hooks in the set, in the order in which a packet comes to them.
    pub fn iter(self) -> impl Iterator<Item = Hook> {
        Hook::ALL.into_iter().filter(move |hook| self.contains(*hook))
    }
}

impl TableName {
    /// Every table.
    pub const ALL: [TableName; 5] =
        [TableName::Raw, TableName::Mangle, TableName::Nat, TableName::Filter, TableName::Security];

    /// The name as iptables writes it.
    pub const fn name(self) -> &'static str {
        match self {
            TableName::Raw => "raw",
            TableName::Mangle => "mangle",
            TableName::Nat => "nat",
            TableName::Filter => "filter",
            TableName::Security => "security",
        }
    }

    /// The table of this name.
    pub fn from_name(name: &str) -> Option<TableName> {
        TableName::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The table's built-in chains, in the order in which `iptables-save` lists them.
    pub const fn hooks(self) -> &'static [Hook] {
        match self {
            TableName::Raw => &[Hook::Prerouting, Hook::Output],
            TableName::Mangle => {
                &[Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting]
            }
            TableName::Nat => &[Hook::Prerouting, Hook::Input, Hook::Output, Hook::Postrouting],
            TableName::Filter | TableName::Security => &[Hook::Input, Hook::Forward, Hook::Output],
        }
    }

    /// The built-in chain of this name, if the table has it.
    pub fn hook(self, chain: &str) -> Option<Hook> {
        self.hooks().iter().copied().find(|hook| hook.name() == chain)
    }
}

impl Hook {
    /// Every hook.
    pub const ALL: [Hook; 5] =
        [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting];

    /// The name of the built-in chain at this hook.
    pub const fn name(self) -> &'static str {
        match self {
            Hook::Prerouting => "PREROUTING",
            Hook::Input => "INPUT",
            Hook::Forward => "FORWARD",
            Hook::Output => "OUTPUT",
            Hook::Postrouting => "POSTROUTING",
        }
    }

    /// The hook whose built-in chain has this name, in whatever table.
    pub fn from_name(name: &str) -> Option<Hook> {
        Hook::ALL.into_iter().find(|hook| hook.name() == name)
    }

    /// Whether packets have an incoming interface here (`-i`).
    pub const fn has_in_interface(self) -> bool {
        matches!(self, Hook::Prerouting | Hook::Input | Hook::Forward)
    }

    /// Whether packets have an outgoing interface here (`-o`).
    pub const fn has_out_interface(self) -> bool {
        matches!(self, Hook::Forward | Hook::Output | Hook::Postrouting)
    }
}

impl Way {
    /// Every way.
    pub const ALL: [Way; 3] = [Way::In, Way::Through, Way::Out];

    /// The word in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Way::In => "input",
            Way::Through => "forward",
            Way::Out => "output",
        }
    }

    /// The way of this name.
    pub fn from_name(name: &str) -> Option<Way> {
        Way::ALL.into_iter().find(|way| way.name() == name)
    }

    /// What its packets are, for messages.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Way::In => "for this host",
            Way::Through => "routed through",
            Way::Out => "made by this host",
        }
    }

    /// Whether its packets come in by an interface.
    pub const fn has_in_interface(self) -> bool {
        !matches!(self, Way::Out)
    }

    /// Whether its packets leave by an interface.
    pub const fn has_out_interface(self) -> bool {
        !matches!(self, Way::In)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
