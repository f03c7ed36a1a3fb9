//! Values: atoms, strings, ranges, lists, alternatives, negations.

use proc_macro2::Delimiter;

use super::ast::{Expr, ExprKind};
use super::atom::{Atom, parse_atom, starts_atom};
use super::input::Input;
use super::matches::is_let;
use super::parser::{Parsed, Parser};
use super::rust_value::{parse_rust_value, peek_rust_value};
use super::set::parse_set_name;
use crate::loc::Located;

/// Whether a value comes next.
pub(super) fn starts_value(input: &Input<'_>) -> bool {
    let mut ahead = *input;
    ahead.punct("!");
    let other = ahead.peek_group(Delimiter::Bracket) || ahead.peek_punct("@");
    starts_atom(&ahead) || other || peek_rust_value(&ahead)
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
    if input.peek_punct("@") {
        return parse_set_name(parser, input);
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

/// Reads where translation goes: `10.0.0.2`, `10.0.0.2:8080`, `10.0.0.2..=10.0.0.9:80..=90`,
/// `[fd00::2]:80`, `:8080`. In brackets stands an IPv6 address here, not a list.
pub(super) fn parse_endpoint(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Expr> {
    let start = input.span();
    let mut address = None;
    if let Some(mut inside) = input.group(Delimiter::Bracket) {
        address = Some(parse_single(parser, &mut inside, "an address")?);
        if !inside.is_empty() {
            return Err(parser.expected(&inside, "`]`: an endpoint is one address or range, `[fd00::2]:80`"));
        }
    } else if let Some(name) = let_before_port(input) {
        let before = *input;
        input.ident();
        parser.names.used_as_value(&name, before, *input);
        address = Some(Expr { kind: ExprKind::Atom(name), loc: parser.loc(start, input.last) });
    } else if !input.peek_punct(":") || input.peek_punct("::") {
        address = Some(parse_single(parser, input, "an address, or `:` and a port")?);
    }
    let mut ports = None;
    let mut base = None;
    if input.punct(":") {
        let value = parse_single(parser, input, "a port")?;
        // `80..=90/8000`: what stands behind the stroke is put together with the port before it.
        ports = Some(match value {
            Expr { kind: ExprKind::Range(first, last), loc } => {
                let (last, port) = split_base(last);
                base = port;
                Expr { kind: ExprKind::Range(first, last), loc }
            }
            other => other,
        });
    }
    let loc = parser.loc(start, input.last);
    let [address, ports] = [address, ports].map(|expr| expr.map(Box::new));
    Ok(Expr { kind: ExprKind::Endpoint { address, ports, base }, loc })
}

/// The `let` before a port. `DB:80` would be read as the start of an IPv6 address.
fn let_before_port(input: &Input<'_>) -> Option<String> {
    let mut ahead = *input;
    let word = ahead.ident().filter(|word| is_let(word))?;
    (ahead.peek_punct(":") && !ahead.peek_punct("::")).then_some(word)
}

fn split_base(last: Located<String>) -> (Located<String>, Option<Located<String>>) {
    match last.value.split_once('/') {
        Some((port, base)) => {
            let at = |text: &str| Located::new(text.to_owned(), last.loc);
            (at(port), Some(at(base)))
        }
        None => (last, None),
    }
}
