//! Neighbouring rules as one: with several verdicts, or with a list.
//!
//! Whether the lowering makes the same lines of it is seen later; here is what it mostly does.

use super::entry::Entry;
use super::form::Form;
use crate::catalogue::{CORE, Flow, ICMP_TYPE, ICMP6_TYPE, List, MULTIPORT, PORTS, TCP};
use crate::family::FamilySet;
use crate::model::{Action, Match, OptionUse, Rule, Value, Verdict};

/// The most verdicts that one rule is given.
const VERDICTS_MAX: usize = 4;

/// The most rules that several lists of one rule stand for: beyond, the lowering makes chains.
const PRODUCT_MAX: usize = 16;

/// The most values of a list whose rule does not end: each is compared with each.
const OPEN_LIST_MAX: usize = 100;

/// Puts rules together where that says the same.
pub(super) fn group(entries: Vec<Entry>) -> Vec<Entry> {
    let mut entries = merge_all(entries, same_question, |rule, other, ()| {
        rule.verdicts.extend(other.verdicts.iter().cloned());
    });
    loop {
        let before = entries.len();
        entries = merge_all(entries, differing_list, |rule, other, (place, index)| {
            let values = &other.matches[place].options[index].values;
            rule.matches[place].options[index].values.extend(values.iter().cloned());
        });
        if entries.len() == before {
            entries.iter_mut().for_each(sort_by_family);
            return entries;
        }
    }
}

/// Puts the addresses of each family together, in their order.
fn sort_by_family(entry: &mut Entry) {
    for option in entry.rule.matches.iter_mut().flat_map(|entry| &mut entry.options) {
        option.values.sort_by_key(|value| match &value.value {
            Value::Address(address) => Some(address.family()),
            _ => None,
        });
    }
}

/// Merges each rule with those that follow it, as far as `merge` can.
fn merge_all<T>(
    entries: Vec<Entry>,
    may_merge: fn(&Entry, &Entry) -> Option<T>,
    merge: fn(&mut Rule, &Rule, T),
) -> Vec<Entry> {
    let mut merged: Vec<Entry> = Vec::with_capacity(entries.len());
    let mut open = false;
    for entry in entries {
        let Some((last, how)) =
            merged.last_mut().and_then(|last| may_merge(last, &entry).map(|how| (last, how)))
        else {
            merged.push(entry);
            open = false;
            continue;
        };
        if !open {
            let first = last.clone();
            last.parts = vec![first];
            open = true;
        }
        merge(&mut last.rule, &entry.rule, how);
        last.families = last.families.or(entry.families);
        last.lines.extend(entry.lines.iter().cloned());
        last.parts.push(entry);
    }
    merged
}

/// Whether two rules may become one. Where something is said of the second, it begins something new.
fn both_natural(a: &Entry, b: &Entry) -> bool {
    let natural = |entry: &Entry| entry.form == Form::Natural && !entry.has_finding;
    natural(a)
        && natural(b)
        && a.rule.comment == b.rule.comment
        && b.lines.iter().all(|line| line.notes.is_empty())
}

fn counts(rule: &Rule) -> bool {
    rule.matches.iter().any(Match::is_stateful)
}

/// Whether both ask for the same, so that one rule can have the verdicts of both.
fn same_question(a: &Entry, b: &Entry) -> Option<()> {
    let last = a.rule.verdicts.last()?;
    // A row of calls reads better one below the other.
    let tells = |verdict: &Verdict| match &verdict.action {
        Action::Target { extension, .. } => extension.flow == Flow::Continues,
        Action::Jump(_) | Action::Goto(_) => false,
    };
    let same = both_natural(a, b) && a.families == b.families && a.rule.matches == b.rule.matches;
    let few = a.rule.verdicts.len() + b.rule.verdicts.len() <= VERDICTS_MAX;
    (same && few && tells(last) && !counts(&a.rule)).then_some(())
}

