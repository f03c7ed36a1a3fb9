//! Lowered rules. They are written only: they follow from the policy.

use serde_json::Value;

use super::chain::{policy_word, write_position};
use super::object::Object;
use super::place::Writer;
use super::rule::{write_action, write_match};
use crate::emit::emit_rule;
use crate::family::Family;
use crate::ipset::KernelSet;
use crate::loc::Loc;
use crate::lower::{Chain, HookJump, Rule, Ruleset, Table};

pub(super) fn write_ruleset(ruleset: &Ruleset, writer: Writer<'_>) -> Value {
    Object::default()
        .if_true("chains_alone", ruleset.chains_alone)
        .list("tables", &ruleset.tables, |table| write_table(table, ruleset.family, writer))
        .list("sets", &ruleset.sets, |set| write_kernel_set(set))
        .into()
}

fn write_table(table: &Table, family: Family, writer: Writer<'_>) -> Value {
    Object::one("name", table.name.name())
        .list("chains", &table.chains, |chain| write_chain(chain, family, writer))
        .list("hooks", &table.hooks, |jump| write_hook(jump, writer))
        .with("foreign_chains", table.foreign.clone())
        .into()
}

fn write_chain(chain: &Chain, family: Family, writer: Writer<'_>) -> Value {
    Object::one("name", chain.name.as_str())
        .maybe("policy", chain.policy.map(policy_word))
        .if_true("auxiliary", chain.auxiliary)
        .list("rules", &chain.rules, |rule| write_rule(chain, rule, family, writer))
        .into()
}

fn write_rule(chain: &Chain, rule: &Rule, family: Family, writer: Writer<'_>) -> Value {
    // What lowering makes has no place of its own, or that of the rule that it comes from.
    Object::one("text", emit_rule(chain, rule, family))
        .list("matches", &rule.matches, |entry| write_match(entry, rule.loc, writer))
        .with("verdict", write_action(&rule.action, rule.loc, writer))
        .maybe("loc", writer.loc(rule.loc, Loc::default()))
        .into()
}

fn write_hook(jump: &HookJump, writer: Writer<'_>) -> Value {
    Object::one("hook", jump.hook.name())
        .with("chain", jump.chain.as_str())
        .with("position", write_position(&jump.position))
        .maybe("loc", writer.loc(jump.loc, Loc::default()))
        .into()
}

fn write_kernel_set(set: &KernelSet) -> Value {
    Object::one("name", set.name.as_str())
        .with("source", set.source.as_str())
        .if_any("kind", set.kind.name)
        .maybe("family", set.family.map(Family::name))
        .with("parameters", set.parameters.as_str())
        .with("elements", set.elements.clone())
        .if_true("keep", set.keep)
        .if_true("changes_by_itself", set.changes_by_itself)
        .if_true("foreign", set.foreign)
        .into()
}
