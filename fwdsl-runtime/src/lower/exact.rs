//! Exact rules: emitted as they are written.
//!
//! Each match stays where it stands, in an `-m` of its own, and names of kernel state stay as they are. So a rule that
//! iptables has can be said precisely, also where the order of its matches means something:
//!
//! ```text
//! #[exact] limit 1/s tcp dport 22 => accept;
//!
//! -A INPUT -p tcp -m limit --limit 1/sec -m tcp --dport 22 -j ACCEPT
//! ```

use super::draft::option_use;
use super::family::{is_of_family, values_of};
use super::normal::exact_match;
use super::plan::{fits_own_match, own_match};
use crate::catalogue::{COMMENT, CORE, FAMILY, List, MULTIPORT, PORTS, ValueKind};
use crate::family::Family;
use crate::loc::Loc;
use crate::model::{Match, OptionUse, Rule, Value};

/// The rules that an exact rule is, one for each combination of its lists' values; the first list varies slowest, as
/// with `iptables -s a,b -d c,d`. None if no packet of the family can match.
pub(crate) fn exact_rules(rule: &Rule, family: Family) -> Vec<Vec<Match>> {
    match as_written(rule, family) {
        Some(matches) => vec![in_place(matches, family)],
        None => combinations(rule, family).into_iter().map(|rule| in_place(rule, family)).collect(),
    }
}

/// The matches of a rule without lists, as nearly all are; `None` if a combination has to be looked for.
fn as_written(rule: &Rule, family: Family) -> Option<Vec<Match>> {
    let mut matches = Vec::with_capacity(rule.matches.len() + 1);
    for entry in &rule.matches {
        let mut copy = entry.clone();
        for (option, written) in copy.options.iter_mut().zip(&entry.options) {
            if is_choice(entry, written) {
                let [value] = &mut *option.values else { return None };
                value.loc = Loc::default();
                if !is_of_family(option.spec, &value.value, family) {
                    return None;
                }
            }
        }
        matches.push(copy);
    }
    matches.extend(comment(rule));
    Some(matches)
}

/// The matches of a rule in each combination of the values of its lists.
fn combinations(rule: &Rule, family: Family) -> Vec<Vec<Match>> {
    let mut rules = vec![Vec::with_capacity(rule.matches.len() + 1)];
    for entry in rule.matches.iter().chain(comment(rule).as_ref()) {
        rules = product(rules, alternatives(entry, family));
    }
    rules
}

/// Every row with each of the items behind it.
fn product<T: Clone>(mut rows: Vec<Vec<T>>, mut items: Vec<T>) -> Vec<Vec<T>> {
    // Hardly ever is there a list.
    if let ([row], [_]) = (rows.as_mut_slice(), items.as_slice()) {
        row.append(&mut items);
        return rows;
    }
    let with = |row: &Vec<T>, item: &T| row.iter().chain([item]).cloned().collect();
    rows.iter().flat_map(|row| items.iter().map(move |item| with(row, item))).collect()
}

/// The rule's own comment comes last, as with the other rules.
fn comment(rule: &Rule) -> Option<Match> {
    let text = Value::Text(rule.comment()?.to_owned());
    let spec = COMMENT.option("comment").expect("an option of the catalogue");
    Some(Match {
        extension: &COMMENT,
        options: vec![option_use(spec, false, vec![text])],
        loc: Loc::default(),
    })
}

/// A match for each value of a list where iptables takes one. Ports stay a list: `multiport` takes one.
fn alternatives(entry: &Match, family: Family) -> Vec<Match> {
    let mut rows = vec![Vec::with_capacity(entry.options.len())];
    for option in &entry.options {
        rows = product(rows, choices(entry, option, family));
    }
    rows.into_iter().map(|options| Match { options, ..*entry }).collect()
}

fn choices(entry: &Match, option: &OptionUse, family: Family) -> Vec<OptionUse> {
    if !is_choice(entry, option) {
        return vec![option.clone()];
    }
    let mut values = values_of(option, family);
    if values.is_empty() && option.spec.value == ValueKind::Protocol {
        // The family is said beside a protocol that does not belong to it.
        values = option.values().cloned().collect();
    }
    let one = |value| OptionUse { loc: option.loc, ..option_use(option.spec, option.negated, vec![value]) };
    values.into_iter().map(one).collect()
}

/// Whether a list in this option becomes several rules.
pub(crate) fn is_choice(entry: &Match, option: &OptionUse) -> bool {
    option.spec.list == List::Union
        && !option.values.is_empty()
        && ![&PORTS, &MULTIPORT].contains(&entry.extension)
}

/// The core parameters as one match at the front, ports as the match that has them, the rest as it stands.
fn in_place(matches: Vec<Match>, family: Family) -> Vec<Match> {
    let mut core = Match { extension: &CORE, options: Vec::new(), loc: Loc::default() };
    let mut rest: Vec<Match> = Vec::new();
    let protocol = super::asked_protocols(&matches).and_then(|asked| asked.first().copied());
    for mut entry in matches.into_iter().filter(|entry| *entry.extension != FAMILY) {
        if *entry.extension == CORE {
            entry.options.retain(|option| !core.options.iter().any(|other| other.says_the_same(option)));
            if core.options.is_empty() {
                core.options = entry.options;
            } else {
                core.options.append(&mut entry.options);
            }
        } else if *entry.extension == PORTS {
            let entry = with_ports(entry, protocol);
            match rest.last_mut().filter(|last| takes(last, &entry)) {
                Some(last) => last.options.extend(entry.options),
                None => rest.push(entry),
            }
        } else {
            rest.push(entry);
        }
    }
    let core = (!core.options.is_empty()).then_some(core);
    core.into_iter().chain(rest).map(|entry| exact_match(entry, family)).collect()
}

/// Whether options written beside a match stand in it: `tcp syn dport 22` is one `-m tcp`.
fn takes(last: &Match, entry: &Match) -> bool {
    let has = |option: &OptionUse| last.options.iter().any(|other| other.spec == option.spec);
    last.extension == entry.extension && *entry.extension != MULTIPORT && !entry.options.iter().any(has)
}

/// Ports in the protocol's own match, or in `multiport` if there are several.
fn with_ports(entry: Match, protocol: Option<u8>) -> Match {
    let mut extension = &MULTIPORT;
    let single = |option: &OptionUse| {
        option.spec.name != "port" && matches!(&*option.values, [port] if fits_own_match(&port.value))
    };
    if let (Some(own), true) = (protocol.and_then(own_match), entry.options.iter().all(single)) {
        extension = own;
    }
    let options = entry.options.into_iter().map(|option| {
        let name = option.spec.name;
        let spec = extension.option(name).or_else(|| extension.option(&format!("{name}s")));
        OptionUse { spec: spec.expect("an option over ports"), ..option }
    });
    Match { extension, options: options.collect(), loc: entry.loc }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::import_leniently;

    #[test]
    fn what_is_without_lists_is_its_only_combination() {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/firewalls");
        let mut rules = 0;
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let (family, model) = match path.extension().and_then(|it| it.to_str()) {
                Some("v4") => (Family::Ipv4, import_leniently(Some((&text, "")), None).model),
                Some("v6") => (Family::Ipv6, import_leniently(None, Some((&text, ""))).model),
                _ => continue,
            };
            for rule in model.chains.iter().flat_map(|chain| &chain.rules) {
                if let Some(matches) = as_written(rule, family) {
                    assert_eq!(vec![matches], combinations(rule, family), "{}: {}", path.display(), rule.loc);
                    rules += 1;
                }
            }
        }
        assert!(rules > 1000, "only {rules} rules are without lists");
    }
}
