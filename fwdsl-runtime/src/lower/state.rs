//! State that the kernel keeps under a name, and that outlives a replace of the rules.
//!
//! While the new rules are loaded, the old ones still hold it. So it stays as the old ones made it, or the kernel
//! refuses what the new ones want of it. Where the parameters change, the name changes too: it ends in what stands for
//! them. Names in exact rules stay as they are written.
//!
//! | state | of one name with other parameters the kernel | so the name has |
//! | --- | --- | --- |
//! | table of `hashlimit` | keeps the old rate, burst, mode and sizes | all of these (`normal/hashlimit.rs`) |
//! | table of `recent` | keeps the old mask | the mask, where it is not the whole address |
//! | estimator of `rateest` | refuses the new rules | the times |
//! | timer of `idletimer` | takes the new time at once, and refuses another kind of timer | nothing: others look for the label |
//!
//! What has no name begins anew at each replace: `limit`, `quota`, `statistic`, `connlimit`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::draft::option_use;
use crate::catalogue::{Extension, RATEEST, RATEEST_MATCH, RECENT, ValueKind};
use crate::loc::Loc;
use crate::model::{
    Action, Address, Estimate, Match, Model, OptionUse, Rule, SaveForm, Value, to_bits, width,
};

/// The policy with the names that its state has in the kernel.
pub(super) fn name_state(model: &Model) -> Cow<'_, Model> {
    let estimators = estimators(model);
    let rules = || model.chains.iter().flat_map(|chain| &chain.rules).filter(|rule| !rule.exact);
    let masked =
        |rule: &Rule| rule.matches.iter().any(|entry| recent_mask(entry.extension, &entry.options).is_some());
    if estimators.is_empty() && !rules().any(masked) {
        return Cow::Borrowed(model);
    }
    let mut named = model.clone();
    for rule in named.chains.iter_mut().flat_map(|chain| &mut chain.rules).filter(|rule| !rule.exact) {
        for entry in &mut rule.matches {
            if let Some(mask) = recent_mask(entry.extension, &entry.options) {
                name_table(&mut entry.options, &mask);
            }
            if *entry.extension == RATEEST_MATCH {
                name_estimators(&mut entry.options, &estimators);
            }
        }
        for verdict in &mut rule.verdicts {
            if let Action::Target { extension, options } = &mut verdict.action
                && **extension == RATEEST
            {
                name_estimators(options, &estimators);
            }
        }
    }
    Cow::Owned(named)
}

/// What a rule measures: the name of the estimator, and its times.
pub(crate) fn measured(action: &Action) -> Option<(&str, Estimate)> {
    let Action::Target { extension, options } = action else { return None };
    if **extension != RATEEST {
        return None;
    }
    let number = |name: &str| match value_of(options, name)? {
        Value::Number(number) => Some(*number),
        _ => None,
    };
    let estimate = Estimate::new(number("interval")?, number("ewmalog")?).ok()?;
    Some((text_of(options, "name")?, estimate))
}

/// The mask of a `recent`, if it is not the whole address.
pub(crate) fn recent_mask(extension: &Extension, options: &[OptionUse]) -> Option<String> {
    match value_of(options, "mask")? {
        Value::Address(Address::Net(net)) if *extension == RECENT => {
            let whole = to_bits(net.addr) == u128::MAX >> (128 - u32::from(width(net.family())));
            (!whole).then(|| SaveForm(net.addr).to_string())
        }
        _ => None,
    }
}

/// The estimators that a rule names.
fn named_in(rule: &Rule) -> Vec<&str> {
    let asked = estimators_of(&rule.matches).into_iter();
    asked
        .chain(rule.verdicts.iter().filter_map(|verdict| Some((measured(&verdict.action)?.0, rule.loc))))
        .map(|(name, _)| name)
        .collect()
}

/// Each estimator that the policy's rules make, and its name in the kernel. Those that exact rules name keep theirs.
fn estimators(model: &Model) -> HashMap<String, String> {
    let rules = || model.chains.iter().flat_map(|chain| &chain.rules);
    let exact: HashSet<&str> = rules().filter(|rule| rule.exact).flat_map(named_in).collect();
    let made = rules()
        .filter(|rule| !rule.exact)
        .flat_map(|rule| &rule.verdicts)
        .filter_map(|verdict| measured(&verdict.action));
    made.filter(|(name, _)| !exact.contains(name))
        .map(|(name, Estimate { interval, average })| {
            let emitted = named(&RATEEST, "name", name, &format!("{name} {interval} {average}"));
            (name.to_owned(), emitted)
        })
        .collect()
}

/// The estimators that matches name, each with its place.
pub(crate) fn estimators_of(matches: &[Match]) -> Vec<(&str, Loc)> {
    let mut named = Vec::new();
    for entry in matches.iter().filter(|entry| *entry.extension == RATEEST_MATCH) {
        let names = ["rateest", "rateest1", "rateest2"].map(|name| text_of(&entry.options, name));
        named.extend(names.into_iter().flatten().map(|name| (name, entry.loc)));
    }
    named
}

fn name_estimators(options: &mut [OptionUse], estimators: &HashMap<String, String>) {
    let named = options.iter_mut().filter(|option| matches!(option.spec.value, ValueKind::Bare { .. }));
    for value in named.flat_map(|option| &mut option.values) {
        if let Value::Text(name) = &mut value.value
            && let Some(emitted) = estimators.get(name)
        {
            name.clone_from(emitted);
        }
    }
}

fn name_table(options: &mut Vec<OptionUse>, mask: &str) {
    let emitted = named(&RECENT, "name", text_of(options, "name").unwrap_or("DEFAULT"), mask);
    options.retain(|option| option.spec.name != "name");
    let spec = RECENT.option("name").expect("an option of the catalogue");
    options.push(option_use(spec, false, vec![Value::Text(emitted)]));
}

/// A name with what stands for the parameters, as long as the option takes it.
fn named(extension: &'static Extension, option: &str, name: &str, parameters: &str) -> String {
    let max_bytes = match extension.option(option).map(|spec| spec.value) {
        Some(ValueKind::Name { max_bytes } | ValueKind::Bare { max_bytes }) => max_bytes,
        _ => usize::MAX,
    };
    let suffix = format!("-{}", fingerprint(parameters));
    let room = max_bytes.saturating_sub(suffix.len()).min(name.len());
    let end = (0..=room).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    format!("{}{suffix}", &name[..end])
}

fn value_of<'a>(options: &'a [OptionUse], name: &str) -> Option<&'a Value> {
    options.iter().find(|option| option.spec.name == name)?.values().next()
}

fn text_of<'a>(options: &'a [OptionUse], name: &str) -> Option<&'a str> {
    match value_of(options, name)? {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// Four characters that stand for a text (FNV-1a, 20 bits of it).
pub(super) fn fingerprint(text: &str) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let hash =
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (0..4).map(|place| char::from(LETTERS[(hash >> (5 * place)) as usize & 31])).collect()
}
