//! Marks and other bits with masks, TCP flags, hardware addresses, classes.

use super::number::number32;
use crate::catalogue::{MaskForm, OptionSpec};
use crate::import::error::Reason;
use crate::model::{Class, Mac, Masked, TcpFlags, Value};

/// The bits that the names of RFC 1349 speak of.
const NAMED_BITS: u32 = 0x3f;

/// `1`, `0x1/0xff`, or a name where the option has some.
pub(super) fn read_masked(
    form: MaskForm,
    names: &[(&'static str, u32)],
    spec: &OptionSpec,
    text: &str,
) -> Result<Value, Reason> {
    if let Some((_, value)) = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        let mask = if form == MaskForm::Byte { NAMED_BITS } else { u32::MAX };
        return Ok(Value::Masked(Masked::new(*value, mask)));
    }
    let max = if form == MaskForm::Byte { 0xff } else { u32::MAX };
    let number = |text: &str| number32(text).filter(|number| *number <= max);
    let masked = match text.split_once('/') {
        Some((value, mask)) if form != MaskForm::None => {
            number(value).and_then(|value| Some(Masked::new(value, number(mask)?)))
        }
        Some(_) => None,
        None => number(text).map(Masked::whole),
    };
    masked.map(Value::Masked).ok_or_else(|| {
        let with_mask = if form == MaskForm::None { "" } else { ", or two with `/` between them" };
        Reason::new(format!("`{}` takes a number up to {max:#x}{with_mask}, not `{text}`", spec.flag))
    })
}

/// `SYN,ACK SYN`: the flags that are looked at, and those of them that are set.
pub(super) fn read_tcp_flags(mask: &str, set: &str) -> Result<Value, Reason> {
    Ok(Value::TcpFlags(TcpFlags { mask: flag_bits(mask)?, set: flag_bits(set)? }))
}

fn flag_bits(text: &str) -> Result<u8, Reason> {
    let words = text.split(',').filter(|word| !word.is_empty());
    let mut bits =
        words.map(|word| TcpFlags::bits(word).map_err(|_| Reason::new(format!("unknown TCP flag `{word}`"))));
    bits.try_fold(0, |all, bits| Ok(all | bits?))
}

/// `00:16:3e:00:00:01`, each octet of one or two hexadecimal digits.
pub(super) fn read_mac(text: &str) -> Result<Value, Reason> {
    let mut octets = [0; 6];
    let mut parts = text.split(':');
    let not_one = || Reason::new(format!("`{text}` is not an Ethernet address such as `00:16:3e:00:00:01`"));
    for octet in &mut octets {
        let part = parts.next().filter(|part| is_octet(part)).ok_or_else(not_one)?;
        *octet = u8::from_str_radix(part, 16).map_err(|_| not_one())?;
    }
    if parts.next().is_some() {
        return Err(not_one());
    }
    Ok(Value::Mac(Mac(octets)))
}

fn is_octet(text: &str) -> bool {
    matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `1:10`
pub(super) fn read_class(text: &str) -> Result<Value, Reason> {
    // Both are read as 32 bits, of which only these count.
    let bits = |text: &str| {
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
    };
    let class = text.split_once(':').and_then(|(major, minor)| {
        let (major, minor) = (bits(major)?, bits(minor)?);
        Some(Class { major: (major | minor >> 16) as u16, minor: minor as u16 })
    });
    class
        .map(Value::Class)
        .ok_or_else(|| Reason::new(format!("`{text}` is not a class such as `1:10`, in hexadecimal digits")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_in_any_case_and_order() {
        assert_eq!(read_tcp_flags("fin,SYN,RST,ACK", "Syn"), Ok(Value::TcpFlags(TcpFlags::SYN)));
        assert_eq!(read_tcp_flags("ALL", "NONE"), Ok(Value::TcpFlags(TcpFlags { mask: 0b11_1111, set: 0 })));
        assert!(read_tcp_flags("SYN,FOO", "SYN").is_err());
    }

    #[test]
    fn hardware_addresses_are_read() {
        assert_eq!(read_mac("0:16:3E:0:0:f"), Ok(Value::Mac(Mac([0, 0x16, 0x3e, 0, 0, 0xf]))));
        for text in ["", "00:16:3e:00:00", "00:16:3e:00:00:001", "00:16:3e:00:00:00:00", "00:16:3e:00:00:+1"]
        {
            assert!(read_mac(text).is_err(), "{text}");
        }
    }
}
