//! One written value, read as what its place wants.

use std::net::IpAddr;

use super::plain::{read_plain, read_plain_range};
use super::{ExprKind, Leaf};
use crate::catalogue::{Extension, OptionSpec, ValueKind, Word};
use crate::diagnostic::Diagnostic;
use crate::family::Family;
use crate::ipset::Direction;
use crate::loc::{Loc, Located};
use crate::model::{
    Address, AddressError, IcmpMatch, MaskedAddr, Net, PortRange, Rate, SetRef, TcpFlags, Value,
};
use crate::nearest::nearest;
use crate::{icmp, protocols, services};

/// Why a value cannot be read: the message, and what to do about it.
pub(crate) type Problem = (String, Option<String>);

/// Reads a value.
pub(crate) fn read_value(extension: &Extension, spec: &OptionSpec, leaf: &Leaf) -> Result<Value, Diagnostic> {
    let mut place = leaf.loc;
    read(extension, spec, &leaf.kind, &mut place).map_err(|problem| problem_at(place, problem, leaf))
}

/// A problem with a value, at its place; if that is in a `let`, the use of it is named too.
pub(crate) fn problem_at(place: Loc, (message, help): Problem, leaf: &Leaf) -> Diagnostic {
    let diagnostic = Diagnostic::error(place, message).maybe_help(help);
    match &leaf.used {
        Some((name, loc)) => diagnostic.note(format!("used here through `{name}`"), Some(*loc)),
        None => diagnostic,
    }
}

/// `place` is where a problem lies: the value, or the end of a range that is being read.
fn read(
    extension: &Extension,
    spec: &OptionSpec,
    kind: &ExprKind,
    place: &mut Loc,
) -> Result<Value, Problem> {
    match (spec.value, kind) {
        (ValueKind::Interface, ExprKind::Atom(name) | ExprKind::Text(name)) => {
            Ok(Value::Interface(name.clone()))
        }
        (ValueKind::Address, ExprKind::Atom(_) | ExprKind::Text(_) | ExprKind::Range(..)) => {
            match with_gaps(kind) {
                Some(masked) => Ok(Value::Address(masked)),
                None => read_address_at(kind, place).map(Value::Address),
            }
        }
        (ValueKind::Address | ValueKind::Port, ExprKind::Set { name, .. }) => set_in_place(spec, name),
        (ValueKind::Set, ExprKind::Set { name, directions }) => {
            Ok(Value::Set(SetRef { name: name.clone(), directions: directions.clone(), kernel: None }))
        }
        (ValueKind::Protocol, ExprKind::Atom(word) | ExprKind::Text(word)) => read_protocol(word),
        (ValueKind::Port, ExprKind::Atom(word) | ExprKind::Text(word)) => {
            Ok(Value::Ports(PortRange::one(read_port(word)?)))
        }
        (ValueKind::Port, ExprKind::Range(first, last)) => {
            let (first, last) = (read_end(first, place, read_port)?, read_end(last, place, read_port)?);
            Ok(Value::Ports(PortRange { first, last }))
        }
        (ValueKind::IcmpType(family), ExprKind::Atom(word)) => read_icmp(family, word),
        (ValueKind::Word(words) | ValueKind::Words(words), ExprKind::Atom(word)) => {
            read_word(extension, spec, words, word)
        }
        (ValueKind::WordOrName { words, .. }, ExprKind::Atom(word)) => {
            read_word(extension, spec, words, word)
        }
        // In quotes it may be a name that nobody knows here; a word is one all the same.
        (ValueKind::WordOrName { words, .. }, ExprKind::Text(text)) => {
            Ok(read_word(extension, spec, words, text).unwrap_or_else(|_| Value::Text(text.clone())))
        }
        (ValueKind::NamedNumber(words), ExprKind::Atom(word)) => match word.parse() {
            Ok(number) => Ok(Value::Number(number)),
            Err(_) => match read_word(extension, spec, words, word)? {
                Value::Word(index) => Ok(Value::Number(u64::from(index))),
                other => Ok(other),
            },
        },
        (ValueKind::Rate, ExprKind::Atom(text) | ExprKind::Text(text)) => match Rate::parse(text) {
            Ok(rate) => Ok(Value::Rate(rate)),
            Err(message) => Err((message, None)),
        },
        (ValueKind::Text { .. } | ValueKind::Quoted { .. }, ExprKind::Text(text)) => {
            Ok(Value::Text(text.clone()))
        }
        (ValueKind::Text { .. } | ValueKind::Quoted { .. }, ExprKind::Atom(word)) => {
            Err((format!("expected a string, found `{word}`"), Some(format!("quote it: \"{word}\""))))
        }
        (ValueKind::TcpFlags, ExprKind::Atom(word)) if word == "syn" => Ok(Value::TcpFlags(TcpFlags::SYN)),
        (ValueKind::TcpFlags, ExprKind::Flags { set, mask }) => {
            let bits = |words: &String| {
                TcpFlags::bits(words).map_err(|word| {
                    let help = nearest(&word, crate::model::TCP_FLAG_NAMES);
                    (format!("unknown TCP flag `{word}`"), help.map(|flag| format!("did you mean `{flag}`?")))
                })
            };
            Ok(Value::TcpFlags(TcpFlags { mask: bits(mask)?, set: bits(set)? }))
        }
        (_, kind) => {
            let plain = match kind {
                ExprKind::Atom(text) | ExprKind::Text(text) => read_plain(extension, spec, text),
                ExprKind::Range(first, last) => read_plain_range(spec, &first.value, &last.value),
                _ => None,
            };
            plain.unwrap_or_else(|| {
                Err((format!("expected {}, found {}", wanted(spec.value), form(kind)), None))
            })
        }
    }
}

