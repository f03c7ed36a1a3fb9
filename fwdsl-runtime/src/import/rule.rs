//! The words of one command, walked through as getopt_long(3) does for iptables.
//!
//! An option that no loaded extension has may belong to the match of the protocol, which iptables then loads: so
//! `-p tcp --dport 22` is `-p tcp -m tcp --dport 22`.

use std::borrow::Cow;

use super::core::Core;
use super::error::Reason;
use super::modules::{find_match, find_protocol_match, find_target};
use super::option::{Argument, BaseOption, Found, Loaded, NotFound, base_option, find_long, long_names};
use super::raw::Raw;
use super::request::{Request, RequestKind};
use super::strict::check_as_written;
use super::value::{Place, read_pair, read_values, takes_two};
use super::{Context, Unknown};
use crate::catalogue::{Extension, MULTIPORT, OptionSpec, ValueKind};
use crate::loc::Located;
use crate::model::{Action, Match, OptionUse, Value};
use crate::nearest::nearest;

/// A command as it was read, its parts not yet put together.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) request: Option<Request>,
    pub(super) core: Core,
    pub(super) matches: Vec<Match>,
    pub(super) action: Option<Action>,
    pub(super) counters: Option<(u64, u64)>,
    /// The first option that only makes sense with a rule, as it was written.
    pub(super) option_of_rule: Option<String>,
}

/// Reads the words of a command. None if the line is for the other family.
pub(super) fn parse_rule(words: &[Cow<'_, str>], context: &Context<'_>) -> Result<Option<Parts>, Reason> {
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
    for entry in &walk.parts.matches {
        check_as_written(entry.extension, &entry.options)?;
    }
    if let Some(Action::Target { extension, options }) = &walk.parts.action {
        check_as_written(extension, options)?;
    }
    Ok(Some(walk.raw.finish(walk.parts, context.loc)))
}

/// What a word led to.
enum Step {
    Done,
    OtherFamily,
}

struct Walk<'a> {
    words: &'a [Cow<'a, str>],
    /// The next word.
    at: usize,
    context: &'a Context<'a>,
    /// The extensions whose options are known, the one loaded last at the end.
    loaded: Vec<Loaded>,
    /// Whether a `!` waits for its option.
    invert: bool,
    raw: Raw,
    parts: Parts,
}

