//! Rates as `limit` and `hashlimit` take them.
//!
//! Source: extensions/libxt_limit.c and libxt_hashlimit.c of iptables, net/netfilter/xt_limit.c and
//! xt_hashlimit.c of Linux.

use std::fmt;

/// Ticks per second of the kernel's `limit` (`XT_LIMIT_SCALE`): its finest distinction of rates.
pub const LIMIT_SCALE: u64 = 10_000;

/// The same for `hashlimit` (`XT_HASHLIMIT_SCALE_v2`).
pub const HASHLIMIT_SCALE: u64 = 1_000_000;

/// The longest time, in seconds, that a full burst may take to come back: beyond it the kernel's
/// 32-bit credit counter overflows. The counter's step depends on `CONFIG_HZ`; this is the
/// smallest over the values that kernels are built with (100, 250, 300, 1000), at 300.
pub const LIMIT_MAX_REFILL_SECONDS: u64 = u32::MAX as u64 / 38_400;

/// A number of events per unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// How many; at least 1.
    pub count: u32,
    /// In what time.
    pub per: TimeUnit,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// A second.
    Second,
    /// 60 seconds.
    Minute,
    /// 3,600 seconds.
    Hour,
    /// 86,400 seconds.
    Day,
}

impl TimeUnit {
    /// Every unit, shortest first.
    pub const ALL: [TimeUnit; 4] = [TimeUnit::Second, TimeUnit::Minute, TimeUnit::Hour, TimeUnit::Day];

    /// The unit in seconds.
    pub const fn seconds(self) -> u64 {
        match self {
            TimeUnit::Second => 1,
            TimeUnit::Minute => 60,
            TimeUnit::Hour => 3_600,
            TimeUnit::Day => 86_400,
        }
    }

    /// The unit as `iptables-save` prints it.
    pub const fn save_name(self) -> &'static str {
        match self {
            TimeUnit::Second => "sec",
            TimeUnit::Minute => "min",
            TimeUnit::Hour => "hour",
            TimeUnit::Day => "day",
        }
    }

    /// The unit that a text begins: `s`, `sec`, `second`, `m`, … as iptables reads them.
    fn parse(text: &str) -> Option<TimeUnit> {
        let words = ["second", "minute", "hour", "day"];
        let at = words.iter().position(|word| !text.is_empty() && word.starts_with(text))?;
        Some(TimeUnit::ALL[at])
    }
}

/// The credits of so many ticks, in a kernel's `user2credits()`: 32,000 in a second, which kernels with 250 and with
/// 1,000 ticks of their own have.
const fn credits(ticks: u32) -> u32 {
    const A_SECOND: u32 = 32_000;
    if ticks > u32::MAX / A_SECOND {
        (ticks / LIMIT_SCALE as u32).wrapping_mul(A_SECOND)
    } else {
        ticks * A_SECOND / LIMIT_SCALE as u32
    }
}

/// The same of `hashlimit` in its third revision, which has as many in a second as make up a day in 64 bits.
const fn hashlimit_credits(ticks: u64) -> u64 {
    const A_SECOND: u64 = 1_000 << 37;
    if ticks > u64::MAX / A_SECOND {
        (ticks / HASHLIMIT_SCALE).wrapping_mul(A_SECOND)
    } else {
        ticks * A_SECOND / HASHLIMIT_SCALE
    }
}

impl Rate {
    /// Parses `1/s`, `10/minute`, ….
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Rate, String> {
        let (count, unit) = text
            .split_once('/')
            .ok_or_else(|| format!("`{text}` is not a rate, such as `3/s` or `10/minute`"))?;
        let per = TimeUnit::parse(unit)
            .ok_or_else(|| format!("`{unit}` is not a unit of time: second, minute, hour or day"))?;
        let count = count.parse().map_err(|_| format!("`{count}` is not a number of packets"))?;
        Ok(Rate { count, per })
    }

    /// Ticks between two events for `limit`; the kernel keeps nothing finer.
    /// Zero if the rate is faster than the kernel can say.
    pub const fn period(&self) -> u64 {
        self.period_at(LIMIT_SCALE)
    }

    /// The same with so many ticks in a second.
    pub const fn period_at(&self, scale: u64) -> u64 {
        if self.count == 0 { 0 } else { scale * self.per.seconds() / self.count as u64 }
    }

    /// The greatest burst with which the kernel's credit counter does not overflow.
    pub const fn max_burst(&self) -> u64 {
        match (LIMIT_MAX_REFILL_SECONDS * LIMIT_SCALE).checked_div(self.period()) {
            Some(burst) => burst,
            None => 0,
        }
    }

