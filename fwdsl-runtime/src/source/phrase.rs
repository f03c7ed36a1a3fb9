//! Rules as phrases of the language: one for each match, in the order in which a person would write them.

use std::net::IpAddr;

use super::lets::{Lets, Place};
use super::quote::name;
use super::value::{write_address, write_flag_lists, write_ports, write_protocol, write_value};
use crate::catalogue::{
    COMMENT, CONNTRACK, CORE, COUNT, Extension, FAMILY, ICMP_TYPE, ICMP6_TYPE, IPRANGE, LIMIT, MARK_MATCH,
    MULTIPORT, OptionSpec, PORTS, RAW, RAW_MATCH, SCTP, STATE, TCP, UDP, ValueKind,
};
use crate::model::{Action, Endpoint, Match, OptionUse, Rule, Value};

/// A match as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phrase {
    pub(super) text: String,
    /// Whether it means the same before and behind its neighbours.
    pub(super) is_free: bool,
}

fn free(text: String) -> Phrase {
    Phrase { text, is_free: true }
}

fn fixed(text: String) -> Phrase {
    Phrase { text, is_free: false }
}

/// The phrases of a rule's matches; `None` if the language has no words for a part of it.
pub(super) fn match_phrases(rule: &Rule, lets: &Lets) -> Option<Vec<Phrase>> {
    let mut phrases = core_phrases(rule, lets)?;
    let mut rest = rule.matches.iter().filter(|entry| *entry.extension != CORE && *entry.extension != FAMILY);
    let Some(protocol) = protocol_phrase(rule)? else {
        for entry in rest {
            phrases.push(match_phrase(entry, None, rule.exact, lets)?);
        }
        return Some(phrases);
    };
    let mut rest: Vec<&Match> = rest.by_ref().collect();
    // What stands behind the protocol without a word of its own: `tcp syn`, `icmp echo-request`.
    let follows = |entry: &&Match| follows_protocol(entry, rule.exact);
    let place = rest.iter().position(follows).filter(|place| !rule.exact || *place == 0);
    let mut protocol = free(protocol);
    let mut before = None;
    if let Some(place) = place {
        let entry = rest.remove(place);
        let (attached, others): (Vec<&OptionUse>, Vec<&OptionUse>) =
            entry.options.iter().partition(|option| is_attached(entry.extension, option));
        for option in attached {
            protocol.text.push(' ');
            protocol.text.push_str(&values(option, None, lets)?);
        }
        for option in others {
            protocol.text.push_str(&format!(" {}", port_phrase(option, lets)?));
        }
        before = Some(entry.extension);
        protocol.is_free = !rule.exact;
    }
    let place = phrases.len();
    phrases.push(protocol);
    if !rule.exact {
        let (ports, others): (Vec<&Match>, Vec<&Match>) =
            rest.into_iter().partition(|entry| *entry.extension == PORTS);
        for option in ports.iter().flat_map(|entry| &entry.options) {
            phrases.push(free(port_phrase(option, lets)?));
        }
        rest = others;
    }
    for entry in rest {
        phrases.push(match_phrase(entry, before, rule.exact, lets)?);
        before = Some(entry.extension);
    }
    // `tcp(…)` asks for its protocol by itself.
    let call = format!("{}(", phrases[place].text);
    if phrases.iter().any(|phrase| phrase.text.starts_with(&call)) {
        phrases.remove(place);
    }
    Some(phrases)
}

/// Family, interfaces and addresses, in this order.
fn core_phrases(rule: &Rule, lets: &Lets) -> Option<Vec<Phrase>> {
    let mut phrases = Vec::new();
    let family =
        rule.matches.iter().filter(|entry| *entry.extension == FAMILY).flat_map(|entry| &entry.options);
    for option in family {
        phrases.push(free(format!("family {}", values(option, None, lets)?)));
    }
    for word in ["in", "out", "from", "to"] {
        let place = if matches!(word, "in" | "out") { Place::Interface } else { Place::Address };
        for option in rule.uses(word) {
            phrases.push(free(format!("{word} {}", values(option, Some(place), lets)?)));
        }
    }
    for option in rule.uses("fragment") {
        phrases.push(free(if option.negated { "!fragment".into() } else { "fragment".into() }));
    }
    Some(phrases)
}

