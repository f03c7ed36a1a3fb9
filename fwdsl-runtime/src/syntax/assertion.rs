//! Assertions.

use proc_macro2::Delimiter;

use super::ast::{Assert, AssertCase};
use super::atom::{Atom, parse_atom, parse_name, starts_atom};
use super::attribute::{parse_attributes, refuse_all_but_cfg};
use super::input::Input;
use super::item::find_table;
use super::matches::parse_matches;
use super::names::Space;
use super::parser::{Failed, Parsed, Parser, skip_statement};
use crate::catalogue::{self, Extension, Flow};
use crate::loc::Located;
use crate::model::{Claim, HOST, Outcome, Scope};
use crate::nearest::nearest;
use crate::table::{TableName, Way};

/// What begins the claim that packets come to a chain.
const REACHES: &str = "reaches";

/// `assert [table/]CHAIN { PATTERN => claim; … }` or `assert host [way] { … }`
pub(super) fn parse_assert(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Assert> {
    input.ident();
    let start = input.span();
    let scope = if is_host(input) {
        input.ident();
        Scope::Host(parse_way(parser, input)?)
    } else {
        let (table, chain) = parse_chain_path(parser, input, TableName::Filter)?;
        Scope::Chain { table, name: chain.value }
    };
    let loc = parser.loc(start, input.last);
    let table = match &scope {
        Scope::Chain { table, .. } => *table,
        Scope::Host(_) => TableName::Filter,
    };
    let Some(mut inside) = input.group(Delimiter::Brace) else {
        return Err(parser.expected(input, "`{` and `PATTERN => verdict;`"));
    };
    let mut cases = Vec::new();
    while !inside.is_empty() {
        let attributes = parse_attributes(parser, &mut inside);
        if attributes.absent {
            parser.skip_absent(&mut inside);
            continue;
        }
        refuse_all_but_cfg(parser, &attributes);
        match parse_case(parser, &mut inside, table) {
            Ok(case) => cases.push(case),
            Err(Failed) => skip_statement(&mut inside),
        }
    }
    Ok(Assert { scope, cases, loc })
}

/// A chain of that name is quoted, or stands behind its table.
fn is_host(input: &Input<'_>) -> bool {
    let mut ahead = *input;
    ahead.keyword(HOST) && !["/", "-", ".", "+"].iter().any(|joint| ahead.peek_punct(joint))
}

fn parse_way(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Option<Way>> {
    if input.peek_ident().is_none() {
        return Ok(None);
    }
    let word = parse_name(parser, input, "a way")?;
    if let Some(way) = Way::from_name(&word.text) {
        return Ok(Some(way));
    }
    let names = Way::ALL.map(Way::name);
    let help = match nearest(&word.text.to_ascii_lowercase(), names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => {
            format!("the ways of a packet are {}; without one, it is about all of them", names.join(", "))
        }
    };
    Err(parser.fail(word.loc, format!("unknown way `{}`", word.text), Some(help)))
}

/// `[table/]CHAIN`, in `table` unless it says another one.
fn parse_chain_path(
    parser: &mut Parser,
    input: &mut Input<'_>,
    table: TableName,
) -> Parsed<(TableName, Located<String>)> {
    let (start, before) = (input.span(), *input);
    if !starts_atom(input) {
        parser.names.missing(Space::Chains(table), before);
    }
    let name = parse_atom(parser, input, "the name of a chain")?;
    let (table, chain) = match name.text.split_once('/') {
        Some((table, chain)) if !name.quoted => (find_table(parser, table, name.loc)?, chain.to_owned()),
        // Half of a name, which becomes an error below: an editor offers the chains of this table.
        _ if input.peek_punct("/") && TableName::from_name(&name.text).is_some() => {
            (find_table(parser, &name.text, name.loc)?, String::new())
        }
        _ => (table, name.text.clone()),
    };
    parser.names.used(Space::Chains(table), &chain, before, *input);
    Ok((table, Located::new(chain, parser.loc(start, input.last))))
}

fn parse_case(parser: &mut Parser, input: &mut Input<'_>, table: TableName) -> Parsed<AssertCase> {
    let start = input.span();
    parser.names.begin(Space::Matches, *input);
    let matches = parse_matches(parser, input)?;
    parser.require_punct(input, "=>")?;
    let claim = parse_claim(parser, input, table)?;
    let loc = parser.loc(start, input.last);
    parser.require_punct(input, ";")?;
    Ok(AssertCase { matches, claim, loc })
}

/// `[!]accept`, `[!][accept, drop]`, `[!]accept|drop` or `[!]reaches CHAIN`
fn parse_claim(parser: &mut Parser, input: &mut Input<'_>, table: TableName) -> Parsed<Claim> {
    let start = input.span();
    let negated = input.punct("!");
    let outcome = if input.peek_ident().is_some_and(|word| word == REACHES) {
        input.ident();
        let (table, chain) = parse_chain_path(parser, input, table)?;
        Outcome::Reaches { table, chain }
    } else {
        let mut verdicts = Vec::new();
        parse_alternatives(parser, input, &mut verdicts)?;
        Outcome::Verdict(verdicts)
    };
    Ok(Claim { negated, outcome, loc: parser.loc(start, input.last) })
}

/// Unions are written as those of values are.
fn parse_alternatives(
    parser: &mut Parser,
    input: &mut Input<'_>,
    verdicts: &mut Vec<&'static Extension>,
) -> Parsed<()> {
    loop {
        match input.group(Delimiter::Bracket) {
            Some(mut inside) => {
                if inside.is_empty() {
                    return Err(parser.expected(&inside, "a verdict"));
                }
                while !inside.is_empty() {
                    parse_alternatives(parser, &mut inside, verdicts)?;
                    if !inside.punct(",") && !inside.is_empty() {
                        return Err(parser.expected(&inside, "`,` and another verdict, or `]`"));
                    }
                }
            }
            None => parse_verdict_name(parser, input, verdicts)?,
        }
        if !input.punct("|") {
            return Ok(());
        }
    }
}

fn parse_verdict_name(
    parser: &mut Parser,
    input: &mut Input<'_>,
    verdicts: &mut Vec<&'static Extension>,
) -> Parsed<()> {
    parser.names.begin(Space::Verdicts, *input);
    let word = parse_name(parser, input, "a verdict")?;
    let Some(verdict) = find_verdict(&word.text) else {
        return Err(unknown_verdict(parser, &word));
    };
    if verdicts.contains(&verdict) {
        let help = Some("one of them is enough".to_owned());
        return Err(parser.fail(word.loc, format!("`{}` stands here twice", word.text), help));
    }
    verdicts.push(verdict);
    Ok(())
}

fn deciding() -> impl Iterator<Item = &'static Extension> {
    catalogue::targets().filter(|target| target.flow == Flow::Ends)
}

fn find_verdict(word: &str) -> Option<&'static Extension> {
    deciding().find(|target| target.word() == word)
}

fn unknown_verdict(parser: &mut Parser, word: &Atom) -> Failed {
    let words: Vec<String> = deciding().map(Extension::word).collect();
    let help = match word.text.as_str() {
        "jump" | "goto" => format!("that packets come to a chain is `{REACHES} CHAIN`"),
        text => match nearest(text, words.iter().map(String::as_str).chain([REACHES])) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("what can be asserted is one of {}, or `{REACHES} CHAIN`", words.join(", ")),
        },
    };
    parser.fail(word.loc, format!("`{}` decides nothing", word.text), Some(help))
}
