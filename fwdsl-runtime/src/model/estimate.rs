//! Times as `RATEEST` takes them, and what the kernel makes of them.
//!
//! Source: extensions/libxt_RATEEST.c of iptables, net/core/gen_estimator.c of Linux.

const MICROSECONDS: u64 = 1_000_000;

/// The units of a time, with their length in microseconds.
const UNITS: &[(&[&str], f64)] = &[
    (&["us", "usec", "usecs", ""], 1.0),
    (&["ms", "msec", "msecs"], 1000.0),
    (&["s", "sec", "secs"], 1_000_000.0),
];

/// The shortest interval in which the kernel measures; each further one is twice as long.
const INTERVAL_MIN: u64 = MICROSECONDS / 4;

/// How many intervals the kernel knows.
const INTERVALS: u32 = 6;

/// Parses `250ms`, `1.5s` or `500us`; a number alone is one of microseconds.
pub fn parse_duration(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.to_ascii_lowercase();
    let (_, length) = UNITS.iter().find(|(names, _)| names.contains(&unit.as_str()))?;
    let time = number.parse::<f64>().ok()? * length;
    (time <= f64::from(u32::MAX)).then_some(time as u64)
}

/// A time as `iptables-save` prints it: `250.0ms`, `2.0s`.
pub fn saved_duration(microseconds: u64) -> String {
    let time = microseconds as f64;
    if microseconds >= MICROSECONDS {
        format!("{:.1}s", time / MICROSECONDS as f64)
    } else if microseconds >= 1000 {
        format!("{:.1}ms", time / 1000.0)
    } else {
        format!("{microseconds}us")
    }
}

/// How a rate is measured, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// How often.
    pub interval: u64,
    /// The time over which the average is taken: the interval times a power of two.
    pub average: u64,
}

/// Why nothing can be measured so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EstimateProblem {
    /// The interval is longer than any of the kernel's.
    Interval,
    /// The average is taken over a time too short for the interval.
    Average,
    /// The average is taken over a time that iptables does not print as it is.
    Overflow,
}

impl Estimate {
    /// The longest interval.
    pub const INTERVAL_MAX: u64 = INTERVAL_MIN << (INTERVALS - 1);

    /// What the kernel makes of an interval and a time for the average.
    ///
    /// # Errors
    /// What iptables refuses, and what it would print as something else.
    pub fn new(interval: u64, average: u64) -> Result<Estimate, EstimateProblem> {
        let kept = (0..INTERVALS).map(|doubled| INTERVAL_MIN << doubled).find(|kept| interval <= *kept);
        let kept = kept.ok_or(EstimateProblem::Interval)?;
        // The weight of what came last is one part in 2^n, and what came one such time ago counts 1/e.
        let time = |doubled: i32| interval as f64 / -(1.0 - 0.5_f64.powi(doubled)).ln();
        let doubled = (1..32).find(|doubled| time(*doubled) > average as f64).unwrap_or(32) - 1;
        if !(1..31).contains(&doubled) {
            return Err(EstimateProblem::Average);
        }
        let average = kept << doubled;
        if average > u64::from(u32::MAX) {
            return Err(EstimateProblem::Overflow);
        }
        Ok(Estimate { interval: kept, average })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_and_print() {
        for (text, microseconds, saved) in [
            ("250ms", 250_000, "250.0ms"),
            ("0.5s", 500_000, "500.0ms"),
            ("2sec", 2_000_000, "2.0s"),
            ("1500", 1500, "1.5ms"),
            ("9us", 9, "9us"),
        ] {
            assert_eq!(parse_duration(text), Some(microseconds), "{text}");
            assert_eq!(saved_duration(microseconds), saved, "{text}");
        }
        for text in ["", "s", "1h", "1.2.3s", "-1s", "5000s"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    /// Measured with iptables 1.8.9.
    #[test]
    fn estimates_are_what_iptables_makes_of_them() {
        let estimate = |interval: &str, average: &str| {
            let [interval, average] = [interval, average].map(|text| parse_duration(text).unwrap());
            Estimate::new(interval, average)
                .map(|it| (saved_duration(it.interval), saved_duration(it.average)))
        };
        let kept = |interval: &str, average: &str| Ok((interval.to_owned(), average.to_owned()));
        assert_eq!(estimate("250ms", "500ms"), kept("250.0ms", "500.0ms"));
        assert_eq!(estimate("8s", "4294s"), kept("8.0s", "4096.0s"));
        assert_eq!(estimate("1s", "5s"), kept("1.0s", "4.0s"));
        assert_eq!(estimate("1s", "2s"), kept("1.0s", "2.0s"));
        assert_eq!(estimate("250ms", "1024s"), kept("250.0ms", "1024.0s"));
        assert_eq!(estimate("9s", "4294s"), Err(EstimateProblem::Interval));
        assert_eq!(estimate("1s", "1s"), Err(EstimateProblem::Average));
        assert_eq!(estimate("0", "1s"), Err(EstimateProblem::Average));
        assert_eq!(estimate("4.1s", "4294s"), Err(EstimateProblem::Overflow));
    }
}
