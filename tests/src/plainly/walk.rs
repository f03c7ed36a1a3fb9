//! A packet's way.

use std::collections::HashSet;

use fwdsl::analysis::Packet;

use super::read::{Firewall, Rule, Target};
use super::{Answer, Guess};

/// Where in a table a packet may begin: the built-in chains whose packets have such interfaces.
#[must_use]
pub fn starts(firewall: &Firewall, packet: &Packet) -> Vec<usize> {
    let names: &[&str] = match (&packet.in_interface, &packet.out_interface) {
        (Some(_), None) => &["PREROUTING", "INPUT"],
        (Some(_), Some(_)) => &["FORWARD", "POSTROUTING"],
        (None, Some(_)) => &["OUTPUT", "POSTROUTING"],
        (None, None) => &[],
    };
    names.iter().filter_map(|name| firewall.names.get(*name).copied()).collect()
}

/// Whether there are such packets: `ip6tables -p` looks behind the headers that these numbers stand for (ip6tables(8)).
#[must_use]
pub fn can_be(packet: &Packet) -> bool {
    packet.from.is_ipv4() || ![0, 43, 44, 51, 60].contains(&packet.protocol)
}

/// The lines of all rules that may come to match a packet which enters a chain.
#[must_use]
pub fn met(firewall: &Firewall, start: usize, packet: &Packet, guess: Guess<'_>) -> HashSet<u32> {
    let mut walk = Walk { firewall, packet, guess, met: HashSet::new() };
    walk.chain(start, 0);
    walk.met
}

struct Walk<'a> {
    firewall: &'a Firewall,
    packet: &'a Packet,
    guess: Guess<'a>,
    met: HashSet<u32>,
}

impl Walk<'_> {
    /// Leads the packet through a chain, and tells whether it may come back.
    fn chain(&mut self, chain: usize, depth: u32) -> bool {
        assert!(depth < 200, "chains call each other in a circle");
        let firewall = self.firewall;
        let mut comes_back = false;
        for rule in &firewall.chains[chain] {
            let answer = self.answer(rule);
            if answer == Answer::No {
                continue;
            }
            self.met.insert(rule.line);
            let goes_on = match &rule.target {
                Target::Pass | Target::MayEnd => true,
                Target::End => false,
                Target::Return => {
                    comes_back = true;
                    false
                }
                Target::Jump(name) => self.chain(firewall.names[name], depth + 1),
                Target::Goto(name) => {
                    comes_back |= self.chain(firewall.names[name], depth + 1);
                    false
                }
            };
            if answer == Answer::Yes && !goes_on {
                return comes_back;
            }
        }
        true
    }

    fn answer(&self, rule: &Rule) -> Answer {
        let mut all = Answer::Yes;
        for test in &rule.tests {
            all = all.min(test.answer(self.packet, self.guess));
            if all == Answer::No {
                break;
            }
        }
        all
    }
}
