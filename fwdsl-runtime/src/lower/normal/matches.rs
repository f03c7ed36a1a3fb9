//! Matches in the form in which iptables saves them.

use super::{estimator, spec};
use crate::catalogue::{
    CLUSTER, CLUSTER_READ_NODES, CONNLIMIT, CORE, Extension, HASHLIMIT, NO_STATUS, POLICY, RATEEST_MATCH,
    TCP, TIME, UDP, ValueKind,
};
use crate::lower::draft::option_use;
use crate::model::{Chunk, OptionUse, TcpFlags, TimeUnit, Value};

/// The greatest size of a table (`HASHLIMIT_MAX_SIZE`); greater ones become this.
const HASH_SIZE_MAX: u64 = 1_048_576;

/// Brings the options of a match to the saved form.
pub(super) fn settle(extension: &'static Extension, options: &mut Vec<OptionUse>) {
    options.retain(|option| !says_nothing(extension, option));
    for option in options.iter_mut() {
        merge_chunks(option);
        drop_none(option);
    }
    if [&HASHLIMIT, &CONNLIMIT].contains(&extension) {
        options.iter_mut().for_each(|option| turn_over(extension, option));
    } else if *extension == CLUSTER {
        options.iter_mut().for_each(write_mask);
    } else if *extension == POLICY {
        drop_elements(options);
    } else if *extension == RATEEST_MATCH {
        estimator::settle(options);
    }
    if *extension == HASHLIMIT {
        options.iter_mut().for_each(limit_size);
        rate_by_second(options);
    }
    if *extension == HASHLIMIT && !options.iter().any(|option| option.spec.name == "rate-match") {
        options.retain(|option| option.spec.name != "rate-interval");
    }
}

/// What iptables does not save, since it holds anyway.
fn says_nothing(extension: &Extension, option: &OptionUse) -> bool {
    let spec = option.spec;
    if option.negated || option.values.is_empty() {
        return spec.only_negated && !option.negated || *extension == TIME && spec.name == "utc";
    }
    option.values().all(|value| match (value, spec.value) {
        (Value::Interface(name), _) => name == "+" && *extension == CORE,
        (Value::Address(address), _) => address.is_everything() && *extension == CORE,
        (Value::Span(span), ValueKind::Span { max, whole: false, open: false, .. }) => {
            // Left out, `ipcomp` looks for SPI 0, and any `length` is saved all the same.
            span.first == 0 && span.last == max && !["ipcomp", "length"].contains(&extension.name)
        }
        (Value::Ports(ports), _) => ports.is_everything() && [&TCP, &UDP].contains(&extension),
        (Value::TcpFlags(flags), _) => *flags == TcpFlags { mask: 0, set: 0 },
        (Value::Moment(moment), _) => moment.0 == 0 && spec.name == "datestart",
        _ => false,
    })
}

/// Kinds of chunks are saved in the order of their numbers, each once with all its flags.
fn merge_chunks(option: &mut OptionUse) {
    let kind = |value: &Value| if let Value::Chunk(chunk) = value { Some(*chunk) } else { None };
    if option.spec.value != ValueKind::Chunk {
        return;
    }
    option.values.sort_by_key(|value| kind(&value.value).map(Chunk::number));
    option.values.dedup_by(|next, before| {
        let both = kind(&next.value).zip(kind(&before.value)).and_then(|(next, before)| before.merged(next));
        both.is_some_and(|both| {
            before.value = Value::Chunk(both);
            true
        })
    });
}

/// No status beside others is nothing more.
fn drop_none(option: &mut OptionUse) {
    let words = option.spec.value.words();
    let is_none = |value: &Value| {
        let Value::Word(index) = value else { return false };
        words.get(usize::from(*index)).is_some_and(|word| word.name == NO_STATUS)
    };
    if option.spec.name == "ctstatus" && option.values.len() > 1 {
        option.values.retain(|value| !is_none(&value.value));
    }
}

/// Not up to a number is above it.
fn turn_over(extension: &'static Extension, option: &mut OptionUse) {
    let other = match option.spec.name {
        "upto" => "above",
        "above" => "upto",
        _ => return,
    };
    if option.negated {
        option.spec = spec(extension, other);
        option.negated = false;
    }
}

/// With `rate-match` the unit of a rate is saved as the interval.
fn rate_by_second(options: &mut Vec<OptionUse>) {
    let is_there = |options: &[OptionUse], name: &str| options.iter().any(|option| option.spec.name == name);
    if !is_there(options, "rate-match") || is_there(options, "rate-interval") {
        return;
    }
    let rate =
        options.iter_mut().flat_map(|option| &mut option.values).find_map(|value| match &mut value.value {
            Value::Rate(rate) if rate.per != TimeUnit::Second => Some(rate),
            _ => None,
        });
    let Some(rate) = rate else { return };
    let seconds = rate.per.seconds();
    rate.per = TimeUnit::Second;
    let mut add = |name, number| {
        options.push(option_use(spec(&HASHLIMIT, name), false, vec![Value::Number(number)]));
    };
    add("rate-interval", seconds);
    if !is_there(options, "htable-expire") {
        options.push(option_use(
            spec(&HASHLIMIT, "htable-expire"),
            false,
            vec![Value::Number(seconds * 1000)],
        ));
    }
}

fn limit_size(option: &mut OptionUse) {
    if matches!(option.spec.name, "htable-size" | "htable-max")
        && let [size] = &mut *option.values
        && let Value::Number(number) = &mut size.value
    {
        *number = HASH_SIZE_MAX.min(*number);
    }
}

/// A node is saved as the bit that stands for it. Beyond the sixth, iptables does not read the mask that it saves.
fn write_mask(option: &mut OptionUse) {
    let Some(Value::Number(node @ 1..)) = option.values().next().cloned() else { return };
    if option.spec.name == "local-node" && node <= CLUSTER_READ_NODES {
        let mask = Value::Number(1 << (node - 1));
        *option = OptionUse {
            loc: option.loc,
            ..option_use(spec(&CLUSTER, "local-nodemask"), option.negated, vec![mask])
        };
    }
}

/// Where there is no policy there are no elements of it.
fn drop_elements(options: &mut Vec<OptionUse>) {
    let none = |option: &OptionUse| {
        let words = option.spec.value.words();
        let is_none = |index: &u8| words.get(usize::from(*index)).is_some_and(|word| word.name == "none");
        option.spec.name == "pol"
            && option.values().any(|value| matches!(value, Value::Word(index) if is_none(index)))
    };
    if options.iter().any(none) {
        options.retain(|option| option.spec.element == 0);
    }
}
