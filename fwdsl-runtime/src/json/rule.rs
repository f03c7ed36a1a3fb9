//! Rules: matches and verdicts, each with its options by the names of the catalogue.

use serde_json::Value;

use super::chain::{read_families, read_levels, write_families, write_levels};
use super::fits::{check_count, fits};
use super::node::{Fields, Node, Reading};
use super::object::Object;
use super::place::{Writer, read_loc};
use super::value::{read_value, write_value};
use crate::catalogue::{self, Extension, Kind};
use crate::loc::{Loc, Located};
use crate::model::{Action, Match, OptionUse, Rule, Verdict};

pub(super) fn write_rule(rule: &Rule, around: Loc, writer: Writer<'_>) -> Value {
    let mut object = Object::default()
        .with("families", write_families(rule.families))
        .list("matches", &rule.matches, |entry| write_match(entry, rule.loc, writer))
        .list("verdicts", &rule.verdicts, |verdict| write_verdict(verdict, rule.loc, writer))
        .if_true("exact", rule.exact)
        .with("lints", write_levels(&rule.levels))
        .maybe("loc", writer.loc(rule.loc, around));
    if let Some(comment) = &rule.comment {
        object = object
            .with("comment", comment.value.as_str())
            .maybe("comment_loc", writer.loc(comment.loc, rule.loc));
    }
    object.into()
}

pub(super) fn read_rule(node: &Node<'_>, around: Loc, reading: &mut Reading) -> Option<Rule> {
    let known = ["families", "matches", "verdicts", "exact", "lints", "comment", "comment_loc", "loc"];
    let fields = node.fields(&known, reading)?;
    let loc = read_loc(&fields, "loc", around, reading)?;
    let families = fields.required("families", reading).and_then(|node| read_families(&node, reading));
    let matches = fields.each("matches", reading, |node, reading| read_match(node, loc, reading));
    let verdicts = fields.each("verdicts", reading, |node, reading| read_verdict(node, loc, reading));
    let comment = fields.maybe("comment", reading, |node, reading| {
        let loc = read_loc(&fields, "comment_loc", loc, reading)?;
        Some(Located::new(node.text(reading)?.to_owned(), loc))
    });
    let exact = fields.is_true("exact", reading);
    let levels = fields.maybe("lints", reading, read_levels);
    Some(Rule {
        families: families?,
        matches: matches?,
        verdicts: verdicts?.into_iter().collect(),
        comment: comment?,
        exact: exact?,
        levels: levels?.unwrap_or_default(),
        loc,
    })
}

/// `{"match": "tcp", "options": […]}`.
pub(super) fn write_match(entry: &Match, around: Loc, writer: Writer<'_>) -> Value {
    Object::one("match", entry.extension.word())
        .with("options", write_options(&entry.options, entry.loc, writer))
        .maybe("loc", writer.loc(entry.loc, around))
        .into()
}

pub(super) fn read_match(node: &Node<'_>, around: Loc, reading: &mut Reading) -> Option<Match> {
    let fields = node.fields(&["match", "options", "loc"], reading)?;
    let loc = read_loc(&fields, "loc", around, reading)?;
    let extension = read_extension(&fields.required("match", reading)?, Kind::Match, reading)?;
    Some(Match { extension, options: read_options(&fields, extension, loc, reading)?, loc })
}

fn write_verdict(verdict: &Verdict, around: Loc, writer: Writer<'_>) -> Value {
    write_action(&verdict.action, verdict.loc, writer).maybe("loc", writer.loc(verdict.loc, around)).into()
}

/// `{"action": "jump", "chain": …}`, or `{"action": "target", "target": "log", "options": […]}`.
pub(super) fn write_action(action: &Action, loc: Loc, writer: Writer<'_>) -> Object {
    match action {
        Action::Jump(chain) => Object::one("action", "jump").with("chain", chain.as_str()),
        Action::Goto(chain) => Object::one("action", "goto").with("chain", chain.as_str()),
        Action::Target { extension, options } => Object::one("action", "target")
            .with("target", extension.word())
            .with("options", write_options(options, loc, writer)),
    }
}

