//! The values of arguments.

use std::time::Duration;

use clap::ValueEnum;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum FamilyName {
    Ipv4,
    Ipv6,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum VariantName {
    Legacy,
    Nft,
}

impl From<FamilyName> for Family {
    fn from(name: FamilyName) -> Family {
        match name {
            FamilyName::Ipv4 => Family::Ipv4,
            FamilyName::Ipv6 => Family::Ipv6,
        }
    }
}

impl From<VariantName> for Variant {
    fn from(name: VariantName) -> Variant {
        match name {
            VariantName::Legacy => Variant::Legacy,
            VariantName::Nft => Variant::Nft,
        }
    }
}

/// The longest time that a confirmation may take: who needs longer has forgotten it.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A time with its unit.
pub(super) fn parse_time(text: &str) -> Result<Duration, String> {
    let units = [("s", 1), ("m", 60), ("h", 60 * 60)];
    let unit = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let Some((number, seconds)) = unit else {
        return Err(format!("`{text}` has no unit: write 60s, 5m or 1h"));
    };
    let time = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*seconds));
    match time.map(Duration::from_secs) {
        Some(time) if !time.is_zero() && time <= LONGEST => Ok(time),
        Some(_) => Err("it must be between 1s and 24h".to_owned()),
        None => Err(format!("`{number}` is not a whole number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_and_limits() {
        let seconds = |text: &str| parse_time(text).map(|time| time.as_secs());
        assert_eq!([seconds("30s"), seconds("5m"), seconds("24h")], [Ok(30), Ok(5 * 60), Ok(24 * 60 * 60)]);
        for wrong in
            ["60", "", "s", "0s", "25h", "-1s", "1.5m", "99999999999999999999s", "18446744073709551615h"]
        {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
    }
}
