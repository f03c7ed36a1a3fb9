//! The parameters of a set.

use crate::catalogue::TIMEOUT_MAX_SECONDS;
use crate::diagnostic::Diagnostic;
use crate::family::{Family, FamilySet};
use crate::ipset::{Method, Part};
use crate::model::{Address, PortRange, Set, SetOption, family_of, to_bits};

/// The largest hash at first: 2^24 places are 128 MiB on a 64-bit machine.
const HASHSIZE_MAX: u64 = 1 << 24;
/// The places of a bitmap of addresses.
const BITMAP_MAX: u128 = 65_536;

pub(super) fn check_options(set: &Set, diagnostics: &mut Vec<Diagnostic>) {
    for (index, option) in set.options.iter().enumerate() {
        let word = option.value.word();
        if let Some(first) = set.options[..index].iter().find(|first| first.value.word() == word) {
            let message = format!("`{word}` is written twice");
            diagnostics
                .push(Diagnostic::error(option.loc, message).note("the first time is here", Some(first.loc)));
        }
        if let Some((message, help)) = misplaced(set, &option.value).or_else(|| wrong(set, &option.value)) {
            diagnostics.push(Diagnostic::error(option.loc, message).maybe_help(help));
        }
    }
    let needs_range = set.kind.is_ipv4_alone() && !set.foreign;
    if needs_range && !set.options().any(|option| option.word() == "range") {
        let message =
            format!("a set of kind `{}` needs the range of addresses that it has room for", set.kind.word());
        diagnostics.push(Diagnostic::error(set.loc, message).help("such as `range 192.0.2.0/24`"));
    }
}

type Problem = (String, Option<String>);

fn problem(message: impl Into<String>) -> Option<Problem> {
    Some((message.into(), None))
}

fn problem_with_help(message: impl Into<String>, help: impl Into<String>) -> Option<Problem> {
    Some((message.into(), Some(help.into())))
}

/// A parameter that the kind does not have.
fn misplaced(set: &Set, option: &SetOption) -> Option<Problem> {
    let word = option.word();
    if set.foreign {
        return problem_with_help(
            format!("`{word}` of a foreign set"),
            "those who make it choose its parameters; leave it out",
        );
    }
    let has = match option {
        SetOption::HashSize(_) | SetOption::MaxElem(_) | SetOption::BucketSize(_) | SetOption::ForceAdd => {
            set.kind.method == Method::Hash
        }
        SetOption::Netmask(_) => set.kind.has_netmask(),
        SetOption::MarkMask(_) => set.kind.parts.contains(&Part::Mark),
        SetOption::AddressRange(_) => set.kind.is_ipv4_alone(),
        SetOption::PortRange(_) => set.kind.parts == [Part::Port],
        SetOption::Keep => {
            if set.kind.method == Method::List {
                return problem_with_help(
                    "a list cannot keep what others add",
                    "`keep` belongs to the sets that are in it",
                );
            }
            true
        }
        SetOption::Timeout(_) | SetOption::Counters | SetOption::Comment | SetOption::SkbInfo => true,
    };
    if has { None } else { problem(format!("a set of kind `{}` has no `{word}`", set.kind.word())) }
}

/// A value that ipset refuses or changes.
fn wrong(set: &Set, option: &SetOption) -> Option<Problem> {
    let between = |number: u64, min: u64, max: u64| {
        (number < min || number > max)
            .then(|| (format!("`{}` goes from {min} to {max}, and this is {number}", option.word()), None))
    };
    match option {
        SetOption::Timeout(seconds) if *seconds > TIMEOUT_MAX_SECONDS => too_long(*seconds),
        SetOption::HashSize(number) => between(*number, 1, HASHSIZE_MAX),
        SetOption::MaxElem(number) => between(*number, 1, u64::from(u32::MAX)),
        SetOption::BucketSize(number) => between(*number, 2, 12).or_else(|| {
            if number % 2 == 0 {
                None
            } else {
                problem(format!("`bucketsize` is an even number, and this is {number}"))
            }
        }),
        SetOption::MarkMask(number) => between(*number, 1, u64::from(u32::MAX)),
        SetOption::Netmask(bits) => netmask(set, *bits),
        SetOption::AddressRange(Address::Masked(masked)) => {
            problem(format!("`{masked}` is no range: it has gaps"))
        }
        SetOption::AddressRange(range) => address_range(set, range),
        SetOption::PortRange(PortRange { first, last }) if first > last => problem_with_help(
            format!("the range `{first}..={last}` is the wrong way round"),
            format!("did you mean `{last}..={first}`?"),
        ),
        _ => None,
    }
}

pub(super) fn too_long(seconds: u64) -> Option<Problem> {
    problem_with_help(
        format!("a timeout is at most {TIMEOUT_MAX_SECONDS} seconds, and this is {seconds}"),
        "that is nearly 25 days; `timeout 0` never ends",
    )
}

fn netmask(set: &Set, bits: u64) -> Option<Problem> {
    let most = match set.families {
        _ if set.kind.is_ipv4_alone() => 32,
        FamilySet::IPV4 => 32,
        FamilySet::IPV6 => 128,
        _ => {
            return problem_with_help(
                "a `netmask` means something else in each family",
                "make the set one of a family: `family ipv4` or `family ipv6`",
            );
        }
    };
    (bits < 1 || bits > most).then(|| (format!("`netmask` goes from 1 to {most}, and this is {bits}"), None))
}

fn address_range(set: &Set, range: &Address) -> Option<Problem> {
    if let Some(problem) = super::super::values::address_problem(range) {
        return Some((problem.message, problem.help));
    }
    if range.family() != Family::Ipv4 {
        return problem(format!("a set of kind `{}` holds IPv4 addresses alone", set.kind.word()));
    }
    let bits = set
        .options()
        .find_map(|option| if let SetOption::Netmask(bits) = option { Some(*bits) } else { None });
    let host_bits = 32_u64.saturating_sub(bits.unwrap_or(32));
    let (first, last) = range.bounds();
    let places = (last >> host_bits) - (first >> host_bits) + 1;
    (places > BITMAP_MAX)
        .then(|| (format!("the range has {places} places, and the kernel takes at most {BITMAP_MAX}"), None))
}

/// Whether an element lies in the bitmap.
pub(super) fn in_range(set: &Set, address: &Address) -> bool {
    set.options().all(|option| match option {
        SetOption::AddressRange(Address::Range { first, last }) if family_of(*first) != family_of(*last) => {
            true
        }
        SetOption::AddressRange(range) => {
            let ((first, last), (low, high)) = (address.bounds(), range.bounds());
            address.family() == range.family() && low <= first && last <= high
        }
        _ => true,
    })
}

/// Whether ports lie in the bitmap.
pub(super) fn ports_in_range(set: &Set, ports: PortRange) -> bool {
    set.options().all(|option| match option {
        SetOption::PortRange(range) => range.first <= ports.first && ports.last <= range.last,
        _ => true,
    })
}

/// The first address of a family, which no hash holds.
pub(super) fn holds_zero(address: &Address) -> bool {
    match address {
        Address::Net(net) => to_bits(net.truncated().addr) == 0,
        Address::Range { first, .. } => to_bits(*first) == 0,
        Address::Masked(masked) => to_bits(masked.truncated().addr) == 0,
    }
}
