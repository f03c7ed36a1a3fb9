//! Options by the word that stands for them, as getopt_long(3) finds them among those that iptables has loaded.
//!
//! The rule's own options come first, then those of the extensions, the one loaded last before the others. A whole name
//! wins; an abbreviation is taken if it can only be one of them.

use crate::catalogue::{Extension, OptionSpec, TCP, ValueKind};
use crate::family::Family;
use crate::model::{TcpFlags, Value};

/// Whether an option takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Argument {
    /// No value.
    None,
    /// A value, behind `=` or as the next word.
    Required,
    /// A value if it is attached.
    Attached,
    /// The next word, if it is no option.
    Behind,
}

/// An option of iptables itself, by its letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BaseOption {
    pub(crate) letter: char,
    /// The letter with its dash.
    pub(crate) dashed: &'static str,
    pub(crate) argument: Argument,
}

/// The long names of iptables' own options: iptables(8), sections COMMANDS, PARAMETERS and OTHER OPTIONS.
const LONG: [(&str, char); 37] = [
    ("append", 'A'),
    ("delete", 'D'),
    ("check", 'C'),
    ("insert", 'I'),
    ("replace", 'R'),
    ("list", 'L'),
    ("list-rules", 'S'),
    ("flush", 'F'),
    ("zero", 'Z'),
    ("new-chain", 'N'),
    ("delete-chain", 'X'),
    ("rename-chain", 'E'),
    ("policy", 'P'),
    ("source", 's'),
    ("destination", 'd'),
    ("src", 's'),
    ("dst", 'd'),
    ("protocol", 'p'),
    ("in-interface", 'i'),
    ("jump", 'j'),
    ("table", 't'),
    ("match", 'm'),
    ("numeric", 'n'),
    ("out-interface", 'o'),
    ("verbose", 'v'),
    ("wait", 'w'),
    ("wait-interval", 'W'),
    ("exact", 'x'),
    ("fragments", 'f'),
    ("version", 'V'),
    ("help", 'h'),
    ("line-numbers", '0'),
    ("modprobe", 'M'),
    ("set-counters", 'c'),
    ("goto", 'g'),
    ("ipv4", '4'),
    ("ipv6", '6'),
];

/// Every option, by its letter as a number.
static LETTERS: [Option<BaseOption>; 128] = {
    let mut letters = [None; 128];
    let kinds = [
        (Argument::Required, "-A-C-D-E-I-M-N-P-R-c-d-g-i-j-m-o-p-s-t"),
        (Argument::Attached, "-F-L-S-X-Z-W-h-w"),
        (Argument::None, "-V-n-v-x-f-4-6-0"),
    ];
    let mut kind = 0;
    while kind < kinds.len() {
        let (argument, mut dashed) = kinds[kind];
        while !dashed.is_empty() {
            let (first, rest) = dashed.split_at(2);
            let letter = first.as_bytes()[1];
            letters[letter as usize] = Some(BaseOption { letter: letter as char, dashed: first, argument });
            dashed = rest;
        }
        kind += 1;
    }
    letters
};

/// The option of this letter. `--line-numbers` has none that can be written.
pub(crate) fn base_option(letter: char) -> Option<BaseOption> {
    LETTERS.get(letter as usize).copied().flatten()
}

/// The letter of the option of iptables itself that has this long name, without abbreviations.
pub(super) fn base_letter(name: &str) -> Option<char> {
    LONG.iter().find(|(long, _)| *long == name).map(|(_, letter)| *letter)
}

/// An extension whose options are known at a point of a rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loaded {
    pub(crate) extension: &'static Extension,
    /// Which of the rule's matches takes them; the target if none.
    pub(crate) entry: Option<usize>,
}

/// What a word stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found {
    /// An option of iptables itself.
    Base(BaseOption),
    /// An option of an extension.
    Extension {
        /// Which of the loaded extensions.
        loaded: Loaded,
        /// The option.
        spec: &'static OptionSpec,
        /// Whether the word is a flag that stands for this value of the option.
        stands_for: Option<&'static Value>,
    },
}

/// Why a word stands for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// No option begins so.
    Unknown,
    /// These begin so.
    Ambiguous(&'static str, &'static str),
}

