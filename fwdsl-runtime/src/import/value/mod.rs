//! The values of options as iptables spells them.
//!
//! For each kind of value there is one reader here, which follows the program, not the language: numbers in every base,
//! words by their first letters where iptables takes those, defaults for ends of ranges that are left out.

mod address;
mod bits;
mod clock;
mod id;
mod number;
mod port;
mod protocol;
mod rate;
mod set;
mod text;
mod word;

pub(super) use address::read_networks;
pub(super) use number::number as parse_number;
pub(super) use protocol::{protocol_name, read_protocol};

use super::error::Reason;
use crate::catalogue::{Extension, List, MULTIPORT, OptionSpec, ValueKind};
use crate::family::Family;
use crate::model::{
    Address, Bytecode, Chunk, Few, HeaderOption, Net, Share, Span, U32Program, Value, parse_bit_rate,
    parse_duration,
};

/// Where a value stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) extension: &'static Extension,
    pub(super) spec: &'static OptionSpec,
    pub(super) family: Family,
    /// The protocol that the rule asks for before it, 0 if none.
    pub(super) protocol: u8,
}

/// Whether the option takes two words.
pub(super) fn takes_two(spec: &OptionSpec) -> bool {
    matches!(spec.value, ValueKind::TcpFlags | ValueKind::Set)
}

/// Reads the two words of such an option.
pub(super) fn read_pair(place: Place, first: &str, second: &str) -> Result<Value, Reason> {
    match place.spec.value {
        ValueKind::Set => set::read_set(first, second),
        _ => bits::read_tcp_flags(first, second),
    }
}

/// Reads the word of an option: one value, or several where iptables keeps a list of them.
pub(super) fn read_values(place: Place, text: &str) -> Result<Few<Value>, Reason> {
    let Place { extension, spec, family, .. } = place;
    match spec.value {
        ValueKind::Words(words) if clock::is_weekdays(spec) => clock::read_weekdays(words, text),
        ValueKind::Words(_) if clock::is_monthdays(spec) => clock::read_monthdays(text),
        ValueKind::Words(words) => word::read_words(words, spec, text, family),
        ValueKind::Port if *extension == MULTIPORT => port::read_port_list(text, place.protocol),
        _ if spec.list == List::Joined => text.split(',').map(|part| read_value(place, part)).collect(),
        _ => read_value(place, text).map(Few::one),
    }
}

fn read_value(place: Place, text: &str) -> Result<Value, Reason> {
    let Place { extension, spec, family, .. } = place;
    let wanted = |what: &str| Reason::new(format!("`{}` takes {what}, not `{text}`", spec.flag));
    match spec.value {
        ValueKind::Interface => Ok(Value::Interface(text.to_owned())),
        ValueKind::Address => address::read_range(text, family),
        ValueKind::Host => {
            address::read_host(text, family).map(|addr| Value::Address(Address::Net(Net::host(addr))))
        }
        // Only `NETMAP` looks at a mask while it reads the address; the others keep both as they are.
        ValueKind::Network { .. } if spec.flag == "--to" => {
            address::read_host_network(text, family).map(Value::Address)
        }
        ValueKind::Network { .. } => address::read_network(text, family).map(Value::Address),
        ValueKind::PrefixLength if spec.flag == "--connlimit-mask" => {
            address::read_prefix(text, family).map(|bits| Value::Number(bits.into()))
        }
        ValueKind::PrefixLength => address::read_mask(text, family).map(|bits| Value::Number(bits.into())),
        ValueKind::Protocol | ValueKind::ProtocolNumber => read_protocol(text).map(Value::Protocol),
        ValueKind::Port => port::read_ports(extension, text),
        ValueKind::PortSpan(sign) => port::read_port_span(sign, text),
        ValueKind::Endpoint => port::read_endpoint(text, family),
        ValueKind::IcmpType(_) => word::read_icmp(family, text),
        ValueKind::Word(words) | ValueKind::Words(words) => word::read_word(words, spec, text, family),
        ValueKind::NamedNumber(words) => word::read_named_number(words, spec, text, family),
        ValueKind::Named { names, .. } => word::read_named(names, spec, text),
        ValueKind::NumberOr { words, .. } => match number::number(text, u64::MAX) {
            Some(number) => Ok(Value::Number(number)),
            None => word::read_word(words, spec, text, family),
        },
        // Sixteen bits of it count.
        ValueKind::Number { .. } if extension.name == "SYNPROXY" && spec.flag == "--mss" => {
            number::number32(text)
                .map(|size| Value::Number(u64::from(size as u16)))
                .ok_or_else(|| wanted("a number of bytes"))
        }
        ValueKind::Number { min, max } => number::number(text, u64::MAX)
            .map(Value::Number)
            .ok_or_else(|| wanted(&format!("a number from {min} to {max}"))),
        ValueKind::Span { max, sign, open, .. } => read_span(spec, text, max, sign, open)
            .map(Value::Span)
            .ok_or_else(|| wanted(&format!("a number up to {max}, or a range of them with `{sign}`"))),
        ValueKind::SegmentSize => {
            number::number(text, u64::MAX).map(Value::Number).ok_or_else(|| wanted("a number of bytes"))
        }
        ValueKind::PortNumber => port::read_decimal_port(text).map(|port| Value::Number(port.into())),
        ValueKind::Duration => {
            parse_duration(text).map(Value::Number).ok_or_else(|| wanted("a time such as `250ms` or `2s`"))
        }
        ValueKind::WordOrName { words, .. } => {
            Ok(word::read_word(words, spec, text, family).unwrap_or_else(|_| Value::Text(text.to_owned())))
        }
        ValueKind::Rate => rate::read_rate(text).map(Value::Rate),
        ValueKind::HashRate => rate::read_hash_rate(text),
        ValueKind::HashBurst => rate::read_burst(text),
        ValueKind::Hex { min, max, .. } => number::number(text, u64::MAX)
            .map(Value::Number)
            .ok_or_else(|| wanted(&format!("a number from {min:#x} to {max:#x}"))),
        ValueKind::Id => id::read_id(text),
        ValueKind::Label => Ok(match number::number(text, u64::MAX) {
            Some(number) => Value::Number(number),
            None => Value::Text(text.to_owned()),
        }),
        ValueKind::U32 => program(U32Program::parse(text)),
        ValueKind::Bytecode => program(Bytecode::parse(text)),
        ValueKind::Chunk => Chunk::parse(text)
            .map(Value::Chunk)
            .map_err(|part| Reason::new(format!("unknown kind of chunk, or flag of one: `{part}`"))),
        ValueKind::HeaderOption => read_header_option(text)
            .map(Value::HeaderOption)
            .ok_or_else(|| wanted("the type of an option and perhaps its length, such as `5` or `5:2`")),
        ValueKind::BitRate => parse_bit_rate(text)
            .map(Value::Bytes)
            .ok_or_else(|| wanted("bits a second, such as `8bit` or `5kbit`")),
        ValueKind::Masked(form, names) => bits::read_masked(form, names, spec, text),
        ValueKind::Probability => read_share(text).ok_or_else(|| wanted("a number from 0 to 1")),
        ValueKind::Text { .. }
        | ValueKind::Name { .. }
        | ValueKind::Bare { .. }
        | ValueKind::Quoted { .. } => Ok(Value::Text(text.to_owned())),
        ValueKind::Pattern { hex: false } => Ok(Value::Pattern(text.as_bytes().to_vec())),
        ValueKind::Pattern { hex: true } => text::read_hex_pattern(text),
        ValueKind::Mac => bits::read_mac(text),
        ValueKind::TimeOfDay => clock::read_time(text),
        ValueKind::Date => clock::read_date(text),
        ValueKind::Class => bits::read_class(text),
        // These are read elsewhere: they take no word, or two.
        ValueKind::Flag | ValueKind::TcpFlags | ValueKind::Set => Err(wanted("no value of one word")),
    }
}