/// `tcp`, `tcp|udp`, `!icmp`, `proto 200`; nothing if the rule is for any.
fn protocol_phrase(rule: &Rule) -> Option<Option<String>> {
    let mut uses = rule.uses("proto");
    let Some(option) = uses.next() else { return Some(None) };
    if uses.next().is_some() {
        return None;
    }
    let names: Option<Vec<String>> = option
        .values()
        .map(|value| if let Value::Protocol(number) = value { Some(write_protocol(*number)) } else { None })
        .collect();
    let names = names?;
    let is_word = |name: &String| name.starts_with(|first: char| first.is_ascii_lowercase());
    let bang = if option.negated { "!" } else { "" };
    let several = option.negated && names.len() > 1;
    let list = if several { format!("[{}]", names.join(", ")) } else { names.join("|") };
    Some(Some(if names.iter().all(is_word) {
        format!("{bang}{list}")
    } else {
        format!("proto {bang}{list}")
    }))
}

/// Whether the match may stand behind its protocol without a word of its own.
fn follows_protocol(entry: &Match, exact: bool) -> bool {
    if [&ICMP_TYPE, &ICMP6_TYPE].contains(&entry.extension) {
        return entry.options.len() == 1;
    }
    *entry.extension == TCP
        && entry.options.iter().any(|option| option.spec.name == "flags")
        && entry.options.iter().all(|option| option.spec.name == "flags" || exact && is_single_port(option))
}

fn is_attached(extension: &Extension, option: &OptionUse) -> bool {
    *extension != TCP || option.spec.name == "flags"
}

/// Whether a port is said in a protocol's own match, in an exact rule too.
fn is_single_port(option: &OptionUse) -> bool {
    matches!((option.spec.name, &*option.values), ("sport" | "dport", [port])
        if matches!(&port.value, Value::Ports(ports) if !ports.is_everything()))
}

/// `dport [http, https]`
fn port_phrase(option: &OptionUse, lets: &Lets) -> Option<String> {
    let word = option.spec.name.trim_end_matches('s');
    Some(format!("{word} {}", values(option, Some(Place::Ports), lets)?))
}

/// A match that is not one of the core; `before` is what was written before it.
fn match_phrase(
    entry: &Match,
    before: Option<&'static Extension>,
    exact: bool,
    lets: &Lets,
) -> Option<Phrase> {
    let extension = entry.extension;
    let option = entry.options.first();
    let alone = |name: &str| matches!(entry.options.as_slice(), [option] if option.spec.name == name);
    if *extension == PORTS {
        return port_phrase(option?, lets).map(free);
    }
    let own = [&TCP, &UDP, &SCTP].contains(&extension);
    let ports =
        || entry.options.iter().map(|option| port_phrase(option, lets)).collect::<Option<Vec<String>>>();
    if exact
        && own
        && before != Some(extension)
        && !entry.options.is_empty()
        && entry.options.iter().all(is_single_port)
    {
        return Some(fixed(ports()?.join(" ")));
    }
    if exact && *extension == MULTIPORT && entry.options.len() == 1 && entry.options[0].values.len() > 1 {
        return Some(fixed(ports()?.join(" ")));
    }
    if *extension == CONNTRACK && alone("ctstate") {
        return Some(fixed(format!("ct {}", values(option?, None, lets)?)));
    }
    if *extension == MARK_MATCH && alone("mark") {
        return Some(fixed(format!("mark {}", values(option?, None, lets)?)));
    }
    if *extension == COMMENT && alone("comment") {
        return Some(fixed(format!("comment {}", values(option?, None, lets)?)));
    }
    if *extension == RAW_MATCH && entry.options.len() == 1 {
        return Some(fixed(format!("raw {}", values(option?, None, lets)?)));
    }
    if let (true, Some(limit)) = (*extension == LIMIT, limit_phrase(entry, lets)) {
        return Some(fixed(limit));
    }
    call(extension, &entry.options, lets).map(fixed)
}

fn limit_phrase(entry: &Match, lets: &Lets) -> Option<String> {
    let find = |name: &str| entry.options.iter().find(|option| option.spec.name == name);
    let mut text = format!("limit {}", values(find("limit")?, None, lets)?);
    if let Some(burst) = find("burst") {
        text.push_str(&format!(" burst {}", values(burst, None, lets)?));
    }
    Some(text)
}

