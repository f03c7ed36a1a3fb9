//! The elements of a set, each as `ipset save` prints it: ranges taken apart as ipset does.

use std::collections::BTreeMap;

use crate::catalogue::{ICMP, ICMPV6};
use crate::family::Family;
use crate::ipset::{Part, icmp_save_name};
use crate::model::{
    Address, Element, ElementOption, ElementPart, Net, PortRange, SaveForm, Set, SetOption, from_bits, width,
};
use crate::protocols;

/// The elements of a family that one of the policy stands for, each alone and with all that stands behind it. Ranges
/// are taken apart as ipset does.
pub(crate) fn element_lines(set: &Set, element: &Element, family: Family) -> Vec<(String, String)> {
    let mut entries = vec![String::new()];
    let mut wildcard = false;
    for (part, kind) in element.parts().zip(set.kind.parts) {
        let texts = part_texts(set, part, *kind, family);
        if let ElementPart::Interface { name, .. } = part {
            wildcard = name.ends_with('+');
        }
        entries = entries
            .iter()
            .flat_map(|before| {
                let separator = if before.is_empty() { "" } else { "," };
                texts.iter().map(move |text| format!("{before}{separator}{text}"))
            })
            .collect();
    }
    let options = options_text(set, element, wildcard);
    let with_options = |entry: String| {
        let line = format!("{entry}{options}");
        (entry, line)
    };
    entries.into_iter().map(with_options).collect()
}

/// How many elements [`element_lines`] makes of one.
pub(crate) fn element_count(set: &Set, element: &Element, family: Family) -> u128 {
    let counts = element.parts().zip(set.kind.parts).map(|(part, kind)| match (part, kind) {
        (ElementPart::Rust { .. }, _) => 0,
        (ElementPart::Address(address), _) if address.family() != family => 0,
        (ElementPart::Address(address), Part::Ip) => {
            let (first, last) = address.bounds();
            let step = host_mask(netmask(set), family);
            ((last & !step) - (first & !step))
                .checked_div(step.saturating_add(1))
                .unwrap_or(0)
                .saturating_add(1)
        }
        (ElementPart::Address(address), _) => networks(address).len() as u128,
        (ElementPart::Ports(ports) | ElementPart::Service { ports, .. }, _) => {
            u128::from(ports.last.saturating_sub(ports.first)) + 1
        }
        _ => 1,
    });
    counts.fold(1, u128::saturating_mul)
}

fn netmask(set: &Set) -> Option<u64> {
    set.options().find_map(|option| if let SetOption::Netmask(bits) = option { Some(*bits) } else { None })
}

fn part_texts(set: &Set, part: &ElementPart, kind: Part, family: Family) -> Vec<String> {
    match part {
        ElementPart::Address(address) if address.family() != family => Vec::new(),
        ElementPart::Address(address) if kind == Part::Ip => {
            let step = host_mask(netmask(set), family);
            let (first, last) = address.bounds();
            let mut texts = Vec::new();
            let mut next = first & !step;
            loop {
                texts.push(SaveForm(from_bits(family, next)).to_string());
                match next.checked_add(step).and_then(|end| end.checked_add(1)) {
                    Some(after) if after <= last => next = after,
                    _ => return texts,
                }
            }
        }
        ElementPart::Address(address) => networks(address).iter().map(network_text).collect(),
        ElementPart::Ports(ports) => each_port(*ports).map(|port| port.to_string()).collect(),
        ElementPart::Service { protocol, ports } => {
            each_port(*ports).map(|port| service_text(*protocol, port)).collect()
        }
        ElementPart::Interface { name, bridge_port } => {
            let name = name.strip_suffix('+').unwrap_or(name);
            vec![format!("{}{name}", if *bridge_port { "physdev:" } else { "" })]
        }
        ElementPart::Mac(mac) => {
            let bytes: Vec<String> = mac.iter().map(|byte| format!("{byte:02X}")).collect();
            vec![bytes.join(":")]
        }
        ElementPart::Mark(mark) => vec![format!("0x{mark:08x}")],
        ElementPart::Set(name) => vec![name.clone()],
        // A policy is filled in before it is emitted.
        ElementPart::Rust { .. } => Vec::new(),
    }
}

fn each_port(ports: PortRange) -> impl Iterator<Item = u16> {
    ports.first..=ports.last
}

