//! Options of matches and targets.

use super::error::Reason;
use super::modules::find_protocol_match;
use super::option::{Found, Loaded, find_long, without_value};
use super::rule::Walk;
use super::value::{Place, read_pair, read_values, takes_two};
use crate::catalogue::{
    DNAT, Extension, MASQUERADE, NAT_PROTOCOLS, OptionSpec, REDIRECT, SNAT, TCP, UDP, ValueKind,
};
use crate::loc::Located;
use crate::model::{Action, Few, Match, OptionUse, Value};

impl<'a> Walk<'a, '_> {
    /// The option of the protocol's own match, which is loaded for it.
    pub(super) fn load_protocol(&mut self, name: &str) -> Option<Found> {
        let extension = find_protocol_match(self.parts.core.protocol_word()?, self.context.family)?;
        if self.loaded.iter().any(|loaded| loaded.extension == extension) {
            return None;
        }
        let loaded = Loaded { extension, entry: Some(self.parts.matches.len()) };
        let found = find_long(name, &[loaded], self.context.family).ok()?;
        self.raw.close();
        self.add_match(extension);
        Some(found)
    }

    pub(super) fn add_match(&mut self, extension: &'static Extension) {
        let entry = Some(self.parts.matches.len());
        match self.loaded.iter_mut().find(|loaded| loaded.extension == extension && loaded.entry.is_some()) {
            // Its options are known already; from here on they belong to the new one.
            Some(loaded) => loaded.entry = entry,
            None => self.loaded.push(Loaded { extension, entry }),
        }
        self.parts.matches.push(Match { extension, options: Vec::new(), loc: self.context.loc });
    }

    /// An option of an extension.
    pub(super) fn option(
        &mut self,
        loaded: Loaded,
        spec: &'static OptionSpec,
        stands_for: Option<&'static Value>,
        written: &str,
        value: Option<&'a str>,
    ) -> Result<(), Reason> {
        let spec = self.of_element(loaded, spec)?;
        let protocol = self.parts.core.protocol_number();
        let mut place = Place { extension: loaded.extension, spec, family: self.context.family, protocol };
        if let Some(value) = value.filter(|value| *value != "!") {
            check_kind_of_name(spec, written, value)?;
        }
        let values = match (value, stands_for) {
            (_, Some(value)) => Few::one(value.clone()),
            (None, None) => {
                place.spec = without_value(loaded.extension, spec).unwrap_or(spec);
                Few::default()
            }
            (Some(value), None) => {
                let value = self.value_behind_sign(value, spec.negatable)?;
                if let Some((flag, _)) = spec.flag.split_once(' ') {
                    place.spec = told_apart(loaded.extension, flag, value)?;
                    let second = self.take_value();
                    let second =
                        second.ok_or_else(|| Reason::new(format!("`{written}` takes two values")))?;
                    read_values(place, second)?
                } else if takes_two(spec) {
                    let second = self.take_value();
                    let second =
                        second.ok_or_else(|| Reason::new(format!("`{written}` takes two values")))?;
                    Few::one(read_pair(place, value, second)?)
                } else {
                    read_values(place, value)?
                }
            }
        };
        let spec = place.spec;
        if loaded.entry.is_none() {
            check_translated_ports(place, written, &values)?;
        }
        if says_nothing(place, &values) && !self.invert {
            return Ok(());
        }
        let loc = self.context.loc;
        let values = values.into_iter().map(|value| Located::new(value, loc)).collect();
        let option = OptionUse { spec, negated: self.invert, values, loc };
        let options = match (loaded.entry, &mut self.parts.action) {
            (Some(entry), _) => &mut self.parts.matches[entry].options,
            (None, Some(Action::Target { options, .. })) => options,
            _ => return Err(Reason::new(format!("`{written}` without its target"))),
        };
        options.retain(|other| !is_replaced(other.spec, spec));
        if options.iter().any(|other| other.spec == spec) {
            return Err(Reason::new(format!("`{written}` can be given once")));
        }
        // Nearly always it stays the only one.
        options.reserve_exact(1);
        options.push(option);
        Ok(())
    }

    /// The same option of the element that is being read, where the extension describes a list of them.
    fn of_element(&self, loaded: Loaded, spec: &'static OptionSpec) -> Result<&'static OptionSpec, Reason> {
        let Some(entry) = loaded.entry.filter(|_| spec.element != 0) else { return Ok(spec) };
        let ended = self.parts.matches[entry].options.iter().filter(|option| option.spec.flag == "--next");
        let element = ended.count() as u8 + 1;
        let mut specs = loaded.extension.options.iter();
        let found = specs.find(|other| other.flag == spec.flag && other.element == element);
        found.ok_or_else(|| Reason::new(format!("`{}` for an element too many", spec.flag)))
    }
}

