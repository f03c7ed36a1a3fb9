//! IPv4 is filtered, and all of IPv6 is let in.

use super::super::packet::CtState;
use super::super::question::{Asked, LOCAL_PORTS, flags, passes, protocol, state, stops, within};
use super::super::region::{Axis, Span};
use super::super::tables::Tables;
use super::{report, with_what_drops};
use crate::catalogue::{DROP, REJECT, TCP_NUMBER};
use crate::diagnostic::Diagnostic;
use crate::family::Family;
use crate::lint::{IPV6_LEFT_OPEN, Level};
use crate::lower::Ruleset;
use crate::model::Model;
use crate::table::Hook;

const SYN: u8 = 0b00_0010;

/// 192.0.2.1, which is nobody's (RFC 5737).
const SOMEBODY: Span = Span { first: 0xc000_0201, last: 0xc000_0201 };

pub(super) fn check(model: &Model, tables: &mut Tables, diagnostics: &mut Vec<Diagnostic>) {
    if may_be_off(model) {
        return;
    }
    if drops_before_filter(tables) {
        return;
    }
    if let Some(asked) = Asked::of(model, tables, Family::Ipv6, Hook::Input) {
        let packets = asked.packets(&[asked.by_loopback(false)]);
        if !asked.none(&packets, &stops) {
            return;
        }
    }
    let Some(asked) = Asked::of(model, tables, Family::Ipv4, Hook::Input) else { return };
    let Some(chain) = asked.chain else { return };
    // What nobody has a rule for: that somebody's address is dropped is no filter.
    let packets = asked.packets(&[
        asked.by_loopback(false),
        protocol(TCP_NUMBER),
        state(CtState::New),
        flags(&[SYN]),
        within(Axis::Source, SOMEBODY),
        within(Axis::DestinationPort, LOCAL_PORTS),
    ]);
    if !asked.none(&packets, &passes) {
        return;
    }
    let Some(packet) = asked.example(&packets).filter(|packet| asked.always(packet, &stops)) else { return };
    let message =
        format!("`{}` drops packets of IPv4 such as `{packet}`, and lets in all of IPv6", chain.name);
    let finding = Diagnostic::lint(IPV6_LEFT_OPEN, Level::Warn, chain.loc, message).help(
        "leave `family ipv4;` out, so that the policy is for both; or turn IPv6 off: \
         `net.ipv6.conf.all.disable_ipv6 = 1;`",
    );
    report(model, chain, None, with_what_drops(finding, &asked, &packet), diagnostics);
}

/// Whether the policy turns IPv6 off, or may do so by a value that is not known.
fn may_be_off(model: &Model) -> bool {
    model.sysctls().iter().any(|setting| {
        let key = setting.value.key.segments();
        let of_all = key.iter().any(|segment| segment == "all" || segment == "*");
        let is_off = setting.rust_value.is_some() || setting.value.value != "0";
        key.last().is_some_and(|last| last == "disable_ipv6") && of_all && is_off
    })
}

/// Whether another table may drop packets of IPv6.
fn drops_before_filter(tables: &Tables) -> bool {
    let Some(Ruleset { tables, .. }) = tables.ruleset(Family::Ipv6) else { return false };
    let chains = tables.iter().filter(|table| table.name != crate::table::TableName::Filter);
    let rules = chains.flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
    { rules }.any(|rule| rule.target().is_some_and(|target| *target == DROP || *target == REJECT))
}
