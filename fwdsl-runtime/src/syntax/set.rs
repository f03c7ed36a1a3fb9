//! Sets: their declarations, and the references to them.

use proc_macro2::Delimiter;

use super::ast::{Element, Expr, ExprKind, Marks, Policy, Set, SetArgument, SetWord};
use super::atom::{parse_atom, parse_name, skip_atom, starts_atom};
use super::attribute::Attributes;
use super::input::Input;
use super::item::parse_family_word;
use super::names::{Definition, Space};
use super::parser::{Parsed, Parser};
use super::value::{parse_value, starts_value};
use crate::family::FamilySet;
use crate::ipset::{Direction, KINDS, SetKind, UNKNOWN, find_kind};
use crate::loc::Located;
use crate::nearest::nearest;

/// The parameters of a set that take a number or a time.
const NUMBERS: [&str; 6] = ["timeout", "hashsize", "maxelem", "bucketsize", "netmask", "markmask"];
/// Those that stand alone.
const FLAGS: [&str; 5] = ["counters", "comment", "skbinfo", "forceadd", "keep"];
/// What may stand after an element and takes a value.
const OF_ELEMENTS: [&str; 5] = ["timeout", "comment", "skbmark", "skbprio", "skbqueue"];

/// `set NAME: KIND OPTIONS { elements }`, or `foreign set NAME: KIND OPTIONS;`, or `foreign set NAME;`. The name of a broken one is kept, so
/// that its uses are no further errors.
pub(super) fn parse_set(
    parser: &mut Parser,
    input: &mut Input<'_>,
    foreign: bool,
    attributes: &Attributes,
    policy: &mut Policy,
) -> Parsed<()> {
    input.ident();
    let before = *input;
    let name = parse_name(parser, input, "the name of a set")?;
    let behind = *input;
    let declared = parse_declared(parser, input, Located::new(name.text.clone(), name.loc), foreign);
    let kind = declared.as_ref().map_or("", |set| set.kind.name);
    let definition =
        || Definition { doc: attributes.documentation(), value: kind.to_owned(), ..Definition::default() };
    parser.names.define(Space::Sets, &name.text, definition, before, behind);
    match declared {
        Ok(set) => policy.sets.push(Set { marks: attributes.marks.clone(), ..set }),
        Err(failed) => {
            policy.broken_sets.push(name.text);
            return Err(failed);
        }
    }
    Ok(())
}

fn parse_declared(
    parser: &mut Parser,
    input: &mut Input<'_>,
    name: Located<String>,
    foreign: bool,
) -> Parsed<Set> {
    let by_name = input.peek_punct(";") || input.peek_ident().is_some_and(|word| word == "family");
    let kind = if foreign && by_name {
        &UNKNOWN
    } else {
        parser.require_punct(input, ":")?;
        parse_kind(parser, input)?
    };
    let mut set = Set {
        marks: Marks::default(),
        name,
        kind,
        families: FamilySet::BOTH,
        foreign,
        words: Vec::new(),
        elements: Vec::new(),
    };
    while !input.peek_group(Delimiter::Brace) && !input.peek_punct(";") {
        parse_set_word(parser, input, &mut set)?;
    }
    if foreign {
        if input.peek_group(Delimiter::Brace) {
            let loc = parser.loc(input.span(), input.span());
            let help = "end the declaration with `;`".to_owned();
            return Err(parser.fail(loc, "others fill a foreign set", Some(help)));
        }
        parser.require_punct(input, ";")?;
        return Ok(set);
    }
    let Some(mut inside) = input.group(Delimiter::Brace) else {
        return Err(parser.expected(input, "`{` and elements"));
    };
    while !inside.is_empty() {
        match parse_element(parser, &mut inside) {
            Ok(element) => set.elements.push(element),
            Err(_) => skip_element(&mut inside),
        }
        if !inside.is_empty() && parser.require_punct(&mut inside, ",").is_err() {
            skip_element(&mut inside);
            inside.punct(",");
        }
    }
    Ok(set)
}

fn skip_element(input: &mut Input<'_>) {
    while !input.is_empty() && !input.peek_punct(",") {
        input.skip();
    }
}

/// `net`, `ip,port`, `hash:net,iface`, …
fn parse_kind(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<&'static SetKind> {
    let start = input.span();
    let Some(mut word) = input.ident() else { return Err(parser.expected(input, "a kind of set")) };
    if input.punct(":") {
        word.push(':');
        word.push_str(&input.ident().unwrap_or_default());
    }
    while input.punct(",") {
        word.push(',');
        word.push_str(&input.ident().unwrap_or_default());
    }
    find_kind(&word).ok_or_else(|| {
        let loc = parser.loc(start, input.last);
        let words = || KINDS.iter().flat_map(|kind| [kind.word(), kind.name]);
        let help = match nearest(&word, words()) {
            Some(kind) => format!("did you mean `{kind}`?"),
            None => {
                let words: Vec<&str> = KINDS.iter().map(SetKind::word).collect();
                format!("the kinds are `{}`", words.join("`, `"))
            }
        };
        parser.fail(loc, format!("unknown kind of set `{word}`"), Some(help))
    })
}

