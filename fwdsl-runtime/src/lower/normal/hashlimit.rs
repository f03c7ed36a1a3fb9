//! `hashlimit`: what the kernel makes of its rates, and names that tell its tables apart.

use super::spec;
use crate::catalogue::HASHLIMIT;
use crate::emit::emit_options;
use crate::family::Family;
use crate::lower::draft::option_use;
use crate::lower::state::fingerprint;
use crate::model::{HASHLIMIT_SCALE, Match, OptionUse, Rate, TimeUnit, Value, parse_size, saved_burst};

/// The burst that holds, and is saved, if packets are counted and none is written.
const DEFAULT_BURST: u64 = 5;
/// How long an entry is kept, in milliseconds, if bytes are counted without and with a burst.
const BYTES_EXPIRE: u64 = 15_000;
const BYTES_BURST_EXPIRE: u64 = 60_000;

/// A table of the kernel as a rule asks for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HashTable {
    /// The name that the user gave it.
    pub(crate) name: String,
    /// What it is made with, as text.
    pub(crate) parameters: String,
}

/// The table that a `hashlimit` asks for in a family.
pub(crate) fn hash_table(entry: &Match, family: Family) -> Option<HashTable> {
    let mut options = entry.options.clone();
    options.retain(|option| option.spec.name != "name");
    super::matches::settle(&HASHLIMIT, &mut options);
    settle(&mut options);
    // Both sides of a rate read the same table.
    let parameters =
        emit_options(&HASHLIMIT, &options, family).replace("--hashlimit-above", "--hashlimit-upto");
    Some(HashTable { name: name_of(&entry.options)?, parameters })
}

/// Makes the parameters part of the name. The kernel keeps a table with its old parameters as long
/// as rules name it, while new rules with other parameters take its place; so other parameters make another table.
pub(super) fn rename(options: &mut Vec<OptionUse>, family: Family) {
    let entry = Match { extension: &HASHLIMIT, options: options.clone(), loc: Default::default() };
    let Some(table) = hash_table(&entry, family) else { return };
    let name = format!("{}-{}", table.name, fingerprint(&table.parameters));
    set(options, "name", Value::Text(name));
}

fn name_of(options: &[OptionUse]) -> Option<String> {
    match value_of(options, "name") {
        Some(Value::Text(name)) => Some(name.clone()),
        _ => None,
    }
}

fn value_of<'a>(options: &'a [OptionUse], name: &str) -> Option<&'a Value> {
    options.iter().find(|option| option.spec.name == name).and_then(|option| option.values().next())
}

fn set(options: &mut Vec<OptionUse>, name: &str, value: Value) {
    options.retain(|option| option.spec.name != name);
    options.push(option_use(spec(&HASHLIMIT, name), false, vec![value]));
}

/// Writes out what is saved though nobody wrote it, and leaves out what is not.
pub(super) fn settle(options: &mut Vec<OptionUse>) {
    let rate = value_of(options, "upto").or(value_of(options, "above")).cloned();
    let burst = value_of(options, "burst").cloned();
    // What would hold if the rule were read back, and what holds.
    let (read_back, meant) = match (rate, &burst) {
        (Some(Value::Rate(rate)), _) => {
            let kept: Rate = rate.normalised_at(HASHLIMIT_SCALE);
            (milliseconds(kept.per), milliseconds(rate.per))
        }
        (Some(Value::Bytes(_)), None) => (BYTES_EXPIRE, BYTES_EXPIRE),
        (Some(Value::Bytes(rate)), Some(Value::Bytes(burst))) => {
            if let Some(bytes) = saved_burst(rate, *burst).and_then(|text| parse_size(&text)) {
                set(options, "burst", Value::Bytes(bytes));
            }
            (BYTES_BURST_EXPIRE, BYTES_BURST_EXPIRE)
        }
        _ => return,
    };
    if burst.is_none() && read_back != BYTES_EXPIRE {
        set(options, "burst", Value::Number(DEFAULT_BURST));
    }
    let expire = match value_of(options, "htable-expire") {
        Some(Value::Number(expire)) => *expire,
        _ => meant,
    };
    options.retain(|option| option.spec.name != "htable-expire");
    if expire != read_back {
        set(options, "htable-expire", Value::Number(expire));
    }
}

fn milliseconds(unit: TimeUnit) -> u64 {
    unit.seconds() * 1000
}
