//! JSON Schema (draft 2020-12), as much of it as the schemas of this repository use.
//!
//! A keyword that is not known here is an error in the schema, never skipped, so that a schema cannot say what nobody
//! checks. Every object must close its list of fields, so that a document cannot hold what the schema does not know.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

/// Keywords that say nothing about a document.
const SILENT: [&str; 6] = ["$schema", "$id", "$defs", "title", "description", "examples"];

/// A schema.
#[derive(Debug)]
pub struct Schema {
    root: Value,
}

/// Why a document does not fit.
#[derive(Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Where in the document.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

type Checked = Result<(), Misfit>;

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// If it is no JSON, holds a keyword that is not known here, refers to what it does not have, or has an object
    /// that takes any field.
    pub fn new(text: &str) -> Result<Schema, String> {
        let root: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let schema = Schema { root };
        let mut used = BTreeSet::new();
        schema.examine(&schema.root, "#", &mut used)?;
        let defined = schema.root["$defs"].as_object().into_iter().flat_map(Map::keys);
        for name in defined {
            schema.examine(&schema.root["$defs"][name], &format!("#/$defs/{name}"), &mut used)?;
        }
        let defined = schema.root["$defs"].as_object().into_iter().flat_map(Map::keys);
        match defined.into_iter().find(|name| !used.contains(*name)) {
            Some(name) => Err(format!("`{name}` is never used")),
            None => Ok(schema),
        }
    }

    /// Whether the document fits.
    ///
    /// # Errors
    /// The first place where it does not.
    pub fn check(&self, document: &Value) -> Checked {
        self.fits(&self.root, document, "$")
    }

    /// Whether the schema itself says only what is understood here.
    fn examine(&self, schema: &Value, place: &str, used: &mut BTreeSet<String>) -> Result<(), String> {
        let Value::Object(keywords) = schema else { return Err(format!("{place}: no object")) };
        if keywords.contains_key("properties")
            && keywords.get("additionalProperties") != Some(&Value::Bool(false))
        {
            return Err(format!("{place}: an object that takes any field"));
        }
        for (keyword, value) in keywords {
            let place = format!("{place}/{keyword}");
            match keyword.as_str() {
                "type" | "const" | "minimum" | "maximum" | "minLength" | "maxLength" | "uniqueItems" => {}
                "enum" | "required" if value.is_array() => {}
                "additionalProperties" if *value == Value::Bool(false) => {}
                "$ref" => {
                    let name = definition(value).ok_or(format!("{place}: {value}"))?;
                    self.root["$defs"].get(name).ok_or(format!("{place}: no `{name}`"))?;
                    used.insert(name.to_owned());
                }
                "items" => self.examine(value, &place, used)?,
                "properties" | "oneOf" => {
                    let parts: Vec<&Value> = match value {
                        Value::Object(parts) => parts.values().collect(),
                        Value::Array(parts) => parts.iter().collect(),
                        _ => return Err(format!("{place}: {value}")),
                    };
                    parts.into_iter().try_for_each(|part| self.examine(part, &place, used))?;
                }
                silent if SILENT.contains(&silent) => {}
                _ => return Err(format!("{place}: the keyword is not known here")),
            }
        }
        Ok(())
    }

    fn fits(&self, schema: &Value, value: &Value, path: &str) -> Checked {
        let Value::Object(keywords) = schema else { return misfit(path, "the schema is no object") };
        for (keyword, wanted) in keywords {
            self.fits_keyword(keyword, wanted, schema, value, path)?;
        }
        Ok(())
    }

    fn fits_keyword(
        &self,
        keyword: &str,
        wanted: &Value,
        schema: &Value,
        value: &Value,
        path: &str,
    ) -> Checked {
        let within = |holds: bool| match holds {
            true => Ok(()),
            false => misfit(path, format!("{value} breaks `{keyword}: {wanted}`")),
        };
        let length = |text: &str| Some(text.chars().count() as u64);
        match keyword {
            "type" => within(match wanted {
                Value::Array(types) => types.iter().any(|name| is_of_type(value, name)),
                name => is_of_type(value, name),
            }),
            "const" => within(value == wanted),
            "enum" => within(wanted.as_array().is_some_and(|words| words.contains(value))),
            "minimum" => within(value.as_u64() >= wanted.as_u64() || !value.is_number()),
            "maximum" => within(value.as_u64() <= wanted.as_u64() || !value.is_number()),
            "minLength" => within(value.as_str().is_none_or(|text| length(text) >= wanted.as_u64())),
            "maxLength" => within(value.as_str().is_none_or(|text| length(text) <= wanted.as_u64())),
            "uniqueItems" => within(value.as_array().is_none_or(|items| {
                items.iter().enumerate().all(|(index, item)| !items[..index].contains(item))
            })),
            "required" => {
                let (Some(fields), Some(wanted)) = (value.as_object(), wanted.as_array()) else {
                    return Ok(());
                };
                let missing =
                    wanted.iter().filter_map(Value::as_str).find(|name| !fields.contains_key(*name));
                missing.map_or(Ok(()), |name| misfit(path, format!("`{name}` is missing")))
            }
            "properties" => {
                let Some(fields) = value.as_object() else { return Ok(()) };
                fields.iter().try_for_each(|(name, field)| match wanted.get(name) {
                    Some(schema) => self.fits(schema, field, &format!("{path}.{name}")),
                    None => Ok(()),
                })
            }
            "additionalProperties" => {
                let Some(fields) = value.as_object() else { return Ok(()) };
                let unknown = fields.keys().find(|name| schema["properties"].get(*name).is_none());
                unknown.map_or(Ok(()), |name| misfit(path, format!("`{name}` is not known")))
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                items
                    .into_iter()
                    .try_for_each(|(index, item)| self.fits(wanted, item, &format!("{path}[{index}]")))
            }
            "$ref" => match definition(wanted).and_then(|name| self.root["$defs"].get(name)) {
                Some(schema) => self.fits(schema, value, path),
                None => misfit(path, format!("no {wanted}")),
            },
            "oneOf" => {
                let choices = wanted.as_array().into_iter().flatten();
                let (fitting, mut misfits) = choices
                    .map(|choice| self.fits(choice, value, path))
                    .partition::<Vec<_>, _>(Result::is_ok);
                match (fitting.len(), misfits.len()) {
                    (1, _) => Ok(()),
                    // What got furthest is what was meant.
                    (0, 1..) => {
                        misfits.sort_by_key(|misfit| misfit.as_ref().err().map(|misfit| misfit.path.len()));
                        misfits.pop().unwrap_or(Ok(()))
                    }
                    (several, _) => misfit(path, format!("{value} is {several} of the choices")),
                }
            }
            _ => Ok(()),
        }
    }
}

