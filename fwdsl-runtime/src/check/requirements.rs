//! What an extension's options want of each other.

use crate::catalogue::{DefaultValue, Extension, Requirement, ValueKind};
use crate::diagnostic::Diagnostic;
use crate::lint::ODD_VALUE;
use crate::loc::Loc;
use crate::model::{HeaderOption, OptionUse, Span, Value};

pub(super) fn check_requirements(
    extension: &'static Extension,
    options: &[OptionUse],
    loc: Loc,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if extension.requirements.is_empty() {
        return;
    }
    let uses = Uses { extension, word: extension.word(), options };
    diagnostics.extend(extension.requirements.iter().filter_map(|requirement| uses.broken(requirement, loc)));
}

struct Uses<'a> {
    extension: &'static Extension,
    word: String,
    options: &'a [OptionUse],
}

impl Uses<'_> {
    fn find(&self, name: &str) -> Option<&OptionUse> {
        self.options.iter().find(|option| option.spec.name == name)
    }

    fn number(&self, name: &str) -> Option<u64> {
        match self.find(name)?.values().next()? {
            Value::Number(number) => Some(*number),
            Value::Time(time) => Some(u64::from(time.0)),
            Value::Moment(moment) => Some(u64::from(moment.0)),
            _ => None,
        }
    }

    fn broken(&self, requirement: &Requirement, loc: Loc) -> Option<Diagnostic> {
        match *requirement {
            Requirement::OneOf(names) => self.none_of(names, loc).or_else(|| self.two_of(names)),
            Requirement::AnyOf(names) => self.none_of(names, loc),
            Requirement::AtMostOneOf(names) => self.two_of(names),
            Requirement::Needs(name, others) => {
                let option = self.find(name)?;
                let there = others.iter().any(|other| self.find(other).is_some());
                (!there && !self.lacks_all_of(others)).then(|| self.lacks(option, &or(others)))
            }
            Requirement::WordNeeds { option, word, needs } => {
                let option = self.find(option)?;
                let there = has_word(option, word) && self.find(needs).is_none();
                there.then(|| self.lacks(option, &format!("`{needs}` when it is `{word}`")))
            }
            Requirement::OnlyWithWord { options, with, word } => {
                let option = self.options.iter().find(|option| options.contains(&option.spec.name))?;
                let there = match self.find(with) {
                    Some(other) => means_word(other, word),
                    None => self.is_default(with, word),
                };
                (!there).then(|| self.lacks(option, &format!("`{with} {word}`")))
            }
            Requirement::OnlyWithNumber { options, with, number } => {
                let option = self.options.iter().find(|option| options.contains(&option.spec.name))?;
                let there =
                    self.find(with).is_some_and(|other| !other.negated) && self.number(with) == Some(number);
                (!there).then(|| self.lacks(option, &format!("`{with} {number}`")))
            }
            Requirement::AtMost { option, values } => {
                let option = self.find(option)?;
                let count = option.values.len();
                let message =
                    format!("`{}` takes {values} values at most, and these are {count}", option.spec.name);
                let last_has_length = matches!(
                    option.values.last().map(|value| &value.value),
                    Some(Value::HeaderOption(HeaderOption { length: Some(_), .. }))
                );
                let message = match count == values && last_has_length {
                    true => format!("the last of {values} values of `{}` has no length", option.spec.name),
                    false if count > values => message,
                    false => return None,
                };
                Some(Diagnostic::error(option.loc, message))
            }
            Requirement::Bits { option, of } => self.beyond_bits(option, of),
            Requirement::Taken(requirement) => {
                let mut diagnostic = self.broken(requirement, loc)?;
                diagnostic.lint = Some(ODD_VALUE);
                Some(diagnostic)
            }
            Requirement::Below { less, more, or_equal, with } => self.not_below(less, more, or_equal, with),
            Requirement::Wide { option, most } => {
                let option = self.find(option)?;
                let Value::Span(Span { first, last }) = *option.values().next()? else { return None };
                let name = option.spec.name;
                let message = match last.checked_sub(first) {
                    Some(0) => format!("`{name}` takes a range, such as `0..=3`"),
                    Some(difference) if difference >= most => {
                        format!("`{name}` takes a range of {most} numbers at most")
                    }
                    _ => return None,
                };
                Some(Diagnostic::error(option.loc, message))
            }
        }
    }

    /// Whether it is said already that one of these is missing.
    fn lacks_all_of(&self, others: &[&str]) -> bool {
        self.extension.requirements.iter().any(|requirement| match requirement {
            Requirement::OneOf(names) | Requirement::AnyOf(names) => {
                others.iter().all(|other| names.contains(other))
                    && !names.iter().any(|name| self.find(name).is_some())
            }
            _ => false,
        })
    }

    fn none_of(&self, names: &[&str], loc: Loc) -> Option<Diagnostic> {
        if names.iter().any(|name| self.find(name).is_some()) {
            return None;
        }
        let message = match names {
            [name] => format!("`{}` needs its option `{name}`", self.word),
            _ => format!("`{}` needs one of its options {}", self.word, or(names)),
        };
        Some(Diagnostic::error(loc, message))
    }

    fn two_of(&self, names: &[&str]) -> Option<Diagnostic> {
        let mut there = self.options.iter().filter(|option| names.contains(&option.spec.name));
        let (first, second) = (there.next()?, there.next()?);
        let (one, other) = (second.spec.name, first.spec.name);
        let message = format!("`{}` takes `{one}` or `{other}`, not both", self.word);
        Some(Diagnostic::error(second.loc, message).note(format!("`{other}` is here"), Some(first.loc)))
    }

    /// Whether an option that is not written holds the word anyway.
    fn is_default(&self, name: &str, word: &str) -> bool {
        let default = self.extension.option(name).and_then(|spec| spec.default);
        matches!(default, Some(DefaultValue::Printed { ipv4, .. }) if ipv4 == word)
    }

    /// A number of a thing, or a mask of them, beyond how many there are.
    fn beyond_bits(&self, name: &str, of: &str) -> Option<Diagnostic> {
        let option = self.find(name)?;
        let (number, bits) = (self.number(name)?, self.number(of)?);
        let is_mask = matches!(option.spec.value, ValueKind::Hex { .. });
        let beyond = if is_mask { bits < 64 && number >> bits != 0 } else { number > bits };
        let message = format!("`{name}` goes beyond the {bits} of `{of}`");
        beyond.then(|| Diagnostic::error(option.loc, message))
    }

    fn lacks(&self, option: &OptionUse, what: &str) -> Diagnostic {
        Diagnostic::error(option.loc, format!("`{}` of `{}` needs {what}", option.spec.name, self.word))
    }

    fn not_below(&self, less: &str, more: &str, or_equal: bool, with: Option<&str>) -> Option<Diagnostic> {
        if with.is_some_and(|with| self.find(with).is_none()) {
            return None;
        }
        let (low, high) = (self.number(less)?, self.number(more)?);
        if low < high || or_equal && low == high {
            return None;
        }
        let must = if or_equal { "must not be greater than" } else { "must be less than" };
        let of = with.map_or(String::new(), |with| format!(" with `{with}`"));
        Some(Diagnostic::error(self.find(less)?.loc, format!("`{less}` {must} `{more}`{of}")))
    }
}

fn has_word(option: &OptionUse, word: &str) -> bool {
    let words = option.spec.value.words();
    option.values().any(|value| match value {
        Value::Word(index) => words.get(usize::from(*index)).is_some_and(|known| known.name == word),
        _ => false,
    })
}

/// Whether the option holds the word, or is anything but the others of its list.
fn means_word(option: &OptionUse, word: &str) -> bool {
    let words = option.spec.value.words();
    if !option.negated {
        return has_word(option, word);
    }
    words.iter().all(|known| (known.name == word) != has_word(option, known.name))
}

/// `` `a`, `b` or `c` ``
fn or(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => quoted.join(""),
    }
}
