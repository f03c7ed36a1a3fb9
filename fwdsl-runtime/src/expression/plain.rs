//! Values of a single text: numbers, marks, sizes, times, and their like.

use std::net::IpAddr;

use super::read::{Problem, read_addr, read_port, read_protocol, read_word};
use crate::catalogue::{Extension, MaskForm, OptionSpec, ValueKind};
use crate::model::{
    Address, Bytecode, Chunk, Class, Endpoint, HeaderOption, Mac, Masked, Moment, Net, PortRange, Rate,
    Share, Span, TimeOfDay, U32Program, Value, parse_bit_rate, parse_duration, parse_number, parse_size,
};
use crate::nearest::nearest;

/// Reads a text as what the option wants; `None` if no text can be that.
pub(super) fn read_plain(
    extension: &Extension,
    spec: &OptionSpec,
    text: &str,
) -> Option<Result<Value, Problem>> {
    let wanted = |what: &str| (format!("`{}` takes {what}, not `{text}`", spec.name), None);
    Some(match spec.value {
        ValueKind::Number { min, max } | ValueKind::NumberOr { min, max, words: [] } => {
            number(text).map(Value::Number).ok_or_else(|| wanted(&format!("a number from {min} to {max}")))
        }
        ValueKind::SegmentSize => number(text).map(Value::Number).ok_or_else(|| wanted("a number of bytes")),
        ValueKind::PortNumber => read_port(text).map(|port| Value::Number(port.into())),
        ValueKind::Duration => {
            parse_duration(text).map(Value::Number).ok_or_else(|| wanted("a time such as `250ms` or `2s`"))
        }
        ValueKind::NumberOr { words, .. } => match number(text) {
            Some(number) => Ok(Value::Number(number)),
            None => read_word(extension, spec, words, text),
        },
        ValueKind::Named { names, .. } => read_named(spec, names, text).map(Value::Number),
        ValueKind::Span { max, open, .. } => named_number(spec, text)
            .map(|number| Value::Span(Span { first: number, last: if open { max } else { number } }))
            .ok_or_else(|| wanted(&format!("a number or range up to {max}"))),
        ValueKind::PortSpan(_) => read_port(text).map(|port| Value::Ports(PortRange::one(port))),
        ValueKind::PrefixLength => number(text)
            .map(Value::Number)
            .ok_or_else(|| wanted("the number of leading bits that count, such as 24")),
        ValueKind::Masked(form, names) => read_masked(spec, form, names, text).map(Value::Masked),
        ValueKind::ProtocolNumber => read_protocol(text),
        ValueKind::Host => read_addr(text).map(|addr| Value::Address(Address::Net(Net::host(addr)))),
        ValueKind::Endpoint => read_addr(text).map(|addr| endpoint(addr, addr)),
        ValueKind::Network { .. } => Net::parse(text)
            .map(|net| Value::Address(Address::Net(net)))
            .map_err(|error| (error.message, error.help)),
        ValueKind::HashRate => read_hash_rate(text),
        ValueKind::HashBurst => match (number(text), parse_size(text)) {
            (Some(count), _) => Ok(Value::Number(count)),
            (None, Some(bytes)) => Ok(Value::Bytes(bytes)),
            _ => Err(wanted("a number of packets, or of bytes such as `512kb`")),
        },
        ValueKind::Probability => {
            Share::parse(text).map(Value::Share).ok_or_else(|| wanted("a number from 0 to 1, such as `0.25`"))
        }
        ValueKind::Name { .. } | ValueKind::Bare { .. } => Ok(Value::Text(text.to_owned())),
        ValueKind::Hex { min, max, .. } => {
            number(text).map(Value::Number).ok_or_else(|| wanted(&format!("a number from {min} to {max}")))
        }
        ValueKind::Id | ValueKind::Label => Ok(match (number(text), spec.value) {
            (Some(number), ValueKind::Id) => Value::Span(Span { first: number, last: number }),
            (Some(number), _) => Value::Number(number),
            (None, _) => Value::Text(text.to_owned()),
        }),
        ValueKind::U32 => program(U32Program::parse(text)),
        ValueKind::Bytecode => program(Bytecode::parse(text)),
        ValueKind::Chunk => match Chunk::parse(text) {
            Ok(Chunk::Kind { mask: 0, .. }) if text.contains(':') => {
                Err((format!("iptables loses the flags of `{text}`"), Some("leave them out".to_owned())))
            }
            parsed => parsed.map(Value::Chunk).map_err(|part| unknown_chunk(text, &part)),
        },
        ValueKind::HeaderOption => HeaderOption::parse(text)
            .map(Value::HeaderOption)
            .ok_or_else(|| wanted("the type of an option and perhaps its length, such as `5` or `5:2`")),
        ValueKind::BitRate => parse_bit_rate(text)
            .map(Value::Bytes)
            .ok_or_else(|| wanted("bits a second, such as `8bit` or `5kbit`")),
        ValueKind::Pattern { hex: false } => Ok(Value::Pattern(text.as_bytes().to_vec())),
        ValueKind::Pattern { hex: true } => read_bytes(text).map(Value::Pattern),
        ValueKind::Mac => {
            Mac::parse(text).map(Value::Mac).ok_or_else(|| wanted("an Ethernet address in quotes"))
        }
        ValueKind::Class => Class::parse(text)
            .map(Value::Class)
            .ok_or_else(|| wanted("a class in hexadecimal digits, such as `1:10`")),
        ValueKind::TimeOfDay => TimeOfDay::parse(text)
            .map(Value::Time)
            .ok_or_else(|| wanted("a time of day, such as `17:30` or `17:30:05`")),
        ValueKind::Date => Moment::parse(text).map(Value::Moment).ok_or_else(|| {
            let help =
                "dates from \"1970-01-01\" to \"2038-12-31\", times of a day as \"2026-01-31T17:30:00\"";
            (format!("`{text}` is no date that the kernel knows"), Some(help.into()))
        }),
        _ => return None,
    })
}

