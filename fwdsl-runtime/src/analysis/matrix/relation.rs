//! From rules to who may open a connection to whom.

use super::partition::Relation;
use super::question::{MatrixError, Open, Question};
use super::service::Service;
use crate::analysis::diagram::{ALL, Diagram, Exhausted, Functions, Level, NONE, Node, Space};
use crate::analysis::entry::{Surroundings, entries, hooks};
use crate::analysis::packet::{CtState, Tracking};
use crate::analysis::program::{Action, Classes, Program, Rule, Test, program};
use crate::analysis::region::{Axis, Choice, Condition, Region, Span, WHOLE};
use crate::analysis::sets::PORT_SET_PROTOCOLS;
use crate::analysis::walk::falling_off;
use crate::catalogue::{ACCEPT, DROP, Extension, REJECT, RETURN, TCP_NUMBER};
use crate::lower::Ruleset;
use crate::model::PortRange;

/// How many steps the diagram may take: some seconds.
const STEPS: u64 = 50_000_000;

/// SYN alone, as a number.
const SYN: u32 = 0b00_0010;

/// Who may open a connection to whom, as the question has it.
pub(super) fn relation(ruleset: &Ruleset, question: &Question<'_>) -> Result<Relation, MatrixError> {
    let (table, start) = question.place(ruleset)?;
    let rules = table.chains.iter().flat_map(|chain| &chain.rules).map(|rule| rule.matches.as_slice());
    let program = program(table, ruleset.family, Classes::new(rules));
    let packets = entries(&hooks(table, start), Surroundings::new(ruleset), &program.classes);
    let mut packets = of_service(packets, &question.service);
    if question.from_outside {
        packets = inside(packets, &Condition::Within(Axis::In, outside(&program.classes).into()));
    }
    let program = Settling { packets: &packets, question }.program(program, start);
    let mut diagram = Diagram::new(STEPS);
    let end = verdict(falling_off(&table.chains[start]));
    let accepted = accepted(&mut diagram, &program, start, end, &packets);
    let (accepted, space) = accepted.map_err(|Exhausted| MatrixError::NotDecided)?;
    Ok(rows(&diagram, accepted, &space))
}

/// The first packets of connections to the service.
fn of_service(packets: Vec<Region>, service: &Service) -> Vec<Region> {
    let within = |axis, PortRange { first, last }| {
        Condition::Within(axis, [Span { first: first.into(), last: last.into() }].into())
    };
    let port = |port| PortRange { first: port, last: port };
    let new = Tracking::ALL.iter().enumerate().filter(|(_, tracking)| tracking.state == CtState::New);
    let mut conditions = vec![
        within(Axis::Protocol, port(u16::from(service.protocol))),
        within(Axis::SourcePort, port(service.source_port)),
        within(Axis::DestinationPort, service.ports),
        Condition::OneOf(Choice::Tracking, new.fold(0, |bits, (bit, _)| bits | 1 << bit)),
        // Nobody has answered yet, nor was it expected.
        Condition::OneOf(Choice::Status, 1),
        Condition::OneOf(Choice::Fragment, WHOLE),
    ];
    if service.protocol == TCP_NUMBER {
        conditions.push(Condition::OneOf(Choice::TcpFlags, 1 << SYN));
    }
    conditions.iter().fold(packets, inside)
}

/// The packets of which a condition is true.
fn inside(packets: Vec<Region>, condition: &Condition) -> Vec<Region> {
    let mut inside = Vec::new();
    packets.iter().for_each(|region| region.split(condition, &mut inside, &mut Vec::new()));
    inside
}

/// The interfaces that other hosts are behind. Where no rule tells `lo` from others, all are alike.
fn outside(classes: &Classes) -> Vec<Span> {
    let Span { first, last } = classes.interfaces.any();
    match classes.interfaces.span("lo") {
        Some(lo) if classes.interfaces.name(lo.first).as_deref() == Some("lo") => {
            let parts = [(first, lo.first - 1), (lo.last + 1, last)];
            parts
                .into_iter()
                .filter(|(first, last)| first <= last)
                .map(|(first, last)| Span { first, last })
                .collect()
        }
        _ => vec![Span { first, last }],
    }
}

/// What a verdict is for one who wants a connection: a program that is asked may accept it.
fn verdict(target: &'static Extension) -> &'static Extension {
    let refuses = [&DROP, &REJECT, &RETURN].contains(&target);
    if refuses { &DROP } else { &ACCEPT }
}

/// Puts into the rules what is known of the packets.
struct Settling<'a> {
    packets: &'a [Region],
    question: &'a Question<'a>,
}

/// What is known of a condition.
enum Settled {
    True,
    False,
    /// It depends.
    Open,
}

