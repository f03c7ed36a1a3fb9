//! Numbers, marks, endpoints, times: the limits of what is no address, port or text.

use super::values::{Problem, problem, problem_with_help};
use crate::catalogue::{DNAT, MaskForm, OptionSpec, ValueKind};
use crate::model::{
    Address, Endpoint, LAST_MOMENT, Masked, PortRange, SaveForm, Span, TimeOfDay, Value, family_of, to_bits,
    width,
};

/// The longest pattern of `string` (`XT_STRING_MAX_PATTERN_SIZE`).
const PATTERN_MAX_BYTES: usize = 128;

pub(super) fn plain_problem(spec: &OptionSpec, value: &Value) -> Option<Problem> {
    match value {
        Value::Number(number) => number_problem(spec, *number),
        Value::Span(span) => span_problem(spec, *span),
        Value::Masked(masked) => masked_problem(spec, *masked),
        Value::Endpoint(endpoint) => endpoint_problem(spec, endpoint),
        Value::Address(Address::Net(net)) => match spec.value {
            ValueKind::Host if net.prefix != width(net.family()) => problem(format!("`{net}` is a network")),
            ValueKind::Network { longest, .. } if net.prefix > longest => {
                problem(format!("`{}` takes a prefix length of {longest} at most", spec.name))
            }
            _ => None,
        },
        Value::Pattern(bytes) if bytes.is_empty() => problem("nothing to look for"),
        Value::Pattern(bytes) if bytes.len() > PATTERN_MAX_BYTES => problem(format!(
            "the pattern is {} bytes long, and the kernel takes {PATTERN_MAX_BYTES}",
            bytes.len()
        )),
        Value::Time(time) if *time > TimeOfDay::LAST => problem("a time of day beyond its last second"),
        Value::Moment(moment) if *moment > LAST_MOMENT => problem("a time beyond 2038-01-19T03:14:07"),
        _ => None,
    }
}

fn number_problem(spec: &OptionSpec, number: u64) -> Option<Problem> {
    let (min, max) = match spec.value {
        ValueKind::Number { min, max }
        | ValueKind::NumberOr { min, max, .. }
        | ValueKind::Named { min, max, .. } => (min, max),
        ValueKind::NamedNumber(words) => (0, words.len() as u64 - 1),
        ValueKind::PrefixLength => (0, 128),
        ValueKind::HashBurst => (1, 1_000_000),
        _ => return None,
    };
    let name = spec.name;
    if number < min || number > max {
        problem(format!("`{name}` goes from {min} to {max}, and this is {number}"))
    } else {
        None
    }
}

fn span_problem(spec: &OptionSpec, Span { first, last }: Span) -> Option<Problem> {
    let ValueKind::Span { max, whole, open, .. } = spec.value else { return None };
    if first > last {
        inverted(&first, &last)
    } else if last > max {
        problem(format!("`{}` goes from 0 to {max}, and this is {last}", spec.name))
    } else if open && first == max {
        problem(format!("`{}` from {max} on, which no count comes to", spec.name))
    } else if first == 0 && last == max && !whole {
        problem_with_help(format!("`0..={max}` is every number that there is"), "leave it out")
    } else {
        None
    }
}

fn inverted(first: &dyn std::fmt::Display, last: &dyn std::fmt::Display) -> Option<Problem> {
    problem_with_help(
        format!("the range `{first}..={last}` is the wrong way round"),
        format!("did you mean `{last}..={first}`?"),
    )
}

fn masked_problem(spec: &OptionSpec, masked: Masked) -> Option<Problem> {
    let ValueKind::Masked(form, _) = spec.value else { return None };
    match form {
        MaskForm::Byte if masked.value > 0xff || masked.mask.is_some_and(|mask| mask > 0xff) => {
            problem(format!("`{}` goes from 0 to 0xff", spec.name))
        }
        MaskForm::NamedZero if masked.value == 0 && masked.mask() == u32::MAX => problem_with_help(
            format!("`{}` 0, which hosts save by different names", spec.name),
            "under a mask it is saved as a number: `0/0xffff`",
        ),
        _ => None,
    }
}

fn endpoint_problem(spec: &OptionSpec, endpoint: &Endpoint) -> Option<Problem> {
    if endpoint.addresses.is_none() && endpoint.ports.is_none() {
        return problem("neither an address nor a port to translate to");
    }
    if let Some((first, last)) = endpoint.addresses {
        if family_of(first) != family_of(last) {
            return problem("a range from one family to the other");
        }
        if to_bits(first) > to_bits(last) {
            return inverted(&SaveForm(first), &SaveForm(last));
        }
    }
    match (endpoint.ports, endpoint.base) {
        (Some(PortRange { first, last }), _) if first > last => inverted(&first, &last),
        (Some(PortRange { first, last }), Some(_)) if first == last => {
            problem("a port that a range begins at, without a range")
        }
        (None, Some(_)) => problem("a port that a range begins at, without a range"),
        (_, Some(_)) if DNAT.option("to") != Some(spec) => {
            problem("only `dnat` moves a range of ports to another")
        }
        _ => None,
    }
}