static SYN: Value = Value::TcpFlags(TcpFlags::SYN);

impl Found {
    pub(crate) fn argument(&self) -> Argument {
        match self {
            Found::Base(base) => base.argument,
            Found::Extension { stands_for: Some(_), .. } => Argument::None,
            Found::Extension { spec, .. } if spec.value == ValueKind::Flag => Argument::None,
            Found::Extension { loaded, spec, .. } if without_value(loaded.extension, spec).is_some() => {
                Argument::Behind
            }
            Found::Extension { .. } => Argument::Required,
        }
    }

    /// Whether both are one option under two names.
    fn is(&self, other: &Found) -> bool {
        match (self, other) {
            (Found::Base(one), Found::Base(other)) => one == other,
            (
                Found::Extension { loaded: a, spec, stands_for },
                Found::Extension { loaded: b, spec: other_spec, stands_for: other_stands_for },
            ) => {
                a.extension == b.extension
                    && long_name(spec.flag) == long_name(other_spec.flag)
                    && stands_for.is_some() == other_stands_for.is_some()
            }
            _ => false,
        }
    }
}

/// The option that the same flag is if no value stands behind it, where there is one with a value too.
pub(crate) fn without_value(extension: &'static Extension, spec: &OptionSpec) -> Option<&'static OptionSpec> {
    if spec.value == ValueKind::Flag {
        return None;
    }
    extension.options.iter().find(|other| other.flag == spec.flag && other.value == ValueKind::Flag)
}

/// Finds a long option by its name without dashes, among `loaded`, the extension loaded last at the end.
pub(crate) fn find_long(name: &str, loaded: &[Loaded], family: Family) -> Result<Found, NotFound> {
    match find_whole(name, loaded, family) {
        Some(found) => Ok(found),
        None => find_abbreviated(name, loaded, family),
    }
}

/// The option that has this name.
fn find_whole(name: &str, loaded: &[Loaded], family: Family) -> Option<Found> {
    if let Some(base) = base_letter(name).and_then(base_option) {
        return Some(Found::Base(base));
    }
    loaded.iter().rev().find_map(|loaded| {
        let loaded = *loaded;
        let is_named = |flag: &&'static str| {
            let behind = flag.strip_prefix("--").and_then(|flag| flag.strip_prefix(name));
            behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(' '))
        };
        let specs = loaded.extension.options.iter().filter(|spec| spec.families.contains(family));
        let found = specs.clone().find(|spec| is_named(&spec.flag) || spec.flag_aliases.iter().any(is_named));
        if let Some(spec) = found {
            return Some(Found::Extension { loaded, spec, stands_for: None });
        }
        let is_syn = name == "syn" && *loaded.extension == TCP;
        let spec = specs.clone().find(|spec| is_syn && spec.value == ValueKind::TcpFlags)?;
        Some(Found::Extension { loaded, spec, stands_for: Some(&SYN) })
    })
}

/// The option whose name begins so, if there is one alone.
fn find_abbreviated(name: &str, loaded: &[Loaded], family: Family) -> Result<Found, NotFound> {
    let mut search = Search { name, begun: None, ambiguous: None };
    for (long, letter) in LONG {
        if let Some(base) = base_option(letter) {
            search.offer(long, || Found::Base(base));
        }
    }
    for loaded in loaded.iter().rev() {
        offer_extension(*loaded, family, &mut search);
    }
    match search {
        Search { ambiguous: Some((one, other)), .. } => Err(NotFound::Ambiguous(one, other)),
        Search { begun: Some((_, found)), .. } => Ok(found),
        _ => Err(NotFound::Unknown),
    }
}

fn offer_extension(loaded: Loaded, family: Family, search: &mut Search<'_>) {
    for spec in loaded.extension.options {
        if !spec.families.contains(family) {
            continue;
        }
        for flag in [spec.flag].iter().chain(spec.flag_aliases) {
            if let Some(name) = long_name(flag) {
                search.offer(name, || Found::Extension { loaded, spec, stands_for: None });
            }
        }
        if *loaded.extension == TCP && spec.value == ValueKind::TcpFlags {
            search.offer("syn", || Found::Extension { loaded, spec, stands_for: Some(&SYN) });
        }
    }
}

