//! Addresses as a rule matches them: one, a network, or a range.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::address_text::{is_whole, parse_addr};
use super::masked_addr::MaskedAddr;
use crate::family::Family;

/// What `from` and `to` match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Address {
    /// A network; a single address is one with the full prefix length.
    Net(Net),
    /// All addresses from the first to the last, both included.
    Range {
        /// The first.
        first: IpAddr,
        /// The last, of the same family.
        last: IpAddr,
    },
    /// All addresses that agree with one in the bits of a mask, which are not the leading ones: `10.0.0.1/255.0.0.255`.
    Masked(MaskedAddr),
}

/// An address and a prefix length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Net {
    /// The address; bits beyond the prefix are zero in a checked policy.
    pub addr: IpAddr,
    /// The number of leading bits that count: at most 32 for IPv4, 128 for IPv6.
    pub prefix: u8,
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError {
    /// What is wrong.
    pub message: String,
    /// What to write instead, if that is clear.
    pub help: Option<String>,
}

/// The family of an address.
pub const fn family_of(addr: IpAddr) -> Family {
    match addr {
        IpAddr::V4(_) => Family::Ipv4,
        IpAddr::V6(_) => Family::Ipv6,
    }
}

/// An address as a number, so that both families compare alike.
pub fn to_bits(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(addr) => u128::from(addr.to_bits()),
        IpAddr::V6(addr) => addr.to_bits(),
    }
}

/// The address that a number is; IPv4 takes its 32 low bits.
pub fn from_bits(family: Family, bits: u128) -> IpAddr {
    match family {
        Family::Ipv4 => IpAddr::from((bits as u32).to_be_bytes()),
        Family::Ipv6 => IpAddr::V6(Ipv6Addr::from_bits(bits)),
    }
}

/// The number of bits of an address.
pub const fn width(family: Family) -> u8 {
    match family {
        Family::Ipv4 => 32,
        Family::Ipv6 => 128,
    }
}

impl Net {
    /// Parses `10.0.0.0/8`, `2001:db8::/32`, or a single address.
    ///
    /// # Errors
    /// If the text is no address, the prefix length no number, or longer than the address.
    pub fn parse(text: &str) -> Result<Net, AddressError> {
        let (addr_text, prefix_text) = match text.split_once('/') {
            Some((addr, prefix)) => (addr, Some(prefix)),
            None => (text, None),
        };
        let addr = parse_addr(addr_text.as_bytes()).ok_or_else(|| not_an_address(addr_text))?;
        let width = width(family_of(addr));
        let prefix = match prefix_text {
            None => width,
            Some(prefix) => parse_prefix(prefix, width, addr)?,
        };
        Ok(Net { addr, prefix })
    }

    /// A single address.
    pub const fn host(addr: IpAddr) -> Net {
        Net { addr, prefix: width(family_of(addr)) }
    }

    /// Whether it is a single address.
    pub const fn is_host(&self) -> bool {
        self.prefix == width(self.family())
    }

    /// The address family.
    pub const fn family(&self) -> Family {
        family_of(self.addr)
    }

    /// The network that is meant if host bits are set: the same with those bits zero.
    #[must_use]
    pub fn truncated(&self) -> Net {
        Net { addr: from_bits(self.family(), self.first_bits()), prefix: self.prefix }
    }

    /// Whether bits beyond the prefix are set, which iptables drops in silence.
    pub fn has_host_bits(&self) -> bool {
        self.truncated().addr != self.addr
    }

    /// Whether the prefix length fits the address, and no bit beyond it is set.
    pub const fn is_sound(&self) -> bool {
        is_whole(self.addr, self.prefix)
    }

    /// The first and the last address.
    pub fn ends(&self) -> (IpAddr, IpAddr) {
        let first = self.first_bits();
        (from_bits(self.family(), first), from_bits(self.family(), first | self.host_mask()))
    }

    fn host_mask(&self) -> u128 {
        let host_bits = u32::from(width(self.family()) - self.prefix);
        if host_bits == 128 { u128::MAX } else { (1 << host_bits) - 1 }
    }

    fn first_bits(&self) -> u128 {
        to_bits(self.addr) & !self.host_mask()
    }
}

fn parse_prefix(text: &str, width: u8, addr: IpAddr) -> Result<u8, AddressError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u8>() {
        Ok(prefix) if digits && prefix <= width => Ok(prefix),
        _ if digits => Err(AddressError {
            message: format!("`/{text}` is too long for an {} address", family_of(addr)),
            help: Some(format!("a prefix length is at most {width} there")),
        }),
        _ => Err(AddressError {
            message: format!("`{text}` is not a prefix length"),
            help: text.parse::<std::net::Ipv4Addr>().ok().and_then(mask_help),
        }),
    }
}

/// The prefix length that a dotted mask stands for.
fn mask_help(mask: std::net::Ipv4Addr) -> Option<String> {
    let bits = mask.to_bits();
    (bits.count_ones() == bits.leading_ones()).then(|| format!("write `/{}`", bits.leading_ones()))
}

