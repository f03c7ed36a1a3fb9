//! The calls of `firewall!` and `rules!` in a source file.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::error::FormatError;
use super::piece::Inside;
use super::read::Source;

/// The macros whose bodies are written in the rule language.
const MACROS: [&str; 2] = ["firewall", "rules"];

/// How deep groups may nest in a body; rustc's own limit for macros.
const MAX_DEPTH: usize = 128;

/// A macro call with its body.
pub(super) struct Call<'a> {
    /// Behind the `!`.
    pub(super) start: usize,
    /// Where the opening bracket stands.
    pub(super) open: usize,
    /// Behind the closing bracket.
    pub(super) end: usize,
    pub(super) inside: Inside<'a>,
}

/// Whether the text could hold a call; most files of a source tree hold none and need not be read.
pub(super) fn mentions_call(source: &str) -> bool {
    MACROS.iter().any(|name| {
        source
            .match_indices(name)
            .any(|(at, _)| source[at + name.len()..].trim_start().starts_with(['!', '/']))
    })
}

/// The calls in the order of the source.
pub(super) fn find_calls<'a>(source: &Source<'a>) -> Result<Vec<Call<'a>>, FormatError> {
    let mut calls = Vec::new();
    let mut streams = vec![source.tokens.clone()];
    while let Some(stream) = streams.pop() {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut next = 0;
        while next < tokens.len() {
            if let [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(group), ..] =
                &tokens[next..]
                && bang.as_char() == '!'
                && let Some(name) = MACROS.iter().find(|it| name == *it)
            {
                let start = source.range(bang.span()).end;
                if is_ours(name, group) {
                    calls.push(read_call(source, start, group)?);
                }
                next += 3;
                continue;
            }
            if let TokenTree::Group(group) = &tokens[next] {
                streams.push(group.stream());
            }
            next += 1;
        }
    }
    calls.sort_by_key(|call| call.start);
    Ok(calls)
}

fn read_call<'a>(source: &Source<'a>, start: usize, group: &Group) -> Result<Call<'a>, FormatError> {
    if is_deep(group) {
        return Err(FormatError::TooDeep { line: source.line(start) });
    }
    let place = source.range(group.span());
    Ok(Call { start, open: place.start, end: place.end, inside: source.inside(group) })
}

/// Whether the body is one to format.
fn is_ours(name: &str, body: &Group) -> bool {
    !holds_dollar(body.stream()) && (name != "rules" || is_fragments(body.stream()))
}

/// Whether a `$` of a macro's definition stands in it.
fn holds_dollar(stream: TokenStream) -> bool {
    let mut streams = vec![stream];
    while let Some(stream) = streams.pop() {
        for token in stream {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '$' => return true,
                TokenTree::Group(group) => streams.push(group.stream()),
                _ => {}
            }
        }
    }
    false
}

/// Whether the tokens are `pub NAME { … }` and `pub fn NAME(…) { … }`, attributes before them.
fn is_fragments(stream: TokenStream) -> bool {
    let mut words = 0;
    for token in stream {
        match token {
            TokenTree::Punct(punct) if words == 0 && matches!(punct.as_char(), '#' | '!') => {}
            TokenTree::Ident(_) => words += 1,
            TokenTree::Group(group) => match group.delimiter() {
                Delimiter::Bracket if words == 0 => {}
                Delimiter::Parenthesis if words > 0 => {}
                Delimiter::Brace if (1..=3).contains(&words) => words = 0,
                _ => return false,
            },
            _ => return false,
        }
    }
    words == 0
}

fn is_deep(group: &Group) -> bool {
    let mut streams = vec![(group.stream(), 1)];
    while let Some((stream, depth)) = streams.pop() {
        if depth > MAX_DEPTH {
            return true;
        }
        streams.extend(stream.into_iter().filter_map(|token| match token {
            TokenTree::Group(group) => Some((group.stream(), depth + 1)),
            _ => None,
        }));
    }
    false
}
