//! A rule as iptables has it, in the forms that the language has for it: natural, exact, raw.

use super::quote::doc_comment;
use crate::catalogue::{
    COMMENT, CONNMARK, CORE, Extension, HASHLIMIT, IPRANGE, MARK, MULTIPORT, OptionSpec, PORTS, RAW,
    RAW_MATCH, SCTP, TCP, UDP,
};
use crate::family::{Family, FamilySet};
use crate::loc::{Loc, Located};
use crate::lower::saved_options;
use crate::model::{Action, Few, Masked, Match, OptionUse, Rule, SetRef, Value, Verdict};

/// How strictly a rule is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// As a person would write it: matches in any order, what goes without saying left out.
    Natural,
    /// As iptables has it, match by match.
    Exact,
    /// As text that nothing looks into.
    Raw,
}

/// A rule of the firewall as it is to be emitted.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) matches: Vec<Match>,
    pub(super) action: Action,
    /// The whole line, `-A INPUT …`.
    pub(super) text: String,
    /// How many bytes of the text are `-A INPUT`.
    pub(super) prefix: usize,
    pub(super) family: Family,
    /// Where the model has it.
    pub(super) loc: Loc,
    /// What was said of it where it comes from.
    pub(super) notes: Vec<String>,
}

/// The line as a rule of the language in this form; `None` if it cannot be said so.
pub(super) fn rule_of(line: &Line, form: Form) -> Option<Rule> {
    match form {
        Form::Natural => natural(line),
        Form::Exact => Some(exact(line)),
        Form::Raw => Some(raw(line)),
    }
}

fn rule(matches: Vec<Match>, action: Action, comment: Option<String>, exact: bool) -> Rule {
    Rule {
        families: FamilySet::BOTH,
        matches,
        verdicts: Few::one(Verdict { action, loc: Loc::default() }),
        comment: comment.map(|comment| Located::new(comment, Loc::default())),
        exact,
        levels: Vec::new(),
        loc: Loc::default(),
    }
}

fn one(extension: &'static Extension, option: OptionUse) -> Match {
    Match { extension, options: vec![option], loc: Loc::default() }
}

fn spec(extension: &'static Extension, name: &str) -> &'static OptionSpec {
    extension.option(name).expect("an option of the catalogue")
}

/// The comment at the rule's end, and the matches before it.
fn split_comment(matches: &[Match]) -> (&[Match], Option<String>) {
    if let [before @ .., last] = matches
        && *last.extension == COMMENT
        && let Some(Value::Text(text)) = last.options.first().and_then(|option| option.values().next())
        && !text.is_empty()
    {
        return (before, Some(text.clone()));
    }
    (matches, None)
}

fn natural(line: &Line) -> Option<Rule> {
    let (before, comment) = split_comment(&line.matches);
    let mut matches = Vec::new();
    for entry in before {
        natural_match(entry, line.family, &mut matches)?;
    }
    Some(rule(matches, simple_action(&line.action, line.family), comment, false))
}

/// Ports, addresses and the core parameters as the language's own; other matches as they are.
fn natural_match(entry: &Match, family: Family, matches: &mut Vec<Match>) -> Option<()> {
    let extension = entry.extension;
    if *extension == COMMENT || entry.options.is_empty() && !extension.bare {
        return None;
    }
    if *extension == CORE {
        matches.extend(entry.options.iter().map(|option| one(&CORE, plain(option))));
    } else if [&TCP, &UDP, &SCTP, &MULTIPORT].contains(&extension) {
        for option in &entry.options {
            let ports = PORTS.option(option.spec.name.trim_end_matches('s'));
            matches.push(match ports {
                Some(spec) => one(&PORTS, OptionUse { spec, ..plain(option) }),
                None => one(extension, plain(option)),
            });
        }
    } else if *extension == IPRANGE {
        for option in &entry.options {
            let name = if option.spec.name == "src-range" { "from" } else { "to" };
            matches.push(one(&CORE, OptionUse { spec: spec(&CORE, name), ..plain(option) }));
        }
    } else {
        let mut entry = simple_match(entry, family);
        if *extension == HASHLIMIT {
            unsign(&mut entry)?;
        }
        matches.push(entry);
    }
    Some(())
}

/// Takes off the name of a table what the lowering adds to it. Without that the name is not one of the language's.
fn unsign(entry: &mut Match) -> Option<()> {
    let option = entry.options.iter_mut().find(|option| option.spec.name == "name")?;
    let name = option.values.first_mut()?;
    let Value::Text(text) = &name.value else { return None };
    let (own, sign) = text.rsplit_once('-')?;
    let is_sign = sign.len() == 4 && sign.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
    let own = (is_sign && !own.is_empty()).then(|| own.to_owned())?;
    name.value = Value::Text(own);
    Some(())
}

fn exact(line: &Line) -> Rule {
    let (before, comment) = split_comment(&line.matches);
    // A doc comment cannot hold every text; the match can.
    let (before, comment) = match comment.as_deref().map(doc_comment) {
        Some(None) => (&line.matches[..], None),
        _ => (before, comment),
    };
    let matches = before.iter().map(|entry| simple_match(entry, line.family)).collect();
    rule(matches, simple_action(&line.action, line.family), comment, true)
}

fn raw(line: &Line) -> Rule {
    let all = line.text[line.prefix..].trim();
    let target = line.matches.is_empty().then_some(0).or_else(|| target_start(all));
    let (matches, action) = all.split_at(target.unwrap_or(all.len()));
    let text = |extension: &'static Extension, text: &str| {
        let value = Located::new(Value::Text(text.trim().to_owned()), Loc::default());
        OptionUse {
            spec: &extension.options[0],
            negated: false,
            values: Few::one(value),
            loc: Loc::default(),
        }
    };
    let matches = match matches.trim() {
        "" => Vec::new(),
        matches => vec![one(&RAW_MATCH, text(&RAW_MATCH, matches))],
    };
    let action = match (action.strip_prefix("-j "), &line.action) {
        (Some(target), Action::Target { options, .. }) if !options.is_empty() => {
            Action::Target { extension: &RAW, options: vec![text(&RAW, target)] }
        }
        _ => line.action.clone(),
    };
    rule(matches, action, None, true)
}

