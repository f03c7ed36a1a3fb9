//! What stands in the tables that fwdsl did not put there.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;

use super::report::family_name;
use super::variant;
use crate::family::Family;
use crate::restore_text::{NormalTable, Protocols, SavedTable, SavedText, normal_rule, normal_table};

/// A chain or rule that is neither of the last apply nor of this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Foreign {
    /// Its family.
    #[serde(serialize_with = "family_name")]
    pub family: Family,
    /// Its table.
    pub table: String,
    /// As `iptables -S` prints it: `-N CHAIN` or `-A CHAIN …`.
    pub line: String,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -t {} {}", variant::base(self.family), self.table, self.line)
    }
}

/// What `table` holds that none of `known` explains.
pub(crate) fn find(
    family: Family,
    table: &SavedTable,
    known: &[&SavedText],
    protocols: &Protocols,
) -> Vec<Foreign> {
    let known: Vec<NormalTable> = known
        .iter()
        .filter_map(|text| text.table(&table.name))
        .map(|table| normal_table(table, protocols))
        .collect();
    let chains: HashSet<&str> =
        known.iter().flat_map(|table| table.chains.keys()).map(String::as_str).collect();
    let rules: HashSet<&str> = known
        .iter()
        .flat_map(|table| table.chains.values())
        .flat_map(|chain| &chain.rules)
        .map(String::as_str)
        .collect();
    let user_chains = table.chains.iter().filter(|chain| chain.policy.is_none());
    let foreign_chains = user_chains
        .filter(|chain| !chains.contains(chain.name.as_str()))
        .map(|chain| format!("-N {}", chain.name));
    let foreign_rules = table
        .rules
        .iter()
        .filter(|rule| !rules.contains(normal_rule(&rule.text, protocols).as_str()))
        .map(|rule| rule.text.clone());
    foreign_chains
        .chain(foreign_rules)
        .map(|line| Foreign { family, table: table.name.clone(), line })
        .collect()
}

/// The built-in chains whose policy somebody changed since the last apply, in words.
pub(crate) fn changed_policies(family: Family, table: &SavedTable, last: Option<&SavedText>) -> Vec<String> {
    let Some(last) = last.and_then(|text| text.table(&table.name)) else { return Vec::new() };
    let ours = |name: &str| last.chains.iter().find(|chain| chain.name == name)?.policy.as_deref();
    let changed = |chain: &&crate::restore_text::SavedChain| {
        chain.policy.is_some()
            && ours(&chain.name).is_some_and(|policy| chain.policy.as_deref() != Some(policy))
    };
    table
        .chains
        .iter()
        .filter(changed)
        .map(|chain| {
            let policy = chain.policy.as_deref().unwrap_or_default();
            format!(
                "somebody set the policy of {family} chain {} in table {} to {policy} since the last apply",
                chain.name, table.name
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restore_text::parse;

    #[test]
    fn what_neither_text_explains_is_foreign() {
        let last = parse("*filter\n:A - [0:0]\n-A A -p gre -j DROP\nCOMMIT\n").unwrap();
        let new = parse("*filter\n:B - [0:0]\nCOMMIT\n").unwrap();
        let now = parse(
            "*filter\n:INPUT DROP [0:0]\n:A - [0:0]\n:B - [0:0]\n:C - [0:0]\n-A INPUT -j C\n-A A -p 47 -j DROP\nCOMMIT\n",
        )
        .unwrap();
        let found = find(Family::Ipv4, &now.tables[0], &[&last, &new], &Protocols::default());
        let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["iptables -t filter -N C", "iptables -t filter -A INPUT -j C"]);
    }

    #[test]
    fn a_policy_that_another_set_is_told() {
        let last = parse("*filter\n:INPUT DROP [0:0]\nCOMMIT\n").unwrap();
        let now = parse("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n").unwrap();
        assert_eq!(changed_policies(Family::Ipv4, &now.tables[0], Some(&last)).len(), 1);
        assert_eq!(changed_policies(Family::Ipv4, &last.tables[0], Some(&last)).len(), 0);
    }
}
