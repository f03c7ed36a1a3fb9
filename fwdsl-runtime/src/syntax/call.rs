//! Templates and their calls, and `use` of fragments.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::buffer::TokenBuffer;

use super::ast::{Call, Callee, Expr, Statement, Template};
use super::attribute::Attributes;
use super::fragment::{self, path_key};
use super::input::Input;
use super::names::{Definition, Space};
use super::parser::{Failed, Parsed, Parser};
use super::rule::parse_body;
use super::value::parse_value;
use crate::loc::Located;

/// Whether a call of a template comes next: `name(…);`. Before another match, `=>` or `{`, the same is a match; at the
/// end of a body it is a call whose `;` is missing.
pub(super) fn begins_call(input: &Input<'_>) -> bool {
    let mut ahead = *input;
    ahead.ident().is_some()
        && ahead.group(Delimiter::Parenthesis).is_some()
        && (ahead.peek_punct(";") || ahead.is_empty())
}

/// `name(x, y);`
pub(super) fn parse_call(parser: &mut Parser, input: &mut Input<'_>, attributes: Attributes) -> Parsed<Call> {
    let start = input.span();
    let name = input.ident().unwrap_or_default();
    let arguments = parse_arguments(parser, input)?;
    let loc = parser.loc(start, input.last);
    parser.require_punct(input, ";")?;
    Ok(Call { callee: Callee::Template(name), arguments, marks: attributes.marks, loc })
}

/// `fn name(a, b) { … }`
pub(super) fn parse_template(
    parser: &mut Parser,
    input: &mut Input<'_>,
    attributes: &Attributes,
) -> Parsed<Template> {
    input.ident();
    let (start, before) = (input.span(), *input);
    let Some(name) = input.ident() else { return Err(parser.expected(input, "the name of a template")) };
    let (loc, behind) = (parser.loc(start, input.last), *input);
    let former = parser.names.enter_body();
    let rest = parse_parameters_and_body(parser, input);
    parser.names.place = former;
    let definition = || Definition {
        doc: attributes.documentation(),
        parameters: rest.iter().flat_map(|(parameters, _)| parameters).map(|it| it.value.clone()).collect(),
        ..Definition::default()
    };
    parser.names.define(Space::Templates, &name, definition, before, behind);
    let (parameters, body) = rest?;
    Ok(Template { marks: attributes.marks.clone(), name: Located::new(name, loc), parameters, body })
}

fn parse_parameters_and_body(
    parser: &mut Parser,
    input: &mut Input<'_>,
) -> Parsed<(Vec<Located<String>>, Vec<Statement>)> {
    let Some(inside) = input.group(Delimiter::Parenthesis) else {
        return Err(parser.expected(input, "`(` and parameters"));
    };
    let parameters = parse_parameters(parser, inside)?;
    let Some(inside) = input.group(Delimiter::Brace) else {
        return Err(parser.expected(input, "`{` and rules"));
    };
    Ok((parameters, parse_body(parser, inside)))
}

/// `a, b`
pub(super) fn parse_parameters(parser: &mut Parser, mut input: Input<'_>) -> Parsed<Vec<Located<String>>> {
    let mut parameters: Vec<Located<String>> = Vec::new();
    while !input.is_empty() {
        let (start, before) = (input.span(), input);
        let Some(name) = input.ident() else {
            return Err(parser.expected(&input, "the name of a parameter"));
        };
        let space = parser.names.parameters();
        parser.names.define(space, &name, Definition::default, before, input);
        let loc = parser.loc(start, input.last);
        if parameters.iter().any(|other| other.value == name) {
            parser.fail(loc, format!("parameter `{name}` stands twice"), None);
        }
        parameters.push(Located::new(name, loc));
        if input.punct(":") {
            let help = "parameters have no types: what an argument may be is what its place inside takes";
            let loc = parser.loc(input.last, input.last);
            return Err(parser.fail(loc, "a parameter with a type", Some(help.into())));
        }
        if !input.is_empty() {
            parser.require_punct(&mut input, ",")?;
        }
    }
    Ok(parameters)
}

