//! Targets as they are saved: what iptables leaves out, cuts, or writes in another way.

use super::spec;
use crate::catalogue::{CT, ECN, ValueKind};
use crate::lower::draft::option_use;
use crate::model::{Estimate, Masked, OptionUse, Value};

/// The longest prefix of `NFLOG` in nft (`NF_LOG_PREFIXLEN` with the closing NUL).
const NFT_PREFIX_MAX_BYTES: usize = 127;

/// Cuts text to what the kernel keeps.
pub(super) fn cut_text(option: &mut OptionUse) {
    let max_bytes = match option.spec.value {
        // What goes to iptables as it is, stays.
        _ if option.spec.flag.is_empty() => return,
        // The legacy variant cuts it itself, nft keeps twice as much.
        _ if option.spec.flag == "--nflog-prefix" => NFT_PREFIX_MAX_BYTES,
        ValueKind::Text { max_bytes }
        | ValueKind::Name { max_bytes }
        | ValueKind::Bare { max_bytes }
        | ValueKind::WordOrName { max_bytes, .. } => max_bytes,
        _ => return,
    };
    for value in &mut option.values {
        if let Value::Text(text) = &mut value.value {
            let end = (0..=max_bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
            text.truncate(end.unwrap_or(0));
        }
    }
}

fn number(options: &[OptionUse], name: &str) -> Option<u64> {
    let option = options.iter().find(|option| option.spec.name == name)?;
    match option.values().next() {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    }
}

fn masked(option: &OptionUse) -> Option<Masked> {
    match option.values().next() {
        Some(Value::Masked(masked)) => Some(*masked),
        _ => None,
    }
}

/// The masks that are beside a value: the last of them, or of the value's own, holds.
pub(super) fn settle_mask(options: &mut Vec<OptionUse>) {
    let set = options.iter().position(|option| option.spec.name == "set-xmark");
    let mask = options.iter().rposition(|option| matches!(option.spec.name, "mask" | "ctmask"));
    if let (Some(set), Some(mask)) = (set, mask)
        && mask > set
        && let (Some(masked), Some(bits)) = (masked(&options[set]), masked(&options[mask]))
    {
        let both = Value::Masked(Masked::new(masked.value, bits.value));
        options[set] = option_use(options[set].spec, false, vec![both]);
    }
    options.retain(|option| !matches!(option.spec.name, "mask" | "nfmask" | "ctmask"));
}

/// The kernel has one number for the zone and a bit for each direction; both directions are none in particular, and
/// zone 0 is not saved.
pub(super) fn settle_zone(options: &mut Vec<OptionUse>) {
    let mark = Value::Word(0);
    let (mut zone, mut from_mark, mut directions) = (0, false, Vec::new());
    for option in options.iter().filter(|option| option.spec.name.starts_with("zone")) {
        match option.values().next() {
            Some(Value::Number(number)) => zone = *number,
            Some(value) => from_mark |= *value == mark,
            None => {}
        }
        if option.spec.name != "zone" && !directions.contains(&option.spec.name) {
            directions.push(option.spec.name);
        }
    }
    options.retain(|option| !option.spec.name.starts_with("zone"));
    let name = if let [direction] = directions.as_slice() { direction } else { "zone" };
    let value = if from_mark { mark } else { Value::Number(zone) };
    if value != Value::Number(0) {
        options.push(option_use(spec(&CT, name), false, vec![value]));
    }
}

/// Both bits of TCP cleared, and nothing else, are saved as the option that says so.
pub(super) fn settle_bits(options: &mut Vec<OptionUse>) {
    let removes = options.iter().any(|option| option.spec.name == "tcp-remove");
    let is_zero = |name: &str| number(options, name) == Some(0);
    let both = removes || is_zero("tcp-ece") && is_zero("tcp-cwr");
    let sets_address = options.iter().any(|option| option.spec.name == "ip-ect");
    if !both {
        return;
    }
    options.retain(|option| option.spec.name == "ip-ect");
    let zero = || vec![Value::Number(0)];
    if sets_address {
        options.push(option_use(spec(&ECN, "tcp-ece"), false, zero()));
        options.push(option_use(spec(&ECN, "tcp-cwr"), false, zero()));
    } else {
        options.push(option_use(spec(&ECN, "tcp-remove"), false, Vec::new()));
    }
}

/// Times as the kernel keeps them.
pub(super) fn settle_estimate(options: &mut [OptionUse]) {
    let (Some(interval), Some(average)) = (number(options, "interval"), number(options, "ewmalog")) else {
        return;
    };
    let Ok(kept) = Estimate::new(interval, average) else { return };
    for option in options {
        let time = match option.spec.name {
            "interval" => kept.interval,
            "ewmalog" => kept.average,
            _ => continue,
        };
        *option = option_use(option.spec, false, vec![Value::Number(time)]);
    }
}
