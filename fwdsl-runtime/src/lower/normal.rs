//! Options in the form in which iptables saves them, where it has several for one meaning.

mod estimator;
mod hashlimit;
mod hmark;
mod matches;
mod targets;

use super::draft::option_use;
use super::family::is_of_family;
use crate::catalogue::{
    CONNMARK, CT, ECN, Extension, HASHLIMIT, HMARK, Kind, List, MARK, OptionSpec, RATEEST, STRING, TIME, TOS,
    ValueKind,
};
use crate::family::Family;
use crate::model::{Action, LAST_MOMENT, Masked, Match, OptionUse, TimeOfDay, Value};

pub(crate) use hashlimit::{HashTable, hash_table};
pub(crate) use hmark::hash_field;

/// A match as it is saved, under the name that its state has in the kernel.
pub(super) fn normal_match(entry: &Match, family: Family) -> Match {
    let mut entry = exact_match(entry.clone(), family);
    if *entry.extension == HASHLIMIT {
        hashlimit::rename(&mut entry.options, family);
    }
    entry
}

/// A match as it is saved, names unchanged.
pub(super) fn exact_match(entry: Match, family: Family) -> Match {
    Match { options: normal_options(entry.extension, entry.options, family), ..entry }
}

/// Options as they are emitted for a family, each with a blank before it.
#[cfg(feature = "syntax")]
pub(crate) fn saved_options(extension: &'static Extension, options: &[OptionUse], family: Family) -> String {
    crate::emit::emit_options(extension, &normal_options(extension, options.to_vec(), family), family)
}

/// A verdict as it is saved.
pub(super) fn normal_action(action: &Action, family: Family) -> Action {
    match action {
        Action::Target { extension, options } => {
            Action::Target { extension, options: normal_options(extension, options.clone(), family) }
        }
        Action::Jump(_) | Action::Goto(_) => action.clone(),
    }
}

fn normal_options(
    extension: &'static Extension,
    mut options: Vec<OptionUse>,
    family: Family,
) -> Vec<OptionUse> {
    for option in &mut options {
        if option.spec.value != ValueKind::Protocol {
            option.values.retain(|value| is_of_family(option.spec, &value.value, family));
        }
        if [List::Joined, List::Apart].contains(&option.spec.list) {
            sort_values(option);
        }
    }
    if extension.kind == Kind::Match {
        matches::settle(extension, &mut options);
    }
    if [&MARK, &CONNMARK, &TOS].contains(&extension) {
        options = options.into_iter().map(|option| set_bits(extension, option)).collect();
    }
    options.iter_mut().for_each(targets::cut_text);
    if *extension == CONNMARK {
        copy_masks(&mut options);
    } else if *extension == CT {
        targets::settle_zone(&mut options);
    } else if *extension == ECN {
        targets::settle_bits(&mut options);
    } else if *extension == RATEEST {
        targets::settle_estimate(&mut options);
    } else if *extension == HMARK {
        hmark::normalise(&mut options, family);
    } else if *extension == STRING {
        options.iter_mut().for_each(write_pattern);
    } else if *extension == TIME {
        whole_times(&mut options);
    } else if *extension == HASHLIMIT {
        hashlimit::settle(&mut options);
    }
    options
}

fn spec(extension: &'static Extension, name: &str) -> &'static OptionSpec {
    extension.option(name).expect("an option of the catalogue")
}

/// Lists are saved in the catalogue's order, and numbers in their own, each once.
fn sort_values(option: &mut OptionUse) {
    let place = |value: &Value| match value {
        Value::Word(index) => u64::from(*index),
        Value::Number(number) => *number,
        _ => 0,
    };
    // Only words and numbers: ports stay as written.
    if option.values().all(|value| matches!(value, Value::Word(_) | Value::Number(_))) {
        option.values.sort_by_key(|value| place(&value.value));
        option.values.dedup_by(|a, b| a.value == b.value);
    }
}

/// The ways to set bits of a mark are all saved as one: take away the mask's bits, turn the value's.
fn set_bits(extension: &'static Extension, option: OptionUse) -> OptionUse {
    let all = if *extension == TOS { 0xff } else { u32::MAX };
    let first = option.values().next().cloned();
    let (value, mask) = match first {
        Some(Value::Masked(masked)) => (masked.value, masked.mask() & all),
        Some(Value::Number(number)) => (number as u32, all),
        _ => return option,
    };
    let (value, mask) = match option.spec.name {
        "and" => (0, !value & all),
        "or" => (value, value),
        "xor" => (value, 0),
        "set" if *extension != TOS => (value, value | mask),
        "set" | "set-xmark" => (value, mask),
        _ => return option,
    };
    let name = if *extension == TOS { "set" } else { "set-xmark" };
    option_use(spec(extension, name), false, vec![Value::Masked(Masked::new(value, mask))])
}

/// Both masks are saved, whole if none is written.
fn copy_masks(options: &mut Vec<OptionUse>) {
    if !options.iter().any(|option| matches!(option.spec.name, "save" | "restore")) {
        targets::settle_mask(options);
        return;
    }
    let written = |options: &[OptionUse], name: &str| {
        let option = options.iter().find(|option| option.spec.name == name)?;
        option.values().next().cloned()
    };
    let both = written(options, "mask").unwrap_or(Value::Masked(Masked::whole(u32::MAX)));
    options.retain(|option| option.spec.name != "mask");
    for name in ["nfmask", "ctmask"] {
        if written(options, name).is_none() {
            options.push(option_use(spec(&CONNMARK, name), false, vec![both.clone()]));
        }
    }
}

/// Text that can be printed is saved as text, but not if it ends in a backslash; all else as bytes.
fn write_pattern(option: &mut OptionUse) {
    let Some(Value::Pattern(bytes)) = option.values().next() else { return };
    let text = bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) && bytes.last() != Some(&b'\\');
    option.spec = spec(&STRING, if text { "string" } else { "hex-string" });
}

/// Days are saved as those on which the rule holds, and what is always is left out.
fn whole_times(options: &mut Vec<OptionUse>) {
    for option in options.iter_mut().filter(|option| option.negated) {
        let words = option.spec.value.words();
        let named: Vec<u8> = option.values().filter_map(word_index).collect();
        let others = (0..words.len() as u8).filter(|index| !named.contains(index));
        *option = option_use(option.spec, false, others.map(Value::Word).collect());
    }
    options.retain(|option| {
        let words = option.spec.value.words();
        (words.is_empty() || option.values.len() < words.len())
            && !(option.spec.name == "datestop"
                && option.values().any(|value| *value == Value::Moment(LAST_MOMENT)))
    });
    let time = |name: &str, default: TimeOfDay| {
        let option = options.iter().find(|option| option.spec.name == name);
        match option.and_then(|option| option.values().next()) {
            Some(Value::Time(time)) => *time,
            _ => default,
        }
    };
    if time("timestart", TimeOfDay(0)) == TimeOfDay(0) && time("timestop", TimeOfDay::LAST) == TimeOfDay::LAST
    {
        options.retain(|option| !matches!(option.spec.name, "timestart" | "timestop"));
    }
}

fn word_index(value: &Value) -> Option<u8> {
    if let Value::Word(index) = value { Some(*index) } else { None }
}
