//! What rules do beside giving verdicts: what they change, what they remember, where they lead.

use super::meaning::changes_of;
use crate::catalogue::{Aspects, Flow, RAW, RETURN};
use crate::lower::{Rule, Table};
use crate::model::{Action, Match};

/// What the rules that a rule leads to may change of packets that come back.
pub(crate) fn changes_on_return(table: &Table, action: &Action) -> Aspects {
    let mut seen = vec![false; table.chains.len()];
    let mut open = vec![action];
    let mut all = Aspects::NONE;
    while let Some(action) = open.pop() {
        let ends = |flow| flow == Flow::Ends;
        if matches!(action, Action::Target { extension, .. } if ends(extension.flow)) {
            continue;
        }
        all = all.or(changes_of(table, action));
        if let Action::Jump(name) | Action::Goto(name) = action
            && let Some(to) = table.position(name)
            && !std::mem::replace(&mut seen[to], true)
        {
            open.extend(table.chains[to].rules.iter().map(|rule| &rule.action));
        }
    }
    all
}

/// Whether a rule remembers something from packet to packet: then two of it are not the same as one.
pub(crate) fn has_state(rule: &Rule) -> bool {
    rule.matches.iter().any(Match::is_stateful)
        || matches!(&rule.action, Action::Target { extension, options }
            if extension.stateful || **extension == RAW || options.iter().any(|option| option.spec().stateful))
}

/// Whether a rule leads out of its chain to the caller, or to another one in its stead.
pub(crate) fn leaves(rule: &Rule) -> bool {
    match &rule.action {
        Action::Goto(_) => true,
        Action::Jump(_) => false,
        Action::Target { extension, .. } => **extension == RETURN || **extension == RAW,
    }
}
