//! Text to tables.

use std::fmt;

use super::lines::{Content, lines, split_chain, split_counters};
use super::{SavedChain, SavedRule, SavedTable, SavedText};

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
    for line in lines(text) {
        last = line.number as usize;
        parse_line(line.content, &mut open, &mut saved)
            .map_err(|message| ParseError { line: line.number as usize, message })?;
    }
    match open {
        None => Ok(saved),
        Some(table) => {
            Err(ParseError { line: last, message: format!("table `{}` ends without COMMIT", table.name) })
        }
    }
}

fn parse_line(
    content: Content<'_>,
    open: &mut Option<SavedTable>,
    saved: &mut SavedText,
) -> Result<(), String> {
    match (content, open.as_mut()) {
        (Content::Blank | Content::Comment(_), _) => {}
        (Content::Unreadable(_, why), _) => return Err(why.to_owned()),
        (Content::Table(name), Some(table)) => {
            return Err(format!("table `{name}` begins before the COMMIT of `{}`", table.name));
        }
        (Content::Table(name), None) if saved.table(name).is_some() => {
            return Err(format!("table `{name}` is given twice"));
        }
        (Content::Table(name), None) => {
            *open = Some(SavedTable { name: name.to_owned(), chains: Vec::new(), rules: Vec::new() });
        }
        (_, None) => return Err("the line stands outside of a table".to_owned()),
        (Content::Commit, Some(_)) => saved.tables.extend(open.take()),
        (Content::Chain(text), Some(table)) => table.chains.push(parse_chain(text)?),
        (Content::Command(text), Some(table)) => table.rules.push(parse_rule(text)?),
    }
    Ok(())
}

fn parse_chain(text: &str) -> Result<SavedChain, String> {
    let (name, policy, counters) = split_chain(text)?;
    let policy = (policy != "-").then(|| policy.to_owned());
    Ok(SavedChain { name: name.to_owned(), policy, counters: counters.unwrap_or_default() })
}

fn parse_rule(text: &str) -> Result<SavedRule, String> {
    let (counters, text) = split_counters(text.trim())?;
    let text = text.trim_start();
    if !text.starts_with("-A ") {
        return Err(format!("`{text}` is not a rule, a chain, a table or COMMIT"));
    }
    Ok(SavedRule { counters, text: text.to_owned() })
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
