//! The form in which tables are compared: what the kernel does, not how a program prints it.

use std::collections::BTreeMap;

use super::{Protocols, SavedTable, builtin_chains};

/// A table without counters and without the order of its chains.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NormalTable {
    /// The chains by name; every built-in chain is among them.
    pub chains: BTreeMap<String, NormalChain>,
}

/// A chain of a [`NormalTable`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NormalChain {
    /// The policy of a built-in chain.
    pub policy: Option<String>,
    /// The rules in order, each as [`normal_rule`] makes it.
    pub rules: Vec<String>,
}

/// The form in which two tables are equal if and only if they do the same to packets in the same way.
///
/// A built-in chain that the text leaves out accepts: nft makes such chains only when they are needed.
pub fn normal_table(table: &SavedTable, protocols: &Protocols) -> NormalTable {
    let mut normal = NormalTable::default();
    for name in builtin_chains(&table.name).unwrap_or_default() {
        let chain = NormalChain { policy: Some("ACCEPT".to_owned()), rules: Vec::new() };
        normal.chains.insert((*name).to_owned(), chain);
    }
    for chain in &table.chains {
        normal.chains.entry(chain.name.clone()).or_default().policy.clone_from(&chain.policy);
    }
    for rule in &table.rules {
        let chain = normal.chains.entry(rule.chain().to_owned()).or_default();
        chain.rules.push(normal_rule(&rule.text, protocols));
    }
    normal
}

/// A rule with its protocol as a number: whether `gre` or `47` is printed depends on the machine's /etc/protocols.
pub fn normal_rule(text: &str, protocols: &Protocols) -> String {
    // Only the text before the first quote is looked at: options come before any quoted value there, since a
    // rule's protocol precedes its matches in iptables-save's order.
    let unquoted = text.find('"').unwrap_or(text.len());
    let Some(at) = text[..unquoted].find(" -p ") else { return text.to_owned() };
    let value_at = at + " -p ".len();
    let value_end = text[value_at..].find(' ').map_or(text.len(), |length| value_at + length);
    match protocols.number(&text[value_at..value_end]) {
        None => text.to_owned(),
        Some(number) => format!("{}{number}{}", &text[..value_at], &text[value_end..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restore_text::parse;

    fn normal(text: &str) -> NormalTable {
        let protocols = Protocols::with_file("ospf 89 OSPFIGP # routing\n");
        normal_table(&parse(text).unwrap().tables[0], &protocols)
    }

    #[test]
    fn names_and_numbers_of_protocols_are_equal() {
        for (name, number) in [("gre", 47), ("ospfigp", 89), ("ipv6-icmp", 58), ("icmpv6", 58)] {
            let rule = |protocol: &str| {
                normal(&format!(
                    "*filter\n-A INPUT ! -p {protocol} -m comment --comment \"a -p b\" -j DROP\nCOMMIT\n"
                ))
            };
            assert_eq!(rule(name), rule(&number.to_string()));
        }
    }

    #[test]
    fn a_quoted_option_is_left_alone() {
        let text = "-A INPUT -m comment --comment \"x -p tcp \"";
        assert_eq!(normal_rule(text, &Protocols::default()), text);
    }

    #[test]
    fn chains_left_out_accept_and_their_order_does_not_count() {
        assert_eq!(
            normal("*filter\n:B - [0:0]\n:A - [1:1]\n-A B -j DROP\n-A A -j A1\nCOMMIT\n"),
            normal(
                "*filter\n:INPUT ACCEPT [3:3]\n:A - [0:0]\n:B - [0:0]\n[1:1] -A A -j A1\n-A B -j DROP\nCOMMIT\n"
            ),
        );
    }

    #[test]
    fn policies_chains_and_the_order_of_rules_count() {
        let base = normal("*filter\n:A - [0:0]\n-A A -j DROP\n-A A -j ACCEPT\nCOMMIT\n");
        for other in [
            "*filter\n:A - [0:0]\n-A A -j ACCEPT\n-A A -j DROP\nCOMMIT\n",
            "*filter\n:INPUT DROP [0:0]\n:A - [0:0]\n-A A -j DROP\n-A A -j ACCEPT\nCOMMIT\n",
            "*filter\n:A - [0:0]\n:B - [0:0]\n-A A -j DROP\n-A A -j ACCEPT\nCOMMIT\n",
        ] {
            assert_ne!(base, normal(other));
        }
    }
}
