//! Answers that packets do not tell, as variables that both firewalls share.

use std::collections::BTreeMap;

use crate::analysis::atom::is_steady_extension;
use crate::analysis::diagram::{Literal, Node, READS_FRAGMENTS};
use crate::analysis::meaning::{Meaning, asks_for_both_ports, is_changed, is_modelled, meaning};
use crate::analysis::program::{Classes, has_gaps};
use crate::analysis::region::{Axis, Condition, Span, union};
use crate::analysis::sets::{exact, names_unknown};
use crate::catalogue::{Aspects, CONNTRACK, SET_MATCH};
use crate::emit::{emit_match, emit_sets};
use crate::family::Family;
use crate::lower::Rule;
use crate::model::{Match, OptionUse, Value};

/// What tells an answer from others with the same text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Which {
    /// It is the same wherever it is asked.
    Any,
    /// It is the answer at the n-th place where it is asked.
    Nth(u32),
    /// It is of what has been made of the packet before.
    After(History),
}

/// What has been made of packets on their way to a place, by a number for each distinct way.
pub(super) type History = u32;

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Atom {
    /// The match or target as iptables has it.
    pub(super) text: String,
    pub(super) which: Which,
    /// What packets must be for it to be true.
    pub(super) within: Option<Condition>,
}

/// The answers that either firewall depends on; their numbers are their places.
#[derive(Debug)]
pub(super) struct Atoms {
    pub(super) list: Vec<Atom>,
    numbers: BTreeMap<(String, Which), usize>,
    histories: BTreeMap<(History, Node, String), History>,
}

impl Atoms {
    pub(super) fn new() -> Atoms {
        let mut atoms = Atoms { list: Vec::new(), numbers: BTreeMap::new(), histories: BTreeMap::new() };
        let first = atoms.number("fragments are read".into(), String::new(), Which::Any);
        debug_assert_eq!(first, READS_FRAGMENTS);
        atoms
    }

    /// The number of an answer; `beside` is what it depends on that the text does not say.
    pub(super) fn number(&mut self, text: String, beside: String, which: Which) -> usize {
        let list = &mut self.list;
        *self.numbers.entry((format!("{text}\n{beside}"), which)).or_insert_with(|| {
            list.push(Atom { text, which, within: None });
            list.len() - 1
        })
    }

    /// The way on which packets have also met a rule.
    pub(super) fn history(&mut self, before: History, truth: Node, does: String) -> History {
        let next = self.histories.len() as History + 1;
        *self.histories.entry((before, truth, does)).or_insert(next)
    }
}

/// A match or option of which the packet does not tell the answer.
pub(super) struct Opaque {
    pub(super) text: String,
    beside: String,
    negated: bool,
    of_connections: bool,
    within: Option<Condition>,
    pub(super) kind: Kind,
}

/// How the answers of a match at several places have to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Steady,
    Counted,
    /// It looks at what rules change.
    Changed,
}

impl Opaque {
    /// The literal of it, with the number that `which` gives for what is counted.
    pub(super) fn literal(
        self,
        atoms: &mut Atoms,
        history: History,
        nth: &mut dyn FnMut(&str) -> u32,
    ) -> Literal {
        let which = match self.kind {
            Kind::Steady => Which::Any,
            Kind::Counted => Which::Nth(nth(&self.text)),
            Kind::Changed => Which::After(history),
        };
        let atom = atoms.number(self.text, self.beside, which);
        atoms.list[atom].within = self.within;
        Literal { atom, holds: !self.negated, of_connections: self.of_connections }
    }
}

/// What of a rule packets do not tell, where rules before have changed these aspects.
pub(super) fn opaque_parts(rule: &Rule, family: Family, classes: &Classes, changed: Aspects) -> Vec<Opaque> {
    let mut parts = Vec::new();
    for entry in &rule.matches {
        if *entry.extension == SET_MATCH && exact(entry).is_some() {
            continue;
        }
        if !is_modelled(entry.extension) || *entry.extension == SET_MATCH || asks_for_both_ports(entry) {
            let changed =
                entry.options.iter().any(|option| is_changed(entry.extension, option.spec, changed));
            parts.push(whole(entry, family, changed));
            continue;
        }
        let asks_for_state = entry.options.iter().any(|option| option.spec.name == "ctstate");
        for option in &entry.options {
            let changed = is_changed(entry.extension, option.spec, changed);
            let meaning = meaning(entry.extension, option.spec);
            let is_known = !(meaning == Meaning::Opaque
                || meaning == Meaning::Mark && !classes.marks.are_known()
                || names_unknown(option)
                || option.values().any(has_gaps));
            if is_known && !changed || meaning == Meaning::Always {
                continue;
            }
            let asked = OptionUse { negated: false, ..option.clone() };
            let alone = Match { options: vec![asked], ..entry.clone() };
            let counts = option.spec.stateful || option.spec.name == "ctexpire";
            parts.push(Opaque {
                text: emit_match(&alone, family),
                beside: contents(&alone),
                negated: option.negated,
                of_connections: *entry.extension == CONNTRACK
                    && asks_for_state
                    && option.spec.name != "ctstate",
                within: bounds(option, meaning),
                kind: kind(changed, counts),
            });
        }
    }
    parts
}

/// A match as one answer; the negation of its only option is the negation of that.
fn whole(entry: &Match, family: Family, changed: bool) -> Opaque {
    let mut entry = entry.clone();
    let mut asking = entry.options.iter_mut().filter(|option| !option.spec.only_negated);
    let negated = match (asking.next(), asking.next()) {
        (Some(option), None) => std::mem::replace(&mut option.negated, false),
        _ => false,
    };
    let is_steady = *entry.extension == SET_MATCH || is_steady_extension(entry.extension);
    let counts = entry.is_stateful() || !is_steady;
    let kind = kind(changed, counts);
    Opaque {
        text: emit_match(&entry, family),
        beside: contents(&entry),
        negated,
        of_connections: false,
        within: None,
        kind,
    }
}

/// The addresses among which those of an option are, where its masks have gaps.
fn bounds(option: &OptionUse, meaning: Meaning) -> Option<Condition> {
    let axis = match meaning {
        Meaning::Source => Axis::Source,
        Meaning::Destination => Axis::Destination,
        _ => return None,
    };
    let bounds = option.values().map(|value| match value {
        Value::Address(address) => {
            let (first, last) = address.bounds();
            Some(Span { first, last })
        }
        _ => None,
    });
    Some(Condition::Within(axis, union(bounds.collect::<Option<Vec<Span>>>()?)))
}

fn kind(changed: bool, counts: bool) -> Kind {
    match (counts, changed) {
        (true, _) => Kind::Counted,
        (false, true) => Kind::Changed,
        (false, false) => Kind::Steady,
    }
}

/// The contents of the sets that a match names, as far as the policy has them.
fn contents(entry: &Match) -> String {
    let values = entry.options.iter().flat_map(OptionUse::values);
    let kernel = values.filter_map(|value| match value {
        Value::Set(set) => set.kernel.as_deref().filter(|set| !set.foreign),
        _ => None,
    });
    emit_sets(kernel)
}
