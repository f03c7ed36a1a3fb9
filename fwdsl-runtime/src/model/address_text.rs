//! The text of an address (RFC 4291 section 2.2, dotted quads), read in a `const fn`: the standard library's parsers are
//! not, and a constant in a policy has to be checked while it is compiled. Tests hold it against them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address, or `None` if the text is none.
pub(crate) const fn parse_addr(text: &[u8]) -> Option<IpAddr> {
    if let Some(bits) = parse_v4(text, 0) {
        return Some(IpAddr::V4(Ipv4Addr::from_bits(bits)));
    }
    match parse_v6(text) {
        Some(bits) => Some(IpAddr::V6(Ipv6Addr::from_bits(bits))),
        None => None,
    }
}

/// An address with or without a prefix length, without bits beyond it.
pub(crate) const fn is_net(text: &[u8]) -> bool {
    let mut slash = 0;
    while slash < text.len() && text[slash] != b'/' {
        slash += 1;
    }
    let Some(addr) = parse_addr(text.split_at(slash).0) else { return false };
    if slash == text.len() {
        return true;
    }
    match decimal(text, slash + 1, text.len(), 128) {
        Some(prefix) => is_whole(addr, prefix as u8),
        None => false,
    }
}

/// Whether a prefix length fits the address, and no bit beyond it is set.
pub(crate) const fn is_whole(addr: IpAddr, prefix: u8) -> bool {
    match addr {
        IpAddr::V4(addr) => prefix <= 32 && addr.to_bits() & (u32::MAX as u64 >> prefix) as u32 == 0,
        IpAddr::V6(addr) => prefix <= 128 && (prefix == 128 || addr.to_bits() & (u128::MAX >> prefix) == 0),
    }
}

/// A dotted quad from `start` to the end: four decimal numbers without leading zeros.
const fn parse_v4(text: &[u8], start: usize) -> Option<u32> {
    let mut bits: u32 = 0;
    let mut at = start;
    let mut octets = 0;
    while octets < 4 {
        let mut end = at;
        while end < text.len() && text[end] != b'.' {
            end += 1;
        }
        let Some(octet) = decimal(text, at, end, 255) else { return None };
        if end - at > 1 && text[at] == b'0' {
            return None;
        }
        bits = bits << 8 | octet;
        octets += 1;
        if (octets < 4) != (end < text.len()) {
            return None;
        }
        at = end + 1;
    }
    Some(bits)
}

/// A decimal number of one to three digits.
const fn decimal(text: &[u8], start: usize, end: usize, max: u32) -> Option<u32> {
    if end <= start || end - start > 3 {
        return None;
    }
    let mut number = 0;
    let mut at = start;
    while at < end {
        if !text[at].is_ascii_digit() {
            return None;
        }
        number = number * 10 + (text[at] - b'0') as u32;
        at += 1;
    }
    if number <= max { Some(number) } else { None }
}

const fn parse_v6(text: &[u8]) -> Option<u128> {
    // The groups before `::`, and those behind it.
    let mut groups = [0u16; 8];
    let mut count = 0;
    let mut gap: Option<usize> = None;
    let mut at = 0;
    if text.len() >= 2 && text[0] == b':' && text[1] == b':' {
        gap = Some(0);
        at = 2;
    }
    while at < text.len() {
        let mut end = at;
        while end < text.len() && text[end] != b':' && text[end] != b'.' {
            end += 1;
        }
        if end < text.len() && text[end] == b'.' {
            // A dotted quad stands for the last two groups.
            let Some(quad) = parse_v4(text, at) else { return None };
            if count > 6 {
                return None;
            }
            groups[count] = (quad >> 16) as u16;
            groups[count + 1] = quad as u16;
            count += 2;
            break;
        }
        let Some(group) = hextet(text, at, end) else { return None };
        if count == 8 {
            return None;
        }
        groups[count] = group;
        count += 1;
        at = end;
        if at == text.len() {
            break;
        }
        at += 1;
        if at < text.len() && text[at] == b':' {
            if gap.is_some() {
                return None;
            }
            gap = Some(count);
            at += 1;
        } else if at == text.len() {
            return None;
        }
    }
    let mut bits: u128 = 0;
    let mut index = 0;
    match gap {
        None if count != 8 => return None,
        // `::` stands for one group at least.
        Some(_) if count == 8 => return None,
        _ => {}
    }
    while index < count {
        if let Some(gap) = gap
            && index == gap
        {
            bits = shifted(bits, 8 - count);
        }
        bits = bits << 16 | groups[index] as u128;
        index += 1;
    }
    if let Some(gap) = gap
        && gap == count
    {
        bits = shifted(bits, 8 - count);
    }
    Some(bits)
}

/// As many groups of zeros behind the bits.
const fn shifted(bits: u128, groups: usize) -> u128 {
    if groups == 8 { 0 } else { bits << (16 * groups) }
}

/// One to four hexadecimal digits.
const fn hextet(text: &[u8], start: usize, end: usize) -> Option<u16> {
    if end <= start || end - start > 4 {
        return None;
    }
    let mut number: u16 = 0;
    let mut at = start;
    while at < end {
        let digit = match text[at] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            _ => return None,
        };
        number = number << 4 | digit as u16;
        at += 1;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(text: &str) {
        assert_eq!(parse_addr(text.as_bytes()), text.parse::<IpAddr>().ok(), "{text:?}");
    }

    #[test]
    fn it_reads_what_the_standard_library_reads() {
        for text in [
            "",
            ":",
            "::",
            ":::",
            "::1",
            "1::",
            "1::2",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7:8:9",
            "1::2::3",
            "::1.2.3.4",
            "1:2:3:4:5:6:1.2.3.4",
            "1:2:3:4:5:6:7:1.2.3.4",
            "1:2:3:4:5:1.2.3.4",
            "::1.2.3",
            "::1.2.3.4:5",
            "1.2.3.4",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.",
            ".1.2.3",
            "01.2.3.4",
            "0.0.0.0",
            "255.255.255.255",
            "256.1.1.1",
            "1..2.3",
            "12345::",
            "g::",
            "fe80::1%eth0",
            "1:",
            ":1",
            "1:2:3:4:5:6:7",
            "::ffff:1.2.3.4",
            "::1.2.3.04",
            "1:2:3:4::5:6:7:8",
            "+1.2.3.4",
            "::+1",
        ] {
            same(text);
        }
    }

    #[test]
    fn it_reads_random_texts_as_the_standard_library_does() {
        let mut state: u64 = 7;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let pieces = [":", "::", ".", "0", "1", "a", "ffff", "12", "255", "01", "256", "12345", "g"];
        let mut addresses = 0;
        for _ in 0..200_000 {
            let text: String = (0..next(16)).map(|_| pieces[next(pieces.len())]).collect();
            same(&text);
            addresses += usize::from(parse_addr(text.as_bytes()).is_some());
        }
        assert!(addresses > 100, "{addresses}");
    }

    #[test]
    fn networks_are_whole_or_not() {
        for (text, whole) in [
            ("10.0.0.0/8", true),
            ("10.0.0.1/8", false),
            ("10.0.0.1", true),
            ("10.0.0.1/32", true),
            ("0.0.0.0/0", true),
            ("1.0.0.0/0", false),
            ("10.0.0.0/33", false),
            ("2001:db8::/32", true),
            ("2001:db8::1/32", false),
            ("::/0", true),
            ("::1/128", true),
            ("::1/129", false),
            ("::1/", false),
            ("host", false),
        ] {
            assert_eq!(is_net(text.as_bytes()), whole, "{text}");
        }
    }
}
