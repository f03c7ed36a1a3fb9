//! Writing: an object that leaves out what says nothing.

use serde_json::{Map, Value};

/// An object that is being written.
#[derive(Debug, Default)]
pub(super) struct Object(Map<String, Value>);

impl Object {
    /// The object with a field.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Object {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The same with a field, if there is something to say.
    pub(super) fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Object {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with a field, if it is true.
    pub(super) fn if_true(self, name: &str, value: bool) -> Object {
        if value { self.with(name, true) } else { self }
    }

    /// The same with the field, if the text is not empty.
    pub(super) fn if_any(self, name: &str, text: &str) -> Object {
        if text.is_empty() { self } else { self.with(name, text) }
    }

    /// The same with an array.
    pub(super) fn list<T>(
        self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        write: impl FnMut(T) -> Value,
    ) -> Object {
        self.with(name, items.into_iter().map(write).collect::<Value>())
    }

    /// An object of one field.
    pub(super) fn one(name: &str, value: impl Into<Value>) -> Object {
        Object::default().with(name, value)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Value {
        Value::Object(object.0)
    }
}
