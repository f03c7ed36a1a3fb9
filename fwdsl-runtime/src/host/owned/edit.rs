//! From what is there to what is to be: the lines that `iptables-restore --noflush` gets.

use std::collections::HashSet;

use super::goal::{Goal, Place, PlacedRule, SharedChain, is_built_in};
use crate::edits::{Edit as Step, edits_within};
use crate::host::counters::Known;
use crate::restore_text::{Counters, Protocols, SavedChain, SavedRule, SavedTable, normal_rule};

/// How many rules of a chain may be changed one by one; iptables counts through the chain for each.
const STEPS_MAX: usize = 500;

/// A change of one table, as one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    /// The lines, `*table` to `COMMIT`.
    pub(crate) text: String,
    /// The table once they are loaded.
    pub(crate) after: SavedTable,
    /// Our chains that are filled.
    pub(crate) written: Vec<String>,
    /// Our chains that go.
    pub(crate) removed: Vec<String>,
    /// The chains of others in which rules of ours come, go or move.
    pub(crate) moved: Vec<String>,
}

/// What brings the goal about; `None` if it is reached.
///
/// # Errors
/// In words, if a rule is to stand beside one that is not there.
pub(crate) fn edit(now: &SavedTable, goal: &Goal, protocols: &Protocols) -> Result<Option<Edit>, String> {
    let mut draft = Draft::new(now);
    for chain in &goal.chains.chains {
        draft.write(now, &goal.chains, chain, protocols);
    }
    for shared in &goal.shared {
        draft.share(now, shared, protocols)?;
    }
    let others = now.user_chains().filter(|chain| goal.whole && !goal.chains.has_chain(chain));
    draft.remove(&others.map(str::to_owned).chain(goal.absent.iter().cloned()).collect::<Vec<_>>());
    Ok(draft.finish(now, &goal.chains))
}

/// An edit in the making: its lines by kind, since chains are declared before they are filled or gone to, and
/// are left by all rules before they go.
struct Draft {
    chains: Vec<String>,
    deletions: Vec<String>,
    rules: Vec<String>,
    insertions: Vec<String>,
    removals: Vec<String>,
    after: SavedTable,
    written: Vec<String>,
    removed: Vec<String>,
    moved: Vec<String>,
}

impl Draft {
    fn new(now: &SavedTable) -> Draft {
        Draft {
            chains: Vec::new(),
            deletions: Vec::new(),
            rules: Vec::new(),
            insertions: Vec::new(),
            removals: Vec::new(),
            after: now.clone(),
            written: Vec::new(),
            removed: Vec::new(),
            moved: Vec::new(),
        }
    }

    /// Makes a chain that is ours as a whole what it is to be, unless it is.
    fn write(&mut self, now: &SavedTable, wanted: &SavedTable, chain: &SavedChain, protocols: &Protocols) {
        let name = &chain.name;
        let normal = |table: &SavedTable| -> Vec<String> {
            table.rules_of(name).map(|rule| normal_rule(&rule.text, protocols)).collect()
        };
        let there = now.chains.iter().find(|there| there.name == *name);
        // Under nft, a built-in chain that accepts need not be there, if the table is.
        let accepts = is_built_in(&now.name, name) && !now.chains.is_empty();
        let policy = there.and_then(|there| there.policy.as_deref()).or(accepts.then_some("ACCEPT"));
        let (old, new) = (normal(now), normal(wanted));
        let same_policy = policy == chain.policy.as_deref();
        if (there.is_some() || accepts) && same_policy && old == new {
            return;
        }
        let steps =
            edits_within(&old, &new, STEPS_MAX).filter(|steps| steps.iter().any(|step| step.is_same()));
        // A rule that is left alone keeps its counters and, under nft, the state of its matches.
        let rules = with_counters(wanted.rules_of(name), now.rules_of(name), protocols);
        if let Some(steps) = steps {
            self.change(name, &steps, &rules);
            if !same_policy {
                self.chains.push(chain_line(chain, now));
            }
        } else {
            self.refill(name, there.is_some(), &rules);
            self.chains.push(chain_line(chain, now));
        }
        self.after.set_chain(chain.clone(), rules);
        self.written.push(name.clone());
    }

    /// Removes and inserts single rules of a chain, by their numbers.
    fn change(&mut self, chain: &str, steps: &[Step], rules: &[SavedRule]) {
        let mut length = steps.iter().filter(|step| step.is_same()).count();
        for step in steps.iter().rev() {
            if let Step::Old(at) = step {
                self.deletions.push(format!("-D {chain} {}", at + 1));
            }
        }
        for step in steps {
            if let Step::New(at) = *step {
                self.insertions.push(insertion(chain, &rules[at], at, length));
                length += 1;
            }
        }
    }

