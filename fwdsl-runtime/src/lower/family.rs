//! The families that a rule can be for: what its matches and its verdicts allow.

use std::collections::HashMap;

use super::sets::set_families;
use crate::catalogue::ValueKind;
use crate::catalogue::{FAMILY, ICMP, OptionSpec};
use crate::family::{Family, FamilySet};
use crate::model::{Action, Chain, Model, OptionUse, Rule, Value};
use crate::table::TableName;

/// Protocols that mean one family alone: ICMP is IPv4's; ICMPv6 is IPv6's; routing, fragment,
/// authentication and destination options are extension headers in IPv6, which `ip6tables -p` never
/// matches (ip6tables(8)).
pub(crate) fn protocol_families(number: u8) -> FamilySet {
    match number {
        1 | 43 | 44 | 51 | 60 => FamilySet::IPV4,
        58 => FamilySet::IPV6,
        _ => FamilySet::BOTH,
    }
}

/// Whether packets of a family can have a protocol: in IPv6 some numbers stand for extension headers, which
/// `ip6tables -p` looks behind (ip6tables(8)). ICMP has no meaning there, but nothing keeps its number out.
pub(crate) fn can_have_protocol(number: u8, family: Family) -> bool {
    family == Family::Ipv4 || number == ICMP || protocol_families(number).contains(family)
}

/// The families in which a value of an option means something.
pub(crate) fn value_families(model: &Model, spec: &OptionSpec, value: &Value) -> FamilySet {
    match value {
        // A set that does not exist is reported as such, not as a matter of families.
        Value::Set(used) => {
            model.set(&used.name).map_or(FamilySet::BOTH, |set| set_families(model, set)).and(spec.families)
        }
        value => literal_families(spec, value),
    }
}

/// The same of a value that says by itself what it is.
fn literal_families(spec: &OptionSpec, value: &Value) -> FamilySet {
    let own = match (value, spec.value) {
        (Value::Address(address), _) => FamilySet::only(address.family()),
        (Value::Endpoint(endpoint), _) => endpoint.family().map_or(FamilySet::BOTH, FamilySet::only),
        (Value::Number(33..), ValueKind::PrefixLength) => FamilySet::IPV6,
        (Value::Number(65_496..), ValueKind::SegmentSize) => FamilySet::IPV4,
        (Value::Protocol(_), ValueKind::ProtocolNumber) => FamilySet::BOTH,
        (Value::Protocol(number), _) => protocol_families(*number),
        (Value::Word(index), kind) => {
            kind.words().get(usize::from(*index)).map_or(FamilySet::BOTH, |word| word.families)
        }
        _ => FamilySet::BOTH,
    };
    spec.families.and(own)
}

fn option_families(model: &Model, option: &OptionUse) -> FamilySet {
    let values = option.values().map(|value| value_families(model, option.spec, value));
    values.reduce(FamilySet::or).unwrap_or(option.spec.families)
}

/// The families that a rule is emitted to; none if its parts exclude each other.
pub(crate) fn rule_families(model: &Model, chain: &Chain, rule: &Rule) -> FamilySet {
    families_of_rule(model, chain, rule, |name| {
        let named = |other: &&Chain| other.table == chain.table && other.name == name;
        let own = model.chains.iter().filter(named).map(|other| model_families(model, other));
        let foreign = model.foreign.iter().filter(|other| other.table == chain.table && other.name == name);
        own.chain(foreign.map(|other| model.families.and(other.families))).reduce(FamilySet::or)
    })
}

/// The families of everything that rules can go to, for whoever asks about many rules.
pub(crate) struct TargetFamilies<'a> {
    of_chains: HashMap<(TableName, &'a str), FamilySet>,
}

