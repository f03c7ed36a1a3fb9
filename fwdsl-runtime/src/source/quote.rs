//! When a word is written as a string: where Rust's lexer or the language would read something else.

use super::notes::is_control;
use crate::syntax::{is_let, reads_as_word};

/// A string literal.
pub(super) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// A value's word: bare if it is read as the same word, and is not taken for a `let`.
pub(super) fn word_or_string(text: &str) -> String {
    if is_plain(text) || !is_let(text) && reads_as_word(text) { text.to_owned() } else { quoted(text) }
}

/// The name of a chain or a set, which stands in a place of its own.
pub(super) fn name(text: &str) -> String {
    let of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    // Where a chain is called, a number is no name.
    let is_number = text.starts_with(|first: char| first.is_ascii_digit());
    let is_bare = !is_number && text.chars().all(of_name) && reads_as_word(text);
    if is_bare { text.to_owned() } else { quoted(text) }
}

/// The text of a comment as the doc comment that it is read from; `None` if it cannot be one.
pub(super) fn doc_comment(text: &str) -> Option<String> {
    let is_plain = !text.contains(is_control);
    let is_read_back = is_plain && text == text.trim() && !text.is_empty();
    is_read_back.then(|| format!("/// {text}"))
}

/// The words of nearly all firewalls, told without the lexer.
fn is_plain(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::{name, word_or_string};

    #[test]
    fn what_would_be_read_otherwise_is_quoted() {
        for text in [
            "eth0",
            "br-lan",
            "wg+",
            "eth0.100",
            "10.0.0.0/8",
            "2001:db8::/32",
            "::1",
            "9abc::1",
            "1e5::",
            "1e5a::",
        ] {
            assert_eq!(word_or_string(text), text);
        }
        for text in [
            "WAN",
            "eth0:1",
            "br lan",
            "2001:db8::1e",
            "fd00:3ed::/64",
            "8eth",
            "a\"b",
            "",
            "eth-",
            "0xeth",
            "+",
        ] {
            assert_eq!(word_or_string(text), format!("{text:?}"));
        }
    }

    #[test]
    fn names_may_be_in_capitals() {
        for text in ["INPUT", "DOCKER-USER", "f2b-sshd", "KUBE_SVC", "match", "a1"] {
            assert_eq!(name(text), text);
        }
        for text in ["ssh:who", "a.b", "a-", "-a", "1e", "1abc", "12", "0x1", "1-2", "ts input", "f2b+"] {
            assert_eq!(name(text), format!("{text:?}"));
        }
    }
}