/// `from @NAME`: the side that the option looks at is what the set's elements are compared with.
fn set_in_place(spec: &OptionSpec, name: &str) -> Result<Value, Problem> {
    let direction = match spec.name {
        "from" | "src-range" | "sport" | "sports" => Direction::Source,
        "to" | "dst-range" | "dport" | "dports" => Direction::Destination,
        _ => {
            let help = "one side after the other: `sport @NAME`, `dport @NAME`".to_owned();
            return Err((format!("`{}` looks at both sides, and a set at one", spec.name), Some(help)));
        }
    };
    Ok(Value::Set(SetRef { name: name.to_owned(), directions: vec![direction], kernel: None }))
}

/// An address, a network or a range.
pub(crate) fn read_address(kind: &ExprKind) -> Result<Address, Problem> {
    read_address_at(kind, &mut Loc::default())
}

/// An address under a mask that no prefix length says.
fn with_gaps(kind: &ExprKind) -> Option<Address> {
    let (ExprKind::Atom(text) | ExprKind::Text(text)) = kind else { return None };
    match MaskedAddr::parse(text)?.simplified() {
        Address::Net(_) => None,
        address => Some(address),
    }
}

fn read_address_at(kind: &ExprKind, place: &mut Loc) -> Result<Address, Problem> {
    match kind {
        ExprKind::Atom(text) | ExprKind::Text(text) => Ok(Address::Net(
            Net::parse(text).map_err(|error| range_problem(text).unwrap_or(address_problem(error)))?,
        )),
        ExprKind::Range(first, last) => {
            let (first, last) = (read_end(first, place, read_addr)?, read_end(last, place, read_addr)?);
            Ok(Address::Range { first, last })
        }
        other => Err((format!("expected {}, found {}", wanted(ValueKind::Address), form(other)), None)),
    }
}

pub(crate) fn read_end<T>(
    end: &Located<String>,
    place: &mut Loc,
    read: fn(&str) -> Result<T, Problem>,
) -> Result<T, Problem> {
    *place = end.loc;
    read(&end.value)
}

/// `10.0.0.1-10.0.0.9`, as iptables writes a range.
fn range_problem(text: &str) -> Option<Problem> {
    let (first, last) = text.split_once('-')?;
    let is_addr = |end: &str| end.parse::<IpAddr>().is_ok();
    let help = format!("a range is written `{first}..={last}`");
    (is_addr(first) && is_addr(last)).then(|| (format!("`{text}` is not an address"), Some(help)))
}

