//! Words of a list, and names that stand for numbers.

use super::number::number;
use crate::catalogue::{OptionSpec, Word};
use crate::family::Family;
use crate::icmp;
use crate::import::error::Reason;
use crate::model::{Few, IcmpMatch, Value};
use crate::nearest::nearest;

/// How exactly a word must be written.
#[derive(Clone, Copy, PartialEq)]
enum Spelling {
    /// As it is saved, or as an alias.
    Exact,
    /// In capital or small letters.
    AnyCase,
    /// The same, and as many of its first letters as one likes; the first word of the list that begins so is meant.
    Prefix,
}

/// What iptables is strict about; all else it takes in any case.
const EXACT: &[&str] = &[
    "--connbytes-dir",
    "--connbytes-mode",
    "--hashlimit-mode",
    "--dir",
    "--pol",
    "--mode",
    "--proto",
    "--log-level",
    "--algo",
    "--helper",
    "--strip-options",
];

/// Where the first letters of a word are enough.
const PREFIX: &[&str] = &["--ctstate", "--ctstatus", "--state", "--reject-with"];

/// Words of the language for a level that iptables does not know.
const NOT_OF_IPTABLES: &[&str] = &["err", "warn"];

fn spelling(spec: &OptionSpec) -> Spelling {
    if EXACT.contains(&spec.flag) {
        Spelling::Exact
    } else if PREFIX.contains(&spec.flag) {
        Spelling::Prefix
    } else {
        Spelling::AnyCase
    }
}

fn is_spelled(spelling: Spelling, word: &str, text: &str) -> bool {
    match spelling {
        Spelling::Exact => word == text,
        Spelling::AnyCase => word.eq_ignore_ascii_case(text),
        Spelling::Prefix => {
            !text.is_empty() && word.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text))
        }
    }
}

fn find(words: &[Word], spec: &OptionSpec, text: &str, family: Family) -> Option<usize> {
    let spelling = spelling(spec);
    words.iter().position(|word| {
        let mut spellings = [word.print].into_iter().chain(word.aliases.iter().copied());
        word.families.contains(family) && spellings.any(|known| is_spelled(spelling, known, text))
    })
}

/// One word.
pub(super) fn read_word(
    words: &'static [Word],
    spec: &OptionSpec,
    text: &str,
    family: Family,
) -> Result<Value, Reason> {
    // Every answer begins with nothing, and this one is the first.
    let first = if family == Family::Ipv4 { "icmp-net-unreachable" } else { "icmp6-no-route" };
    let text = if text.is_empty() && spec.flag == "--reject-with" { first } else { text };
    let found = find(words, spec, text, family).or_else(|| {
        // `ip6tables` has short names as `iptables` has them, which in the language mean IPv4.
        (spec.flag == "--reject-with" && family == Family::Ipv6)
            .then(|| find(words, spec, &format!("icmp6-{text}"), family))?
    });
    match found {
        Some(index) => Ok(Value::Word(index as u8)),
        None => {
            let known = words.iter().filter(|word| word.families.contains(family)).map(|word| word.print);
            let reason = Reason::new(format!("`{}` knows no `{text}`", spec.flag));
            Err(match nearest(text, known.clone()) {
                Some(name) => reason.help(format!("did you mean `{name}`?")),
                None => reason.help(format!("it takes {}", known.collect::<Vec<_>>().join(", "))),
            })
        }
    }
}

/// Words with commas between them.
pub(super) fn read_words(
    words: &'static [Word],
    spec: &OptionSpec,
    text: &str,
    family: Family,
) -> Result<Few<Value>, Reason> {
    // Here alone nothing may stand between commas.
    let counts = |word: &&str| !word.is_empty() || spec.flag != "--header";
    text.split(',').filter(counts).map(|word| read_word(words, spec, word, family)).collect()
}

/// A number, or a word whose place in the list is the number.
pub(super) fn read_named_number(
    words: &'static [Word],
    spec: &OptionSpec,
    text: &str,
    family: Family,
) -> Result<Value, Reason> {
    if let Some(number) = number(text, u64::MAX) {
        return Ok(Value::Number(number));
    }
    match find(words, spec, text, family).filter(|_| !NOT_OF_IPTABLES.contains(&text)) {
        Some(index) => Ok(Value::Number(index as u64)),
        None => Err(Reason::new(format!("`{}` takes a number or a name, and knows no `{text}`", spec.flag))),
    }
}