/// Options of which iptables takes the last.
const LAST_COUNTS: &[&[&str]] = &[
    &["--rsource", "--rdest"],
    &["--left-shift-mark", "--right-shift-mark"],
    &["--set-mss", "--clamp-mss-to-pmtu"],
    &["--rateest-lt", "--rateest-gt", "--rateest-eq"],
];

/// Whether the later option takes the place of the earlier one.
fn is_replaced(earlier: &OptionSpec, later: &OptionSpec) -> bool {
    let both = |flags: &&[&str]| flags.contains(&earlier.flag) && flags.contains(&later.flag);
    earlier != later && LAST_COUNTS.iter().any(both)
}

/// Ports of address translation stand behind the protocol that has them.
fn check_translated_ports(place: Place, written: &str, values: &[Value]) -> Result<(), Reason> {
    let has_ports = |value: &Value| match value {
        Value::Endpoint(endpoint) => endpoint.ports.is_some(),
        Value::Ports(_) => true,
        _ => false,
    };
    let translates = [&DNAT, &SNAT, &MASQUERADE, &REDIRECT].contains(&place.extension);
    if translates && !NAT_PROTOCOLS.contains(&place.protocol) && values.iter().any(has_ports) {
        let reason =
            Reason::new(format!("a port of `{written}` without a protocol that has ports before it"));
        return Err(reason.help("put `-p tcp`, or another protocol with ports, in front"));
    }
    Ok(())
}

/// Of two options for one thing, one takes its numbers and the other its names.
fn check_kind_of_name(spec: &OptionSpec, written: &str, value: &str) -> Result<(), Reason> {
    if !spec.flag.ends_with("-dscp") || !matches!(spec.value, ValueKind::Named { .. }) {
        return Ok(());
    }
    let is_number = super::value::parse_number(value, u64::MAX).is_some();
    match (written.contains("-c"), is_number) {
        (true, true) => Err(Reason::new(format!("`{written}` takes the name of a class, not `{value}`"))),
        (false, false) => Err(Reason::new(format!("`{written}` takes a number, not `{value}`"))
            .help(format!("names go behind `{}-class`", spec.flag))),
        _ => Ok(()),
    }
}

/// The option of an extension that is printed as a flag and this word behind it.
fn told_apart(extension: &'static Extension, flag: &str, word: &str) -> Result<&'static OptionSpec, Reason> {
    let is_meant = |spec: &&OptionSpec| {
        spec.flag
            .split_once(' ')
            .is_some_and(|(name, known)| name == flag && known.eq_ignore_ascii_case(word))
    };
    extension.options.iter().find(is_meant).ok_or_else(|| Reason::new(format!("`{flag}` knows no `{word}`")))
}

/// Whether an option that is not negated says what holds anyway, so that iptables does not save it.
fn says_nothing(place: Place, values: &[Value]) -> bool {
    let every_port = |value: &Value| matches!(value, Value::Ports(ports) if ports.is_everything());
    place.spec.only_negated
        || place.spec.value == ValueKind::Port
            && [&TCP, &UDP].contains(&place.extension)
            && values.iter().all(every_port)
}
