//! Uses of every extension, made from the catalogue: each option at its limits, positive and negated.

use std::sync::atomic::{AtomicUsize, Ordering};

use fwdsl_runtime::catalogue::{Extension, Kind, List, OptionSpec, Requirement, ValueKind};
use fwdsl_runtime::family::FamilySet;
use fwdsl_runtime::protocols;

/// The set that the samples refer to.
pub const SAMPLE_SET: &str = "set SAMPLE: ip timeout 0 counters skbinfo { 10.0.0.1, fd00::1 }";

/// The timeout policies that the samples refer to, for TCP.
pub const TIMEOUTS: [&str; 2] = ["t", "four"];

/// Matches and targets that some kernels do not have, or not in every namespace.
pub const KNOWN_ABSENT: &[&str] = &["-m ipvs", "-j LED", "-j SECMARK", "-j ULOG", "-j CLUSTERIP"];

/// Options that name objects which other programs make, and which the kernel therefore refuses here.
pub const MADE_ELSEWHERE: &[&str] = &["--object-pinned"];

/// The accounts of `nfacct` that the samples refer to.
#[must_use]
pub fn accounts() -> [String; 3] {
    ["a-b".to_owned(), "it's \"q\" \\ b".to_owned(), "x".repeat(31)]
}

/// A rule that uses one option of an extension, but for its place.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The extension.
    pub extension: &'static Extension,
    /// The option that the sample is about; none for the extension alone.
    pub option: Option<&'static OptionSpec>,
    /// The rule, with what the option needs beside it.
    pub rules: Vec<String>,
}

impl Sample {
    /// Whether it loads on both variants, on every kernel, and without an object that another program makes.
    #[must_use]
    pub fn loads_everywhere(&self) -> bool {
        loads_everywhere(self.extension, self.option)
    }

    /// Whether the nft variant does not take it.
    #[must_use]
    pub fn legacy_only(&self) -> bool {
        self.extension.legacy_only || self.option.is_some_and(|option| option.legacy_only)
    }
}

/// Whether an option, or an extension by itself, loads on both variants, on every kernel, and without an object that
/// another program makes.
#[must_use]
pub fn loads_everywhere(extension: &Extension, option: Option<&OptionSpec>) -> bool {
    let needs_object = match extension.name {
        "nfacct" | "rateest" => true,
        "CT" => option.is_some_and(|option| option.name == "timeout"),
        _ => option.is_some_and(|option| MADE_ELSEWHERE.contains(&option.flag)),
    };
    let legacy_only = extension.legacy_only || option.is_some_and(|option| option.legacy_only);
    !legacy_only && !needs_object && !KNOWN_ABSENT.contains(&called(extension).as_str())
}

/// The extension as iptables calls it: `-m tcp`, `-j LOG`.
#[must_use]
pub fn called(extension: &Extension) -> String {
    let prefix = if extension.kind == Kind::Match { "-m" } else { "-j" };
    format!("{prefix} {}", extension.name)
}

/// Everything that can be said of an extension's options.
#[must_use]
pub fn samples(extension: &'static Extension) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |option: Option<&'static OptionSpec>, text: Option<String>, negated: bool| {
        // What the option needs beside it can be chosen in several ways, not all of which fit.
        let mut rules: Vec<String> = [false, true]
            .into_iter()
            .flat_map(|last| protocols_to_try(extension, option).map(move |protocol| (last, protocol)))
            .map(|(last, protocol)| rule(extension, option, text.as_deref(), negated, last, protocol))
            .collect();
        rules.dedup();
        samples.push(Sample { extension, option, rules });
    };
    let stands_alone = extension.options.iter().all(|spec| !spec.required)
        && extension
            .requirements
            .iter()
            .all(|it| !matches!(it, Requirement::OneOf(_) | Requirement::AnyOf(_)));
    if stands_alone && (extension.kind == Kind::Target || extension.bare) {
        add(None, None, false);
    }
    for spec in extension.options.iter().filter(|spec| !MADE_ELSEWHERE.contains(&spec.flag)) {
        let mut values = values(spec);
        values.retain(|value| fits(extension, spec, value));
        let single = values.iter().map(|value| Some(value.clone()));
        let texts: Vec<Option<String>> =
            if spec.value == ValueKind::Flag { vec![None] } else { single.collect() };
        for text in &texts {
            if !spec.only_negated {
                add(Some(spec), text.clone(), false);
            }
            if spec.negatable {
                add(Some(spec), text.clone(), true);
            }
        }
        // These stand alone.
        let mut listed = values.clone();
        listed.retain(|value| !matches!(value.as_str(), "none" | "all"));
        if spec.list != List::No && listed.len() > 1 {
            let list = format!("[{}]", listed[listed.len() - 2..].join(", "));
            add(Some(spec), Some(list.clone()), false);
            if spec.negatable {
                add(Some(spec), Some(list), true);
            }
        }
        let exclusive = extension.name == "HMARK";
        if spec.list == List::Joined && values.len() > 2 && !exclusive {
            let mut all = listed.clone();
            all.reverse();
            add(Some(spec), Some(format!("[{}]", all.join(", "))), false);
        }
    }
    samples
}