fn parse_set_word(parser: &mut Parser, input: &mut Input<'_>, set: &mut Set) -> Parsed<()> {
    let start = input.span();
    let Some(word) = input.ident() else {
        let what = if set.foreign { "`family …` or `;`" } else { "a parameter of the set or `{`" };
        return Err(parser.expected(input, what));
    };
    if word == "family" {
        set.families = set.families.and(parse_family_word(parser, input)?.value);
        return Ok(());
    }
    let value = match word.as_str() {
        "range" => Some(parse_value(parser, input, "a range")?),
        word if NUMBERS.contains(&word) => {
            Some(parse_value(parser, input, &format!("a value for `{word}`"))?)
        }
        word if FLAGS.contains(&word) => None,
        _ => {
            let loc = parser.loc(start, input.last);
            let words = || NUMBERS.into_iter().chain(FLAGS).chain(["range", "family"]);
            let help = match nearest(&word, words()) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("its parameters are `{}`", words().collect::<Vec<_>>().join("`, `")),
            };
            return Err(parser.fail(loc, format!("a set has no parameter `{word}`"), Some(help)));
        }
    };
    set.words.push(SetWord { word, value, loc: parser.loc(start, input.last) });
    Ok(())
}

/// `10.0.0.0/8`, `(10.0.0.1, tcp 80)`, and what may follow.
fn parse_element(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Element> {
    let start = input.span();
    let parts = match input.group(Delimiter::Parenthesis) {
        None => vec![parse_part(parser, input)?],
        Some(mut inside) => {
            let mut parts = Vec::new();
            while !inside.is_empty() {
                parts.push(parse_part(parser, &mut inside)?);
                if !inside.is_empty() {
                    parser.require_punct(&mut inside, ",")?;
                }
            }
            parts
        }
    };
    let mut words = Vec::new();
    while !input.is_empty() && !input.peek_punct(",") {
        let start = input.span();
        let Some(word) = input.ident() else { return Err(parser.expected(input, "`,` and another element")) };
        let value = match word.as_str() {
            "nomatch" => None,
            word if OF_ELEMENTS.contains(&word) => {
                Some(parse_value(parser, input, &format!("a value for `{word}`"))?)
            }
            _ => {
                let loc = parser.loc(start, input.last);
                let words = || OF_ELEMENTS.into_iter().chain(["nomatch"]);
                let help = match nearest(&word, words()) {
                    Some(word) => format!("did you mean `{word}`?"),
                    None => format!("it is one of `{}`", words().collect::<Vec<_>>().join("`, `")),
                };
                return Err(parser.fail(loc, format!("`{word}` cannot follow an element"), Some(help)));
            }
        };
        words.push(SetWord { word, value, loc: parser.loc(start, input.last) });
    }
    Ok(Element { parts, words, loc: parser.loc(start, input.last) })
}

/// One value, with a word before it where one is wanted: `tcp 80`, `physdev eth0`.
fn parse_part(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<SetArgument> {
    let mut ahead = *input;
    let followed = ahead.peek_ident().is_some() && skip_atom(&mut ahead) && starts_value(&ahead);
    let next = ahead.peek_ident();
    let is_word = next.is_some_and(|word| word == "nomatch" || OF_ELEMENTS.contains(&word.as_str()));
    let before = if followed && !is_word {
        let word = parse_atom(parser, input, "a word")?;
        Some(Located::new(word.text, word.loc))
    } else {
        None
    };
    Ok(SetArgument { before, value: parse_value(parser, input, "an element")? })
}

/// `@NAME`, where a value may stand; the caller has seen the `@`.
pub(super) fn parse_set_name(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Expr> {
    let start = input.span();
    parser.require_punct(input, "@")?;
    let before = *input;
    if !starts_atom(input) {
        parser.names.missing(Space::Sets, before);
    }
    let name = parse_name(parser, input, "the name of a set")?;
    parser.names.used(Space::Sets, &name.text, before, *input);
    let kind = ExprKind::Set { name: name.text, directions: Vec::new() };
    Ok(Expr { kind, loc: parser.loc(start, input.last) })
}

/// `[!]@NAME src,dst`: what an option over sets takes.
pub(super) fn parse_set_use(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Expr> {
    let start = input.span();
    let negated = input.punct("!");
    if !input.peek_punct("@") {
        return Err(parser.expected(input, "a set, `@NAME`"));
    }
    let mut set = parse_set_name(parser, input)?;
    if let ExprKind::Set { directions, .. } = &mut set.kind {
        let mut ahead = *input;
        while let Some(direction) = ahead.ident().as_deref().and_then(Direction::from_word) {
            directions.push(direction);
            *input = ahead;
            if !ahead.punct(",") {
                break;
            }
        }
        if directions.is_empty() {
            return Err(parser.expected(input, "`src` or `dst` for each part of the set's elements"));
        }
    }
    set.loc = parser.loc(start, input.last);
    if !negated {
        return Ok(set);
    }
    Ok(Expr { loc: set.loc, kind: ExprKind::Not(Box::new(set)) })
}
