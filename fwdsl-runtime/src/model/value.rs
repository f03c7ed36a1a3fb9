//! The values that options take.

use std::fmt;

use super::address::Address;
use super::atoms::{Class, Mac, Share};
use super::chunk::Chunk;
use super::clock::{Moment, TimeOfDay};
use super::endpoint::Endpoint;
use super::header_option::HeaderOption;
use super::masked::Masked;
use super::rate::Rate;
use super::set::SetRef;

/// The longest interface name, in bytes: `IFNAMSIZ` is 16 with the closing NUL.
pub const INTERFACE_MAX_BYTES: usize = 15;

/// One value of an option.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// An interface, with its `+` if there is one.
    Interface(String),
    /// An address, a network or a range.
    Address(Address),
    /// A protocol number (IANA protocol numbers).
    Protocol(u8),
    /// Ports from the first to the last, both included.
    Ports(PortRange),
    /// An ICMP type.
    Icmp(IcmpMatch),
    /// A word, by its place in the option's list.
    Word(u8),
    /// Events per time unit.
    Rate(Rate),
    /// A number.
    Number(u64),
    /// Text.
    Text(String),
    /// TCP flags.
    TcpFlags(TcpFlags),
    /// A set.
    Set(SetRef),
    /// Bits, with or without a mask.
    Masked(Masked),
    /// Whole numbers from the first to the last.
    Span(Span),
    /// Where translation goes.
    Endpoint(Endpoint),
    /// A number of bytes, or of bytes a second.
    Bytes(u64),
    /// Bytes that are looked for.
    Pattern(Vec<u8>),
    /// An Ethernet address.
    Mac(Mac),
    /// A share of all packets.
    Share(Share),
    /// A class of a queueing discipline.
    Class(Class),
    /// A time of day.
    Time(TimeOfDay),
    /// A moment.
    Moment(Moment),
    /// A kind of chunk of SCTP.
    Chunk(Chunk),
    /// An option of an IPv6 header.
    HeaderOption(HeaderOption),
    /// `#name`: the Rust value at this place of the policy, which is known when the program runs. A model that a
    /// [`crate::Policy`] gives out has its values in its stead.
    Rust(u8),
}

/// Whole numbers from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first.
    pub first: u64,
    /// The last; the same as the first for one number.
    pub last: u64,
}

/// Ports from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PortRange {
    /// The first.
    pub first: u16,
    /// The last; the same as the first for one port.
    pub last: u16,
}

/// What an ICMP match looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IcmpMatch {
    /// Any type: `icmp any`, IPv4 only.
    Any,
    /// One type, and one code if there is one.
    Type {
        /// The type.
        ty: u8,
        /// The code; every code if absent.
        code: Option<u8>,
    },
}

/// TCP flags that must be set (`set`) among those that are looked at (`mask`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TcpFlags {
    /// The flags that are looked at.
    pub mask: u8,
    /// Those of them that must be set; the others must not be.
    pub set: u8,
}

/// The TCP flags that iptables knows, in the order in which it prints them, from the lowest bit
/// (RFC 9293; the order of FIN, SYN, RST, PSH, ACK, URG).
pub const TCP_FLAG_NAMES: [&str; 6] = ["fin", "syn", "rst", "psh", "ack", "urg"];

impl TcpFlags {
    /// `tcp syn`, which iptables writes `--syn`: SYN set; RST, ACK and FIN not.
    pub const SYN: TcpFlags = TcpFlags { mask: 0b01_0111, set: 0b00_0010 };

    /// The bits of a list of flags as iptables writes it, `syn,ack`, `all` or `none`.
    ///
    /// # Errors
    /// The word that is no flag.
    pub fn bits(words: &str) -> Result<u8, String> {
        words.split(',').try_fold(0, |bits, word| {
            let word = word.trim().to_ascii_lowercase();
            match word.as_str() {
                "all" => Ok(0b11_1111),
                "none" => Ok(bits),
                _ => match TCP_FLAG_NAMES.iter().position(|name| *name == word) {
                    Some(bit) => Ok(bits | 1 << bit),
                    None => Err(word),
                },
            }
        })
    }
}

