//! Matches and targets that the catalogue does not know, kept as text.

use super::rule::Parts;
use crate::catalogue::{Extension, RAW, RAW_MATCH};
use crate::loc::{Loc, Located};
use crate::model::{Action, Few, Match, OptionUse, Value};

/// The unknown parts of a rule.
#[derive(Debug, Default)]
pub(super) struct Raw {
    /// Each unknown match: before which of the others it stands, and its text.
    matches: Vec<(usize, String)>,
    target: Option<String>,
    open: Open,
}

/// Where words go that nothing known takes.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Open {
    #[default]
    Nothing,
    Match,
    Target,
}

impl Raw {
    pub(super) fn open_match(&mut self, name: &str, place: usize) {
        let mut text = "-m".to_owned();
        push_word(&mut text, name);
        self.matches.push((place, text));
        self.open = Open::Match;
    }

    pub(super) fn open_target(&mut self, name: &str) -> Action {
        let mut text = String::new();
        push_word(&mut text, name);
        self.target = Some(text);
        self.open = Open::Target;
        Action::Target { extension: &RAW, options: Vec::new() }
    }

    /// From here on words belong to something else.
    pub(super) fn close(&mut self) {
        self.open = Open::Nothing;
    }

    /// Takes a word, with the `!` before it, if something unknown is open.
    pub(super) fn take(&mut self, word: &str, inverted: bool) -> bool {
        let text = match self.open {
            Open::Nothing => return false,
            Open::Match => self.matches.last_mut().map(|(_, text)| text),
            Open::Target => self.target.as_mut(),
        };
        let Some(text) = text else { return false };
        if inverted {
            text.push_str(" !");
        }
        push_word(text, word);
        true
    }

    /// Puts the unknown matches among the others.
    pub(super) fn finish<'a>(self, mut parts: Parts<'a>, loc: Loc) -> Parts<'a> {
        for (place, text) in self.matches.into_iter().rev() {
            let entry =
                Match { extension: &RAW_MATCH, options: vec![text_option(&RAW_MATCH, text, loc)], loc };
            parts.matches.insert(place, entry);
        }
        if let (Some(text), Some(Action::Target { options, .. })) = (self.target, &mut parts.action) {
            options.push(text_option(&RAW, text, loc));
        }
        parts
    }
}

fn text_option(extension: &'static Extension, text: String, loc: Loc) -> OptionUse {
    let spec = &extension.options[0];
    OptionUse { spec, negated: false, values: Few::one(Located::new(Value::Text(text), loc)), loc }
}

/// Adds a word so that `iptables-restore` reads it as it is.
fn push_word(text: &mut String, word: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    if !word.is_empty() && !word.contains([' ', '\t', '"']) {
        text.push_str(word);
        return;
    }
    text.push('"');
    for c in word.chars() {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
}
