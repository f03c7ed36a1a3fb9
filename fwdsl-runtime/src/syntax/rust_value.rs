//! `#name` and `#{expression}`: values that Rust knows.

use proc_macro2::{Delimiter, Punct, Spacing, TokenStream, TokenTree};

use super::ast::{Expr, ExprKind};
use super::input::Input;
use super::parser::{Parsed, Parser};
use crate::catalogue::{OptionSpec, ValueKind};
use crate::diagnostic::Diagnostic;
use crate::ipset::Part;
use crate::loc::Loc;
use crate::model::INTERFACE_MAX_BYTES;
use crate::values::{Place, RUST_VALUES_MAX};

/// A Rust expression as it was written.
#[derive(Debug)]
pub(super) struct Written {
    tokens: TokenStream,
    /// Equal expressions of one user are one value.
    key: (usize, String),
}

/// What the macro has to give the policy.
#[derive(Debug, Clone)]
pub struct RustExpression {
    /// The expression; a reference to it where it is a constant, which the policy then borrows.
    pub tokens: TokenStream,
    /// What may stand at its place.
    pub place: Place,
    /// Whether it is the name of a constant, by its look, so that it can be checked while it is compiled.
    pub constant: bool,
    /// The greatest length of a text in bytes, or the greatest number.
    pub max: u64,
}

/// Whether a Rust value comes next.
pub(super) fn peek_rust_value(input: &Input<'_>) -> bool {
    let mut ahead = *input;
    ahead.punct("#") && (ahead.peek_ident().is_some() || ahead.peek_group(Delimiter::Brace))
}

/// Reads `#name` or `#{expression}`.
pub(super) fn parse_rust_value(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Expr> {
    let start = input.span();
    input.punct("#");
    let tokens: TokenStream = match input.group(Delimiter::Brace) {
        Some(inside) => inside.rest(),
        None => input.token().into_iter().collect(),
    };
    let loc = parser.loc(start, input.last);
    if input.peek_punct("::") {
        let help = Some("a path stands in braces: `#{path::NAME}`".to_owned());
        return Err(parser.fail(loc, "`#` takes one name", help));
    }
    if input.peek_punct("..=") {
        let help = Some("the whole range is a Rust value: `#{FIRST..=LAST}`".to_owned());
        return Err(parser.fail(loc, "a range cannot end at a Rust value", help));
    }
    if tokens.is_empty() {
        return Err(parser.fail(loc, "`#{}` without an expression", None));
    }
    let key = (parser.user, tokens.to_string());
    let number = parser.rust_values.iter().position(|other| other.key == key).unwrap_or_else(|| {
        parser.rust_values.push(Written { tokens, key });
        parser.rust_values.len() - 1
    });
    Ok(Expr { kind: ExprKind::Rust(number), loc })
}

/// The places of Rust values in a policy: an expression has one for each kind of value that it stands for.
#[derive(Debug, Default)]
pub(super) struct Places {
    places: Vec<(usize, Place, u64)>,
}

impl Places {
    /// The place of an expression that stands for values of an option.
    pub(super) fn of_option(&mut self, number: usize, spec: &OptionSpec, loc: Loc) -> Result<u8, Diagnostic> {
        let max = match spec.value {
            ValueKind::Number { max, .. }
            | ValueKind::NumberOr { max, .. }
            | ValueKind::Named { max, .. }
            | ValueKind::Hex { max, .. }
            | ValueKind::Span { max, .. } => max,
            ValueKind::SegmentSize | ValueKind::PortNumber => u64::from(u16::MAX),
            ValueKind::Masked(..) => u64::from(u32::MAX),
            ValueKind::PrefixLength => 128,
            ValueKind::Text { max_bytes }
            | ValueKind::Quoted { max_bytes }
            | ValueKind::Name { max_bytes }
            | ValueKind::WordOrName { max_bytes, .. } => max_bytes as u64,
            ValueKind::Interface => INTERFACE_MAX_BYTES as u64,
            _ => u64::MAX,
        };
        self.add(number, Place::of(spec.value), max, loc)
    }

    /// The place of an expression that stands for a part of a set's elements.
    pub(super) fn of_part(&mut self, number: usize, part: Part, loc: Loc) -> Result<u8, Diagnostic> {
        let Some(place) = Place::of_part(part) else {
            let help = "a list names sets of the policy: `@NAME`";
            return Err(Diagnostic::error(loc, "a Rust value cannot stand for a set").help(help));
        };
        let max = match part {
            Part::Mark => u64::from(u32::MAX),
            Part::Interface => INTERFACE_MAX_BYTES as u64,
            _ => u64::MAX,
        };
        self.add(number, place, max, loc)
    }

    /// The place of an expression that is a sysctl's value: a number or a text.
    pub(super) fn of_sysctl(&mut self, number: usize, loc: Loc) -> Result<u8, Diagnostic> {
        self.add(number, Place::Setting, u64::MAX, loc)
    }

    fn add(&mut self, number: usize, place: Place, max: u64, loc: Loc) -> Result<u8, Diagnostic> {
        let wanted = (number, place, max);
        if let Some(found) = self.places.iter().position(|other| *other == wanted) {
            return Ok(found as u8);
        }
        if self.places.len() == RUST_VALUES_MAX {
            let message = format!("a policy takes at most {RUST_VALUES_MAX} different Rust values");
            let help = "several can be one: `#{&[a, b]}`, or `#{NAME}` of a slice";
            return Err(Diagnostic::error(loc, message).help(help));
        }
        self.places.push(wanted);
        Ok((self.places.len() - 1) as u8)
    }

    /// The expressions, each at its place.
    pub(super) fn expressions(&self, written: &[Written]) -> Vec<RustExpression> {
        let expression = |(number, place, max): &(usize, Place, u64)| {
            let tokens = written[*number].tokens.clone();
            let constant = is_constant(&tokens);
            let reference = constant.then(|| reference_at(&tokens));
            let tokens = reference.into_iter().chain(tokens).collect();
            RustExpression { tokens, place: *place, constant, max: *max }
        };
        self.places.iter().map(expression).collect()
    }
}

/// `&`, at the place of what follows, so that rustc points there.
fn reference_at(tokens: &TokenStream) -> TokenTree {
    let mut sign = Punct::new('&', Spacing::Alone);
    if let Some(first) = tokens.clone().into_iter().next() {
        sign.set_span(first.span());
    }
    TokenTree::Punct(sign)
}

/// Whether the expression is a string, or a path that ends in a name of capitals, as constants and statics have. A single letter
/// may be a const parameter, which no constant can name.
fn is_constant(tokens: &TokenStream) -> bool {
    let mut words = tokens.clone().into_iter();
    if let (Some(TokenTree::Literal(literal)), None) = (words.next(), words.next()) {
        return matches!(syn::Lit::new(literal), syn::Lit::Str(_));
    }
    let mut last = String::new();
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(word) => last = word.to_string(),
            TokenTree::Punct(sign) if sign.as_char() == ':' => last.clear(),
            _ => return false,
        }
    }
    last.len() > 1
        && last.starts_with(|first: char| first.is_ascii_uppercase())
        && !last.contains(|c: char| c.is_lowercase())
}
