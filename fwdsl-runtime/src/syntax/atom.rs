//! Words, numbers, addresses and rates, put together from the tokens that Rust's lexer makes of
//! them: `10.0.0.0/8` arrives as `10.0 . 0.0 / 8`. The exact text of each token is kept and handed
//! to the parser of the value; integers and floats are never evaluated.

use proc_macro2::TokenStream;
use syn::buffer::TokenBuffer;

use super::habits::habit;
use super::input::Input;
use super::parser::{Failed, Parsed, Parser};
use crate::loc::Loc;

/// A text that was put together from tokens.
pub(super) struct Atom {
    pub(super) text: String,
    pub(super) loc: Loc,
    /// Whether it was written as a string literal.
    pub(super) quoted: bool,
}

/// Whether an atom, or a string, comes next.
pub(super) fn starts_atom(input: &Input<'_>) -> bool {
    Input::piece(&mut { *input }).is_some() || input.peek_punct("::") || peek_string(input)
}

/// Whether a string literal comes next.
pub(super) fn peek_string(input: &Input<'_>) -> bool {
    matches!(Input::literal(&mut { *input }), Some(syn::Lit::Str(_)))
}

/// Reads an atom or a string. `what` names what is wanted, for the message if there is neither.
pub(super) fn parse_atom(parser: &mut Parser, input: &mut Input<'_>, what: &str) -> Parsed<Atom> {
    let start = input.span();
    if let Some(syn::Lit::Str(string)) = Input::literal(&mut { *input }) {
        input.skip();
        let loc = parser.loc(start, input.last);
        return Ok(Atom { text: string.value(), loc, quoted: true });
    }
    let Some(text) = join(input) else {
        return Err(parser.expected(input, what));
    };
    let loc = parser.loc(start, input.last);
    if let Some(piece) = broken_by_lexer(&text) {
        return Err(parser.fail(
            loc,
            format!("`{piece}` is not a number that Rust can read"),
            Some(format!("write it as a string: \"{text}\"")),
        ));
    }
    Ok(Atom { text, loc, quoted: false })
}

/// The text of the atom that comes next, not read; empty if there is none.
pub(super) fn peek_atom(input: &Input<'_>) -> String {
    join(&mut { *input }).unwrap_or_default()
}

/// Passes over the atom that comes next, if one does.
pub(super) fn skip_atom(input: &mut Input<'_>) -> bool {
    join(input).is_some()
}

/// Reads a name: a string, or words joined by hyphens.
pub(super) fn parse_name(parser: &mut Parser, input: &mut Input<'_>, what: &str) -> Parsed<Atom> {
    let atom = parse_atom(parser, input, what)?;
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if !atom.quoted && !atom.text.chars().all(plain) {
        let help = format!("a name with other characters is quoted: \"{}\"", atom.text);
        return Err(parser.fail(atom.loc, format!("`{}` is not a name", atom.text), Some(help)));
    }
    Ok(atom)
}

/// Puts one atom's tokens together: pieces joined by `.`, `-`, `/` or `:`, perhaps a `+` behind.
fn join(input: &mut Input<'_>) -> Option<String> {
    let mut text = String::new();
    if input.punct("::") {
        text.push_str("::");
        if let Some(group) = hextet(input) {
            text.push_str(&group);
        }
    } else {
        text = input.piece()?;
    }
    loop {
        if input.peek_punct("..") {
            return Some(text);
        }
        let mut ahead = *input;
        if let Some(joint) = [".", "-", "/"].into_iter().find(|joint| ahead.punct(joint)) {
            // In `eth0 - > …` or `1/ =>` the sign belongs to something else.
            let Some(piece) = ahead.piece() else { return Some(text) };
            text.push_str(joint);
            text.push_str(&piece);
        } else if (is_address_start(&text) || text.ends_with("::")) && ahead.punct(":") {
            // `:::` is taken too, so that the address as a whole is refused.
            let doubled = ahead.punct(":");
            let group = hextet(&mut ahead);
            if group.is_none() && !doubled && !text.ends_with(':') {
                return Some(text);
            }
            text.push_str(if doubled { "::" } else { ":" });
            text.push_str(&group.unwrap_or_default());
        } else if ahead.punct("+") {
            text.push('+');
            *input = ahead;
            return Some(text);
        } else {
            return Some(text);
        }
        *input = ahead;
    }
}

