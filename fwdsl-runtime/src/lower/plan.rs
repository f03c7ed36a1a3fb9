//! What a rule asks for, sorted by how iptables can say it: in the rule itself, as one of several
//! rules, or as packets to be let by.

use super::domain::{Domain, disjoint, domain, names_set};
use super::draft::{Draft, option_use};
use super::family::values_of;
use super::normal::normal_match;
use crate::catalogue::{
    CORE, DCCP, DCCP_NUMBER, Extension, ICMP_TYPE, ICMP6_TYPE, IPRANGE, List, MULTIPORT, MULTIPORT_SLOTS,
    SCTP, SCTP_NUMBER, SET_MATCH, TCP, TCP_NUMBER, UDP, UDP_NUMBER,
};
use crate::family::Family;
use crate::model::{Address, Match, OptionUse, PortRange, Rule, Value};

/// How many excluded addresses are said in the rule itself, by `iprange`. Beyond, a chain lets
/// them by: the nft variant takes 128 expressions in a rule.
const INLINE_EXCLUSIONS: usize = 4;

/// A rule, ready to be encoded.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What every rule that comes of it asks for.
    pub(super) inline: Draft,
    /// What the packet must not be; each would need a rule of its own.
    pub(super) excluded: Vec<Draft>,
    /// Choices: one of each must match.
    pub(super) choices: Vec<Choice>,
    /// Matches that are consulted once, after all else.
    pub(super) stateful: Draft,
}

/// Alternatives of which one must match.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) alternatives: Vec<Draft>,
    /// Whether no packet matches two of them.
    pub(super) disjoint: bool,
}

/// Sorts what a rule asks for. `None` if no packet of the family can match.
pub(super) fn plan(rule: &Rule, family: Family) -> Option<Plan> {
    let mut plan = Plan::default();
    for (option, range) in [("from", "src-range"), ("to", "dst-range")] {
        plan_addresses(&mut plan, option, range, domain(rule.uses(option), family))?;
        plan_address_sets(&mut plan, rule, option, range, family)?;
    }
    for option in ["in", "out"] {
        plan_values(&mut plan, option, domain(rule.uses(option), family))?;
    }
    plan_transport(&mut plan, rule, family)?;
    // iptables takes one `-f`; the checks have refused `fragment` and `!fragment` together.
    if let Some(option) = rule.uses("fragment").next() {
        plan.inline = plan.inline.with(&Draft::one(&CORE, "fragment", option.negated, Vec::new()));
    }
    for entry in &rule.matches {
        if !entry.extension.module || belongs_to_transport(entry.extension) {
            continue;
        }
        if entry.is_stateful() {
            plan.stateful.matches.push(normal_match(entry, family));
        } else {
            let (alternatives, apart) = unions(entry, family);
            add_choice(&mut plan, alternatives, apart)?;
        }
    }
    Some(plan)
}

/// A match as alternatives, one for each value of a list where iptables takes one value: and
/// whether no packet matches two of them.
fn unions(entry: &Match, family: Family) -> (Vec<Draft>, bool) {
    let mut alternatives = vec![Match { options: Vec::new(), ..entry.clone() }];
    let mut others = Vec::new();
    let mut apart = true;
    for option in &entry.options {
        let mut values = values_of(option, family);
        if ![List::Union, List::Apart].contains(&option.spec.list) || values.len() < 2 {
            alternatives.iter_mut().for_each(|entry| entry.options.push(option.clone()));
        } else if option.negated {
            // Each in a match of its own, with what makes it complete: all must hold.
            let first = values.remove(0);
            others.extend(values.into_iter().map(|value| {
                let mut options = entry.options.clone();
                options.retain(|other| !other.spec.negatable);
                options.push(option_use(option.spec, true, vec![value]));
                Match { options, ..entry.clone() }
            }));
            let option = option_use(option.spec, true, vec![first]);
            alternatives.iter_mut().for_each(|entry| entry.options.push(option.clone()));
        } else {
            apart &= disjoint(&values);
            let with = |entry: &Match, value: &Value| {
                let mut entry = entry.clone();
                entry.options.push(option_use(option.spec, false, vec![value.clone()]));
                entry
            };
            alternatives =
                alternatives.iter().flat_map(|entry| values.iter().map(|value| with(entry, value))).collect();
        }
    }
    let drafts = alternatives.iter().map(|entry| {
        let matches = std::iter::once(entry).chain(&others);
        Draft { matches: matches.map(|entry| normal_match(entry, family)).collect() }
    });
    (drafts.collect(), apart)
}

