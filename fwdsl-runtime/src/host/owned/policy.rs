//! Built-in chains whose policies change, under nft.
//!
//! The kernel takes new rules into use at once, and a new policy a moment later. In between, new rules would have the
//! old policy: packets that the new rules leave to a policy of DROP would pass, though the old rules refused them. So the
//! policy changes while a last rule says what the old one said, and the rules change after that:
//!
//! ```text
//! old rules, policy ACCEPT ──▶ old rules, ACCEPT as a rule, policy DROP ──▶ new rules, policy DROP
//! ```
//!
//! Where rules leave the chain for its policy (RETURN, or from a chain that was gone to), a last rule says nothing of
//! their packets. Such a chain is closed for the moment: they are dropped.

use super::goal::Goal;
use crate::restore_text::{Counters, SavedChain, SavedRule, SavedTable};

/// What is done before and after an edit, so that policies change safely.
#[derive(Debug)]
pub(super) struct Guarded {
    /// The table once `before` is loaded.
    pub(super) now: SavedTable,
    /// What the edit is to lead to.
    pub(super) goal: Goal,
    /// A transaction, or nothing.
    pub(super) before: String,
    /// Likewise.
    pub(super) after: String,
}

/// The rule that closes a chain.
const CLOSED: &str = "-m comment --comment \"fwdsl: the policy changes\" -j DROP";

/// Guards the chains of the goal whose policies change.
pub(super) fn guard(now: &SavedTable, goal: &Goal) -> Guarded {
    let (before, after) = (String::new(), String::new());
    let mut guarded = Guarded { now: now.clone(), goal: goal.clone(), before, after };
    let (mut declared, mut before, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for chain in &goal.chains.chains {
        let Some((old, new)) = policies(now, chain) else { continue };
        let name = &chain.name;
        let rule = |text: String| SavedRule { counters: None, text };
        let mut rules: Vec<SavedRule> = now.rules_of(name).cloned().collect();
        if rules.iter().any(leaves_to_policy) || goal.chains.rules_of(name).any(leaves_to_policy) {
            before.push(format!("-I {name} 1 {CLOSED}"));
            after.push(format!("-D {name} 1"));
            let closed = rule(format!("-A {name} {CLOSED}"));
            rules.insert(0, closed.clone());
            let mut wanted: Vec<SavedRule> = goal.chains.rules_of(name).cloned().collect();
            wanted.insert(0, closed);
            guarded.goal.chains.set_rules(name, wanted);
        } else {
            let last = rule(format!("-A {name} -j {old}"));
            declared.push(format!(":{name} {new} {}", Counters::default()));
            before.push(last.text.clone());
            rules.push(last);
            guarded.now.set_chain(SavedChain { counters: Counters::default(), ..chain.clone() }, Vec::new());
        }
        guarded.now.set_rules(name, rules);
    }
    guarded.before = transaction(goal.table(), &[declared, before].concat());
    guarded.after = transaction(goal.table(), &after);
    guarded
}

/// The policy that a chain has and the one that it gets, if it is another.
fn policies<'a>(now: &'a SavedTable, wanted: &'a SavedChain) -> Option<(&'a str, &'a str)> {
    let there = now.chains.iter().find(|there| there.name == wanted.name)?;
    let (old, new) = (there.policy.as_deref()?, wanted.policy.as_deref()?);
    (old != new).then_some((old, new))
}

/// Whether packets may leave the chain by a rule without coming to its end.
fn leaves_to_policy(rule: &SavedRule) -> bool {
    rule.target() == Some("RETURN") || rule.text.contains(" -g ")
}

fn transaction(table: &str, lines: &[String]) -> String {
    match lines.is_empty() {
        true => String::new(),
        false => format!("*{table}\n{}\nCOMMIT\n", lines.join("\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restore_text::parse;

    fn table(text: &str) -> SavedTable {
        parse(&format!("*filter\n{text}COMMIT\n")).unwrap().tables.remove(0)
    }

    #[test]
    fn a_policy_changes_while_a_rule_says_what_it_said() {
        let now = table(":INPUT ACCEPT [1:1]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -j A\n");
        let goal = Goal::whole(&table(":INPUT DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n"));
        let guarded = guard(&now, &goal);
        assert_eq!(guarded.before, "*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n");
        assert_eq!(guarded.after, "");
        assert_eq!(
            guarded.now,
            table(":INPUT DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -j A\n-A INPUT -j ACCEPT\n")
        );
        assert_eq!(guarded.goal, goal);
    }

    #[test]
    fn a_chain_that_packets_leave_for_the_policy_is_closed_meanwhile() {
        let now = table(":INPUT ACCEPT [1:1]\n-A INPUT -g A\n");
        let goal = Goal::whole(&table(":INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n"));
        let guarded = guard(&now, &goal);
        assert_eq!(guarded.before, format!("*filter\n-I INPUT 1 {CLOSED}\nCOMMIT\n"));
        assert_eq!(guarded.after, "*filter\n-D INPUT 1\nCOMMIT\n");
        let closed = format!("-A INPUT {CLOSED}\n");
        assert_eq!(guarded.now, table(&format!(":INPUT ACCEPT [1:1]\n{closed}-A INPUT -g A\n")));
        assert_eq!(
            guarded.goal.chains,
            table(&format!(":INPUT DROP [0:0]\n{closed}-A INPUT -i lo -j ACCEPT\n"))
        );
    }

    #[test]
    fn policies_that_stay_need_no_guard() {
        let now = table(":INPUT DROP [1:1]\n-A INPUT -j RETURN\n");
        let guarded = guard(&now, &Goal::whole(&table(":INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n")));
        assert_eq!((guarded.before, guarded.after), (String::new(), String::new()));
    }
}