fn not_an_address(text: &str) -> AddressError {
    let has_prefix_digit =
        |prefix: &str| text.split([':', '.']).any(|group| group.to_ascii_lowercase().starts_with(prefix));
    let help = if ["0x", "0o", "0b"].iter().any(|prefix| has_prefix_digit(prefix)) {
        Some(
            "a group of an address has neither a `0x` nor a `0b` before it; write the address as a string"
                .into(),
        )
    } else if let Some((first, last)) = text.split_once('-')
        && [first, last].iter().all(|end| end.parse::<IpAddr>().is_ok())
    {
        Some(format!("a range is written `{first}..={last}`"))
    } else if text.contains('_') {
        Some("an address has no `_`".into())
    } else if text.split('.').count() == 4
        && text.split('.').any(|group| group.len() > 1 && group.starts_with('0'))
    {
        Some("a leading zero can mean octal; leave it out".into())
    } else {
        None
    };
    AddressError { message: format!("`{text}` is not an address"), help }
}

impl Address {
    /// The address family.
    pub const fn family(&self) -> Family {
        match self {
            Address::Net(net) => net.family(),
            Address::Range { first, .. } => family_of(*first),
            Address::Masked(masked) => masked.family(),
        }
    }

    /// Parses an address, a network, or an address under a mask of any bits. A mask of leading bits is a network's.
    ///
    /// # Errors
    /// If the text is none of these.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        match MaskedAddr::parse(text) {
            Some(masked) => Ok(masked.simplified()),
            None => Net::parse(text).map(Address::Net),
        }
    }

    /// The first and last address as numbers, both included. Of what a mask with gaps leaves, not all between them
    /// belong to it.
    pub fn bounds(&self) -> (u128, u128) {
        match self {
            Address::Masked(masked) => masked.bounds(),
            Address::Net(net) => (net.first_bits(), net.first_bits() | net.host_mask()),
            Address::Range { first, last } => (to_bits(*first), to_bits(*last)),
        }
    }

    /// Whether an address of its family belongs to it.
    pub fn contains(&self, addr: IpAddr) -> bool {
        let (first, last) = self.bounds();
        match self {
            Address::Masked(masked) => (to_bits(masked.addr) ^ to_bits(addr)) & to_bits(masked.mask) == 0,
            _ => (first..=last).contains(&to_bits(addr)),
        }
    }

    /// Whether it is every address of its family.
    pub fn is_everything(&self) -> bool {
        let (first, last) = self.bounds();
        let greatest = if self.family() == Family::Ipv4 { u128::from(u32::MAX) } else { u128::MAX };
        first == 0 && last == greatest
    }
}

/// An address in the form of `iptables-save`, which is that of inet_ntop(3): IPv4-compatible
/// addresses end in a dotted quad, unlike the standard library's form.
pub struct SaveForm(pub IpAddr);

impl fmt::Display for SaveForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let IpAddr::V6(addr) = self.0 {
            let [a, b, c, d, e, g, high, low] = addr.segments();
            if [a, b, c, d, e, g] == [0; 6] && high != 0 {
                let [h1, h2] = high.to_be_bytes();
                let [l1, l2] = low.to_be_bytes();
                return write!(f, "::{h1}.{h2}.{l1}.{l2}");
            }
        }
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", SaveForm(self.addr), self.prefix)
    }
}

impl fmt::Display for Address {
    /// As the language writes it: a single address without a prefix length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Net(net) if net.prefix == width(net.family()) => write!(f, "{}", SaveForm(net.addr)),
            Address::Net(net) => write!(f, "{net}"),
            Address::Range { first, last } => write!(f, "{}..={}", SaveForm(*first), SaveForm(*last)),
            Address::Masked(masked) => write!(f, "{masked}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> Net {
        Net::parse(text).unwrap()
    }

    #[test]
    fn networks_parse_and_print_as_iptables_saves_them() {
        for (text, saved) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("224.0.0.1", "224.0.0.1/32"),
            ("::/0", "::/0"),
            ("2001:DB8::1", "2001:db8::1/128"),
            ("::1.2.3.4", "::1.2.3.4/128"),
            ("::1:5", "::0.1.0.5/128"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4/128"),
            ("64:ff9b::1.2.3.4", "64:ff9b::102:304/128"),
            ("1:2:3:4:5:6:0:8", "1:2:3:4:5:6:0:8/128"),
        ] {
            assert_eq!(net(text).to_string(), saved);
        }
    }

    #[test]
    fn host_bits_are_seen() {
        assert!(net("10.0.0.1/8").has_host_bits());
        assert_eq!(net("10.0.0.1/8").truncated().to_string(), "10.0.0.0/8");
        assert!(net("2001:db8::1/32").has_host_bits());
        assert!(!net("0.0.0.0/0").has_host_bits());
        assert!(!net("::/0").has_host_bits());
        assert!(!net("10.0.0.1").has_host_bits());
    }

    #[test]
    fn what_is_no_address_is_refused_with_help() {
        for (text, help) in [
            ("10.0.0.0/33", "at most 32"),
            ("::/129", "at most 128"),
            ("10.0.0.0/255.0.0.0", "`/8`"),
            ("10.010.0.1", "octal"),
            ("0xff::1", "0x"),
            ("fe80::1_0", "`_`"),
        ] {
            let error = Net::parse(text).unwrap_err();
            assert!(error.help.as_deref().unwrap_or("").contains(help), "{text}: {error:?}");
        }
        for text in ["", "10.0.0", "10.0.0.256", ":::", "10.0.0.0/", "10.0.0.0/+8", "host"] {
            assert!(Net::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn everything_is_recognised() {
        assert!(Address::Net(net("0.0.0.0/0")).is_everything());
        assert!(Address::Net(net("::/0")).is_everything());
        assert!(!Address::Net(net("0.0.0.0/1")).is_everything());
        let range = Address::Range { first: net("0.0.0.0").addr, last: net("255.255.255.255").addr };
        assert!(range.is_everything());
    }
}
