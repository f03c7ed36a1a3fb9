//! Source text to pieces.

use std::ops::Range;
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

use super::error::FormatError;
use super::gap::read_gap;
use super::piece::{Inside, Kind, Piece};
use crate::syntax::continues_atom;

/// Signs of several characters, each before those that it begins with. In `1..=>` the `=` belongs
/// to the arrow.
const LONG_SIGNS: [(&str, &str); 6] =
    [("..=>", ".."), ("..=", "..="), ("..", ".."), ("=>", "=>"), ("->", "->"), ("::", "::")];

/// A source file with its tokens.
pub(super) struct Source<'a> {
    whole: &'a str,
    /// Where the part begins that Rust's lexer reads.
    start: usize,
    pub(super) tokens: TokenStream,
}

impl<'a> Source<'a> {
    pub(super) fn read(whole: &'a str) -> Result<Source<'a>, FormatError> {
        let start = prefix_length(whole);
        let tokens = TokenStream::from_str(&whole[start..]).map_err(|error| {
            let place = error.span().start();
            // The prefix is at most one line, which ends before its line break.
            let column =
                if place.line == 1 { place.column + whole[..start].chars().count() } else { place.column };
            FormatError::Lex { line: place.line, column: column + 1 }
        })?;
        Ok(Source { whole, start, tokens })
    }

    /// A byte order mark, a `#!` line.
    pub(super) fn prefix(&self) -> &'a str {
        &self.whole[..self.start]
    }

    /// What was read as tokens; all places count from its start.
    pub(super) fn text(&self) -> &'a str {
        &self.whole[self.start..]
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, place: usize) -> usize {
        1 + self.text()[..place].matches('\n').count()
    }

    /// The pieces of a group.
    pub(super) fn inside(&self, group: &Group) -> Inside<'a> {
        let (open, close) = (self.range(group.span_open()), self.range(group.span_close()));
        let (pieces, breaks_before_close) = self.pieces(&group.stream(), open.end..close.start);
        Inside { open: &self.text()[open], close: &self.text()[close], pieces, breaks_before_close }
    }

    pub(super) fn range(&self, span: Span) -> Range<usize> {
        span.byte_range()
    }

    /// The pieces of a stream of tokens that stands at `range`, and the line breaks behind the last.
    fn pieces(&self, stream: &TokenStream, range: Range<usize>) -> (Vec<Piece<'a>>, usize) {
        let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
        let joined = continues_atom(stream);
        let mut pieces: Vec<Piece<'a>> = Vec::new();
        let (mut next, mut end) = (0, range.start);
        while next < tokens.len() {
            let (kind, place, count) = self.piece(&tokens[next..], pieces.last());
            let breaks = self.push_comments(&mut pieces, end..place.start);
            pieces.push(Piece {
                kind,
                text: &self.text()[place.clone()],
                breaks,
                adjacent: place.start == end,
                joined: joined.get(next).copied().unwrap_or(false),
            });
            next += count;
            end = place.end;
        }
        let breaks = self.push_comments(&mut pieces, end..range.end);
        (pieces, breaks)
    }

    fn push_comments(&self, pieces: &mut Vec<Piece<'a>>, gap: Range<usize>) -> usize {
        let (comments, breaks) = read_gap(&self.text()[gap]);
        pieces.extend(comments.into_iter().map(|comment| Piece {
            kind: if comment.is_line { Kind::LineComment } else { Kind::BlockComment },
            text: comment.text,
            breaks: comment.breaks,
            adjacent: comment.adjacent,
            joined: false,
        }));
        breaks
    }

    /// The piece that the tokens begin with, its place and how many tokens it is.
    fn piece(&self, tokens: &[TokenTree], before: Option<&Piece<'_>>) -> (Kind<'a>, Range<usize>, usize) {
        let place = self.range(tokens[0].span());
        match &tokens[0] {
            TokenTree::Ident(_) => (Kind::Word, place, 1),
            TokenTree::Literal(_) => (Kind::Literal, place, 1),
            TokenTree::Group(group) => {
                let is_value =
                    group.delimiter() == Delimiter::Brace && before.is_some_and(|it| it.is_sign("#"));
                let kind = if is_value { Kind::Verbatim } else { Kind::Group(self.inside(group)) };
                (kind, place, 1)
            }
            TokenTree::Punct(punct) => {
                let text = &self.text()[place.clone()];
                if punct.as_char() == '#' && text != "#" {
                    return self.doc(tokens, place);
                }
                if let ('\'', Some(TokenTree::Ident(name))) = (punct.as_char(), tokens.get(1)) {
                    return (Kind::Word, place.start..self.range(name.span()).end, 2);
                }
                let length = self.sign_length(tokens);
                (Kind::Sign, place.start..place.start + length, length)
            }
        }
    }

    /// A doc comment: all tokens that it stands for have its place.
    fn doc(&self, tokens: &[TokenTree], place: Range<usize>) -> (Kind<'a>, Range<usize>, usize) {
        let count = tokens.iter().take_while(|token| self.range(token.span()).start == place.start).count();
        if self.text()[place.clone()].starts_with("/*") {
            return (Kind::BlockDoc, place, count);
        }
        // The lexer counts the first half of `\r\n` in.
        let text = &self.text()[place.clone()];
        let end = place.end - usize::from(text.ends_with('\r'));
        (Kind::LineDoc, place.start..end, count)
    }

    /// How many characters, each a token, the sign has that the tokens begin with.
    fn sign_length(&self, tokens: &[TokenTree]) -> usize {
        let start = self.range(tokens[0].span()).start;
        let rest = &self.text()[start..];
        let adjacent = |length: usize| {
            let ends = tokens.get(length - 1).map(|token| self.range(token.span()));
            matches!(tokens.get(length - 1), Some(TokenTree::Punct(_)))
                && ends.is_some_and(|place| place == (start + length - 1..start + length))
        };
        LONG_SIGNS
            .iter()
            .find(|(text, _)| rest.starts_with(text) && adjacent(text.len()))
            .map_or(1, |(_, sign)| sign.len())
    }
}

/// How much of the file comes before what Rust's lexer reads: a byte order mark, and the text of a
/// line that begins with `#!` and is no attribute.
fn prefix_length(source: &str) -> usize {
    let mark = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let rest = &source[mark..];
    let Some(line) = rest.strip_prefix("#!") else { return mark };
    let is_attribute = {
        let mut rest = line.trim_start();
        while rest.starts_with("//") || rest.starts_with("/*") {
            let end = if rest.starts_with("//") { rest.find('\n') } else { rest.find("*/").map(|at| at + 2) };
            rest = rest[end.unwrap_or(rest.len())..].trim_start();
        }
        rest.starts_with('[')
    };
    if is_attribute { mark } else { mark + rest.find('\n').unwrap_or(rest.len()) }
}
