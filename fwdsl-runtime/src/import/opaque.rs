//! Parts of rules of which nothing is known, in the place of what iptables would refuse.

use std::collections::HashSet;

use crate::catalogue::{CORE, Extension, RAW, RAW_MATCH};
use crate::check::check_whether_it_loads;
use crate::diagnostic::Diagnostic;
use crate::loc::{Loc, Located};
use crate::model::{Action, Few, Match, Model, OptionUse, Rule, Value};

/// The most bytes of a line that are kept as text.
const TEXT_MAX_BYTES: usize = 512;

/// A match that answers as it likes.
pub(super) fn opaque_match(text: &str, loc: Loc) -> Match {
    Match { extension: &RAW_MATCH, options: vec![text_option(&RAW_MATCH, text, loc)], loc }
}

/// A target that does as it likes.
pub(super) fn opaque_target(text: &str, loc: Loc) -> Action {
    Action::Target { extension: &RAW, options: vec![text_option(&RAW, text, loc)] }
}

/// The text is for people: quotes and what is no character of a line are left out.
fn text_option(extension: &'static Extension, text: &str, loc: Loc) -> OptionUse {
    let mut text: String = text.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).collect();
    while text.len() > TEXT_MAX_BYTES {
        text.pop();
    }
    if text.is_empty() {
        text.push('?');
    }
    let spec = &extension.options[0];
    OptionUse { spec, negated: false, values: Few::one(Located::new(Value::Text(text), loc)), loc }
}

/// What becomes of a rule that does not load. The first is tried first: it keeps most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blur {
    /// The matches are sound, and it is the target that does not go with them or the place.
    Target,
    /// The target is sound, and of the matches the rule's own parameters are.
    Extensions,
    /// Only the target is sound.
    Matches,
    /// Nothing is.
    All,
}

const STEPS: [Blur; 4] = [Blur::Target, Blur::Extensions, Blur::Matches, Blur::All];

/// Puts parts of which nothing is known in the place of those for which iptables or the kernel would refuse a rule, and
/// returns why they would.
pub(super) fn blur_refused(model: &mut Model) -> Vec<Diagnostic> {
    let mut refused = check_whether_it_loads(model);
    let first: HashSet<Place> = refused.iter().map(|found| place(found.loc)).collect();
    let sound: Vec<(usize, usize, Rule)> = rules_at(model, &first).collect();
    let mut left: HashSet<Place> = sound.iter().map(|(.., rule)| place(rule.loc)).collect();
    for step in STEPS {
        if left.is_empty() {
            break;
        }
        for (chain, at, rule) in sound.iter().filter(|(.., rule)| left.contains(&place(rule.loc))) {
            model.chains[*chain].rules[*at] = blurred(rule.clone(), step);
        }
        let still = check_whether_it_loads(model);
        let places: HashSet<Place> = still.iter().map(|found| place(found.loc)).collect();
        left.retain(|place| places.contains(place));
        // What is asked of a policy as a whole is asked once its rules are sound.
        refused.extend(still.into_iter().filter(|found| !first.contains(&place(found.loc))));
    }
    refused
}

/// A line of a file.
type Place = (u16, u32);

fn place(loc: Loc) -> Place {
    (loc.file, loc.line)
}

/// The rules of these lines, each with the numbers of its chain and of itself.
fn rules_at(model: &Model, places: &HashSet<Place>) -> impl Iterator<Item = (usize, usize, Rule)> {
    let rules = model
        .chains
        .iter()
        .enumerate()
        .flat_map(|(chain, it)| it.rules.iter().enumerate().map(move |(at, rule)| (chain, at, rule)));
    rules
        .filter(|(.., rule)| places.contains(&place(rule.loc)))
        .map(|(chain, at, rule)| (chain, at, rule.clone()))
}

fn blurred(mut rule: Rule, step: Blur) -> Rule {
    let loc = rule.loc;
    let jumps = rule.verdicts.iter().any(|verdict| !matches!(verdict.action, Action::Target { .. }));
    match step {
        // Where a jump leads has to stay known: the packets of that chain come through it.
        Blur::Target if jumps => return rule,
        Blur::Target => {}
        Blur::Extensions => rule.matches.retain(|entry| *entry.extension == CORE),
        Blur::Matches | Blur::All => rule.matches.clear(),
    }
    if matches!(step, Blur::Target | Blur::All) {
        rule.verdicts.iter_mut().for_each(|verdict| verdict.action = opaque_target("?", loc));
    }
    if step != Blur::Target {
        rule.matches.push(opaque_match("?", loc));
    }
    rule
}