    /// Empties a chain and fills it.
    fn refill(&mut self, chain: &str, is_there: bool, rules: &[SavedRule]) {
        // A chain line flushes a user's chain alone.
        if is_there && is_built_in(&self.after.name, chain) {
            self.deletions.push(format!("-F {chain}"));
        }
        self.rules.extend(rules.iter().map(line));
    }

    /// Puts rules of ours where they belong among those of others, unless they stand there.
    fn share(&mut self, now: &SavedTable, shared: &SharedChain, protocols: &Protocols) -> Result<(), String> {
        let normal = |rule: &str| normal_rule(rule, protocols);
        let is_ours: HashSet<String> = shared.ours.iter().map(|rule| normal(rule)).collect();
        let there: Vec<&SavedRule> = now.rules_of(&shared.name).collect();
        let (ours, others): (Vec<&SavedRule>, Vec<&SavedRule>) =
            there.iter().partition(|rule| is_ours.contains(&normal(&rule.text)));
        let mut gaps: Vec<Vec<SavedRule>> = vec![Vec::new(); others.len() + 1];
        let saved: Vec<SavedRule> = shared.wanted.iter().map(PlacedRule::saved).collect();
        let saved = with_counters(&saved, ours.iter().copied(), protocols);
        for (placed, rule) in shared.wanted.iter().zip(saved) {
            gaps[find_gap(&shared.name, &others, &placed.place)?].push(rule);
        }
        let mut wanted: Vec<(SavedRule, bool)> = Vec::new();
        for (index, gap) in gaps.into_iter().enumerate() {
            wanted.extend(gap.into_iter().map(|rule| (rule, true)));
            wanted.extend(others.get(index).map(|rule| ((*rule).clone(), false)));
        }
        let texts = wanted.iter().map(|(rule, _)| normal(&rule.text));
        if texts.eq(there.iter().map(|rule| normal(&rule.text))) {
            return Ok(());
        }
        // By what it says a rule is found even if its number has changed. iptables-nft does not find every rule
        // again, so where nobody else has rules, the chain is flushed; our jumps it finds.
        if others.is_empty() && !ours.iter().all(|rule| is_plain_jump(&rule.text)) {
            self.deletions.push(format!("-F {}", shared.name));
        } else {
            self.deletions.extend(ours.iter().map(|rule| format!("-D{}", &rule.text["-A".len()..])));
        }
        for (index, (rule, is_ours)) in wanted.iter().enumerate() {
            if *is_ours {
                self.insertions.push(insertion(&shared.name, rule, index, wanted.len() - 1));
            }
        }
        let rules = wanted.into_iter().map(|(rule, _)| rule).collect();
        self.after.set_rules(&shared.name, rules);
        self.moved.push(shared.name.clone());
        Ok(())
    }

    /// Removes chains. One that a rule of others goes to cannot go: it is emptied, so that they pass.
    fn remove(&mut self, absent: &[String]) {
        let there = |name: &&String| self.after.chains.iter().any(|chain| chain.name == **name);
        let going: Vec<&String> = absent.iter().filter(there).collect();
        let kept = still_used(&self.after, &going);
        let (kept, going): (Vec<&String>, Vec<&String>) =
            going.iter().partition(|name| kept.contains(**name));
        for name in kept {
            if self.after.rules_of(name).next().is_some() {
                self.removals.push(format!("-F {name}"));
                self.after.set_rules(name, Vec::new());
                self.written.push(name.clone());
            }
        }
        // All of them are emptied first, for they may go to each other.
        self.removals.extend(going.iter().map(|name| format!("-F {name}")));
        self.removals.extend(going.iter().map(|name| format!("-X {name}")));
        for name in going {
            self.after.set_rules(name, Vec::new());
            self.after.chains.retain(|chain| chain.name != *name);
            self.removed.push(name.clone());
        }
    }