/// `(x, y)`
fn parse_arguments(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Vec<Expr>> {
    let Some(inside) = input.group(Delimiter::Parenthesis) else { return Ok(Vec::new()) };
    let former = parser.names.enter_arguments();
    let arguments = parse_argument_list(parser, inside);
    parser.names.place = former;
    arguments
}

fn parse_argument_list(parser: &mut Parser, mut input: Input<'_>) -> Parsed<Vec<Expr>> {
    let mut arguments = Vec::new();
    while !input.is_empty() {
        arguments.push(parse_value(parser, &mut input, "an argument")?);
        if !input.is_empty() {
            parser.require_punct(&mut input, ",")?;
        }
    }
    parser.names.missing_value(input);
    Ok(arguments)
}

/// `use path::NAME;` or `use path::NAME(x, y);`. What the fragment stands for is read by the caller, as the
/// place of the `use` wants it.
pub(super) fn parse_use(parser: &mut Parser, input: &mut Input<'_>, attributes: Attributes) -> Parsed<Call> {
    let start = input.span();
    input.ident();
    let path_start = input.span();
    let path = parse_path(parser, input)?;
    let path_loc = parser.loc(path_start, input.last);
    let arguments = parse_arguments(parser, input)?;
    let loc = parser.loc(start, input.last);
    parser.require_punct(input, ";")?;
    let number = find_fragment(parser, &path_key(path), path_loc)?;
    Ok(Call { callee: Callee::Fragment(number), arguments, marks: attributes.marks, loc })
}

/// The tokens of `a::b::NAME`.
fn parse_path(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<TokenStream> {
    let mut ahead = *input;
    let mut path = Vec::new();
    if ahead.peek_punct("::") {
        path.extend(ahead.token());
        path.extend(ahead.token());
    }
    loop {
        match ahead.token() {
            Some(TokenTree::Ident(segment)) => path.push(TokenTree::Ident(segment)),
            _ => return Err(parser.expected(input, "the path of a fragment: `use path::NAME;`")),
        }
        if !ahead.peek_punct("::") {
            *input = ahead;
            return Ok(path.into_iter().collect());
        }
        path.extend(ahead.token());
        path.extend(ahead.token());
        *input = ahead;
    }
}

fn find_fragment(parser: &mut Parser, path: &str, loc: crate::loc::Loc) -> Parsed<usize> {
    let fragments = &parser.settled.fragments;
    let found = fragments.iter().position(|fragment| fragment.user == parser.user && fragment.path == path);
    let Some(number) = found else {
        let help =
            "a fragment is fetched by the macro `firewall!`, which was not asked for this one".to_owned();
        return Err(parser.fail(loc, format!("no fragment `{path}`"), Some(help)));
    };
    if fragments[number].body.is_some() {
        return Ok(number);
    }
    // The way from the policy to here, as far as it is a circle.
    let id = fragments[number].id.clone();
    let shown = fragments[number].shown_path().to_owned();
    let mut circle = vec![shown.clone()];
    let mut user = fragments[number].user;
    while let Some(fragment) = user.checked_sub(1).and_then(|number| fragments.get(number)) {
        circle.push(fragment.shown_path().to_owned());
        if fragment.id == id {
            break;
        }
        user = fragment.user;
    }
    circle.reverse();
    Err(parser.fail(loc, format!("fragment `{shown}` uses itself: {}", circle.join(" → ")), None))
}

/// Reads a fragment's tokens by `read`, each place in them marked as of the fragment's file. `used` is a token of
/// the `use`.
pub(super) fn read_fragment<T>(
    parser: &mut Parser,
    number: usize,
    used: Span,
    read: impl FnOnce(&mut Parser, Input<'_>) -> T,
) -> Parsed<fragment::Parsed<T>> {
    let body = parser.settled.fragments.get(number).and_then(|fragment| fragment.body.clone());
    let (parameters, body) = body.ok_or(Failed)?;
    let [parameters, body] = [parameters, body].map(TokenBuffer::new2);
    let before = (parser.user, parser.spans.file, parser.spans.user);
    let former = parser.names.enter_body();
    parser.user = number + 1;
    parser.spans.user.get_or_insert(used);
    if !body.begin().eof() {
        parser.spans.file = parser.file_number(body.begin().span().file());
    }
    let parsed = parse_parameters(parser, Input::new(parameters.begin()))
        .map(|parameters| fragment::Parsed { parameters, content: read(parser, Input::new(body.begin())) });
    (parser.user, parser.spans.file, parser.spans.user) = before;
    parser.names.place = former;
    parsed
}
