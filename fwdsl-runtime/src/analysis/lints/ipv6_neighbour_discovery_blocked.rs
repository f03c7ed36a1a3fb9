//! IPv6 is let through, and neighbour discovery is not.

use super::super::packet::CtState;
use super::super::question::{Asked, passes, protocol, state, stops, within};
use super::super::region::{Axis, Span};
use super::super::tables::Tables;
use super::{report, with_what_drops};
use crate::catalogue::{ACCEPT, ICMPV6, TCP_NUMBER, UDP_NUMBER};
use crate::diagnostic::Diagnostic;
use crate::family::Family;
use crate::lint::{IPV6_NEIGHBOUR_DISCOVERY_BLOCKED, Level};
use crate::model::Model;
use crate::table::Hook;

/// The types of RFC 4861, as type and code in one number.
const TYPES: [(&str, u128); 2] =
    [("neighbour-solicitation", 135 << 8), ("neighbour-advertisement", 136 << 8)];

pub(super) fn check(model: &Model, tables: &mut Tables, diagnostics: &mut Vec<Diagnostic>) {
    for hook in [Hook::Input, Hook::Output] {
        let Some(asked) = Asked::of(model, tables, Family::Ipv6, hook) else { continue };
        let Some(chain) = asked.chain else { continue };
        if let Some(finding) = finding(&asked).filter(|_| is_used(&asked)) {
            report(model, chain, None, finding, diagnostics);
        }
    }
}

/// Whether connections of IPv6 get through at all.
fn is_used(asked: &Asked<'_>) -> bool {
    [TCP_NUMBER, UDP_NUMBER].into_iter().any(|number| {
        let packets = asked.packets(&[asked.by_loopback(false), protocol(number), state(CtState::New)]);
        asked.surely(&packets, &|verdict| *verdict == ACCEPT).is_some()
    })
}

fn finding(asked: &Asked<'_>) -> Option<Diagnostic> {
    let chain = asked.chain?;
    for (name, number) in TYPES {
        let of_type = within(Axis::Icmp, Span { first: number, last: number });
        // Connection tracking lets neighbour discovery be (net/netfilter/nf_conntrack_proto_icmpv6.c).
        let packets =
            asked.packets(&[asked.by_loopback(false), protocol(ICMPV6), of_type, state(CtState::Untracked)]);
        if !asked.none(&packets, &passes) {
            continue;
        }
        let packet = asked.example(&packets).filter(|packet| asked.always(packet, &stops))?;
        let message = format!("`{}` drops {name}, without which IPv6 does not work: `{packet}`", chain.name);
        let finding = Diagnostic::lint(IPV6_NEIGHBOUR_DISCOVERY_BLOCKED, Level::Warn, chain.loc, message)
            .help("accept it: `icmpv6 [neighbour-solicitation, neighbour-advertisement] => accept;`");
        return Some(with_what_drops(finding, asked, &packet));
    }
    None
}
