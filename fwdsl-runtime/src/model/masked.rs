//! Bits under a mask, as marks are matched and set.

use std::fmt;

use crate::catalogue::MaskForm;

/// A value, and the bits of it that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Masked {
    /// The value; bits outside the mask are kept as written.
    pub value: u32,
    /// The bits that count; all if none are written.
    pub mask: Option<u32>,
}

impl Masked {
    /// A value of which every bit counts.
    pub const fn whole(value: u32) -> Masked {
        Masked { value, mask: None }
    }

    /// A value under a mask.
    pub const fn new(value: u32, mask: u32) -> Masked {
        Masked { value, mask: Some(mask) }
    }

    /// The bits that count.
    pub fn mask(&self) -> u32 {
        self.mask.unwrap_or(u32::MAX)
    }

    /// Parses `1`, `0x1`, `0x1/0xff`.
    ///
    /// # Errors
    /// The part that is no number of 32 bits.
    pub fn parse(text: &str) -> Result<Masked, String> {
        let number = |text: &str| {
            parse_number(text).and_then(|number| u32::try_from(number).ok()).ok_or(text.to_owned())
        };
        match text.split_once('/') {
            Some((value, mask)) => Ok(Masked::new(number(value)?, number(mask)?)),
            None => Ok(Masked::whole(number(text)?)),
        }
    }

    /// The value as `iptables-save` writes it.
    pub fn write(&self, out: &mut String, form: MaskForm) -> fmt::Result {
        use fmt::Write;
        let (value, mask) = (self.value, self.mask());
        match form {
            MaskForm::Byte => write!(out, "0x{value:02x}/0x{:02x}", mask & 0xff),
            MaskForm::Long => write!(out, "{value:#x}/{mask:#x}"),
            MaskForm::Short | MaskForm::NamedZero if mask != u32::MAX => write!(out, "{value:#x}/{mask:#x}"),
            MaskForm::Short | MaskForm::NamedZero | MaskForm::None => write!(out, "{value:#x}"),
        }
    }
}

/// Reads a number in decimal or, after `0x`, hexadecimal digits.
pub(crate) fn parse_number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let sound = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    if sound { u64::from_str_radix(digits, radix).ok() } else { None }
}

/// Reads a number as strtoul(3) does without being told the base: after `0x` hexadecimal, after `0` octal.
pub(crate) fn parse_c_number(text: &str) -> Option<u64> {
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            u64::from_str_radix(digits, 8).ok()
        }
        _ => parse_number(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_read_and_print_as_iptables_saves_them() {
        for (written, form, saved) in [
            ("10", MaskForm::Short, "0xa"),
            ("0x1/0xff", MaskForm::Short, "0x1/0xff"),
            ("0x1/0xffffffff", MaskForm::Short, "0x1"),
            ("0/0", MaskForm::Short, "0x0/0x0"),
            ("1", MaskForm::Long, "0x1/0xffffffff"),
            ("16", MaskForm::Byte, "0x10/0xff"),
            ("0/0x3f", MaskForm::Byte, "0x00/0x3f"),
        ] {
            let mut out = String::new();
            Masked::parse(written).unwrap().write(&mut out, form).unwrap();
            assert_eq!(out, saved, "{written}");
        }
        for text in ["", "0x", "x1", "1/", "/1", "0x100000000", "1/2/3", "-1", "+1"] {
            assert!(Masked::parse(text).is_err(), "{text}");
        }
    }
}
