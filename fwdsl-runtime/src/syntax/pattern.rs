//! A pattern of an assertion by itself, as somebody asks about it on a command line.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use proc_macro2::TokenStream;
use syn::buffer::TokenBuffer;

use super::input::Input;
use super::matches::parse_matches;
use super::parser::Parser;
use super::resolve::resolve_pattern;
use super::spans::SpanTable;
use crate::check::check_pattern;
use crate::diagnostic::Diagnostic;
use crate::loc::{Loc, Sources};
use crate::model::{Match, Model};
use crate::table::{Hook, TableName};

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    pattern: String,
    problems: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    /// The message, with its help.
    text: String,
    /// The characters of the pattern that are wrong, if that is known.
    place: Option<Range<usize>>,
}

/// Reads a pattern, `in eth0 tcp dport 22 ct new`, which asks about packets in a table, and at a hook if it is about one.
/// The sets that it may name are those of the policy.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse_pattern(
    text: &str,
    model: &Model,
    table: TableName,
    hook: Option<Hook>,
) -> Result<Vec<Match>, PatternError> {
    let error = |problems| PatternError { pattern: text.to_owned(), problems };
    let bare = |text: &str| vec![Problem { text: text.to_owned(), place: None }];
    if text.trim().is_empty() {
        return Err(error(bare("the pattern is empty\nhelp: every packet is `_`")));
    }
    if text.contains("=>") {
        return Err(error(bare("a pattern has no verdict\nhelp: leave out `=>` and what follows")));
    }
    // The arrow is where the matches of a rule end.
    let Ok(tokens) = TokenStream::from_str(&format!("{text} =>")) else {
        let help = "it cannot be taken apart into words\nhelp: close quotes and brackets, and put names with \
                    unusual characters in quotes";
        return Err(error(bare(help)));
    };
    let buffer = TokenBuffer::new2(tokens);
    let mut parser = Parser { files: vec![String::new()], ..Parser::default() };
    let mut input = Input::new(buffer.begin());
    let parsed = parse_matches(&mut parser, &mut input);
    let mut diagnostics = std::mem::take(&mut parser.diagnostics);
    let mut matches = Vec::new();
    if let Ok(parsed) = parsed {
        if !input.punct("=>") || !input.is_empty() {
            return Err(error(bare(
                "a pattern is matches alone\nhelp: leave out braces and what is in them",
            )));
        }
        let sets = model.sets().iter().map(|set| set.name.clone()).collect();
        matches = resolve_pattern(parsed, sets, &mut diagnostics);
        if !parser.rust_values.is_empty() {
            return Err(error(bare("there are no Rust values here\nhelp: write the value itself")));
        }
        if diagnostics.is_empty() {
            diagnostics = check_pattern(model, table, hook, &matches);
        }
    }
    diagnostics.retain(Diagnostic::is_error);
    if diagnostics.is_empty() {
        return Ok(matches);
    }
    let sources = Sources::default();
    let problem = |diagnostic: &Diagnostic| Problem {
        text: diagnostic.text(&sources),
        place: columns(&parser.spans, diagnostic.loc, text),
    };
    Err(error(diagnostics.iter().map(problem).collect()))
}

/// The characters of a place, if they are on one line.
fn columns(spans: &SpanTable, loc: Loc, text: &str) -> Option<Range<usize>> {
    let (first, last) = spans.of(loc);
    let (start, end) = (first.start(), last.end());
    let is_there = loc != Loc::default() && start.line == 1 && end.line == 1;
    let length = text.chars().count();
    let place = start.column.min(length)..end.column.min(length);
    (is_there && !text.contains('\n') && !place.is_empty()).then_some(place)
}

impl fmt::Display for PatternError {
    /// Each problem with the words that it is about underlined.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { text, place }) in self.problems.iter().enumerate() {
            let (message, more) = text.split_once('\n').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{message}")?;
            if let Some(place) = place {
                let blanks = " ".repeat(place.start);
                write!(f, "\n  {}\n  {blanks}{}", self.pattern, "^".repeat(place.len()))?;
            }
            if let Some(more) = more {
                write!(f, "\n{more}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for PatternError {}
