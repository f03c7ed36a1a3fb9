//! The families that a rule can be for: what its matches and its verdicts allow.

use super::sets::set_families;
use crate::catalogue::OptionSpec;
use crate::catalogue::ValueKind;
use crate::family::{Family, FamilySet};
use crate::model::{Action, Chain, Model, OptionUse, Rule, Value};

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
    let stated = model_families(model, chain).and(rule.families);
    let mut families = stated;
    for entry in &rule.matches {
        families = families.and(entry.extension.families);
        let options = entry.options.iter().filter(|option| !(rule.exact && is_stated(stated, option)));
        families = options.map(|option| option_families(model, option)).fold(families, FamilySet::and);
    }
    for verdict in &rule.verdicts {
        families = families.and(match &verdict.action {
            Action::Jump(target) | Action::Goto(target) => {
                let named = |other: &&Chain| other.table == chain.table && other.name == *target;
                let own = model.chains.iter().filter(named).map(|other| model_families(model, other));
                let foreign =
                    model.foreign.iter().filter(|other| other.table == chain.table && other.name == *target);
                let targets = own.chain(foreign.map(|other| model.families.and(other.families)));
                // A chain that does not exist is reported as such, not as a matter of families.
                targets.reduce(FamilySet::or).unwrap_or(FamilySet::BOTH)
            }
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
