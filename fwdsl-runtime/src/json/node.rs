//! Reading: a part of a document that knows where it stands.

use std::fmt;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::error::JsonError;
use super::place::Places;
use crate::nearest::nearest;

/// What is known while a document is read: the errors so far, and what places in it speak of.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) errors: Vec<JsonError>,
    pub(super) places: Places,
}

/// A part of the document.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    value: &'a Value,
    path: Path<'a>,
}

/// The way to a part from the top.
#[derive(Debug, Clone)]
struct Path<'a>(Option<Rc<(Path<'a>, Step<'a>)>>);

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Field(&'a str),
    Item(usize),
}

/// The fields of an object, of which none is unknown.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    node: Node<'a>,
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(step) = &self.0 else { return f.write_str("$") };
        let (parent, step) = &**step;
        parent.fmt(f)?;
        let is_word = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match step {
            Step::Field(name) if is_word(name) => write!(f, ".{name}"),
            Step::Field(name) => write!(f, "[{name:?}]"),
            Step::Item(index) => write!(f, "[{index}]"),
        }
    }
}

impl Reading {
    /// Notes what is wrong with a part.
    pub(super) fn fail<T>(
        &mut self,
        node: &Node<'_>,
        message: impl Into<String>,
        help: Option<String>,
    ) -> Option<T> {
        self.errors.push(JsonError { place: node.path.to_string(), message: message.into(), help });
        None
    }

    /// Notes that a word is none of those that its place knows.
    pub(super) fn unknown<'w, T>(
        &mut self,
        node: &Node<'_>,
        what: &str,
        word: &str,
        known: impl IntoIterator<Item = &'w str>,
    ) -> Option<T> {
        let help = nearest(word, known).map(|name| format!("did you mean `{name}`?"));
        self.fail(node, format!("unknown {what} `{word}`"), help)
    }
}

impl<'a> Node<'a> {
    /// The document itself.
    pub(super) fn root(value: &'a Value) -> Node<'a> {
        Node { value, path: Path(None) }
    }

    fn step(&self, step: Step<'a>, value: &'a Value) -> Node<'a> {
        Node { value, path: Path(Some(Rc::new((self.path.clone(), step)))) }
    }

    fn expected<T>(&self, what: &str, reading: &mut Reading) -> Option<T> {
        let found = match self.value {
            Value::Null => "`null`".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Number(number) => format!("`{number}`"),
            Value::String(text) => format!("the string {text:?}"),
            Value::Array(_) => "an array".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        reading.fail(self, format!("expected {what}, found {found}"), None)
    }

    /// An object with fields of these names alone.
    pub(super) fn fields(&self, known: &[&str], reading: &mut Reading) -> Option<Fields<'a>> {
        let Value::Object(map) = self.value else { return self.expected("an object", reading) };
        for (name, value) in map {
            if !known.contains(&name.as_str()) {
                let node = self.step(Step::Field(name), value);
                reading.unknown::<()>(&node, "field", name, known.iter().copied());
            }
        }
        Some(Fields { map, node: self.clone() })
    }

    /// One field of an object, whatever else there may be.
    pub(super) fn field(&self, name: &'static str, reading: &mut Reading) -> Option<Option<Node<'a>>> {
        let Value::Object(map) = self.value else { return self.expected("an object", reading) };
        Some(map.get(name).map(|value| self.step(Step::Field(name), value)))
    }

    /// An object with one of these fields, which says what it is, and perhaps its place beside it.
    pub(super) fn tagged(
        &self,
        tags: &[&str],
        reading: &mut Reading,
    ) -> Option<(&'a str, Node<'a>, Fields<'a>)> {
        let fields = self.fields(&[tags, &["loc"]].concat(), reading)?;
        let mut found = fields.map.iter().filter(|(name, _)| tags.contains(&name.as_str()));
        match (found.next(), found.next()) {
            (Some((name, value)), None) => Some((name, self.step(Step::Field(name), value), fields)),
            (Some((first, _)), Some((second, _))) => {
                reading.fail(self, format!("it is either `{first}` or `{second}`"), None)
            }
            (None, _) => {
                let tags: Vec<String> = tags.iter().map(|tag| format!("`{tag}`")).collect();
                reading.fail(self, format!("expected an object with one of {}", tags.join(", ")), None)
            }
        }
    }

    /// The items of an array.
    pub(super) fn items(&self, reading: &mut Reading) -> Option<Vec<Node<'a>>> {
        let Value::Array(items) = self.value else { return self.expected("an array", reading) };
        let items = items.iter().enumerate();
        Some(items.map(|(index, value)| self.step(Step::Item(index), value)).collect())
    }