/// Extensions whose options stand beside the protocol in the same rule.
pub(super) fn belongs_to_transport(extension: &Extension) -> bool {
    [&TCP, &ICMP_TYPE, &ICMP6_TYPE].contains(&extension)
}

fn add_choice(plan: &mut Plan, alternatives: Vec<Draft>, disjoint: bool) -> Option<()> {
    match alternatives.as_slice() {
        [] => return None,
        [only] => plan.inline = plan.inline.with(only),
        _ => plan.choices.push(Choice { alternatives, disjoint }),
    }
    Some(())
}

/// Interfaces, and a protocol that is only excluded: one slot in the rule.
fn plan_values(plan: &mut Plan, option: &str, domain: Domain) -> Option<()> {
    let one = |negated: bool, value: Value| Draft::one(&CORE, option, negated, vec![value]);
    let mut none_of = domain.none_of;
    match domain.any_of {
        Some(values) => {
            let apart = disjoint(&values);
            add_choice(plan, values.into_iter().map(|value| one(false, value)).collect(), apart)?;
        }
        None if none_of.len() == 1 => plan.inline = plan.inline.with(&one(true, none_of.remove(0))),
        None => {}
    }
    plan.excluded.extend(none_of.into_iter().map(|value| one(false, value)));
    Some(())
}

/// Addresses: networks in the rule's slot, ranges and a second exclusion by `iprange`.
fn plan_addresses(plan: &mut Plan, option: &str, range: &str, domain: Domain) -> Option<()> {
    let by_range = |negated: bool, value: Value| Draft::one(&IPRANGE, range, negated, vec![value]);
    let simple = |negated: bool, value: Value| match value {
        Value::Address(Address::Range { .. }) => by_range(negated, value),
        _ => Draft::one(&CORE, option, negated, vec![value]),
    };
    let mut slot_is_free = domain.any_of.is_none();
    if let Some(values) = domain.any_of {
        let apart = disjoint(&values);
        add_choice(plan, values.into_iter().map(|value| simple(false, value)).collect(), apart)?;
    }
    if domain.none_of.len() > INLINE_EXCLUSIONS {
        plan.excluded.extend(domain.none_of.into_iter().map(|value| simple(false, value)));
        return Some(());
    }
    for value in domain.none_of {
        let in_slot = slot_is_free && matches!(value, Value::Address(Address::Net(_) | Address::Masked(_)));
        if !in_slot && matches!(value, Value::Address(Address::Masked(_))) {
            // `iprange` cannot say it.
            plan.excluded.push(simple(false, value));
            continue;
        }
        let draft = if in_slot { simple(true, value) } else { by_range(true, value) };
        slot_is_free &= !in_slot;
        plan.inline = plan.inline.with(&draft);
    }
    Some(())
}

/// Sets of addresses, alone or in a list with others.
fn plan_address_sets(plan: &mut Plan, rule: &Rule, option: &str, range: &str, family: Family) -> Option<()> {
    let alone = rule.uses(option).count() == 1;
    for option_use in rule.uses(option).filter(|option| names_set(option)) {
        let values = values_of(option_use, family);
        if option_use.negated {
            let sets: Vec<Draft> = values.into_iter().filter_map(|value| in_set(value, true)).collect();
            plan.inline = sets.iter().fold(plan.inline.clone(), |inline, set| inline.with(set));
            continue;
        }
        let draft = |value: Value| match value {
            Value::Set(_) => in_set(value, false),
            // The rule's own parameter may be taken by another condition on the same side.
            Value::Address(Address::Net(_)) if alone => Some(Draft::one(&CORE, option, false, vec![value])),
            _ => Some(Draft::one(&IPRANGE, range, false, vec![value])),
        };
        let alternatives: Vec<Draft> = values.into_iter().filter_map(draft).collect();
        add_choice(plan, alternatives, false)?;
    }
    Some(())
}

