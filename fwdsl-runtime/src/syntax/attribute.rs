//! Attributes: doc comments, levels of lints, `#[exact]`, and `#![analysis_budget(…)]` of a whole policy.

use proc_macro2::Delimiter;

use super::ast::Marks;
use super::atom::parse_atom;
use super::fragment::predicate_key;
use super::input::Input;
use super::parser::{Parsed, Parser};
use crate::lint::{Level, LevelSetting};
use crate::loc::Located;
use crate::model::{BUDGET_ATTRIBUTE, EXACT_ATTRIBUTE, OPTIMISE_ATTRIBUTE};

/// The attributes before a statement or an item.
#[derive(Default)]
pub(super) struct Attributes {
    /// The doc comment, its lines joined by newlines.
    pub(super) doc: Option<Located<String>>,
    /// What is said of the rules below.
    pub(super) marks: Marks,
    /// How many steps the proof of an assertion may take.
    pub(super) analysis_budget: Option<u64>,
    /// Whether a `#[cfg(…)]` does not hold: what follows is not there.
    pub(super) absent: bool,
}

impl Attributes {
    /// The doc comment without the blank that its lines begin with; empty if there is none.
    pub(super) fn documentation(&self) -> String {
        self.doc.as_ref().map_or(String::new(), |doc| unindent(&doc.value))
    }
}

/// Reports what speaks of rules before what holds none.
pub(super) fn refuse_marks(parser: &mut Parser, attributes: &Attributes) {
    refuse_optimise(parser, attributes);
    let level = attributes.marks.levels.first().map(|level| (level.value.level.name(), level.loc));
    if let Some((name, loc)) = level.or(attributes.marks.exact.map(|loc| (EXACT_ATTRIBUTE, loc))) {
        let message = format!("`{name}` means nothing here");
        let help = "it stands before a rule, a block, a call or a chain, or with `#!` at the policy's top";
        parser.fail(loc, message, Some(help.into()));
    }
}

/// Reports what speaks of a chain as a whole before anything else.
pub(super) fn refuse_optimise(parser: &mut Parser, attributes: &Attributes) {
    if let Some(loc) = attributes.marks.optimise {
        let help = "it stands before a chain, or with `#!` at the policy's top";
        parser.fail(loc, format!("`{OPTIMISE_ATTRIBUTE}` means nothing here"), Some(help.into()));
    }
}

/// Reports what speaks of how rules are emitted before a definition.
pub(super) fn refuse_exact(parser: &mut Parser, attributes: &Attributes) {
    if attributes.marks.exact.is_some() {
        let marks = Marks { levels: Vec::new(), optimise: None, ..attributes.marks.clone() };
        refuse_marks(parser, &Attributes { marks, ..Attributes::default() });
    }
}

/// Reports what says nothing about a setting or a case: all but `#[cfg(…)]`.
pub(super) fn refuse_all_but_cfg(parser: &mut Parser, attributes: &Attributes) {
    refuse_marks(parser, attributes);
    if let Some(doc) = &attributes.doc {
        parser.fail(doc.loc, "a doc comment that nothing shows", Some("use `//`".into()));
    }
}

/// Takes off the blank that a doc comment's lines begin with.
fn unindent(doc: &str) -> String {
    let lines: Vec<&str> = doc.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n")
}

/// Reads the attributes that stand here, if any. A broken one is reported and left out, so that
/// what it stands before is still known.
pub(super) fn parse_attributes(parser: &mut Parser, input: &mut Input<'_>) -> Attributes {
    parse_all(parser, input, "#")
}

/// Reads the attributes of the whole policy, `#![allow(…)]` and `#![analysis_budget(…)]` at its top.
pub(super) fn parse_inner_attributes(parser: &mut Parser, input: &mut Input<'_>) -> Attributes {
    parse_all(parser, input, "#!")
}

fn parse_all(parser: &mut Parser, input: &mut Input<'_>, sign: &str) -> Attributes {
    let mut attributes = Attributes::default();
    while input.punct(sign) {
        let _reported = parse_attribute(parser, input, sign == "#!", &mut attributes);
    }
    attributes
}

fn parse_attribute(
    parser: &mut Parser,
    input: &mut Input<'_>,
    of_policy: bool,
    attributes: &mut Attributes,
) -> Parsed<()> {
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
        "allow" | "warn" | "deny" => {
            let level = Level::from_name(&name).expect("the names of this arm are levels");
            let Some(mut names) = inside.group(Delimiter::Parenthesis) else {
                return Err(parser.expected(&inside, "`(` and the name of a lint"));
            };
            while !names.is_empty() {
                let start = names.span();
                let Some(name) = names.ident() else {
                    return Err(parser.expected(&names, "the name of a lint"));
                };
                let loc = parser.loc(start, names.last);
                attributes.marks.levels.push(Located::new(LevelSetting { lint: name, level }, loc));
                if !names.is_empty() {
                    parser.require_punct(&mut names, ",")?;
                }
            }
            Ok(())
        }
        "cfg" if !of_policy => {
            let Some(predicate) = inside.group(Delimiter::Parenthesis) else {
                return Err(parser.expected(&inside, "`(` and a condition"));
            };
            let key = predicate_key(predicate.rest());
            let settled = parser.settled.predicates.iter().find(|(other, _)| *other == key);
            attributes.absent |= settled.is_some_and(|(_, holds)| !holds);
            Ok(())
        }
        EXACT_ATTRIBUTE => {
            if !inside.is_empty() {
                return Err(parser.expected(&inside, "`]`"));
            }
            attributes.marks.exact = Some(parser.loc(start, input.last));
            Ok(())
        }
        OPTIMISE_ATTRIBUTE => {
            if !inside.is_empty() {
                return Err(parser.expected(&inside, "`]`"));
            }
            attributes.marks.optimise = Some(parser.loc(start, input.last));
            Ok(())
        }
        BUDGET_ATTRIBUTE if of_policy => {
            attributes.analysis_budget = Some(parse_budget(parser, &mut inside)?);
            Ok(())
        }
        BUDGET_ATTRIBUTE => {
            let loc = parser.loc(start, input.last);
            let help = format!("at the top of the policy: `#![{BUDGET_ATTRIBUTE}(…)]`");
            Err(parser.fail(loc, format!("`{BUDGET_ATTRIBUTE}` is for the whole policy"), Some(help)))
        }
        _ => {
            let loc = parser.loc(start, input.last);
            let help = Some("a policy knows doc comments, `#[cfg(…)]`, `#[exact]`, `#[optimise]`, and `#[allow(LINT)]`, `#[warn(LINT)]`, `#[deny(LINT)]`".to_owned());
            Err(parser.fail(loc, format!("unknown attribute `{name}`"), help))
        }
    }
}

/// `(1_000_000)`, with underscores as in Rust.
fn parse_budget(parser: &mut Parser, input: &mut Input<'_>) -> Parsed<u64> {
    let Some(mut number) = input.group(Delimiter::Parenthesis) else {
        return Err(parser.expected(input, "`(` and a number of steps"));
    };
    let start = number.span();
    let text = number.piece().unwrap_or_default();
    let steps = text.replace('_', "").parse().ok().filter(|steps| *steps > 0);
    match steps {
        Some(steps) if number.is_empty() => Ok(steps),
        _ => {
            let loc = parser.loc(start, number.last);
            let help = "a whole number from 1: `#![analysis_budget(1_000_000)]`".to_owned();
            Err(parser.fail(loc, "not a number of steps", Some(help)))
        }
    }
}
