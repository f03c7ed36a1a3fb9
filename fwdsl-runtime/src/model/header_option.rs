//! Options of IPv6's hop-by-hop and destination headers (RFC 8200), as `hbh` and `dst` look for them.

use std::fmt;

use super::masked::parse_number;

/// The length that stands for any.
const ANY_LENGTH: u8 = 255;

/// The type of an option, and its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HeaderOption {
    /// The type.
    pub ty: u8,
    /// The length in bytes, less than 255; any if absent.
    pub length: Option<u8>,
}

impl HeaderOption {
    /// Parses `5` or `5:2`. Pad1, type 0, has no length.
    pub fn parse(text: &str) -> Option<HeaderOption> {
        let number = |text: &str| parse_number(text).and_then(|number| u8::try_from(number).ok());
        let (ty, length) = match text.split_once(':') {
            Some((ty, length)) => (number(ty)?, Some(number(length)?)),
            None => (number(text)?, None),
        };
        let sound = length.is_none() || ty != 0;
        sound.then_some(HeaderOption { ty, length: length.filter(|length| *length != ANY_LENGTH) })
    }

    /// Whether iptables has a form for it.
    pub fn is_sound(self) -> bool {
        self.length.is_none_or(|length| length != ANY_LENGTH && self.ty != 0)
    }
}

impl fmt::Display for HeaderOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ty)?;
        self.length.map_or(Ok(()), |length| write!(f, ":{length}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_read_and_print_as_iptables_saves_them() {
        for (written, saved) in [("5", "5"), ("0x10:2", "16:2"), ("1:255", "1"), ("0", "0"), ("5:0", "5:0")] {
            let option = HeaderOption::parse(written).unwrap();
            assert!(option.is_sound());
            assert_eq!(option.to_string(), saved);
        }
        for text in ["", "256", "5:", ":5", "5:256", "0:1", "x", "5:2:1"] {
            assert_eq!(HeaderOption::parse(text), None, "{text}");
        }
    }
}
