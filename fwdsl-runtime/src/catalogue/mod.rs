//! The extension catalogue: every match and target, once.
//!
//! Parsing, checks, lowering and emission all read it. To add an extension is to add an entry and
//! name it in [`EXTENSIONS`].

mod core;
mod extension;
mod general;
mod shorthand;
mod targets;
mod transport;
mod words;

pub use core::{CORE, PORTS};
pub use extension::{DefaultValue, Extension, Flow, Kind, OptionSpec, ValueKind, Word};
pub use general::{COMMENT, COMMENT_MAX_BYTES, CONNTRACK, CT_STATES, LIMIT, LIMIT_DEFAULT_BURST, STATE};
pub use shorthand::{SHORTHANDS, Shorthand, shorthand};
pub use targets::{ACCEPT, DROP, LOG, LOG_PREFIX_MAX_BYTES, REJECT, RETURN};
pub use transport::{
    DCCP_NUMBER, ICMP, ICMP_TYPE, ICMP6_TYPE, ICMPV6, IPRANGE, MULTIPORT, MULTIPORT_SLOTS, PORT_PROTOCOLS,
    SCTP, SCTP_NUMBER, TCP, TCP_NUMBER, UDP, UDP_NUMBER, UDPLITE_NUMBER,
};
pub use words::{match_words, verdict_words};

/// Every entry. The place of an entry is its number in a packed policy.
pub static EXTENSIONS: &[&Extension] = &[
    &CORE,
    &PORTS,
    &TCP,
    &UDP,
    &SCTP,
    &ICMP_TYPE,
    &ICMP6_TYPE,
    &MULTIPORT,
    &IPRANGE,
    &CONNTRACK,
    &STATE,
    &LIMIT,
    &COMMENT,
    &ACCEPT,
    &DROP,
    &RETURN,
    &REJECT,
    &LOG,
];

/// The match of this name (the word that the language uses).
pub fn find_match(word: &str) -> Option<&'static Extension> {
    matches().find(|extension| extension.module && extension.word() == word)
}

/// The target of this name (the word that the language uses).
pub fn find_target(word: &str) -> Option<&'static Extension> {
    targets().find(|extension| extension.word() == word)
}

/// All matches.
pub fn matches() -> impl Iterator<Item = &'static Extension> {
    EXTENSIONS.iter().copied().filter(|extension| extension.kind == Kind::Match)
}

/// All targets.
pub fn targets() -> impl Iterator<Item = &'static Extension> {
    EXTENSIONS.iter().copied().filter(|extension| extension.kind == Kind::Target)
}

/// The number of an entry in a packed policy.
pub(crate) fn number(extension: &Extension) -> u64 {
    EXTENSIONS.iter().position(|entry| *entry == extension).expect("every extension is in the catalogue")
        as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_unique_and_options_too() {
        for (index, entry) in EXTENSIONS.iter().enumerate() {
            assert_eq!(number(entry), index as u64, "{} stands twice", entry.name);
            for (at, option) in entry.options.iter().enumerate() {
                let first = entry.options.iter().position(|other| other.name == option.name);
                assert_eq!(first, Some(at), "{} has `{}` twice", entry.name, option.name);
            }
        }
    }

    #[test]
    fn shorthands_name_options_that_exist() {
        for entry in SHORTHANDS {
            assert!(entry.extension.option(entry.option).is_some(), "{}", entry.word);
        }
    }

    #[test]
    fn defaults_fit_the_kind_of_their_option() {
        for option in EXTENSIONS.iter().flat_map(|entry| entry.options) {
            match option.default {
                Some(DefaultValue::PrintedWord { ipv4, ipv6 }) => {
                    let words = option.value.words();
                    assert!(words.iter().any(|word| word.name == ipv4));
                    assert!(words.iter().any(|word| word.name == ipv6));
                }
                Some(DefaultValue::Number(_)) => {
                    assert!(matches!(option.value, ValueKind::Number { .. } | ValueKind::NamedNumber(_)));
                }
                None => {}
            }
        }
    }
}
