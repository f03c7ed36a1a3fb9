//! What can be read of the line of a rule that iptables would refuse.
//!
//! The line is taken apart into options with their values, a match or target with all of its options being one part. Part
//! after part is added to the command as long as iptables would take what is there; the others become text, of which
//! nothing is known.

use std::borrow::Cow;

use super::opaque::{opaque_match, opaque_target};
use super::option::{base_letter, base_option};
use super::reader::{Context, put_together};
use super::request::RequestKind;
use super::rule::parse_rule;
use super::words::split_words;
use crate::model::Rule;

type Words<'a> = Vec<Cow<'a, str>>;

/// What is left of a line that adds a rule.
pub(super) struct Salvaged {
    /// How it adds rules.
    pub(super) kind: RequestKind<'static>,
    pub(super) chain: String,
    /// None of them matches for certain.
    pub(super) rules: Vec<Rule>,
}

/// The rules that are left of a line which adds one; none if it does something else, or says no chain.
pub(super) fn salvage(text: &str, context: &Context<'_>) -> Option<Salvaged> {
    let text = text.strip_prefix('[').and_then(|text| text.split_once(']')).map_or(text, |(_, rest)| rest);
    let words = split_words(text).unwrap_or_else(|_| text.split_whitespace().map(Cow::Borrowed).collect());
    let mut parts = parts(&words);
    let command = parts.remove(parts.iter().position(|part| matches!(letter(part), Some('A' | 'I')))?);
    let mut kept = vec![command];
    let mut salvaged = read(&kept, context)?;
    let (mut lost, mut lost_target) = (Vec::new(), None);
    for part in parts {
        let is_target = matches!(letter(&part), Some('j' | 'g'));
        // Of a target that is known it does not matter here what its options say.
        let bare = part[..part.len().min(2)].to_vec();
        let is_taken = [part.clone(), bare].into_iter().take(1 + usize::from(is_target)).any(|part| {
            kept.push(part);
            let taken = read(&kept, context);
            if taken.is_none() {
                kept.pop();
            }
            taken.map(|taken| salvaged = taken).is_some()
        });
        match (is_taken, is_target) {
            (true, _) => {}
            (false, true) => lost_target = Some(part),
            (false, false) => lost.extend(part),
        }
    }
    for rule in &mut salvaged.rules {
        rule.matches.push(opaque_match(&lost.join(" "), context.loc));
        if let Some(target) = &lost_target {
            rule.verdicts.iter_mut().for_each(|it| it.action = opaque_target(&target.join(" "), context.loc));
        }
    }
    Some(salvaged)
}

/// What these parts make, if iptables takes them.
fn read(parts: &[Words<'_>], context: &Context<'_>) -> Option<Salvaged> {
    let words = parts.concat();
    let mut rules = Vec::new();
    let request = put_together(parse_rule(&words, context).ok()??, context, &mut rules).ok()?;
    let kind = match request.kind {
        RequestKind::Insert(1) => RequestKind::Insert(1),
        // A place in the chain that is not there is its end.
        _ => RequestKind::Append,
    };
    Some(Salvaged { kind, chain: request.chain?.to_owned(), rules })
}

/// Each option with its values and the `!` before it; `-m`, `-j` and `-g` with all that belongs to their extension.
fn parts<'a>(words: &[Cow<'a, str>]) -> Vec<Words<'a>> {
    let mut parts: Vec<Words<'a>> = Vec::new();
    let mut sign = None;
    for word in words {
        if word == "!" {
            sign = Some(word.clone());
            continue;
        }
        let is_option = word.len() > 1 && word.starts_with('-');
        let is_base = is_option && letter_of(word).is_some();
        let in_extension = parts.last().is_some_and(|part| matches!(letter(part), Some('m' | 'j' | 'g')));
        // The sign of `-s ! 10.0.0.1` stands behind the option.
        match parts.last_mut() {
            Some(part) if !is_option || in_extension && !is_base => part.extend(sign.take()),
            _ => parts.push(sign.take().into_iter().collect()),
        }
        if let Some(part) = parts.last_mut() {
            part.push(word.clone());
        }
    }
    parts
}

/// The letter of the option of iptables itself that a part begins with.
fn letter(part: &[Cow<'_, str>]) -> Option<char> {
    part.iter().find(|word| *word != "!").and_then(|word| letter_of(word))
}

fn letter_of(word: &str) -> Option<char> {
    match word.strip_prefix("--") {
        Some(name) => base_letter(name.split_once('=').map_or(name, |(name, _)| name)),
        None => word.strip_prefix('-')?.chars().next().filter(|letter| base_option(*letter).is_some()),
    }
}
