//! Numbers as strtoul(3) reads them: decimal, octal after `0`, hexadecimal after `0x`.

/// Reads the number that a text begins with, in the base that its first digits tell, and returns what follows. Blanks
/// and `+` may stand before it, `-` may not.
pub(super) fn leading_number(text: &str) -> Option<(u64, &str)> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let text = text.strip_prefix('+').unwrap_or(text);
    let hexadecimal = |text: &&str| text.starts_with(|c: char| c.is_ascii_hexdigit());
    let after_x = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).filter(hexadecimal);
    match after_x {
        Some(digits) => digits_of(digits, 16),
        None if text.starts_with('0') => digits_of(text, 8),
        None => digits_of(text, 10),
    }
}

/// The digits that a text begins with as a number, and what follows them; none if there are no digits or too many.
pub(super) fn digits_of(text: &str, radix: u32) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_digit(radix)).unwrap_or(text.len());
    let number = u64::from_str_radix(&text[..end], radix).ok()?;
    Some((number, &text[end..]))
}

/// Reads a text that is a number up to `max` and nothing else.
pub(crate) fn number(text: &str, max: u64) -> Option<u64> {
    if let Some(number) = short_decimal(text.as_bytes()) {
        return (number <= max).then_some(number);
    }
    match leading_number(text) {
        Some((number, "")) if number <= max => Some(number),
        _ => None,
    }
}

/// A number of few digits, as nearly all are, that begins with none that could mean another base.
fn short_decimal(digits: &[u8]) -> Option<u64> {
    if !(1..=9).contains(&digits.len()) || digits[0] == b'0' && digits.len() > 1 {
        return None;
    }
    digits.iter().try_fold(0, |number, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then(|| 10 * number + u64::from(digit))
    })
}

/// The same with 32 bits.
pub(super) fn number32(text: &str) -> Option<u32> {
    number(text, u32::MAX.into()).map(|number| number as u32)
}

/// The same with 16 bits.
pub(super) fn number16(text: &str) -> Option<u16> {
    number(text, u16::MAX.into()).map(|number| number as u16)
}

/// The same with 8 bits.
pub(super) fn number8(text: &str) -> Option<u8> {
    number(text, u8::MAX.into()).map(|number| number as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_told_by_the_first_digits() {
        for (text, value) in [("10", 10), ("010", 8), ("0x10", 16), ("0XfF", 255), ("0", 0), (" +7", 7)] {
            assert_eq!(number(text, u64::MAX), Some(value), "{text}");
        }
        for text in ["", "-1", "x", "08", "1 ", "0x", "10k", "18446744073709551616"] {
            assert_eq!(number(text, u64::MAX), None, "{text}");
        }
        assert_eq!(leading_number("0x1/0xff"), Some((1, "/0xff")));
        assert_eq!(leading_number("0xg"), Some((0, "xg")));
        assert_eq!(number8("256"), None);
        assert_eq!(number16("0xffff"), Some(u16::MAX));
    }
}
