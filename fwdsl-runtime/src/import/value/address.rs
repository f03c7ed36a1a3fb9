//! Addresses, networks and ranges of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::number::{number, number8};
use crate::family::Family;
use crate::import::error::Reason;
use crate::model::{Address, Net, Value, width};

/// The networks that `-s` or `-d` takes: one, or several with commas between them.
pub(crate) fn read_networks(text: &str, family: Family) -> Result<Vec<Net>, Reason> {
    text.split(',').map(|part| read_network(part.trim_start(), family)).collect()
}

/// An address with or without a mask behind `/`, which is a number of bits or has the form of an address. Bits of the
/// address beyond the mask are taken away.
pub(super) fn read_network(text: &str, family: Family) -> Result<Net, Reason> {
    let Some((host, mask)) = text.rsplit_once('/') else {
        return Ok(Net::host(read_addr(text, family)?));
    };
    let prefix = read_mask(mask, family)?;
    if prefix == 0 {
        // Nothing of the address counts, and iptables does not even look at it.
        return Ok(Net { addr: unspecified(family), prefix });
    }
    Ok(Net { addr: read_addr(host, family)?, prefix }.truncated())
}

fn unspecified(family: Family) -> IpAddr {
    match family {
        Family::Ipv4 => Ipv4Addr::UNSPECIFIED.into(),
        Family::Ipv6 => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// The number of leading bits that a mask says.
pub(super) fn read_mask(text: &str, family: Family) -> Result<u8, Reason> {
    let bits = width(family);
    if let Some(prefix) = number(text, bits.into()) {
        return Ok(prefix as u8);
    }
    let mask = match (family, parse_addr(text, family)) {
        (Family::Ipv4, Some(IpAddr::V4(mask))) if text.split('.').count() == 4 => {
            Some((mask.to_bits().leading_ones(), mask.to_bits().count_ones()))
        }
        (Family::Ipv6, Some(IpAddr::V6(mask))) => {
            Some((mask.to_bits().leading_ones(), mask.to_bits().count_ones()))
        }
        _ => None,
    };
    match mask {
        Some((leading, all)) if leading == all => Ok(leading as u8),
        Some(_) => Err(Reason::new(format!("the mask `{text}` has holes"))),
        None => Err(Reason::new(format!("`{text}` is not a mask: it goes from 0 to {bits}"))),
    }
}

/// One address.
pub(super) fn read_addr(text: &str, family: Family) -> Result<IpAddr, Reason> {
    parse_addr(text, family).ok_or_else(|| not_an_address(text, family))
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
        Family::Ipv4 => parse_v4(text).map(IpAddr::V4),
        Family::Ipv6 => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
    }
}

/// An address of up to four numbers; those that are left out are zero.
fn parse_v4(text: &str) -> Option<Ipv4Addr> {
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
        networks.iter().map(Net::to_string).collect()
    }

    #[test]
    fn networks_are_read_with_every_kind_of_mask() {
        let v4 = |text| networks(text, Family::Ipv4);
        assert_eq!(v4("10.1.2.3/8"), ["10.0.0.0/8"]);
        assert_eq!(v4("10.1.2.3/255.255.0.0"), ["10.1.0.0/16"]);
        assert_eq!(v4("10/8"), ["10.0.0.0/8"]);
        assert_eq!(v4("010.0.0.1"), ["8.0.0.1/32"]);
        assert_eq!(v4("any/0"), ["0.0.0.0/0"]);
        assert_eq!(v4("1.2.3.4,10.0.0.0/8, 5.6.7.8"), ["1.2.3.4/32", "10.0.0.0/8", "5.6.7.8/32"]);
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
            "1.2.3.4/255.0.255.0",
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
