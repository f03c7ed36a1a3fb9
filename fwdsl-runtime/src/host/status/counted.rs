//! How many packets each rule of the policy has matched.

use super::drift::Same;
use crate::emit::emit_rule;
use crate::family::Family;
use crate::host::outlook::Origin;
use crate::host::plan::Seen;
use crate::loc::Loc;
use crate::lower::{Rule, Ruleset};
use crate::restore_text::Counters;

/// The rules of a chain of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainCount {
    /// The table.
    pub table: String,
    /// The chain, as it is written in the policy.
    pub chain: String,
    /// Where it is written.
    pub loc: Loc,
    /// The rules, in order.
    pub rules: Vec<RuleCount>,
    /// The packets that came to the end of a built-in chain, by family, and its policy.
    pub ends: Vec<(Family, String, Counters)>,
}

/// A rule of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCount {
    /// Where it is written.
    pub loc: Loc,
    /// The first line that it is in iptables.
    pub text: String,
    /// What each family has counted.
    pub families: Vec<FamilyCount>,
}

/// What a family has counted of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyCount {
    /// The family.
    pub family: Family,
    /// How many lines the rule is in iptables.
    pub lines: usize,
    /// The packets that it has matched; `None` if lines of it that count are not there.
    pub counters: Option<Counters>,
}

impl RuleCount {
    /// What both families have counted.
    pub fn total(&self) -> Counters {
        let counted = self.families.iter().filter_map(|family| family.counters);
        counted.fold(Counters::default(), sum)
    }
}

fn sum(one: Counters, other: Counters) -> Counters {
    Counters {
        packets: one.packets.saturating_add(other.packets),
        bytes: one.bytes.saturating_add(other.bytes),
    }
}

/// The policy's chains and rules; nothing is counted yet. `families` are those that the kernel was asked about.
pub(super) fn chains(origin: Origin<'_>, families: &[Family]) -> Vec<ChainCount> {
    if families.is_empty() {
        return Vec::new();
    }
    let mut chains: Vec<ChainCount> = origin
        .model
        .chains()
        .iter()
        .map(|chain| {
            let rules = chain.rules().iter();
            let rules =
                rules.map(|rule| RuleCount { loc: rule.loc(), text: String::new(), families: Vec::new() });
            ChainCount {
                table: chain.table().name().to_owned(),
                chain: chain.name().to_owned(),
                loc: chain.loc(),
                rules: rules.collect(),
                ends: Vec::new(),
            }
        })
        .collect();
    for ruleset in origin.rulesets.iter().filter(|ruleset| families.contains(&ruleset.family)) {
        for (chain, rule) in rules(ruleset).filter(|(_, rule)| !rule.origin.leads) {
            let count = &mut chains[rule.origin.chain].rules[rule.origin.rule];
            if count.text.is_empty() {
                count.text = emit_rule(chain, rule, ruleset.family);
            }
            match count.families.iter_mut().find(|count| count.family == ruleset.family) {
                Some(count) => count.lines += 1,
                None => count.families.push(FamilyCount { family: ruleset.family, lines: 1, counters: None }),
            }
        }
    }
    chains
}

fn rules(ruleset: &Ruleset) -> impl Iterator<Item = (&crate::lower::Chain, &Rule)> {
    let chains = ruleset.tables.iter().flat_map(|table| &table.chains);
    chains.flat_map(|chain| chain.rules.iter().map(move |rule| (chain, rule)))
}

/// Adds what the kernel has counted for a family.
pub(super) fn add(chains: &mut [ChainCount], ruleset: &Ruleset, seen: &Seen, same: &[Same]) {
    let family = ruleset.family;
    let mut found: Vec<(usize, usize, usize, Counters)> = Vec::new();
    for Same { place: [table, chain, rule], counters } in same {
        let origin = ruleset.tables[*table].chains[*chain].rules[*rule].origin;
        if origin.counts {
            found.push((origin.chain, origin.rule, 1, *counters));
        }
    }
    found.sort_by_key(|(chain, rule, ..)| (*chain, *rule));
    let mut wanted: Vec<(usize, usize)> = rules(ruleset)
        .filter(|(_, rule)| rule.origin.counts)
        .map(|(_, rule)| (rule.origin.chain, rule.origin.rule))
        .collect();
    wanted.sort_unstable();
    for lines in wanted.chunk_by(|one, other| one == other) {
        let (chain, rule) = lines[0];
        let start = found.partition_point(|(of, rule_of, ..)| (*of, *rule_of) < (chain, rule));
        let there = found[start..].iter().take_while(|(of, rule_of, ..)| (*of, *rule_of) == (chain, rule));
        let counters: Vec<Counters> = there.map(|(.., counters)| *counters).collect();
        let count = &mut chains[chain].rules[rule];
        if let Some(count) = count.families.iter_mut().find(|count| count.family == family) {
            let complete = counters.len() == lines.len();
            count.counters = complete.then(|| counters.into_iter().fold(Counters::default(), sum));
        }
    }
    for table in &ruleset.tables {
        let Some(now) = seen.tables.table(table.name.name()) else { continue };
        for chain in &mut *chains {
            let of_table = chain.table == now.name && table.chain(&chain.chain).is_some();
            let there = now.chains.iter().find(|there| there.name == chain.chain && of_table);
            if let Some((there, policy)) = there.and_then(|there| Some((there, there.policy.clone()?))) {
                chain.ends.push((family, policy, there.counters));
            }
        }
    }
}
