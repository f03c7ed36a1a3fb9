//! Values as the language writes them: the inverse of `expression`.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::OnceLock;

use super::quote::{quoted, word_or_string};
use crate::catalogue::{MaskForm, OptionSpec, ValueKind};
use crate::family::Family;
use crate::model::{
    Address, Chunk, Endpoint, IcmpMatch, Masked, Moment, Net, PortRange, Rate, SetRef, Share, Span,
    TCP_FLAG_NAMES, TcpFlags, TimeOfDay, TimeUnit, Value, saved_bit_rate, saved_size, width,
};
use crate::{icmp, protocols, services};

/// The services that are called by name; of others the number says more.
const SERVICES: [&str; 32] = [
    "ftp",
    "ssh",
    "telnet",
    "smtp",
    "domain",
    "bootps",
    "bootpc",
    "tftp",
    "http",
    "kerberos",
    "pop3",
    "sunrpc",
    "ntp",
    "netbios-ns",
    "netbios-dgm",
    "netbios-ssn",
    "imap",
    "snmp",
    "bgp",
    "ldap",
    "https",
    "syslog",
    "submission",
    "ldaps",
    "imaps",
    "pop3s",
    "mysql",
    "postgresql",
    "xmpp-client",
    "xmpp-server",
    "dhcpv6-client",
    "dhcpv6-server",
];

/// A value of an option; `None` if the language has no words for it.
pub(super) fn write_value(spec: &OptionSpec, value: &Value) -> Option<String> {
    Some(match value {
        Value::Interface(name) => word_or_string(name),
        Value::Address(address) => write_address(address),
        Value::Protocol(number) => write_protocol(*number),
        Value::Ports(ports) => write_ports(ports),
        Value::Icmp(icmp) => write_icmp(spec, icmp)?,
        Value::Word(index) => spec.value.words().get(usize::from(*index))?.name.to_owned(),
        Value::Rate(rate) => write_rate(rate),
        Value::Number(number) => write_number(spec, *number),
        Value::Text(text) => quoted(text),
        Value::TcpFlags(flags) => write_flags(flags),
        Value::Set(set) => write_set(set),
        Value::Masked(masked) => write_masked(spec, masked),
        Value::Span(span) => write_span(spec, span),
        Value::Endpoint(endpoint) => write_endpoint(endpoint),
        Value::Bytes(bytes) if spec.value == ValueKind::HashRate => format!("{}/s", saved_size(*bytes)),
        Value::Bytes(bytes) if spec.value == ValueKind::BitRate => saved_bit_rate(*bytes),
        Value::Bytes(bytes) => saved_size(*bytes),
        Value::Pattern(bytes) => write_pattern(spec, bytes)?,
        Value::Chunk(chunk) => write_chunk(chunk),
        Value::HeaderOption(option) => word_or_string(&option.to_string()),
        Value::Mac(mac) => quoted(&mac.to_string()),
        Value::Share(share) => write_share(*share),
        Value::Class(class) => word_or_string(&format!("{:x}:{:x}", class.major, class.minor)),
        Value::Time(time) => write_time(*time),
        Value::Moment(moment) => write_moment(*moment),
        // Only a policy that is not filled in yet has one.
        Value::Rust(_) => return None,
    })
}

/// The protocol by the name that the language prefers, or by number.
pub(super) fn write_protocol(number: u8) -> String {
    match number {
        58 => "icmpv6".to_owned(),
        _ => protocols::save_name(number).map_or_else(|| number.to_string(), word_or_string),
    }
}

/// The form of an address as a rule matches it.
pub(super) fn write_address(address: &Address) -> String {
    match address {
        Address::Net(net) => write_net(net),
        Address::Masked(masked) => word_or_string(&masked.to_string()),
        Address::Range { first, last } => format!("{}..={}", write_addr(*first), write_addr(*last)),
    }
}

fn write_net(net: &Net) -> String {
    match net.prefix == width(net.family()) {
        true => write_addr(net.addr),
        false => word_or_string(&format!("{}/{}", net.addr, net.prefix)),
    }
}

fn write_addr(addr: IpAddr) -> String {
    let text = addr.to_string();
    // What follows `::` could be read as a group of the address.
    if text.ends_with(':') { quoted(&text) } else { word_or_string(&text) }
}

pub(super) fn write_ports(ports: &PortRange) -> String {
    if ports.first == ports.last {
        write_port(ports.first)
    } else {
        format!("{}..={}", ports.first, ports.last)
    }
}

pub(super) fn write_port(port: u16) -> String {
    static NAMES: OnceLock<HashMap<u16, &str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let service = |name: &&'static str| Some((services::find(name)?.port, *name));
        SERVICES.iter().filter_map(service).collect()
    });
    names.get(&port).map_or_else(|| port.to_string(), |name| (*name).to_owned())
}

/// Whether the option takes an ICMP type of this family.
fn icmp_family(spec: &OptionSpec) -> Option<Family> {
    if let ValueKind::IcmpType(family) = spec.value { Some(family) } else { None }
}

fn write_icmp(spec: &OptionSpec, icmp: &IcmpMatch) -> Option<String> {
    let family = icmp_family(spec)?;
    let IcmpMatch::Type { ty, code } = *icmp else { return Some("any".into()) };
    let reads_back = |name: &&str| icmp::find(family, name).is_some_and(|it| it.ty == ty && it.code == code);
    let name = icmp::names(family).find(reads_back).filter(|_| ty != 255);
    Some(match (name, code) {
        (Some(name), _) => name.to_owned(),
        (None, None) => ty.to_string(),
        (None, Some(code)) => format!("{ty}/{code}"),
    })
}