fn address_problem(error: AddressError) -> Problem {
    (error.message, error.help)
}

pub(crate) fn read_addr(text: &str) -> Result<IpAddr, Problem> {
    if text.contains('/') {
        return Err((format!("`{text}` is a network, and a range goes from one address to another"), None));
    }
    Net::parse(text).map(|net| net.addr).map_err(address_problem)
}

pub(super) fn read_protocol(word: &str) -> Result<Value, Problem> {
    read_protocol_number(word).map(Value::Protocol)
}

pub(super) fn read_protocol_number(word: &str) -> Result<u8, Problem> {
    if let Some(number) = protocols::find(word) {
        return Ok(number);
    }
    match word.parse::<u64>() {
        Ok(number) => match u8::try_from(number) {
            Ok(number) => Ok(number),
            Err(_) => Err((format!("protocol {number} is over 255"), None)),
        },
        Err(_) => {
            let help = nearest(word, protocols::names()).map(|name| format!("did you mean `{name}`?"));
            Err((format!("unknown protocol `{word}`"), help))
        }
    }
}

pub(crate) fn read_port(word: &str) -> Result<u16, Problem> {
    if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.parse().map_err(|_| (format!("port {word} is over 65535"), None));
    }
    if let Some(service) = services::find(word) {
        return Ok(service.port);
    }
    if word.starts_with(|first: char| first.is_ascii_digit()) {
        let range = word.split_once(['-', ':']);
        let help = range.map(|(first, last)| format!("a range is written `{first}..={last}`"));
        return Err((format!("`{word}` is not a port"), help));
    }
    let help = nearest(word, services::names()).map(|name| format!("did you mean `{name}`?"));
    Err((format!("unknown service `{word}`"), help))
}

fn read_icmp(family: Family, word: &str) -> Result<Value, Problem> {
    if word == "any" && family == Family::Ipv4 {
        return Ok(Value::Icmp(IcmpMatch::Any));
    }
    if let Some(found) = icmp::find(family, word) {
        return Ok(Value::Icmp(IcmpMatch::Type { ty: found.ty, code: found.code }));
    }
    if word.starts_with(|first: char| first.is_ascii_digit()) {
        let (ty, code) = match word.split_once('/') {
            Some((ty, code)) => (ty, Some(code)),
            None => (word, None),
        };
        let number = |text: &str| {
            text.parse::<u8>().map_err(|_| {
                (format!("`{word}` is not an ICMP type: type and code are numbers up to 255, `3/4`"), None)
            })
        };
        return Ok(Value::Icmp(IcmpMatch::Type { ty: number(ty)?, code: code.map(number).transpose()? }));
    }
    let protocol = if family == Family::Ipv4 { "ICMP" } else { "ICMPv6" };
    let help = match nearest(word, icmp::names(family)) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None => {
            let (other, word_of_other) = match family {
                Family::Ipv4 => (Family::Ipv6, "icmpv6"),
                Family::Ipv6 => (Family::Ipv4, "icmp"),
            };
            icmp::find(other, word)
                .map(|_| format!("it is a type of the other family: `{word_of_other} {word}`"))
        }
    };
    Err((format!("unknown {protocol} type `{word}`"), help))
}

/// An ICMP type with its code, as the one number that a set holds.
pub(super) fn read_icmp_code(family: Family, word: &str) -> Result<u16, Problem> {
    // Types whose code says what happened; of the others there is only code 0.
    let with_codes: &[u8] = if family == Family::Ipv4 { &[3, 5, 11, 12] } else { &[1, 3, 4] };
    match read_icmp(family, word)? {
        Value::Icmp(IcmpMatch::Type { ty, code: Some(code) }) => Ok(u16::from_be_bytes([ty, code])),
        Value::Icmp(IcmpMatch::Type { ty, code: None }) if !with_codes.contains(&ty) => {
            Ok(u16::from_be_bytes([ty, 0]))
        }
        _ => {
            let help = "type and code: `icmp 3/4`".to_owned();
            Err((format!("a set holds one ICMP code at a time, and `{word}` stands for several"), Some(help)))
        }
    }
}