    /// The items of an array, each read. Those that are wrong are left out, and noted.
    pub(super) fn each<T>(
        &self,
        reading: &mut Reading,
        mut read: impl FnMut(&Node<'a>, &mut Reading) -> Option<T>,
    ) -> Option<Vec<T>> {
        Some(self.items(reading)?.iter().filter_map(|item| read(item, reading)).collect())
    }

    /// A string.
    pub(super) fn text(&self, reading: &mut Reading) -> Option<&'a str> {
        let Value::String(text) = self.value else { return self.expected("a string", reading) };
        Some(text)
    }

    /// A whole number that fits the type.
    pub(super) fn number<T: TryFrom<u64>>(&self, reading: &mut Reading) -> Option<T> {
        let Some(number) = self.value.as_u64() else {
            return self.expected("a whole number from 0", reading);
        };
        match T::try_from(number) {
            Ok(number) => Some(number),
            Err(_) => {
                let bits = 8 * size_of::<T>();
                reading.fail(self, format!("`{number}` is too great: it is a number of {bits} bits"), None)
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, reading: &mut Reading) -> Option<bool> {
        let Value::Bool(value) = self.value else { return self.expected("`true` or `false`", reading) };
        Some(*value)
    }

    /// `true`, which a flag is if it is there.
    pub(super) fn flag(&self, reading: &mut Reading) -> Option<()> {
        if *self.value == Value::Bool(true) { Some(()) } else { self.expected("`true`", reading) }
    }

    /// A string that one of these is written as.
    pub(super) fn one_of<T: Copy>(
        &self,
        what: &str,
        all: &[T],
        name: impl Fn(T) -> &'static str,
        reading: &mut Reading,
    ) -> Option<T> {
        let word = self.text(reading)?;
        match all.iter().find(|item| name(**item) == word) {
            Some(item) => Some(*item),
            None => reading.unknown(self, what, word, all.iter().map(|item| name(*item))),
        }
    }

    /// A string that is parsed as a whole.
    pub(super) fn parsed<T>(
        &self,
        what: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        reading: &mut Reading,
    ) -> Option<T> {
        let text = self.text(reading)?;
        match parse(text) {
            Some(value) => Some(value),
            None => reading.fail(self, format!("`{text}` is not {what}"), None),
        }
    }
}

impl<'a> Fields<'a> {
    /// The object.
    pub(super) fn node(&self) -> &Node<'a> {
        &self.node
    }

    /// The field, if it is there.
    pub(super) fn optional(&self, name: &'static str) -> Option<Node<'a>> {
        self.map.get(name).map(|value| self.node.step(Step::Field(name), value))
    }

    /// The field.
    pub(super) fn required(&self, name: &'static str, reading: &mut Reading) -> Option<Node<'a>> {
        match self.optional(name) {
            Some(node) => Some(node),
            None => reading.fail(&self.node, format!("the field `{name}` is missing"), None),
        }
    }

    /// A string.
    pub(super) fn text(&self, name: &'static str, reading: &mut Reading) -> Option<String> {
        self.required(name, reading)?.text(reading).map(str::to_owned)
    }

    /// A whole number.
    pub(super) fn number<T: TryFrom<u64>>(&self, name: &'static str, reading: &mut Reading) -> Option<T> {
        self.required(name, reading)?.number(reading)
    }

    /// The items of an array, each read.
    pub(super) fn each<T>(
        &self,
        name: &'static str,
        reading: &mut Reading,
        read: impl FnMut(&Node<'a>, &mut Reading) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.required(name, reading)?.each(reading, read)
    }

    /// Whether a field is there and `true`.
    pub(super) fn is_true(&self, name: &'static str, reading: &mut Reading) -> Option<bool> {
        self.optional(name).map_or(Some(false), |node| node.boolean(reading))
    }

    /// What a field holds that may be left out: `Some(None)` if it is, `None` if it is wrong.
    pub(super) fn maybe<T>(
        &self,
        name: &'static str,
        reading: &mut Reading,
        read: impl FnOnce(&Node<'a>, &mut Reading) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.optional(name) {
            None => Some(None),
            Some(node) => read(&node, reading).map(Some),
        }
    }
}
