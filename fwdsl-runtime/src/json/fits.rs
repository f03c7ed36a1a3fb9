//! Which values an option takes, and how many: what the language's own readers see to while they read text.

use crate::catalogue::{List, OptionSpec, ValueKind};
use crate::model::Value;

/// Whether an option of this kind can hold the value at all; its limits are for the checks.
pub(super) fn fits(kind: ValueKind, value: &Value) -> bool {
    match kind {
        ValueKind::Flag => false,
        ValueKind::Interface => matches!(value, Value::Interface(_)),
        ValueKind::Address => matches!(value, Value::Address(_) | Value::Set(_)),
        ValueKind::Host | ValueKind::Network { .. } => matches!(value, Value::Address(_)),
        ValueKind::Protocol | ValueKind::ProtocolNumber => matches!(value, Value::Protocol(_)),
        ValueKind::Port => matches!(value, Value::Ports(_) | Value::Set(_)),
        ValueKind::PortSpan(_) => matches!(value, Value::Ports(_)),
        ValueKind::Endpoint => matches!(value, Value::Endpoint(_)),
        ValueKind::IcmpType(_) => matches!(value, Value::Icmp(_)),
        ValueKind::Word(_) | ValueKind::Words(_) => matches!(value, Value::Word(_)),
        ValueKind::Rate => matches!(value, Value::Rate(_)),
        ValueKind::HashRate => matches!(value, Value::Rate(_) | Value::Bytes(_)),
        ValueKind::HashBurst => matches!(value, Value::Number(_) | Value::Bytes(_)),
        ValueKind::NumberOr { .. } => matches!(value, Value::Number(_) | Value::Word(_)),
        ValueKind::WordOrName { .. } => matches!(value, Value::Word(_) | Value::Text(_)),
        ValueKind::Id => matches!(value, Value::Span(_) | Value::Text(_)),
        ValueKind::Label => matches!(value, Value::Number(_) | Value::Text(_)),
        ValueKind::BitRate => matches!(value, Value::Bytes(_)),
        ValueKind::Chunk => matches!(value, Value::Chunk(_)),
        ValueKind::HeaderOption => matches!(value, Value::HeaderOption(_)),
        ValueKind::PrefixLength
        | ValueKind::PortNumber
        | ValueKind::SegmentSize
        | ValueKind::Duration
        | ValueKind::Hex { .. }
        | ValueKind::Number { .. }
        | ValueKind::NamedNumber(_)
        | ValueKind::Named { .. } => matches!(value, Value::Number(_)),
        ValueKind::Span { .. } => matches!(value, Value::Span(_)),
        ValueKind::Masked(..) => matches!(value, Value::Masked(_)),
        ValueKind::Probability => matches!(value, Value::Share(_)),
        ValueKind::Text { .. }
        | ValueKind::Name { .. }
        | ValueKind::Bare { .. }
        | ValueKind::Quoted { .. }
        | ValueKind::U32
        | ValueKind::Bytecode => matches!(value, Value::Text(_)),
        ValueKind::Pattern { .. } => matches!(value, Value::Pattern(_)),
        ValueKind::Mac => matches!(value, Value::Mac(_)),
        ValueKind::TimeOfDay => matches!(value, Value::Time(_)),
        ValueKind::Date => matches!(value, Value::Moment(_)),
        ValueKind::Class => matches!(value, Value::Class(_)),
        ValueKind::TcpFlags => matches!(value, Value::TcpFlags(_)),
        ValueKind::Set => matches!(value, Value::Set(_)),
    }
}

/// What is wrong with so many values.
pub(super) fn check_count(spec: &OptionSpec, count: usize) -> Option<String> {
    match (spec.value, spec.list, count) {
        (ValueKind::Flag, _, 1..) => Some(format!("`{}` takes no value", spec.name)),
        (ValueKind::Flag, _, 0) => None,
        (_, _, 0) => Some(format!("`{}` takes a value", spec.name)),
        (_, List::No, 2..) => Some(format!("`{}` takes one value, not {count}", spec.name)),
        _ => None,
    }
}
