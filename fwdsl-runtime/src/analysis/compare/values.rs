//! Addresses, ports and other numbers as the language writes them.

use std::net::IpAddr;

use super::words::list;
use crate::analysis::region::{Span, complement};
use crate::catalogue::{ICMP, ICMPV6};
use crate::family::Family;
use crate::icmp::{self, IcmpType};
use crate::model::{TCP_FLAG_NAMES, TcpFlags, from_bits, width};
use crate::protocols;

/// An interface; the language takes a name without lower-case letters for a `let` unless it is quoted.
pub(super) fn interface_word(pattern: &str) -> String {
    let name = pattern.strip_suffix('+').unwrap_or(pattern);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let starts = name.starts_with(|first: char| first.is_ascii_lowercase());
    let ends = name.ends_with(|last: char| last.is_ascii_alphanumeric());
    if starts && ends && name.bytes().all(plain) { pattern.to_owned() } else { format!("{pattern:?}") }
}

/// The shorter of a list and a negated list.
fn shorter(word: &str, spans: &[Span], last: u128, items: impl Fn(&[Span]) -> Vec<String>) -> String {
    let inside = items(spans);
    let outside = items(&complement(spans, Span { first: 0, last }));
    // A range is longer than a network.
    let length = |items: &[String]| items.len() + items.iter().filter(|item| item.contains("..=")).count();
    if length(&outside) < length(&inside) { list(word, outside, true) } else { list(word, inside, false) }
}

/// `from 10.0.0.0/8`, `to ![192.0.2.1, 192.0.2.7..=192.0.2.9]`.
pub(super) fn addresses(word: &str, family: Family, spans: &[Span], last: u128) -> String {
    let items = |spans: &[Span]| spans.iter().flat_map(|span| networks(family, *span)).collect();
    shorter(word, spans, last, items)
}

/// One or two networks, or a range.
fn networks(family: Family, span: Span) -> Vec<String> {
    let (mut found, mut first) = (Vec::new(), span.first);
    loop {
        // The largest network that begins here and ends in time.
        let free = first.trailing_zeros().min(u32::from(width(family)));
        let bits = (0..=free).rev().find(|bits| span.last - first >= low_bits(*bits)).unwrap_or(0);
        found.push((first, bits));
        let end = first + low_bits(bits);
        if end == span.last {
            break;
        }
        first = end + 1;
    }
    if found.len() > 2 {
        let [first, last] = [span.first, span.last].map(|bits| address(family, from_bits(family, bits)));
        return vec![format!("{first}..={last}")];
    }
    let network = |(first, bits): (u128, u32)| {
        let addr = from_bits(family, first);
        match bits {
            0 => address(family, addr),
            _ => quoted(family, format!("{addr}/{}", u32::from(width(family)) - bits)),
        }
    };
    found.into_iter().map(network).collect()
}

fn low_bits(bits: u32) -> u128 {
    if bits == 128 { u128::MAX } else { (1 << bits) - 1 }
}

fn address(family: Family, addr: IpAddr) -> String {
    quoted(family, addr.to_string())
}

/// Some IPv6 addresses are no words of Rust.
fn quoted(family: Family, text: String) -> String {
    let is_word = family == Family::Ipv4
        || text.starts_with("2001:db8:")
            && !text.contains("::/")
            && {
                let groups = text.split(['/', ':']).filter(|group| !group.is_empty());
                { groups }.all(|group| group.bytes().all(|byte| byte.is_ascii_digit()) || group == "db8")
            }
            && !text.ends_with(':');
    if is_word { text } else { format!("{text:?}") }
}

/// `dport [22, 8000..=8080]`.
pub(super) fn ports(word: &str, spans: &[Span], last: u128) -> String {
    let item = |span: &Span| match span.first == span.last {
        true => span.first.to_string(),
        false => format!("{}..={}", span.first, span.last),
    };
    shorter(word, spans, last, |spans| spans.iter().map(item).collect())
}

/// `tcp`, `tcp|udp`, `![tcp, udp]`.
pub(super) fn protocols(spans: &[Span], last: u128) -> String {
    let numbers = |spans: &[Span]| -> Vec<u8> {
        spans.iter().flat_map(|span| span.first..=span.last).map(|number| number as u8).collect()
    };
    let (inside, outside) = (numbers(spans), numbers(&complement(spans, Span { first: 0, last })));
    let negated = outside.len() < inside.len();
    let list = if negated { outside } else { inside };
    let not = if negated { "!" } else { "" };
    let names: Vec<Option<String>> = list.iter().map(|number| name(*number)).collect();
    match (names.as_slice(), names.iter().all(Option::is_some)) {
        ([Some(name)], _) => format!("{not}{name}"),
        (_, true) if !negated => names.into_iter().flatten().collect::<Vec<_>>().join("|"),
        (_, true) => format!("![{}]", names.into_iter().flatten().collect::<Vec<_>>().join(", ")),
        ([None], _) => format!("proto {not}{}", list[0]),
        _ => {
            let numbers: Vec<String> = list.iter().map(u8::to_string).collect();
            format!("proto {not}[{}]", numbers.join(", "))
        }
    }
}

fn name(number: u8) -> Option<String> {
    match number {
        ICMPV6 => Some("icmpv6".into()),
        _ => {
            let name = protocols::save_name(number)?;
            protocols::COMMON.contains(&name).then(|| name.to_owned())
        }
    }
}

/// The number of the family's ICMP.
pub(super) fn icmp_number(family: Family) -> u8 {
    if family == Family::Ipv4 { ICMP } else { ICMPV6 }
}

/// What follows `icmp`: `echo-request`, `[3/4, echo-reply]`.
pub(super) fn icmp_types(family: Family, spans: &[Span], last: u128) -> String {
    let items = |spans: &[Span]| -> Vec<String> {
        let mut items = Vec::new();
        for span in spans {
            let (mut first, last) = (span.first as u32, span.last as u32);
            while first <= last {
                let whole_type = first & 0xff == 0 && last - first >= 0xff;
                let code = if whole_type { None } else { Some(first as u8) };
                items.push(icmp_word(family, (first >> 8) as u8, code));
                first += if whole_type { 0x100 } else { 1 };
            }
        }
        items
    };
    shorter("", spans, last, items).trim_start().to_owned()
}

fn icmp_word(family: Family, ty: u8, code: Option<u8>) -> String {
    // Type 255 of IPv4 is not the name for all of them.
    let named = icmp::names(family).find(|name| icmp::find(family, name) == Some(IcmpType { ty, code }));
    let named = named.filter(|_| (family, ty) != (Family::Ipv4, 255));
    match (named, code) {
        (Some(name), _) => name.to_owned(),
        (None, Some(code)) => format!("{ty}/{code}"),
        (None, None) => ty.to_string(),
    }
}

/// What follows `tcp`: `syn`, `!syn`, `flags(syn / syn,ack)`.
pub(super) fn flags(flags: TcpFlags, not: &str) -> String {
    if flags == TcpFlags::SYN {
        return format!("{not}syn");
    }
    let names = |bits: u8| {
        let set = TCP_FLAG_NAMES.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
        let names: Vec<&str> = set.map(|(_, name)| *name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(",") }
    };
    format!("{not}flags({} / {})", names(flags.set), names(flags.mask))
}
