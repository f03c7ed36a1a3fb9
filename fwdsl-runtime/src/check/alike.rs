//! Rules that are sound because another one is.
//!
//! A firewall of many rules has few kinds of them: most differ from one before them in an address or a port alone, of
//! which no check says anything as long as it is a plain one.

use crate::catalogue::{CORE, Extension, ValueKind};
use crate::family::FamilySet;
use crate::model::{Action, Address, Match, Net, OptionUse, PortRange, Rule, Value, to_bits};

/// So many kinds of rules are remembered.
const KINDS_MAX: usize = 16;

/// Exact rules of one chain of which no check had anything to say.
#[derive(Default)]
pub(super) struct Sound<'a> {
    rules: Vec<(&'a Rule, FamilySet)>,
}

impl<'a> Sound<'a> {
    /// Whether no check would say anything of a rule that is emitted to these families, for it said nothing of another.
    pub(super) fn has_like(&mut self, rule: &Rule, families: FamilySet) -> bool {
        let is_like = |(other, others): &(&Rule, FamilySet)| *others == families && are_alike(rule, other);
        match self.rules.iter().position(is_like) {
            Some(place) => {
                // Rules of a kind stand together.
                self.rules.swap(place, 0);
                true
            }
            None => false,
        }
    }

    /// Remembers a rule of which no check said anything.
    pub(super) fn add(&mut self, rule: &'a Rule, families: FamilySet) {
        if rule.exact && rule.comment.is_none() && rule.levels.is_empty() && asks_once(rule) {
            if self.rules.len() == KINDS_MAX {
                self.rules.pop();
            }
            self.rules.insert(0, (rule, families));
        }
    }
}

/// Whether no option stands twice in one match, so that no value has to fit another one.
fn asks_once(rule: &Rule) -> bool {
    let cores = rule.matches.iter().filter(|entry| !entry.extension.module).count();
    let is_once = |entry: &Match| {
        let places = entry.options.iter().enumerate();
        places.clone().all(|(place, option)| {
            entry.options[..place].iter().all(|before| !std::ptr::eq(before.spec, option.spec))
        })
    };
    cores < 2 && rule.matches.iter().all(is_once)
}

fn are_alike(a: &Rule, b: &Rule) -> bool {
    a.exact == b.exact
        && a.families == b.families
        && a.comment == b.comment
        && a.levels == b.levels
        && a.matches.len() == b.matches.len()
        && a.verdicts.len() == b.verdicts.len()
        && a.matches.iter().zip(&b.matches).all(|(a, b)| {
            a.extension == b.extension && are_alike_options(a.extension, &a.options, &b.options)
        })
        && a.verdicts.iter().zip(&b.verdicts).all(|(a, b)| match (a.action(), b.action()) {
            // The chain has been looked at, and its families are those of the rule.
            (Action::Jump(_), Action::Jump(_)) | (Action::Goto(_), Action::Goto(_)) => true,
            (Action::Target { extension, options }, Action::Target { extension: other, options: others }) => {
                extension == other && are_alike_options(extension, options, others)
            }
            _ => false,
        })
}

fn are_alike_options(extension: &Extension, a: &[OptionUse], b: &[OptionUse]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            std::ptr::eq(a.spec, b.spec)
                && a.negated == b.negated
                && a.values.len() == b.values.len()
                && a.values().zip(b.values()).all(|(a_value, b_value)| match (a_value, b_value) {
                    (Value::Address(Address::Net(x)), Value::Address(Address::Net(y)))
                        if *extension == CORE =>
                    {
                        x.prefix == y.prefix && x.family() == y.family() && is_plain(x) && is_plain(y)
                    }
                    (Value::Ports(x), Value::Ports(y)) if matches!(a.spec.value, ValueKind::Port) => {
                        (x.first == x.last) == (y.first == y.last) && is_range(x) && is_range(y)
                    }
                    _ => a_value == b_value,
                })
        })
}

/// Whether no check says anything of a network in an address of the rule itself.
fn is_plain(net: &Net) -> bool {
    to_bits(net.addr) != 0 && net.is_sound()
}

/// Whether no check says anything of ports.
fn is_range(ports: &PortRange) -> bool {
    ports.first <= ports.last && !ports.is_everything()
}

#[cfg(test)]
mod tests {
    use super::super::{check_rules, rules::check_rule};
    use crate::import::import_leniently;
    use crate::lower::RuleFamilies;
    use crate::model::{Address, Few, Model, Net, PortRange, Rule, Value};

    /// The same rule with another value in one of its options.
    fn others(rule: &Rule) -> Vec<Rule> {
        let ports = [(90, 80), (0, 65_535), (80, 90), (7, 7)];
        let ports = ports.map(|(first, last)| Value::Ports(PortRange { first, last }));
        let nets = [
            ("10.0.0.1", 8),
            ("0.0.0.0", 0),
            ("0.0.0.0", 8),
            ("10.0.0.0", 8),
            ("10.1.2.3", 32),
            ("fe80::1", 64),
        ];
        let nets = nets
            .map(|(addr, prefix)| Value::Address(Address::Net(Net { addr: addr.parse().unwrap(), prefix })));
        let rest =
            [Value::Number(0), Value::Number(u64::MAX), Value::Protocol(17), Value::Interface("a/b".into())];
        let mut others = Vec::new();
        for (place, entry) in rule.matches.iter().enumerate() {
            for option in 0..entry.options.len() {
                for value in ports.iter().chain(&nets).chain(&rest) {
                    let mut other = rule.clone();
                    let values: &mut Few<_> = &mut other.matches[place].options[option].values;
                    let Some(first) = values.first_mut() else { continue };
                    if std::mem::discriminant(&first.value) == std::mem::discriminant(value) {
                        first.value = value.clone();
                        others.push(other);
                    }
                }
                let mut other = rule.clone();
                other.matches[place].options[option].negated ^= true;
                others.push(other);
            }
        }
        others
    }

    #[test]
    fn what_is_passed_over_has_no_findings() {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/firewalls");
        let (mut findings, mut all) = (0, 0);
        for name in ["shorewall-dmz.v4", "firehol-gateway.v4", "ufw-home-server.v4", "csf-web-hosting.v4"] {
            let text = std::fs::read_to_string(directory.join(name)).unwrap();
            let mut model: Model = import_leniently(Some((&text, name)), None).model;
            for chain in &mut model.chains {
                chain.rules =
                    chain.rules.drain(..).flat_map(|rule| [others(&rule), vec![rule]].concat()).collect();
                // Each comes behind those that it is like, and before them.
                let again: Vec<Rule> = chain.rules.iter().rev().cloned().collect();
                chain.rules.extend(again);
            }
            let families = RuleFamilies::new(&model);
            let (mut passed_over, mut each) = (Vec::new(), Vec::new());
            check_rules(&model, &families, &mut passed_over);
            for (chain, families) in model.chains().iter().zip(&families.of_chains) {
                for (rule, families) in chain.rules().iter().zip(families) {
                    check_rule(&model, chain, rule, *families, &mut each);
                    all += 1;
                }
            }
            assert!(passed_over == each, "{name}");
            findings += each.len();
        }
        assert!(findings > 1000 && all > 5000, "{findings} findings in {all} rules");
    }
}
