//! The protocols that a rule asks for, and those that its parts want it to ask for.

use crate::catalogue::{CORE, Extension, NAT_PROTOCOLS, OptionSpec, ValueKind};
use crate::model::{Match, OptionUse, Value};

/// The protocols of which a rule asks for one; `None` if it does not say.
pub(crate) fn asked_protocols(matches: &[Match]) -> Option<Vec<u8>> {
    let mut asked: Option<Vec<u8>> = None;
    for entry in matches {
        if *entry.extension != CORE {
            continue;
        }
        for option in &entry.options {
            if option.spec.value != ValueKind::Protocol || option.negated {
                continue;
            }
            let number =
                |value: &Value| if let Value::Protocol(number) = value { Some(*number) } else { None };
            let numbers = option.values().filter_map(number);
            asked = Some(match asked {
                None => numbers.collect(),
                Some(before) => {
                    let numbers: Vec<u8> = numbers.collect();
                    before.into_iter().filter(|number| numbers.contains(number)).collect()
                }
            });
        }
    }
    asked
}

/// The protocols with which a value works; any if empty.
pub(crate) fn protocols_of_value(spec: &OptionSpec, value: &Value) -> &'static [u8] {
    match value {
        Value::Word(index) => spec.value.words().get(usize::from(*index)).map_or(&[], |word| word.protocols),
        Value::Endpoint(endpoint) if endpoint.ports.is_some() => NAT_PROTOCOLS,
        _ => &[],
    }
}

/// Those of the asked protocols that an extension with these options works with; `None` if it
/// works with any.
pub(super) fn wanted_protocols(
    extension: &Extension,
    options: &[OptionUse],
    asked: &[u8],
) -> Option<Vec<u8>> {
    let of_values =
        options.iter().flat_map(|option| option.values().map(|value| protocols_of_value(option.spec, value)));
    let all =
        options.iter().map(|option| option.spec.protocols).chain(of_values).chain([extension.protocols]);
    let mut limits = all.filter(|protocols| !protocols.is_empty()).peekable();
    limits.peek()?;
    let mut wanted = asked.to_vec();
    for protocols in limits {
        wanted.retain(|number| protocols.contains(number));
    }
    Some(wanted)
}
