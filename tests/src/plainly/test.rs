//! What a rule asks of a packet.

use std::net::IpAddr;

use fwdsl::analysis::Packet;

use super::{Answer, Guess};

/// Something that a rule asks.
#[derive(Debug)]
pub struct Test {
    /// Whether it is to be false.
    pub(super) negated: bool,
    pub(super) what: What,
}

/// What is asked, not negated.
#[derive(Debug)]
pub(super) enum What {
    /// An address is within bounds: of the source, or of the destination.
    Source(u128, u128),
    Destination(u128, u128),
    In(String),
    Out(String),
    Protocol(Option<u8>),
    /// A later fragment.
    Fragment,
    /// A port is in one of these ranges; of a packet with one of these protocols.
    SourcePort(Vec<(u16, u16)>, Vec<u8>),
    DestinationPort(Vec<(u16, u16)>, Vec<u8>),
    EitherPort(Vec<(u16, u16)>, Vec<u8>),
    /// A type and perhaps a code, of ICMP of the protocol.
    Icmp(u8, Option<u8>, u8),
    /// Those of the first flags that are set are the second.
    Flags(u8, u8),
    /// The state is among these.
    State(Vec<String>),
    /// Something else.
    Other(String),
}

const FLAGS: [&str; 6] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];
const WITH_PORTS: [u8; 5] = [6, 17, 33, 132, 136];
const PROTOCOLS: [(&str, u8); 16] = [
    ("icmp", 1),
    ("igmp", 2),
    ("tcp", 6),
    ("udp", 17),
    ("dccp", 33),
    ("ipv6", 41),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("ospf", 89),
    ("vrrp", 112),
    ("l2tp", 115),
    ("sctp", 132),
    ("udplite", 136),
];

/// The tests that words of a rule are.
pub(super) fn tests(words: &[String]) -> Vec<Test> {
    let mut tests = Vec::new();
    let (mut module, mut negated, mut protocol) = (String::new(), false, None);
    let mut other: Option<String> = None;
    let mut at = 0;
    while at < words.len() {
        let word = words[at].as_str();
        at += 1;
        if word == "!" {
            negated = true;
            if let (Some(other), true) = (&mut other, is_unknown(&module)) {
                other.push_str(" !");
            }
            continue;
        }
        if word == "-m" {
            tests.extend(other.take().map(|text| Test { negated: false, what: What::Other(text) }));
            module.clone_from(&words[at]);
            at += 1;
            if is_unknown(&module) {
                other = Some(module.clone());
            }
            continue;
        }
        let is_core = matches!(word, "-s" | "-d" | "-i" | "-o" | "-p" | "-f");
        if let (Some(other), false) = (&mut other, is_core) {
            other.push(' ');
            other.push_str(word);
            negated = false;
            continue;
        }
        let mut value = || {
            at += 1;
            words[at - 1].as_str()
        };
        let number = protocol.unwrap_or(0);
        let what = match word {
            "-s" => {
                let (first, last) = network(value());
                What::Source(first, last)
            }
            "-d" => {
                let (first, last) = network(value());
                What::Destination(first, last)
            }
            "-i" => What::In(value().to_owned()),
            "-o" => What::Out(value().to_owned()),
            "-p" => {
                protocol = protocol_number(value());
                What::Protocol(protocol)
            }
            "-f" => What::Fragment,
            "--sport" => What::SourcePort(vec![range(value(), ':')], vec![number]),
            "--dport" => What::DestinationPort(vec![range(value(), ':')], vec![number]),
            "--sports" => What::SourcePort(ranges(value()), WITH_PORTS.into()),
            "--dports" => What::DestinationPort(ranges(value()), WITH_PORTS.into()),
            "--ports" => What::EitherPort(ranges(value()), WITH_PORTS.into()),
            "--src-range" => {
                let (first, last) = addresses(value());
                What::Source(first, last)
            }
            "--dst-range" => {
                let (first, last) = addresses(value());
                What::Destination(first, last)
            }
            "--icmp-type" | "--icmpv6-type" => icmp(value(), if word == "--icmp-type" { 1 } else { 58 }),
            "--tcp-flags" => {
                let mask = flags(value());
                What::Flags(mask, flags(value()))
            }
            "--syn" => What::Flags(0b01_0111, 0b00_0010),
            "--ctstate" | "--state" => What::State(value().split(',').map(str::to_lowercase).collect()),
            "--comment" => {
                value();
                negated = false;
                continue;
            }
            _ => {
                // An option of a module that is known otherwise: all of it is asked of the guess.
                let mut text = format!("{module} {word}");
                while at < words.len() && !words[at].starts_with('-') && words[at] != "!" {
                    text = format!("{text} {}", words[at]);
                    at += 1;
                }
                What::Other(text)
            }
        };
        tests.push(Test { negated, what });
        negated = false;
    }
    tests.extend(other.map(|text| Test { negated: false, what: What::Other(text) }));
    tests
}

fn is_unknown(module: &str) -> bool {
    const KNOWN: [&str; 11] = [
        "tcp",
        "udp",
        "sctp",
        "multiport",
        "icmp",
        "icmp6",
        "conntrack",
        "state",
        "comment",
        "iprange",
        "udplite",
    ];
    !module.is_empty() && !KNOWN.contains(&module)
}

