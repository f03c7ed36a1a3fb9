//! Items of a policy: `let`, `family`, `sysctl`, `set`, `table`, `chain`, `assert`.

use proc_macro2::{Delimiter, TokenStream};
use syn::buffer::TokenBuffer;

use super::assertion::parse_assert;
use super::ast::{Callee, Chain, Expr, ExprKind, ItemsUse, Let, Policy, Sysctl};
use super::atom::{parse_atom, parse_name};
use super::attribute::{
    Attributes, parse_attributes, parse_inner_attributes, refuse_all_but_cfg, refuse_exact, refuse_marks,
    refuse_optimise,
};
use super::call::{parse_template, parse_use, read_fragment};
use super::fragment;
use super::input::Input;
use super::names::{Definition, Space, written_between};
use super::ownership::{parse_foreign, parse_own, parse_position};
use super::parser::{Failed, Parsed, Parser, skip_item, skip_statement};
use super::rule::parse_body;
use super::rust_value::{parse_rust_value, peek_rust_value};
use super::set::parse_set;
use super::value::parse_value;
use crate::catalogue;
use crate::family::FamilySet;
use crate::loc::{Loc, Located};
use crate::model::ChainPolicy;
use crate::nearest::nearest;
use crate::protocols;
use crate::table::TableName;

const ITEMS: [&str; 11] =
    ["let", "family", "own", "sysctl", "set", "table", "chain", "foreign", "assert", "fn", "use"];

/// Reads a whole policy. Broken items are reported and skipped.
pub(super) fn parse_policy(parser: &mut Parser, mut input: Input<'_>) -> Policy {
    let Attributes { marks, analysis_budget, doc, .. } = parse_inner_attributes(parser, &mut input);
    if let Some(doc) = doc {
        let help = "what documents the policy stands before the `static` or function that holds it";
        parser.fail(doc.loc, "a doc comment of a whole policy", Some(help.into()));
    }
    let mut policy = parse_items(parser, input);
    (policy.marks, policy.analysis_budget) = (marks, analysis_budget);
    policy
}

/// Reads a fragment outside of any policy, for its names alone: as items if it begins like one, else as rules.
pub(super) fn parse_unused_fragment(parser: &mut Parser, input: Input<'_>) {
    let mut ahead = input;
    parse_attributes(parser, &mut ahead);
    let word = ahead.peek_ident().unwrap_or_default();
    // `set(…)` is a match.
    let is_rule = word == "use" || word == "set" && ahead.is_called();
    if !is_rule && ITEMS.contains(&word.as_str()) {
        parse_items(parser, input);
    } else {
        parse_body(parser, input);
    }
}

/// Reads the items of a policy or of a fragment.
fn parse_items(parser: &mut Parser, mut input: Input<'_>) -> Policy {
    let mut policy = Policy::default();
    while !input.is_empty() {
        if parse_item(parser, &mut input, &mut policy).is_err() {
            skip_item(&mut input, &ITEMS);
        }
    }
    policy
}

fn parse_item(parser: &mut Parser, input: &mut Input<'_>, policy: &mut Policy) -> Parsed<()> {
    let attributes = parse_attributes(parser, input);
    if attributes.absent {
        parser.skip_absent(input);
        return Ok(());
    }
    let mut word = input.peek_ident().unwrap_or_default();
    if !ITEMS.contains(&word.as_str())
        && let Some(meant) = meant_item(&word).filter(|meant| *meant != "use")
    {
        // Read as what was meant, so that what it defines is known.
        unknown_item(parser, input, &word);
        word = meant.to_owned();
    }
    if !matches!(word.as_str(), "chain" | "let" | "fn" | "set" | "foreign")
        && let Some(place) = attributes.doc.as_ref().map(|doc| doc.loc)
    {
        parser.fail(
            place,
            "a doc comment belongs to a chain, a template, a `let`, a set or a rule",
            Some("use `//`".into()),
        );
    }
    match word.as_str() {
        "chain" | "use" => {}
        "let" | "set" | "fn" => {
            refuse_optimise(parser, &attributes);
            refuse_exact(parser, &attributes);
        }
        "foreign" => refuse_exact(parser, &attributes),
        _ => refuse_marks(parser, &attributes),
    }
    match word.as_str() {
        "let" => parse_let(parser, input, policy, attributes)?,
        "family" => policy.families.push(parse_family(parser, input)?),
        "own" => policy.ownership.push(parse_own(parser, input)?),
        "sysctl" => parse_sysctl(parser, input, policy)?,
        "set" => parse_set(parser, input, false, &attributes, policy)?,
        "foreign" => {
            input.ident();
            match input.peek_ident().as_deref() {
                Some("set") => {
                    refuse_optimise(parser, &attributes);
                    parse_set(parser, input, true, &attributes, policy)?;
                }
                Some("chain") => {
                    refuse_marks(parser, &attributes);
                    policy.foreign.push(parse_foreign(parser, input, TableName::Filter)?);
                }
                _ => return Err(parser.expected(input, "`chain` or `set`")),
            }
        }
        "table" => parse_table(parser, input, policy)?,
        "chain" => {
            let chain = parse_chain(parser, input, TableName::Filter, attributes)?;
            policy.chains.push(chain);
        }
        "assert" => {
            let assert = parse_assert(parser, input)?;
            policy.asserts.push(assert);
        }
        "fn" => {
            let template = parse_template(parser, input, &attributes)?;
            policy.templates.push(template);
        }
        "use" => {
            let call = parse_use(parser, input, attributes)?;
            if let Callee::Fragment(number) = call.callee {
                let fragment::Parsed { parameters, content } =
                    read_fragment(parser, number, input.last, parse_items)?;
                policy.uses.push(ItemsUse { call, parameters, items: content });
            }
        }
        _ => return Err(unknown_item(parser, input, &word)),
    }
    Ok(())
}

