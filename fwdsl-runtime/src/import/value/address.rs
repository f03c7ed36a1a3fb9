//! Addresses, networks and ranges of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::number::{number, number8};
use crate::family::Family;
use crate::import::error::Reason;
use crate::model::{Address, Few, MaskedAddr, Net, Value, from_bits, to_bits, width};

/// The networks that `-s` or `-d` takes: one, or several with commas between them.
pub(crate) fn read_networks(text: &str, family: Family) -> Result<Few<Address>, Reason> {
    if !text.bytes().any(|byte| byte == b',') {
        return read_masked_network(text.trim_start(), family).map(Few::one);
    }
    text.split(',').map(|part| read_masked_network(part.trim_start(), family)).collect()
}

/// An address with or without a mask behind `/`, which is a number of bits or has the form of an address. A mask with
/// holes keeps the whole address.
pub(super) fn read_network(text: &str, family: Family) -> Result<Address, Reason> {
    let Some((host, mask)) = text.rsplit_once('/') else {
        return Ok(Address::Net(Net::host(read_addr(text, family)?)));
    };
    Ok(Address::Net(Net { addr: read_addr(host, family)?, prefix: read_prefix(mask, family)? }))
}

/// The same of an address that the resolver reads, without the bits of it beyond the mask.
pub(super) fn read_host_network(text: &str, family: Family) -> Result<Address, Reason> {
    let Some((host, mask)) = text.rsplit_once('/') else {
        return Ok(Address::Net(Net::host(read_host(text, family)?)));
    };
    let net = Net { addr: read_host(host, family)?, prefix: read_prefix(mask, family)? };
    Ok(Address::Net(net.truncated()))
}

/// The same, of a mask that may have holes.
fn read_masked_network(text: &str, family: Family) -> Result<Address, Reason> {
    let Some((host, mask)) = text.rsplit_once('/') else {
        return Ok(Address::Net(Net::host(read_addr(text, family)?)));
    };
    let mask = parse_mask(mask, family)?;
    // Nothing of the address counts, and iptables does not even look at it.
    if to_bits(mask) == 0 {
        return Ok(Address::Net(Net { addr: unspecified(family), prefix: 0 }));
    }
    let masked = MaskedAddr { addr: read_addr(host, family)?, mask };
    Ok(masked.truncated().simplified())
}

fn unspecified(family: Family) -> IpAddr {
    match family {
        Family::Ipv4 => Ipv4Addr::UNSPECIFIED.into(),
        Family::Ipv6 => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// The number of leading bits that a mask says.
pub(super) fn read_mask(text: &str, family: Family) -> Result<u8, Reason> {
    let mask = MaskedAddr { addr: unspecified(family), mask: parse_mask(text, family)? };
    match mask.simplified() {
        Address::Net(net) => Ok(net.prefix),
        _ => Err(Reason::new(format!("the mask `{text}` has holes"))),
    }
}

/// The number of leading bits that a mask says. One that is no such number keeps the whole address.
pub(super) fn read_prefix(text: &str, family: Family) -> Result<u8, Reason> {
    let mask = MaskedAddr { addr: unspecified(family), mask: lax_mask(text, family)? };
    match mask.simplified() {
        Address::Net(net) => Ok(net.prefix),
        _ => Ok(width(family)),
    }
}

/// A mask; where a number has too many bits for one, iptables takes it for an IPv4 address with holes.
fn lax_mask(text: &str, family: Family) -> Result<IpAddr, Reason> {
    match number(text, u32::MAX.into()) {
        Some(bits) if family == Family::Ipv4 && bits > 32 => Ok(Ipv4Addr::from_bits(bits as u32).into()),
        _ => parse_mask(text, family),
    }
}

/// A mask, as a number of leading bits or in the form of an address.
fn parse_mask(text: &str, family: Family) -> Result<IpAddr, Reason> {
    let bits = width(family);
    if let Some(prefix) = number(text, bits.into()) {
        let mask = u128::MAX.checked_shl(u32::from(bits) - prefix as u32).unwrap_or(0);
        return Ok(from_bits(family, if bits == 32 { mask & u128::from(u32::MAX) } else { mask }));
    }
    let is_whole = family == Family::Ipv6 || text.split('.').count() == 4;
    parse_addr(text, family)
        .filter(|_| is_whole)
        .ok_or_else(|| Reason::new(format!("`{text}` is not a mask: it goes from 0 to {bits}")))
}

/// One address.
pub(super) fn read_addr(text: &str, family: Family) -> Result<IpAddr, Reason> {
    parse_addr(text, family).ok_or_else(|| not_an_address(text, family))
}

/// The same where iptables asks the resolver, for which the last number of an IPv4 address has all the bytes that are left.
pub(super) fn read_host(text: &str, family: Family) -> Result<IpAddr, Reason> {
    match family {
        Family::Ipv4 if !text.contains(':') && text.split('.').count() < 4 => {
            let (before, last) = text.rsplit_once('.').unwrap_or(("", text));
            let before: Vec<&str> = before.split('.').filter(|part| !part.is_empty()).collect();
            let left = 8 * (4 - before.len() as u32);
            let last = number(last, u64::MAX >> (64 - left));
            let bytes: Option<Vec<u8>> = before.into_iter().map(number8).collect();
            let bits = last.zip(bytes).map(|(last, bytes)| {
                let shifts = [24, 16, 8];
                bytes
                    .iter()
                    .zip(shifts)
                    .fold(last as u32, |bits, (byte, shift)| bits | u32::from(*byte) << shift)
            });
            bits.map(|bits| Ipv4Addr::from_bits(bits).into()).ok_or(()).or_else(|()| read_addr(text, family))
        }
        _ => read_addr(text, family),
    }
}

/// The same where iptables takes no other form than that of inet_pton(3).
pub(super) fn read_plain_addr(text: &str, family: Family) -> Result<IpAddr, Reason> {
    let addr = match family {
        Family::Ipv4 => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        Family::Ipv6 => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
    };
    addr.ok_or_else(|| not_an_address(text, family))
}

fn not_an_address(text: &str, family: Family) -> Reason {
    let other = match family {
        Family::Ipv4 => text.parse::<Ipv6Addr>().is_ok(),
        Family::Ipv6 => text.parse::<Ipv4Addr>().is_ok(),
    };
    let reason = Reason::new(format!("`{text}` is not an {family} address"));
    let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic()) && !text.contains(':');
    if other {
        reason.help("it is one of the other family, which has a file of its own")
    } else if is_name {
        reason.help("names are looked up when iptables reads the file; write the address that it stands for")
    } else {
        reason
    }
}

fn parse_addr(text: &str, family: Family) -> Option<IpAddr> {
    match family {
        Family::Ipv4 => parse_v4(text).or_else(|| parse_mapped(text)).map(IpAddr::V4),
        Family::Ipv6 => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
    }
}

/// `::ffff:10.0.0.1`, which the resolver takes for the IPv4 address in it, and the name that stands for this host
/// everywhere (RFC 6761).
fn parse_mapped(text: &str) -> Option<Ipv4Addr> {
    match text {
        "localhost" => Some(Ipv4Addr::LOCALHOST),
        _ => text.parse::<Ipv6Addr>().ok()?.to_ipv4_mapped(),
    }
}

/// An address of up to four numbers; those that are left out are zero.
fn parse_v4(text: &str) -> Option<Ipv4Addr> {
    if let Some(addr) = parse_dotted(text.as_bytes()) {
        return Some(addr);
    }
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        match parts.next() {
            Some(part) => *octet = number8(part)?,
            None => break,
        }
    }
    parts.next().is_none().then_some(octets.into())
}