/// Reads a range as what the option wants; `None` if no range can be that.
pub(super) fn read_plain_range(spec: &OptionSpec, first: &str, last: &str) -> Option<Result<Value, Problem>> {
    match spec.value {
        ValueKind::Id => Some(match (number(first), number(last)) {
            (Some(first), Some(last)) => Ok(Value::Span(Span { first, last })),
            _ => Err((format!("a range of `{}` is one of numbers", spec.name), None)),
        }),
        ValueKind::Span { max, .. } => Some(match (named_number(spec, first), named_number(spec, last)) {
            (Some(first), Some(last)) => Ok(Value::Span(Span { first, last })),
            _ => Err((format!("`{}` takes a number or range up to {max}", spec.name), None)),
        }),
        ValueKind::PortSpan(_) => {
            let ports = read_port(first).and_then(|first| Ok(PortRange { first, last: read_port(last)? }));
            Some(ports.map(Value::Ports))
        }
        ValueKind::Endpoint => Some(read_addr(first).and_then(|first| Ok(endpoint(first, read_addr(last)?)))),
        _ => None,
    }
}

fn endpoint(first: IpAddr, last: IpAddr) -> Value {
    Value::Endpoint(Endpoint { addresses: Some((first, last)), ports: None, base: None })
}

fn number(text: &str) -> Option<u64> {
    parse_number(text)
}

/// A number, or the name that the option has for one.
fn named_number(spec: &OptionSpec, text: &str) -> Option<u64> {
    let named = spec.names.iter().find(|(name, _)| *name == text).map(|(_, number)| *number);
    named.or_else(|| number(text))
}

/// A program as it is saved.
fn program(parsed: Result<impl ToString, String>) -> Result<Value, Problem> {
    parsed.map(|program| Value::Text(program.to_string())).map_err(|message| (message, None))
}

fn unknown_chunk(text: &str, part: &str) -> Problem {
    if text != part && text.ends_with(part) {
        let help = "`data` has the flags I, U, B and E, `abort` and `shutdown-complete` T; small letters for those not set";
        return (format!("`{text}` has no flag `{part}`"), Some(help.to_owned()));
    }
    let names: Vec<String> = Chunk::names().collect();
    let help = nearest(&part.to_ascii_lowercase(), names.iter().map(String::as_str));
    (format!("unknown kind of chunk `{part}`"), help.map(|name| format!("did you mean `{name}`?")))
}

fn read_named(spec: &OptionSpec, names: &[(&'static str, u64)], text: &str) -> Result<u64, Problem> {
    let known = names.iter().find(|(name, _)| *name == text).map(|(_, number)| *number);
    known
        .or_else(|| number(text))
        .ok_or_else(|| unknown_name(spec, names.iter().map(|(name, _)| *name), text))
}

fn unknown_name(spec: &OptionSpec, names: impl Iterator<Item = &'static str>, text: &str) -> Problem {
    let help = nearest(&text.to_ascii_lowercase(), names).map(|name| format!("did you mean `{name}`?"));
    (format!("`{}` takes a number or a name, and knows no `{text}`", spec.name), help)
}

fn read_masked(
    spec: &OptionSpec,
    form: MaskForm,
    names: &[(&'static str, u32)],
    text: &str,
) -> Result<Masked, Problem> {
    if let Some((_, value)) = names.iter().find(|(name, _)| *name == text) {
        // RFC 1349's names speak of these bits alone.
        return Ok(Masked::new(*value, 0x3f));
    }
    let masked = Masked::parse(text).map_err(|part| {
        if names.is_empty() {
            let form = if form == MaskForm::None { "`0xff`" } else { "`1` or `0x1/0xff`" };
            (format!("`{part}` is not a number of 32 bits, such as {form}"), None)
        } else {
            unknown_name(spec, names.iter().map(|(name, _)| *name), text)
        }
    })?;
    if form == MaskForm::None && masked.mask.is_some() {
        return Err((format!("`{}` takes no mask", spec.name), None));
    }
    Ok(masked)
}

fn read_hash_rate(text: &str) -> Result<Value, Problem> {
    if let Some(bytes) = text.strip_suffix("/s").and_then(parse_size) {
        return Ok(Value::Bytes(bytes));
    }
    Rate::parse(text).map(Value::Rate).map_err(|message| {
        (message, Some("packets as `40/s` or `10/minute`, bytes as `512kb/s` or `1mb/s`".into()))
    })
}

/// Reads text in which `|de ad|` stands for bytes.
fn read_bytes(text: &str) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    for (index, part) in text.split('|').enumerate() {
        if index % 2 == 0 {
            bytes.extend_from_slice(part.as_bytes());
            continue;
        }
        let digits: Vec<u8> = part.bytes().filter(|byte| *byte != b' ').collect();
        for pair in digits.chunks(2) {
            let byte = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2);
            let byte = byte.and_then(|pair| u8::from_str_radix(pair, 16).ok());
            bytes.push(byte.ok_or_else(|| {
                (
                    format!("`|{part}|` are no bytes"),
                    Some("two hexadecimal digits each: `|de ad|`".to_owned()),
                )
            })?);
        }
    }
    if text.split('|').count().is_multiple_of(2) {
        return Err((format!("\"{text}\" has a `|` without its fellow"), None));
    }
    Ok(bytes)
}
