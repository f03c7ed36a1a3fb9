//! Connections may begin, and no answer is accepted.

use super::super::packet::{CtState, Packet};
use super::super::question::{Asked, LOCAL_PORTS, flags, passes, protocol, state, stops, within};
use super::super::region::{Axis, Condition, Region, Span};
use super::super::tables::Tables;
use super::{report, with_what_drops};
use crate::catalogue::{ACCEPT, TCP_NUMBER, UDP_NUMBER};
use crate::diagnostic::Diagnostic;
use crate::family::Family;
use crate::lint::{ESTABLISHED_NOT_ACCEPTED, Level};
use crate::model::Model;
use crate::table::Hook;

const SYN: u8 = 0b00_0010;
const ACK: u8 = 0b01_0000;

/// Where a DNS server listens.
const DNS: Span = Span { first: 53, last: 53 };

/// Connections of one kind.
struct Kind {
    /// Whose they are.
    whose: &'static str,
    there: Hook,
    back: Hook,
    protocol: u8,
    ports: Span,
}

const ANY_PORT: Span = Span { first: 1, last: 65535 };

const KINDS: [Kind; 4] = [
    Kind {
        whose: "this host's own connections",
        there: Hook::Output,
        back: Hook::Input,
        protocol: TCP_NUMBER,
        ports: ANY_PORT,
    },
    Kind {
        whose: "this host's own DNS queries",
        there: Hook::Output,
        back: Hook::Input,
        protocol: UDP_NUMBER,
        ports: DNS,
    },
    Kind {
        whose: "connections to this host",
        there: Hook::Input,
        back: Hook::Output,
        protocol: TCP_NUMBER,
        ports: ANY_PORT,
    },
    Kind {
        whose: "connections through this host",
        there: Hook::Forward,
        back: Hook::Forward,
        protocol: TCP_NUMBER,
        ports: ANY_PORT,
    },
];

pub(super) fn check(model: &Model, tables: &mut Tables, diagnostics: &mut Vec<Diagnostic>) {
    let mut found: Vec<Hook> = Vec::new();
    for family in model.families().iter() {
        for kind in &KINDS {
            // One finding for a chain says enough.
            if found.contains(&kind.back) {
                continue;
            }
            let Some(there) = Asked::of(model, tables, family, kind.there) else { continue };
            let Some(back) = there.beside(model, kind.back) else { continue };
            let Some(chain) = back.chain else { continue };
            if let Some(finding) = finding(kind, &there, &back) {
                found.push(kind.back);
                report(model, chain, None, finding, diagnostics);
            }
        }
    }
}

fn finding(kind: &Kind, there: &Asked<'_>, back: &Asked<'_>) -> Option<Diagnostic> {
    let chain = back.chain?;
    let (first, begun) = begins(kind, there)?;
    if !back.none(&answers(kind, back, &begun), &passes) {
        return None;
    }
    let answer = back.example(&answers(kind, back, &begun))?;
    // With the interfaces, addresses and ports of the first one, so that the two belong together.
    let answer = Packet {
        in_interface: answer.in_interface.and(first.out_interface.clone()),
        out_interface: answer.out_interface.and(first.in_interface.clone()),
        from: first.to,
        to: first.from,
        sport: first.dport,
        dport: first.sport,
        ..answer
    };
    if !back.always(&answer, &stops) {
        return None;
    }
    let message = format!("`{}` drops answers to {}: `{answer}`", chain.name, kind.whose);
    let finding = Diagnostic::lint(ESTABLISHED_NOT_ACCEPTED, Level::Warn, chain.loc, message)
        .note(format!("`{}` accepts this one, which begins such a connection: `{first}`", kind.there), None)
        .help(format!(
            "accept what belongs to a connection: `ct established|related => accept;` in `{}`",
            chain.name
        ));
    Some(with_what_drops(finding, back, &answer))
}

/// A packet that begins a connection and is accepted for certain, with those like it.
fn begins(kind: &Kind, there: &Asked<'_>) -> Option<(Packet, Region)> {
    let mut conditions = vec![
        protocol(kind.protocol),
        there.by_loopback(false),
        state(CtState::New),
        within(Axis::SourcePort, LOCAL_PORTS),
        within(Axis::DestinationPort, kind.ports),
        there.outside(Axis::Source, no_host(there.family())),
        there.outside(Axis::Destination, no_host(there.family())),
    ];
    if kind.protocol == TCP_NUMBER {
        conditions.push(flags(&[SYN]));
    }
    there.surely(&there.packets(&conditions), &|verdict| *verdict == ACCEPT)
}

/// The packets that answer what began like that, by whatever interface.
fn answers(kind: &Kind, back: &Asked<'_>, begun: &Region) -> Vec<Region> {
    let swapped = |to: Axis, from: Axis| Condition::Within(to, begun.set(from).into());
    let mut conditions = vec![
        protocol(kind.protocol),
        back.by_loopback(false),
        state(CtState::Established),
        swapped(Axis::Source, Axis::Destination),
        swapped(Axis::Destination, Axis::Source),
        swapped(Axis::SourcePort, Axis::DestinationPort),
        swapped(Axis::DestinationPort, Axis::SourcePort),
    ];
    if kind.protocol == TCP_NUMBER {
        conditions.push(flags(&[SYN | ACK, ACK]));
    }
    back.packets(&conditions)
}

/// Addresses that are no one host's on a network: unspecified, loopback, multicast and what is reserved.
fn no_host(family: Family) -> &'static [Span] {
    const fn v4(first: u8, last: u8) -> Span {
        Span { first: (first as u128) << 24, last: ((last as u128) << 24) | 0xff_ffff }
    }
    match family {
        Family::Ipv4 => const { &[v4(0, 0), v4(127, 127), v4(224, 255)] },
        Family::Ipv6 => const { &[Span { first: 0, last: 1 }, Span { first: 0xff << 120, last: u128::MAX }] },
    }
}