/// The definition that `#/$defs/NAME` names.
fn definition(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix("#/$defs/")
}

fn is_of_type(value: &Value, name: &Value) -> bool {
    match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        Some("integer") => value.is_u64() || value.is_i64(),
        _ => false,
    }
}

fn misfit(path: &str, message: impl Into<String>) -> Checked {
    Err(Misfit { path: path.to_owned(), message: message.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Schema {
        let text = json!({
            "type": "object",
            "properties": {
                "n": { "type": "integer", "minimum": 1, "maximum": 3 },
                "words": { "type": "array", "items": { "enum": ["a", "b"] }, "uniqueItems": true },
                "text": { "type": "string", "minLength": 1, "maxLength": 2 },
                "choice": { "oneOf": [{ "$ref": "#/$defs/one" }, { "const": null }] },
            },
            "required": ["n"],
            "additionalProperties": false,
            "$defs": {
                "one": {
                    "type": "object", "properties": { "x": { "type": ["boolean", "null"] } },
                    "required": ["x"], "additionalProperties": false
                },
            },
        });
        Schema::new(&text.to_string()).unwrap()
    }

    #[test]
    fn what_fits_is_told_from_what_does_not() {
        let schema = schema();
        let whole = json!({ "n": 2, "words": ["b", "a"], "text": "éé", "choice": { "x": true } });
        assert_eq!(schema.check(&whole), Ok(()));
        assert_eq!(schema.check(&json!({ "n": 1, "choice": null })), Ok(()));
        for (document, path) in [
            (json!([]), "$"),
            (json!({}), "$"),
            (json!({ "n": 0 }), "$.n"),
            (json!({ "n": 4 }), "$.n"),
            (json!({ "n": "1" }), "$.n"),
            (json!({ "n": 1.5 }), "$.n"),
            (json!({ "n": 1, "m": 1 }), "$"),
            (json!({ "n": 1, "words": ["a", "c"] }), "$.words[1]"),
            (json!({ "n": 1, "words": ["a", "a"] }), "$.words"),
            (json!({ "n": 1, "words": "a" }), "$.words"),
            (json!({ "n": 1, "text": "" }), "$.text"),
            (json!({ "n": 1, "text": "abc" }), "$.text"),
            (json!({ "n": 1, "choice": {} }), "$.choice"),
            (json!({ "n": 1, "choice": { "x": 1 } }), "$.choice.x"),
            (json!({ "n": 1, "choice": { "x": null, "y": 1 } }), "$.choice"),
        ] {
            assert_eq!(
                schema.check(&document).map_err(|misfit| misfit.path),
                Err(path.to_owned()),
                "{document}"
            );
        }
    }

    #[test]
    fn a_schema_that_nobody_would_check_is_refused() {
        for (schema, message) in [
            (json!({ "pattern": "^a" }), "not known here"),
            (json!({ "properties": {} }), "takes any field"),
            (json!({ "properties": {}, "additionalProperties": true }), "takes any field"),
            (json!({ "$ref": "#/$defs/none" }), "no `none`"),
            (json!({ "$ref": "other.json" }), "other.json"),
            (json!({ "$defs": { "a": { "type": "string" } } }), "never used"),
            (json!({ "items": { "format": "ipv4" } }), "not known here"),
        ] {
            let error = Schema::new(&schema.to_string()).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
        assert!(Schema::new("{").is_err());
    }
}