    /// All of it, if it changes anything. Each change of a legacy table sets the counters of policies to zero, so those of
    /// ours are said again.
    fn finish(mut self, now: &SavedTable, wanted: &SavedTable) -> Option<Edit> {
        let lines = [&self.chains, &self.deletions, &self.rules, &self.insertions, &self.removals];
        if lines.iter().all(|lines| lines.is_empty()) {
            return None;
        }
        for chain in wanted.chains.iter().filter(|chain| chain.policy.is_some()) {
            let line = chain_line(chain, now);
            if now.has_chain(&chain.name) && !self.chains.contains(&line) {
                self.chains.push(line);
            }
        }
        let lines = [self.chains, self.deletions, self.rules, self.insertions, self.removals].concat();
        let text = format!("*{}\n{}\nCOMMIT\n", self.after.name, lines.join("\n"));
        let (written, removed, moved) = (self.written, self.removed, self.moved);
        Some(Edit { text, after: self.after, written, removed, moved })
    }
}

/// Those of `going` that rules go to which stay.
pub(super) fn still_used(table: &SavedTable, going: &[&String]) -> HashSet<String> {
    let mut kept: HashSet<String> = HashSet::new();
    loop {
        let stays = |chain: &str| kept.contains(chain) || !going.iter().any(|name| *name == chain);
        let used = table.rules.iter().filter(|rule| stays(rule.chain())).filter_map(SavedRule::target);
        let found: Vec<&str> = used.filter(|target| !stays(target)).collect();
        if found.is_empty() {
            return kept;
        }
        let found: Vec<String> = found.into_iter().map(str::to_owned).collect();
        kept.extend(found);
    }
}

/// The rules, each that brings no counters with those of the rule in `now` that says the same.
fn with_counters<'a>(
    rules: impl IntoIterator<Item = &'a SavedRule>,
    now: impl Iterator<Item = &'a SavedRule>,
    protocols: &Protocols,
) -> Vec<SavedRule> {
    let now: Vec<&SavedRule> = now.collect();
    let mut known = Known::new(now, protocols);
    let rule = |rule: &SavedRule| {
        let kept = known.take(rule);
        SavedRule { counters: rule.counters.or(kept), ..rule.clone() }
    };
    rules.into_iter().map(rule).collect()
}

/// The line that declares a chain. A policy that stays keeps its counters, unless others are given.
fn chain_line(chain: &SavedChain, now: &SavedTable) -> String {
    let same = now.chains.iter().find(|there| there.name == chain.name && there.policy == chain.policy);
    let counters = match (chain.counters == Counters::default(), same) {
        (true, Some(same)) if chain.policy.is_some() => same.counters,
        _ => chain.counters,
    };
    format!(":{} {} {counters}", chain.name, chain.policy.as_deref().unwrap_or("-"))
}

/// The line that puts a rule at a place of a chain that has `length` rules by then.
fn insertion(chain: &str, rule: &SavedRule, at: usize, length: usize) -> String {
    let rest = rule.text.strip_prefix(&format!("-A {chain}")).unwrap_or_default();
    let text = match at == length {
        true => rule.text.clone(),
        false => format!("-I {chain} {}{rest}", at + 1),
    };
    line(&SavedRule { text, ..rule.clone() })
}

/// A rule with its counters, where it has some that are worth a word.
fn line(rule: &SavedRule) -> String {
    match rule.counters {
        Some(counters) if counters != Counters::default() => format!("{counters} {}", rule.text),
        _ => rule.text.clone(),
    }
}

fn is_plain_jump(rule: &str) -> bool {
    let words: Vec<&str> = rule.split_whitespace().collect();
    matches!(words.as_slice(), ["-A", _, "-j", _])
}

/// Behind how many of the rules of others a place is.
fn find_gap(chain: &str, others: &[&SavedRule], place: &Place) -> Result<usize, String> {
    let goes_to = |anchor: &str| {
        let anchor = anchor.to_owned();
        move |rule: &&SavedRule| rule.target() == Some(anchor.as_str())
    };
    let missing = |anchor: &str| format!("no rule of {chain} goes to `{anchor}`");
    match place {
        Place::First => Ok(0),
        Place::Last => Ok(others.len()),
        Place::Before(anchor) => others.iter().position(goes_to(anchor)).ok_or_else(|| missing(anchor)),
        Place::After(anchor) => {
            others.iter().rposition(goes_to(anchor)).map(|at| at + 1).ok_or_else(|| missing(anchor))
        }
        Place::Behind(_, None) => Ok(0),
        // The rules of others may have changed since: then behind the same one, the nearest if there are several.
        Place::Behind(count, Some(previous)) => {
            let same = (1..=others.len()).filter(|gap| others[gap - 1].text == *previous);
            Ok(same.min_by_key(|gap| gap.abs_diff(*count)).unwrap_or(others.len().min(*count)))
        }
    }
}

#[cfg(test)]
mod tests;
