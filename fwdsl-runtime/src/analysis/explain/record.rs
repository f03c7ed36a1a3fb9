//! What a walk recorded, as steps for people.

use super::super::answer::{Answer, Asked};
use super::super::packet::Packet;
use super::super::walk::{Ends, Met, Thing};
use super::reason::reasons;
use super::{Event, MetRule, Step};
use crate::emit::emit_rule;
use crate::family::Family;
use crate::lower::Table;
use crate::table::Hook;
use crate::variant::Variant;

/// A recorded walk through a table.
pub(super) struct Recorded<'a> {
    pub(super) hook: Option<Hook>,
    pub(super) table: &'a Table,
    pub(super) chain: usize,
    pub(super) packet: &'a Packet,
    pub(super) met: &'a [Met],
    pub(super) ends: &'a Ends<'a>,
    pub(super) family: Family,
    pub(super) variant: Option<Variant>,
}

/// The steps of a walk, the policy at the end among them if it comes to that.
pub(super) fn steps_of(recorded: &Recorded<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = recorded.met.iter().filter_map(|met| step(recorded, met)).collect();
    let Recorded { hook, table, chain, ends, .. } = recorded;
    let chain = &table.chains[*chain];
    if let Some(policy) = chain.policy.filter(|_| !ends.returns.is_empty()) {
        steps.push(Step {
            hook: *hook,
            table: table.name,
            chain: chain.name.clone(),
            depth: 0,
            certain: ends.verdicts.is_empty() && recorded.met.first().is_none_or(|met| met.certain),
            event: Event::Policy(policy),
        });
    }
    steps
}

fn step(recorded: &Recorded<'_>, met: &Met) -> Option<Step> {
    let Recorded { hook, table, packet, family, variant, .. } = *recorded;
    let chain = &table.chains[met.chain];
    let event = match met.what {
        Thing::End if chain.policy.is_some() => return None,
        Thing::End => Event::End,
        Thing::Rule { index, answer, tiny } => {
            let rule = &chain.rules[index];
            let asked = met.states.iter().map(|state| Asked { packet, state: *state, variant });
            Event::Rule(MetRule {
                number: index + 1,
                loc: rule.loc,
                text: emit_rule(chain, rule, family),
                answer,
                reasons: if answer == Answer::Yes {
                    Vec::new()
                } else {
                    reasons(rule, answer, asked, family)
                },
                may_drop: tiny,
            })
        }
    };
    let (name, depth, certain) = (chain.name.clone(), met.depth, met.certain);
    Some(Step { hook, table: table.name, chain: name, depth, certain, event })
}