pub(super) fn read_word(
    extension: &Extension,
    spec: &OptionSpec,
    words: &[Word],
    text: &str,
) -> Result<Value, Problem> {
    if let Some(index) = words.iter().position(|word| word.is(text)) {
        return Ok(Value::Word(u8::try_from(index).unwrap_or(u8::MAX)));
    }
    let names = words.iter().flat_map(|word| [word.name].into_iter().chain(word.aliases.iter().copied()));
    let lower = text.to_ascii_lowercase();
    let help = match nearest(&lower, names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => {
            let names: Vec<String> = words.iter().map(|word| format!("`{}`", word.name)).collect();
            format!("it takes {}", names.join(", "))
        }
    };
    Err((format!("unknown value `{text}` for `{}` of `{}`", spec.name, extension.word()), Some(help)))
}

/// What a place wants, for messages.
fn wanted(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Flag => "nothing",
        ValueKind::Interface => "an interface",
        ValueKind::Address => "an address, a network or a range of addresses",
        ValueKind::Host => "an address",
        ValueKind::Network { .. } => "an address or a network",
        ValueKind::PrefixLength => "a prefix length",
        ValueKind::Endpoint => "an address, a port or both: `10.0.0.2:8080`",
        ValueKind::Protocol | ValueKind::ProtocolNumber => "a protocol",
        ValueKind::Port | ValueKind::PortSpan(_) => "a port or a range of ports",
        ValueKind::IcmpType(_) => "an ICMP type",
        ValueKind::Word(_) | ValueKind::Words(_) => "a word",
        ValueKind::WordOrName { .. } => "a word, or a name in quotes",
        ValueKind::PortNumber => "a port",
        ValueKind::Duration => "a time such as `250ms`",
        ValueKind::NamedNumber(_)
        | ValueKind::Number { .. }
        | ValueKind::NumberOr { .. }
        | ValueKind::Named { .. }
        | ValueKind::Hex { .. }
        | ValueKind::SegmentSize
        | ValueKind::HashBurst => "a number",
        ValueKind::Id => "a number, a range of numbers or a name",
        ValueKind::Label => "a number from 0 to 127, or a name",
        ValueKind::U32 => "tests such as \"6&0xff=17\"",
        ValueKind::Bytecode => "a program such as \"1,6 0 0 1\"",
        ValueKind::Chunk => "a kind of chunk",
        ValueKind::HeaderOption => "the type of an option, with its length behind a `:` if need be",
        ValueKind::BitRate => "a rate such as `5kbit`",
        ValueKind::Span { .. } => "a number or a range of numbers",
        ValueKind::Masked(..) => "a number, or one with a mask: `0x1/0xff`",
        ValueKind::Probability => "a number from 0 to 1",
        ValueKind::Rate | ValueKind::HashRate => "a rate such as `3/s`",
        ValueKind::Name { .. } | ValueKind::Bare { .. } => "a name",
        ValueKind::Text { .. } | ValueKind::Quoted { .. } | ValueKind::Pattern { .. } => "a string",
        ValueKind::Mac => "an Ethernet address",
        ValueKind::TimeOfDay => "a time of day",
        ValueKind::Date => "a date",
        ValueKind::Class => "a class such as `1:10`",
        ValueKind::TcpFlags => "`syn` or `flags(set / mask)`",
        ValueKind::Set => "a set such as `@NAME src`",
    }
}

/// What stands there instead, for messages.
pub(crate) fn form(kind: &ExprKind) -> String {
    match kind {
        ExprKind::Atom(text) => format!("`{text}`"),
        ExprKind::Text(text) => format!("the string \"{text}\""),
        ExprKind::Range(first, last) => format!("the range `{}..={}`", first.value, last.value),
        ExprKind::List(_) => "a list".into(),
        ExprKind::Not(_) => "a negation".into(),
        ExprKind::Flags { .. } => "TCP flags".into(),
        ExprKind::Set { name, .. } => format!("the set `@{name}`"),
        ExprKind::Endpoint { .. } => "an endpoint".into(),
        ExprKind::Rust(_) => "a Rust value".into(),
        ExprKind::Argument { value, .. } => form(&value.kind),
    }
}