/// The name of a long option. Where iptables prints a word behind it that tells options apart, the name is the same.
fn long_name(flag: &'static str) -> Option<&'static str> {
    let name = flag.strip_prefix("--")?;
    Some(name.split_once(' ').map_or(name, |(name, _)| name))
}

struct Search<'a> {
    name: &'a str,
    begun: Option<(&'static str, Found)>,
    ambiguous: Option<(&'static str, &'static str)>,
}

impl Search<'_> {
    fn offer(&mut self, option: &'static str, found: impl FnOnce() -> Found) {
        if !option.starts_with(self.name) {
            return;
        }
        let found = found();
        match &self.begun {
            None => self.begun = Some((option, found)),
            Some((first, other)) if !other.is(&found) => self.ambiguous = Some((first, option)),
            Some(_) => {}
        }
    }
}

/// Every long name at this point of a rule, without dashes, for suggestions.
pub(crate) fn long_names(loaded: &[Loaded]) -> impl Iterator<Item = &'static str> {
    let own = LONG.iter().map(|(name, _)| *name);
    let specs = loaded.iter().flat_map(|loaded| loaded.extension.options);
    let flags = specs.flat_map(|spec| [spec.flag].into_iter().chain(spec.flag_aliases.iter().copied()));
    own.chain(flags.filter_map(long_name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{MARK_MATCH, MULTIPORT};

    const TCP_LOADED: Loaded = Loaded { extension: &TCP, entry: Some(0) };
    const MULTIPORT_LOADED: Loaded = Loaded { extension: &MULTIPORT, entry: Some(1) };

    fn flag(name: &str, loaded: &[Loaded]) -> Option<&'static str> {
        match find_long(name, loaded, Family::Ipv4) {
            Ok(Found::Extension { spec, .. }) => Some(spec.flag),
            _ => None,
        }
    }

    fn letter(name: &str, loaded: &[Loaded]) -> Option<char> {
        match find_long(name, loaded, Family::Ipv4) {
            Ok(Found::Base(base)) => Some(base.letter),
            _ => None,
        }
    }

    #[test]
    fn letters_of_all_long_names_are_options() {
        assert!(LONG.iter().all(|(_, letter)| base_option(*letter).is_some()));
        assert!(base_option('b').is_none());
    }

    #[test]
    fn a_whole_name_wins_and_an_abbreviation_must_be_clear() {
        assert_eq!(letter("dest", &[]), Some('d'));
        assert_eq!(letter("proto", &[]), Some('p'));
        assert_eq!(letter("so", &[]), Some('s'));
        assert!(matches!(find_long("s", &[], Family::Ipv4), Err(NotFound::Ambiguous("source", _))));
        assert!(matches!(find_long("sport", &[], Family::Ipv4), Err(NotFound::Unknown)));
        assert_eq!(flag("dport", &[TCP_LOADED]), Some("--dport"));
        assert_eq!(flag("dport", &[MULTIPORT_LOADED]), Some("--dports"));
        assert_eq!(flag("dport", &[TCP_LOADED, MULTIPORT_LOADED]), Some("--dport"));
        assert!(matches!(
            find_long("dpor", &[TCP_LOADED, MULTIPORT_LOADED], Family::Ipv4),
            Err(NotFound::Ambiguous(..))
        ));
        assert!(matches!(
            find_long("syn", &[TCP_LOADED], Family::Ipv4),
            Ok(Found::Extension { stands_for: Some(_), .. })
        ));
    }

    #[test]
    fn of_two_extensions_the_one_loaded_last_has_its_say() {
        let mark = Loaded { extension: &MARK_MATCH, entry: Some(0) };
        let connmark = Loaded { extension: &crate::catalogue::CONNMARK_MATCH, entry: Some(1) };
        for (loaded, expected) in [([mark, connmark], "connmark"), ([connmark, mark], "mark")] {
            let Ok(Found::Extension { loaded, .. }) = find_long("mark", &loaded, Family::Ipv4) else {
                panic!("`--mark` is an option of both");
            };
            assert_eq!(loaded.extension.name, expected);
        }
    }
}
