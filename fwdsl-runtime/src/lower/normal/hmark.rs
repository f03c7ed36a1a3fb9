//! `HMARK`: what its hash is made of, as masks.

use super::spec;
use crate::catalogue::{HMARK, OptionSpec};
use crate::family::Family;
use crate::lower::draft::option_use;
use crate::model::{OptionUse, Value, width};

/// The option by whose mask a word of `tuple` is saved; none for `ct`, which stays.
pub(crate) fn hash_field(tuple: &OptionSpec, value: &Value) -> Option<&'static str> {
    let Value::Word(index) = value else { return None };
    Some(match tuple.value.words().get(usize::from(*index))?.name {
        "src" => "src-prefix",
        "dst" => "dst-prefix",
        "sport" => "sport-mask",
        "dport" => "dport-mask",
        "proto" => "proto-mask",
        "spi" => "spi-mask",
        _ => return None,
    })
}

/// Writes `tuple` as masks of all bits, and prefixes no longer than an address.
pub(super) fn normalise(options: &mut Vec<OptionUse>, family: Family) {
    if let Some(at) = options.iter().position(|option| option.spec.name == "tuple") {
        let tuple = &mut options[at];
        let fields: Vec<&str> = tuple.values().filter_map(|value| hash_field(tuple.spec, value)).collect();
        let own = tuple.spec;
        tuple.values.retain(|value| hash_field(own, &value.value).is_none());
        if tuple.values.is_empty() {
            options.remove(at);
        }
        options.retain(|option| !fields.contains(&option.spec.name));
        options.extend(fields.into_iter().map(|field| {
            let bits = match field {
                "src-prefix" | "dst-prefix" => u64::from(width(family)),
                "spi-mask" => u64::from(u32::MAX),
                _ => u64::from(u16::MAX),
            };
            option_use(spec(&HMARK, field), false, vec![Value::Number(bits)])
        }));
    }
}
