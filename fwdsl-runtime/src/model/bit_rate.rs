//! Rates in bits a second, as `rateest` takes them. The kernel keeps bytes a second.

/// The units and how many bits they are, as tc(8) has them; letters count for the same in either case.
const UNITS: [(&str, u64); 18] = [
    ("bit", 1),
    ("kibit", 1 << 10),
    ("kbit", 1_000),
    ("mibit", 1 << 20),
    ("mbit", 1_000_000),
    ("gibit", 1 << 30),
    ("gbit", 1_000_000_000),
    ("tibit", 1 << 40),
    ("tbit", 1_000_000_000_000),
    ("bps", 8),
    ("kibps", 8 << 10),
    ("kbps", 8_000),
    ("mibps", 8 << 20),
    ("mbps", 8_000_000),
    ("gibps", 8 << 30),
    ("gbps", 8_000_000_000),
    ("tibps", 8 << 40),
    ("tbps", 8_000_000_000_000),
];

/// The bytes a second of `8bit`, `1.5mbit`, `10KBps`; a number alone is bits.
pub fn parse_bit_rate(text: &str) -> Option<u64> {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let sound = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = number.parse().ok().filter(|_| sound)?;
    let bits = match unit.to_ascii_lowercase().as_str() {
        "" => 1,
        unit => UNITS.iter().find(|(name, _)| *name == unit)?.1,
    };
    let bytes = number * bits as f64 / 8.0;
    (bytes <= f64::from(u32::MAX)).then_some(bytes as u64)
}

/// Bytes a second as `iptables-save` prints them; where that would change the rate, in bits.
pub fn saved_bit_rate(bytes: u64) -> String {
    let printed = printed(bytes);
    if is_kept_bit_rate(bytes) { printed } else { format!("{}bit", bytes.saturating_mul(8)) }
}

/// Whether what `iptables-save` prints is the same rate.
pub fn is_kept_bit_rate(bytes: u64) -> bool {
    parse_bit_rate(&printed(bytes)) == Some(bytes)
}

/// In the greatest unit that it comes to, rounded.
fn printed(bytes: u64) -> String {
    let bits = bytes.saturating_mul(8);
    match bits {
        1_000_000_000.. => format!("{:.0}Mbit", bits as f64 / 1e6),
        1_000_000.. => format!("{:.0}Kbit", bits as f64 / 1e3),
        _ => format!("{bits}bit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_and_print_as_iptables_saves_them() {
        for (written, saved) in [
            ("8bit", "8bit"),
            ("5kbit", "5000bit"),
            ("16", "16bit"),
            ("1MBps", "8000Kbit"),
            ("2gbit", "2000Mbit"),
            ("1KiBps", "8192bit"),
            ("1mibit", "1048576bit"),
        ] {
            let rate = parse_bit_rate(written).unwrap();
            assert_eq!(saved_bit_rate(rate), saved, "{written}");
            assert_eq!(parse_bit_rate(saved), Some(rate));
        }
        assert!(!is_kept_bit_rate(131_072) && is_kept_bit_rate(125_000));
        for text in ["", "bit", "1foo", "-1bit", "1e9bit", "100gbps"] {
            assert_eq!(parse_bit_rate(text), None, "{text}");
        }
    }
}
