//! What all parsing functions share: the span table and the collected errors.

use proc_macro2::Span;

use super::input::Input;
use super::names::Names;
use super::spans::SpanTable;
use crate::diagnostic::Diagnostic;
use crate::loc::Loc;
use crate::table::TableName;

/// The parser's memory.
#[derive(Debug, Default)]
pub(super) struct Parser {
    pub(super) spans: SpanTable,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) names: Names,
    /// The table whose chains are being read.
    pub(super) table: TableName,
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

    /// Reports an error.
    pub(super) fn fail(&mut self, loc: Loc, message: impl Into<String>, help: Option<String>) -> Failed {
        self.diagnostics.push(Diagnostic::error(loc, message).maybe_help(help));
        Failed
    }

    /// Reads this punctuation or reports that it is missing.
    pub(super) fn require_punct(&mut self, input: &mut Input<'_>, text: &str) -> Parsed<()> {
        if input.punct(text) { Ok(()) } else { Err(self.expected(input, &format!("`{text}`"))) }
    }
}

/// Whether a rule or block begins here: its `=>` or `{` comes before the next `;`.
pub(super) fn begins_statement(input: &Input<'_>) -> bool {
    let mut ahead = *input;
    while !ahead.is_empty() && !ahead.peek_punct(";") {
        if ahead.peek_punct("=>") || ahead.peek_group(proc_macro2::Delimiter::Brace) {
            return true;
        }
        ahead.skip();
    }
    false
}

/// Skips what is left of a broken item: as a statement, but not into the next item.
pub(super) fn skip_item(input: &mut Input<'_>, items: &[&str]) {
    while !input.is_empty() && !input.peek_ident().is_some_and(|word| items.contains(&word.as_str())) {
        if input.punct(";") || input.group(proc_macro2::Delimiter::Brace).is_some() {
            return;
        }
        input.skip();
    }
}

/// Skips what is left of a broken statement: up to its `;`, or through its `{ … }`.
pub(super) fn skip_statement(input: &mut Input<'_>) {
    while !input.is_empty() {
        if input.punct(";") || input.group(proc_macro2::Delimiter::Brace).is_some() {
            return;
        }
        input.skip();
    }
}
