//! Attributes: doc comments and `#[allow(…)]`.

use proc_macro2::Delimiter;

use super::atom::parse_atom;
use super::input::Input;
use super::parser::{Parsed, Parser};
use crate::loc::Located;

/// The attributes before a statement or an item.
#[derive(Default)]
pub(super) struct Attributes {
    /// The doc comment, its lines joined by newlines.
    pub(super) doc: Option<Located<String>>,
    /// The names of allowed lints.
    pub(super) allows: Vec<Located<String>>,
}

/// Reads the attributes that stand here, if any. A broken one is reported and left out, so that
/// what it stands before is still known.
pub(super) fn parse_attributes(parser: &mut Parser, input: &mut Input<'_>) -> Attributes {
    parse_all(parser, input, "#")
}

/// Reads the attributes of the whole policy, `#![allow(…)]` at its top.
pub(super) fn parse_inner_attributes(parser: &mut Parser, input: &mut Input<'_>) -> Attributes {
    parse_all(parser, input, "#!")
}

fn parse_all(parser: &mut Parser, input: &mut Input<'_>, sign: &str) -> Attributes {
    let mut attributes = Attributes::default();
    while input.punct(sign) {
        let _reported = parse_attribute(parser, input, &mut attributes);
    }
    attributes
}

fn parse_attribute(parser: &mut Parser, input: &mut Input<'_>, attributes: &mut Attributes) -> Parsed<()> {
    let start = input.span();
    let Some(mut inside) = input.group(Delimiter::Bracket) else {
        return Err(parser.expected(input, "an attribute such as `#[allow(…)]`"));
    };
    let name = inside.ident().unwrap_or_default();
    match name.as_str() {
        "doc" if inside.punct("=") => {
            let line = parse_atom(parser, &mut inside, "a string")?;
            let loc = attributes.doc.as_ref().map_or(line.loc, |doc| doc.loc);
            let mut text = attributes.doc.take().map_or(String::new(), |doc| doc.value + "\n");
            text.push_str(line.text.trim_end());
            attributes.doc = Some(Located::new(text, loc));
            Ok(())
        }
        "allow" => {
            let Some(mut names) = inside.group(Delimiter::Parenthesis) else {
                return Err(parser.expected(&inside, "`(` and the name of a lint"));
            };
            while !names.is_empty() {
                let start = names.span();
                let Some(name) = names.ident() else {
                    return Err(parser.expected(&names, "the name of a lint"));
                };
                let loc = parser.loc(start, names.last);
                attributes.allows.push(Located::new(name, loc));
                if !names.is_empty() {
                    parser.require_punct(&mut names, ",")?;
                }
            }
            Ok(())
        }
        _ => {
            let loc = parser.loc(start, input.last);
            let help = Some("a policy knows doc comments and `#[allow(LINT)]`".to_owned());
            Err(parser.fail(loc, format!("unknown attribute `{name}`"), help))
        }
    }
}
