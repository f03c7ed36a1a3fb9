//! The filter closed for a moment: nothing passes while tables change whose mixture is not known to be safe.

use super::goal::Goal;
use crate::restore_text::{SavedRule, SavedTable, SavedText, builtin_chains};

/// The table that is closed. Every packet that a host takes in, sends out or routes comes through one of its chains.
pub(crate) const TABLE: &str = "filter";

/// What closes a chain, as `iptables-save` prints it.
const CLOSED: &str = "-m comment --comment \"fwdsl: other tables change\" -j DROP";

fn hooks() -> &'static [&'static str] {
    builtin_chains(TABLE).unwrap_or_default()
}

/// Closes it: gives back the lines, and makes `now` what is there once they are loaded. All other rules stay as they are.
pub(super) fn close(now: &mut SavedText) -> String {
    if now.table(TABLE).is_none() {
        now.tables.push(SavedTable::pristine(TABLE));
    }
    let mut lines = String::new();
    for table in now.tables.iter_mut().filter(|table| table.name == TABLE) {
        for hook in hooks() {
            let rule = SavedRule { counters: None, text: format!("-A {hook} {CLOSED}") };
            let mut rules: Vec<SavedRule> = table.rules_of(hook).cloned().collect();
            if rules.first().is_none_or(|first| first.text != rule.text) {
                lines.push_str(&format!("-I {hook} 1 {CLOSED}\n"));
                rules.insert(0, rule);
                table.set_rules(hook, rules);
            }
        }
    }
    if lines.is_empty() { lines } else { format!("*{TABLE}\n{lines}COMMIT\n") }
}

/// Lets a goal open it again. One that has a chain as a whole does so by itself.
pub(crate) fn open_by(goal: &mut Goal) {
    for hook in hooks().iter().filter(|hook| !goal.holds(hook)).copied().collect::<Vec<_>>() {
        goal.shared(hook).ours.push(format!("-A {hook} {CLOSED}"));
    }
}