impl<'a> TargetFamilies<'a> {
    /// Looks at all chains of a policy, its own and those of others.
    pub(crate) fn new(model: &'a Model) -> TargetFamilies<'a> {
        let own = model.chains.iter().map(|chain| (chain.table, chain.name.as_str(), chain.families));
        let foreign = model.foreign.iter().map(|other| (other.table, other.name.as_str(), other.families));
        let mut of_chains = HashMap::new();
        for (table, name, families) in own.chain(foreign) {
            let all: &mut FamilySet = of_chains.entry((table, name)).or_insert(FamilySet::NONE);
            *all = all.or(model.families.and(families));
        }
        TargetFamilies { of_chains }
    }

    /// The same as [`rule_families`].
    pub(crate) fn of_rule(&self, model: &Model, chain: &Chain, rule: &Rule) -> FamilySet {
        families_of_rule(model, chain, rule, |name| self.of_chains.get(&(chain.table, name)).copied())
    }
}

/// The families of every rule of a policy, chain by chain.
pub(crate) struct RuleFamilies {
    pub(crate) of_chains: Vec<Vec<FamilySet>>,
}

impl RuleFamilies {
    /// Looks at all rules.
    pub(crate) fn new(model: &Model) -> RuleFamilies {
        let targets = TargetFamilies::new(model);
        let of_chain =
            |chain: &Chain| chain.rules.iter().map(|rule| targets.of_rule(model, chain, rule)).collect();
        RuleFamilies { of_chains: model.chains.iter().map(of_chain).collect() }
    }

    /// The rules of a chain that a family has.
    pub(crate) fn rules_of<'a>(
        &'a self,
        model: &'a Model,
        chain: usize,
        family: Family,
    ) -> impl Iterator<Item = &'a Rule> {
        let rules = model.chains[chain].rules.iter().zip(&self.of_chains[chain]);
        rules.filter(move |(_, families)| families.contains(family)).map(|(rule, _)| rule)
    }
}

fn families_of_rule(
    model: &Model,
    chain: &Chain,
    rule: &Rule,
    of_target: impl Fn(&str) -> Option<FamilySet>,
) -> FamilySet {
    let said =
        rule.matches.iter().filter(|entry| *entry.extension == FAMILY).flat_map(|entry| &entry.options);
    let said = said.map(|option| option_families(model, option)).fold(rule.families, FamilySet::and);
    let stated = model_families(model, chain).and(said);
    let mut families = stated;
    for entry in &rule.matches {
        families = families.and(entry.extension.families);
        let options = entry.options.iter().filter(|option| !(rule.exact && is_stated(stated, option)));
        families = options.map(|option| option_families(model, option)).fold(families, FamilySet::and);
    }
    for verdict in &rule.verdicts {
        families = families.and(match &verdict.action {
            // A chain that does not exist is reported as such, not as a matter of families.
            Action::Jump(target) | Action::Goto(target) => of_target(target).unwrap_or(FamilySet::BOTH),
            Action::Target { extension, options } => options
                .iter()
                .map(|option| option_families(model, option))
                .fold(extension.families, FamilySet::and),
        });
    }
    families
}

/// Whether the family of an exact rule is said beside its protocol, which then does not tell it: `ip6tables -p icmp` is a
/// rule, if not one that packets match.
fn is_stated(stated: FamilySet, option: &OptionUse) -> bool {
    stated != FamilySet::BOTH && option.spec.value == ValueKind::Protocol
}

/// The families that a chain is for.
pub(crate) fn model_families(model: &Model, chain: &Chain) -> FamilySet {
    model.families.and(chain.families)
}

/// The values of an option that a family has; of a rule whose sets are settled.
pub(super) fn values_of(option: &OptionUse, family: Family) -> Vec<Value> {
    option.values().filter(|value| is_of_family(option.spec, value, family)).cloned().collect()
}

/// Whether a family has a value; a set is settled where it has it.
pub(super) fn is_of_family(spec: &OptionSpec, value: &Value, family: Family) -> bool {
    match value {
        Value::Set(set) => set.kernel.is_some(),
        value => literal_families(spec, value).contains(family),
    }
}
