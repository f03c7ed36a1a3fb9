//! What new connections a policy lets through, exactly, with the rule that decides each.
//!
//! It is what the policy does otherwise than a firewall that lets nothing new through, as `compare` tells it.

use super::access_rows::{Row, row};
use super::openings::{Decider, Stance, baseline, decider, stance_of, with_own_verdicts};
use crate::analysis::{Change, compare_rulesets, evaluate, way_of};
use crate::catalogue::ACCEPT;
use crate::family::{Family, FamilySet};
use crate::loc::{Loc, Located};
use crate::lower::{Ruleset, lower};
use crate::model::{Action, Chain, ChainPolicy, Few, Match, Model, Rule, Scope, Verdict};
use crate::table::{Hook, TableName, Way};

/// How many steps the comparison of a family may take: about a second.
const STEPS: u64 = 10_000_000;

/// What new connections may come by a way.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) hook: Hook,
    pub(super) stance: Stance,
    pub(super) rows: Vec<Row>,
    /// The families of which not all is told.
    pub(super) cut: FamilySet,
    /// The families that it takes too long to tell of.
    pub(super) undecided: FamilySet,
}

/// What may be opened to the host, through it and from it; nothing where the policy has no table `filter`.
pub(super) fn access(model: &Model, rulesets: &[Ruleset]) -> Vec<Access> {
    let hooks = [Hook::Input, Hook::Forward, Hook::Output];
    let new = |hook| Access {
        hook,
        stance: stance_of(model, hook),
        rows: Vec::new(),
        cut: FamilySet::NONE,
        undecided: FamilySet::NONE,
    };
    let mut list: Vec<Access> = hooks.into_iter().map(new).collect();
    let mut is_there = false;
    for ruleset in rulesets {
        let (Some(filter), Some(old)) = (filter(ruleset), baseline(model, ruleset)) else { continue };
        is_there = true;
        let own = with_own_verdicts(&filter);
        let found = own.and_then(|(own, deciders)| {
            compare_rulesets(&old, &own, STEPS).ok().map(|found| (found.changes, deciders))
        });
        match found {
            Some((changes, deciders)) => {
                for change in &changes {
                    let of_hook = list.iter_mut().find(|access| access.hook == change.hook);
                    of_hook.into_iter().for_each(|access| access.add(change, &deciders));
                }
            }
            None => {
                for access in &mut list {
                    access.undecided = access.undecided.or(FamilySet::only(ruleset.family));
                }
            }
        }
    }
    if !is_there {
        return Vec::new();
    }
    for access in &mut list {
        // As the rules stand in the policy; what no rule decides comes last.
        access
            .rows
            .sort_by_key(|row| row.by.map_or((usize::MAX, usize::MAX), |(chain, rule, _)| (chain, rule)));
    }
    add_assertions(model, &mut list);
    list
}

/// The table `filter` alone.
fn filter(ruleset: &Ruleset) -> Option<Ruleset> {
    let table = ruleset.table(TableName::Filter)?;
    Some(Ruleset { tables: vec![table.clone()], ..ruleset.clone() })
}

impl Access {
    fn add(&mut self, change: &Change, deciders: &[Decider]) {
        let decider = decider(deciders, &change.new);
        let verdict = decider.map_or(&change.new, |decider| &decider.verdict);
        let is_meant = match self.stance {
            Stance::Closed => !change.old.is_accept() && !verdict.is_refusal(),
            Stance::Open => change.old.is_accept() && !verdict.is_accept(),
        };
        if !is_meant {
            return;
        }
        let families = FamilySet::only(change.family);
        if !change.is_complete {
            self.cut = self.cut.or(families);
        }
        for line in &change.lines {
            let by = decider.map(|decider| (decider.origin.chain, decider.origin.rule, decider.loc));
            let new = row(line, verdict.participle(), by, families);
            match self.rows.iter_mut().find(|row| row.says_the_same(&new)) {
                Some(row) => {
                    row.families = row.families.or(families);
                    row.packets.extend(new.packets);
                }
                None => self.rows.push(new),
            }
        }
    }
}

