//! The words of one command, walked through as getopt_long(3) does for iptables.
//!
//! An option that no loaded extension has may belong to the match of the protocol, which iptables then loads: so
//! `-p tcp --dport 22` is `-p tcp -m tcp --dport 22`.

use std::borrow::Cow;

use super::core::Core;
use super::error::Reason;
use super::hashlimit;
use super::option::{Argument, BaseOption, Found, Loaded, NotFound, base_option, find_long, long_names};
use super::raw::Raw;
use super::reader::Context;
use super::request::Request;
use super::strict::check_as_written;
use crate::catalogue::ValueKind;
use crate::model::{Action, Match};
use crate::nearest::nearest;

/// A command as it was read, its parts not yet put together.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    pub(super) request: Option<Request<'a>>,
    pub(super) core: Core<'a>,
    pub(super) matches: Vec<Match>,
    pub(super) action: Option<Action>,
    pub(super) counters: Option<(u64, u64)>,
    /// The first option that only makes sense with a rule, as it was written.
    pub(super) option_of_rule: Option<&'a str>,
}

/// Reads the words of a command. None if the line is for the other family.
pub(super) fn parse_rule<'a>(
    words: &'a [Cow<'a, str>],
    context: &Context<'_>,
) -> Result<Option<Parts<'a>>, Reason> {
    let mut walk = Walk {
        words,
        at: 0,
        context,
        loaded: Vec::new(),
        invert: false,
        raw: Raw::default(),
        parts: Parts::default(),
    };
    while let Some(word) = walk.take_word() {
        match walk.word(word)? {
            Step::Done => {}
            Step::OtherFamily => return Ok(None),
        }
    }
    if walk.invert {
        return Err(Reason::new("nothing follows the `!`"));
    }
    for entry in &mut walk.parts.matches {
        check_as_written(entry.extension, &entry.options)?;
        hashlimit::settle(entry.extension, &mut entry.options);
    }
    if let Some(Action::Target { extension, options }) = &walk.parts.action {
        check_as_written(extension, options)?;
    }
    Ok(Some(walk.raw.finish(walk.parts, context.loc)))
}

/// What a word led to.
pub(super) enum Step {
    Done,
    OtherFamily,
}

/// A walk through the words of a command.
pub(super) struct Walk<'a, 'c> {
    pub(super) words: &'a [Cow<'a, str>],
    /// The next word.
    pub(super) at: usize,
    pub(super) context: &'c Context<'c>,
    /// The extensions whose options are known, the one loaded last at the end.
    pub(super) loaded: Vec<Loaded>,
    /// Whether a `!` waits for its option.
    pub(super) invert: bool,
    pub(super) raw: Raw,
    pub(super) parts: Parts<'a>,
}