/// Four decimal numbers, none of which begins like one of another base: what `iptables-save` writes.
fn parse_dotted(text: &[u8]) -> Option<Ipv4Addr> {
    let (mut bits, mut dots) = (0, 0);
    // The number that is being read, once it has a digit.
    let mut octet: Option<u32> = None;
    for byte in text {
        match (byte, octet) {
            (b'0'..=b'9', None) => octet = Some(u32::from(byte - b'0')),
            (b'0'..=b'9', Some(before @ 1..)) => {
                octet = Some(10 * before + u32::from(byte - b'0')).filter(|octet| *octet < 256);
                octet?;
            }
            (b'.', Some(whole)) => {
                (bits, dots, octet) = (bits << 8 | whole, dots + 1, None);
                if dots == 4 {
                    return None;
                }
            }
            _ => return None,
        }
    }
    (dots == 3).then(|| Some(Ipv4Addr::from_bits(bits << 8 | octet?)))?
}

/// An address or `first-last`, as `iprange` takes them.
pub(super) fn read_range(text: &str, family: Family) -> Result<Value, Reason> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (read_addr(first, family)?, read_addr(last, family)?);
    Ok(Value::Address(Address::Range { first, last }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(text: &str, family: Family) -> Vec<String> {
        let networks = read_networks(text, family).unwrap_or_else(|reason| panic!("{text}: {reason:?}"));
        networks.iter().map(|address| format!("{address}")).collect()
    }

    #[test]
    fn networks_are_read_with_every_kind_of_mask() {
        let v4 = |text| networks(text, Family::Ipv4);
        assert_eq!(v4("10.1.2.3/8"), ["10.0.0.0/8"]);
        assert_eq!(v4("10.1.2.3/255.255.0.0"), ["10.1.0.0/16"]);
        assert_eq!(v4("10/8"), ["10.0.0.0/8"]);
        assert_eq!(v4("010.0.0.1"), ["8.0.0.1"]);
        assert_eq!(v4("any/0"), ["0.0.0.0/0"]);
        assert_eq!(v4("1.2.3.4/0.0.0.0"), ["0.0.0.0/0"]);
        assert_eq!(v4("10.1.2.3/255.0.255.0"), ["10.0.2.0/255.0.255.0"]);
        assert_eq!(v4("1.2.3.4,10.0.0.0/8, 5.6.7.8"), ["1.2.3.4", "10.0.0.0/8", "5.6.7.8"]);
        let v6 = |text| networks(text, Family::Ipv6);
        assert_eq!(v6("2001:DB8::1/32"), ["2001:db8::/32"]);
        assert_eq!(v6("fe80::1/ffff:ffff::"), ["fe80::/32"]);
        assert_eq!(v6("::/0"), ["::/0"]);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "x",
            "1.2.3.4.5",
            "256.0.0.1",
            "1.2.3.4/33",
            "1.2.3.4/",
            "1.2.3.4/255.0.255",
            "::1",
            "1.2.3.4,",
        ] {
            assert!(read_networks(text, Family::Ipv4).is_err(), "{text}");
        }
        for text in ["", "1.2.3.4", "::1/129", "fe80::1%eth0", "::1/-1"] {
            assert!(read_networks(text, Family::Ipv6).is_err(), "{text}");
        }
    }
}