/// Finds the assertions that speak of the packet of a row.
fn add_assertions(model: &Model, list: &mut [Access]) {
    for (number, assertion) in model.assertions().iter().enumerate() {
        for (place, case) in assertion.cases().iter().enumerate() {
            for access in &mut *list {
                if !is_about(&assertion.scope, access.hook, case.matches()) {
                    continue;
                }
                for family in Family::ALL {
                    let Some(asked) = pattern(model, access.hook, case.matches(), family) else { continue };
                    for row in &mut access.rows {
                        let mut packets = row.packets.iter().filter(|packet| packet.family() == family);
                        let is_meant = packets.any(|packet| {
                            let verdicts = evaluate(&asked, TableName::Filter, access.hook.name(), packet);
                            verdicts.is_some_and(|verdicts| verdicts.contains(&&ACCEPT))
                        });
                        if is_meant && !row.assertions.contains(&(number, place)) {
                            row.assertions.push((number, place));
                        }
                    }
                }
            }
        }
    }
}

/// Whether an assertion is about packets at a hook of `filter`.
fn is_about(scope: &Scope, hook: Hook, matches: &[Match]) -> bool {
    match scope {
        Scope::Chain { table, name } => *table == TableName::Filter && name == hook.name(),
        Scope::Host(way) => way.unwrap_or_else(|| way_of(matches)) == way_to(hook),
    }
}

fn way_to(hook: Hook) -> Way {
    match hook {
        Hook::Forward => Way::Through,
        Hook::Output | Hook::Postrouting => Way::Out,
        Hook::Prerouting | Hook::Input => Way::In,
    }
}

