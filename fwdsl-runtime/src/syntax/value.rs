//! Values: atoms, strings, ranges, lists, alternatives, negations.

use proc_macro2::Delimiter;

use super::ast::{Expr, ExprKind};
use super::atom::{Atom, parse_atom, starts_atom};
use super::input::Input;
use super::parser::{Parsed, Parser};
use super::rust_value::{parse_rust_value, peek_rust_value};
use crate::loc::Located;

/// Whether a value comes next.
pub(super) fn starts_value(input: &Input<'_>) -> bool {
    let mut ahead = *input;
    ahead.punct("!");
    starts_atom(&ahead) || ahead.peek_group(Delimiter::Bracket) || peek_rust_value(&ahead)
}

/// Reads a value: `a`, `a|b`, `[a, b]`, `a..=b`, or one of these after `!`.
pub(super) fn parse_value(parser: &mut Parser, input: &mut Input<'_>, what: &str) -> Parsed<Expr> {
    let start = input.span();
    if input.punct("!") {
        if input.peek_punct("!") {
            let loc = parser.loc(start, input.span());
            return Err(parser.fail(loc, "`!` twice", Some("leave both out".into())));
        }
        let value = parse_alternatives(parser, input, what)?;
        return Ok(Expr { kind: ExprKind::Not(Box::new(value)), loc: parser.loc(start, input.last) });
    }
    parse_alternatives(parser, input, what)
}

fn parse_alternatives(parser: &mut Parser, input: &mut Input<'_>, what: &str) -> Parsed<Expr> {
    let start = input.span();
    let first = parse_single(parser, input, what)?;
    if !input.peek_punct("|") {
        return Ok(first);
    }
    let mut list = vec![first];
    while input.punct("|") {
        list.push(parse_single(parser, input, what)?);
    }
    Ok(Expr { kind: ExprKind::List(list), loc: parser.loc(start, input.last) })
}

fn parse_single(parser: &mut Parser, input: &mut Input<'_>, what: &str) -> Parsed<Expr> {
    let start = input.span();
    if input.peek_punct("!") {
        let help = "`!` negates a whole list: `![a, b]` is none of them".to_owned();
        let loc = parser.loc(start, start);
        return Err(parser.fail(loc, "a negation inside a list", Some(help)));
    }
    if let Some(mut inside) = input.group(Delimiter::Bracket) {
        let mut list = Vec::new();
        while !inside.is_empty() {
            list.push(parse_alternatives(parser, &mut inside, what)?);
            if !inside.is_empty() {
                parser.require_punct(&mut inside, ",")?;
            }
        }
        // Where the next would stand.
        parser.names.missing_value(inside);
        let loc = parser.loc(start, input.last);
        if list.is_empty() {
            return Err(parser.fail(loc, "an empty list matches nothing", None));
        }
        return Ok(Expr { kind: ExprKind::List(list), loc });
    }
    if peek_rust_value(input) {
        return parse_rust_value(parser, input);
    }
    parse_atom_or_range(parser, input, what)
}

/// `a`, or `a..=b`
fn parse_atom_or_range(parser: &mut Parser, input: &mut Input<'_>, what: &str) -> Parsed<Expr> {
    let start = input.span();
    let first = parse_value_atom(parser, input, what)?;
    // In `1.. => …` the `=` belongs to the arrow.
    let endless = input.peek_punct("..=>");
    if !endless && input.punct("..=") {
        let last = parse_value_atom(parser, input, "the end of the range")?;
        let loc = parser.loc(start, input.last);
        let [first, last] = [first, last].map(|end| Located::new(end.text, end.loc));
        return Ok(Expr { kind: ExprKind::Range(first, last), loc });
    }
    if input.peek_punct("..") {
        let loc = parser.loc(input.span(), input.span());
        return Err(parser.fail(
            loc,
            "a range without its end",
            Some("ranges include both ends: `a..=b`".into()),
        ));
    }
    let kind = if first.quoted { ExprKind::Text(first.text) } else { ExprKind::Atom(first.text) };
    Ok(Expr { kind, loc: first.loc })
}

fn parse_value_atom(parser: &mut Parser, input: &mut Input<'_>, what: &str) -> Parsed<Atom> {
    let before = *input;
    if !starts_atom(input) {
        parser.names.missing_value(before);
    }
    let atom = parse_atom(parser, input, what)?;
    if !atom.quoted {
        parser.names.used_as_value(&atom.text, before, *input);
    }
    Ok(atom)
}