    /// Whether the kernel refuses the rate with this burst: it counts credits in 32 bits, and the credits of the burst must
    /// not come out below those of one packet. What overflows otherwise loads, and lets through another rate.
    pub const fn is_refused_with(&self, burst: u64) -> bool {
        let period = self.period() as u32;
        credits(period.wrapping_mul(burst as u32)) < credits(period)
    }

    /// The same of `hashlimit`, which counts in 64 bits.
    pub const fn is_refused_by_hashlimit_with(&self, burst: u64) -> bool {
        let period = self.period_at(HASHLIMIT_SCALE);
        hashlimit_credits(period.wrapping_mul(burst)) < hashlimit_credits(period)
    }

    /// The rate as the kernel keeps it for `limit` and `iptables-save` prints it: the longest unit
    /// in which the period comes out even enough.
    #[must_use]
    pub fn normalised(&self) -> Rate {
        self.normalised_at(LIMIT_SCALE)
    }

    /// The same with so many ticks in a second.
    #[must_use]
    pub fn normalised_at(&self, scale: u64) -> Rate {
        let period = self.period_at(scale);
        if period == 0 {
            // Faster than the kernel counts, which the checks refuse.
            return *self;
        }
        let ticks = |unit: TimeUnit| scale * unit.seconds();
        let mut chosen = TimeUnit::Day;
        for unit in [TimeUnit::Hour, TimeUnit::Minute, TimeUnit::Second] {
            if period > ticks(unit) || ticks(unit) / period < ticks(unit) % period {
                break;
            }
            chosen = unit;
        }
        Rate { count: u32::try_from(ticks(chosen) / period).unwrap_or(u32::MAX), per: chosen }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, self.per.save_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_normalised_as_iptables_does() {
        // Left: as written. Right: what iptables 1.8.9 saved, both variants.
        for (written, saved) in [
            ("1/s", "1/sec"),
            ("7/min", "7/min"),
            ("60/min", "1/sec"),
            ("1441/second", "1666/sec"),
            ("3000/s", "3333/sec"),
            ("9999/sec", "10000/sec"),
            ("1441/m", "24/sec"),
            ("10000/minute", "166/sec"),
            ("60/h", "1/min"),
            ("3000/hour", "50/min"),
            ("9999/h", "10000/hour"),
            ("3000/day", "125/hour"),
            ("1441/day", "1441/day"),
        ] {
            let normalised = Rate::parse(written).unwrap().normalised();
            assert_eq!(normalised.to_string(), saved, "{written}");
            assert_eq!(normalised.normalised(), normalised, "{written}");
        }
    }

    #[test]
    fn bursts_stop_where_the_credit_counter_overflows() {
        assert_eq!(Rate::parse("1/hour").unwrap().max_burst(), 31);
        assert_eq!(Rate::parse("1/day").unwrap().max_burst(), 1);
        assert!(Rate::parse("1/s").unwrap().max_burst() > 10_000);
    }

    #[test]
    fn some_bursts_that_overflow_are_refused() {
        let refused = |rate: &str, burst| Rate::parse(rate).unwrap().is_refused_with(burst);
        assert!(!refused("3/hour", 5));
        assert!(!refused("3/hour", 100));
        assert!(!refused("3/hour", 300));
        assert!(refused("1/day", 40));
    }

    #[test]
    fn hashlimit_refuses_bursts_whose_credits_wrap_below_those_of_one_packet() {
        let refused = |rate: &str, burst| Rate::parse(rate).unwrap().is_refused_by_hashlimit_with(burst);
        // As Linux 6.18 with 250 ticks a second answered.
        for burst in [1, 5, 30, 1_000, 65_535, 1_000_000] {
            assert!(!refused("1/hour", burst) && !refused("10/hour", burst) && !refused("1/min", burst));
        }
        for burst in [5, 30, 49, 50, 100, 10_000, 100_000, 1_000_000] {
            assert!(refused("1/day", burst), "{burst}");
        }
        for burst in [1, 51, 99, 1_000, 65_535] {
            assert!(!refused("1/day", burst), "{burst}");
        }
        assert!(refused("2/day", 50) && !refused("2/day", 49) && !refused("4/day", 1_000_000));
        assert!(refused("10/day", 1_000_000) && !refused("100/day", 1_000_000));
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in ["1", "1/", "1/x", "/s", "x/s", "1/ss", "-1/s", "99999999999/s"] {
            assert!(Rate::parse(text).is_err(), "{text}");
        }
    }
}
