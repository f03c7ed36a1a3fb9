//! Rates of packets and bytes, and bursts.

use super::number::{digits_of, leading_number};
use crate::import::error::Reason;
use crate::model::{Rate, TimeUnit, Value};

/// `10/second`, `10/s` or `10`.
pub(super) fn read_rate(text: &str) -> Result<Rate, Reason> {
    let per = match text.split_once('/') {
        None => Some(TimeUnit::Second),
        Some((_, unit)) => find_unit(unit),
    };
    let per = per.ok_or_else(|| Reason::new(format!("`{text}` is not a rate such as `10/minute`")))?;
    // What follows the digits is not looked at.
    let count = digits_of(text.trim_start(), 10).and_then(|(count, _)| u32::try_from(count).ok());
    match count {
        Some(count) if count > 0 => Ok(Rate { count, per }),
        _ => Err(Reason::new(format!("`{text}` is not a rate such as `10/minute`"))),
    }
}

/// The unit that begins with these letters.
fn find_unit(text: &str) -> Option<TimeUnit> {
    let begins = |word: &&str| {
        !text.is_empty() && word.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text))
    };
    let at = ["second", "minute", "hour", "day"].iter().position(begins)?;
    Some(TimeUnit::ALL[at])
}

/// A rate of packets, or of bytes: `512kb/s`.
pub(super) fn read_hash_rate(text: &str) -> Result<Value, Reason> {
    let Some(at) = text.find("b/s").filter(|at| *at > 0) else { return read_rate(text).map(Value::Rate) };
    let bytes = digits_of(text, 10).filter(|(number, _)| *number > 0);
    let bytes = bytes.and_then(|(number, _)| number.checked_mul(factor(text.as_bytes()[at - 1])));
    bytes.map(Value::Bytes).ok_or_else(|| Reason::new(format!("`{text}` is not a rate such as `512kb/s`")))
}

fn factor(unit: u8) -> u64 {
    match unit {
        b'k' => 1 << 10,
        b'm' => 1 << 20,
        _ => 1,
    }
}

/// A number of packets, or of bytes with a unit: `512kb`.
pub(super) fn read_burst(text: &str) -> Result<Value, Reason> {
    let not_a_burst =
        || Reason::new(format!("`{text}` is not a number of packets, or of bytes such as `512kb`"));
    match leading_number(text).filter(|(number, _)| *number > 0) {
        Some((number, "")) => Ok(Value::Number(number)),
        Some((number, unit)) => {
            number.checked_mul(factor(unit.as_bytes()[0])).map(Value::Bytes).ok_or_else(not_a_burst)
        }
        None => Err(not_a_burst()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_iptables_reads_them() {
        for (text, count, per) in [
            ("10", 10, TimeUnit::Second),
            ("1/S", 1, TimeUnit::Second),
            ("3/min", 3, TimeUnit::Minute),
            ("3/HOUR", 3, TimeUnit::Hour),
            ("4/d", 4, TimeUnit::Day),
        ] {
            assert_eq!(read_rate(text), Ok(Rate { count, per }), "{text}");
        }
        for text in ["", "0/s", "1/", "1/week", "x/s", "-1/s", "1/seconds"] {
            assert!(read_rate(text).is_err(), "{text}");
        }
        assert_eq!(read_hash_rate("512kb/s"), Ok(Value::Bytes(512 << 10)));
        assert_eq!(read_hash_rate("3mb/s"), Ok(Value::Bytes(3 << 20)));
        assert_eq!(read_hash_rate("100b/s"), Ok(Value::Bytes(100)));
        assert!(read_hash_rate("kb/s").is_err());
        assert_eq!(read_burst("0x10"), Ok(Value::Number(16)));
        assert_eq!(read_burst("1mb"), Ok(Value::Bytes(1 << 20)));
        assert!(read_burst("0").is_err());
    }
}
