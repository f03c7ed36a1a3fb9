//! A text of `iptables-save` line by line.
//!
//! Lines are what `iptables-restore` takes them for by their first byte: `*` begins a table, `:` declares a chain, `#`
//! is a comment, `COMMIT` ends the table, and all else is a command. Beyond that, a byte order mark, carriage returns
//! at line ends and a last line without its newline are taken, as files have them that went through other systems.

use super::Counters;

/// The longest line that `iptables-restore` reads as one, in bytes.
const LINE_MAX_BYTES: usize = 10_239;

/// A line, without the line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: u32,
    /// What it is.
    pub(crate) content: Content<'a>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    /// Nothing.
    Blank,
    /// `# text`, without the sign.
    Comment(&'a str),
    /// `*table`, without the sign.
    Table(&'a str),
    /// `:CHAIN POLICY [packets:bytes]`, without the sign.
    Chain(&'a str),
    /// `COMMIT`
    Commit,
    /// A command with its options, perhaps with counters before it.
    Command(&'a str),
    /// What `iptables-restore` would not read as one line, and why.
    Unreadable(&'a str, &'static str),
}

/// The lines of a text.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines().zip(1..).map(|(line, number)| Line { number, content: content(line) })
}

fn content(line: &str) -> Content<'_> {
    let line = line.strip_suffix('\r').unwrap_or(line);
    if let Some(comment) = line.strip_prefix('#') {
        return Content::Comment(comment);
    }
    if line.len() > LINE_MAX_BYTES {
        return Content::Unreadable(
            line,
            "the line is longer than 10,239 bytes, and iptables-restore would cut it",
        );
    }
    if line.contains('\0') {
        return Content::Unreadable(
            line,
            "the line holds a zero byte, and iptables-restore would end it there",
        );
    }
    let trimmed = line.trim_end_matches([' ', '\t']);
    match line.as_bytes().first() {
        Some(b'*') => Content::Table(line[1..].trim()),
        Some(b':') => Content::Chain(&line[1..]),
        _ if trimmed.is_empty() => Content::Blank,
        _ if trimmed == "COMMIT" => Content::Commit,
        _ => Content::Command(line),
    }
}

/// The parts of a `:CHAIN POLICY [packets:bytes]` line without its colon; the policy of a user's chain is `-`.
///
/// # Errors
/// What is missing, or is no counters.
pub(crate) fn split_chain(text: &str) -> Result<(&str, &str, Option<Counters>), String> {
    let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
    let (Some(name), Some(policy)) = (words.next(), words.next()) else {
        return Err(format!("`:{text}` lacks its chain or its policy"));
    };
    let counters = match words.next() {
        None => None,
        Some(word) => {
            let inside = word.strip_prefix('[').and_then(|word| word.strip_suffix(']'));
            Some(inside.and_then(parse_counters).ok_or_else(|| no_counters(word))?)
        }
    };
    Ok((name, policy, counters))
}

/// Takes the counters from the front of a command.
///
/// # Errors
/// What begins like counters and is none.
pub(crate) fn split_counters(line: &str) -> Result<(Option<Counters>, &str), String> {
    let Some(inside) = line.strip_prefix('[') else { return Ok((None, line)) };
    let Some((counters, rest)) = inside.split_once(']') else {
        let word = line.split_whitespace().next().unwrap_or(line);
        return Err(format!("`{word}` lacks its `]`"));
    };
    let counters = parse_counters(counters).ok_or_else(|| no_counters(&format!("[{counters}]")))?;
    Ok((Some(counters), rest))
}

fn no_counters(word: &str) -> String {
    format!("`{word}` is not [packets:bytes]")
}

/// Reads `packets:bytes`.
fn parse_counters(text: &str) -> Option<Counters> {
    let (packets, bytes) = text.split_once(':')?;
    let number = |text: &str| {
        let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| sound)
    };
    Some(Counters { packets: number(packets)?, bytes: number(bytes)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart_by_their_first_byte() {
        let text = "\u{feff}# made by hand\r\n*filter\r\n:INPUT DROP [1:2]\n\n \t\n[3:4] -A INPUT -j DROP\nCOMMIT \n#";
        let contents: Vec<Content<'_>> = lines(text).map(|line| line.content).collect();
        assert_eq!(
            contents,
            [
                Content::Comment(" made by hand"),
                Content::Table("filter"),
                Content::Chain("INPUT DROP [1:2]"),
                Content::Blank,
                Content::Blank,
                Content::Command("[3:4] -A INPUT -j DROP"),
                Content::Commit,
                Content::Comment(""),
            ]
        );
        assert_eq!(lines(text).last().map(|line| line.number), Some(8));
        assert_eq!(lines("COMMIT").next().map(|line| line.content), Some(Content::Commit));
    }

    #[test]
    fn what_iptables_would_cut_is_seen() {
        for line in ["-A INPUT\0 -j DROP".to_owned(), format!("-A {}", "x".repeat(LINE_MAX_BYTES))] {
            assert!(matches!(content(&line), Content::Unreadable(..)));
        }
        assert!(matches!(content(&format!("#{}", "x".repeat(LINE_MAX_BYTES))), Content::Comment(_)));
    }

    #[test]
    fn counters_are_split_off() {
        assert_eq!(split_counters("[1:2] -A X"), Ok((Some(Counters { packets: 1, bytes: 2 }), " -A X")));
        assert_eq!(split_counters("-A X"), Ok((None, "-A X")));
        assert!(split_counters("[1:2 -A X").is_err_and(|message| message.contains("lacks")));
        assert_eq!(split_chain("X  -"), Ok(("X", "-", None)));
        assert_eq!(split_chain(" X DROP [0:7]"), Ok(("X", "DROP", Some(Counters { packets: 0, bytes: 7 }))));
        let most = format!("{}:{}", u64::MAX, 0);
        assert_eq!(parse_counters(&most), Some(Counters { packets: u64::MAX, bytes: 0 }));
        for text in ["", ":", "1:", ":1", "1:2:3", "-1:2", "+1:2", "1:18446744073709551616"] {
            assert_eq!(parse_counters(text), None, "{text}");
        }
    }
}
