//! Numbers, marks, endpoints, times: the limits of what is no address, port or text.

use super::values::{Problem, problem, problem_with_help};
use crate::catalogue::{CLUSTER_READ_NODES, DNAT, MaskForm, OptionSpec, ValueKind};
use crate::lint::{ODD_VALUE, UNREACHABLE_RULE, USELESS_MATCH};
use crate::model::{
    Address, Endpoint, LAST_MOMENT, Masked, PortRange, SaveForm, Span, TimeOfDay, Value, family_of,
    is_kept_bit_rate, to_bits, width,
};

/// The longest pattern of `string` (`XT_STRING_MAX_PATTERN_SIZE`).
const PATTERN_MAX_BYTES: usize = 128;

/// The greatest number of a label of a connection (`XT_CONNLABEL_MAXBIT`).
const LABEL_MAX: u64 = 127;

/// The greatest number of a user or group: the one before -1.
const ID_MAX: u64 = u32::MAX as u64 - 1;

pub(super) fn plain_problem(spec: &OptionSpec, value: &Value) -> Option<Problem> {
    match value {
        Value::Number(number) => number_problem(spec, *number),
        Value::Span(span) => span_problem(spec, *span),
        Value::Masked(masked) => masked_problem(spec, *masked),
        Value::Endpoint(endpoint) => endpoint_problem(spec, endpoint),
        Value::Address(Address::Masked(masked)) => match spec.value {
            ValueKind::Address if !spec.flag.ends_with("-range") => None,
            ValueKind::Network { .. } => {
                problem(format!("the mask of `{masked}` has gaps, and is not saved"))
                    .map(|problem| problem.of_lint(ODD_VALUE))
            }
            _ => problem(format!("`{masked}` is neither an address nor a network")),
        },
        Value::Address(Address::Net(net)) => match spec.value {
            ValueKind::Host if net.prefix != width(net.family()) => problem(format!("`{net}` is a network")),
            ValueKind::Host if spec.flag == "--gateway" && to_bits(net.addr) == 0 => {
                problem("a gateway without an address")
            }
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
        Value::Moment(moment) if *moment > LAST_MOMENT => {
            problem("a time beyond 2038-01-19T03:14:07").map(|problem| problem.of_lint(ODD_VALUE))
        }
        Value::Chunk(chunk) if !chunk.is_known() => problem("a kind of chunk that iptables does not know"),
        Value::HeaderOption(option) if !option.is_sound() => {
            problem(format!("`{option}` is not an option of a header"))
        }
        Value::Bytes(bytes) if spec.value == ValueKind::BitRate => bit_rate_problem(*bytes),
        _ => None,
    }
}

fn number_problem(spec: &OptionSpec, number: u64) -> Option<Problem> {
    let (min, max) = match spec.value {
        ValueKind::Number { min, max }
        | ValueKind::NumberOr { min, max, .. }
        | ValueKind::Hex { min, max, .. }
        | ValueKind::Named { min, max, .. } => (min, max),
        ValueKind::NamedNumber(words) => (0, words.len() as u64 - 1),
        ValueKind::PrefixLength => (0, 128),
        ValueKind::Label => (0, LABEL_MAX),
        ValueKind::SegmentSize => (0, 65_515),
        ValueKind::PortNumber => (0, 65_535),
        ValueKind::Duration => (0, u64::from(u32::MAX)),
        ValueKind::HashBurst => (1, 1_000_000),
        _ => return None,
    };
    let name = spec.name;
    if spec.flag == "--cluster-local-node" && (CLUSTER_READ_NODES + 1..=max).contains(&number) {
        return problem(format!("node {number} is saved as a mask that iptables does not read back"))
            .map(|problem| problem.of_lint(ODD_VALUE));
    }
    if spec.flag == "--seconds" && (i32::MAX as u64 + 1..=max).contains(&number) {
        return problem(format!("{number} seconds are saved as a negative number"))
            .map(|problem| problem.of_lint(ODD_VALUE));
    }
    if number < min || number > max {
        problem(format!("`{name}` goes from {min} to {max}, and this is {number}"))
    } else {
        None
    }
}

fn span_problem(spec: &OptionSpec, Span { first, last }: Span) -> Option<Problem> {
    let (max, open, whole) = match spec.value {
        ValueKind::Span { max, whole, open, .. } => (max, open, whole),
        ValueKind::Id => (ID_MAX, false, true),
        _ => return None,
    };
    if first > last {
        // Without names for its numbers iptables compares nothing, and the kernel finds no number between the ends.
        let compared = ["--mss", "--queue-balance"].contains(&spec.flag);
        let taken = spec.names.is_empty() && !open && spec.value != ValueKind::Id && !compared;
        let inverted = inverted(&first, &last);
        if taken { inverted.map(|problem| problem.of_lint(UNREACHABLE_RULE)) } else { inverted }
    } else if last > max {
        problem(format!("`{}` goes from 0 to {max}, and this is {last}", spec.name))
    } else if open && first == max {
        problem(format!("`{}` from {max} on, which no count comes to", spec.name))
            .map(|problem| problem.of_lint(UNREACHABLE_RULE))
    } else if first == 0 && last == max && !whole {
        problem_with_help(format!("`0..={max}` is every number that there is"), "leave it out")
            .map(|problem| problem.of_lint(USELESS_MATCH))
    } else {
        None
    }
}

fn bit_rate_problem(bytes: u64) -> Option<Problem> {
    if bytes > u64::from(u32::MAX) {
        return problem("a rate beyond 32 bits of bytes a second");
    }
    let saved = problem("the rate is saved rounded, and so as another");
    saved.filter(|_| !is_kept_bit_rate(bytes)).map(|problem| problem.of_lint(ODD_VALUE))
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
        )
        .map(|problem| problem.of_lint(ODD_VALUE)),
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
            let inverted = inverted(&SaveForm(first), &SaveForm(last));
            return inverted.map(|problem| problem.of_lint(ODD_VALUE));
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