fn read_verdict(node: &Node<'_>, around: Loc, reading: &mut Reading) -> Option<Verdict> {
    let action = match node.field("action", reading)? {
        Some(action) => action.one_of("action", &["jump", "goto", "target"], |word| word, reading)?,
        None => return reading.fail(node, "the field `action` is missing", None),
    };
    let known: &[&str] = match action {
        "target" => &["action", "target", "options", "loc"],
        _ => &["action", "chain", "loc"],
    };
    let fields = node.fields(known, reading)?;
    let loc = read_loc(&fields, "loc", around, reading)?;
    let action = match action {
        "jump" => Action::Jump(fields.text("chain", reading)?),
        "goto" => Action::Goto(fields.text("chain", reading)?),
        _ => {
            let extension = read_extension(&fields.required("target", reading)?, Kind::Target, reading)?;
            Action::Target { extension, options: read_options(&fields, extension, loc, reading)? }
        }
    };
    Some(Verdict { action, loc })
}

/// The entry of the catalogue that a part names, by its word in the language.
pub(super) fn read_extension(
    node: &Node<'_>,
    kind: Kind,
    reading: &mut Reading,
) -> Option<&'static Extension> {
    let name = node.text(reading)?;
    let (entries, what): (Vec<&Extension>, &str) = match kind {
        Kind::Match => (catalogue::matches().collect(), "match"),
        Kind::Target => (catalogue::targets().collect(), "target"),
    };
    if let Some(extension) = entries.iter().find(|extension| extension.word() == name) {
        return Some(extension);
    }
    let words: Vec<String> = entries.iter().map(|extension| extension.word()).collect();
    reading.unknown(node, what, name, words.iter().map(String::as_str))
}

fn write_options(options: &[OptionUse], around: Loc, writer: Writer<'_>) -> Value {
    let write = |option: &OptionUse| -> Value {
        Object::one("option", option.spec.name)
            .if_true("negated", option.negated)
            .list("values", &option.values, |value| {
                let tagged = write_value(option.spec, &value.value);
                tagged.maybe("loc", writer.loc(value.loc, option.loc)).into()
            })
            .maybe("loc", writer.loc(option.loc, around))
            .into()
    };
    options.iter().map(write).collect()
}

fn read_options(
    fields: &Fields<'_>,
    extension: &'static Extension,
    around: Loc,
    reading: &mut Reading,
) -> Option<Vec<OptionUse>> {
    let options =
        fields.each("options", reading, |node, reading| read_option(node, extension, around, reading))?;
    // A rule's own parameters may be asked for more than once: `from 10.0.0.0/8 from !10.1.0.0/16`.
    let twice = |(index, option): (usize, &OptionUse)| {
        options[..index].iter().any(|other| other.spec == option.spec).then_some(option.spec.name)
    };
    let is_own = extension.kind == Kind::Match && !extension.module;
    match options.iter().enumerate().find_map(twice) {
        Some(name) if !is_own => {
            reading.fail(fields.node(), format!("`{name}` of `{}` is given twice", extension.word()), None)
        }
        _ => Some(options),
    }
}

fn read_option(
    node: &Node<'_>,
    extension: &'static Extension,
    around: Loc,
    reading: &mut Reading,
) -> Option<OptionUse> {
    let fields = node.fields(&["option", "negated", "values", "loc"], reading)?;
    let loc = read_loc(&fields, "loc", around, reading)?;
    let name_node = fields.required("option", reading)?;
    let name = name_node.text(reading)?;
    let Some(spec) = extension.options.iter().find(|spec| spec.name == name) else {
        let what = format!("option of `{}`", extension.word());
        return reading.unknown(&name_node, &what, name, extension.options.iter().map(|spec| spec.name));
    };
    let nodes = fields.required("values", reading)?.items(reading)?;
    if let Some(problem) = check_count(spec, nodes.len()) {
        return reading.fail(node, problem, None);
    }
    let values = nodes.iter().filter_map(|node| {
        let (value, loc) = read_value(node, spec, loc, reading)?;
        if !fits(spec.value, &value) {
            let message = format!("`{name}` of `{}` takes no such value", extension.word());
            return reading.fail(node, message, None);
        }
        Some(Located::new(value, loc))
    });
    let values = values.collect();
    Some(OptionUse { spec, negated: fields.is_true("negated", reading)?, values, loc })
}
