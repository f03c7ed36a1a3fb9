//! Statements of a chain: rules and blocks, and the verdicts of a rule.

use proc_macro2::Delimiter;

use super::ast::{Action, Callee, OptionUse, Rule, Statement, Verdict};
use super::atom::{parse_name, peek_string};
use super::attribute::{Attributes, parse_attributes, refuse_optimise};
use super::call::{begins_call, parse_call, parse_use, read_fragment};
use super::habits::habit_of_verdict;
use super::input::Input;
use super::matches::{parse_matches, parse_options};
use super::names::Space;
use super::parser::{Failed, Parsed, Parser, begins_statement, skip_statement};
use super::value::{parse_value, starts_value};
use crate::catalogue::{self, Extension, RAW};
use crate::nearest::nearest;

/// Reads statements to the end of a body. A broken statement is reported and skipped.
pub(super) fn parse_body(parser: &mut Parser, mut input: Input<'_>) -> Vec<Statement> {
    let mut body = Vec::new();
    while !input.is_empty() {
        match parse_statement(parser, &mut input) {
            Ok(statement) => body.extend(statement),
            Err(_) => skip_statement(&mut input),
        }
    }
    // Where the next would stand.
    parser.names.begin(Space::Statements, input);
    body
}

/// `None` for a statement that a `#[cfg(…)]` takes away.
fn parse_statement(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Option<Statement>> {
    let attributes = parse_attributes(parser, input);
    if attributes.absent {
        parser.skip_absent(input);
        return Ok(None);
    }
    refuse_optimise(parser, &attributes);
    parser.names.begin(Space::Statements, *input);
    if begins_call(input) || input.peek_ident().is_some_and(|word| word == "use") {
        return parse_call_statement(parser, input, attributes).map(Some);
    }
    let start = input.span();
    let matches = parse_matches(parser, input)?;
    if let Some(inside) = input.group(Delimiter::Brace) {
        if let Some(doc) = attributes.doc {
            parser.fail(
                doc.loc,
                "a doc comment becomes a rule's comment, and this is a block",
                Some("use `//`".into()),
            );
        }
        let body = parse_body(parser, inside);
        return Ok(Some(Statement::Block { matches, marks: attributes.marks, body }));
    }
    parser.require_punct(input, "=>")?;
    let verdicts = parse_verdicts(parser, input)?;
    let loc = parser.loc(start, input.last);
    if !input.punct(";") {
        if begins_statement(input) {
            parser.expected(input, "`,` and another verdict, or `;`");
        } else {
            return Err(behind_verdict(parser, input, verdicts.last()));
        }
    }
    let Attributes { doc, marks, .. } = attributes;
    Ok(Some(Statement::Rule(Rule { matches, verdicts, doc, marks, loc })))
}

/// Reports what stands behind the last verdict; a value there was meant for it.
fn behind_verdict(parser: &mut Parser, input: &Input<'_>, verdict: Option<&Verdict>) -> Failed {
    let options = match verdict.map(|verdict| &verdict.action) {
        Some(Action::Target { extension, options }) if options.is_empty() => extension.options,
        _ => &[],
    };
    if options.is_empty() || !(starts_value(input) || peek_string(input)) {
        return parser.expected(input, "`,` and another verdict, or `;`");
    }
    let (start, end) = input.next_span();
    let loc = parser.loc(start, end);
    let message = format!("expected `,` and another verdict, or `;`, found {}", input.describe());
    parser.fail(loc, message, Some("the options of a verdict stand in parentheses".to_owned()))
}

/// `name(x, y);` or `use path::NAME(x, y);`
fn parse_call_statement(
    parser: &mut Parser,
    input: &mut Input<'_>,
    mut attributes: Attributes,
) -> Parsed<Statement> {
    if let Some(doc) = attributes.doc.take() {
        let help = Some("use `//`".into());
        parser.fail(doc.loc, "a doc comment becomes a rule's comment, and this stands for several", help);
    }
    if begins_call(input) {
        return parse_call(parser, input, attributes).map(Statement::Call);
    }
    let call = parse_use(parser, input, attributes)?;
    if let Callee::Fragment(number) = call.callee
        && !parser.bodies.contains_key(&number)
    {
        let body = read_fragment(parser, number, input.last, parse_body)?;
        parser.bodies.insert(number, body);
    }
    Ok(Statement::Call(call))
}

fn parse_verdicts(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Vec<Verdict>> {
    let mut verdicts = vec![parse_verdict(parser, input)?];
    while input.punct(",") {
        verdicts.push(parse_verdict(parser, input)?);
    }
    Ok(verdicts)
}

fn parse_verdict(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Verdict> {
    let start = input.span();
    parser.names.begin(Space::Verdicts, *input);
    let Some(word) = input.peek_ident() else {
        return Err(parser.expected(input, "a verdict"));
    };
    if let "jump" | "goto" = word.as_str() {
        input.ident();
        let (space, before) = (parser.names.chains(), *input);
        if input.peek_ident().is_none() && !peek_string(input) {
            parser.names.missing(space, before);
            return Err(parser.expected(input, "the name of a chain"));
        }
        let name = parse_name(parser, input, "the name of a chain")?;
        parser.names.used(space, &name.text, before, *input);
        let action = if word == "jump" { Action::Jump(name.text) } else { Action::Goto(name.text) };
        return Ok(Verdict { action, loc: name.loc });
    }
    let name = parse_name(parser, input, "a verdict")?;
    let Some(extension) = catalogue::find_target(&name.text) else {
        return Err(unknown_verdict(parser, &name.text, name.loc));
    };
    let options = match raw_text(parser, input, extension)? {
        Some(text) => vec![text],
        None => parse_options(parser, input, extension)?,
    };
    Ok(Verdict { action: Action::Target { extension, options }, loc: parser.loc(start, input.last) })
}

/// `raw "…"`: the text needs no parentheses.
fn raw_text(
    parser: &mut Parser,
    input: &mut Input<'_>,
    extension: &'static Extension,
) -> Parsed<Option<OptionUse>> {
    if *extension != RAW || !peek_string(input) {
        return Ok(None);
    }
    let spec = RAW.option("target").expect("an option of the catalogue");
    let value = parse_value(parser, input, "a text")?;
    let loc = value.loc;
    Ok(Some(OptionUse { spec, negated: false, value: Some(value), loc }))
}

fn unknown_verdict(parser: &mut Parser, word: &str, loc: crate::loc::Loc) -> Failed {
    let targets: Vec<String> = catalogue::targets().map(Extension::word).collect();
    let lower = word.to_ascii_lowercase();
    let known = || targets.iter().map(String::as_str).chain(["jump", "goto"]);
    let help = match nearest(&lower, known()) {
        Some(target) => format!("did you mean `{target}`?"),
        None => habit_of_verdict(&lower).unwrap_or_else(|| format!("to go through a chain: `jump {word}`")),
    };
    parser.fail(loc, format!("unknown verdict `{word}`"), Some(help))
}
