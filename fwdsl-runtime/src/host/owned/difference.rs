//! What is not as it was to be, in words.

use super::goal::Goal;
use crate::restore_text::{NormalTable, Protocols, SavedTable, normal_table};

/// Why a goal is not reached that was to be, by what is there.
pub(super) fn difference(goal: &Goal, now: &SavedTable, protocols: &Protocols) -> String {
    let table = goal.table();
    match goal.whole {
        true => {
            let (wanted, found) = (normal_table(&goal.chains, protocols), normal_table(now, protocols));
            format!("in table {table}, {}", first_difference(&wanted, &found))
        }
        false => format!("chains of ours, or the jumps to them, in table {table}"),
    }
}

fn first_difference(wanted: &NormalTable, found: &NormalTable) -> String {
    for (name, chain) in &wanted.chains {
        let Some(other) = found.chains.get(name) else { return format!("chain {name} is missing") };
        if chain.policy != other.policy {
            let text = |policy: &Option<String>| policy.clone().unwrap_or_else(|| "none".to_owned());
            return format!(
                "the policy of {name} is {} instead of {}",
                text(&other.policy),
                text(&chain.policy)
            );
        }
        let longest = chain.rules.len().max(other.rules.len());
        let pair = |index: usize| (chain.rules.get(index), other.rules.get(index));
        if let Some((wanted, found)) = (0..longest).map(pair).find(|(wanted, found)| wanted != found) {
            let text = |rule: Option<&String>| rule.map_or("no rule".to_owned(), |rule| format!("`{rule}`"));
            return format!("there is {} instead of {}", text(found), text(wanted));
        }
    }
    let more = found.chains.keys().find(|name| !wanted.chains.contains_key(*name));
    format!("there is a chain {} too many", more.map_or("", String::as_str))
}
