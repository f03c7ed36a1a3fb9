//! What becomes of the packets of a pattern: every verdict that one of them can get, with a packet for each.
//!
//! Each verdict is put to the proof, as an assertion that no packet of the pattern gets it. So what is said is exact, or
//! said to be not decided.

use super::super::evaluate::add;
use super::super::finding::Problem;
use super::super::packet::Packet;
use super::super::prove::prove;
use super::super::travel::lets_pass;
use super::super::walk::any_verdict;
use super::{Trace, trace_chain, trace_host};
use crate::catalogue::{ACCEPT, DROP, Extension, Flow, RAW, RETURN};
use crate::family::{Family, FamilySet};
use crate::loc::Loc;
use crate::lower::{Ruleset, Table, lower};
use crate::model::{Action, Assertion, AssertionCase, Claim, Match, Model, Outcome, Scope};
use crate::table::{TableName, Way};
use crate::variant::Variant;

/// Where the packets of a question go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Through a chain, from its top.
    Chain(TableName, String),
    /// The whole way through the host, which the interfaces of the pattern tell: `in` alone is for this host, `in` and
    /// `out` is routed through, `out` alone is made here. Without any it is for this host.
    Host,
}

/// What becomes of the packets of a pattern, in one family.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The family.
    pub family: Family,
    /// For each verdict that is possible a packet that can get it, and its way.
    pub answers: Vec<(&'static Extension, Trace)>,
    /// The verdicts of which it is not decided whether they are possible.
    pub undecided: Vec<&'static Extension>,
}

/// Explains what becomes of the packets that a pattern covers; `None` if there are none in this family. The model has
/// passed the checks, and has the chain that is asked for.
pub fn explain(
    model: &Model,
    matches: &[Match],
    family: Family,
    place: &Place,
    variant: Option<Variant>,
) -> Option<Explanation> {
    let mut model = model.clone();
    model.families = model.families.and(FamilySet::only(family));
    let empty = || Ruleset { family, tables: Vec::new(), chains_alone: false, sets: Vec::new() };
    let ruleset = lower(&model, family).unwrap_or_else(empty);
    let mut explanation = Explanation { family, answers: Vec::new(), undecided: Vec::new() };
    let way = way_of(matches);
    let (table, chain) = match place {
        Place::Chain(table, chain) => (*table, chain.clone()),
        Place::Host => (TableName::Filter, way.filter().name().to_owned()),
    };
    let candidates = candidates(&ruleset, place);
    let scope = match place {
        Place::Chain(..) => Scope::Chain { table, name: chain.clone() },
        Place::Host => Scope::Host(Some(way)),
    };
    // A line for each verdict tells the findings apart.
    let case = |(line, verdict): (u32, &&'static Extension)| AssertionCase {
        matches: matches.to_vec(),
        claim: Claim { negated: true, outcome: Outcome::Verdict(vec![verdict]), loc: Loc::line(line) },
        loc: Loc::line(line),
    };
    model.assertions =
        vec![Assertion { scope, loc: Loc::default(), cases: (1..).zip(&candidates).map(case).collect() }];
    let mut findings = prove(&model).into_iter().peekable();
    // Of packets that get another verdict than was looked for.
    let mut others: Vec<Trace> = Vec::new();
    for (line, verdict) in (1..).zip(&candidates) {
        let Some(finding) = findings.next_if(|finding| finding.loc == Loc::line(line)) else { continue };
        let trace = match finding.problem {
            Problem::NoPacket => return None,
            Problem::Broken(found) => follow(&ruleset, place, &chain, table, &found.packet, variant),
            Problem::NotDecided { .. } | Problem::NotFollowed | Problem::TooDeep => None,
        };
        match trace {
            Some(trace) if trace.verdicts.contains(verdict) => explanation.answers.push((verdict, trace)),
            trace => {
                explanation.undecided.push(verdict);
                others.extend(trace);
            }
        }
    }
    for trace in others {
        explanation.add(&trace);
    }
    Some(explanation)
}

impl Explanation {
    /// Adds the verdicts of a packet that no other one showed to be possible.
    fn add(&mut self, trace: &Trace) {
        for verdict in &trace.verdicts {
            if !self.answers.iter().any(|(known, _)| known == verdict) {
                self.answers.push((verdict, trace.clone()));
            }
        }
        self.undecided.retain(|verdict| !self.answers.iter().any(|(known, _)| known == verdict));
    }
}

/// The way of the packets that a pattern speaks of.
pub fn way_of(matches: &[Match]) -> Way {
    let mut options = matches.iter().flat_map(|entry| &entry.options);
    let (mut incoming, mut outgoing) = (false, false);
    options.by_ref().for_each(|option| {
        incoming |= option.spec.name == "in";
        outgoing |= option.spec.name == "out";
    });
    Way::of_interfaces(incoming, outgoing)
}

fn follow(
    ruleset: &Ruleset,
    place: &Place,
    chain: &str,
    table: TableName,
    packet: &Packet,
    variant: Option<Variant>,
) -> Option<Trace> {
    match place {
        Place::Host => trace_host(ruleset, packet, variant),
        Place::Chain(..) => trace_chain(ruleset, table, chain, packet, variant),
    }
}

/// Every verdict that there may be.
fn candidates(ruleset: &Ruleset, place: &Place) -> Vec<&'static Extension> {
    let mut verdicts = vec![&ACCEPT, &DROP];
    let asked = |table: &&Table| match place {
        Place::Chain(name, _) => table.name == *name,
        Place::Host => true,
    };
    for table in ruleset.tables.iter().filter(asked) {
        for rule in table.chains.iter().flat_map(|chain| &chain.rules) {
            match &rule.action {
                Action::Target { extension, .. } if **extension == RAW => {
                    any_verdict().for_each(|verdict| add(&mut verdicts, verdict));
                }
                Action::Target { extension, .. } if extension.flow != Flow::Continues => {
                    add(&mut verdicts, extension);
                }
                Action::Jump(name) | Action::Goto(name) if table.is_foreign(name) => {
                    any_verdict().for_each(|verdict| add(&mut verdicts, verdict));
                }
                _ => {}
            }
        }
    }
    match place {
        Place::Chain(..) => add(&mut verdicts, &RETURN),
        // What lets a packet pass leads to the next table, and at last to its being accepted.
        Place::Host => verdicts.retain(|verdict| **verdict == ACCEPT || !lets_pass(verdict)),
    }
    verdicts
}
