//! What `ipset save` prints of a set.

use std::collections::BTreeMap;
use std::fmt;

use super::normal::normal_entry;
use crate::ipset::{SetKind, find_kind};
use crate::restore_text::Protocols;

/// A set with its elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SavedSet {
    pub(super) name: String,
    pub(super) kind: &'static SetKind,
    /// The parameters, a flag with an empty value; without what the kernel chooses.
    pub(super) parameters: Vec<(String, String)>,
    /// In the order of the text, which only in a list means something.
    pub(super) elements: Vec<SavedElement>,
}

/// An element: numbers for names of protocols and types, so that it loads on every machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SavedElement {
    pub(super) entry: String,
    /// The words behind it, a flag with an empty value.
    pub(super) options: Vec<(String, String)>,
}

/// The parameters that stand without a value.
const FLAGS: [&str; 4] = ["counters", "comment", "skbinfo", "forceadd"];

/// Parses the text of one set. `None` if it is not such a text.
pub(super) fn parse(text: &str, protocols: &Protocols) -> Option<SavedSet> {
    let mut lines = text.lines();
    let mut words = lines.next()?.split_whitespace();
    let (Some("create"), Some(name), Some(kind)) = (words.next(), words.next(), words.next()) else {
        return None;
    };
    let mut set = SavedSet {
        name: name.to_owned(),
        kind: find_kind(kind).filter(|found| found.name == kind)?,
        parameters: parameters(words),
        elements: Vec::new(),
    };
    for line in lines {
        let element = line.strip_prefix("add ")?.strip_prefix(name)?.strip_prefix(' ')?;
        set.elements.push(SavedElement::parse(set.kind, element, protocols)?);
    }
    Some(set)
}

/// Parses parameters as they stand behind the kind.
pub(super) fn parameters<'a>(mut words: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    while let Some(word) = words.next() {
        let value = if FLAGS.contains(&word) { "" } else { words.next().unwrap_or_default() };
        if word != "initval" {
            parameters.push((word.to_owned(), value.to_owned()));
        }
    }
    parameters
}

impl SavedElement {
    /// Parses what stands behind `add NAME`.
    pub(super) fn parse(kind: &SetKind, text: &str, protocols: &Protocols) -> Option<SavedElement> {
        let (entry, mut rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut options = Vec::new();
        while !rest.is_empty() {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            let (value, after) = match word {
                "nomatch" | "wildcard" => ("", after),
                "comment" => after.strip_prefix('"')?.split_once('"')?,
                _ => after.split_once(' ').unwrap_or((after, "")),
            };
            options.push((word.to_owned(), value.to_owned()));
            rest = after.trim_start();
        }
        Some(SavedElement { entry: normal_entry(kind, entry, protocols), options })
    }

    /// What tells this element from another, beside its entry: not how long it stays and what it counted.
    fn lasting(&self) -> BTreeMap<&str, &str> {
        let passing = ["timeout", "packets", "bytes"];
        let lasting = self.options.iter().filter(|(word, _)| !passing.contains(&word.as_str()));
        lasting.map(|(word, value)| (word.as_str(), value.as_str())).collect()
    }

    /// Whether the set does the same with either element.
    pub(super) fn is_same(&self, other: &SavedElement) -> bool {
        self.entry == other.entry && self.lasting() == other.lasting()
    }
}

impl SavedSet {
    /// The parameters that make a difference and are printed by every version of ipset.
    fn lasting(&self) -> BTreeMap<&str, &str> {
        let told = |(word, value): &&(String, String)| {
            !matches!(word.as_str(), "hashsize" | "forceadd" | "size")
                && (word.as_str(), value.as_str()) != ("bucketsize", "12")
        };
        self.parameters.iter().filter(told).map(|(word, value)| (word.as_str(), value.as_str())).collect()
    }

    /// Whether both were made alike.
    pub(super) fn has_parameters_of(&self, other: &SavedSet) -> bool {
        self.kind == other.kind && self.lasting() == other.lasting()
    }