/// The match and the option in whose values alone the rules differ, so that one rule can have those of both.
fn differing_list(a: &Entry, b: &Entry) -> Option<(usize, usize)> {
    if !both_natural(a, b) || a.rule.verdicts != b.rule.verdicts || counts(&a.rule) {
        return None;
    }
    if a.rule.matches.len() != b.rule.matches.len() {
        return None;
    }
    let mut differing = None;
    for (place, (mine, other)) in a.rule.matches.iter().zip(&b.rule.matches).enumerate() {
        if mine.extension != other.extension || mine.options.len() != other.options.len() {
            return None;
        }
        for (index, (mine, other)) in mine.options.iter().zip(&other.options).enumerate() {
            if mine.spec != other.spec || mine.negated != other.negated {
                return None;
            }
            if mine.values != other.values && differing.replace((place, index)).is_some() {
                return None;
            }
        }
    }
    let (place, index) = differing?;
    let (mine, other) = (&a.rule.matches[place].options[index], &b.rule.matches[place].options[index]);
    if mine.negated || !is_choice(&a.rule.matches[place], mine) || !fits_families(a, b, mine) {
        return None;
    }
    let ends = a.rule.verdicts.last().is_some_and(Verdict::is_terminal);
    let is_apart = |mine: &OptionUse, other: &OptionUse| {
        mine.values.len() + other.values.len() <= OPEN_LIST_MAX
            && !mine.values().any(|mine| other.values().any(|other| mine.overlaps(other)))
    };
    // A rule that stands twice in a row is not what a list is for.
    let is_new = mine.values.last() != other.values.first();
    let in_order = keeps_order(&a.rule, place, index, other.values.len());
    (is_new && in_order && (ends || is_apart(mine, other))).then_some((place, index))
}

/// Whether a list in this option becomes one rule for each value.
fn is_choice(entry: &Match, option: &OptionUse) -> bool {
    matches!(option.spec.list, List::Union | List::Apart)
        && ![&PORTS, &MULTIPORT].contains(&entry.extension)
        && option.values().all(|value| !matches!(value, Value::Set(_)))
}

/// Rules of different families go together only by addresses, which say which of the values is for which.
fn fits_families(a: &Entry, b: &Entry, option: &OptionUse) -> bool {
    let of_addresses = |entry: &Entry| {
        let values = entry.rule.uses(option.spec.name).flat_map(OptionUse::values);
        let family = |value: &Value| match value {
            Value::Address(address) => FamilySet::only(address.family()),
            _ => FamilySet::BOTH,
        };
        values.map(family).fold(FamilySet::NONE, FamilySet::or)
    };
    a.families == b.families || [a, b].into_iter().all(|entry| of_addresses(entry) == entry.families)
}

/// The lowering varies the first list slowest, and a list that was put together last is the slowest.
fn keeps_order(rule: &Rule, place: usize, index: usize, more: usize) -> bool {
    let rank = |entry: &Match, option: &OptionUse, place: usize, index: usize| {
        let core = ["from", "to", "in", "out", "proto"];
        let known = core.iter().position(|name| *entry.extension == CORE && option.spec.name == *name);
        match known {
            Some(rank) => (rank, 0, 0),
            None if [&TCP, &ICMP_TYPE, &ICMP6_TYPE].contains(&entry.extension) => (core.len(), place, index),
            None => (core.len() + 1, place, index),
        }
    };
    let entry = &rule.matches[place];
    let mine = rank(entry, &entry.options[index], place, index);
    let mut product = 1;
    let mut lists = 0;
    let mut in_order = true;
    for (other_place, entry) in rule.matches.iter().enumerate() {
        for (other_index, option) in entry.options.iter().enumerate() {
            let more = if (other_place, other_index) == (place, index) { more } else { 0 };
            let count = option.values.len() + more;
            if count < 2 || option.negated || !is_choice(entry, option) {
                continue;
            }
            lists += 1;
            product *= count;
            in_order &= mine <= rank(entry, option, other_place, other_index);
        }
    }
    in_order && (lists < 2 || product <= PRODUCT_MAX)
}
