//! Ports, ranges of them, and where translation goes.

use super::address::read_plain_addr;
use super::number::{digits_of, leading_number, number16};
use crate::catalogue::{Extension, SCTP, SCTP_NUMBER, TCP, TCP_NUMBER, UDP_NUMBER};
use crate::family::Family;
use crate::import::error::Reason;
use crate::model::{Endpoint, Few, PortRange, Value};
use crate::nearest::nearest;
use crate::services;

/// Over which protocols a service is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// All of them.
    Any,
    /// This one.
    Protocol(u8),
}

/// A port by number or service name.
fn read_port(text: &str, over: Over) -> Result<u16, Reason> {
    if let Some(port) = number16(text) {
        return Ok(port);
    }
    if let Some(service) = services::find(text) {
        let known = match over {
            Over::Any => true,
            Over::Protocol(TCP_NUMBER) => service.tcp,
            Over::Protocol(UDP_NUMBER) => service.udp,
            Over::Protocol(SCTP_NUMBER) => service.sctp,
            Over::Protocol(_) => false,
        };
        return if known {
            Ok(service.port)
        } else {
            let port = service.port;
            Err(Reason::new(format!("the service `{text}` is not one of this protocol"))
                .help(format!("its port is {port}")))
        };
    }
    let reason = Reason::new(format!("`{text}` is neither a port nor a known service"));
    Err(match nearest(text, services::names()) {
        Some(name) if !text.starts_with(|c: char| c.is_ascii_digit()) => {
            reason.help(format!("did you mean `{name}`?"))
        }
        _ => reason,
    })
}

/// The same where iptables asks the resolver, which reads decimal numbers alone.
pub(super) fn read_decimal_port(text: &str) -> Result<u16, Reason> {
    if text.is_empty() {
        return Ok(0);
    }
    match digits_of(text, 10) {
        // Sixteen bits of it count, but it must fit an `int`.
        Some((number, "")) if number <= i32::MAX as u64 => Ok(number as u16),
        Some(_) => Err(not_a_port(text)),
        None => read_port(text, Over::Any),
    }
}

fn not_a_port(text: &str) -> Reason {
    Reason::new(format!("`{text}` is not a port: they go from 0 to 65535"))
}

/// One port, or a range with `:`, an end of which may be left out.
pub(super) fn read_ports(extension: &Extension, text: &str) -> Result<Value, Reason> {
    let ports = match extension.protocols {
        [protocol] if [&TCP, &SCTP].contains(&extension) => {
            open_range(text, |text| read_port(text, Over::Protocol(*protocol)))?
        }
        _ => open_range(text, read_decimal_port)?,
    };
    if *extension == TCP && ports.first > ports.last {
        return Err(Reason::new(format!("the range `{text}` is the wrong way round")));
    }
    Ok(Value::Ports(ports))
}

/// A range with `:` in which an end that is left out is the first or the last port.
fn open_range(text: &str, read: impl Fn(&str) -> Result<u16, Reason>) -> Result<PortRange, Reason> {
    let Some((first, last)) = text.split_once(':') else { return read(text).map(PortRange::one) };
    let first = if first.is_empty() { 0 } else { read(first)? };
    let last = if last.is_empty() { u16::MAX } else { read(last)? };
    Ok(PortRange { first, last })
}

/// The list that `multiport` takes, whose protocol stands before it. A range has both ends, and they differ.
pub(super) fn read_port_list(text: &str, protocol: u8) -> Result<Few<Value>, Reason> {
    if protocol == 0 {
        let reason = Reason::new("`multiport` without a protocol before its ports");
        return Err(reason.help("put `-p tcp`, or another protocol with ports, in front"));
    }
    let read_port = |text: &str| read_port(text, Over::Protocol(protocol));
    let part = |part: &str| {
        let Some((first, last)) = part.split_once(':') else { return read_port(part).map(PortRange::one) };
        let (first, last) = (read_port(first)?, read_port(last)?);
        if first >= last {
            return Err(Reason::new(format!("`{part}` is no range: it must rise")));
        }
        Ok(PortRange { first, last })
    };
    text.split(',').map(|text| part(text).map(Value::Ports)).collect()
}

/// Ports beside the packet's own: conntrack's with `:`, those of translation with `-`.
pub(super) fn read_port_span(sign: char, text: &str) -> Result<Value, Reason> {
    if sign == ':' {
        return open_range(text, read_decimal_port).map(Value::Ports);
    }
    let (ports, base) = read_nat_ports(text)?;
    match base {
        None => Ok(Value::Ports(ports)),
        Some(_) => Err(Reason::new(format!("`{text}`: a port that a range begins at goes with an address"))),
    }
}