/// A verdict as it is written.
pub(super) fn verdict_phrase(action: &Action, lets: &Lets) -> Option<String> {
    match action {
        Action::Jump(chain) => Some(format!("jump {}", name(chain))),
        Action::Goto(chain) => Some(format!("goto {}", name(chain))),
        Action::Target { extension, .. } if **extension == COUNT => Some("count".into()),
        Action::Target { extension, options } if **extension == RAW => match options.as_slice() {
            [text] => Some(format!("raw {}", values(text, None, lets)?)),
            _ => None,
        },
        Action::Target { extension, options } if options.is_empty() => Some(extension.word()),
        Action::Target { extension, options } => call(extension, options, lets),
    }
}

/// `NAME(option value, option value)`
fn call(extension: &'static Extension, options: &[OptionUse], lets: &Lets) -> Option<String> {
    let word = if *extension == ICMP6_TYPE { "icmpv6".to_owned() } else { extension.word() };
    if options.is_empty() && extension.bare {
        return Some(word);
    }
    let positional = extension.options.iter().find(|spec| spec.positional);
    let mut options: Vec<&OptionUse> = options.iter().collect();
    options.sort_by_key(|option| (positional != Some(option.spec), place_in(extension, option.spec)));
    let mut parts = Vec::new();
    for (index, option) in options.iter().enumerate() {
        let bang = if option.negated { "!" } else { "" };
        let name = option.spec.name;
        if option.spec.value == ValueKind::Flag {
            parts.push(format!("{bang}{name}"));
            continue;
        }
        let positive = OptionUse { negated: false, ..(*option).clone() };
        let value = match &*option.values {
            [flags] if option.spec.value == ValueKind::TcpFlags => match &flags.value {
                Value::TcpFlags(flags) => {
                    parts.push(format!("{bang}flags{}", write_flag_lists(flags)));
                    continue;
                }
                _ => return None,
            },
            _ => values(&positive, place_of(extension, option.spec), lets)?,
        };
        let is_option =
            |value: &str| extension.option(value.split([' ', ',']).next().unwrap_or(value)).is_some();
        // `dnat(to …)` says what it does.
        let says_more = name == "to" || is_option(&value);
        if index == 0 && !option.negated && positional == Some(option.spec) && !says_more {
            parts.push(value);
        } else {
            parts.push(format!("{bang}{name} {value}"));
        }
    }
    Some(format!("{word}({})", parts.join(", ")))
}

fn place_in(extension: &Extension, spec: &OptionSpec) -> usize {
    extension.options.iter().position(|other| other == spec).unwrap_or(usize::MAX)
}

fn place_of(extension: &Extension, spec: &OptionSpec) -> Option<Place> {
    match spec.value {
        ValueKind::Port => Some(Place::Ports),
        ValueKind::Address if *extension == IPRANGE => Some(Place::Address),
        _ => None,
    }
}

/// The values of an option, with `!` before them if it is negated; by name where a `let` has one.
fn values(option: &OptionUse, place: Option<Place>, lets: &Lets) -> Option<String> {
    let texts =
        option.values().map(|value| value_text(option.spec, value, lets)).collect::<Option<Vec<String>>>()?;
    let bang = if option.negated { "!" } else { "" };
    let listed = match texts.as_slice() {
        [] => return None,
        [one] => lets.named(place, one),
        several if place.is_none() && is_state(option) => {
            let mut states = several.to_vec();
            states.sort_by_key(|state| state != "established");
            match option.negated {
                true => format!("[{}]", states.join(", ")),
                false => states.join("|"),
            }
        }
        several => lets.named_list(place, several),
    };
    Some(format!("{bang}{listed}"))
}

/// The states of connections, which are written `established|related`.
fn is_state(option: &OptionUse) -> bool {
    let is_of = |extension: &'static Extension, name: &str| extension.option(name) == Some(option.spec);
    is_of(&CONNTRACK, "ctstate") || is_of(&STATE, "state")
}

fn value_text(spec: &OptionSpec, value: &Value, lets: &Lets) -> Option<String> {
    match value {
        Value::Endpoint(Endpoint { addresses: Some((first @ IpAddr::V4(_), last)), .. }) if first == last => {
            let text = write_value(spec, value)?;
            let addr = first.to_string();
            let behind = text.strip_prefix(&addr)?;
            Some(lets.named(Some(Place::Address), &addr) + behind)
        }
        Value::Address(address) if spec.value == ValueKind::Address => Some(write_address(address)),
        Value::Ports(ports) => Some(write_ports(ports)),
        _ => write_value(spec, value),
    }
}
