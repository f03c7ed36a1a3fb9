//! What values a kernel parameter takes, and the check of one.

use std::fmt;
use std::net::Ipv6Addr;

/// The kind of value that a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// One whole number.
    Integer {
        /// The least.
        min: i128,
        /// The greatest.
        max: i128,
        /// Whether the kernel itself refuses every number outside. Where it does not, the bounds are what
        /// the kernel's documentation gives a meaning to, or what a kernel takes however it was built.
        enforced: bool,
    },
    /// Several whole numbers with blanks between them.
    Integers {
        /// How many.
        count: usize,
        /// The least of each.
        min: i128,
        /// The greatest of each.
        max: i128,
        /// Whether none may be less than the one before it.
        ascending: bool,
    },
    /// A list of numbers and ranges with commas between them (`80,1024-2047`), or nothing.
    Ranges {
        /// The greatest number.
        max: u32,
    },
    /// One word, such as the name of a congestion control, that the running kernel knows or not.
    Word,
    /// An IPv6 address.
    Ipv6Address,
    /// Text of the parameter's own form.
    Text,
    /// Nothing: the kernel only reports it.
    ReadOnly,
    /// Nothing that lasts: writing makes the kernel do something, and there is no value to read.
    Command,
}

impl ValueKind {
    /// Whether `value` can be written; `key` is for the message.
    pub(super) fn check(self, key: &str, value: &str) -> Result<(), ValueError> {
        let wrong =
            |takes: String| Err(ValueError::Wrong { key: key.to_owned(), takes, value: value.to_owned() });
        if value.contains(['\n', '\0']) {
            return wrong("a single line".to_owned());
        }
        let fits = match self {
            ValueKind::Integer { min, max, .. } => is_within(value, min, max),
            ValueKind::Integers { count, min, max, ascending } => {
                let numbers: Vec<&str> = value.split_ascii_whitespace().collect();
                numbers.len() == count
                    && numbers.iter().all(|number| is_within(number, min, max))
                    && (!ascending || numbers.is_sorted_by_key(|number| number.parse::<i128>().ok()))
            }
            ValueKind::Ranges { max } => {
                value.is_empty() || value.split(',').all(|range| is_range(range, max))
            }
            ValueKind::Word => !value.is_empty() && !value.contains(char::is_whitespace),
            ValueKind::Ipv6Address => value.parse::<Ipv6Addr>().is_ok(),
            ValueKind::Text => !value.is_empty(),
            ValueKind::ReadOnly => return Err(ValueError::ReadOnly { key: key.to_owned() }),
            ValueKind::Command => return Err(ValueError::Command { key: key.to_owned() }),
        };
        if fits { Ok(()) } else { wrong(self.to_string()) }
    }
}

/// A number as the kernel prints it back: decimal, no blanks, no `+`, no needless zeros (which it would
/// take for octal).
fn is_within(text: &str, min: i128, max: i128) -> bool {
    match text.parse::<i128>() {
        Ok(number) => number.to_string() == text && (min..=max).contains(&number),
        Err(_) => false,
    }
}

fn is_range(text: &str, max: u32) -> bool {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let fits = |number| is_within(number, 0, max.into());
    fits(first) && fits(last) && first.parse::<u32>().ok() <= last.parse::<u32>().ok()
}

/// What is taken, in words that follow "takes".
impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ValueKind::Integer { min, max, .. } if min == max => write!(f, "only {min}"),
            ValueKind::Integer { min, max, .. } if max == min + 1 => write!(f, "{min} or {max}"),
            ValueKind::Integer { min, max, .. } => write!(f, "{min} to {max}"),
            ValueKind::Integers { count, min, max, ascending } => {
                let order = if ascending { " in ascending order" } else { "" };
                write!(f, "{count} numbers{order}, each {min} to {max}")
            }
            ValueKind::Ranges { max } => {
                write!(f, "numbers and ranges up to {max} with commas between them, such as `1,5-7`")
            }
            ValueKind::Word => f.write_str("one word"),
            ValueKind::Ipv6Address => f.write_str("an IPv6 address"),
            ValueKind::Text => f.write_str("text that is not empty"),
            ValueKind::ReadOnly | ValueKind::Command => f.write_str("no value"),
        }
    }
}

