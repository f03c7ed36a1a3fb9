//! The words of a command, as `iptables-restore` splits them.
//!
//! Only double quotes quote. Within them `\` takes the meaning of what follows; outside it is a character as any other.
//! The closing quote ends the word, so `a"b c"d` is `ab c` and `d`.

use std::borrow::Cow;

/// The longest word that `iptables-restore` takes, in bytes.
const WORD_MAX_BYTES: usize = 1023;

/// The most words of a line; it counts the program's name and the table, `-t NAME`, among 255.
const WORDS_MAX: usize = 251;

/// Most lines have no more words.
const WORDS_USUAL: usize = 24;

/// Splits a command into words.
///
/// # Errors
/// Why `iptables-restore` would not take the line.
pub(crate) fn split_words(line: &str) -> Result<Vec<Cow<'_, str>>, &'static str> {
    let bytes = line.as_bytes();
    let mut words = Vec::with_capacity(WORDS_USUAL);
    let mut at = 0;
    loop {
        while at < bytes.len() && is_blank(bytes[at]) {
            at += 1;
        }
        // A quote that opens at the very end begins no word.
        if matches!(&bytes[at..], [] | [b'"']) {
            return Ok(words);
        }
        let start = at;
        while at < bytes.len() && !is_blank(bytes[at]) && bytes[at] != b'"' {
            at += 1;
        }
        let mut word = Cow::Borrowed(&line[start..at]);
        if bytes.get(at) == Some(&b'"') {
            let (inside, after) = take_quoted(&line[at + 1..]);
            word = if word.is_empty() { inside } else { word + inside };
            at = line.len() - after.len();
        }
        if word.len() > WORD_MAX_BYTES {
            return Err("a word is longer than 1,023 bytes, which iptables-restore does not take");
        }
        if words.len() == WORDS_MAX {
            return Err("the line has more words than iptables-restore takes");
        }
        words.push(word);
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n')
}

/// What stands before the closing quote, and what follows that.
fn take_quoted(text: &str) -> (Cow<'_, str>, &str) {
    let Some(special) = text.find(['"', '\\']) else { return (Cow::Borrowed(text), "") };
    if text.as_bytes()[special] == b'"' {
        return (Cow::Borrowed(&text[..special]), &text[special + 1..]);
    }
    let mut word = text[..special].to_owned();
    let mut chars = text[special..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (Cow::Owned(word), &text[special + at + 1..]),
            '\\' => word.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => word.push(c),
        }
    }
    (Cow::Owned(word), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        split_words(line).unwrap().into_iter().map(Cow::into_owned).collect()
    }

    #[test]
    fn quotes_are_read_as_iptables_restore_reads_them() {
        assert_eq!(words("-A INPUT \t -j  DROP "), ["-A", "INPUT", "-j", "DROP"]);
        assert_eq!(words(r#"--comment "a \"b\" \\ c" x"#), ["--comment", r#"a "b" \ c"#, "x"]);
        assert_eq!(words(r#"a"b c"d"#), ["ab c", "d"]);
        assert_eq!(words(r#""" x"#), ["", "x"]);
        assert_eq!(words(r"it's a\ b"), ["it's", "a\\", "b"]);
        assert_eq!(words(r#"x "open"#), ["x", "open"]);
        assert_eq!(words(r#"x "open\"#), ["x", "open"]);
        assert_eq!(words("x \""), ["x"]);
        assert_eq!(words("ä \"ö ü\\ß\""), ["ä", "ö üß"]);
    }

    #[test]
    fn what_iptables_restore_does_not_take_is_refused() {
        assert!(split_words(&"x".repeat(WORD_MAX_BYTES + 1)).is_err());
        assert!(split_words(&"x".repeat(WORD_MAX_BYTES)).is_ok());
        assert!(split_words(&"x ".repeat(WORDS_MAX + 1)).is_err());
        assert!(split_words(&"x ".repeat(WORDS_MAX)).is_ok());
    }
}
