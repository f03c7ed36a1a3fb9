//! Rates in bytes, as `hashlimit` keeps them.
//!
//! Source: extensions/libxt_hashlimit.c of iptables. The kernel keeps the time that 16 bytes cost,
//! in 32 bits, so that a rate comes back as one near it; and it keeps a burst as a multiple of the
//! rate.

/// Bytes that are counted as one.
const UNIT: u64 = 16;

/// Units of sizes, greatest first.
const SIZES: [(&str, u64); 3] = [("mb", 1 << 20), ("kb", 1 << 10), ("b", 1)];

/// Parses `512kb`, `1mb` or `100b`.
pub fn parse_size(text: &str) -> Option<u64> {
    let (size, factor) =
        SIZES.into_iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    let sound = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
    size.parse::<u64>().ok().filter(|_| sound)?.checked_mul(factor)
}

/// A size in the greatest unit that it is a multiple of.
pub fn saved_size(bytes: u64) -> String {
    let whole = |factor: u64| bytes >= factor && bytes.is_multiple_of(factor);
    let (unit, factor) = SIZES.into_iter().find(|(_, factor)| whole(*factor)).unwrap_or(SIZES[2]);
    format!("{}{unit}", bytes / factor)
}

fn cost(bytes: u64) -> u64 {
    u64::from(u32::MAX) / (bytes / UNIT + 1)
}

fn bytes_of(cost: u64) -> u64 {
    let rate = u64::from(u32::MAX).checked_div(cost).unwrap_or(u64::from(u32::MAX));
    (rate - 1) * UNIT
}

/// The least rate: the kernel counts 16 bytes at once.
pub const RATE_MIN: u64 = UNIT;
/// The greatest rate that is saved as it was read.
pub const RATE_MAX: u64 = u32::MAX as u64;

/// A rate as the kernel keeps it, `512kb/s`.
pub fn saved_rate(bytes: u64) -> String {
    let cost_of_rate = cost(bytes);
    let kept = bytes_of(cost_of_rate);
    let exact = |factor: u64| kept >= factor && cost(kept / factor * factor) == cost_of_rate;
    let (unit, factor) = SIZES.into_iter().find(|(_, factor)| exact(*factor)).unwrap_or(SIZES[2]);
    format!("{}{unit}/s", kept / factor)
}

/// A burst as the kernel keeps it beside its rate, `1mb`; `None` if it is less than the rate.
pub fn saved_burst(rate: u64, burst: u64) -> Option<String> {
    let kept = bytes_of(cost(rate));
    if burst < kept {
        return None;
    }
    let total = burst.div_ceil(kept.max(1)).saturating_mul(kept);
    let (unit, factor) = SIZES.into_iter().find(|(_, factor)| total >= *factor).unwrap_or(SIZES[2]);
    Some(format!("{}{unit}", total / factor))
}

/// The burst that has to be written for so many times the rate.
pub fn least_burst(rate: u64) -> String {
    let kept = bytes_of(cost(rate));
    (1..8)
        .filter_map(|times| saved_burst(rate, times * kept))
        .find(|text| is_kept(rate, text))
        .unwrap_or_default()
}

/// Whether a burst comes back as it was written.
pub fn is_kept(rate: u64, burst: &str) -> bool {
    parse_size(burst).and_then(|bytes| saved_burst(rate, bytes)).is_some_and(|saved| saved == burst)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_bursts_are_kept_as_iptables_does() {
        // Left: as written. Right: what iptables 1.8.9 saved, both variants.
        for (written, saved) in [
            ("512b", "512b/s"),
            ("16b", "16b/s"),
            ("17b", "16b/s"),
            ("1000b", "992b/s"),
            ("1024b", "1kb/s"),
            ("1500kb", "1500kb/s"),
            ("1000mb", "1008mb/s"),
            ("4095mb", "4095mb/s"),
            ("12345b", "12336b/s"),
            ("99999b", "99984b/s"),
        ] {
            assert_eq!(saved_rate(parse_size(written).unwrap()), saved, "{written}");
        }
        let mb = |count: u64| count << 20;
        assert_eq!(saved_burst(mb(3), mb(3)), None);
        assert_eq!(saved_burst(mb(3), mb(4)).unwrap(), "6mb");
        assert_eq!(saved_burst(mb(3), 10_000_000).unwrap(), "12mb");
        assert_eq!(saved_burst(mb(1), mb(1)).unwrap(), "1mb");
        assert_eq!(saved_burst(512 << 10, 600 << 10).unwrap(), "1mb");
        assert_eq!(least_burst(mb(3)), "6mb");
        assert!(is_kept(512 << 10, "512kb"));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "kb", "1", "1kb/s", "-1kb", "1gb", "99999999999999999999mb"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }
}
