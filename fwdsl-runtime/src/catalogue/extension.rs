//! The form of a catalogue entry.

use crate::family::{Family, FamilySet};
use crate::table::TableName;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A match: decides whether a rule applies.
    Match,
    /// A target: what happens to the packet.
    Target,
}

/// What happens to a packet after a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// The packet goes on to the next rule.
    Continues,
    /// The packet's way through the chain ends here.
    Ends,
}

/// A match or target of iptables: its options, and where it may stand.
///
/// The parser, the checks, the lowering and the emitter know an extension only through its entry.
#[derive(Debug)]
pub struct Extension {
    /// The name that iptables knows it by, `tcp` or `REJECT`.
    pub name: &'static str,
    /// Match or target.
    pub kind: Kind,
    /// Whether `-m NAME` introduces it. False for the matches that every rule has (`-s`, `-i`, …).
    pub module: bool,
    /// The families that have it.
    pub families: FamilySet,
    /// The tables that may use it; all if empty.
    pub tables: &'static [TableName],
    /// Tables in which iptables refuses it.
    pub not_in: &'static [TableName],
    /// The protocols, one of which the rule must match for it; any if empty.
    pub protocols: &'static [u8],
    /// Whether consulting it changes what it answers next time (`limit`). Such a match is
    /// consulted once for a packet, after everything else in the rule has matched.
    pub stateful: bool,
    /// For targets: what happens afterwards.
    pub flow: Flow,
    /// The options, in the order in which `iptables-save` prints them.
    pub options: &'static [OptionSpec],
    /// One sentence on what it does.
    pub about: &'static str,
}

/// One option of an extension.
#[derive(Debug)]
pub struct OptionSpec {
    /// The name in the language: without dashes and without the extension's own name.
    pub name: &'static str,
    /// The option as iptables prints it.
    pub flag: &'static str,
    /// What it takes.
    pub value: ValueKind,
    /// The families that have it.
    pub families: FamilySet,
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
    /// The value that holds if it is not written.
    pub default: Option<DefaultValue>,
}

/// The value of an option that is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultValue {
    /// A number, left out by `iptables-save`.
    Number(u64),
    /// A word of the option's list for each family, printed by `iptables-save` all the same.
    PrintedWord {
        /// The word for IPv4.
        ipv4: &'static str,
        /// The word for IPv6.
        ipv6: &'static str,
    },
}

/// A word that an option takes.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// The word in the language, lower case.
    pub name: &'static str,
    /// The word as `iptables-save` prints it.
    pub print: &'static str,
    /// The families that know it.
    pub families: FamilySet,
    /// The protocols, one of which the rule must match for it; any if empty.
    pub protocols: &'static [u8],
    /// Other spellings that iptables accepts.
    pub aliases: &'static [&'static str],
}

impl Word {
    /// A word of both families that is printed as it is written.
    pub const fn plain(name: &'static str) -> Word {
        Word { name, print: name, families: FamilySet::BOTH, protocols: &[], aliases: &[] }
    }

    /// A word of both families that is printed in another form.
    pub const fn printed(name: &'static str, print: &'static str) -> Word {
        Word { print, ..Word::plain(name) }
    }

