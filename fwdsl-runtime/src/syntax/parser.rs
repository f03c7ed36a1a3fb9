//! What all parsing functions share: the span table, the collected errors, and what was settled before.

use std::collections::HashSet;

use proc_macro2::{Span, TokenTree};

use super::expand::FragmentBodies;
use super::fragment::Settled;
use super::input::Input;
use super::names::Names;
use super::rust_value::Written;
use super::spans::SpanTable;
use crate::diagnostic::Diagnostic;
use crate::loc::Loc;

/// The parser's memory.
#[derive(Debug, Default)]
pub(super) struct Parser {
    pub(super) spans: SpanTable,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) names: Names,
    pub(super) settled: Settled,
    /// The files that tokens were from so far, the policy's own first.
    pub(super) files: Vec<String>,
    /// Whose tokens are being read: 0 for the policy's, else one more than the number of the fragment.
    pub(super) user: usize,
    /// The Rust values that were met.
    pub(super) rust_values: Vec<Written>,
    /// The words of what a `#[cfg(…)]` takes out: they are used somewhere else.
    pub(super) absent_words: HashSet<String>,
    /// The fragments that were used in the place of statements, each read once.
    pub(super) bodies: FragmentBodies,
}

/// The error was reported; the caller goes on after the statement.
#[derive(Debug)]
pub(super) struct Failed;

/// A parse result whose error has been reported.
pub(super) type Parsed<T> = Result<T, Failed>;

impl Parser {
    pub(super) fn loc(&mut self, start: Span, end: Span) -> Loc {
        self.spans.record(start, end)
    }

    /// The number of a file.
    pub(super) fn file_number(&mut self, file: String) -> u16 {
        let number = self.files.iter().position(|other| *other == file).unwrap_or_else(|| {
            self.files.push(file);
            self.files.len() - 1
        });
        u16::try_from(number).unwrap_or(u16::MAX)
    }

    /// Reports an error.
    pub(super) fn fail(&mut self, loc: Loc, message: impl Into<String>, help: Option<String>) -> Failed {
        self.diagnostics.push(Diagnostic::error(loc, message).maybe_help(help));
        Failed
    }

    /// Skips a statement that is not there.
    pub(super) fn skip_absent(&mut self, input: &mut Input<'_>) {
        let mut from = *input;
        skip_statement(input);
        while !from.is_at(input)
            && let Some(token) = from.token()
        {
            note_words(token, &mut self.absent_words);
        }
    }

    /// Reads this punctuation or reports that it is missing.
    pub(super) fn require_punct(&mut self, input: &mut Input<'_>, text: &str) -> Parsed<()> {
        if input.punct(text) { Ok(()) } else { Err(self.expected(input, &format!("`{text}`"))) }
    }
}

fn note_words(token: TokenTree, words: &mut HashSet<String>) {
    match token {
        TokenTree::Ident(word) => _ = words.insert(word.to_string()),
        TokenTree::Group(group) => group.stream().into_iter().for_each(|token| note_words(token, words)),
        TokenTree::Literal(text) => {
            words.insert(text.to_string().trim_matches('"').to_owned());
        }
        TokenTree::Punct(_) => {}
    }
}

/// Whether a rule or block begins here: its `=>` or `{` comes before the next `;`.
pub(super) fn begins_statement(input: &Input<'_>) -> bool {
    let mut ahead = *input;
    while !ahead.is_empty() && !ahead.peek_punct(";") {
        if ahead.peek_punct("=>") {
            return true;
        }
        if skip_to_end(&mut ahead) {
            return true;
        }
    }
    false
}

/// Skips what is left of a broken item: as a statement, but not into the next item.
pub(super) fn skip_item(input: &mut Input<'_>, items: &[&str]) {
    while !input.is_empty() && !input.peek_ident().is_some_and(|word| items.contains(&word.as_str())) {
        if skip_to_end(input) {
            return;
        }
    }
}

/// Skips what is left of a statement: up to its `;`, or through its `{ … }`.
pub(super) fn skip_statement(input: &mut Input<'_>) {
    while !input.is_empty() && !skip_to_end(input) {}
}

/// Skips a token, and tells whether a statement ends with it. The braces of `#{…}` end none, nor do those of a
/// list that was meant, `dport {22, 80} => …`; a `;` behind
/// braces belongs to them.
fn skip_to_end(input: &mut Input<'_>) -> bool {
    if input.punct(";") {
        return true;
    }
    if input.group(proc_macro2::Delimiter::Brace).is_some() {
        return input.punct(";") || !input.peek_punct("=>");
    }
    let value = input.peek_punct("#");
    input.skip();
    if value && input.peek_group(proc_macro2::Delimiter::Brace) {
        input.skip();
    }
    false
}