/// The item that a misspelt word is meant to begin; a rule's first word is none.
fn meant_item(word: &str) -> Option<&'static str> {
    if let "const" | "static" = word {
        return Some("let");
    }
    let begins_rule = word == "_"
        || catalogue::shorthand(word).is_some()
        || catalogue::find_match(word).is_some()
        || protocols::find(word).is_some();
    nearest(word, ITEMS).filter(|_| !begins_rule)
}

fn unknown_item(parser: &mut Parser, input: &Input<'_>, word: &str) -> Failed {
    if word.is_empty() {
        return parser.expected(
            input,
            "an item: `let`, `family`, `own`, `sysctl`, `set`, `table`, `chain`, `foreign`, `assert`, `fn` or `use`",
        );
    }
    let loc = parser.loc(input.span(), input.span());
    let help = match meant_item(word) {
        Some(item) => format!("did you mean `{item}`?"),
        None => {
            "a policy holds `let`, `family`, `own`, `sysctl`, `set`, `table`, `chain`, `foreign chain`, `foreign set`, \
             `assert`, `fn` and `use`; rules stand in a chain"
                .into()
        }
    };
    parser.fail(loc, format!("unknown item `{word}`"), Some(help))
}

fn parse_let(
    parser: &mut Parser,
    input: &mut Input<'_>,
    policy: &mut Policy,
    attributes: Attributes,
) -> Parsed<()> {
    input.ident();
    let (start, before) = (input.span(), *input);
    let Some(name) = input.ident() else { return Err(parser.expected(input, "a name")) };
    let (loc, behind) = (parser.loc(start, input.last), *input);
    if name.contains(|c: char| c.is_lowercase()) {
        let help = format!(
            "write it `{}`: words with lower-case letters belong to the language",
            name.to_uppercase()
        );
        parser.fail(
            loc,
            format!("the name of a `let` has no lower-case letters, and `{name}` has"),
            Some(help),
        );
    }
    let mut written = (behind, behind);
    let value = (|| {
        parser.require_punct(input, "=")?;
        let from = *input;
        let value = parse_value(parser, input, "a value")?;
        written = (from, *input);
        parser.require_punct(input, ";")?;
        Ok(value)
    })();
    let definition = || Definition {
        doc: attributes.documentation(),
        value: written_between(written.0, written.1),
        ..Definition::default()
    };
    parser.names.define(Space::Lets, &name, definition, before, behind);
    match value {
        Ok(value) => policy.lets.push(Let { marks: attributes.marks, name: Located::new(name, loc), value }),
        Err(Failed) => {
            policy.broken_lets.push(name);
            return Err(Failed);
        }
    }
    Ok(())
}

/// Whether `family ipv4;` comes next, which is about the whole chain, and not a rule's match.
fn begins_family(input: &Input<'_>) -> bool {
    let mut ahead = *input;
    ahead.keyword("family") && (ahead.ident().is_none() || ahead.is_empty() || ahead.peek_punct(";"))
}