/// A match on a set; `None` for any other value.
fn in_set(value: Value, negated: bool) -> Option<Draft> {
    matches!(value, Value::Set(_)).then(|| Draft::one(&SET_MATCH, "match-set", negated, vec![value]))
}

/// The protocol, and what can only be asked beside it: ports, ICMP types, TCP flags.
fn plan_transport(plan: &mut Plan, rule: &Rule, family: Family) -> Option<()> {
    let protocols = domain(rule.uses("proto"), family);
    let Some(any_of) = protocols.any_of else {
        return plan_values(plan, "proto", protocols);
    };
    let mut alternatives = Vec::new();
    let mut apart = disjoint(&any_of);
    for protocol in any_of {
        let Value::Protocol(number) = protocol else { continue };
        let mut drafts = vec![Draft::one(&CORE, "proto", false, vec![protocol])];
        let excludes_both = ["sport", "dport"].iter().all(|option| is_one_excluded(rule, option, family));
        for option in ["sport", "dport"] {
            let ports = domain(rule.uses(option), family);
            // The nft variant takes one match that excludes a port on each side for one that excludes the pair.
            let own_is_free = ports.any_of.is_none() && !(excludes_both && option == "dport");
            if let Some(values) = ports.any_of {
                apart &= values.len() == 1 || disjoint(&values);
                drafts = product(&drafts, &port_drafts(number, option, values)?);
            }
            drafts = product(&drafts, &[excluded_ports(number, option, ports.none_of, own_is_free)]);
            for option_use in rule.uses(option).filter(|option| names_set(option)) {
                let choices = port_sets(option, option_use, family)?;
                apart &= choices.len() == 1;
                drafts = product(&drafts, &choices);
            }
        }
        for option in rule.uses("port") {
            let values = values_of(option, family);
            let chunks = multiport(&values, "ports", option.negated);
            if option.negated {
                let all = chunks.iter().fold(Draft::default(), |all, chunk| all.with(chunk));
                drafts = product(&drafts, &[all]);
            } else {
                // A packet may have one port in one chunk and the other in another.
                apart &= chunks.len() == 1;
                drafts = product(&drafts, &chunks);
            }
        }
        for entry in &rule.matches {
            if belongs_to_transport(entry.extension) {
                let (choices, choices_apart) = own_options(entry, family)?;
                apart &= choices_apart;
                drafts = product(&drafts, &choices);
            }
        }
        alternatives.extend(drafts);
    }
    add_choice(plan, alternatives, apart)
}

fn product(left: &[Draft], right: &[Draft]) -> Vec<Draft> {
    left.iter().flat_map(|left| right.iter().map(|right| left.with(right))).collect()
}

/// The match of a protocol's own, if it has options for one port or range.
pub(super) fn own_match(protocol: u8) -> Option<&'static Extension> {
    match protocol {
        TCP_NUMBER => Some(&TCP),
        UDP_NUMBER => Some(&UDP),
        SCTP_NUMBER => Some(&SCTP),
        DCCP_NUMBER => Some(&DCCP),
        _ => None,
    }
}

/// Every port, written as a range, is dropped by the protocols' own matches; `multiport` keeps it.
pub(super) fn fits_own_match(value: &Value) -> bool {
    !matches!(value, Value::Ports(ports) if ports.is_everything())
}

fn port_drafts(protocol: u8, option: &str, values: Vec<Value>) -> Option<Vec<Draft>> {
    if values.is_empty() {
        return None;
    }
    if let ([value], Some(extension)) = (values.as_slice(), own_match(protocol))
        && fits_own_match(value)
    {
        return Some(vec![Draft::one(extension, option, false, values)]);
    }
    Some(multiport(&values, &format!("{option}s"), false))
}

