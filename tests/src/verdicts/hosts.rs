//! Random rules of all tables at once.

use std::fmt::Write as _;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::table::{Hook, TableName};

use super::network::Conntrack;
use super::packets::addresses;
use super::rules::{Rule, random_rules};
use crate::random::Random;

/// The text of all tables of a host, through which some packets come.
#[must_use]
pub fn random_host(random: &mut Random, family: Family, conntrack: Conntrack) -> String {
    let mut text = String::new();
    for table in TableName::ALL {
        let is_there = match table {
            TableName::Nat => conntrack == Conntrack::On && !random.one_in(5),
            TableName::Filter => true,
            TableName::Raw | TableName::Mangle | TableName::Security => random.one_in(2),
        };
        if !is_there {
            continue;
        }
        let rules = match table {
            TableName::Nat => random_nat(random, family),
            _ => random_rules(random, family, table, conntrack),
        };
        let is_open = table != TableName::Filter || random.one_in(2);
        text += &if is_open { rules.replace(" DROP [0:0]", " ACCEPT [0:0]") } else { rules };
    }
    text
}

/// The text of the table `nat`. Which targets a chain may have depends on the hooks that lead to it.
fn random_nat(random: &mut Random, family: Family) -> String {
    let mut text = "*nat\n".to_owned();
    for hook in TableName::Nat.hooks() {
        let _ = writeln!(text, ":{} ACCEPT [0:0]", hook.name());
    }
    text += ":arriving - [0:0]\n:leaving - [0:0]\n";
    let chains = TableName::Nat.hooks().iter().map(|hook| (hook.name(), Some(*hook)));
    for (chain, hook) in chains.chain([("arriving", None), ("leaving", None)]) {
        let arrives = matches!(hook, Some(Hook::Prerouting | Hook::Output)) || chain == "arriving";
        for _ in 0..1 + random.below(6) {
            let conntrack = Conntrack::On;
            let mut rule = Rule { random, family, conntrack, opaque: false, hook, protocol: None };
            let matches = rule.matches(TableName::Nat);
            let target = match (rule.random.below(8), hook) {
                (0, _) => " -j ACCEPT".to_owned(),
                (1, _) => " -j RETURN".to_owned(),
                (2, Some(_)) => format!(" -j {}", if arrives { "arriving" } else { "leaving" }),
                (3, Some(Hook::Postrouting)) => " -j MASQUERADE".to_owned(),
                _ if arrives => rule.other_destination(),
                _ => rule.other_source(),
            };
            let _ = writeln!(text, "-A {chain}{matches}{target}");
        }
    }
    text + "COMMIT\n"
}

impl Rule<'_> {
    /// A port behind an address, for the protocols that have them.
    fn translated_port(&mut self) -> &'static str {
        let has_ports = matches!(self.protocol, Some("tcp" | "udp" | "sctp"));
        if has_ports && self.random.one_in(2) { self.random.pick(&["22", "80", "8000", "1"]) } else { "" }
    }

    /// An address of those that rules speak of, with a port or without.
    fn end(&mut self) -> String {
        let address = self.random.pick(addresses(self.family));
        match (self.translated_port(), self.family) {
            ("", _) => address.to_owned(),
            (port, Family::Ipv4) => format!("{address}:{port}"),
            (port, Family::Ipv6) => format!("[{address}]:{port}"),
        }
    }

    fn other_destination(&mut self) -> String {
        match self.random.below(4) {
            0 => match self.translated_port() {
                "" => " -j REDIRECT".to_owned(),
                port => format!(" -j REDIRECT --to-ports {port}"),
            },
            1 => format!(" -j NETMAP --to {}", self.mapped()),
            _ => format!(" -j DNAT --to-destination {}", self.end()),
        }
    }

    fn other_source(&mut self) -> String {
        match self.random.below(4) {
            0 => format!(" -j NETMAP --to {}", self.mapped()),
            _ => format!(" -j SNAT --to-source {}", self.end()),
        }
    }

    fn mapped(&self) -> &'static str {
        if self.family == Family::Ipv4 { "10.1.2.0/24" } else { "fd00:1::/64" }
    }
}
