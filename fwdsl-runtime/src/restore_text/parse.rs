//! Text to tables.

use std::fmt;

use super::{Counters, SavedChain, SavedRule, SavedTable, SavedText};

/// A line that is not of iptables-save's grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

/// Parses what `iptables-save` (with or without `-c`) or the emitter wrote.
///
/// # Errors
///
/// The first line that is not of the grammar, a table given twice, or a table without its `COMMIT`.
pub fn parse(text: &str) -> Result<SavedText, ParseError> {
    let mut saved = SavedText::default();
    let mut open: Option<SavedTable> = None;
    let mut last = 0;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        last = index + 1;
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        parse_line(line, &mut open, &mut saved).map_err(|message| ParseError { line: index + 1, message })?;
    }
    match open {
        None => Ok(saved),
        Some(table) => {
            Err(ParseError { line: last, message: format!("table `{}` ends without COMMIT", table.name) })
        }
    }
}

fn parse_line(line: &str, open: &mut Option<SavedTable>, saved: &mut SavedText) -> Result<(), String> {
    if let Some(name) = line.strip_prefix('*') {
        if let Some(table) = open {
            return Err(format!("table `{name}` begins before the COMMIT of `{}`", table.name));
        }
        if saved.table(name).is_some() {
            return Err(format!("table `{name}` is given twice"));
        }
        *open = Some(SavedTable { name: name.to_owned(), chains: Vec::new(), rules: Vec::new() });
        return Ok(());
    }
    let Some(table) = open else {
        return Err(format!("`{line}` stands outside of a table"));
    };
    if line == "COMMIT" {
        saved.tables.extend(open.take());
    } else if let Some(chain) = line.strip_prefix(':') {
        table.chains.push(parse_chain(chain)?);
    } else {
        table.rules.push(parse_rule(line)?);
    }
    Ok(())
}

fn parse_chain(line: &str) -> Result<SavedChain, String> {
    let mut words = line.split_whitespace();
    let (Some(name), Some(policy)) = (words.next(), words.next()) else {
        return Err(format!("`:{line}` wants a chain and a policy"));
    };
    let counters = match words.next() {
        None => Counters::default(),
        Some(word) => parse_counters(word).ok_or_else(|| format!("`{word}` is not [packets:bytes]"))?,
    };
    let policy = (policy != "-").then(|| policy.to_owned());
    Ok(SavedChain { name: name.to_owned(), policy, counters })
}

fn parse_rule(line: &str) -> Result<SavedRule, String> {
    let (counters, text) = match line.split_once(' ') {
        Some((word, rest)) if word.starts_with('[') => {
            let counters = parse_counters(word).ok_or_else(|| format!("`{word}` is not [packets:bytes]"))?;
            (Some(counters), rest)
        }
        _ => (None, line),
    };
    if !text.starts_with("-A ") {
        return Err(format!("`{text}` is not a rule, a chain, a table or COMMIT"));
    }
    Ok(SavedRule { counters, text: text.to_owned() })
}

fn parse_counters(word: &str) -> Option<Counters> {
    let (packets, bytes) = word.strip_prefix('[')?.strip_suffix(']')?.split_once(':')?;
    Some(Counters { packets: packets.parse().ok()?, bytes: bytes.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "*filter\n:INPUT DROP [5:6]\n:X - [0:0]\n[1:2] -A INPUT -j X\n-A X\nCOMMIT\n";

    #[test]
    fn a_text_is_printed_as_it_was_parsed() {
        assert_eq!(parse(TEXT).unwrap().to_string(), TEXT);
    }

    #[test]
    fn comments_and_blank_lines_are_passed_over() {
        assert_eq!(parse(&format!("# a\n\n{TEXT}# b\n")), parse(TEXT));
    }

    #[test]
    fn what_is_not_of_the_grammar_is_named_with_its_line() {
        for (text, line, word) in [
            ("*filter\n", 1, "without COMMIT"),
            ("-A INPUT\n", 1, "outside of a table"),
            ("*filter\n*nat\n", 2, "before the COMMIT"),
            ("*raw\nCOMMIT\n*raw\n", 3, "twice"),
            ("*raw\n-I INPUT\n", 2, "not a rule"),
            ("*raw\n[1:x] -A INPUT\n", 2, "[packets:bytes]"),
            ("*raw\n:INPUT\n", 2, "policy"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}");
            assert!(error.message.contains(word), "{error}");
        }
    }
}