impl fmt::Display for TcpFlags {
    /// `FIN,SYN,RST,ACK SYN`: the form of `iptables-save`, the mask first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", flag_list(self.mask), flag_list(self.set))
    }
}

fn flag_list(bits: u8) -> String {
    let names: Vec<String> = TCP_FLAG_NAMES
        .iter()
        .enumerate()
        .filter(|(bit, _)| bits & (1 << bit) != 0)
        .map(|(_, name)| name.to_ascii_uppercase())
        .collect();
    if names.is_empty() { "NONE".into() } else { names.join(",") }
}

impl PortRange {
    /// A single port.
    pub const fn one(port: u16) -> PortRange {
        PortRange { first: port, last: port }
    }

    /// Whether it is every port.
    pub const fn is_everything(&self) -> bool {
        self.first == 0 && self.last == u16::MAX
    }

    /// How many of `multiport`'s slots it takes.
    pub const fn slots(&self) -> usize {
        if self.first == self.last { 1 } else { 2 }
    }
}

impl fmt::Display for PortRange {
    /// `22` or `1024:65535`: the form of iptables.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}:{}", self.first, self.last)
        }
    }
}

impl Value {
    /// Whether some packet can match both values, taken as values of the same option.
    /// Errs on the side of yes.
    pub fn overlaps(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Address(a), Value::Address(b)) => {
                let ((a_first, a_last), (b_first, b_last)) = (a.bounds(), b.bounds());
                a.family() == b.family() && a_first <= b_last && b_first <= a_last
            }
            (Value::Ports(a), Value::Ports(b)) => a.first <= b.last && b.first <= a.last,
            (Value::Interface(a), Value::Interface(b)) => match (a.strip_suffix('+'), b.strip_suffix('+')) {
                (None, None) => a == b,
                (Some(a), None) => b.starts_with(a),
                (None, Some(b)) => a.starts_with(b),
                (Some(a), Some(b)) => a.starts_with(b) || b.starts_with(a),
            },
            (Value::Protocol(a), Value::Protocol(b)) => a == b,
            (Value::Span(a), Value::Span(b)) => a.first <= b.last && b.first <= a.last,
            (Value::Masked(a), Value::Masked(b)) => {
                // A bit outside the mask must be zero for anything to match.
                let both = a.mask() & b.mask();
                a.value & both == b.value & both
            }
            (
                Value::Icmp(IcmpMatch::Type { ty: a, code: a_code }),
                Value::Icmp(IcmpMatch::Type { ty: b, code: b_code }),
            ) => a == b && (a_code.is_none() || b_code.is_none() || a_code == b_code),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tcp_flags_read_and_print() {
        let flags = TcpFlags {
            mask: TcpFlags::bits("syn,ack,fin,rst").unwrap(),
            set: TcpFlags::bits("SYN").unwrap(),
        };
        assert_eq!(flags, TcpFlags::SYN);
        assert_eq!(flags.to_string(), "FIN,SYN,RST,ACK SYN");
        let none = TcpFlags { mask: TcpFlags::bits("all").unwrap(), set: TcpFlags::bits("none").unwrap() };
        assert_eq!(none.to_string(), "FIN,SYN,RST,PSH,ACK,URG NONE");
        assert_eq!(TcpFlags::bits("syn,foo"), Err("foo".into()));
    }

    #[test]
    fn interfaces_overlap_with_wildcards() {
        let interface = |name: &str| Value::Interface(name.into());
        assert!(interface("eth+").overlaps(&interface("eth0")));
        assert!(interface("e+").overlaps(&interface("eth+")));
        assert!(!interface("eth0").overlaps(&interface("eth1")));
        assert!(!interface("wg+").overlaps(&interface("eth+")));
    }
}
