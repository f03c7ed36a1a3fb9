//! Whether new rules would cut off the administrator who loads them: his connection, and the next one.
//!
//! The rules are evaluated before anything is changed, for the packets that the connection depends on (`packets`).

mod packets;

use std::net::IpAddr;
use std::sync::Arc;

use super::netlink::{self, Found, Route};
use super::session::{Caller, Connection};
use crate::analysis::{Answer, Event, Fate, Packet, Step, evaluate_host, trace_host};
use crate::catalogue::ACCEPT;
use crate::family::Family;
use crate::loc::Sources;
use crate::lower::Ruleset;
use crate::model::{Match, Value};
use crate::variant::Variant;
use packets::Needed;

/// What new rules would do to the administrator's connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The packets that no answer lets through, each with what decides that.
    pub cut: Vec<String>,
    /// The packets that may be cut off, by what the rules alone do not tell; and what was not looked at.
    pub doubts: Vec<String>,
}

/// Evaluates the rules, those of the families that are given, for the connection of whoever runs this.
#[must_use]
pub fn check_access(
    rulesets: &[Arc<Ruleset>],
    sources: &Sources,
    caller: &Caller,
    variant: Option<Variant>,
) -> Access {
    let connection = match caller {
        Caller::Ssh(connection) => connection,
        Caller::Remote { by } => {
            let doubt = format!(
                "this session comes from another machine ({by}), but by which connection is not known, so whether the new \
                 rules cut it off was not looked at"
            );
            return Access { cut: Vec::new(), doubts: vec![doubt] };
        }
        Caller::Console | Caller::Unattended => return Access::default(),
    };
    let (here, peer) = (connection.here.ip(), connection.peer.ip());
    let family = if peer.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 };
    let Some(rules) = rulesets.iter().find(|rules| rules.family == family) else {
        return Access::default();
    };
    let Some(route) = netlink::route(here, peer, connection.zone.as_deref()) else {
        let doubt = format!(
            "the connection of this session ({connection}) is not of this network namespace, so whether the new rules \
             cut it off was not looked at"
        );
        return Access { cut: Vec::new(), doubts: vec![doubt] };
    };
    let found = netlink::tracked(connection.here, connection.peer);
    check_connection(rules, sources, connection, &route, &found, variant)
}

fn check_connection(
    rules: &Ruleset,
    sources: &Sources,
    connection: &Connection,
    route: &Route,
    found: &Found,
    variant: Option<Variant>,
) -> Access {
    let mut access = Access::default();
    let of_the_link = on_the_link(rules);
    for needed in packets::needed(connection, route, found, rules) {
        let Needed { what, ways, is_certain, is_of_the_link } = needed;
        let rules = if is_of_the_link { &of_the_link } else { rules };
        let asked = Asked { rules, sources, variant };
        // One way is enough.
        let judged = ways.iter().map(|way| asked.way(way));
        let Some(judged) = judged.min_by_key(|judged| judged.passes) else { continue };
        let Some(decides) = judged.decides else { continue };
        let sentence = format!("{what}: {decides}");
        match judged.passes {
            Passes::Never if is_certain => access.cut.push(sentence),
            Passes::Never | Passes::Perhaps => {
                access.doubts.push(format!("the new rules may cut this session off: {sentence}"));
            }
            Passes::Surely => {}
        }
    }
    access
}

/// The rules as packets with a hop limit of 255 meet them: what asks for that is true.
fn on_the_link(rules: &Ruleset) -> Ruleset {
    let mut rules = rules.clone();
    let is_true = |entry: &Match| {
        let [option] = entry.options() else { return false };
        entry.extension.name == "hl"
            && option.spec().name == "eq"
            && !option.negated()
            && option.values().any(|value| *value == Value::Number(255))
    };
    for rule in rules.tables.iter_mut().flat_map(|table| &mut table.chains).flat_map(|chain| &mut chain.rules)
    {
        rule.matches.retain(|entry| !is_true(entry));
    }
    rules
}

/// Whether packets pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Passes {
    Surely,
    Perhaps,
    Never,
}

/// What became of packets that all have to pass.
struct Judged {
    passes: Passes,
    /// What decides that they do not, in words.
    decides: Option<String>,
}

struct Asked<'a> {
    rules: &'a Ruleset,
    sources: &'a Sources,
    variant: Option<Variant>,
}

impl Asked<'_> {
    /// Sends packets that all have to pass.
    fn way(&self, packets: &[Packet]) -> Judged {
        let mut judged = Judged { passes: Passes::Surely, decides: None };
        for packet in packets {
            let passes = self.packet(packet);
            if passes > judged.passes {
                judged = Judged { passes, decides: Some(self.decides(packet, passes)) };
            }
        }
        judged
    }

    fn packet(&self, packet: &Packet) -> Passes {
        let Fate { verdicts, .. } = evaluate_host(self.rules, packet, self.variant).unwrap_or_default();
        let accepted = verdicts.iter().filter(|verdict| ***verdict == ACCEPT).count();
        match verdicts.len() {
            0 => Passes::Surely,
            count if accepted == count => Passes::Surely,
            // A program that gets it from a queue may let it pass.
            _ if accepted > 0 || verdicts.iter().any(|verdict| verdict.name.contains("QUEUE")) => {
                Passes::Perhaps
            }
            _ => Passes::Never,
        }
    }

    /// The packet, and the rule that decides, with its place.
    fn decides(&self, packet: &Packet, passes: Passes) -> String {
        let trace = trace_host(self.rules, packet, self.variant);
        let steps = trace.map(|trace| trace.steps).unwrap_or_default();
        let (step, word) = match passes {
            // The first that leaves it open; then what comes at the end.
            Passes::Perhaps => (steps.iter().find(|step| is_doubt(step)).or(steps.last()), "may be stopped"),
            Passes::Surely | Passes::Never => (steps.iter().rev().find(|step| ends(step)), "is stopped"),
        };
        let by = step.map_or_else(String::new, |step| self.words(step));
        format!("`{packet}` {word}{by}")
    }

    fn words(&self, step: &Step) -> String {
        match &step.event {
            Event::Rule(rule) => {
                let place = match self.sources.file_of(rule.loc) {
                    "" => String::new(),
                    _ => format!("{}, ", self.sources.place(rule.loc)),
                };
                format!(" by {place}`{}`", rule.text)
            }
            Event::Policy(policy) => {
                format!(
                    " by the policy of {} in table {} ({})",
                    step.chain,
                    step.table,
                    policy.name().to_ascii_lowercase()
                )
            }
            Event::End | Event::Changed(_) => String::new(),
        }
    }
}

fn is_doubt(step: &Step) -> bool {
    matches!(&step.event, Event::Rule(rule) if rule.answer == Answer::Perhaps)
}

fn ends(step: &Step) -> bool {
    match &step.event {
        Event::Rule(rule) => rule.answer != Answer::No,
        Event::Policy(_) => true,
        Event::End | Event::Changed(_) => false,
    }
}

/// The address that all hosts listen to whose address ends like this one (RFC 4291, section 2.7.1).
fn solicited(address: IpAddr) -> IpAddr {
    let mut octets = [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0];
    if let IpAddr::V6(address) = address {
        octets[13..].copy_from_slice(&address.octets()[13..]);
    }
    octets.into()
}

#[cfg(all(test, feature = "syntax"))]
mod tests;
