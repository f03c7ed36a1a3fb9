//! Plain rules: those in which there is nothing to lower, as most are.
//!
//! Each field of the packet is asked for once, with one value, and there is one verdict. Such a rule is one rule of
//! iptables, with its parts in iptables' order: what a [`super::plan`] would make of it, without the way there.

use super::draft::{Draft, is_protocol_match, option_use, rank};
use super::family::is_of_family;
use super::normal::normal_match;
use super::plan::{belongs_to_transport, fits_own_match, own_match};
use super::protocols::wanted_protocols;
use crate::catalogue::{COMMENT, CORE, List, PORTS};
use crate::family::Family;
use crate::loc::Loc;
use crate::model::{Action, Address, Match, OptionUse, Rule, Value};

/// The matches of a plain rule; `None` if the rule is none.
pub(super) fn plain_matches(rule: &Rule, family: Family) -> Option<Vec<Match>> {
    let [verdict] = &*rule.verdicts else { return None };
    let mut core: Vec<&OptionUse> = Vec::with_capacity(4);
    let mut transport: Vec<(Loc, OptionUse)> = Vec::new();
    let protocol = rule.uses("proto").next().and_then(protocol_of);
    let mut own = None;
    let mut matches = Vec::with_capacity(rule.matches.len() + 1);
    for entry in &rule.matches {
        if *entry.extension == CORE {
            core.extend(&entry.options);
        } else if *entry.extension == PORTS {
            let extension = *own.get_or_insert(own_match(protocol?)?);
            for option in entry.options.iter().filter(|option| option.spec.name != "port") {
                let port = single(option, family).filter(|port| !option.negated && fits_own_match(port))?;
                let spec = extension.option(option.spec.name)?;
                transport.push((Loc::default(), option_use(spec, false, vec![port.clone()])));
            }
            if entry.options.iter().any(|option| option.spec.name == "port") {
                return None;
            }
        } else if belongs_to_transport(entry.extension) {
            protocol?;
            if *own.get_or_insert(entry.extension) != entry.extension {
                return None;
            }
            for option in &entry.options {
                let value = single(option, family)?.clone();
                transport.push((option.loc, option_use(option.spec, option.negated, vec![value])));
            }
        } else if is_one_module(entry) {
            matches.push(normal_match(entry, family));
        } else {
            return None;
        }
    }
    matches.sort_by_key(rank);
    let transport = match own {
        Some(extension) => Some(Match {
            extension,
            loc: transport.first()?.0,
            options: in_order(transport.into_iter().map(|(_, option)| option).collect())?,
        }),
        None => None,
    };
    let core = core.into_iter().map(|option| plain_option(option, family)).collect::<Option<Vec<_>>>()?;
    let core = Match { extension: &CORE, options: in_order(core)?, loc: Loc::default() };
    let core = (!core.options.is_empty()).then_some(core);
    let matches: Vec<Match> = core.into_iter().chain(transport).chain(matches).chain(comment(rule)).collect();
    (protocol.is_some() || wants_none(&matches, &verdict.action)).then_some(matches)
}

/// The protocol that an option asks for.
fn protocol_of(option: &OptionUse) -> Option<u8> {
    match &*option.values {
        [value] if !option.negated => match value.value {
            Value::Protocol(number) => Some(number),
            _ => None,
        },
        _ => None,
    }
}

/// The one value of an option, if the family has it.
fn single(option: &OptionUse, family: Family) -> Option<&Value> {
    match &*option.values {
        [value] => {
            Some(&value.value).filter(|value| is_plain(value) && is_of_family(option.spec, value, family))
        }
        _ => None,
    }
}

/// Whether iptables can say the value as it is.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Address(address) => matches!(address, Address::Net(_)) && !address.is_everything(),
        Value::Set(_) | Value::Rust(_) => false,
        _ => true,
    }
}

/// One of the rule's own parameters as it is emitted.
fn plain_option(option: &OptionUse, family: Family) -> Option<OptionUse> {
    let values = match option.spec.name {
        "fragment" => Vec::new(),
        "proto" => vec![Value::Protocol(protocol_of(option).filter(|_| single(option, family).is_some())?)],
        _ => vec![single(option, family)?.clone()],
    };
    Some(option_use(option.spec, option.negated, values))
}

