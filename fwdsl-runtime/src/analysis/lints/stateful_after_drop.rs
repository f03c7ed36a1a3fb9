//! `ct established` behind a rule that drops answers.

use super::super::meaning::{Meaning, meaning, words_of};
use super::super::packet::{CtState, Packet, Tracking};
use super::super::program::Rule as Prepared;
use super::super::question::{Asked, LOCAL_PORTS, flags, state, stops, within};
use super::super::region::{Axis, Condition};
use super::super::tables::Tables;
use super::report;
use crate::catalogue::{ACCEPT, TCP_NUMBER, UDP_NUMBER};
use crate::diagnostic::Diagnostic;
use crate::lint::{Level, STATEFUL_AFTER_DROP};
use crate::loc::Loc;
use crate::model::{Match, Model};
use crate::table::Hook;

const SYN: u8 = 0b00_0010;
const ACK: u8 = 0b01_0000;

pub(super) fn check(model: &Model, tables: &mut Tables, diagnostics: &mut Vec<Diagnostic>) {
    let mut found: Vec<Loc> = Vec::new();
    for family in model.families().iter() {
        let Some(asked) = Asked::of(model, tables, family, Hook::Input) else { continue };
        let (Some(chain), Some(output)) = (asked.chain, asked.beside(model, Hook::Output)) else { continue };
        let rules = &asked.table.chains[asked.start].rules;
        let prepared = &asked.program.chains[asked.start];
        // Every rule is prepared, unless a jump goes nowhere.
        if rules.len() != prepared.len() {
            continue;
        }
        let drops: Vec<usize> = (0..rules.len())
            .filter(|index| {
                rules[*index].target().is_some_and(stops) && is_about_ports(&rules[*index].matches)
            })
            .collect();
        for (index, rule) in rules.iter().enumerate() {
            if found.contains(&rule.loc)
                || !rule.target().is_some_and(|it| *it == ACCEPT)
                || !accepts_established(&rule.matches)
            {
                continue;
            }
            let above = drops.iter().copied().take_while(|drop| *drop < index);
            let dropped = |drop: &usize| {
                Some((
                    *drop,
                    dropped_answer(&asked, &output, &prepared[*drop], rules[*drop].loc, &prepared[index])?,
                ))
            };
            let Some((drop, packet)) = { above }.find_map(|drop| dropped(&drop)) else { continue };
            let Some(source) = chain.rules().iter().find(|source| source.loc == rule.loc) else { continue };
            found.push(rule.loc);
            let message = format!(
                "an answer to this host's own connection is dropped before this rule can accept it: `{packet}`"
            );
            let finding = Diagnostic::lint(STATEFUL_AFTER_DROP, Level::Warn, rule.loc, message)
                .cause("this rule drops it", rules[drop].loc)
                .help("put the rule on the state first");
            report(model, chain, Some(source), finding, diagnostics);
        }
    }
}

/// A packet that answers a connection which this host may open, that a rule drops and another one behind it accepts.
fn dropped_answer(
    asked: &Asked<'_>,
    output: &Asked<'_>,
    drop: &Prepared,
    place: Loc,
    accept: &Prepared,
) -> Option<Packet> {
    let mut conditions: Vec<Condition> = Vec::new();
    for rule in [drop, accept] {
        conditions.extend(rule.test.always.iter().chain(&rule.test.transport).cloned());
    }
    conditions.extend([
        asked.by_loopback(false),
        state(CtState::Established),
        flags(&[ACK]),
        within(Axis::DestinationPort, LOCAL_PORTS),
    ]);
    let answer = asked.example(&asked.packets(&conditions))?;
    let begins = Packet {
        in_interface: None,
        out_interface: answer.in_interface.clone(),
        from: answer.to,
        to: answer.from,
        sport: answer.dport,
        dport: answer.sport,
        tcp_flags: SYN,
        tracking: Tracking::of(CtState::New),
        ..answer.clone()
    };
    let is_dropped = [TCP_NUMBER, UDP_NUMBER].contains(&answer.protocol)
        && asked.always(&answer, &stops)
        && asked.decided_by(&answer, &stops) == Some(place);
    (is_dropped && output.always(&begins, &|verdict| *verdict == ACCEPT)).then_some(answer)
}

/// Whether a rule asks for protocols and destination ports and for nothing else but perhaps the interface.
fn is_about_ports(matches: &[Match]) -> bool {
    let mut options =
        matches.iter().flat_map(|entry| entry.options.iter().map(move |option| (entry, option)));
    let mut asks = false;
    let only = options.all(|(entry, option)| match meaning(entry.extension, option.spec()) {
        Meaning::Protocol | Meaning::DestinationPort => {
            asks = true;
            true
        }
        Meaning::In | Meaning::Always => true,
        _ => false,
    });
    let modelled = matches.iter().all(|entry| !entry.options.is_empty() || !entry.extension.bare);
    only && modelled && asks
}

/// Whether a rule accepts packets for the state of their connection.
fn accepts_established(matches: &[Match]) -> bool {
    let mut options =
        matches.iter().flat_map(|entry| entry.options.iter().map(move |option| (entry, option)));
    options.any(|(entry, option)| {
        meaning(entry.extension, option.spec()) == Meaning::Tracking
            && !option.negated()
            && words_of(option).any(|word| word == CtState::Established.name())
            && !words_of(option).any(|word| word == CtState::New.name())
    })
}
