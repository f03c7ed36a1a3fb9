//! The whole nftables ruleset, as `nft -j list ruleset` prints it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::ApplyError;
use super::program::{Programs, Runner};
use crate::family::Family;
use crate::restore_text::builtin_chains;

/// One entry of the ruleset.
pub(crate) struct Object<'a> {
    /// `table`, `chain`, `rule`, `set`, …
    pub(crate) kind: &'a String,
    pub(crate) value: &'a Value,
}

/// The parsed ruleset.
pub(crate) struct Ruleset(Vec<Value>);

/// The program `nft`, if it is installed.
pub(crate) fn find(programs: &Programs) -> Option<PathBuf> {
    programs.find("nft")
}

/// Asks the kernel.
pub(crate) fn list(nft: &Path, runner: &Runner) -> Result<Ruleset, ApplyError> {
    parse(&runner.read(nft, &["-j", "list", "ruleset"])?)
}

/// Deletes a whole table.
pub(crate) fn delete_table(
    nft: &Path,
    runner: &Runner,
    family: Family,
    table: &str,
) -> Result<(), ApplyError> {
    runner.read(nft, &["delete", "table", family_name(family), table])?;
    Ok(())
}

pub(crate) fn parse(json: &str) -> Result<Ruleset, ApplyError> {
    let bad = |what: &str| ApplyError::NftOutput(what.to_owned());
    let mut value: Value = serde_json::from_str(json).map_err(|error| bad(&error.to_string()))?;
    match value.get_mut("nftables").map(Value::take) {
        Some(Value::Array(objects)) => Ok(Ruleset(objects)),
        _ => Err(bad("no list `nftables`")),
    }
}

/// nft's word for the family.
pub(crate) const fn family_name(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "ip",
        Family::Ipv6 => "ip6",
    }
}

impl Ruleset {
    fn objects(&self) -> impl Iterator<Item = Object<'_>> {
        self.0
            .iter()
            .filter_map(|object| object.as_object()?.iter().next())
            .map(|(kind, value)| Object { kind, value })
    }

    /// The table and everything in it.
    pub(crate) fn of_table(&self, family: Family, table: &str) -> impl Iterator<Item = Object<'_>> {
        self.objects().filter(move |object| {
            let own_name = if object.kind == "table" { "name" } else { "table" };
            text(object.value, "family") == Some(family_name(family))
                && text(object.value, own_name) == Some(table)
        })
    }

    /// The base chains at the hooks of `families` that are not those of iptables, in words.
    pub(crate) fn native_base_chains(&self, families: &[Family]) -> Vec<String> {
        self.objects().filter_map(|object| native_base_chain(&object, families)).collect()
    }
}

fn native_base_chain(object: &Object<'_>, families: &[Family]) -> Option<String> {
    let value = object.value;
    let hook = (object.kind == "chain").then(|| text(value, "hook")).flatten()?;
    let (family, table, chain) = (text(value, "family")?, text(value, "table")?, text(value, "name")?);
    let known = ["prerouting", "input", "forward", "output", "postrouting"].contains(&hook);
    let ours = family == "inet" || families.iter().any(|ours| family_name(*ours) == family);
    let of_iptables = family != "inet" && builtin_chains(table).is_some_and(|chains| chains.contains(&chain));
    let priority = value.get("prio").and_then(Value::as_i64).unwrap_or_default();
    (known && ours && !of_iptables).then(|| {
        format!("chain `{chain}` of nft table `{family} {table}` at hook {hook}, priority {priority}")
    })
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

/// An expression in nft's own words, as far as a reader needs them to find the rule.
pub(crate) fn expression_text(expression: &Value) -> String {
    let Some((kind, value)) = expression.as_object().and_then(|object| object.iter().next()) else {
        return operand(expression);
    };
    match kind.as_str() {
        "match" => {
            let part = |key: &str| value.get(key).map(operand).unwrap_or_default();
            let op = text(value, "op").unwrap_or_default();
            let op = if matches!(op, "==" | "in") { String::new() } else { format!("{op} ") };
            format!("{} {op}{}", part("left"), part("right"))
        }
        "jump" | "goto" => format!("{kind} {}", text(value, "target").unwrap_or_default()),
        "counter" if value.is_object() => "counter".to_owned(),
        "xt" => format!(
            "xt {} {}",
            text(value, "type").unwrap_or_default(),
            text(value, "name").unwrap_or_default()
        ),
        _ if value.is_null() => kind.clone(),
        _ => format!("{kind} {}", operand(value)),
    }
}

fn operand(value: &Value) -> String {
    let list = |values: &[Value], between: &str| values.iter().map(operand).collect::<Vec<_>>().join(between);
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => list(values, ","),
        Value::Object(object) => match object.iter().next().map(|(key, value)| (key.as_str(), value)) {
            Some(("meta", meta)) => text(meta, "key").unwrap_or_default().to_owned(),
            Some(("payload", payload)) if payload.get("protocol").is_some() => {
                format!(
                    "{} {}",
                    text(payload, "protocol").unwrap_or_default(),
                    text(payload, "field").unwrap_or_default()
                )
            }
            Some(("ct", ct)) => format!("ct {}", text(ct, "key").unwrap_or_default()),
            Some(("prefix", prefix)) => {
                format!(
                    "{}/{}",
                    text(prefix, "addr").unwrap_or_default(),
                    prefix.get("len").map(operand).unwrap_or_default()
                )
            }
            Some(("range", Value::Array(ends))) => list(ends, "-"),
            Some(("set", Value::Array(elements))) => format!("{{ {} }}", list(elements, ", ")),
            Some((operator @ ("&" | "|"), Value::Array(operands))) => {
                list(operands, &format!(" {operator} "))
            }
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}