/// Sets of ports, alone or in a list with others.
fn port_sets(option: &str, option_use: &OptionUse, family: Family) -> Option<Vec<Draft>> {
    let (sets, ports): (Vec<Value>, Vec<Value>) =
        values_of(option_use, family).into_iter().partition(|value| matches!(value, Value::Set(_)));
    let sets = sets.into_iter().filter_map(|set| in_set(set, option_use.negated));
    if option_use.negated {
        // A packet without ports is in no set of ports either, but the condition is on packets that have them.
        let every = Value::Ports(PortRange { first: 0, last: u16::MAX });
        let has_ports = Draft::one(&MULTIPORT, &format!("{option}s"), false, vec![every]);
        return Some(vec![sets.fold(has_ports, |all, set| all.with(&set))]);
    }
    let mut choices: Vec<Draft> = sets.collect();
    // The protocol's own match may be taken by another condition on the same port.
    choices.extend(multiport(&ports, &format!("{option}s"), false));
    (!choices.is_empty()).then_some(choices)
}

/// Whether a rule excludes one port and asks nothing else of it.
fn is_one_excluded(rule: &Rule, option: &str, family: Family) -> bool {
    let ports = domain(rule.uses(option), family);
    let is_single = |value: &Value| matches!(value, Value::Ports(ports) if ports.first == ports.last);
    ports.any_of.is_none() && matches!(ports.none_of.as_slice(), [value] if is_single(value))
}

fn excluded_ports(protocol: u8, option: &str, values: Vec<Value>, own_is_free: bool) -> Draft {
    match (values.as_slice(), own_match(protocol)) {
        ([], _) => Draft::default(),
        ([value], Some(extension)) if own_is_free && fits_own_match(value) => match value {
            // The nft variant gives these back from the other side, so both get them so.
            Value::Ports(PortRange { first: 0, last }) => {
                let above = Value::Ports(PortRange { first: last + 1, last: u16::MAX });
                Draft::one(extension, option, false, vec![above])
            }
            _ => Draft::one(extension, option, true, values),
        },
        _ => multiport(&values, &format!("{option}s"), true)
            .iter()
            .fold(Draft::default(), |all, chunk| all.with(chunk)),
    }
}

/// As many `multiport` matches as the ports need.
fn multiport(values: &[Value], option: &str, negated: bool) -> Vec<Draft> {
    let slots = |value: &Value| if let Value::Ports(ports) = value { ports.slots() } else { 1 };
    let mut chunks: Vec<Vec<Value>> = Vec::new();
    let mut used = MULTIPORT_SLOTS;
    for value in values {
        if used + slots(value) > MULTIPORT_SLOTS {
            chunks.push(Vec::new());
            used = 0;
        }
        used += slots(value);
        if let Some(chunk) = chunks.last_mut() {
            chunk.push(value.clone());
        }
    }
    chunks.into_iter().map(|chunk| Draft::one(&MULTIPORT, option, negated, chunk)).collect()
}

/// The options of a protocol's own match: each value of a list is an alternative.
fn own_options(entry: &Match, family: Family) -> Option<(Vec<Draft>, bool)> {
    let mut drafts = vec![Draft::default()];
    let mut apart = true;
    for option in &entry.options {
        let values = values_of(option, family);
        if option.negated {
            // The same match once for each value: all must hold.
            for value in values {
                let draft = separate(entry.extension, option, true, value);
                drafts = product(&drafts, &[draft]);
            }
        } else {
            apart &= disjoint(&values);
            let choices: Vec<Draft> =
                values.into_iter().map(|value| separate(entry.extension, option, false, value)).collect();
            drafts = product(&drafts, &choices);
        }
    }
    (!drafts.is_empty()).then_some((drafts, apart))
}

fn separate(extension: &'static Extension, option: &OptionUse, negated: bool, value: Value) -> Draft {
    let options = vec![option_use(option.spec, negated, vec![value])];
    Draft { matches: vec![Match { extension, options, loc: option.loc }] }
}