    /// Whether both hold the same elements.
    pub(super) fn has_elements_of(&self, other: &SavedSet) -> bool {
        if self.elements.len() != other.elements.len() {
            return false;
        }
        if self.kind.name == "list:set" {
            return self.elements.iter().zip(&other.elements).all(|(one, other)| one.is_same(other));
        }
        self.missing(other).is_empty()
    }

    /// The other's elements that this set does not hold, or holds with other words behind them.
    pub(super) fn missing(&self, other: &SavedSet) -> Vec<SavedElement> {
        let mine: BTreeMap<&str, &SavedElement> =
            self.elements.iter().map(|element| (element.entry.as_str(), element)).collect();
        let lacks = |element: &&SavedElement| {
            mine.get(element.entry.as_str()).is_none_or(|found| !found.is_same(element))
        };
        other.elements.iter().filter(lacks).cloned().collect()
    }

    /// Whether it was made with this parameter.
    pub(super) fn has(&self, parameter: &str) -> bool {
        self.parameters.iter().any(|(word, _)| word == parameter)
    }

    /// The value of a parameter.
    pub(super) fn value(&self, parameter: &str) -> Option<&str> {
        self.parameters.iter().find(|(word, _)| word == parameter).map(|(_, value)| value.as_str())
    }

    /// The text that makes and fills it, under another name if that is wanted. What every set has by itself is left
    /// out, since older versions of ipset do not know the word.
    pub(super) fn text(&self, name: &str) -> String {
        let mut text = format!("create {name} {}", self.kind.name);
        for (word, value) in &self.parameters {
            if (word.as_str(), value.as_str()) != ("bucketsize", "12") {
                text.push_str(&with_value(word, value));
            }
        }
        text.push('\n');
        for element in &self.elements {
            text.push_str(&format!("add {name} {element}\n"));
        }
        text
    }
}

fn with_value(word: &str, value: &str) -> String {
    match (word, value) {
        ("comment", text) if !text.is_empty() => format!(" comment \"{text}\""),
        (word, "") => format!(" {word}"),
        (word, value) => format!(" {word} {value}"),
    }
}

impl fmt::Display for SavedElement {
    /// What stands behind `add NAME`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.entry)?;
        self.options.iter().try_for_each(|(word, value)| f.write_str(&with_value(word, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "create a hash:ip,port family inet hashsize 2048 maxelem 65536 timeout 5 comment bucketsize 12 \
        initval 0x01\nadd a 10.0.0.1,tcp:80 timeout 3 comment \"a timeout 5\"\nadd a 10.0.0.1,icmp:echo-request timeout 0\n";

    fn parsed(text: &str) -> SavedSet {
        parse(text, &Protocols::default()).unwrap()
    }

    #[test]
    fn a_set_is_read_and_written_with_numbers() {
        let set = parsed(TEXT);
        assert_eq!(
            set.text("b"),
            "create b hash:ip,port family inet hashsize 2048 maxelem 65536 timeout 5 comment\n\
             add b 10.0.0.1,6:80 timeout 3 comment \"a timeout 5\"\nadd b 10.0.0.1,1:8/0 timeout 0\n"
        );
        assert_eq!(parse("create a hash:new x 1\n", &Protocols::default()), None);
        assert_eq!(parse("nonsense", &Protocols::default()), None);
    }

    #[test]
    fn what_passes_does_not_tell_sets_apart() {
        let set = parsed(TEXT);
        let grown = parsed(&TEXT.replace("hashsize 2048", "hashsize 64").replace("timeout 3", "timeout 1"));
        assert!(set.has_parameters_of(&grown) && set.has_elements_of(&grown));
        assert!(!set.has_parameters_of(&parsed(&TEXT.replace("maxelem 65536", "maxelem 6"))));
        assert!(!set.has_elements_of(&parsed(&TEXT.replace("a timeout 5", "b"))));
        let other = parsed(&TEXT.replace("10.0.0.1,tcp:80", "10.0.0.1,tcp:81"));
        assert!(!set.has_elements_of(&other));
        assert_eq!(set.missing(&other)[0].entry, "10.0.0.1,6:81");
    }
}