/// Why a value cannot be written to a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueError {
    /// The parameter takes something else.
    Wrong {
        /// The parameter, with `*` where any interface may stand.
        key: String,
        /// What it takes.
        takes: String,
        /// What it was to get.
        value: String,
    },
    /// The kernel only reports the parameter.
    ReadOnly {
        /// The parameter.
        key: String,
    },
    /// Writing the parameter is a command, which a policy cannot hold.
    Command {
        /// The parameter.
        key: String,
    },
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueError::Wrong { key, takes, value } if value.is_empty() => {
                write!(f, "`{key}` takes {takes}, not an empty value")
            }
            ValueError::Wrong { key, takes, value } => write!(f, "`{key}` takes {takes}, not {value}"),
            ValueError::ReadOnly { key } => write!(f, "`{key}` cannot be set, the kernel only reports it"),
            ValueError::Command { key } => {
                write!(f, "`{key}` is a command to the kernel: it has no value that a policy could keep")
            }
        }
    }
}

impl std::error::Error for ValueError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(kind: ValueKind, value: &str) -> bool {
        kind.check("k", value).is_ok()
    }

    #[test]
    fn numbers_are_decimal_and_within() {
        let kind = ValueKind::Integer { min: -1, max: 2, enforced: true };
        for value in ["-1", "0", "2"] {
            assert!(fits(kind, value), "{value}");
        }
        for value in [
            "-2",
            "3",
            "",
            "+1",
            "01",
            "0x1",
            "1 ",
            "one",
            "-0",
            "1\n",
            "99999999999999999999999999999999999999999",
        ] {
            assert!(!fits(kind, value), "{value:?}");
        }
    }

    #[test]
    fn several_numbers() {
        let kind = ValueKind::Integers { count: 2, min: 1, max: 65535, ascending: true };
        assert!(fits(kind, "1024 65535"));
        assert!(fits(kind, "1024\t1024"));
        for value in ["1024", "1024 2048 4096", "0 5", "5 65536", "10 9", ""] {
            assert!(!fits(kind, value), "{value:?}");
        }
    }

    #[test]
    fn lists_of_ranges() {
        let kind = ValueKind::Ranges { max: 255 };
        for value in ["", "0", "255", "1,5-7", "3-3"] {
            assert!(fits(kind, value), "{value:?}");
        }
        for value in ["256", "7-5", "1,,2", "1 2", "-1", "1-", "a"] {
            assert!(!fits(kind, value), "{value:?}");
        }
    }

    #[test]
    fn words_addresses_and_text() {
        assert!(fits(ValueKind::Word, "bbr"));
        assert!(!fits(ValueKind::Word, ""));
        assert!(!fits(ValueKind::Word, "bbr reno"));
        assert!(fits(ValueKind::Ipv6Address, "2001:db8::1"));
        assert!(!fits(ValueKind::Ipv6Address, "10.0.0.1"));
        assert!(fits(ValueKind::Text, "a b"));
        assert!(!fits(ValueKind::Text, "a\nb"));
        assert!(!fits(ValueKind::ReadOnly, "1"));
    }

    #[test]
    fn messages_say_what_is_taken() {
        let message = |kind: ValueKind, value| kind.check("net.x", value).unwrap_err().to_string();
        let integer = |min, max| ValueKind::Integer { min, max, enforced: true };
        assert_eq!(message(integer(0, 2), "7"), "`net.x` takes 0 to 2, not 7");
        assert_eq!(message(integer(0, 1), "on"), "`net.x` takes 0 or 1, not on");
        assert_eq!(message(integer(1, 1), ""), "`net.x` takes only 1, not an empty value");
        assert_eq!(message(ValueKind::ReadOnly, "1"), "`net.x` cannot be set, the kernel only reports it");
    }
}