/// The protocols for a rule: those that the extension, the option or one of its words works with.
fn protocols_to_try(
    extension: &'static Extension,
    option: Option<&'static OptionSpec>,
) -> impl Iterator<Item = Option<u8>> {
    let of_option = option.map_or(&[][..], |spec| spec.protocols);
    let words = extension.options.iter().flat_map(|spec| spec.value.words());
    let of_words: Vec<u8> = words.flat_map(|word| word.protocols).copied().collect();
    let endpoint = extension.options.iter().any(|spec| spec.value == ValueKind::Endpoint);
    let mut all: Vec<Option<u8>> =
        extension.protocols.iter().chain(of_option).copied().chain(of_words).map(Some).collect();
    if all.is_empty() || extension.protocols.is_empty() {
        all.insert(0, None);
    }
    if endpoint {
        all.extend([Some(17), Some(33)]);
    }
    all.dedup();
    all.truncate(6);
    all.into_iter()
}

fn rule(
    extension: &'static Extension,
    option: Option<&'static OptionSpec>,
    text: Option<&str>,
    negated: bool,
    last: bool,
    protocol: Option<u8>,
) -> String {
    let mut there: Vec<(&'static OptionSpec, String)> = Vec::new();
    if let Some(spec) = option {
        let not = if negated { "!" } else { "" };
        there.push((spec, format!("{not}{} {}", spec.name, text.unwrap_or_default())));
    }
    for (name, value) in companions(extension, option) {
        let spec = extension.option(name).expect("an option of the catalogue");
        let value = value.map_or_else(|| values(spec).swap_remove(0), str::to_owned);
        there.push((spec, format!("{name} {value}")));
    }
    complete(extension, &mut there, last);
    let options: Vec<&str> = there.iter().map(|(_, text)| text.trim()).collect();
    let arguments = if options.is_empty() { String::new() } else { format!("({})", options.join(", ")) };
    let word = extension.word();
    let protocol = match (extension.syn, protocol) {
        (true, _) => "tcp syn".to_owned(),
        (false, Some(number)) => format!("proto {}", protocols::save_name(number).unwrap_or("255")),
        (false, None) => String::new(),
    };
    let allow = if extension.legacy_only || option.is_some_and(|option| option.legacy_only) {
        "#[allow(one_variant)] "
    } else {
        ""
    };
    let rule = match extension.kind {
        Kind::Match if options.is_empty() => format!("{protocol} {word} => return;"),
        Kind::Match => format!("{protocol} {word}{arguments} => return;"),
        Kind::Target if protocol.is_empty() => format!("_ => {word}{arguments};"),
        Kind::Target => format!("{protocol} => {word}{arguments};"),
    };
    allow.to_owned() + &rule
}

/// What stands beside an option so that its limits make sense, though nothing requires it: an option and its value, or
/// any that no other sample has.
fn companions(
    extension: &Extension,
    option: Option<&OptionSpec>,
) -> &'static [(&'static str, Option<&'static str>)] {
    match (extension.name, option.map_or("", |spec| spec.name)) {
        // A table has one mask.
        ("recent", "mask") => &[("name", None)],
        ("limit", "burst") => &[("limit", Some("1/s"))],
        ("hashlimit", "rate-interval") => &[("rate-match", Some(""))],
        ("cluster", "local-node") => &[("total-nodes", Some("32"))],
        _ => &[],
    }
}

/// Whether a value is of a family that has the option.
fn fits(extension: &Extension, spec: &OptionSpec, value: &str) -> bool {
    let families = extension.families.and(spec.families);
    let is_address = matches!(
        spec.value,
        ValueKind::Host | ValueKind::Address | ValueKind::Network { .. } | ValueKind::Endpoint
    );
    let other = match families {
        FamilySet::IPV4 => value.contains("::"),
        FamilySet::IPV6 => value.contains('.'),
        _ => false,
    };
    !(is_address && other)
}