impl Settling<'_> {
    /// The rules that may be asked about the packets, without what is settled.
    fn program(&self, program: Program, start: usize) -> Program {
        let mut chains: Vec<Vec<Rule>> = program.chains.iter().map(|_| Vec::new()).collect();
        let mut open = vec![start];
        let mut seen = vec![false; chains.len()];
        seen[start] = true;
        while let Some(chain) = open.pop() {
            for rule in &program.chains[chain] {
                let Some(rule) = self.rule(rule) else { continue };
                if let Action::Jump(callee) | Action::Goto(callee) = rule.action
                    && !std::mem::replace(&mut seen[callee], true)
                {
                    open.push(callee);
                }
                chains[chain].push(rule);
            }
        }
        Program { chains, ..program }
    }

    /// `None` for a rule without consequence.
    fn rule(&self, rule: &Rule) -> Option<Rule> {
        let action = match rule.action {
            Action::Pass => return None,
            Action::Verdict(target) => Action::Verdict(verdict(target)),
            other => other,
        };
        self.test(&rule.test).map(|test| Rule { test, action })
    }

    /// `None` if it is true of none of the packets.
    fn test(&self, test: &Test) -> Option<Test> {
        let mut settled = Test { opaque: test.opaque, ..Test::default() };
        for condition in test.always.iter().chain(&test.transport) {
            match self.settle(condition) {
                Settled::True => {}
                Settled::False => return None,
                Settled::Open if self.is_asked(condition) => settled.always.push(condition.clone()),
                Settled::Open => settled.opaque = true,
            }
        }
        // Such a set holds none of other protocols.
        if PORT_SET_PROTOCOLS.contains(&self.question.service.protocol) {
            for set in &test.not_in {
                match self.settle(set) {
                    Settled::True => return None,
                    Settled::False => {}
                    Settled::Open => settled.not_in.push(set.clone()),
                }
            }
        }
        Some(settled)
    }

    fn settle(&self, condition: &Condition) -> Settled {
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        self.packets.iter().for_each(|region| region.split(condition, &mut inside, &mut outside));
        match (inside.is_empty(), outside.is_empty()) {
            (true, _) => Settled::False,
            (false, true) => Settled::True,
            (false, false) => Settled::Open,
        }
    }

    /// Whether every rule finds the same of what a condition looks at.
    fn is_asked(&self, condition: &Condition) -> bool {
        let ports = [Axis::SourcePort, Axis::DestinationPort];
        let addresses = [Axis::Source, Axis::Destination];
        match condition {
            Condition::Within(axis, _) if addresses.contains(axis) || ports.contains(axis) => true,
            Condition::EitherPort(_) => true,
            _ => self.question.open == Open::PerPacket,
        }
    }
}

/// The pairs of addresses for which some of the packets may be accepted.
fn accepted(
    diagram: &mut Diagram,
    program: &Program,
    start: usize,
    end: &'static Extension,
    packets: &[Region],
) -> Result<(Node, Space), Exhausted> {
    let mut functions = Functions::new(diagram, program, false)?;
    let whole = functions.chain_with_end(diagram, start, end)?;
    let Some(outcome) = functions.outcomes.find(&ACCEPT, "") else { return Ok((NONE, functions.space)) };
    let accepted = diagram.gives(whole, outcome)?;
    let packets = functions.space.regions(diagram, packets)?;
    let accepted = diagram.and(accepted, packets)?;
    let addresses = [Axis::Source, Axis::Destination].map(Level::of_axis);
    Ok((diagram.forget(accepted, &|level| !addresses.contains(&level))?, functions.space))
}

/// A set of pairs of addresses, row by row. Equal rows are one node of the diagram.
fn rows(diagram: &Diagram, accepted: Node, space: &Space) -> Relation {
    let source = Level::of_axis(Axis::Source);
    let all = |level| vec![Span { first: 0, last: space.last(level) }];
    let branches = match diagram.axis(accepted) {
        Some(level) if level == source => diagram.branches(accepted, space),
        _ => vec![(accepted, all(source))],
    };
    let mut relation = Relation { sets: Vec::new(), sources: Vec::new() };
    for (row, spans) in branches {
        relation.sources.extend(spans.into_iter().map(|span| (span, relation.sets.len())));
        relation.sets.push(match diagram.axis(row) {
            Some(_) => {
                let mut branches = diagram.branches(row, space).into_iter();
                branches.find_map(|(child, spans)| (child == ALL).then_some(spans)).unwrap_or_default()
            }
            None if row == ALL => all(Level::of_axis(Axis::Destination)),
            None => Vec::new(),
        });
    }
    relation.sources.sort_unstable();
    relation
}
