//! Times of day and dates, as `time` takes them.

use std::fmt;

/// Seconds in a day.
const DAY: u32 = 86_400;

/// A time of day, in seconds from midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(pub u32);

/// A moment, in seconds from the beginning of 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u32);

/// The last moment that fits a signed number of 32 bits, and the default of `time` for `datestop`: 2038-01-19T03:14:07.
pub const LAST_MOMENT: Moment = Moment(i32::MAX as u32);

impl TimeOfDay {
    /// The last second of a day.
    pub const LAST: TimeOfDay = TimeOfDay(DAY - 1);

    /// Parses `17:30` or `17:30:05`.
    pub fn parse(text: &str) -> Option<TimeOfDay> {
        let mut parts = text.split(':');
        let hour = number(parts.next()?, 2, 23)?;
        let minute = number(parts.next()?, 2, 59)?;
        let second = parts.next().map_or(Some(0), |second| number(second, 2, 59))?;
        parts.next().is_none().then_some(TimeOfDay((hour * 60 + minute) * 60 + second))
    }
}

impl Moment {
    /// Parses `2026-01-31` or `2026-01-31T12:00:00`; years from 1970 to 2038.
    pub fn parse(text: &str) -> Option<Moment> {
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, TimeOfDay::parse(time)?),
            None => (text, TimeOfDay(0)),
        };
        let mut parts = date.split('-');
        let year = number(parts.next()?, 4, 2038).filter(|year| *year >= 1970)?;
        let month = number(parts.next()?, 2, 12).filter(|month| *month >= 1)?;
        let day = number(parts.next()?, 2, days_of(year, month)).filter(|day| *day >= 1)?;
        if parts.next().is_some() {
            return None;
        }
        let years: u32 = (1970..year).map(days_of_year).sum();
        let months: u32 = (1..month).map(|month| days_of(year, month)).sum();
        let seconds = u64::from(years + months + day - 1) * u64::from(DAY) + u64::from(time.0);
        u32::try_from(seconds).ok().map(Moment)
    }
}

fn number(text: &str, digits: usize, most: u32) -> Option<u32> {
    let sound = !text.is_empty() && text.len() <= digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| sound && *number <= most)
}

fn days_of_year(year: u32) -> u32 {
    // No century between 1970 and 2038 but 2000, which has the day.
    if year.is_multiple_of(4) { 366 } else { 365 }
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        2 => days_of_year(year) - 337,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.0 / 3600, self.0 / 60 % 60, self.0 % 60)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut day, mut year, mut month) = (self.0 / DAY, 1970, 1);
        while day >= days_of_year(year) {
            day -= days_of_year(year);
            year += 1;
        }
        while day >= days_of(year, month) {
            day -= days_of(year, month);
            month += 1;
        }
        write!(f, "{year}-{month:02}-{:02}T{}", day + 1, TimeOfDay(self.0 % DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_and_print() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00", 0),
            ("2000-02-29T23:59:59", 951_868_799),
            ("2026-11-24T18:43:15", 1_795_545_795),
            ("2038-01-19T03:14:07", i32::MAX as u32),
        ] {
            assert_eq!(Moment::parse(text), Some(Moment(seconds)), "{text}");
            assert_eq!(Moment(seconds).to_string(), text);
        }
        assert_eq!(Moment::parse("2026-12-31").unwrap().to_string(), "2026-12-31T00:00:00");
        for text in ["2026-02-29", "2026-13-01", "2026-00-01", "1969-12-31", "2039-01-01", "2026-1", "x", ""]
        {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    #[test]
    fn times_read_and_print() {
        assert_eq!(TimeOfDay::parse("17:30").unwrap().to_string(), "17:30:00");
        assert_eq!(TimeOfDay::parse("23:59:59"), Some(TimeOfDay::LAST));
        for text in ["24:00", "8", "08:60", "08:00:00:00", "-1:00", ""] {
            assert_eq!(TimeOfDay::parse(text), None, "{text}");
        }
    }
}