/// A program as it is saved.
fn program(parsed: Result<impl ToString, String>) -> Result<Value, Reason> {
    parsed.map(|program| Value::Text(program.to_string())).map_err(Reason::new)
}

/// `5` or `5:2`. Eight bits of each count, and the greatest length is any.
fn read_header_option(text: &str) -> Option<HeaderOption> {
    let byte = |text| number::number(text, u64::MAX).map(|number| number as u8);
    let (ty, length) = match text.split_once(':') {
        Some((ty, length)) => (ty, Some(byte(length)?)),
        None => (text, None),
    };
    Some(HeaderOption { ty: byte(ty)?, length: length.filter(|length| *length != u8::MAX) })
}

/// `7`, `2-7`; with `:` an end may be left out.
fn read_span(spec: &OptionSpec, text: &str, max: u64, sign: char, open: bool) -> Option<Span> {
    let end = |text: &str, default: u64| match text {
        "" if sign == ':' => Some(default),
        _ => number::number(text, max).or_else(|| word::find_name(spec.names, text)),
    };
    match text.split_once(sign) {
        Some((first, last)) => Some(Span { first: end(first, 0)?, last: end(last, max)? }),
        None => {
            let first = end(text, 0)?;
            Some(Span { first, last: if open { max } else { first } })
        }
    }
}

/// A share of all packets, as strtod(3) reads numbers.
fn read_share(text: &str) -> Option<Value> {
    let share: f64 = text.trim_start().parse().ok()?;
    (0.0..=1.0)
        .contains(&share)
        .then(|| Value::Share(Share((share * f64::from(Share::WHOLE.0)).round() as u32)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_shares_are_read() {
        let span = |first, last| Some(Span { first, last });
        let read_span =
            |text, max, sign, open| read_span(&crate::catalogue::CORE.options[0], text, max, sign, open);
        assert_eq!(read_span("7", 100, ':', false), span(7, 7));
        assert_eq!(read_span("7", 100, ':', true), span(7, 100));
        assert_eq!(read_span("7:", 100, ':', false), span(7, 100));
        assert_eq!(read_span(":0x10", 100, ':', false), span(0, 16));
        assert_eq!(read_span("2-7", 100, '-', false), span(2, 7));
        for (text, sign) in [("101", ':'), ("2-", '-'), ("x", ':'), ("1:2:3", ':')] {
            assert_eq!(read_span(text, 100, sign, false), None, "{text}");
        }
        assert_eq!(read_share("0.5"), Some(Value::Share(Share(1 << 30))));
        assert_eq!(read_share("1e-1"), read_share("0.1"));
        for text in ["", "1.5", "-0.1", "nan", "50%"] {
            assert_eq!(read_share(text), None, "{text}");
        }
    }
}