/// Adds what the options that are there need beside them.
fn complete(extension: &'static Extension, there: &mut Vec<(&'static OptionSpec, String)>, last: bool) {
    loop {
        let before = there.len();
        let more = needed(extension, there, last);
        there.extend(more);
        if there.len() == before {
            return;
        }
    }
}

/// The first option that is needed and not there.
fn needed(
    extension: &'static Extension,
    there: &[(&'static OptionSpec, String)],
    last: bool,
) -> Option<(&'static OptionSpec, String)> {
    let is_there = |name: &str| there.iter().any(|(spec, _)| spec.name == name);
    let spec_of = |name: &str| extension.options.iter().find(|spec| spec.name == name).expect("an option");
    let with = |name: &str| {
        let spec = spec_of(name);
        let values = values(spec);
        let greater = extension
            .requirements
            .iter()
            .any(|it| matches!(it, Requirement::Below { more, .. } if *more == name));
        let value = if last || greater { values.last() } else { values.first() };
        (spec, format!("{} {}", spec.name, value.cloned().unwrap_or_default()))
    };
    let whole = |requirement: &'static Requirement| match requirement {
        Requirement::Taken(requirement) => *requirement,
        requirement => requirement,
    };
    let of_options = extension.requirements.iter().map(whole).find_map(|requirement| match requirement {
        Requirement::Needs(name, others) => {
            (is_there(name) && !others.iter().any(|other| is_there(other))).then(|| with(others[0]))
        }
        Requirement::OnlyWithWord { options, with, word } => {
            let missing = options.iter().any(|name| is_there(name)) && !is_there(with);
            missing.then(|| (spec_of(with), format!("{with} {word}")))
        }
        Requirement::OnlyWithNumber { options, with, number } => {
            let missing = options.iter().any(|name| is_there(name)) && !is_there(with);
            missing.then(|| (spec_of(with), format!("{with} {number}")))
        }
        Requirement::WordNeeds { option, word, needs } => {
            let held = there.iter().any(|(spec, text)| spec.name == *option && text.ends_with(word));
            (held && !is_there(needs)).then(|| with(needs))
        }
        _ => None,
    });
    let required = || extension.options.iter().find(|spec| spec.required && !is_there(spec.name));
    let one_of = || {
        extension.requirements.iter().find_map(|requirement| match requirement {
            Requirement::OneOf(names) | Requirement::AnyOf(names)
                if !names.iter().any(|name| is_there(name)) =>
            {
                Some(with(if last { names[names.len() - 1] } else { names[0] }))
            }
            _ => None,
        })
    };
    of_options.or_else(|| required().map(|spec| with(spec.name))).or_else(one_of)
}

/// Values of an option, its limits among them.
fn values(spec: &OptionSpec) -> Vec<String> {
    static NAMES: AtomicUsize = AtomicUsize::new(0);
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    match spec.value {
        ValueKind::Flag => Vec::new(),
        ValueKind::Interface => texts(&["eth0", "br-lan", "wg+", "\"WAN\"", "abcdefghijklmno"]),
        ValueKind::Address => {
            texts(&["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "fe80::1", "10.0.0.1..=10.0.0.9"])
        }
        ValueKind::Host => texts(&["255.255.255.0", "10.0.0.1", "fd00::1", "ffff:ffff:ffff:ffff::"]),
        ValueKind::Network { longest: 64, .. } => texts(&["fd00::/64", "2001:db8::/48"]),
        ValueKind::Network { .. } => texts(&["10.0.0.0/8", "192.0.2.1", "fd00::/64", "2001:db8::1"]),
        ValueKind::PrefixLength => texts(&["0", "24", "32", "33", "64", "128"]),
        ValueKind::Protocol | ValueKind::ProtocolNumber => texts(&["tcp", "udp", "58", "1", "255"]),
        ValueKind::Port => texts(&["0", "22", "65535", "1..=2", "0..=65535"]),
        ValueKind::PortSpan(_) => texts(&["22", "1024..=65535", "0", "domain", "65535"]),
        ValueKind::Endpoint if spec.flag == "--to-destination" => {
            let moved = texts(&["10.0.0.2:80..=90/8000", "[fd00::2]:80..=90/8000", ":80..=90/8000"]);
            [endpoints(), moved].concat()
        }
        ValueKind::Endpoint => endpoints(),
        ValueKind::IcmpType(_) => texts(&["0", "3/4", "128", "255"]),
        ValueKind::Word(words) | ValueKind::Words(words) => {
            words.iter().map(|word| word.name.to_owned()).collect()
        }
        ValueKind::Rate => texts(&["1/s", "10000/s", "7/minute", "100/h"]),
        ValueKind::HashRate => texts(&[
            "1/s",
            "1000000/s",
            "1441/s",
            "60/minute",
            "7/h",
            "3600/h",
            "100/day",
            "512kb/s",
            "1mb/s",
            "16b/s",
            "100b/s",
            "4095mb/s",
        ]),
        ValueKind::HashBurst => texts(&["1", "20"]),
        // Greater ones are saved as what iptables does not read.
        ValueKind::Number { .. } if spec.flag == "--seconds" => texts(&["1", "60", "2147483647"]),
        ValueKind::Number { .. } if spec.flag == "--cluster-local-node" => texts(&["1", "6"]),
        ValueKind::Number { min, max } => {
            vec![min.to_string(), (min / 2 + max / 2).to_string(), max.to_string()]
        }
        ValueKind::NumberOr { min, max, words } => {
            let words = words.iter().map(|word| word.name.to_owned());
            [min, max].map(|number| number.to_string()).into_iter().chain(words).collect()
        }
        ValueKind::NamedNumber(words) => {
            let names = words.iter().map(|word| word.name.to_owned());
            names.chain([(words.len() - 1).to_string()]).collect()
        }
        ValueKind::Named { min, max, names, .. } => {
            let names = names.iter().map(|(name, _)| (*name).to_owned());
            [min, max].map(|number| number.to_string()).into_iter().chain(names).collect()
        }
        ValueKind::Span { max, whole, open, .. } => {
            let mut spans = vec!["2..=9".to_owned(), format!("2..={max}"), format!("0..={}", max - 1)];
            if spec.name != "balance" {
                spans.extend(["0".to_owned(), (max - 1).to_string()]);
            }
            if whole && !open {
                spans.push(format!("0..={max}"));
            }
            spans
        }
        ValueKind::Masked(form, names) => {
            use fwdsl_runtime::catalogue::MaskForm;
            let names = names.iter().map(|(name, _)| (*name).to_owned());
            let numbers = match form {
                MaskForm::Byte => texts(&["0", "0x10", "0xff", "0x10/0x3f", "0/0"]),
                MaskForm::None => texts(&["1", "0xff", "0xffffffff"]),
                MaskForm::NamedZero => texts(&["1", "10", "0x1/0xff", "0/0xff", "0xffffffff"]),
                _ => texts(&["0", "1", "0x1/0xff", "0x101/0xff", "0/0", "0xffffffff", "5/0xffffffff"]),
            };
            numbers.into_iter().chain(names).collect()
        }
        ValueKind::Probability => texts(&["0", "0.1", "0.5", "0.33", "1"]),
        ValueKind::Text { .. } if spec.flag == "--path" => texts(&["\"/\""]),
        // What goes to iptables as it is has to mean something to it.
        ValueKind::Text { .. } if spec.flag.is_empty() && spec.name == "match" => texts(&[
            "\"-m length --length 100\"",
            "\"-m mark ! --mark 0x1 -m comment --comment \\\"a b\\\"\"",
        ]),
        ValueKind::Text { .. } if spec.flag.is_empty() => {
            texts(&["\"LOG --log-prefix \\\"a b\\\"\"", "\"RETURN\""])
        }
        ValueKind::Text { max_bytes } => {
            let plain = "a-b";
            vec![
                format!("{plain:?}"),
                "\"it's \\\"q\\\" \\\\ b\"".into(),
                format!("{:?}", "x".repeat(max_bytes)),
            ]
        }
        // The name of a timeout policy, which must be there.
        ValueKind::Bare { .. } if spec.flag == "--timeout" => texts(&TIMEOUTS),
        ValueKind::Bare { .. } if spec.flag == "--rateest-name" => {
            let number = NAMES.fetch_add(1, Ordering::Relaxed);
            vec![format!("n{number}"), format!("{:?}", format!("n{number:x>14}"))]
        }
        ValueKind::Bare { .. } if spec.flag == "--selctx" => {
            vec!["\"system_u:object_r:http_t:s0\"".into(), format!("{:?}", "x".repeat(255))]
        }
        // The kernel has timers for all namespaces together, and so for all tests that run at once.
        ValueKind::Name { max_bytes } if spec.flag == "--label" => {
            let number = NAMES.fetch_add(1, Ordering::Relaxed);
            let name = format!("t{}-{number}", std::process::id());
            vec![format!("{name:?}"), format!("{:?}", format!("{name:x<max_bytes$}"))]
        }
        ValueKind::Name { max_bytes } => {
            // A name of its own each, for the kernel keeps tables by name.
            let number = NAMES.fetch_add(1, Ordering::Relaxed);
            vec![format!("n{number}"), format!("{:?}", format!("{:x>max_bytes$}", number))]
        }
        ValueKind::Quoted { max_bytes } => {
            vec!["\"a-b\"".into(), "\"it's \\\"q\\\" b\"".into(), format!("{:?}", "x".repeat(max_bytes))]
        }
        ValueKind::WordOrName { words, .. } => words.iter().map(|word| word.name.to_owned()).collect(),
        ValueKind::PortNumber => texts(&["0", "http", "65535"]),
        ValueKind::SegmentSize => texts(&["0", "1460", "65495", "65496", "65515"]),
        ValueKind::Duration if spec.name == "interval" => texts(&["250ms", "1.5s", "8s"]),
        ValueKind::Duration => texts(&["500ms", "100s", "4000s"]),
        ValueKind::Pattern { hex: false } => {
            texts(&["\"foo\"", "\"it's \\\"q\\\" \\\\ |b|\"", "\"äö\"", "\"a\\\\\""])
        }
        ValueKind::Pattern { hex: true } => texts(&["\"|de ad|\"", "\"foo|0a0b|bar\"", "\"|666f6f|\""]),
        ValueKind::Mac if spec.flag == "--clustermac" => texts(&["\"01:00:5e:00:00:01\""]),
        ValueKind::Mac => texts(&["\"00:16:3e:00:00:01\"", "\"FF:ff:ff:ff:ff:ff\""]),
        ValueKind::TimeOfDay => texts(&["00:00", "08:00", "17:30:05", "23:59:59"]),
        ValueKind::Date => {
            texts(&["1970-01-02", "2026-12-31", "\"2027-01-31T17:30:05\"", "\"2038-01-19T03:14:07\""])
        }
        ValueKind::Class => texts(&["0:0", "1:10", "ffff:ffff"]),
        ValueKind::Set => texts(&["@SAMPLE src", "@SAMPLE dst"]),
        ValueKind::Id => texts(&["0", "1000", "0..=1000", "4294967294", "0..=4294967294"]),
        ValueKind::Hex { min, max, .. } => [min, (min + max) / 2, max].map(|it| it.to_string()).to_vec(),
        ValueKind::Bare { .. } if spec.name.starts_with("rateest") => texts(&["\"RE1\"", "\"RE2\""]),
        ValueKind::Bare { max_bytes } => vec!["a-b".into(), format!("{:?}", "/x".repeat(max_bytes / 2))],
        ValueKind::Label => texts(&["0", "127"]),
        ValueKind::U32 => texts(&["\"0=0:4294967295\"", "\"6&0xff=17,6 && 0>>22&0x3c@0<<1=1:2\""]),
        ValueKind::Bytecode => {
            let long = format!("\"64{},6 0 0 1\"", ",0 0 0 7".repeat(63));
            vec!["\"1,6 0 0 1\"".into(), "\"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0\"".into(), long]
        }
        ValueKind::Chunk => texts(&["all", "none", "i-forward-tsn", "\"abort:t\"", "\"data:IuBe\"", "init"]),
        ValueKind::HeaderOption => texts(&["0", "255", "5:254", "1:0"]),
        ValueKind::BitRate => texts(&["8bit", "5kbit", "1MBps", "34gbit"]),
        ValueKind::TcpFlags => texts(&["(syn / syn,ack,fin,rst)", "(none / all)"]),
    }
}

fn endpoints() -> Vec<String> {
    let texts = [
        "10.0.0.2",
        "10.0.0.2:8080",
        "10.0.0.2..=10.0.0.9",
        "10.0.0.2..=10.0.0.9:80..=90",
        "10.0.0.2:0..=65535",
        ":8080",
        ":80..=90",
        "fd00::2",
        "[fd00::2]",
        "[fd00::2]:8080",
        "fd00::2..=fd00::9",
        "[fd00::2..=fd00::9]:80..=90",
    ];
    texts.map(str::to_owned).to_vec()
}
