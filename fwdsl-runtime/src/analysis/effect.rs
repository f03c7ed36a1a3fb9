//! What the targets of a table change of a packet. What is not known exactly may be anything.

use super::flow::Effect;
use super::meaning::changes;
use super::packet::{CtState, Tracking};
use super::program::{Classes, domain};
use super::region::{Axis, Choice, Span};
use crate::catalogue::{
    self, Aspects, CONNMARK, CT, DNAT, Extension, MARK, NETMAP, NOTRACK, RAW, REDIRECT, SNAT, TPROXY,
};
use crate::family::Family;
use crate::lower::Table;
use crate::model::{Action, Endpoint, OptionUse, Value, to_bits};
use crate::table::TableName;

/// What rules change and what no effect tells: whatever asks for it may match or not.
pub(super) fn not_followed<'a>(tables: impl IntoIterator<Item = &'a Table>) -> Aspects {
    tables.into_iter().fold(Aspects::NONE, |all, table| all.or(changes(table))).and(Aspects::SETS)
}

/// The effects of a table's rules, by chain and rule.
pub(super) fn effects(table: &Table, family: Family, classes: &Classes) -> Vec<Vec<Effect>> {
    let of_chain = |chain: &crate::lower::Chain| {
        chain.rules.iter().map(|rule| effect(table, &rule.action, family, classes)).collect()
    };
    table.chains.iter().map(of_chain).collect()
}

/// What rules of the table `nat` do in INPUT: they translate the source.
pub(super) fn source_effects(table: &Table, family: Family, classes: &Classes) -> Vec<Vec<Effect>> {
    let effect = |action: &Action| match action {
        Action::Target { extension, options } if **extension == SNAT || **extension == NETMAP => {
            source(extension, options, family, classes)
        }
        Action::Jump(name) | Action::Goto(name) if table.is_foreign(name) => Effect {
            translates_source: true,
            translates: true,
            ..anything(Aspects::ADDRESSES, family, classes)
        },
        Action::Target { extension, .. } if **extension == RAW => {
            Effect { translates_source: true, ..anything(Aspects::ADDRESSES, family, classes) }
        }
        _ => Effect::default(),
    };
    { table.chains.iter() }
        .map(|chain| chain.rules.iter().map(|rule| effect(&rule.action)).collect())
        .collect()
}

/// Where a connection comes from, to those that it goes to. The port may be another one if it is taken already.
fn source(extension: &Extension, options: &[OptionUse], family: Family, classes: &Classes) -> Effect {
    let to = options.iter().find(|option| option.spec.name == "to");
    let address = match to.and_then(|option| option.values().next()) {
        Some(Value::Endpoint(Endpoint { addresses: None, .. })) => None,
        Some(Value::Endpoint(Endpoint { addresses: Some((first, last)), .. })) => {
            Some(Span { first: to_bits(*first), last: to_bits(*last) })
        }
        Some(Value::Address(network)) if *extension == NETMAP => {
            let (first, last) = network.bounds();
            Some(Span { first, last })
        }
        _ => Some(domain(Axis::Source, family, classes)),
    };
    let port = (Axis::SourcePort, domain(Axis::SourcePort, family, classes));
    let sets = address.map(|span| (Axis::Source, span)).into_iter().chain([port]).collect();
    Effect { sets, translates_source: true, ..Effect::default() }
}