fn service_text(protocol: u8, port: u16) -> String {
    let family = match protocol {
        ICMP => Some(Family::Ipv4),
        ICMPV6 => Some(Family::Ipv6),
        _ => None,
    };
    let name = protocols::save_name(protocol).map_or_else(|| protocol.to_string(), str::to_owned);
    let Some(family) = family else { return format!("{name}:{port}") };
    let [ty, code] = port.to_be_bytes();
    match icmp_save_name(family, ty, code) {
        Some(ty) => format!("{name}:{ty}"),
        None => format!("{name}:{ty}/{code}"),
    }
}

/// The fewest networks that an address, a network or a range is.
pub(crate) fn networks(address: &Address) -> Vec<Net> {
    let (family, (first, last)) = (address.family(), address.bounds());
    let width = u32::from(width(family));
    let mut networks = Vec::new();
    let mut next = first;
    loop {
        let aligned = if next == 0 { width } else { next.trailing_zeros() };
        let left = last - next;
        let fits = if left == u128::MAX { 128 } else { (left + 1).ilog2() };
        let host_bits = aligned.min(fits).min(width);
        networks.push(Net { addr: from_bits(family, next), prefix: (width - host_bits) as u8 });
        let size = if host_bits == 128 { return networks } else { 1u128 << host_bits };
        match next.checked_add(size) {
            Some(after) if after <= last => next = after,
            _ => return networks,
        }
    }
}

fn network_text(net: &Net) -> String {
    if net.prefix == width(net.family()) { SaveForm(net.addr).to_string() } else { net.to_string() }
}

/// What stands behind an element, in the order of `ipset save`.
pub(super) fn options_text(set: &Set, element: &Element, wildcard: bool) -> String {
    let mut text = String::new();
    let own = element.options().find_map(|option| match option {
        ElementOption::Timeout(seconds) => Some(*seconds),
        _ => None,
    });
    if let Some(default) = set.timeout() {
        text.push_str(&format!(" timeout {}", own.unwrap_or(default)));
    }
    if element.options().any(|option| *option == ElementOption::NoMatch) {
        text.push_str(" nomatch");
    }
    if wildcard {
        text.push_str(" wildcard");
    }
    if set.has(&SetOption::Counters) {
        text.push_str(" packets 0 bytes 0");
    }
    let mut later: BTreeMap<u8, String> = BTreeMap::new();
    for option in element.options() {
        match option {
            ElementOption::Comment(comment) => later.insert(0, format!(" comment \"{comment}\"")),
            ElementOption::SkbMark(mark, u32::MAX) => later.insert(1, format!(" skbmark 0x{mark:x}")),
            ElementOption::SkbMark(mark, mask) => later.insert(1, format!(" skbmark 0x{mark:x}/0x{mask:x}")),
            ElementOption::SkbPrio(major, minor) => later.insert(2, format!(" skbprio {major:x}:{minor:x}")),
            ElementOption::SkbQueue(queue) => later.insert(3, format!(" skbqueue {queue}")),
            ElementOption::Timeout(_) | ElementOption::NoMatch => None,
        };
    }
    later.into_values().for_each(|option| text.push_str(&option));
    text
}

/// The bits that a netmask does not keep.
pub(super) fn host_mask(netmask: Option<u64>, family: Family) -> u128 {
    let width = u64::from(width(family));
    let host_bits = width.saturating_sub(netmask.unwrap_or(width));
    if host_bits >= 128 { u128::MAX } else { (1 << host_bits) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: &str, last: &str) -> Vec<String> {
        let range = Address::Range { first: first.parse().unwrap(), last: last.parse().unwrap() };
        networks(&range).iter().map(network_text).collect()
    }

    #[test]
    fn ranges_are_taken_apart_into_networks() {
        assert_eq!(range("10.9.0.0", "10.9.1.2"), ["10.9.0.0/24", "10.9.1.0/31", "10.9.1.2"]);
        assert_eq!(range("10.0.0.1", "10.0.0.1"), ["10.0.0.1"]);
        assert_eq!(range("0.0.0.0", "255.255.255.255"), ["0.0.0.0/0"]);
        assert_eq!(range("0.0.0.0", "255.255.255.254").len(), 32);
        assert_eq!(range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ["::/0"]);
        assert_eq!(range("::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").len(), 128);
        assert_eq!(range("2001:db8::", "2001:db8::4"), ["2001:db8::/126", "2001:db8::4"]);
    }

    #[test]
    fn services_are_written_as_ipset_saves_them() {
        for (protocol, port, text) in [
            (6, 80, "tcp:80"),
            (1, 0x0800, "icmp:echo-request"),
            (1, 0xfa03, "icmp:250/3"),
            (58, 0x8000, "ipv6-icmp:echo-request"),
            (47, 0, "gre:0"),
            (200, 0, "200:0"),
        ] {
            assert_eq!(service_text(protocol, port), text);
        }
    }
}
