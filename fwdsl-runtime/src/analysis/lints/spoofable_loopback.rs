//! A rule trusts loopback addresses from any interface.

use super::super::program::{Action, Rule as Prepared};
use super::super::question::{Asked, within};
use super::super::region::{Axis, Condition, Span, meets};
use super::super::tables::Tables;
use super::loopback_blocked::loopback_addresses;
use super::report;
use crate::catalogue::ACCEPT;
use crate::diagnostic::Diagnostic;
use crate::family::Family;
use crate::lint::{Level, SPOOFABLE_LOOPBACK};
use crate::loc::Loc;
use crate::model::Model;
use crate::table::Hook;

pub(super) fn check(model: &Model, tables: &mut Tables, diagnostics: &mut Vec<Diagnostic>) {
    let mut found: Vec<Loc> = Vec::new();
    for family in model.families().iter() {
        let Some(asked) = Asked::of(model, tables, family, Hook::Input) else { continue };
        let other = asked.interfaces_but_loopback();
        for (chain, rules) in asked.table.chains.iter().zip(&asked.program.chains) {
            for (rule, prepared) in chain.rules.iter().zip(rules) {
                if !trusts(family, &other, prepared) || found.contains(&rule.loc) {
                    continue;
                }
                let mut conditions = prepared.test.always.clone();
                conditions
                    .extend([asked.by_loopback(false), within(Axis::Source, loopback_addresses(family))]);
                let packets = asked.packets(&conditions);
                let Some((packet, _)) = asked.surely(&packets, &|verdict| *verdict == ACCEPT) else {
                    continue;
                };
                found.push(rule.loc);
                let chains = model.chains().iter();
                let source = { chains }
                    .flat_map(|chain| chain.rules().iter().map(move |rule| (chain, rule)))
                    .find(|(_, source)| source.loc == rule.loc);
                let Some((chain, source)) = source else { continue };
                let message = format!("loopback addresses are accepted from any interface: `{packet}`");
                let finding = Diagnostic::lint(SPOOFABLE_LOOPBACK, Level::Warn, rule.loc, message)
                    .note(format!("an address is what the sender writes; {}", keeps_out(family)), None)
                    .help("ask for the interface: `in lo`");
                report(model, chain, Some(source), finding, diagnostics);
            }
        }
    }
}

/// What else keeps such packets out.
const fn keeps_out(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "nothing but `route_localnet` being off keeps such packets out",
        Family::Ipv6 => "nothing but the kernel's own check keeps such packets out",
    }
}

/// Whether a rule accepts loopback addresses alone, by one of the other interfaces.
fn trusts(family: Family, other: &[Span], rule: &Prepared) -> bool {
    let loopback = loopback_addresses(family);
    rule.action == Action::Verdict(&ACCEPT)
        && !rule.test.opaque
        && rule.test.always.iter().any(|condition| match condition {
            Condition::Within(Axis::Source, set) => {
                set.iter().all(|span| loopback.holds(span.first) && loopback.holds(span.last))
            }
            _ => false,
        })
        && rule.test.always.iter().all(|condition| match condition {
            Condition::Within(Axis::In, set) => meets(set, other),
            _ => true,
        })
}
