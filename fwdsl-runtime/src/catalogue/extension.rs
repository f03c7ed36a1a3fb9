//! The form of a catalogue entry.

use super::aspect::Aspects;
use super::option::OptionSpec;
use super::requirement::Requirement;
use crate::family::FamilySet;
use crate::table::{HookSet, TableName};

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
    /// It ends here or goes on, by what the packet is.
    MayEnd,
}

/// A match or target of iptables: its options, and where it may stand.
///
/// The parser, the checks, the lowering and the emitter know an extension only through its entry.
#[derive(Debug)]
pub struct Extension {
    /// The name that iptables knows it by, `tcp` or `REJECT`.
    pub name: &'static str,
    /// The word in the language, if it is not the name in lower case: two families may have extensions of one name.
    pub own_word: Option<&'static str>,
    /// Match or target.
    pub kind: Kind,
    /// Whether `-m NAME` introduces it. False for the matches that every rule has (`-s`, `-i`, …).
    pub module: bool,
    /// Whether the legacy variant alone has it.
    pub legacy_only: bool,
    /// Whether the nft variant takes it where the legacy variant does not: in tables other than `tables`, and where
    /// `syn` is not met.
    pub nft_anywhere: bool,
    /// The families that have it.
    pub families: FamilySet,
    /// The tables that may use it; all if empty.
    pub tables: &'static [TableName],
    /// Tables in which iptables refuses it.
    pub not_in: &'static [TableName],
    /// The hooks from which a rule with it may be reached, through whatever chains.
    pub hooks: HookSet,
    /// The protocols, one of which the rule must match for it; any if empty.
    pub protocols: &'static [u8],
    /// Whether the rule must ask for TCP packets with SYN set.
    pub syn: bool,
    /// For matches: whether it asks something without any option.
    pub bare: bool,
    /// Whether consulting it changes what it answers next time (`limit`). Such a match is
    /// consulted once for a packet, after everything else in the rule has matched.
    pub stateful: bool,
    /// For targets: what happens afterwards.
    pub flow: Flow,
    /// What a match looks at that a target can change.
    pub looks_at: Aspects,
    /// What a target changes of a packet that goes on.
    pub changes: Aspects,
    /// Whether loading a rule with it makes the kernel put fragments together as they arrive: what asks connection
    /// tracking or looks up sockets cannot do without.
    pub reassembles: bool,
    /// The options, in the order in which `iptables-save` prints them.
    pub options: &'static [OptionSpec],
    /// Whether one of them has a value that holds if it is not written.
    pub has_defaults: bool,
    /// What the options want of each other.
    pub requirements: &'static [Requirement],
    /// One sentence on what it does.
    pub about: &'static str,
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
            own_word: None,
            kind: Kind::Match,
            module: true,
            legacy_only: false,
            nft_anywhere: false,
            families: FamilySet::BOTH,
            tables: &[],
            not_in: &[],
            hooks: HookSet::ALL,
            protocols: &[],
            syn: false,
            bare: false,
            stateful: false,
            flow: Flow::Continues,
            looks_at: Aspects::NONE,
            changes: Aspects::NONE,
            reassembles: false,
            options,
            has_defaults: have_defaults(options),
            requirements: &[],
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

    /// The word that stands for the extension in the language.
    pub fn word(&self) -> String {
        self.own_word.map_or_else(|| self.name.to_ascii_lowercase(), str::to_owned)
    }

    /// The option that the language calls `name`; the extension's own name before it is accepted.
    pub fn option(&'static self, name: &str) -> Option<&'static OptionSpec> {
        let called = |name: &str| {
            self.options.iter().find(|option| option.name == name || option.aliases.contains(&name))
        };
        called(name).or_else(|| called(name.strip_prefix(&self.word())?.strip_prefix('-')?))
    }

    /// Whether the extension may stand in `table`.
    pub fn allowed_in(&self, table: TableName) -> bool {
        (self.tables.is_empty() || self.tables.contains(&table)) && !self.not_in.contains(&table)
    }
}

const fn have_defaults(options: &[OptionSpec]) -> bool {
    let mut place = 0;
    while place < options.len() {
        if options[place].default.is_some() {
            return true;
        }
        place += 1;
    }
    false
}

impl PartialEq for Extension {
    /// Entries are the same if they are the same entry: each is one static item.
    fn eq(&self, other: &Extension) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Extension {}