fn effect(table: &Table, action: &Action, family: Family, classes: &Classes) -> Effect {
    match action {
        Action::Jump(name) | Action::Goto(name) if table.is_foreign(name) => {
            let mut effect = anything(catalogue::changes_in(table.name), family, classes);
            if table.name == TableName::Nat {
                effect = anything(Aspects::ADDRESSES, family, classes);
                effect.translates = true;
            }
            effect
        }
        Action::Jump(_) | Action::Goto(_) => Effect::default(),
        Action::Target { extension, options } if table.name == TableName::Nat => {
            destination(extension, options, family, classes).unwrap_or_default()
        }
        Action::Target { extension, options } if **extension == MARK => {
            let set = options.iter().find(|option| option.spec.name == "set-xmark");
            let bits = match set.and_then(|option| option.values().next()) {
                Some(Value::Masked(bits)) if bits.mask() == u32::MAX => classes.marks.class_of(bits.value),
                _ => classes.marks.all(),
            };
            Effect { choices: vec![(Choice::Mark, bits)], ..Effect::default() }
        }
        Action::Target { extension, options } if **extension == CT || **extension == NOTRACK => {
            let never = **extension == NOTRACK || options.iter().any(|it| it.spec.name == "notrack");
            if never { untracked() } else { Effect::default() }
        }
        Action::Target { extension, .. } if **extension == TPROXY => anything(Aspects::MARK, family, classes),
        Action::Target { extension, options }
            if **extension == CONNMARK && !options.iter().any(|option| option.spec.name == "restore") =>
        {
            Effect::default()
        }
        Action::Target { extension, .. } => anything(extension.changes, family, classes),
    }
}

fn untracked() -> Effect {
    let place = Tracking::ALL.iter().position(|tracking| *tracking == Tracking::of(CtState::Untracked));
    Effect {
        choices: place.map(|place| (Choice::Tracking, 1 << place)).into_iter().collect(),
        ..Effect::default()
    }
}

/// Where a target of the table `nat` sends a connection; `None` if it leaves the destination alone.
fn destination(
    extension: &Extension,
    options: &[OptionUse],
    family: Family,
    classes: &Classes,
) -> Option<Effect> {
    let to = options.iter().find(|option| option.spec.name == "to");
    let value = to.and_then(|option| option.values().next());
    let any = |axis: Axis| (axis, domain(axis, family, classes));
    let ports = |first: u16, last: u16| {
        (Axis::DestinationPort, Span { first: u128::from(first), last: u128::from(last) })
    };
    let sets = match value {
        _ if *extension == DNAT => match value {
            Some(Value::Endpoint(Endpoint { addresses, ports: range, .. })) => {
                let address = addresses.map(|(first, last)| {
                    (Axis::Destination, Span { first: to_bits(first), last: to_bits(last) })
                });
                address.into_iter().chain(range.map(|range| ports(range.first, range.last))).collect()
            }
            _ => vec![any(Axis::Destination), any(Axis::DestinationPort)],
        },
        // To an address of the interface, whichever that is.
        _ if *extension == REDIRECT => match (to, value) {
            (None, _) => vec![any(Axis::Destination)],
            (_, Some(Value::Ports(range))) => {
                vec![any(Axis::Destination), ports(range.first, range.last)]
            }
            _ => vec![any(Axis::Destination), any(Axis::DestinationPort)],
        },
        Some(Value::Address(network)) if *extension == NETMAP => {
            let (first, last) = network.bounds();
            vec![(Axis::Destination, Span { first, last })]
        }
        _ if *extension == NETMAP => vec![any(Axis::Destination)],
        _ => return None,
    };
    Some(Effect { sets, translates: true, ..Effect::default() })
}

/// Everything that a target may change, as anything that it can be.
fn anything(changes: Aspects, family: Family, classes: &Classes) -> Effect {
    let mut effect = Effect::default();
    if changes.meets(Aspects::ADDRESSES) {
        let axes = [Axis::Source, Axis::Destination, Axis::SourcePort, Axis::DestinationPort];
        effect.sets = axes.map(|axis| (axis, domain(axis, family, classes))).to_vec();
    }
    if changes.meets(Aspects::MARK) {
        effect.choices.push((Choice::Mark, classes.marks.all()));
    }
    if changes.meets(Aspects::TRACKING) {
        effect.choices.push((Choice::Tracking, (1 << Tracking::ALL.len()) - 1));
    }
    effect
}
