//! `own …;`, `foreign chain …;` and `hook …`: what belongs to the policy and what to others.

use proc_macro2::Delimiter;

use super::atom::{parse_atom, parse_name};
use super::input::Input;
use super::item::parse_family;
use super::names::{Definition, Space};
use super::parser::{Failed, Parsed, Parser, skip_statement};
use crate::family::FamilySet;
use crate::loc::Located;
use crate::model::{DEFAULT_PREFIX, ForeignChain, HookPosition, Ownership};
use crate::nearest::nearest;
use crate::table::TableName;

/// `own tables;`, `own chains;` or `own chains "PREFIX";`
pub(super) fn parse_own(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Located<Ownership>> {
    let start = input.span();
    input.ident();
    let at = input.span();
    let word = input.ident().unwrap_or_default();
    let loc = parser.loc(at, input.last);
    let ownership = match word.as_str() {
        "tables" => Ownership::Tables,
        "chains" => {
            let named = !input.peek_punct(";");
            let prefix = if named {
                parse_name(parser, input, "a prefix or `;`")?.text
            } else {
                DEFAULT_PREFIX.into()
            };
            Ownership::Chains { prefix, loc: parser.loc(start, input.last) }
        }
        "" => return Err(parser.expected(input, "`tables` or `chains`")),
        _ => {
            let help = nearest(&word, ["tables", "chains"]).map_or_else(
                || "a policy owns whole `tables`, or its own `chains` alone".to_owned(),
                |word| format!("did you mean `{word}`?"),
            );
            return Err(parser.fail(loc, format!("a policy cannot own `{word}`"), Some(help)));
        }
    };
    let loc = parser.loc(start, input.last);
    parser.require_punct(input, ";")?;
    Ok(Located::new(ownership, loc))
}

/// `chain NAME;` or `chain NAME { family ipv4; }`, behind `foreign`.
pub(super) fn parse_foreign(
    parser: &mut Parser,
    input: &mut Input<'_>,
    table: TableName,
) -> Parsed<ForeignChain> {
    if !input.keyword("chain") {
        return Err(parser.expected(input, "`chain`"));
    }
    let (start, before) = (input.span(), *input);
    let mut atom = parse_atom(parser, input, "the name of a chain")?;
    // `f2b-+`: an atom ends before a sign that joins nothing.
    if !atom.quoted && input.punct("-+") {
        atom.text.push_str("-+");
        atom.loc = parser.loc(start, input.last);
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    if !atom.quoted && !atom.text.trim_end_matches('+').chars().all(plain) {
        let help = format!("a name with other characters is quoted: \"{}\"", atom.text);
        return Err(parser.fail(atom.loc, format!("`{}` is not a name", atom.text), Some(help)));
    }
    if !atom.text.ends_with('+') {
        let space = Space::Chains(table);
        parser.names.define(space, &atom.text, Definition::default, before, *input);
    }
    let mut foreign = ForeignChain { table, name: atom.text, families: FamilySet::BOTH, loc: atom.loc };
    match input.group(Delimiter::Brace) {
        None => parser.require_punct(input, ";")?,
        Some(mut inside) => {
            while !inside.is_empty() {
                if inside.peek_ident().as_deref() != Some("family") {
                    parser.expected(&inside, "`family`: the rules of a foreign chain are not the policy's");
                    break;
                }
                match parse_family(parser, &mut inside) {
                    Ok(family) => foreign.families = foreign.families.and(family.value),
                    Err(Failed) => skip_statement(&mut inside),
                }
            }
        }
    }
    Ok(foreign)
}

/// `hook first`, `hook last`, `hook before CHAIN`, `hook after CHAIN`
pub(super) fn parse_position(
    parser: &mut Parser,
    input: &mut Input<'_>,
) -> Parsed<Option<Located<HookPosition>>> {
    if !input.keyword("hook") {
        return Ok(None);
    }
    let start = input.span();
    let Some(word) = input.ident() else {
        return Err(parser.expected(input, "`first`, `last`, `before` or `after`"));
    };
    let loc = parser.loc(start, input.last);
    let position = match word.as_str() {
        "first" => HookPosition::First,
        "last" => HookPosition::Last,
        "before" => HookPosition::Before(parse_anchor(parser, input)?),
        "after" => HookPosition::After(parse_anchor(parser, input)?),
        _ => {
            let help = nearest(&word, ["first", "last", "before", "after"]).map_or_else(
                || "a hook is `first`, `last`, `before CHAIN` or `after CHAIN`".to_owned(),
                |word| format!("did you mean `{word}`?"),
            );
            // The name of a chain may stand behind a word that was meant.
            while !input.is_empty() && !input.peek_group(Delimiter::Brace) && !input.peek_punct(";") {
                input.skip();
            }
            return Err(parser.fail(loc, format!("`{word}` is no position of a hook"), Some(help)));
        }
    };
    Ok(Some(Located::new(position, parser.loc(start, input.last))))
}

/// The chain that a hook stands beside, which the policy may declare as a foreign one.
fn parse_anchor(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<String> {
    let (space, before) = (parser.names.chains(), *input);
    let name = parse_name(parser, input, "the name of a chain")?;
    parser.names.used(space, &name.text, before, *input);
    Ok(name.text)
}
