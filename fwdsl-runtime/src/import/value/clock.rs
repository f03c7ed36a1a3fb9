//! Times of day, dates, days.

use super::number::digits_of;
use crate::catalogue::{OptionSpec, Word};
use crate::import::error::Reason;
use crate::model::{Few, Moment, TimeOfDay, Value};

/// `17:30` or `17:30:05`; one digit is enough.
pub(super) fn read_time(text: &str) -> Result<Value, Reason> {
    let mut parts = text.split(':').map(|part| digits_of(part, 10).filter(|(_, rest)| rest.is_empty()));
    let mut part =
        |max: u64| parts.next().map(|part| part.map(|(number, _)| number).filter(|number| *number <= max));
    let time = match (part(23), part(59), part(59), part(0)) {
        (Some(Some(hour)), Some(Some(minute)), second @ (None | Some(Some(_))), None) => {
            Some((hour * 60 + minute) * 60 + second.flatten().unwrap_or(0))
        }
        _ => None,
    };
    time.map(|seconds| Value::Time(TimeOfDay(seconds as u32)))
        .ok_or_else(|| Reason::new(format!("`{text}` is not a time of day such as `17:30` or `17:30:05`")))
}

/// `2026`, `2026-01-31`, `2026-01-31T17:30:00`, or any beginning of that.
pub(super) fn read_date(text: &str) -> Result<Value, Reason> {
    let not_one =
        || Reason::new(format!("`{text}` is not a date such as `2026-01-31T17:30:00`, from 1970 to 2038"));
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = parts.next().unwrap_or_default();
    let [month, day] = [parts.next(), parts.next()].map(|part| part.unwrap_or("1"));
    if parts.next().is_some() {
        return Err(not_one());
    }
    let mut time: Vec<&str> = time.map(|time| time.split(':').collect()).unwrap_or_default();
    time.resize(time.len().max(3), "0");
    let at = |day: &str| Moment::parse(&format!("{year}-{month}-{day}T{}", time.join(":")));
    let moment = at(day).or_else(|| after_the_month(day, at));
    moment.map(Value::Moment).ok_or_else(not_one)
}

/// A day up to the 31st in a shorter month is one of the next month.
fn after_the_month(day: &str, at: impl Fn(&str) -> Option<Moment>) -> Option<Moment> {
    let (day, _) = digits_of(day, 10).filter(|(day, rest)| rest.is_empty() && (29..=31).contains(day))?;
    let last = (28..day).rev().find_map(|last| Some((last, at(&last.to_string())?)))?;
    let seconds = last.1.0.checked_add(86_400 * (day - last.0) as u32)?;
    Some(Moment(seconds))
}

/// Days of the week by number from Monday or by the first two letters of their names.
pub(super) fn read_weekdays(words: &[Word], text: &str) -> Result<Few<Value>, Reason> {
    let read = |part: &str| {
        if let Some((number @ 1..=7, "")) = digits_of(part, 10) {
            return Ok(Value::Word(number as u8 - 1));
        }
        let same = |word: &Word| part.get(..2).is_some_and(|start| word.print.starts_with(start));
        let found = words.iter().position(same);
        found
            .map(|index| Value::Word(index as u8))
            .ok_or_else(|| Reason::new(format!("`{part}` is not a day of the week such as `Mon`")))
    };
    text.split(',').map(read).collect()
}

/// Days of a month.
pub(super) fn read_monthdays(text: &str) -> Result<Few<Value>, Reason> {
    let read = |part: &str| match super::number::number(part, 31) {
        Some(day @ 1..) => Ok(Value::Word(day as u8 - 1)),
        _ => Err(Reason::new(format!("`{part}` is not a day of a month"))),
    };
    text.split(',').map(read).collect()
}

/// Whether the words of this option are days of the week.
pub(super) fn is_weekdays(spec: &OptionSpec) -> bool {
    spec.flag == "--weekdays"
}

/// Whether the words of this option are days of a month.
pub(super) fn is_monthdays(spec: &OptionSpec) -> bool {
    spec.flag == "--monthdays"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_dates_may_be_short() {
        assert_eq!(read_time("8:5"), Ok(Value::Time(TimeOfDay(8 * 3600 + 300))));
        assert_eq!(read_time("23:59:59"), Ok(Value::Time(TimeOfDay::LAST)));
        for text in ["", "8", "24:00", "8:60", "8:00:60", "8:00:00:00", "8:x"] {
            assert!(read_time(text).is_err(), "{text}");
        }
        let date = |text: &str| match read_date(text) {
            Ok(Value::Moment(moment)) => Some(moment.to_string()),
            _ => None,
        };
        assert_eq!(date("2026").as_deref(), Some("2026-01-01T00:00:00"));
        assert_eq!(date("2026-2-3").as_deref(), Some("2026-02-03T00:00:00"));
        assert_eq!(date("2026-02-03T4:5").as_deref(), Some("2026-02-03T04:05:00"));
        assert_eq!(date("2026-02-30").as_deref(), Some("2026-03-02T00:00:00"));
        assert_eq!(date("2026-02-32"), None);
        assert_eq!(date("2026-13"), None);
        assert_eq!(date("1969"), None);
    }
}