/// A number, or a name with its number.
pub(super) fn read_named(
    names: &[(&'static str, u64)],
    spec: &OptionSpec,
    text: &str,
) -> Result<Value, Reason> {
    if let Some(number) = number(text, u64::MAX) {
        return Ok(Value::Number(number));
    }
    let spelling = spelling(spec);
    match names.iter().find(|(name, _)| is_spelled(spelling, name, text)) {
        Some((_, number)) => Ok(Value::Number(*number)),
        None => {
            let reason =
                Reason::new(format!("`{}` takes a number or a name, and knows no `{text}`", spec.flag));
            let help = nearest(&text.to_ascii_lowercase(), names.iter().map(|(name, _)| *name));
            Err(match help {
                Some(name) => reason.help(format!("did you mean `{name}`?")),
                None => reason,
            })
        }
    }
}

/// The number of a name, or of the first name that begins so.
pub(super) fn find_name(names: &[(&'static str, u64)], text: &str) -> Option<u64> {
    let spelled = |spelling| names.iter().find(move |(name, _)| is_spelled(spelling, name, text));
    spelled(Spelling::AnyCase).or_else(|| spelled(Spelling::Prefix)).map(|(_, number)| *number)
}

/// The names of types and codes that `iptables -p icmp -h` lists. Their numbers stand in [`crate::icmp`].
const ICMP_NAMES: &[&str] = &[
    "any",
    "echo-reply",
    "pong",
    "destination-unreachable",
    "network-unreachable",
    "host-unreachable",
    "protocol-unreachable",
    "port-unreachable",
    "fragmentation-needed",
    "source-route-failed",
    "network-unknown",
    "host-unknown",
    "network-prohibited",
    "host-prohibited",
    "tos-network-unreachable",
    "tos-host-unreachable",
    "communication-prohibited",
    "host-precedence-violation",
    "precedence-cutoff",
    "source-quench",
    "redirect",
    "network-redirect",
    "host-redirect",
    "tos-network-redirect",
    "tos-host-redirect",
    "echo-request",
    "ping",
    "router-advertisement",
    "router-solicitation",
    "time-exceeded",
    "ttl-exceeded",
    "ttl-zero-during-transit",
    "ttl-zero-during-reassembly",
    "parameter-problem",
    "ip-header-bad",
    "required-option-missing",
    "timestamp-request",
    "timestamp-reply",
    "address-mask-request",
    "address-mask-reply",
];

/// The same of `ip6tables -p icmpv6 -h`, with those that release 1.8.8 added.
const ICMPV6_NAMES: &[&str] = &[
    "destination-unreachable",
    "no-route",
    "communication-prohibited",
    "beyond-scope",
    "address-unreachable",
    "port-unreachable",
    "failed-policy",
    "reject-route",
    "packet-too-big",
    "time-exceeded",
    "ttl-exceeded",
    "ttl-zero-during-transit",
    "ttl-zero-during-reassembly",
    "parameter-problem",
    "bad-header",
    "unknown-header-type",
    "unknown-option",
    "echo-request",
    "ping",
    "echo-reply",
    "pong",
    "router-solicitation",
    "router-advertisement",
    "neighbour-solicitation",
    "neighbor-solicitation",
    "neighbour-advertisement",
    "neighbor-advertisement",
    "redirect",
];

/// A type of ICMP by a name, the first letters of one, `type` or `type/code`.
pub(super) fn read_icmp(family: Family, text: &str) -> Result<Value, Reason> {
    let names = if family == Family::Ipv4 { ICMP_NAMES } else { ICMPV6_NAMES };
    let mut begun = names.iter().filter(|name| is_spelled(Spelling::Prefix, name, text));
    match (begun.next(), begun.next()) {
        (Some(name), None) => {
            let Some(found) = icmp::find(family, name) else { return Err(unknown_icmp(family, text)) };
            return Ok(Value::Icmp(match found {
                icmp::ANY => IcmpMatch::Any,
                found => IcmpMatch::Type { ty: found.ty, code: found.code },
            }));
        }
        (Some(one), Some(other)) => {
            return Err(Reason::new(format!("`{text}` may be `{one}` or `{other}`")));
        }
        _ => {}
    }
    let (ty, code) = match text.split_once('/') {
        // Every code there is, as releases from 1.8.10 on save it.
        Some((ty, "0:255")) => (ty, None),
        // Of another range of codes the first is saved, and no more.
        Some((ty, code)) => (ty, Some(one_code(code))),
        None => (text, None),
    };
    let byte = |text| number(text, 255).map(|number| number as u8).ok_or_else(|| unknown_icmp(family, text));
    Ok(Value::Icmp(match (byte(ty)?, code.map(byte).transpose()?) {
        // The kernel takes it for every type, whatever the code.
        (255, _) if family == Family::Ipv4 => IcmpMatch::Any,
        (ty, code) => IcmpMatch::Type { ty, code },
    }))
}

/// The code of a range that is one code, such as `4:4`.
fn one_code(text: &str) -> &str {
    match text.split_once(':') {
        Some((first, last)) if first == last => first,
        _ => text,
    }
}

fn unknown_icmp(family: Family, text: &str) -> Reason {
    let protocol = if family == Family::Ipv4 { "ICMP" } else { "ICMPv6" };
    let reason = Reason::new(format!(
        "`{text}` is not an {protocol} type: a name, or numbers up to 255 such as `3/4`"
    ));
    match nearest(text, icmp::names(family)) {
        Some(name) => reason.help(format!("did you mean `{name}`?")),
        None => reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_icmp_types_have_numbers() {
        for (family, names) in [(Family::Ipv4, ICMP_NAMES), (Family::Ipv6, ICMPV6_NAMES)] {
            for name in names {
                assert!(icmp::find(family, name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn icmp_types_are_read() {
        let read = |family, text| match read_icmp(family, text) {
            Ok(Value::Icmp(IcmpMatch::Type { ty, code })) => Some((ty, code)),
            Ok(Value::Icmp(IcmpMatch::Any)) => Some((255, None)),
            _ => None,
        };
        assert_eq!(read(Family::Ipv4, "any"), Some((255, None)));
        assert_eq!(read(Family::Ipv4, "frag"), Some((3, Some(4))));
        assert_eq!(read(Family::Ipv4, "TOS-host-redirect"), Some((5, Some(3))));
        assert_eq!(read(Family::Ipv4, "3/0x4"), Some((3, Some(4))));
        assert_eq!(read(Family::Ipv6, "135"), Some((135, None)));
        assert_eq!(read(Family::Ipv6, "neighbour-s"), Some((135, None)));
        for text in ["echo", "", "256", "3/", "3/256", "x"] {
            assert_eq!(read(Family::Ipv4, text), None, "{text}");
        }
    }
}