/// Options in the catalogue's order; `None` if one of them stands twice.
fn in_order(mut options: Vec<OptionUse>) -> Option<Vec<OptionUse>> {
    // The options of an extension lie behind each other.
    let place = |option: &OptionUse| std::ptr::from_ref(option.spec);
    options.sort_by_key(place);
    options.is_sorted_by(|a, b| place(a) < place(b)).then_some(options)
}

/// Whether a match that is no part of the transport becomes one match.
fn is_one_module(entry: &Match) -> bool {
    let is_list =
        |option: &OptionUse| option.values.len() > 1 && matches!(option.spec.list, List::Union | List::Apart);
    let names_set = |option: &OptionUse| option.values().any(|value| matches!(value, Value::Set(_)));
    entry.extension.module
        && !entry.is_stateful()
        && !is_protocol_match(entry.extension)
        && !entry.options.iter().any(|option| is_list(option) || names_set(option))
}

/// Whether no part of a rule without a protocol would have one beside it.
fn wants_none(matches: &[Match], action: &Action) -> bool {
    let target = match action {
        Action::Target { extension, options } => Some((*extension, options)),
        Action::Jump(_) | Action::Goto(_) => None,
    };
    let matches = matches.iter().map(|entry| (entry.extension, &entry.options));
    matches
        .chain(target)
        .all(|(extension, options)| !extension.syn && wanted_protocols(extension, options, &[]).is_none())
}

/// The rule's comment, which comes last.
pub(super) fn comment(rule: &Rule) -> impl Iterator<Item = Match> {
    let comment = rule.comment().map(|comment| {
        let text = vec![Value::Text(comment.to_owned())];
        Draft::one(&COMMENT, "comment", false, text).finish()
    });
    comment.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::super::plan::plan;
    use super::*;
    use crate::catalogue::TCP;
    use crate::import::{Unknown, import};
    use crate::lower::draft::Draft;

    /// What the plan of a rule makes of it, where that is one rule.
    fn planned(rule: &Rule, family: Family) -> Vec<Match> {
        let plan = plan(rule, family).expect("a plain rule matches packets");
        assert!(plan.choices.is_empty() && plan.excluded.is_empty() && plan.stateful.matches.is_empty());
        let draft: Draft = plan.inline;
        draft.finish().into_iter().chain(comment(rule)).collect()
    }

    /// A rule as the language has it: the ports of TCP beside the protocol.
    fn with_ports(mut rule: Rule) -> Rule {
        for entry in rule.matches.iter_mut().filter(|entry| *entry.extension == TCP) {
            if entry.options.iter().all(|option| matches!(option.spec.name, "sport" | "dport")) {
                entry.extension = &PORTS;
                for option in &mut entry.options {
                    option.spec = PORTS.option(option.spec.name).unwrap();
                }
            }
        }
        rule
    }

    #[test]
    fn what_is_plain_is_what_the_plan_makes_of_it() {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/firewalls");
        let (mut plain, mut all) = (0, 0);
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let family = match path.extension().and_then(|it| it.to_str()) {
                Some("v4") => Family::Ipv4,
                Some("v6") => Family::Ipv6,
                _ => continue,
            };
            let text = std::fs::read_to_string(&path).unwrap();
            let Ok(imported) = import(&text, "", family, Unknown::Refuse) else { continue };
            for rule in imported.model.chains.iter().flat_map(|chain| &chain.rules) {
                let rule = Rule { exact: false, ..rule.clone() };
                for rule in [with_ports(rule.clone()), rule] {
                    all += 1;
                    if let Some(matches) = plain_matches(&rule, family) {
                        plain += 1;
                        assert_eq!(
                            matches,
                            planned(&rule, family),
                            "{}: line {}",
                            path.display(),
                            rule.loc.line
                        );
                    }
                }
            }
        }
        assert!(2 * plain > all && plain > 1000, "{plain} of {all} rules are plain");
    }
}
