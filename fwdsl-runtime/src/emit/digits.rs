//! Numbers and addresses as digits: the greater part of a text of rules, and several times as fast as with the standard
//! library's formatting.

use std::net::{IpAddr, Ipv4Addr};

use crate::model::{PortRange, SaveForm};

/// The most digits of a number.
const DIGITS_MAX: usize = u64::MAX.ilog10() as usize + 1;

/// A number in decimal digits.
pub(super) fn push_number(out: &mut String, number: u64) {
    let mut digits = ['0'; DIGITS_MAX];
    let mut first = DIGITS_MAX;
    let mut rest = number;
    loop {
        first -= 1;
        digits[first] = digit(rest);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend(&digits[first..]);
}

/// `22` or `1024:65535`.
pub(super) fn push_ports(out: &mut String, ports: PortRange) {
    push_number(out, ports.first.into());
    if ports.first != ports.last {
        out.push(':');
        push_number(out, ports.last.into());
    }
}

/// An address in the form of [`SaveForm`].
pub(super) fn push_addr(out: &mut String, addr: IpAddr) {
    match addr {
        IpAddr::V4(addr) => push_dotted(out, addr),
        IpAddr::V6(_) => super::write(out, format_args!("{}", SaveForm(addr))),
    }
}

fn push_dotted(out: &mut String, addr: Ipv4Addr) {
    for (place, octet) in addr.octets().into_iter().enumerate() {
        if place > 0 {
            out.push('.');
        }
        let octet = u64::from(octet);
        if octet >= 100 {
            out.push(digit(octet / 100));
        }
        if octet >= 10 {
            out.push(digit(octet / 10));
        }
        out.push(digit(octet));
    }
}

/// The last digit of a number.
fn digit(number: u64) -> char {
    char::from(b'0' + (number % 10) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_standard_library() {
        for number in [0, 7, 10, 99, 100, 255, 65_535, u64::MAX] {
            let mut out = String::new();
            push_number(&mut out, number);
            assert_eq!(out, number.to_string());
        }
        for text in ["0.0.0.0", "1.23.100.255", "10.0.10.9", "2001:db8::1", "::0.1.0.2"] {
            let mut out = String::new();
            push_addr(&mut out, text.parse().unwrap());
            assert_eq!(out, text);
        }
        for (first, last, text) in [(22, 22, "22"), (0, 65_535, "0:65535")] {
            let mut out = String::new();
            push_ports(&mut out, PortRange { first, last });
            assert_eq!(out, text);
        }
    }
}
