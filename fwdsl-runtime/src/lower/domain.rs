//! All conditions of a rule on one field, as one list of what may be and one of what may not.

use super::elements::networks;
use super::family::{can_have_protocol, is_of_family, protocol_families, values_of};
use crate::family::Family;
use crate::model::{
    Address, IcmpMatch, MaskedAddr, Net, OptionUse, PortRange, Rule, Value, from_bits, width,
};

/// What a rule asks of one field.
#[derive(Debug, Default)]
pub(super) struct Domain {
    /// The field is one of these; anything if `None`. Empty: no packet matches.
    pub(super) any_of: Option<Vec<Value>>,
    /// The field is none of these.
    pub(super) none_of: Vec<Value>,
}

/// Puts all uses of an option together. Values are kept as written, except where two conditions
/// on the same field (a block's and a rule's) are met by what both hold.
pub(super) fn domain<'a>(uses: impl Iterator<Item = &'a OptionUse>, family: Family) -> Domain {
    let mut domain = Domain::default();
    for option in uses {
        // What is in a set is not known here: it is asked beside the field's domain.
        if !option.negated && names_set(option) {
            continue;
        }
        let mut values = values_of(option, family);
        values.retain(|value| !matches!(value, Value::Set(_)));
        if option.negated {
            domain.none_of.extend(values);
        } else if !values.iter().any(is_everything) {
            domain.any_of = Some(match domain.any_of.take() {
                None => values,
                Some(before) => intersect_lists(&before, &values),
            });
        }
    }
    if let Some(any_of) = &mut domain.any_of {
        any_of.retain(|value| !domain.none_of.iter().any(|other| covers(other, value)));
        domain.none_of.retain(|other| any_of.iter().any(|value| value.overlaps(other)));
    }
    let mut seen = Vec::new();
    domain.none_of.retain(|value| {
        !seen.contains(value) && {
            seen.push(value.clone());
            true
        }
    });
    domain
}

/// Whether a set is among the values.
pub(super) fn names_set(option: &OptionUse) -> bool {
    option.values().any(|value| matches!(value, Value::Set(_)))
}

/// The fields of which a rule may ask what no packet has, by the options that ask.
const FIELDS: [(&str, &str); 7] = [
    ("from", "source address"),
    ("to", "destination address"),
    ("in", "incoming interface"),
    ("out", "outgoing interface"),
    ("proto", "protocol"),
    ("sport", "source port"),
    ("dport", "destination port"),
];

/// Names a field on which the rule asks for what no packet has, in a family that it is for.
pub(crate) fn contradiction(rule: &Rule, family: Family) -> Option<&'static str> {
    let mut uses: [Vec<&OptionUse>; FIELDS.len()] = Default::default();
    for option in rule.matches.iter().filter(|entry| !entry.extension.module).flat_map(|entry| &entry.options)
    {
        if let Some(field) = FIELDS.iter().position(|(name, _)| *name == option.spec.name) {
            uses[field].push(option);
        }
    }
    let field = uses.iter().position(|uses| exclude_all(uses, family))?;
    Some(FIELDS[field].1)
}

/// Whether conditions on one field leave nothing that it can be.
fn exclude_all(uses: &[&OptionUse], family: Family) -> bool {
    // What a Rust value stands for is not known while the policy is compiled. A protocol that says nothing in the
    // family may be a number that packets have all the same.
    let may_be = |value: &Value| match value {
        Value::Rust(_) => true,
        Value::Protocol(number) => foreign(*number, family),
        _ => false,
    };
    match uses {
        [] => false,
        // One alone leaves something, unless its values are of the other family.
        [only] if !only.negated && only.values().any(|value| is_of_family(only.spec, value, family)) => false,
        _ if uses.iter().any(|option| option.values().any(may_be)) => false,
        _ => {
            let domain = domain(uses.iter().copied(), family);
            domain.any_of.is_some_and(|values| values.is_empty()) || domain.none_of.iter().any(is_everything)
        }
    }
}