impl<'a> Walk<'a> {
    fn take_word(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at)?;
        self.at += 1;
        Some(word)
    }

    /// The next word if it is not an option, as iptables looks for a second value.
    fn take_value(&mut self) -> Option<&'a str> {
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
        let (name, attached) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
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

    /// One or more letters behind one dash; what follows a letter that takes a value is its value.
    fn short(&mut self, word: &'a str) -> Result<Step, Reason> {
        let mut rest = &word[1..];
        while let Some(letter) = rest.chars().next() {
            rest = &rest[letter.len_utf8()..];
            // The option of this number has no letter.
            let Some(base) = base_option(letter).filter(|base| base.letter != '0') else {
                if self.raw.take(word, self.invert) {
                    return Ok(Step::Done);
                }
                return Err(Reason::new(format!("unknown option `-{letter}`")));
            };
            let attached = (!rest.is_empty() && base.argument != Argument::None).then_some(rest);
            let written = format!("-{letter}");
            check_attached(&written, &Found::Base(base), attached)?;
            let value = self.argument(&written, base.argument, attached)?;
            if let Step::OtherFamily = self.base(&written, base, value)? {
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
            Argument::None if attached.is_some() => Err(Reason::new(format!("`{written}` takes no value"))),
            Argument::None => Ok(None),
            Argument::Attached => Ok(attached),
            Argument::Required => match attached.or_else(|| self.take_word()) {
                Some(value) => Ok(Some(value)),
                None => Err(Reason::new(format!("`{written}` lacks its value"))),
            },
        }
    }

    /// The value behind a `!` that stands after the option, as releases before 1.4.3 wrote it.
    fn value_behind_sign(&mut self, value: &'a str, negatable: bool) -> Result<&'a str, Reason> {
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

    /// The option of the protocol's own match, which is loaded for it.
    fn load_protocol(&mut self, name: &str) -> Option<Found> {
        let extension = find_protocol_match(self.parts.core.protocol_word()?, self.context.family)?;
        if self.loaded.iter().any(|loaded| loaded.extension == extension) {
            return None;
        }
        let loaded = Loaded { extension, entry: Some(self.parts.matches.len()) };
        let found = find_long(name, &[loaded], self.context.family).ok()?;
        self.raw.close();
        self.add_match(extension);
        Some(found)
    }

    fn add_match(&mut self, extension: &'static Extension) {
        let entry = Some(self.parts.matches.len());
        match self.loaded.iter_mut().find(|loaded| loaded.extension == extension && loaded.entry.is_some()) {
            // Its options are known already; from here on they belong to the new one.
            Some(loaded) => loaded.entry = entry,
            None => self.loaded.push(Loaded { extension, entry }),
        }
        self.parts.matches.push(Match { extension, options: Vec::new(), loc: self.context.loc });
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

    /// An option of an extension.
    fn option(
        &mut self,
        loaded: Loaded,
        spec: &'static OptionSpec,
        stands_for: Option<&'static Value>,
        written: &str,
        value: Option<&'a str>,
    ) -> Result<(), Reason> {
        let spec = self.of_element(loaded, spec)?;
        let mut place = Place { extension: loaded.extension, spec, family: self.context.family };
        let values = match (value, stands_for) {
            (_, Some(value)) => vec![value.clone()],
            (None, None) => Vec::new(),
            (Some(value), None) => {
                let value = self.value_behind_sign(value, spec.negatable)?;
                if let Some((flag, _)) = spec.flag.split_once(' ') {
                    place.spec = told_apart(loaded.extension, flag, value)?;
                    let second = self.take_value();
                    let second =
                        second.ok_or_else(|| Reason::new(format!("`{written}` takes two values")))?;
                    read_values(place, second)?
                } else if takes_two(spec) {
                    let second = self.take_value();
                    let second =
                        second.ok_or_else(|| Reason::new(format!("`{written}` takes two values")))?;
                    vec![read_pair(place, value, second)?]
                } else {
                    read_values(place, value)?
                }
            }
        };
        let spec = place.spec;
        if says_nothing(place, &values) && !self.invert {
            return Ok(());
        }
        let loc = self.context.loc;
        let values = values.into_iter().map(|value| Located::new(value, loc)).collect();
        let option = OptionUse { spec, negated: self.invert, values, loc };
        let options = match (loaded.entry, &mut self.parts.action) {
            (Some(entry), _) => &mut self.parts.matches[entry].options,
            (None, Some(Action::Target { options, .. })) => options,
            _ => return Err(Reason::new(format!("`{written}` without its target"))),
        };
        if options.iter().any(|other| other.spec == spec) {
            return Err(Reason::new(format!("`{written}` can be given once")));
        }
        options.push(option);
        Ok(())
    }

    /// The same option of the element that is being read, where the extension describes a list of them.
    fn of_element(&self, loaded: Loaded, spec: &'static OptionSpec) -> Result<&'static OptionSpec, Reason> {
        let Some(entry) = loaded.entry.filter(|_| spec.element != 0) else { return Ok(spec) };
        let ended = self.parts.matches[entry].options.iter().filter(|option| option.spec.flag == "--next");
        let element = ended.count() as u8 + 1;
        let mut specs = loaded.extension.options.iter();
        let found = specs.find(|other| other.flag == spec.flag && other.element == element);
        found.ok_or_else(|| Reason::new(format!("`{}` for an element too many", spec.flag)))
    }

    /// An option of iptables itself.
    fn base(&mut self, written: &str, base: BaseOption, value: Option<&'a str>) -> Result<Step, Reason> {
        let letter = base.letter;
        match (letter, value) {
            ('4' | '6', _) => {
                let own =
                    if letter == '4' { crate::family::Family::Ipv4 } else { crate::family::Family::Ipv6 };
                return Ok(if own == self.context.family { Step::Done } else { Step::OtherFamily });
            }
            ('v' | 'M', _) => {}
            ('A' | 'C' | 'D' | 'E' | 'F' | 'I' | 'L' | 'N' | 'P' | 'R' | 'S' | 'X' | 'Z', _) => {
                self.request(written, letter, value)?;
            }
            ('m', Some(name)) => self.match_module(name)?,
            ('j', Some(name)) => self.jump(name)?,
            ('g', Some(name)) => self.goto(name)?,
            ('c', Some(packets)) => self.counters(packets)?,
            ('f', _) => self.parts.core.fragment(self.invert, self.context)?,
            ('s' | 'd' | 'p' | 'i' | 'o', Some(value)) => {
                let value = self.value_behind_sign(value, true)?;
                self.parts.core.set(letter, value, self.invert, self.context)?;
            }
            ('t', _) => {
                return Err(Reason::new("a table in a line: the line `*NAME` above it says the table"));
            }
            _ => return Err(Reason::new(format!("`{written}` has no place in a file of rules"))),
        }
        if matches!(letter, 'm' | 'j' | 'g' | 'c' | 'f' | 's' | 'd' | 'p' | 'i' | 'o') {
            self.parts.option_of_rule.get_or_insert_with(|| written.to_owned());
        }
        Ok(Step::Done)
    }

    fn request(&mut self, written: &str, letter: char, value: Option<&'a str>) -> Result<(), Reason> {
        if self.invert {
            return Err(Reason::new(format!("`{written}` cannot be negated")));
        }
        if self.parts.request.is_some() {
            return Err(Reason::new(format!("`{written}` is a second command in one line")));
        }
        let optional = matches!(letter, 'F' | 'L' | 'S' | 'X' | 'Z');
        let chain = if optional { value.or_else(|| self.take_value()) } else { value };
        let with_number = matches!(letter, 'D' | 'I' | 'R' | 'L' | 'S' | 'Z');
        let number = if with_number { self.rule_number()? } else { None };
        let lacks = |what: &str| Reason::new(format!("`{written}` lacks {what}"));
        let kind = match letter {
            'A' => RequestKind::Append,
            'I' => RequestKind::Insert(number.unwrap_or(1)),
            'C' => RequestKind::Check,
            'D' => number.map_or(RequestKind::Delete, RequestKind::DeleteNumber),
            'R' => RequestKind::Replace(number.ok_or_else(|| lacks("the number of a rule"))?),
            'F' => RequestKind::Flush,
            'N' => RequestKind::New,
            'X' => RequestKind::DeleteChain,
            'Z' => RequestKind::Zero(number),
            'E' => {
                let name = self.take_value().ok_or_else(|| lacks("the chain's new name"))?;
                RequestKind::Rename(name.to_owned())
            }
            'P' => {
                let policy = self.take_value().ok_or_else(|| lacks("the policy"))?;
                RequestKind::Policy(policy.to_owned())
            }
            _ => RequestKind::List,
        };
        self.parts.request = Some(Request { kind, chain: chain.map(str::to_owned) });
        Ok(())
    }

    fn rule_number(&mut self) -> Result<Option<usize>, Reason> {
        let Some(word) = self.take_value() else { return Ok(None) };
        match super::value::parse_number(word, i32::MAX as u64) {
            Some(number @ 1..) => Ok(Some(number as usize)),
            _ => Err(Reason::new(format!("`{word}` is not the number of a rule, which begins at 1"))),
        }
    }

    fn match_module(&mut self, name: &str) -> Result<(), Reason> {
        if self.invert {
            return Err(Reason::new("a `!` before `-m`: it stands before an option of the match"));
        }
        self.raw.close();
        match find_match(name, self.context.family) {
            Some(extension) => self.add_match(extension),
            None if self.context.unknown == Unknown::Raw => {
                self.raw.open_match(name, self.parts.matches.len())
            }
            None => return Err(super::modules::unknown_match(name, self.context.family)),
        }
        Ok(())
    }

    fn jump(&mut self, name: &str) -> Result<(), Reason> {
        self.check_jump("-j")?;
        self.raw.close();
        self.parts.action = Some(match find_target(name, self.context.family) {
            Some(extension) => {
                self.loaded.push(Loaded { extension, entry: None });
                Action::Target { extension, options: Vec::new() }
            }
            None if self.context.is_chain(name) => Action::Jump(name.to_owned()),
            None if self.context.unknown == Unknown::Raw => self.raw.open_target(name),
            None => return Err(super::modules::unknown_target(name, self.context)),
        });
        Ok(())
    }

    fn goto(&mut self, name: &str) -> Result<(), Reason> {
        self.check_jump("-g")?;
        self.raw.close();
        if !self.context.is_chain(name) {
            return Err(super::modules::unknown_chain(name, self.context));
        }
        self.parts.action = Some(Action::Goto(name.to_owned()));
        Ok(())
    }

    fn check_jump(&self, written: &str) -> Result<(), Reason> {
        if self.invert {
            return Err(Reason::new(format!("`{written}` cannot be negated")));
        }
        if self.parts.action.is_some() {
            return Err(Reason::new(format!("`{written}` is a second target in one rule")));
        }
        Ok(())
    }

    /// `-c PACKETS BYTES` or `-c PACKETS,BYTES`
    fn counters(&mut self, packets: &'a str) -> Result<(), Reason> {
        let (packets, bytes) = match packets.split_once(',') {
            Some((packets, bytes)) => (packets, Some(bytes)),
            None => (packets, self.take_value()),
        };
        let number = |text: &str| text.parse::<u64>().ok();
        match (self.parts.counters, number(packets), bytes.and_then(number)) {
            (None, Some(packets), Some(bytes)) => self.parts.counters = Some((packets, bytes)),
            (Some(_), ..) => return Err(Reason::new("`-c` can be given once")),
            _ => return Err(Reason::new("`-c` takes two numbers: packets and bytes")),
        }
        Ok(())
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

/// The option of an extension that is printed as a flag and this word behind it.
fn told_apart(extension: &'static Extension, flag: &str, word: &str) -> Result<&'static OptionSpec, Reason> {
    let is_meant = |spec: &&OptionSpec| {
        spec.flag
            .split_once(' ')
            .is_some_and(|(name, known)| name == flag && known.eq_ignore_ascii_case(word))
    };
    extension.options.iter().find(is_meant).ok_or_else(|| Reason::new(format!("`{flag}` knows no `{word}`")))
}

/// Whether an option that is not negated says what holds anyway, so that iptables does not save it.
fn says_nothing(place: Place, values: &[Value]) -> bool {
    let every_port = |value: &Value| matches!(value, Value::Ports(ports) if ports.is_everything());
    place.spec.only_negated
        || place.spec.value == ValueKind::Port
            && *place.extension != MULTIPORT
            && values.iter().all(every_port)
}
