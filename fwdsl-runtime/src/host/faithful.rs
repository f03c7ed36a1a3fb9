//! Whether `iptables-nft-save` tells the truth about a table.
//!
//! Under nft, a table can hold what iptables cannot say, and `iptables-nft-save` then prints something else in
//! silence. So each chain and rule, as `nft -j list ruleset` gives it (libnftables-json(5)), must have a shape
//! that iptables-nft itself makes. What is not known to be such a shape is not trusted.

use std::collections::HashSet;
use std::fmt;

use serde_json::Value;

use super::nft::{self, Ruleset};
use crate::family::Family;
use crate::restore_text::builtin_chains;

/// Something that iptables cannot say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfaithful {
    /// The family of its table.
    pub family: Family,
    /// Its table.
    pub table: String,
    /// Its chain, if it is one or is in one.
    pub chain: Option<String>,
    /// The handle that `nft -a list` prints, by which it can be deleted.
    pub handle: Option<u64>,
    /// What it is, as nft prints it if it is a rule.
    pub what: String,
}

impl fmt::Display for Unfaithful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {} {}", nft::family_name(self.family), self.table)?;
        if let Some(chain) = &self.chain {
            write!(f, ", chain {chain}")?;
        }
        if let Some(handle) = self.handle {
            write!(f, ", handle {handle}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// What `table` of `family` holds that iptables cannot say.
pub(crate) fn check(ruleset: &Ruleset, family: Family, table: &str) -> Vec<Unfaithful> {
    let mut found = Vec::new();
    for object in ruleset.of_table(family, table) {
        let text = |key: &str| object.value.get(key).and_then(Value::as_str).map(str::to_owned);
        let problem = match object.kind.as_str() {
            "table" => check_table(object.value),
            "chain" => check_chain(table, object.value),
            "rule" => check_rule(family, object.value),
            other => Some(format!("a {other} named `{}`", text("name").unwrap_or_default())),
        };
        if let Some(what) = problem {
            let chain = if object.kind == "chain" { text("name") } else { text("chain") };
            let handle = object.value.get("handle").and_then(Value::as_u64);
            found.push(Unfaithful { family, table: table.to_owned(), chain, handle, what });
        }
    }
    found
}

fn check_table(table: &Value) -> Option<String> {
    ["flags", "comment"].into_iter().find_map(|key| Some(format!("the table has {key}: {}", table.get(key)?)))
}

/// The type, hook and priority that iptables gives a built-in chain.
fn builtin_hook(table: &str, chain: &str) -> Option<(&'static str, &'static str, i64)> {
    if !builtin_chains(table)?.contains(&chain) {
        return None;
    }
    let hook = match chain {
        "PREROUTING" => "prerouting",
        "INPUT" => "input",
        "FORWARD" => "forward",
        "OUTPUT" => "output",
        _ => "postrouting",
    };
    let (kind, priority) = match (table, chain) {
        ("raw", _) => ("filter", -300),
        ("mangle", "OUTPUT") => ("route", -150),
        ("mangle", _) => ("filter", -150),
        ("nat", "PREROUTING" | "OUTPUT") => ("nat", -100),
        ("nat", _) => ("nat", 100),
        // Not the 50 of the legacy variant's.
        ("security", _) => ("filter", 150),
        _ => ("filter", 0),
    };
    Some((kind, hook, priority))
}

fn check_chain(table: &str, chain: &Value) -> Option<String> {
    let text = |key: &str| chain.get(key).and_then(Value::as_str);
    let name = text("name").unwrap_or_default();
    if chain.get("comment").is_some() {
        return Some("the chain has a comment".to_owned());
    }
    match (builtin_hook(table, name), text("hook")) {
        (None, None) => None,
        (None, Some(hook)) => Some(format!("a base chain at hook {hook} under a name that is not iptables'")),
        (Some(_), None) => Some("a chain without a hook under the name of a built-in chain".to_owned()),
        (Some((kind, hook, priority)), Some(_)) => {
            let same = text("type") == Some(kind)
                && text("hook") == Some(hook)
                && chain.get("prio").and_then(Value::as_i64) == Some(priority)
                && matches!(text("policy"), None | Some("accept" | "drop"));
            let found = format!("{chain}");
            (!same)
                .then(|| format!("not the chain that iptables makes ({kind}, {hook}, {priority}): {found}"))
        }
    }
}

fn check_rule(family: Family, rule: &Value) -> Option<String> {
    let expressions = rule.get("expr").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let known = is_rule_of_iptables(family, expressions);
    (!known).then(|| expressions.iter().map(nft::expression_text).collect::<Vec<_>>().join(" "))
}

/// Base fields, then matches, then one counter, then at most one target.
fn is_rule_of_iptables(family: Family, expressions: &[Value]) -> bool {
    let mut rule = RuleShape::default();
    let mut expressions = expressions.iter();
    for expression in expressions.by_ref() {
        if expression.get("counter").is_some_and(is_plain_counter) {
            let target = expressions.next();
            return target.is_none_or(is_target) && expressions.next().is_none();
        }
        if !rule.add(family, expression) {
            return false;
        }
    }
    false
}

/// A named counter would be a string.
fn is_plain_counter(counter: &Value) -> bool {
    counter.is_object()
}

fn is_target(expression: &Value) -> bool {
    let Some((kind, value)) = only_entry(expression) else { return false };
    match kind {
        "accept" | "drop" | "return" => value.is_null(),
        "jump" | "goto" => value.get("target").is_some_and(Value::is_string),
        "xt" => is_xt(value, "target"),
        "log" => is_nflog(value),
        _ => false,
    }
}

/// Only iptables makes these. An nft without xtables support prints `null`.
fn is_xt(value: &Value, kind: &str) -> bool {
    value.is_null() || value.get("type").and_then(Value::as_str) == Some(kind)
}

/// NFLOG: a log with a group. LOG is an xt target, so levels and flags are nft's own.
fn is_nflog(log: &Value) -> bool {
    let keys = ["group", "prefix", "snaplen", "queue-threshold"];
    log.get("group").is_some()
        && log.as_object().is_some_and(|log| log.keys().all(|key| keys.contains(&key.as_str())))
}

/// What was seen of a rule so far.
#[derive(Default)]
struct RuleShape {
    /// Fields that iptables can hold once; it would forget the first of two.
    seen: HashSet<String>,
    /// A match was seen; base fields come before, since iptables evaluates them first.
    matches: bool,
    /// The protocol that a header field implies.
    protocol: Option<String>,
}

impl RuleShape {
    fn add(&mut self, family: Family, expression: &Value) -> bool {
        let Some((kind, value)) = only_entry(expression) else { return false };
        match kind {
            "match" => self.add_match(family, value),
            "xt" => {
                self.matches = true;
                is_xt(value, "match")
            }
            "limit" => {
                self.matches = true;
                is_limit(value)
            }
            _ => false,
        }
    }

    fn add_match(&mut self, family: Family, value: &Value) -> bool {
        let (Some(op), Some(left), Some(right)) =
            (value.get("op").and_then(Value::as_str), value.get("left"), value.get("right"))
        else {
            return false;
        };
        let (field, mask) = match left.get("&").and_then(Value::as_array).map(Vec::as_slice) {
            None => (left, None),
            Some([field, mask]) => (field, Some(mask)),
            Some(_) => return false,
        };
        let equal = matches!(op, "==" | "!=");
        if let Some(meta) = field.get("meta").and_then(|meta| meta.get("key")).and_then(Value::as_str) {
            return match meta {
                "iifname" | "oifname" => equal && mask.is_none() && is_scalar(right) && self.base_field(meta),
                "l4proto" => mask.is_none() && self.protocol(op, right),
                "mark" => {
                    self.matches = true;
                    equal && right.is_u64() && mask.is_none_or(Value::is_u64)
                }
                _ => false,
            };
        }
        let Some(payload) = field.get("payload") else { return false };
        let part = |key: &str| payload.get(key).and_then(Value::as_str);
        let (Some(protocol), Some(field)) = (part("protocol"), part("field")) else { return false };
        match (protocol, field) {
            ("ip", "saddr" | "daddr") if family == Family::Ipv4 => {
                equal && is_address(right, mask) && self.base_field(field)
            }
            ("ip6", "saddr" | "daddr") if family == Family::Ipv6 => {
                equal && is_address(right, mask) && self.base_field(field)
            }
            // So since iptables 1.8.11.
            ("ip", "protocol") if family == Family::Ipv4 => mask.is_none() && self.protocol(op, right),
            ("ip", "frag-off") if family == Family::Ipv4 => {
                let mask = mask.and_then(Value::as_u64);
                equal && mask == Some(0x1fff) && right.as_u64() == Some(0) && self.base_field(field)
            }
            ("tcp" | "udp", "sport" | "dport") => {
                let ordered = matches!(op, "<" | "<=" | ">" | ">=") && right.is_u64();
                mask.is_none()
                    && (ordered || equal && (right.is_u64() || is_port_range(right)))
                    && self.header_field(protocol, field)
            }
            ("tcp", "flags") => {
                let masked = equal && mask.is_some_and(is_flags) && is_flags(right);
                // How nft prints `flags & MASK == 0`, and the contrary.
                let none = matches!(op, "!" | "in") && mask.is_none() && is_flags(right);
                (masked || none) && self.header_field(protocol, field)
            }
            _ => false,
        }
    }

    /// Of the protocol there is one field in iptables, whatever nft looks at.
    fn protocol(&mut self, op: &str, right: &Value) -> bool {
        self.protocol = match op {
            "==" => right.as_str().map(str::to_owned),
            _ => Some("!".to_owned()),
        };
        matches!(op, "==" | "!=") && is_scalar(right) && self.base_field("l4proto")
    }

    fn base_field(&mut self, field: &str) -> bool {
        !self.matches && self.seen.insert(field.to_owned())
    }

    fn header_field(&mut self, protocol: &str, field: &str) -> bool {
        self.matches = true;
        let same = self.protocol.get_or_insert_with(|| protocol.to_owned()) == protocol;
        same && self.seen.insert(field.to_owned())
    }
}

fn is_limit(limit: &Value) -> bool {
    let keys = ["rate", "burst", "per"];
    let per = limit.get("per").and_then(Value::as_str);
    matches!(per, Some("second" | "minute" | "hour" | "day"))
        && limit.get("rate").is_some_and(Value::is_u64)
        && limit.as_object().is_some_and(|limit| limit.keys().all(|key| keys.contains(&key.as_str())))
}

/// One value; a string that begins with `@` is a set.
fn is_scalar(value: &Value) -> bool {
    value.is_u64() || value.as_str().is_some_and(|text| !text.starts_with('@'))
}

fn is_address(value: &Value, mask: Option<&Value>) -> bool {
    match value.get("prefix") {
        None => {
            value.is_string()
                && is_scalar(value)
                && mask.is_none_or(|mask| mask.is_string() && is_scalar(mask))
        }
        Some(prefix) => {
            let address = prefix.get("addr").is_some_and(|address| address.is_string() && is_scalar(address));
            mask.is_none() && address && prefix.get("len").is_some_and(Value::is_u64)
        }
    }
}

fn is_port_range(value: &Value) -> bool {
    let ends = value.get("range").and_then(Value::as_array);
    ends.is_some_and(|ends| ends.len() == 2 && ends.iter().all(Value::is_u64))
}

/// A number, a name, or several names: as a list up to nft 1.0.6, as `{"|": […]}` since.
fn is_flags(value: &Value) -> bool {
    let several = value.get("|").unwrap_or(value);
    match several.as_array() {
        Some(flags) => flags.iter().all(is_flags),
        None => is_scalar(several),
    }
}

/// The key and value of an object with one entry, as each expression is.
fn only_entry(value: &Value) -> Option<(&str, &Value)> {
    let mut entries = value.as_object()?.iter();
    let (key, value) = entries.next()?;
    entries.next().is_none().then_some((key.as_str(), value))
}

#[cfg(test)]
mod tests;
