//! The tests of `u32`.
//!
//! Source: iptables-extensions(8), section u32; for the grammar and the limits, iptables itself.

use std::fmt;

use super::masked::parse_c_number;

/// The most tests, numbers in a location, and ranges of values (`XT_U32_MAXSIZE`).
const PARTS_MAX: usize = 10;

/// Tests, all of which must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct U32Program(Vec<Test>);

/// Where four bytes are, and the ranges that their value lies in one of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Test {
    start: u32,
    steps: Vec<(Operator, u32)>,
    ranges: Vec<(u32, u32)>,
}

/// What is done with a value and a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    And,
    ShiftLeft,
    ShiftRight,
    /// The value is where to go on from.
    At,
}

impl Operator {
    const ALL: [Operator; 4] = [Operator::And, Operator::ShiftLeft, Operator::ShiftRight, Operator::At];

    fn sign(self) -> &'static str {
        match self {
            Operator::And => "&",
            Operator::ShiftLeft => "<<",
            Operator::ShiftRight => ">>",
            Operator::At => "@",
        }
    }
}

impl U32Program {
    /// Parses `0>>22&0x3c@0=1:5,7 && 6&0xff=17`.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str) -> Result<U32Program, String> {
        let tests: Vec<Test> = text.split("&&").map(parse_test).collect::<Result<_, _>>()?;
        within(tests.len(), "tests")?;
        Ok(U32Program(tests))
    }
}

fn within(count: usize, what: &str) -> Result<(), String> {
    if count > PARTS_MAX {
        return Err(format!("{count} {what}, and the kernel takes {PARTS_MAX}"));
    }
    Ok(())
}

fn parse_test(text: &str) -> Result<Test, String> {
    let (location, values) =
        text.split_once('=').ok_or_else(|| format!("`{}` has no `=` and a value", text.trim()))?;
    let mut rest = location;
    let start = number(&mut rest)?;
    let mut steps = Vec::new();
    while !rest.trim_start().is_empty() {
        let here = rest.trim_start();
        let operator = Operator::ALL.into_iter().find(|operator| here.starts_with(operator.sign()));
        let operator = operator.ok_or_else(|| {
            format!("expected `&`, `<<`, `>>`, `@` or `=`, found `{}`", here.chars().next().unwrap_or(' '))
        })?;
        rest = &here[operator.sign().len()..];
        steps.push((operator, number(&mut rest)?));
    }
    within(steps.len() + 1, "numbers in a location")?;
    let ranges: Vec<(u32, u32)> = values.split(',').map(parse_range).collect::<Result<_, _>>()?;
    within(ranges.len(), "ranges of values")?;
    Ok(Test { start, steps, ranges })
}

fn parse_range(text: &str) -> Result<(u32, u32), String> {
    let whole = |text: &str| {
        let mut rest = text;
        let value = number(&mut rest)?;
        if rest.trim().is_empty() { Ok(value) } else { Err(not_a_number(text)) }
    };
    match text.split_once(':') {
        Some((first, last)) => Ok((whole(first)?, whole(last)?)),
        None => whole(text).map(|value| (value, value)),
    }
}

/// Takes a number from the beginning of a text.
fn number(rest: &mut &str) -> Result<u32, String> {
    let text = rest.trim_start();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let value = parse_c_number(&text[..end]).and_then(|value| u32::try_from(value).ok());
    *rest = &text[end..];
    value.ok_or_else(|| not_a_number(text))
}

fn not_a_number(text: &str) -> String {
    format!("`{}` is not a number of 32 bits", text.trim())
}

impl fmt::Display for U32Program {
    /// As `iptables-save` prints it, but for the quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, test) in self.0.iter().enumerate() {
            write!(f, "{}{:#x}", if index == 0 { "" } else { "&&" }, test.start)?;
            for (operator, number) in &test.steps {
                write!(f, "{}{number:#x}", operator.sign())?;
            }
            for (index, (first, last)) in test.ranges.iter().enumerate() {
                write!(f, "{}{first:#x}", if index == 0 { "=" } else { "," })?;
                if first != last {
                    write!(f, ":{last:#x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_read_and_print_as_iptables_saves_them() {
        for (written, saved) in [
            ("0=0", "0x0=0x0"),
            (
                "6 & 0xFF = 1,2:3 && 0 >> 22 & 0x3C @ 0 >>24=5",
                "0x6&0xff=0x1,0x2:0x3&&0x0>>0x16&0x3c@0x0>>0x18=0x5",
            ),
            ("010<<1=4294967295", "0x8<<0x1=0xffffffff"),
            ("0=5:3", "0x0=0x5:0x3"),
        ] {
            let program = U32Program::parse(written).unwrap();
            assert_eq!(program.to_string(), saved);
            assert_eq!(U32Program::parse(saved).unwrap(), program);
        }
    }

    #[test]
    fn what_iptables_refuses_is_refused() {
        let eleven = ["0=0"; 11].join("&&");
        let long = format!("0{}=1", "&1".repeat(10));
        let values = format!("0={}", ["1"; 11].join(","));
        for text in [
            "",
            "0",
            "0=",
            "=1",
            "0&=1",
            "0<1=1",
            "0&&0=1",
            "0=1,",
            "0=1:",
            "0=x",
            "0=4294967296",
            "0==1",
            "0=1&",
            "x=1",
            "0 1=1",
            "0=1 2",
            "-1=1",
            &eleven,
            &long,
            &values,
        ] {
            assert!(U32Program::parse(text).is_err(), "{text}");
        }
    }
}