/// `80`, `http`, `80-90` or `80-90/8000`.
fn read_nat_ports(text: &str) -> Result<(PortRange, Option<u16>), Reason> {
    let Some((first, rest)) = leading_number(text) else {
        return read_port(text, Over::Any).map(|port| (PortRange::one(port), None));
    };
    let port = |number: u64| u16::try_from(number).map_err(|_| not_a_port(text));
    let first = port(first)?;
    if rest.is_empty() {
        return Ok((PortRange::one(first), None));
    }
    let garbage = || Reason::new(format!("`{text}` is not a port or a range such as `80-90`"));
    let (last, rest) = rest.strip_prefix('-').and_then(leading_number).ok_or_else(garbage)?;
    let last = port(last)?;
    if last < first {
        return Err(Reason::new(format!("the range `{text}` is the wrong way round")));
    }
    let base = match rest.strip_prefix('/') {
        Some(base) => Some(
            read_port(base, Over::Any)
                .and_then(|base| if base == 0 { Err(not_a_port("0")) } else { Ok(base) })?,
        ),
        None if rest.is_empty() => None,
        None => return Err(garbage()),
    };
    Ok((PortRange { first, last }, base))
}

/// `10.0.0.2-10.0.0.9:80-90`, `[fd00::2]:80`, `:80`.
pub(super) fn read_endpoint(text: &str, family: Family) -> Result<Value, Reason> {
    let (addresses, ports) = split_ports(text, family)?;
    let (ports, base) = match ports {
        Some(ports) => read_nat_ports(ports).map(|(ports, base)| (Some(ports), base))?,
        None => (None, None),
    };
    let addresses = if addresses.is_empty() && ports.is_some() {
        None
    } else {
        let (first, last) = addresses.split_once('-').unwrap_or((addresses, addresses));
        Some((read_plain_addr(first, family)?, read_plain_addr(last, family)?))
    };
    Ok(Value::Endpoint(Endpoint { addresses, ports, base }))
}

/// The addresses, and the ports behind the colon. An IPv6 address has colons of its own, so ports need brackets there.
fn split_ports(text: &str, family: Family) -> Result<(&str, Option<&str>), Reason> {
    if let Some(inside) = text.strip_prefix('[') {
        let (addresses, after) = inside
            .split_once(']')
            .filter(|_| family == Family::Ipv6)
            .ok_or_else(|| Reason::new(format!("`{text}` is not an {family} address in brackets")))?;
        return match after.strip_prefix(':') {
            Some(ports) => Ok((addresses, Some(ports))),
            None if after.is_empty() => Ok((addresses, None)),
            None => Err(Reason::new(format!("`{after}` behind the brackets is no port"))),
        };
    }
    match text.split_once(':') {
        Some((addresses, ports)) if !ports.contains(':') => Ok((addresses, Some(ports))),
        _ => Ok((text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::UDP;

    fn endpoint(text: &str, family: Family) -> String {
        match read_endpoint(text, family) {
            Ok(Value::Endpoint(endpoint)) => endpoint.to_string(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn endpoints_are_read_as_nat_reads_them() {
        for text in ["10.0.0.2", "10.0.0.2-10.0.0.9:80-90", ":80", "10.0.0.2:80-90/8000"] {
            assert_eq!(endpoint(text, Family::Ipv4), text);
        }
        assert_eq!(endpoint("10.0.0.2:http", Family::Ipv4), "10.0.0.2:80");
        for text in ["fd00::2", "[fd00::2]:80", "[fd00::2-fd00::9]:80-90", ":80"] {
            assert_eq!(endpoint(text, Family::Ipv6), text);
        }
        assert_eq!(endpoint("[fd00::2]", Family::Ipv6), "fd00::2");
        for text in
            ["", "10.0.0.2:", "10.0.0.2:80:90", "[10.0.0.2]:80", "10.0.0.2:90-80", "10.0.0.2:80-90/0", "x"]
        {
            assert!(read_endpoint(text, Family::Ipv4).is_err(), "{text}");
        }
    }

    #[test]
    fn ports_are_read_as_each_match_reads_them() {
        let ports = |extension, text| match read_ports(extension, text) {
            Ok(Value::Ports(ports)) => Some((ports.first, ports.last)),
            _ => None,
        };
        assert_eq!(ports(&TCP, "0x16"), Some((22, 22)));
        assert_eq!(ports(&UDP, "0x16"), None);
        assert_eq!(ports(&UDP, "022"), Some((22, 22)));
        assert_eq!(ports(&TCP, "ssh:"), Some((22, u16::MAX)));
        assert_eq!(ports(&TCP, ":1023"), Some((0, 1023)));
        assert_eq!(ports(&UDP, "65537"), Some((1, 1)));
        assert_eq!(ports(&UDP, "2147483647"), Some((u16::MAX, u16::MAX)));
        assert_eq!(ports(&UDP, "2147483648"), None);
        for text in ["", "65536", "-1", "22:x", "no-such-service", "tftp"] {
            assert_eq!(ports(&TCP, text), None, "{text}");
        }
        assert!(read_port_list("22,80:90,http", TCP_NUMBER).is_ok());
        for text in ["", "22,", "80:", "90:80", "80:80", "tftp"] {
            assert!(read_port_list(text, TCP_NUMBER).is_err(), "{text}");
        }
        assert!(read_port_list("22", 0).is_err());
    }
}