/// Where in the text of a rule the target begins, outside of quotes.
fn target_start(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    let mut found = None;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'-' if !quoted && (text[at..].starts_with("-j ") || text[at..].starts_with("-g ")) => {
                let begins = at == 0 || text.as_bytes()[at - 1] == b' ';
                found = found.or(begins.then_some(at));
            }
            _ => {}
        }
    }
    found
}

/// The option without its places.
fn plain(option: &OptionUse) -> OptionUse {
    let plain = |value: &Value| match value {
        Value::Set(set) => Value::Set(SetRef { kernel: None, ..set.clone() }),
        value => value.clone(),
    };
    let values = option.values().map(|value| Located::new(plain(value), Loc::default())).collect();
    OptionUse { spec: option.spec, negated: option.negated, values, loc: Loc::default() }
}

fn simple_match(entry: &Match, family: Family) -> Match {
    let options = simple_options(entry.extension, &entry.options, family);
    Match { extension: entry.extension, options, loc: Loc::default() }
}

fn simple_action(action: &Action, family: Family) -> Action {
    match action {
        Action::Target { extension, options } => {
            Action::Target { extension, options: simple_options(extension, options, family) }
        }
        Action::Jump(_) | Action::Goto(_) => action.clone(),
    }
}

/// The options without those that are emitted all the same if they are left out.
fn simple_options(extension: &'static Extension, options: &[OptionUse], family: Family) -> Vec<OptionUse> {
    let mut options: Vec<OptionUse> = options.iter().map(plain).collect();
    if [&MARK, &CONNMARK].contains(&extension) {
        options.iter_mut().for_each(|option| simple_mark(extension, option));
    }
    if *extension == CORE || options.iter().all(|option| option.spec.required) {
        return options;
    }
    let saved = saved_options(extension, &options, family);
    let mut at = 0;
    while at < options.len() {
        let option = options.remove(at);
        if option.spec.required || saved_options(extension, &options, family) != saved {
            options.insert(at, option);
            at += 1;
        }
    }
    options
}

/// `set` for `set-xmark` where it says the same.
fn simple_mark(extension: &'static Extension, option: &mut OptionUse) {
    let [value] = &mut *option.values else { return };
    if let ("set-xmark", Value::Masked(masked)) = (option.spec.name, &mut value.value)
        && masked.value & !masked.mask() == 0
    {
        option.spec = spec(extension, "set");
        if masked.mask() == u32::MAX {
            *masked = Masked::whole(masked.value);
        }
    }
}