impl<'a> Walk<'a, '_> {
    pub(super) fn take_word(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at)?;
        self.at += 1;
        Some(word)
    }

    /// The next word if it is not an option, as iptables looks for a second value.
    pub(super) fn take_value(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at).filter(|word| !word.starts_with(['-', '!']))?;
        self.at += 1;
        Some(word)
    }

    fn word(&mut self, word: &'a str) -> Result<Step, Reason> {
        if word == "!" {
            if self.invert {
                return Err(Reason::new("two `!` in a row"));
            }
            self.invert = true;
            return Ok(Step::Done);
        }
        let step = if let Some(long) = word.strip_prefix("--") {
            self.long(word, long)
        } else if word.len() > 1 && word.starts_with('-') {
            self.short(word)
        } else if self.raw.take(word, self.invert) {
            Ok(Step::Done)
        } else {
            Err(Reason::new(format!("`{word}` is no option, and no option takes it as its value")))
        };
        self.invert = false;
        step
    }

    fn long(&mut self, word: &'a str, long: &'a str) -> Result<Step, Reason> {
        if long.is_empty() {
            return match self.words.get(self.at) {
                Some(next) => Err(Reason::new(format!("`{next}` behind `--` is no option"))),
                None => Ok(Step::Done),
            };
        }
        let (name, attached) = match long.bytes().position(|byte| byte == b'=') {
            Some(sign) => (&long[..sign], Some(&long[sign + 1..])),
            None => (long, None),
        };
        let found = match find_long(name, &self.loaded, self.context.family) {
            Ok(found) => found,
            Err(not_found) => match self.load_protocol(name) {
                Some(found) => found,
                None if self.raw.take(word, self.invert) => return Ok(Step::Done),
                None => return Err(self.not_found(name, &not_found)),
            },
        };
        let found = self.without_value(found, attached);
        let written = &word[..name.len() + 2];
        check_attached(written, &found, attached)?;
        let value = self.argument(written, found.argument(), attached)?;
        match found {
            Found::Base(base) => self.base(written, base, value),
            Found::Extension { loaded, spec, stands_for } => {
                self.option(loaded, spec, stands_for, written, value).map(|()| Step::Done)
            }
        }
    }

    /// Where a value may be left out, the option without one is another of the same name.
    fn without_value(&self, found: Found, attached: Option<&str>) -> Found {
        let Found::Extension { loaded, spec, stands_for: None } = found else { return found };
        let has_value =
            attached.is_some() || self.words.get(self.at).is_some_and(|word| !word.starts_with('-'));
        let mut specs = loaded.extension.options.iter();
        match specs.find(|other| other.flag == spec.flag && other.value == ValueKind::Flag) {
            Some(spec) if !has_value => Found::Extension { loaded, spec, stands_for: None },
            _ => found,
        }
    }

    /// One or more letters behind one dash; what follows a letter that takes a value is its value.
    fn short(&mut self, word: &'a str) -> Result<Step, Reason> {
        // Before any of it is carried out: the whole word is an unknown extension's, or none of it.
        if let Some(letter) = unknown_letter(word) {
            if self.raw.take(word, self.invert) {
                return Ok(Step::Done);
            }
            return Err(Reason::new(format!("unknown option `-{letter}`")));
        }
        let mut rest = &word[1..];
        while let Some(base) = rest.chars().next().and_then(short_option) {
            rest = &rest[base.letter.len_utf8()..];
            let attached = (!rest.is_empty() && base.argument != Argument::None).then_some(rest);
            let written = base.dashed;
            check_attached(written, &Found::Base(base), attached)?;
            let value = self.argument(written, base.argument, attached)?;
            if let Step::OtherFamily = self.base(written, base, value)? {
                return Ok(Step::OtherFamily);
            }
            if attached.is_some() {
                break;
            }
        }
        Ok(Step::Done)
    }

    fn argument(
        &mut self,
        written: &str,
        argument: Argument,
        attached: Option<&'a str>,
    ) -> Result<Option<&'a str>, Reason> {
        match argument {
            Argument::None | Argument::Behind if attached.is_some() => {
                Err(Reason::new(format!("`{written}` takes no value")))
            }
            Argument::None => Ok(None),
            Argument::Attached => Ok(attached),
            Argument::Behind => {
                let value = self.words.get(self.at).is_some_and(|word| !word.starts_with(['-', '!']));
                Ok(if value { self.take_word() } else { None })
            }
            Argument::Required => match attached.or_else(|| self.take_word()) {
                Some(value) => Ok(Some(value)),
                None => Err(Reason::new(format!("`{written}` lacks its value"))),
            },
        }
    }

    /// The value behind a `!` that stands after the option, as releases before 1.4.3 wrote it.
    pub(super) fn value_behind_sign(&mut self, value: &'a str, negatable: bool) -> Result<&'a str, Reason> {
        if value != "!" || !negatable {
            return Ok(value);
        }
        let Some(behind) = self.words.get(self.at).filter(|word| !word.starts_with('-')) else {
            return Ok(value);
        };
        if self.invert {
            return Err(Reason::new("a `!` before the option and another one behind it"));
        }
        self.at += 1;
        self.invert = true;
        Ok(behind)
    }

    fn not_found(&self, name: &str, not_found: &NotFound) -> Reason {
        match not_found {
            NotFound::Ambiguous(one, other) => {
                Reason::new(format!("`--{name}` may be `--{one}` or `--{other}`"))
            }
            NotFound::Unknown => {
                let reason = Reason::new(format!("unknown option `--{name}`"));
                match nearest(name, long_names(&self.loaded)) {
                    Some(known) => reason.help(format!("did you mean `--{known}`?")),
                    None => reason,
                }
            }
        }
    }
}

/// A value that is attached to one of these iptables does not read: it takes the whole word for it, `-ieth0` for the
/// interface `-ieth0`.
fn check_attached(written: &str, found: &Found, attached: Option<&str>) -> Result<(), Reason> {
    match (found, attached) {
        (Found::Base(BaseOption { letter: 's' | 'd' | 'p' | 'i' | 'o' | 'j', .. }), Some(value)) => {
            let message =
                format!("`{written}` with its value attached, which iptables takes for the value itself");
            Err(Reason::new(message).help(format!("put a blank between them: `{written} {}`", value)))
        }
        _ => Ok(()),
    }
}

/// The option of iptables itself that has this letter.
fn short_option(letter: char) -> Option<BaseOption> {
    // The option of this number has no letter.
    base_option(letter).filter(|base| base.letter != '0')
}

/// The first letter behind one dash that is no option, up to one that takes the rest of the word as its value.
fn unknown_letter(word: &str) -> Option<char> {
    for letter in word.chars().skip(1) {
        match short_option(letter) {
            None => return Some(letter),
            Some(base) if base.argument != Argument::None => return None,
            Some(_) => {}
        }
    }
    None
}
