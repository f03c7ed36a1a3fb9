//! Small values of a few extensions.

use std::fmt;

/// An Ethernet address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mac(pub [u8; 6]);

/// A share of all packets, in 2³¹sts, as `statistic` keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Share(pub u32);

/// A class of a queueing discipline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Class {
    /// The discipline.
    pub major: u16,
    /// The class in it.
    pub minor: u16,
}

impl Mac {
    /// Parses `00:16:3e:00:00:01`.
    pub fn parse(text: &str) -> Option<Mac> {
        let mut octets = [0; 6];
        let mut parts = text.split(':');
        for octet in &mut octets {
            let part = parts.next().filter(|part| part.len() == 2)?;
            *octet = u8::try_from(hexadecimal(part)?).ok()?;
        }
        parts.next().is_none().then_some(Mac(octets))
    }
}

impl Share {
    /// All packets.
    pub const WHOLE: Share = Share(1 << 31);

    /// Parses a number from 0 to 1, `0.25`.
    pub fn parse(text: &str) -> Option<Share> {
        let sound = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let share: f64 = text.parse().ok().filter(|_| sound)?;
        (0.0..=1.0).contains(&share).then(|| Share((share * f64::from(Share::WHOLE.0)).round() as u32))
    }
}

impl Class {
    /// Parses two hexadecimal numbers, `1:10`.
    pub fn parse(text: &str) -> Option<Class> {
        let (major, minor) = text.split_once(':')?;
        Some(Class { major: hexadecimal(major)?, minor: hexadecimal(minor)? })
    }
}

fn hexadecimal(text: &str) -> Option<u16> {
    let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u16::from_str_radix(text, 16).ok().filter(|_| sound)
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets: Vec<String> = self.0.iter().map(|octet| format!("{octet:02x}")).collect();
        f.write_str(&octets.join(":"))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.11}", f64::from(self.0) / f64::from(Share::WHOLE.0))
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_print_as_iptables_saves_them() {
        for (written, saved) in [
            ("0.5", "0.50000000000"),
            ("0.33", "0.33000000007"),
            ("0.1", "0.10000000009"),
            ("0.3333", "0.33330000006"),
            ("1", "1.00000000000"),
            ("0", "0.00000000000"),
        ] {
            let share = Share::parse(written).unwrap();
            assert_eq!(share.to_string(), saved);
            assert_eq!(Share::parse(saved), Some(share));
        }
        for text in ["1.1", "-0.5", "x", "", "1e-1", "nan", "50%"] {
            assert_eq!(Share::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ethernet_addresses_and_classes_read_and_print() {
        assert_eq!(Mac::parse("00:16:3E:00:00:0f").unwrap().to_string(), "00:16:3e:00:00:0f");
        for text in ["", "00:16:3e:00:00", "00:16:3e:00:00:0f:00", "0:16:3e:00:00:0f", "00-16-3e-00-00-0f"] {
            assert_eq!(Mac::parse(text), None, "{text}");
        }
        assert_eq!(Class::parse("1:10").unwrap().to_string(), "0001:0010");
        for text in ["1", "1:", ":1", "1:10000", "x:1", "1:2:3"] {
            assert_eq!(Class::parse(text), None, "{text}");
        }
    }
}