/// An address as a number.
pub(super) fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// The bounds of a network; of a mask with gaps those of all that it may be.
fn network(text: &str) -> (u128, u128) {
    let (address, mask) = text.split_once('/').unwrap_or((text, ""));
    let address: IpAddr = address.parse().unwrap_or_else(|_| panic!("`{text}` is no address"));
    let width = if address.is_ipv4() { 32 } else { 128 };
    let length = match mask.parse::<IpAddr>() {
        Ok(mask) => (bits(mask) << (128 - width)).leading_ones(),
        Err(_) => mask.parse().unwrap_or(width),
    };
    let host = if length == 0 { u128::MAX >> (128 - width) } else { (1u128 << (width - length)) - 1 };
    (bits(address) & !host, bits(address) | host)
}

fn addresses(text: &str) -> (u128, u128) {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let parse = |text: &str| bits(text.parse().expect("an address"));
    (parse(first), parse(last))
}

fn range(text: &str, between: char) -> (u16, u16) {
    let (first, last) = text.split_once(between).unwrap_or((text, text));
    let port =
        |text: &str, missing: u16| if text.is_empty() { missing } else { text.parse().expect("a port") };
    (port(first, 0), port(last, u16::MAX))
}

fn ranges(text: &str) -> Vec<(u16, u16)> {
    text.split(',').map(|part| range(part, ':')).collect()
}

fn protocol_number(text: &str) -> Option<u8> {
    let named = PROTOCOLS.iter().find(|(name, _)| *name == text).map(|(_, number)| *number);
    match (named, text) {
        (None, "all" | "0") => None,
        (None, _) => Some(text.parse().unwrap_or_else(|_| panic!("`{text}` is no protocol"))),
        _ => named,
    }
}

fn icmp(text: &str, protocol: u8) -> What {
    let (ty, code) = text.split_once('/').map_or((text, None), |(ty, code)| (ty, code.parse().ok()));
    match ty.parse() {
        Ok(255) if protocol == 1 => What::Protocol(Some(1)),
        Ok(ty) => What::Icmp(ty, code, protocol),
        Err(_) => What::Other(format!("icmp {text}")),
    }
}

fn flags(text: &str) -> u8 {
    match text {
        "ALL" => 63,
        "NONE" => 0,
        _ => text
            .split(',')
            .map(|name| FLAGS.iter().position(|flag| *flag == name).expect("a flag"))
            .fold(0, |bits, bit| bits | 1 << bit),
    }
}

fn fits(pattern: &str, name: Option<&str>) -> bool {
    match (pattern.strip_suffix('+'), name) {
        (Some(prefix), name) => name.unwrap_or_default().starts_with(prefix),
        (None, name) => name.unwrap_or_default() == pattern,
    }
}

impl Test {
    /// Whether it is true of a packet.
    pub(super) fn answer(&self, packet: &Packet, guess: Guess<'_>) -> Answer {
        let of_header = |protocols: &[u8], is_true: &dyn Fn() -> bool| {
            if !protocols.contains(&packet.protocol) {
                // Negated or not: there is nothing to look at.
                return Answer::No;
            }
            if packet.later_fragment {
                return Answer::Perhaps;
            }
            if is_true() != self.negated { Answer::Yes } else { Answer::No }
        };
        let within = |ranges: &[(u16, u16)], port: u16| {
            ranges.iter().any(|(first, last)| (*first..=*last).contains(&port))
        };
        let is_true = match &self.what {
            What::Source(first, last) => (*first..=*last).contains(&bits(packet.from)),
            What::Destination(first, last) => (*first..=*last).contains(&bits(packet.to)),
            What::In(name) => fits(name, packet.in_interface.as_deref()),
            What::Out(name) => fits(name, packet.out_interface.as_deref()),
            What::Protocol(number) => number.is_none_or(|number| number == packet.protocol),
            What::Fragment => packet.later_fragment,
            What::SourcePort(ranges, protocols) => {
                return of_header(protocols, &|| within(ranges, packet.sport));
            }
            What::DestinationPort(ranges, protocols) => {
                return of_header(protocols, &|| within(ranges, packet.dport));
            }
            What::EitherPort(ranges, protocols) => {
                let either = || within(ranges, packet.sport) || within(ranges, packet.dport);
                return of_header(protocols, &either);
            }
            What::Icmp(ty, code, protocol) => {
                let is_type = || packet.icmp_type == *ty && code.is_none_or(|code| code == packet.icmp_code);
                return of_header(&[*protocol], &is_type);
            }
            What::Flags(mask, set) => return of_header(&[6], &|| packet.tcp_flags & mask == *set),
            What::State(words) => {
                let tracking = packet.tracking;
                words.iter().any(|word| tracking.answers_to(word))
            }
            What::Other(text) => match (guess(text, packet), self.negated) {
                (Answer::Perhaps, _) => return Answer::Perhaps,
                (answer, _) => answer == Answer::Yes,
            },
        };
        if is_true != self.negated { Answer::Yes } else { Answer::No }
    }
}
