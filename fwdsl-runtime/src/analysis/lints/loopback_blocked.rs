//! The host cannot talk to itself.

use super::super::packet::{CtState, Packet};
use super::super::question::{Asked, LOCAL_PORTS, flags, passes, protocol, state, stops, within};
use super::super::region::{Axis, Span};
use super::super::tables::Tables;
use super::{report, with_what_drops};
use crate::catalogue::TCP_NUMBER;
use crate::diagnostic::Diagnostic;
use crate::family::Family;
use crate::lint::{LOOPBACK_BLOCKED, Level};
use crate::model::Model;
use crate::table::Hook;

const SYN: u8 = 0b00_0010;

pub(super) fn check(model: &Model, tables: &mut Tables, diagnostics: &mut Vec<Diagnostic>) {
    for hook in [Hook::Input, Hook::Output] {
        for family in model.families().iter() {
            let Some(asked) = Asked::of(model, tables, family, hook) else { continue };
            let Some(chain) = asked.chain else { continue };
            if let Some(packet) = blocked(&asked) {
                let word = if hook == Hook::Input { "in" } else { "out" };
                let message = format!("`{}` drops what this host sends to itself: `{packet}`", chain.name);
                let finding = Diagnostic::lint(LOOPBACK_BLOCKED, Level::Warn, chain.loc, message)
                    .help(format!("accept it: `{word} lo => accept;`"));
                let finding = with_what_drops(finding, &asked, &packet);
                report(model, chain, None, finding, diagnostics);
                break;
            }
        }
    }
}

/// A packet that begins a connection of the host to itself, if none of them gets through.
fn blocked(asked: &Asked<'_>) -> Option<Packet> {
    let own = loopback_addresses(asked.family());
    let own = match asked.family() {
        Family::Ipv4 => Span { first: own.first + 1, last: own.first + 1 },
        Family::Ipv6 => own,
    };
    let packets = asked.packets(&[
        asked.by_loopback(true),
        protocol(TCP_NUMBER),
        flags(&[SYN]),
        state(CtState::New),
        within(Axis::Source, own),
        within(Axis::Destination, own),
        within(Axis::SourcePort, LOCAL_PORTS),
        within(Axis::DestinationPort, LOCAL_PORTS),
    ]);
    if !asked.none(&packets, &passes) {
        return None;
    }
    asked.example(&packets).filter(|packet| asked.always(packet, &stops))
}

/// 127.0.0.0/8, or ::1.
pub(super) fn loopback_addresses(family: Family) -> Span {
    match family {
        Family::Ipv4 => Span { first: 127 << 24, last: (128 << 24) - 1 },
        Family::Ipv6 => Span { first: 1, last: 1 },
    }
}
