//! The sets that the rules of a text name. Others make and fill them, and the text does not say what they hold.

use std::collections::HashMap;

use crate::family::FamilySet;
use crate::ipset::UNKNOWN;
use crate::loc::Loc;
use crate::model::{Action, Model, OptionUse, Rule, Set, Value};

/// Declares every set that a rule names, in the order in which they are first named.
pub(super) fn declare_sets(model: &mut Model) {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut found: Vec<(&str, FamilySet, Loc)> = Vec::new();
    for chain in &model.chains {
        for rule in &chain.rules {
            for name in options(rule).flat_map(OptionUse::values).filter_map(set_name) {
                let place = *places.entry(name).or_insert(found.len());
                match found.get_mut(place) {
                    Some((_, families, _)) => *families = families.or(chain.families),
                    None => found.push((name, chain.families, rule.loc)),
                }
            }
        }
    }
    let sets = found.into_iter().map(|(name, families, loc)| Set {
        name: name.to_owned(),
        kind: &UNKNOWN,
        families,
        foreign: true,
        options: Vec::new(),
        elements: Vec::new(),
        loc,
    });
    model.sets = sets.collect();
}

fn options(rule: &Rule) -> impl Iterator<Item = &OptionUse> {
    let matched = rule.matches.iter().flat_map(|entry| &entry.options);
    let done = rule.verdicts.iter().flat_map(|verdict| match &verdict.action {
        Action::Target { options, .. } => options.as_slice(),
        Action::Jump(_) | Action::Goto(_) => &[],
    });
    matched.chain(done)
}

fn set_name(value: &Value) -> Option<&str> {
    match value {
        Value::Set(set) => Some(&set.name),
        _ => None,
    }
}
