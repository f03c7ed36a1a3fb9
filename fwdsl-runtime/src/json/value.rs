//! The values of options: objects with one field, whose name says what kind of value it is.

use super::address::{
    read_address, read_ends, read_mac, read_numbers, read_ports, write_address, write_ends, write_ports,
};
use super::node::{Node, Reading};
use super::object::Object;
use super::place::read_loc;
use crate::catalogue::OptionSpec;
use crate::ipset::Direction;
use crate::loc::Loc;
use crate::model::{
    Chunk, Class, Endpoint, HeaderOption, IcmpMatch, Masked, Moment, Rate, SetRef, Share, Span,
    TCP_FLAG_NAMES, TcpFlags, TimeOfDay, TimeUnit, Value,
};

const TAGS: [&str; 26] = [
    "bytes",
    "chunk",
    "class",
    "endpoint",
    "header_option",
    "icmp",
    "interface",
    "mac",
    "masked",
    "masked_address",
    "moment",
    "network",
    "number",
    "pattern",
    "ports",
    "protocol",
    "range",
    "rate",
    "rust",
    "set",
    "share",
    "span",
    "tcp_flags",
    "text",
    "time",
    "word",
];

/// A value under its tag.
pub(super) fn write_value(spec: &OptionSpec, value: &Value) -> Object {
    match value {
        Value::Interface(name) => Object::one("interface", name.as_str()),
        Value::Address(address) => write_address(address),
        Value::Protocol(number) => Object::one("protocol", *number),
        Value::Ports(ports) => Object::one("ports", write_ports(*ports)),
        Value::Icmp(IcmpMatch::Any) => Object::one("icmp", Object::default()),
        Value::Icmp(IcmpMatch::Type { ty, code }) => {
            Object::one("icmp", Object::one("type", *ty).maybe("code", *code))
        }
        Value::Word(index) => {
            let word = spec.value.words().get(usize::from(*index));
            Object::one("word", word.map_or("", |word| word.name))
        }
        Value::Rate(rate) => {
            Object::one("rate", Object::one("count", rate.count).with("per", unit_name(rate.per)))
        }
        Value::Number(number) => Object::one("number", *number),
        Value::Text(text) => Object::one("text", text.as_str()),
        Value::TcpFlags(flags) => {
            let names = |bits: u8| flag_names(bits).collect::<Vec<_>>();
            Object::one("tcp_flags", Object::one("mask", names(flags.mask)).with("set", names(flags.set)))
        }
        Value::Set(set) => Object::one("set", write_set_ref(set)),
        Value::Masked(masked) => {
            Object::one("masked", Object::one("value", masked.value).maybe("mask", masked.mask))
        }
        Value::Span(span) => Object::one("span", Object::one("first", span.first).with("last", span.last)),
        Value::Endpoint(endpoint) => Object::one("endpoint", write_endpoint(endpoint)),
        Value::Bytes(bytes) => Object::one("bytes", *bytes),
        Value::Pattern(bytes) => Object::one("pattern", to_hex(bytes)),
        Value::Mac(mac) => Object::one("mac", mac.to_string()),
        Value::Share(share) => Object::one("share", share.0),
        Value::Class(class) => {
            Object::one("class", Object::one("major", class.major).with("minor", class.minor))
        }
        Value::Time(time) => Object::one("time", time.to_string()),
        Value::Moment(moment) => Object::one("moment", moment.to_string()),
        Value::Chunk(chunk) => Object::one("chunk", chunk.to_string()),
        Value::HeaderOption(HeaderOption { ty, length }) => {
            Object::one("header_option", Object::one("type", *ty).maybe("length", *length))
        }
        Value::Rust(place) => Object::one("rust", *place),
    }
}

/// A value with its place.
pub(super) fn read_value(
    node: &Node<'_>,
    spec: &OptionSpec,
    around: Loc,
    reading: &mut Reading,
) -> Option<(Value, Loc)> {
    let (tag, inner, fields) = node.tagged(&TAGS, reading)?;
    let loc = read_loc(&fields, "loc", around, reading)?;
    let value = match tag {
        "interface" => Value::Interface(inner.text(reading)?.to_owned()),
        "network" | "range" | "masked_address" => Value::Address(read_address(tag, &inner, reading)?),
        "protocol" => Value::Protocol(inner.number(reading)?),
        "ports" => Value::Ports(read_ports(&inner, reading)?),
        "icmp" => Value::Icmp(read_icmp(&inner, reading)?),
        "word" => Value::Word(read_word(&inner, spec, reading)?),
        "rate" => Value::Rate(read_rate(&inner, reading)?),
        "number" => Value::Number(inner.number(reading)?),
        "text" => Value::Text(inner.text(reading)?.to_owned()),
        "tcp_flags" => Value::TcpFlags(read_tcp_flags(&inner, reading)?),
        "set" => Value::Set(read_set_ref(&inner, reading)?),
        "masked" => Value::Masked(read_masked(&inner, reading)?),
        "span" => {
            let (first, last) = read_numbers(&inner, ["first", "last"], reading)?;
            Value::Span(Span { first, last })
        }
        "endpoint" => Value::Endpoint(read_endpoint(&inner, reading)?),
        "bytes" => Value::Bytes(inner.number(reading)?),
        "pattern" => Value::Pattern(inner.parsed("pairs of hexadecimal digits", from_hex, reading)?),
        "mac" => Value::Mac(read_mac(&inner, reading)?),
        "share" => Value::Share(read_share(&inner, reading)?),
        "class" => {
            let (major, minor) = read_numbers(&inner, ["major", "minor"], reading)?;
            Value::Class(Class { major, minor })
        }
        "time" => Value::Time(inner.parsed("a time of day, `17:30:00`", TimeOfDay::parse, reading)?),
        "moment" => Value::Moment(inner.parsed("a moment, `2026-01-31T17:30:00`", Moment::parse, reading)?),
        "chunk" => Value::Chunk(inner.parsed(
            "a kind of chunk, `DATA:Be`",
            |text| Chunk::parse(text).ok(),
            reading,
        )?),
        "header_option" => {
            let fields = inner.fields(&["type", "length"], reading)?;
            let length = fields.maybe("length", reading, Node::number)?;
            Value::HeaderOption(HeaderOption { ty: fields.number("type", reading)?, length })
        }
        _ => {
            let help = "only the program knows it that the policy was built into".to_owned();
            return reading.fail(node, "a Rust value that is not filled in", Some(help));
        }
    };
    Some((value, loc))
}

