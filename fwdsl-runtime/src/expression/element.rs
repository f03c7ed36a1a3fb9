//! Parts of a set's elements, read as what the set's kind wants.

use super::read::{Problem, form, read_address, read_icmp_code, read_port, read_protocol_number};
use super::{ExprKind, Leaf};
use crate::catalogue::{ICMP, ICMPV6, PORT_PROTOCOLS, SCTP_NUMBER, TCP_NUMBER, UDP_NUMBER, UDPLITE_NUMBER};
use crate::family::Family;
use crate::ipset::Part;
use crate::model::{ElementPart, PortRange};

/// What a part of an element looks like.
#[cfg(feature = "syntax")]
pub(crate) fn example(part: Part) -> &'static str {
    match part {
        Part::Ip => "192.0.2.1",
        Part::Net => "192.0.2.0/24",
        Part::Service => "tcp 80",
        Part::Port => "80",
        Part::Interface => "eth0",
        Part::Mac => "\"02:00:00:00:00:01\"",
        Part::Mark => "0x1",
        Part::Set => "@NAME",
    }
}

/// What a part of an element is, for messages.
pub(crate) fn wanted(part: Part) -> &'static str {
    match part {
        Part::Ip => "an address",
        Part::Net => "a network",
        Part::Service => "a protocol and its port",
        Part::Port => "a port",
        Part::Interface => "an interface",
        Part::Mac => "a MAC address, which is a string",
        Part::Mark => "a mark",
        Part::Set => "a set, `@NAME`",
    }
}

/// Reads a part of an element; `word` is what stands before it: `tcp`, `physdev`.
pub(crate) fn read_part(part: Part, word: Option<&str>, leaf: &Leaf) -> Result<ElementPart, Problem> {
    let text = match &leaf.kind {
        ExprKind::Atom(text) | ExprKind::Text(text) => Some(text.as_str()),
        _ => None,
    };
    match (part, &leaf.kind, text) {
        (Part::Ip | Part::Net, ExprKind::Atom(_) | ExprKind::Text(_) | ExprKind::Range(..), _) => {
            read_address(&leaf.kind).map(ElementPart::Address)
        }
        (Part::Port, ExprKind::Atom(_) | ExprKind::Text(_) | ExprKind::Range(..), _) => {
            read_ports(&leaf.kind).map(ElementPart::Ports)
        }
        (Part::Service, ..) => read_service(word, leaf),
        (Part::Interface, _, Some(name)) => {
            Ok(ElementPart::Interface { name: name.to_owned(), bridge_port: word.is_some() })
        }
        (Part::Mac, _, Some(text)) => read_mac(text).map(ElementPart::Mac),
        (Part::Mark, _, Some(_)) => read_number("a mark", leaf).map(ElementPart::Mark),
        (Part::Set, ExprKind::Set { name, .. }, _) => Ok(ElementPart::Set(name.clone())),
        _ => Err((format!("expected {}, found {}", wanted(part), form(&leaf.kind)), None)),
    }
}

pub(crate) fn read_ports(kind: &ExprKind) -> Result<PortRange, Problem> {
    match kind {
        ExprKind::Range(first, last) => {
            Ok(PortRange { first: read_port(&first.value)?, last: read_port(&last.value)? })
        }
        ExprKind::Atom(word) | ExprKind::Text(word) => Ok(PortRange::one(read_port(word)?)),
        other => Err((format!("expected a port, found {}", form(other)), None)),
    }
}

/// `tcp 80`, `icmp echo-request`, `gre`; a port alone is one of TCP, as in ipset.
fn read_service(word: Option<&str>, leaf: &Leaf) -> Result<ElementPart, Problem> {
    let Some(word) = word else {
        if let ExprKind::Atom(text) = &leaf.kind
            && let Ok(protocol) = read_protocol_number(text)
            && !text.starts_with(|first: char| first.is_ascii_digit())
        {
            if PORT_PROTOCOLS.contains(&protocol) || [ICMP, ICMPV6].contains(&protocol) {
                let what = if PORT_PROTOCOLS.contains(&protocol) { "port" } else { "type" };
                return Err((format!("`{text}` without a {what}"), Some(format!("such as `{text} 80`"))));
            }
            return Ok(ElementPart::Service { protocol, ports: PortRange::one(0) });
        }
        return Ok(ElementPart::Service { protocol: TCP_NUMBER, ports: read_ports(&leaf.kind)? });
    };
    if word == "proto" {
        let (ExprKind::Atom(text) | ExprKind::Text(text)) = &leaf.kind else {
            return Err((format!("expected a protocol, found {}", form(&leaf.kind)), None));
        };
        return Ok(ElementPart::Service { protocol: read_protocol_number(text)?, ports: PortRange::one(0) });
    }
    let protocol = read_protocol_number(word)?;
    let ports = match (protocol, &leaf.kind) {
        (TCP_NUMBER | UDP_NUMBER | SCTP_NUMBER | UDPLITE_NUMBER, kind) => read_ports(kind)?,
        (ICMP, ExprKind::Atom(text)) => PortRange::one(read_icmp_code(Family::Ipv4, text)?),
        (ICMPV6, ExprKind::Atom(text)) => PortRange::one(read_icmp_code(Family::Ipv6, text)?),
        (ICMP | ICMPV6, other) => {
            return Err((format!("expected an ICMP type, found {}", form(other)), None));
        }
        _ => {
            let message = format!("ipset knows no ports of `{word}`");
            return Err((message, Some(format!("the protocol alone: `{word}`"))));
        }
    };
    Ok(ElementPart::Service { protocol, ports })
}

fn read_mac(text: &str) -> Result<[u8; 6], Problem> {
    let problem = || {
        let help = "six bytes in hexadecimal: \"02:00:00:00:00:01\"".to_owned();
        (format!("`{text}` is not a MAC address"), Some(help))
    };
    let mut mac = [0; 6];
    let mut groups = text.split(':');
    for byte in &mut mac {
        let group = groups.next().filter(|group| (1..=2).contains(&group.len())).ok_or_else(problem)?;
        let digits = group.bytes().all(|byte| byte.is_ascii_hexdigit());
        *byte = u8::from_str_radix(group, 16).ok().filter(|_| digits).ok_or_else(problem)?;
    }
    match groups.next() {
        None => Ok(mac),
        Some(_) => Err(problem()),
    }
}

/// A number, in decimal or, with `0x`, in hexadecimal.
pub(crate) fn read_number(what: &str, leaf: &Leaf) -> Result<u64, Problem> {
    let ExprKind::Atom(text) = &leaf.kind else {
        return Err((format!("expected a number, found {}", form(&leaf.kind)), None));
    };
    parse_number(text).ok_or_else(|| (format!("`{what}` takes a number, not `{text}`"), None))
}

pub(crate) fn parse_number(text: &str) -> Option<u64> {
    let plain = text.replace('_', "");
    match plain.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => plain.parse().ok(),
    }
}
