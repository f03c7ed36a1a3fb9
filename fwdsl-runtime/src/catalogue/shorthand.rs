//! The words that stand for one option of a match without parentheses: `from`, `dport`, `ct`, ….

use super::{COMMENT, CONNTRACK, CORE, Extension, FAMILY, LIMIT, MARK_MATCH, PORTS, RAW_MATCH};

/// A word of the language that stands for one option of an extension.
#[derive(Debug)]
pub struct Shorthand {
    /// The word.
    pub word: &'static str,
    /// The extension it stands for.
    pub extension: &'static Extension,
    /// The option that takes the value after the word.
    pub option: &'static str,
    /// Further options of the extension that may follow by name: `limit 1/s burst 4`.
    pub followed_by: &'static [&'static str],
}

const fn word(word: &'static str, extension: &'static Extension, option: &'static str) -> Shorthand {
    Shorthand { word, extension, option, followed_by: &[] }
}

/// Every shorthand. Protocol names are matches too, and stand in the protocol table.
pub static SHORTHANDS: &[Shorthand] = &[
    word("in", &CORE, "in"),
    word("out", &CORE, "out"),
    word("from", &CORE, "from"),
    word("to", &CORE, "to"),
    word("proto", &CORE, "proto"),
    word("fragment", &CORE, "fragment"),
    word("sport", &PORTS, "sport"),
    word("dport", &PORTS, "dport"),
    word("port", &PORTS, "port"),
    word("ct", &CONNTRACK, "ctstate"),
    word("mark", &MARK_MATCH, "mark"),
    word("family", &FAMILY, "family"),
    word("comment", &COMMENT, "comment"),
    word("raw", &RAW_MATCH, "match"),
    Shorthand { word: "limit", extension: &LIMIT, option: "limit", followed_by: &["burst"] },
];

/// The shorthand of this word.
pub fn shorthand(word: &str) -> Option<&'static Shorthand> {
    SHORTHANDS.iter().find(|entry| entry.word == word)
}