fn read_icmp(node: &Node<'_>, reading: &mut Reading) -> Option<IcmpMatch> {
    let fields = node.fields(&["type", "code"], reading)?;
    let code = fields.maybe("code", reading, Node::number)?;
    match fields.maybe("type", reading, Node::number)? {
        Some(ty) => Some(IcmpMatch::Type { ty, code }),
        None if code.is_some() => reading.fail(node, "a code of no type", None),
        None => Some(IcmpMatch::Any),
    }
}

fn read_word(node: &Node<'_>, spec: &OptionSpec, reading: &mut Reading) -> Option<u8> {
    let name = node.text(reading)?;
    let words = spec.value.words();
    match words.iter().position(|word| word.name == name).map(u8::try_from) {
        Some(Ok(index)) => Some(index),
        _ => {
            let what = format!("word of `{}`", spec.name);
            reading.unknown(node, &what, name, words.iter().map(|word| word.name))
        }
    }
}

const fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "second",
        TimeUnit::Minute => "minute",
        TimeUnit::Hour => "hour",
        TimeUnit::Day => "day",
    }
}

fn read_rate(node: &Node<'_>, reading: &mut Reading) -> Option<Rate> {
    let fields = node.fields(&["count", "per"], reading)?;
    let count = fields.number("count", reading)?;
    let per = fields.required("per", reading)?.one_of("unit of time", &TimeUnit::ALL, unit_name, reading)?;
    Some(Rate { count, per })
}

fn flag_names(bits: u8) -> impl Iterator<Item = &'static str> {
    TCP_FLAG_NAMES
        .into_iter()
        .enumerate()
        .filter(move |(bit, _)| bits & (1 << bit) != 0)
        .map(|(_, name)| name)
}

fn read_tcp_flags(node: &Node<'_>, reading: &mut Reading) -> Option<TcpFlags> {
    let fields = node.fields(&["mask", "set"], reading)?;
    let bits = |name, reading: &mut Reading| {
        let names = fields.each(name, reading, |node, reading| {
            node.one_of("TCP flag", &TCP_FLAG_NAMES, |name| name, reading)
        })?;
        let bit = |name: &&str| TCP_FLAG_NAMES.iter().position(|known| known == name).unwrap_or_default();
        Some(names.iter().fold(0, |bits, name| bits | 1 << bit(name)))
    };
    Some(TcpFlags { mask: bits("mask", reading)?, set: bits("set", reading)? })
}

fn write_set_ref(set: &SetRef) -> Object {
    Object::one("name", set.name.as_str())
        .list("directions", &set.directions, |direction| direction.word().into())
        .maybe("kernel", set.kernel.as_ref().map(|kernel| kernel.name.as_str()))
}

fn read_set_ref(node: &Node<'_>, reading: &mut Reading) -> Option<SetRef> {
    let fields = node.fields(&["name", "directions"], reading)?;
    let name = fields.text("name", reading)?;
    let both = [Direction::Source, Direction::Destination];
    let directions = fields.each("directions", reading, |node, reading| {
        node.one_of("direction", &both, Direction::word, reading)
    })?;
    Some(SetRef { name, directions, kernel: None })
}

fn read_masked(node: &Node<'_>, reading: &mut Reading) -> Option<Masked> {
    let fields = node.fields(&["value", "mask"], reading)?;
    let value = fields.number("value", reading)?;
    Some(Masked { value, mask: fields.maybe("mask", reading, Node::number)? })
}

fn write_endpoint(endpoint: &Endpoint) -> Object {
    Object::default()
        .maybe("addresses", endpoint.addresses.map(|(first, last)| write_ends(first, last)))
        .maybe("ports", endpoint.ports.map(write_ports))
        .maybe("base", endpoint.base)
}

fn read_endpoint(node: &Node<'_>, reading: &mut Reading) -> Option<Endpoint> {
    let fields = node.fields(&["addresses", "ports", "base"], reading)?;
    Some(Endpoint {
        addresses: fields.maybe("addresses", reading, read_ends)?,
        ports: fields.maybe("ports", reading, read_ports)?,
        base: fields.maybe("base", reading, Node::number)?,
    })
}

fn read_share(node: &Node<'_>, reading: &mut Reading) -> Option<Share> {
    let share = node.number(reading)?;
    if share > Share::WHOLE.0 {
        return reading.fail(node, format!("`{share}` is more than all packets, {}", Share::WHOLE.0), None);
    }
    Some(Share(share))
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pair = |pair: &[u8]| {
        let sound = pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit);
        std::str::from_utf8(pair).ok().filter(|_| sound).and_then(|pair| u8::from_str_radix(pair, 16).ok())
    };
    digits.chunks(2).map(pair).collect()
}