fn foreign(number: u8, family: Family) -> bool {
    !protocol_families(number).contains(family) && can_have_protocol(number, family)
}

/// Addresses that are everything ask for nothing. Ports that are everything still ask for a packet
/// that has ports.
fn is_everything(value: &Value) -> bool {
    matches!(value, Value::Address(address) if address.is_everything())
}

fn intersect_lists(a: &[Value], b: &[Value]) -> Vec<Value> {
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
    let mut values: Vec<Value> = Vec::new();
    for value in pairs.flat_map(|(a, b)| intersect(a, b)) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// What both values hold; the smaller of the two where one holds the other.
fn intersect(a: &Value, b: &Value) -> Vec<Value> {
    if covers(a, b) {
        return vec![b.clone()];
    }
    if covers(b, a) {
        return vec![a.clone()];
    }
    match (a, b) {
        (Value::Address(Address::Masked(masked)), Value::Address(other))
        | (Value::Address(other), Value::Address(Address::Masked(masked))) => intersect_masked(masked, other),
        (Value::Address(x), Value::Address(y)) if a.overlaps(b) => {
            let ((x_first, x_last), (y_first, y_last)) = (x.bounds(), y.bounds());
            vec![Value::Address(range(x.family(), x_first.max(y_first), x_last.min(y_last)))]
        }
        (Value::Ports(x), Value::Ports(y)) if a.overlaps(b) => {
            vec![Value::Ports(PortRange { first: x.first.max(y.first), last: x.last.min(y.last) })]
        }
        _ => Vec::new(),
    }
}

/// A range becomes its networks, each of which is a mask.
fn intersect_masked(masked: &MaskedAddr, other: &Address) -> Vec<Value> {
    let others: Vec<MaskedAddr> = match other {
        Address::Masked(other) => vec![*other],
        other => networks(other).into_iter().map(MaskedAddr::from).collect(),
    };
    let both = others.iter().filter_map(|other| masked.intersection(other));
    both.map(|both| Value::Address(both.simplified())).collect()
}

fn range(family: Family, first: u128, last: u128) -> Address {
    if first == last {
        return Address::Net(Net { addr: from_bits(family, first), prefix: width(family) });
    }
    Address::Range { first: from_bits(family, first), last: from_bits(family, last) }
}

/// Whether all that `b` matches is matched by `a`.
fn covers(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Address(Address::Masked(x)), Value::Address(Address::Masked(y))) => x.covers(y),
        (Value::Address(Address::Masked(x)), Value::Address(Address::Net(y))) => {
            x.covers(&MaskedAddr::from(*y))
        }
        (Value::Address(Address::Masked(_)), Value::Address(_)) => a == b,
        (Value::Address(x), Value::Address(y)) => {
            let ((x_first, x_last), (y_first, y_last)) = (x.bounds(), y.bounds());
            x.family() == y.family() && x_first <= y_first && y_last <= x_last
        }
        (Value::Ports(x), Value::Ports(y)) => x.first <= y.first && y.last <= x.last,
        (Value::Interface(x), Value::Interface(y)) => match x.strip_suffix('+') {
            Some(prefix) => y.starts_with(prefix),
            None => x == y,
        },
        (Value::Icmp(IcmpMatch::Any), Value::Icmp(_)) => true,
        (Value::Icmp(IcmpMatch::Type { ty: x, code: None }), Value::Icmp(IcmpMatch::Type { ty: y, .. })) => {
            x == y
        }
        _ => a == b,
    }
}

/// Whether no packet can match two of the values.
pub(super) fn disjoint(values: &[Value]) -> bool {
    let overlap_later =
        |(index, value): (usize, &Value)| values[index + 1..].iter().any(|later| value.overlaps(later));
    !values.iter().enumerate().any(overlap_later)
}