/// A firewall that accepts the packets of a pattern and no others: so a pattern means what a rule means.
fn pattern(model: &Model, hook: Hook, matches: &[Match], family: Family) -> Option<Ruleset> {
    let accept = Action::Target { extension: &ACCEPT, options: Vec::new() };
    let rule = Rule {
        families: FamilySet::BOTH,
        matches: matches.to_vec(),
        verdicts: Few::one(Verdict { action: accept, loc: Loc::default() }),
        comment: None,
        exact: false,
        levels: Vec::new(),
        loc: Loc::default(),
    };
    let chain = Chain {
        table: TableName::Filter,
        name: hook.name().to_owned(),
        policy: Some(Located::new(ChainPolicy::Drop, Loc::default())),
        position: None,
        families: FamilySet::BOTH,
        doc: String::new(),
        rules: vec![rule],
        levels: Vec::new(),
        optimise: false,
        loc: Loc::default(),
    };
    let asked = Model { chains: vec![chain], sets: model.sets.clone(), ..Model::default() };
    lower(&asked, family)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::analysis::{Event, Packet, trace_chain};
    use crate::syntax::compile;

    /// Policies without matches that the packet does not tell, of IPv4, whose addresses need no quotes.
    const POLICIES: [&str; 4] = [
        "chain INPUT policy drop {
             in lo => accept; ct established|related => accept;
             from 10.0.0.0/8 tcp dport ssh => jump ADMIN;
             in eth0 tcp dport [http, https] => accept;
             udp dport 53 to !10.0.0.9 => accept;
             from 10.1.0.0/16 => accept;
         }
         chain ADMIN { from 10.2.0.0/16 => return; from 10.0.0.0/16 => drop; tcp => accept; }",
        "chain INPUT policy accept {
             from 10.1.0.0/16 => accept;
             tcp dport ssh => reject; in eth0 udp => drop; from 10.0.0.0/8 tcp => jump MORE;
         }
         chain MORE { tcp dport [80, 443] => drop; }",
        "chain INPUT { tcp dport 22 => accept; from 10.0.0.0/16 => accept; udp => accept; _ => log, reject; }",
        "own chains; chain INPUT { tcp dport 22 => drop; tcp dport 80 => accept; from 10.1.0.0/16 => accept; }",
    ];

    /// Packets around all that the policies ask for.
    fn packets() -> Vec<Packet> {
        let mut packets = Vec::new();
        for from in [[10, 0, 0, 9], [10, 1, 0, 9], [10, 2, 0, 9], [192, 0, 2, 1]] {
            for to in [[10, 0, 0, 9], [203, 0, 113, 1]] {
                for (protocol, dport) in [(6, 22), (6, 80), (6, 443), (6, 53), (17, 53), (17, 22), (47, 0)] {
                    for interface in ["eth0", "eth1"] {
                        let [from, to] = [from, to].map(|octets: [u8; 4]| IpAddr::V4(Ipv4Addr::from(octets)));
                        let mut packet = Packet::new(from, to, protocol);
                        packet.in_interface = Some(interface.to_owned());
                        packet.dport = dport;
                        packets.push(packet);
                    }
                }
            }
        }
        packets
    }

    /// The packets of a row, as a firewall that accepts these alone.
    fn covered(row: &Row) -> Ruleset {
        let words = [row.who.clone(), row.what.clone()].concat().join(" ");
        let words = if words.is_empty() { "_" } else { &words };
        let source = format!("chain INPUT policy drop {{ {words} => accept; }}");
        let compiled = compile(source.parse().expect("tokens"));
        assert!(compiled.diagnostics.iter().all(|found| found.lint.is_some()), "{source}");
        lower(&compiled.model, Family::Ipv4).expect("it is for both families")
    }

    #[test]
    fn a_packet_is_in_the_rows_of_the_rule_that_decides_it_and_in_no_other() {
        for source in POLICIES {
            let compiled = compile(source.parse().expect("tokens"));
            assert!(
                compiled.is_sound() || compiled.diagnostics.iter().all(|found| found.lint.is_some()),
                "{source}"
            );
            let model = compiled.model;
            let ruleset = lower(&model, Family::Ipv4).expect("it is for IPv4");
            let list = access(&model, std::slice::from_ref(&ruleset));
            let input = &list[0];
            assert!(!input.rows.is_empty() && input.cut.is_empty() && input.undecided.is_empty());
            let covered: Vec<(&Row, Ruleset)> = input.rows.iter().map(|row| (row, covered(row))).collect();
            for packet in packets() {
                let covers = |(_, of): &&(&Row, Ruleset)| {
                    evaluate(of, TableName::Filter, "INPUT", &packet) == Some(vec![&ACCEPT])
                };
                let trace =
                    trace_chain(&ruleset, TableName::Filter, "INPUT", &packet, None).expect("it is there");
                let [verdict] = trace.verdicts.as_slice() else { panic!("{:?}", trace.verdicts) };
                let decides = trace.steps.last().and_then(|step| match &step.event {
                    Event::Rule(met) => Some(met.loc),
                    _ => None,
                });
                let is_accepted = **verdict == ACCEPT;
                let covering: Vec<&Row> = covered.iter().filter(covers).map(|(row, _)| *row).collect();
                let is_told = match input.stance {
                    // What is left to others is told too.
                    Stance::Closed => is_accepted || **verdict == crate::catalogue::RETURN,
                    Stance::Open => !is_accepted,
                };
                assert_eq!(!covering.is_empty(), is_told, "{packet} {verdict:?} {covering:?}\n{source}");
                for row in covering {
                    assert_eq!(row.by.map(|(.., loc)| loc), decides, "{packet} {row:?}\n{source}");
                }
            }
        }
    }

    #[test]
    fn an_assertion_stands_at_the_rows_that_it_speaks_of() {
        let source = "chain INPUT policy drop { tcp dport ssh => accept; tcp dport http => accept; }
             assert INPUT { tcp dport ssh => accept; in eth0 udp => drop; }
             assert host { in eth0 tcp dport http ct new => accept; }";
        let model = compile(source.parse().expect("tokens")).model;
        let rulesets: Vec<Ruleset> = Family::ALL.iter().filter_map(|family| lower(&model, *family)).collect();
        let list = access(&model, &rulesets);
        let found: Vec<&[(usize, usize)]> =
            list[0].rows.iter().map(|row| row.assertions.as_slice()).collect();
        assert_eq!(found, [&[(0, 0)], &[(1, 0)]]);
        assert!(list[0].rows.iter().all(|row| row.families == FamilySet::BOTH));
    }
}