fn write_rate(rate: &Rate) -> String {
    let unit = match rate.per {
        TimeUnit::Second => "s",
        TimeUnit::Minute => "minute",
        TimeUnit::Hour => "hour",
        TimeUnit::Day => "day",
    };
    format!("{}/{unit}", rate.count)
}

fn write_number(spec: &OptionSpec, number: u64) -> String {
    match spec.value {
        ValueKind::NamedNumber(words) => {
            match usize::try_from(number).ok().and_then(|number| words.get(number)) {
                Some(word) => word.name.to_owned(),
                None => number.to_string(),
            }
        }
        ValueKind::Named { names, hex, .. } => match names.iter().find(|(_, known)| *known == number) {
            Some((name, _)) => (*name).to_owned(),
            None if hex => format!("{number:#x}"),
            None => number.to_string(),
        },
        ValueKind::Hex { .. } => format!("{number:#x}"),
        ValueKind::Duration => match number {
            whole if whole % 1_000_000 == 0 => format!("{}s", whole / 1_000_000),
            whole if whole % 1000 == 0 => format!("{}ms", whole / 1000),
            odd => format!("{odd}us"),
        },
        _ => number.to_string(),
    }
}

/// `init-ack`, `"data:Be"`
fn write_chunk(chunk: &Chunk) -> String {
    let saved = chunk.to_string();
    let (name, flags) = saved.split_at(saved.find(':').unwrap_or(saved.len()));
    word_or_string(&format!("{}{flags}", name.to_ascii_lowercase().replace('_', "-")))
}

/// `flags(syn / syn,ack,fin,rst)`, or `syn` for what iptables calls so.
fn write_flags(flags: &TcpFlags) -> String {
    if *flags == TcpFlags::SYN {
        return "syn".into();
    }
    format!("flags{}", write_flag_lists(flags))
}

/// `(syn / syn,ack,fin,rst)`
pub(super) fn write_flag_lists(flags: &TcpFlags) -> String {
    let list = |bits: u8| {
        let names = TCP_FLAG_NAMES.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0);
        let names: Vec<&str> = names.map(|(_, name)| *name).collect();
        match names.len() {
            0 => "none".to_owned(),
            6 => "all".to_owned(),
            _ => names.join(","),
        }
    };
    format!("({} / {})", list(flags.set), list(flags.mask))
}

/// `@NAME src,dst`, or `@NAME` where a direction goes without saying.
fn write_set(set: &SetRef) -> String {
    let mut text = set_name(&set.name);
    for (index, direction) in set.directions.iter().enumerate() {
        text.push(if index == 0 { ' ' } else { ',' });
        text.push_str(direction.word());
    }
    text
}

/// `@NAME`
pub(super) fn set_name(name: &str) -> String {
    format!("@{}", super::quote::name(name))
}

fn write_masked(spec: &OptionSpec, masked: &Masked) -> String {
    let ValueKind::Masked(form, names) = spec.value else { return format!("{:#x}", masked.value) };
    if let (Some((name, _)), Some(0x3f)) =
        (names.iter().find(|(_, value)| *value == masked.value), masked.mask)
    {
        return (*name).to_owned();
    }
    match masked.mask {
        Some(mask) if form != MaskForm::None => format!("{:#x}/{mask:#x}", masked.value),
        _ => format!("{:#x}", masked.value),
    }
}

fn write_span(spec: &OptionSpec, span: &Span) -> String {
    match spec.value {
        ValueKind::Span { max, open: true, .. } if span.last == max => span.first.to_string(),
        ValueKind::Span { open: false, .. } | ValueKind::Id if span.first == span.last => {
            span.first.to_string()
        }
        _ => format!("{}..={}", span.first, span.last),
    }
}

fn write_endpoint(endpoint: &Endpoint) -> String {
    let mut text = String::new();
    if let Some((first, last)) = endpoint.addresses {
        let addresses = match first == last {
            true => write_addr(first),
            false => write_address(&Address::Range { first, last }),
        };
        match (first.is_ipv6(), endpoint.ports) {
            (true, Some(_)) => text = format!("[{addresses}]"),
            _ => text = addresses,
        }
    }
    // Writing into a `String` cannot fail.
    if let Some(ports) = endpoint.ports {
        let _ = match ports.first == ports.last {
            true => write!(text, ":{}", ports.first),
            false => write!(text, ":{}..={}", ports.first, ports.last),
        };
    }
    if let Some(base) = endpoint.base {
        let _ = write!(text, "/{base}");
    }
    text
}

/// Text, or the bytes in hexadecimal digits.
fn write_pattern(spec: &OptionSpec, bytes: &[u8]) -> Option<String> {
    if spec.value == (ValueKind::Pattern { hex: true }) {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        return Some(format!("\"|{digits}|\""));
    }
    std::str::from_utf8(bytes).ok().map(quoted)
}

/// The shortest number that is read as the same share.
fn write_share(share: Share) -> String {
    let exact = share.to_string();
    let ends = (1..=exact.len()).filter(|end| exact.is_char_boundary(*end) && !exact[..*end].ends_with('.'));
    let shortest = ends.map(|end| &exact[..end]).find(|text| Share::parse(text) == Some(share));
    shortest.unwrap_or(&exact).to_owned()
}

fn write_time(time: TimeOfDay) -> String {
    let text = time.to_string();
    text.strip_suffix(":00").unwrap_or(&text).to_owned()
}

fn write_moment(moment: Moment) -> String {
    let text = moment.to_string();
    quoted(text.strip_suffix("T00:00:00").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::{SERVICES, services};

    #[test]
    fn every_service_has_its_port_alone() {
        let mut ports: Vec<u16> =
            SERVICES.iter().map(|name| services::find(name).expect("a service").port).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), SERVICES.len());
    }
}