/// `family ipv4;`
pub(super) fn parse_family(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Located<FamilySet>> {
    input.ident();
    let families = parse_family_word(parser, input)?;
    parser.require_punct(input, ";")?;
    Ok(families)
}

/// `ipv4` or `ipv6`
pub(super) fn parse_family_word(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Located<FamilySet>> {
    let start = input.span();
    let word = input.ident().unwrap_or_default();
    let loc = parser.loc(start, input.last);
    let families = match word.as_str() {
        "ipv4" => FamilySet::IPV4,
        "ipv6" => FamilySet::IPV6,
        "" => return Err(parser.expected(input, "`ipv4` or `ipv6`")),
        _ => {
            let help = "`family ipv4;` or `family ipv6;`; without it a policy is for both".to_owned();
            return Err(parser.fail(loc, format!("unknown family `{word}`"), Some(help)));
        }
    };
    Ok(Located::new(families, loc))
}

/// `sysctl { key = value; … }`
fn parse_sysctl(parser: &mut Parser, input: &mut Input<'_>, policy: &mut Policy) -> Parsed<()> {
    input.ident();
    let Some(inside) = input.group(Delimiter::Brace) else {
        return Err(parser.expected(input, "`{` and settings"));
    };
    parse_settings(parser, inside, policy);
    Ok(())
}

fn parse_settings(parser: &mut Parser, mut inside: Input<'_>, policy: &mut Policy) {
    while !inside.is_empty() {
        let attributes = parse_attributes(parser, &mut inside);
        if attributes.absent {
            parser.skip_absent(&mut inside);
            continue;
        }
        refuse_all_but_cfg(parser, &attributes);
        let used = inside.peek_ident().is_some_and(|word| word == "use");
        let parsed = match used {
            true => parse_profile(parser, &mut inside, attributes).map(|used| policy.uses.push(used)),
            false => parse_setting(parser, &mut inside).map(|setting| policy.sysctls.push(setting)),
        };
        if parsed.is_err() {
            skip_statement(&mut inside);
        }
    }
}

/// `use path::NAME;` among settings: its own give way to those of the policy.
fn parse_profile(parser: &mut Parser, input: &mut Input<'_>, attributes: Attributes) -> Parsed<ItemsUse> {
    let call = parse_use(parser, input, attributes)?;
    let Callee::Fragment(number) = call.callee else { return Err(Failed) };
    let read = |parser: &mut Parser, input: Input<'_>| {
        let mut items = Policy::default();
        parse_settings(parser, input, &mut items);
        items.sysctls.iter_mut().for_each(|sysctl| sysctl.from_fragment = true);
        items
    };
    let fragment::Parsed { parameters, content } = read_fragment(parser, number, input.last, read)?;
    Ok(ItemsUse { call, parameters, items: content })
}

fn parse_setting(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Sysctl> {
    let start = input.span();
    let mut key = String::new();
    if super::atom::peek_string(input) {
        key = parse_atom(parser, input, "a key")?.text;
    } else {
        // A key's segments are words, numbers, `*`, and interface names with hyphens.
        loop {
            if input.punct("*") {
                key.push('*');
            } else if let Some(piece) = input.piece() {
                key.push_str(&piece);
            } else {
                return Err(parser.expected(input, "a sysctl key"));
            }
            if input.punct(".") {
                key.push('.');
            } else if input.punct("-") {
                key.push('-');
            } else {
                break;
            }
        }
    }
    let key = Located::new(key, parser.loc(start, input.last));
    parser.require_punct(input, "=")?;
    let start = input.span();
    if peek_rust_value(input)
        && let Expr { kind: ExprKind::Rust(number), loc } = parse_rust_value(parser, input)?
    {
        parser.require_punct(input, ";")?;
        let value = Located::new(String::new(), loc);
        return Ok(Sysctl { key, value, rust_value: Some(number), from_fragment: false });
    }
    let negative = input.punct("-");
    let value = parse_atom(parser, input, "a value")?;
    let text = if negative { format!("-{}", value.text) } else { value.text };
    let value = Located::new(text, parser.loc(start, input.last));
    parser.require_punct(input, ";")?;
    Ok(Sysctl { key, value, rust_value: None, from_fragment: false })
}

/// `table NAME { … }`
fn parse_table(parser: &mut Parser, input: &mut Input<'_>, policy: &mut Policy) -> Parsed<()> {
    input.ident();
    let table = parse_table_name(parser, input)?;
    let Some(mut inside) = input.group(Delimiter::Brace) else {
        return Err(parser.expected(input, "`{` and chains"));
    };
    let mut families = FamilySet::BOTH;
    let first = policy.chains.len();
    let first_foreign = policy.foreign.len();
    while !inside.is_empty() {
        let parsed = (|| {
            let attributes = parse_attributes(parser, &mut inside);
            if attributes.absent {
                parser.skip_absent(&mut inside);
                return Ok(());
            }
            if inside.peek_ident().as_deref() != Some("chain") {
                refuse_all_but_cfg(parser, &attributes);
            }
            match inside.peek_ident().as_deref() {
                Some("family") => families = families.and(parse_family(parser, &mut inside)?.value),
                Some("chain") => {
                    let chain = parse_chain(parser, &mut inside, table, attributes)?;
                    policy.chains.push(chain);
                }
                Some("foreign") => {
                    inside.ident();
                    policy.foreign.push(parse_foreign(parser, &mut inside, table)?);
                }
                _ => return Err(parser.expected(&inside, "`chain`, `foreign chain` or `family`")),
            }
            Ok(())
        })();
        if parsed.is_err() {
            skip_item(&mut inside, &["chain", "foreign", "family"]);
        }
    }
    // `family` holds for the whole table, wherever in it it stands.
    for chain in &mut policy.chains[first..] {
        chain.families = chain.families.and(families);
    }
    for foreign in &mut policy.foreign[first_foreign..] {
        foreign.families = foreign.families.and(families);
    }
    Ok(())
}

fn parse_table_name(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<TableName> {
    let name = parse_name(parser, input, "the name of a table")?;
    find_table(parser, &name.text, name.loc)
}

pub(super) fn find_table(parser: &mut Parser, name: &str, loc: Loc) -> Parsed<TableName> {
    TableName::from_name(name).ok_or_else(|| {
        let help = nearest(name, TableName::ALL.map(TableName::name))
            .map(|name| format!("did you mean `{name}`?"))
            .unwrap_or_else(|| "the tables are filter, nat, mangle, raw and security".into());
        parser.fail(loc, format!("unknown table `{name}`"), Some(help))
    })
}

/// `chain NAME policy drop { … }`
fn parse_chain(
    parser: &mut Parser,
    input: &mut Input<'_>,
    table: TableName,
    attributes: Attributes,
) -> Parsed<Chain> {
    input.ident();
    let before = *input;
    let name = parse_name(parser, input, "the name of a chain")?;
    let doc = attributes.documentation();
    let definition = || Definition { doc: doc.clone(), ..Definition::default() };
    parser.names.place.table = table;
    parser.names.define(Space::Chains(table), &name.text, definition, before, *input);
    // A wrong policy or position is reported, and the chain goes on without one.
    let mut policy = parse_chain_policy(parser, input).unwrap_or(None);
    let position = parse_position(parser, input).unwrap_or(None);
    if policy.is_none() {
        policy = parse_chain_policy(parser, input).unwrap_or(None);
    }
    let empty = TokenBuffer::new2(TokenStream::new());
    let mut inside = input.group(Delimiter::Brace).unwrap_or_else(|| {
        // The chain is kept without its rules, so that jumps to it are no further errors.
        parser.expected(input, "`{` and rules");
        skip_item(input, &ITEMS);
        Input::new(empty.begin())
    });
    let mut families = FamilySet::BOTH;
    while begins_family(&inside) {
        match parse_family(parser, &mut inside) {
            Ok(family) => families = families.and(family.value),
            Err(Failed) => skip_statement(&mut inside),
        }
    }
    let body = parse_body(parser, inside);
    Ok(Chain {
        table,
        name: Located::new(name.text, name.loc),
        policy,
        position,
        families,
        doc,
        marks: attributes.marks,
        body,
    })
}

fn parse_chain_policy(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<Option<Located<ChainPolicy>>> {
    if !input.keyword("policy") {
        return Ok(None);
    }
    let start = input.span();
    let word = match input.ident() {
        Some(word) => word,
        None => return Err(parser.expected(input, "`accept` or `drop`")),
    };
    let loc = parser.loc(start, input.last);
    let policy = match word.as_str() {
        "accept" => ChainPolicy::Accept,
        "drop" => ChainPolicy::Drop,
        _ => {
            let help = Some("a policy is `accept` or `drop`".to_owned());
            return Err(parser.fail(loc, format!("`{word}` cannot be a chain's policy"), help));
        }
    };
    Ok(Some(Located::new(policy, loc)))
}