    /// A word of one family, with an alias.
    pub const fn of(families: FamilySet, name: &'static str, aliases: &'static [&'static str]) -> Word {
        Word { families, aliases, ..Word::plain(name) }
    }

    /// Whether `text` is this word or one of its aliases.
    pub fn is(&self, text: &str) -> bool {
        self.name == text || self.aliases.contains(&text)
    }
}

/// The kind of value that an option takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueKind {
    /// None: the option is a flag.
    Flag,
    /// An interface name, a `+` at its end standing for any continuation.
    Interface,
    /// An address, a network or a range of addresses.
    Address,
    /// A protocol by name or number.
    Protocol,
    /// A port or a range of ports, by number or service name.
    Port,
    /// An ICMP type, with or without a code.
    IcmpType(Family),
    /// One word of a list.
    Word(&'static [Word]),
    /// Any of the words of a list; printed in the list's order, joined by commas.
    Words(&'static [Word]),
    /// Events per time unit.
    Rate,
    /// A whole number.
    Number {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
    },
    /// A number that also has names: the word at an index stands for that number.
    NamedNumber(&'static [Word]),
    /// Text.
    Text {
        /// The greatest length in bytes.
        max_bytes: usize,
    },
    /// TCP flags: those that must be set, among those that are looked at.
    TcpFlags,
    /// A set, with what its elements are compared with: `@NAME src,dst`.
    Set,
}

impl Extension {
    /// A match of both families and all tables, which `-m NAME` introduces.
    pub(super) const fn new_match(
        name: &'static str,
        options: &'static [OptionSpec],
        about: &'static str,
    ) -> Extension {
        Extension {
            name,
            kind: Kind::Match,
            module: true,
            families: FamilySet::BOTH,
            tables: &[],
            not_in: &[],
            protocols: &[],
            stateful: false,
            flow: Flow::Continues,
            options,
            about,
        }
    }

    /// A target of both families and all tables, after which the packet goes on or not.
    pub(super) const fn new_target(
        name: &'static str,
        flow: Flow,
        options: &'static [OptionSpec],
        about: &'static str,
    ) -> Extension {
        Extension { kind: Kind::Target, module: false, flow, ..Extension::new_match(name, options, about) }
    }

    /// The word that stands for the extension in the language: its name in lower case.
    pub fn word(&self) -> String {
        self.name.to_ascii_lowercase()
    }

    /// The option that the language calls `name`; the extension's own name before it is accepted.
    pub fn option(&'static self, name: &str) -> Option<&'static OptionSpec> {
        let bare = name.strip_prefix(&format!("{}-", self.word())).unwrap_or(name);
        self.options.iter().find(|option| option.name == bare || option.name == name)
    }

    /// Whether the extension may stand in `table`.
    pub fn allowed_in(&self, table: TableName) -> bool {
        (self.tables.is_empty() || self.tables.contains(&table)) && !self.not_in.contains(&table)
    }
}

impl OptionSpec {
    /// An option of both families that may be left out and not be negated.
    pub(super) const fn new(name: &'static str, flag: &'static str, value: ValueKind) -> OptionSpec {
        OptionSpec {
            name,
            flag,
            value,
            families: FamilySet::BOTH,
            negatable: false,
            only_negated: false,
            stateful: false,
            required: false,
            positional: false,
            default: None,
        }
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

    /// The same, but the extension is refused without it, and its name may be left out.
    pub(super) const fn required(self) -> OptionSpec {
        OptionSpec { required: true, positional: true, ..self }
    }

    /// The same, and its name may be left out.
    pub(super) const fn positional(self) -> OptionSpec {
        OptionSpec { positional: true, ..self }
    }

    /// The same, with the value that holds if it is not written.
    pub(super) const fn or(self, default: DefaultValue) -> OptionSpec {
        OptionSpec { default: Some(default), ..self }
    }

    /// The same, but of some families only.
    pub(super) const fn of(self, families: FamilySet) -> OptionSpec {
        OptionSpec { families, ..self }
    }
}

impl PartialEq for Extension {
    /// Entries are the same if they are the same entry: kind and name are unique together.
    fn eq(&self, other: &Extension) -> bool {
        self.kind == other.kind && self.name == other.name
    }
}

impl Eq for Extension {}

impl PartialEq for OptionSpec {
    /// Options are compared within one extension, where the name is unique.
    fn eq(&self, other: &OptionSpec) -> bool {
        self.name == other.name && self.flag == other.flag
    }
}

impl Eq for OptionSpec {}

impl ValueKind {
    /// The words that an option of this kind knows.
    pub fn words(self) -> &'static [Word] {
        match self {
            ValueKind::Word(words) | ValueKind::Words(words) | ValueKind::NamedNumber(words) => words,
            _ => &[],
        }
    }
}
