//! A position in the tokens, with the few questions that the grammar asks.
//!
//! Nothing here looks at blanks or line breaks: editors run the macro with every span at line 1,
//! column 0, so only the tokens themselves may decide.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::buffer::Cursor;

/// A position in a token stream. Cheap to copy, which is how the parser looks ahead.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    cursor: Cursor<'a>,
    /// The span of the token that was read last.
    pub(super) last: Span,
}

impl<'a> Input<'a> {
    pub(super) fn new(cursor: Cursor<'a>) -> Input<'a> {
        Input { cursor, last: cursor.span() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cursor.eof()
    }

    /// Whether both stand before the same token.
    pub(super) fn is_at(&self, other: &Input<'_>) -> bool {
        self.cursor == other.cursor
    }

    /// The span of the next token, of its opening bracket if it is a group; of the end of the group
    /// that this is the inside of if there is none.
    pub(super) fn span(&self) -> Span {
        match self.cursor.token_tree() {
            Some((TokenTree::Group(group), _)) if group.delimiter() != Delimiter::None => group.span_open(),
            _ => self.cursor.span(),
        }
    }

    fn advance(&mut self, rest: Cursor<'a>, last: Span) {
        self.cursor = rest;
        self.last = last;
    }

    /// Reads an identifier; `_` is one.
    pub(super) fn ident(&mut self) -> Option<String> {
        let (ident, rest) = self.cursor.ident()?;
        self.advance(rest, ident.span());
        Some(ident.to_string())
    }

    /// Reads a literal as it is written.
    pub(super) fn literal(&mut self) -> Option<syn::Lit> {
        let (literal, rest) = self.cursor.literal()?;
        self.advance(rest, literal.span());
        Some(syn::Lit::new(literal))
    }

    /// Reads the exact text of an identifier or of a literal that is no string.
    pub(super) fn piece(&mut self) -> Option<String> {
        if let Some((ident, rest)) = self.cursor.ident() {
            self.advance(rest, ident.span());
            return Some(ident.to_string());
        }
        let (literal, rest) = self.cursor.literal()?;
        let text = literal.to_string();
        if !text.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        self.advance(rest, literal.span());
        Some(text)
    }

    /// Reads one or more characters of punctuation in a row.
    pub(super) fn punct(&mut self, text: &str) -> bool {
        let mut ahead = *self;
        for expected in text.chars() {
            match ahead.cursor.punct() {
                Some((punct, rest)) if punct.as_char() == expected => ahead.advance(rest, punct.span()),
                _ => return false,
            }
        }
        *self = ahead;
        true
    }

    /// Whether this punctuation comes next.
    pub(super) fn peek_punct(&self, text: &str) -> bool {
        Input::punct(&mut { *self }, text)
    }

    /// The next identifier, not read.
    pub(super) fn peek_ident(&self) -> Option<String> {
        Input::ident(&mut { *self })
    }

    /// Whether an identifier comes next, and parentheses behind it.
    pub(super) fn is_called(&self) -> bool {
        let mut ahead = *self;
        ahead.ident().is_some() && ahead.peek_group(Delimiter::Parenthesis)
    }

    /// Reads this very identifier.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let found = self.peek_ident().is_some_and(|ident| ident == word);
        if found {
            self.ident();
        }
        found
    }

    /// Reads a group and returns what is inside.
    pub(super) fn group(&mut self, delimiter: Delimiter) -> Option<Input<'a>> {
        let (inside, span, rest) = self.cursor.group(delimiter)?;
        self.advance(rest, span.close());
        Some(Input { cursor: inside, last: span.open() })
    }

    /// Whether such a group comes next.
    pub(super) fn peek_group(&self, delimiter: Delimiter) -> bool {
        self.cursor.group(delimiter).is_some()
    }

    /// Reads any one token (a group counts as one).
    pub(super) fn token(&mut self) -> Option<TokenTree> {
        let (token, rest) = self.cursor.token_tree()?;
        self.advance(rest, token.span());
        Some(token)
    }

    /// Passes over any one token (a group counts as one).
    pub(super) fn skip(&mut self) {
        self.token();
    }

    /// What is left, as tokens.
    pub(super) fn rest(&self) -> TokenStream {
        self.cursor.token_stream()
    }

    /// The sign of several characters that comes next, where one alone would say little.
    fn peek_arrow(&self) -> Option<&'static str> {
        ["=>", "->", "..="].into_iter().find(|arrow| self.peek_punct(arrow))
    }

    /// The spans from the start to the end of what [`Input::describe`] names.
    pub(super) fn next_span(&self) -> (Span, Span) {
        let mut ahead = *self;
        match self.peek_arrow() {
            Some(arrow) if ahead.punct(arrow) => (self.span(), ahead.last),
            _ => (self.span(), self.span()),
        }
    }

    /// The next token as text, for messages.
    pub(super) fn describe(&self) -> String {
        if let Some(arrow) = self.peek_arrow() {
            return format!("`{arrow}`");
        }
        match self.cursor.token_tree() {
            None => "the end".into(),
            Some((TokenTree::Group(group), _)) => match group.delimiter() {
                Delimiter::Brace => "`{`".into(),
                Delimiter::Bracket => "`[`".into(),
                Delimiter::Parenthesis => "`(`".into(),
                Delimiter::None => "a group".into(),
            },
            Some((token, _)) => format!("`{token}`"),
        }
    }
}
