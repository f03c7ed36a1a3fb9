//! Matches: shorthands, protocols, and any extension under its own name.

use proc_macro2::{Delimiter, Span};

use super::ast::{Expr, ExprKind, Match, OptionUse};
use super::atom::{parse_atom, peek_atom, starts_atom};
use super::habits::habit_of_match;
use super::input::Input;
use super::names::Space;
use super::parser::{Failed, Parsed, Parser};
use super::set::parse_set_use;
use super::value::{parse_endpoint, parse_value, starts_value};
use crate::catalogue::{
    self, CORE, Extension, ICMP, ICMP_TYPE, ICMP6_TYPE, ICMPV6, OptionSpec, Shorthand, TCP, TCP_NUMBER,
    ValueKind,
};
use crate::family::Family;
use crate::loc::Loc;
use crate::nearest::nearest;
use crate::{icmp, protocols};

/// Reads matches up to `=>` or `{`.
pub(super) fn parse_matches(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Vec<Match>> {
    let mut matches = Vec::new();
    let start = input.span();
    let every = input.keyword("_");
    if every && !input.peek_punct("=>") && !input.peek_group(Delimiter::Brace) && starts_match(input) {
        let loc = parser.loc(start, start);
        let help = Some("leave it out".to_owned());
        return Err(parser.fail(loc, "`_` is every packet and stands alone", help));
    }
    if every {
        return Ok(matches);
    }
    while !input.peek_punct("=>") && !input.peek_group(Delimiter::Brace) {
        if input.is_empty() || input.peek_punct(";") {
            return Err(parser.expected(input, "`=>` and a verdict, or `{` and rules"));
        }
        // A rule's first was noted as what the statement begins with.
        if !matches.is_empty() {
            parser.names.begin(Space::Matches, *input);
        }
        parse_match(parser, input, &mut matches)?;
    }
    parser.names.missing(Space::Matches, *input);
    if matches.is_empty() {
        return Err(parser.expected(input, "a match, or `_` for every packet"));
    }
    Ok(matches)
}

/// Whether what comes next could be a match.
fn starts_match(input: &Input<'_>) -> bool {
    input.peek_ident().is_some() || input.peek_punct("!")
}

fn parse_match(parser: &mut Parser, input: &mut Input<'_>, matches: &mut Vec<Match>) -> Parsed<()> {
    let start = input.span();
    let mut ahead = *input;
    let negated = ahead.punct("!");
    if let Some(word) = ahead.peek_ident() {
        let mut after = ahead;
        after.ident();
        if let Some(entry) = catalogue::shorthand(&word)
            && !after.peek_group(Delimiter::Parenthesis)
        {
            *input = after;
            matches.push(parse_shorthand(parser, input, entry, negated, start)?);
            return Ok(());
        }
        if !negated && (after.peek_group(Delimiter::Parenthesis) || stands_alone(&peek_atom(&ahead))) {
            return parse_extension(parser, input, matches);
        }
        if negated && (word == "_" || after.peek_group(Delimiter::Parenthesis)) {
            return Err(misplaced_negation(parser, start, after.last, &word));
        }
        // The whole atom, since names of protocols may hold hyphens: `ipv6-icmp`.
        if is_let(&word) || protocols::find(&peek_atom(&ahead)).is_some() || after.peek_punct("|") {
            return parse_protocol(parser, input, matches);
        }
        return Err(unknown_match(parser, &mut ahead));
    }
    if starts_value(input) {
        return parse_protocol(parser, input, matches);
    }
    Err(parser.expected(input, "a match"))
}

/// Whether a word is a match that asks something without any option: `rpfilter`.
fn stands_alone(word: &str) -> bool {
    catalogue::find_match(word).is_some_and(|extension| extension.bare)
}

/// A word without lower-case letters names a `let`, never a word of the language.
pub(crate) fn is_let(word: &str) -> bool {
    word.contains(|c: char| c.is_uppercase()) && !word.contains(|c: char| c.is_lowercase())
}

fn misplaced_negation(parser: &mut Parser, start: Span, end: Span, word: &str) -> Failed {
    let loc = parser.loc(start, end);
    let help = match word {
        "_" => "`_` is every packet, and no packet is none of them".to_owned(),
        _ => format!("an option is negated, not the whole match: `{word}(!…)`"),
    };
    parser.fail(loc, format!("`!` before `{word}`"), Some(help))
}

fn unknown_match(parser: &mut Parser, input: &mut Input<'_>) -> Failed {
    let Ok(atom) = parse_atom(parser, input, "a match") else { return Failed };
    let extensions: Vec<String> =
        catalogue::matches().filter(|entry| entry.module).map(Extension::word).collect();
    let words = catalogue::SHORTHANDS
        .iter()
        .map(|entry| entry.word)
        .chain(protocols::COMMON)
        .chain(extensions.iter().map(String::as_str));
    let help = match nearest(&atom.text, words) {
        _ if habit_of_match(&atom.text).is_some() => habit_of_match(&atom.text),
        Some("state") => {
            Some("connection states are matched with `ct new`, `ct established|related`, …".into())
        }
        Some(word) if catalogue::find_match(&atom.text).is_some() => {
            Some(format!("its options stand in parentheses: `{word}(…)`"))
        }
        Some(word) => Some(format!("did you mean `{word}`?")),
        None if matches!(atom.text.as_str(), "jump" | "goto") => {
            Some(format!("a verdict stands after `=>`: `_ => {} CHAIN;`", atom.text))
        }
        None if catalogue::find_target(&atom.text).is_some() => {
            Some(format!("a verdict stands after `=>`: `… => {};`", atom.text))
        }
        None => None,
    };
    parser.fail(atom.loc, format!("unknown match `{}`", atom.text), help)
}

fn parse_shorthand(
    parser: &mut Parser,
    input: &mut Input<'_>,
    entry: &Shorthand,
    negated: bool,
    start: Span,
) -> Parsed<Match> {
    let extension = entry.extension;
    let spec = extension.option(entry.option).expect("the catalogue's test checks shorthands");
    let word_loc = parser.loc(start, input.last);
    if negated && spec.value != ValueKind::Flag {
        let help = format!("the value is negated: `{} !…`", entry.word);
        return Err(parser.fail(word_loc, format!("`!` before `{}`", entry.word), Some(help)));
    }
    let value = match spec.value {
        ValueKind::Flag => None,
        _ => Some(parse_value(parser, input, &format!("a value for `{}`", entry.word))?),
    };
    let loc = parser.loc(start, input.last);
    let mut options = vec![OptionUse { spec, negated, value, loc }];
    while let Some(word) = input.peek_ident().filter(|word| entry.followed_by.contains(&word.as_str())) {
        let start = input.span();
        input.ident();
        let spec = extension.option(&word).expect("the catalogue's test checks shorthands");
        let value = Some(parse_value(parser, input, &format!("a value for `{word}`"))?);
        options.push(OptionUse { spec, negated: false, value, loc: parser.loc(start, input.last) });
    }
    Ok(Match { extension, options, loc: parser.loc(start, input.last) })
}

/// Reads `tcp`, `tcp|udp`, `!udp`, and what may follow `tcp`, `icmp` and `icmpv6`.
fn parse_protocol(parser: &mut Parser, input: &mut Input<'_>, matches: &mut Vec<Match>) -> Parsed<()> {
    let value = parse_value(parser, input, "a protocol")?;
    let word = match &value.kind {
        ExprKind::Atom(word) => word.clone(),
        _ => String::new(),
    };
    let loc = value.loc;
    matches.push(protocol_match(value, loc));
    let follows = match word.as_str() {
        "icmp" => icmp_value(parser, input, Family::Ipv4)?.map(|value| (&ICMP_TYPE, "type", value)),
        "icmpv6" | "ipv6-icmp" => {
            icmp_value(parser, input, Family::Ipv6)?.map(|value| (&ICMP6_TYPE, "type", value))
        }
        "tcp" => tcp_flags(parser, input)?.map(|value| (&TCP, "flags", value)),
        _ => None,
    };
    if let Some((extension, option, value)) = follows {
        let spec = extension.option(option).expect("an option of the catalogue");
        let loc = value.loc;
        let options = vec![OptionUse { spec, negated: false, value: Some(value), loc }];
        matches.push(Match { extension, options, loc });
    }
    Ok(())
}

fn protocol_match(value: Expr, loc: Loc) -> Match {
    let spec = CORE.option("proto").expect("a core parameter");
    Match {
        extension: &CORE,
        options: vec![OptionUse { spec, negated: false, value: Some(value), loc }],
        loc,
    }
}

/// The ICMP type after the protocol, if one follows: a known name, a number, a list, a `let`; or a
/// word that is no match either and so must be a type that the user misspelt.
fn icmp_value(parser: &mut Parser, input: &mut Input<'_>, family: Family) -> Parsed<Option<Expr>> {
    let mut ahead = *input;
    ahead.punct("!");
    if !starts_value(&ahead) {
        return Ok(None);
    }
    if let Some(word) = ahead.peek_ident() {
        let text = peek_atom(&ahead);
        let known = icmp::find(family, &text).is_some();
        let mut after = ahead;
        after.ident();
        let other_match = catalogue::shorthand(&word).is_some()
            || stands_alone(&text)
            || protocols::find(&text).is_some()
            || after.peek_group(Delimiter::Parenthesis);
        if !known && other_match {
            return Ok(None);
        }
    }
    parse_value(parser, input, "an ICMP type").map(Some)
}

/// `syn`, `!syn` or `flags(set / mask)` after `tcp`.
fn tcp_flags(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Option<Expr>> {
    let mut ahead = *input;
    ahead.punct("!");
    match ahead.peek_ident().as_deref() {
        Some("syn") => parse_value(parser, input, "a TCP flag").map(Some),
        Some("flags") => {
            let start = input.span();
            let negated = input.punct("!");
            input.ident();
            let flags = parse_flags(parser, input)?;
            if !negated {
                return Ok(Some(flags));
            }
            let loc = parser.loc(start, input.last);
            Ok(Some(Expr { kind: ExprKind::Not(Box::new(flags)), loc }))
        }
        _ => Ok(None),
    }
}

/// `(syn / syn,ack,fin,rst)`: the flags that must be set, and those that are looked at.
fn parse_flags(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Expr> {
    let start = input.span();
    let Some(mut inside) = input.group(Delimiter::Parenthesis) else {
        return Err(parser.expected(input, "`(set / mask)`"));
    };
    let set = flag_words(parser, &mut inside)?;
    parser.require_punct(&mut inside, "/")?;
    let mask = flag_words(parser, &mut inside)?;
    if !inside.is_empty() {
        return Err(parser.expected(&inside, "`,` or `)`"));
    }
    Ok(Expr { kind: ExprKind::Flags { set, mask }, loc: parser.loc(start, input.last) })
}

fn flag_words(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<String> {
    let mut words = Vec::new();
    loop {
        match input.ident() {
            Some(word) => words.push(word),
            None => return Err(parser.expected(input, "a TCP flag")),
        }
        if !input.punct(",") {
            return Ok(words.join(","));
        }
    }
}

/// Reads `name(options)` as a match extension. The protocols that have a match of their own may be
/// written so too: `tcp(dport 22)` is `tcp dport 22`.
fn parse_extension(parser: &mut Parser, input: &mut Input<'_>, matches: &mut Vec<Match>) -> Parsed<()> {
    let start = input.span();
    let word = input.ident().unwrap_or_default();
    let word_loc = parser.loc(start, input.last);
    let extension = match word.as_str() {
        "icmpv6" => Some(&ICMP6_TYPE),
        _ => catalogue::find_match(&word),
    };
    let Some(extension) = extension else {
        if catalogue::shorthand(&word).is_some() {
            let help = format!("its value follows, several as a list: `{word} [a, b]`");
            return Err(parser.fail(word_loc, format!("`{word}` takes no parentheses"), Some(help)));
        }
        if catalogue::find_target(&word).is_some() {
            let help = format!("a verdict stands after `=>`: `… => {word}(…);`");
            return Err(parser.fail(word_loc, format!("unknown match `{word}`"), Some(help)));
        }
        let names: Vec<String> =
            catalogue::matches().filter(|entry| entry.module).map(Extension::word).collect();
        let help =
            nearest(&word, names.iter().map(String::as_str)).map(|name| format!("did you mean `{name}`?"));
        return Err(parser.fail(word_loc, format!("unknown match `{word}`"), help));
    };
    let options = parse_options(parser, input, extension)?;
    let protocol = match extension.protocols {
        [ICMP] => Some("icmp"),
        [ICMPV6] => Some("icmpv6"),
        [TCP_NUMBER] => Some("tcp"),
        [_] => Some(extension.name),
        _ => None,
    };
    let asks_nothing =
        options.is_empty() && !extension.bare && !extension.options.iter().any(|spec| spec.required);
    if asks_nothing && protocol.is_none() {
        let loc = parser.loc(start, input.last);
        return Err(parser.fail(loc, format!("`{word}` without an option asks for nothing"), None));
    }
    if let Some(protocol) = protocol {
        matches.push(protocol_match(Expr { kind: ExprKind::Atom(protocol.into()), loc: word_loc }, word_loc));
    }
    matches.push(Match { extension, options, loc: parser.loc(start, input.last) });
    Ok(())
}

/// Reads the options of an extension in parentheses, separated by commas.
pub(super) fn parse_options(
    parser: &mut Parser,
    input: &mut Input<'_>,
    extension: &'static Extension,
) -> Parsed<Vec<OptionUse>> {
    let Some(mut inside) = input.group(Delimiter::Parenthesis) else { return Ok(Vec::new()) };
    let mut options = Vec::new();
    while !inside.is_empty() {
        options.push(parse_option(parser, &mut inside, extension, options.is_empty())?);
        if !inside.is_empty() {
            parser.require_punct(&mut inside, ",")?;
        }
    }
    Ok(options)
}

/// Whether a port without an address comes next, where one may stand.
fn starts_endpoint(input: &Input<'_>, spec: &OptionSpec) -> bool {
    spec.value == ValueKind::Endpoint && input.peek_punct(":")
}

fn parse_option(
    parser: &mut Parser,
    input: &mut Input<'_>,
    extension: &'static Extension,
    first: bool,
) -> Parsed<OptionUse> {
    let start = input.span();
    let mut ahead = *input;
    let negated = ahead.punct("!");
    let mut word = String::new();
    // `0-addrs` begins with no word.
    if ahead.peek_ident().is_some() || extension.option(&peek_atom(&ahead)).is_some() {
        word = parse_atom(parser, &mut ahead, "an option")?.text;
    }
    let positional: Option<&'static OptionSpec> =
        extension.options.iter().find(|spec| spec.positional && first);
    // A template's parameter may have the name of an option: `log(prefix)`.
    let lacks_value =
        |spec: &OptionSpec| spec.value != ValueKind::Flag && (ahead.is_empty() || ahead.peek_punct(","));
    if let Some(spec) = extension.option(&word).filter(|spec| positional.is_none() || !lacks_value(spec)) {
        *input = ahead;
        let what = format!("a value for `{}`", spec.name);
        let value = match spec.value {
            ValueKind::Flag => None,
            ValueKind::TcpFlags => Some(parse_flags(parser, input)?),
            ValueKind::Set => Some(parse_set_use(parser, input)?),
            ValueKind::Endpoint => Some(parse_endpoint(parser, input)?),
            _ => Some(parse_value(parser, input, &what)?),
        };
        return Ok(OptionUse { spec, negated, value, loc: parser.loc(start, input.last) });
    }
    // A word with something else behind it was meant to be an option's name.
    let alone =
        word.is_empty() || ahead.is_empty() || [",", "|", "..", ":"].iter().any(|it| ahead.peek_punct(it));
    if let Some(spec) = positional.filter(|spec| spec.value == ValueKind::Set)
        && word.is_empty()
    {
        let value = parse_set_use(parser, input)?;
        let loc = value.loc;
        return Ok(OptionUse { spec, negated: false, value: Some(value), loc });
    }
    if let Some(spec) = positional
        && alone
        && (starts_value(input) || starts_atom(input) || starts_endpoint(input, spec))
    {
        let value = match spec.value {
            ValueKind::Endpoint => parse_endpoint(parser, input)?,
            _ => parse_value(parser, input, &format!("a value for `{}`", spec.name))?,
        };
        let loc = value.loc;
        return Ok(OptionUse { spec, negated: false, value: Some(value), loc });
    }
    let names: Vec<String> = extension.options.iter().map(|spec| format!("`{}`", spec.name)).collect();
    let options = (!names.is_empty()).then(|| format!("its options are {}", names.join(", ")));
    if word.is_empty() {
        let (start, end) = input.next_span();
        let loc = parser.loc(start, end);
        let message = format!("expected an option of `{}`, found {}", extension.word(), input.describe());
        return Err(parser.fail(loc, message, options));
    }
    let loc = parser.loc(start, ahead.last);
    let help = nearest(&word, extension.options.iter().map(|spec| spec.name))
        .map(|name| format!("did you mean `{name}`?"))
        .or(options);
    Err(parser.fail(loc, format!("`{}` has no option `{word}`", extension.word()), help))
}