/// Whether a `:` after the text can continue an IPv6 address, or something that was meant to be one.
fn is_address_start(text: &str) -> bool {
    let group = text.rsplit(':').next().unwrap_or(text);
    let hextet = group.len() <= 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = group.starts_with(|first: char| first.is_ascii_digit());
    !group.is_empty() && (hextet || number && !group.contains(['.', '/', '-']))
}

/// Reads a group of an IPv6 address, or the start of the dotted quad at its end.
fn hextet(input: &mut Input<'_>) -> Option<String> {
    let mut ahead = *input;
    let piece = ahead.piece()?;
    let hextet = piece.len() <= 4 && piece.bytes().all(|byte| byte.is_ascii_hexdigit());
    let dotted = piece.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    // A group too long or with a stray letter is still the user's address if it starts like a number.
    let number = piece.starts_with(|first: char| first.is_ascii_digit());
    (hextet || dotted || number).then(|| {
        *input = ahead;
        piece
    })
}

/// The group of an address that Rust's lexer refused (`1e`, `3ed`, `0b8`, `0xyz`), if there is one.
/// rustc has reported it already; only here can be said what to do about it.
fn broken_by_lexer(text: &str) -> Option<&str> {
    text.split(['.', ':', '/', '-', '+']).find(|piece| {
        let piece = piece.to_ascii_lowercase();
        // Digits and an `e` begin a number with an exponent, whatever follows: `1e`, `3ed`.
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let exponent = digits > 0
            && piece[digits..].strip_prefix('e').is_some_and(|rest| {
                !rest.trim_start_matches('_').starts_with(|first: char| first.is_ascii_digit())
            });
        let radix = |prefix: &str, valid: fn(u8) -> bool| {
            piece.strip_prefix(prefix).is_some_and(|digits| digits.is_empty() || !digits.bytes().all(valid))
        };
        exponent
            || radix("0b", |byte| matches!(byte, b'0' | b'1'))
            || radix("0o", |byte| matches!(byte, b'0'..=b'7'))
            || radix("0x", |byte| byte.is_ascii_hexdigit())
    })
}

impl Parser {
    /// Reports that something else was expected at the next token.
    pub(super) fn expected(&mut self, input: &Input<'_>, what: &str) -> Failed {
        let (start, end) = input.next_span();
        let loc = self.loc(start, end);
        self.fail(loc, format!("expected {what}, found {}", input.describe()), habit(input, what))
    }
}

/// Whether Rust's lexer makes tokens of a text that are read as that very word, for those who write policies.
pub(crate) fn reads_as_word(text: &str) -> bool {
    let Ok(tokens) = text.parse::<TokenStream>() else { return false };
    let buffer = TokenBuffer::new2(tokens);
    let mut input = Input::new(buffer.begin());
    !peek_string(&input)
        && join(&mut input).is_some_and(|read| read == text && broken_by_lexer(text).is_none())
        && input.is_empty()
}

/// For each token of a stream whether it continues the atom of the token before: for the formatter,
/// which writes an atom without blanks.
pub(crate) fn continues_atom(tokens: &TokenStream) -> Vec<bool> {
    let buffer = TokenBuffer::new2(tokens.clone());
    let mut input = Input::new(buffer.begin());
    let mut continues = Vec::new();
    while !input.is_empty() {
        let mut ahead = input;
        let is_atom = !peek_string(&input) && join(&mut ahead).is_some();
        continues.push(false);
        input.skip();
        while is_atom && !input.is_at(&ahead) {
            continues.push(true);
            input.skip();
        }
    }
    continues
}
