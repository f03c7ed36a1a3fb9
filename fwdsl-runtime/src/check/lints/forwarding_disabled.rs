//! Rules for packets that are not forwarded.

use super::report;
use crate::catalogue::{ACCEPT, DNAT};
use crate::diagnostic::Diagnostic;
use crate::family::{Family, FamilySet};
use crate::lint::{FORWARDING_DISABLED, Level};
use crate::lower::TargetFamilies;
use crate::model::{Action, Chain, Model, Ownership, Rule, SysctlUse};
use crate::table::{Hook, TableName};

/// What the policy's sysctls say of forwarding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Forwarding {
    On,
    Off,
    /// Nothing, so that it is off unless somebody else turns it on.
    Unsaid,
}

pub(super) fn check(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    let is_shared =
        !model.foreign_chains().is_empty() || matches!(model.ownership(), Ownership::Chains { .. });
    let off = |family: &Family| match forwarding(model, *family) {
        (Forwarding::On, _) => false,
        (Forwarding::Off, _) => true,
        (Forwarding::Unsaid, _) => !is_shared,
    };
    let targets = TargetFamilies::new(model);
    for chain in model.chains() {
        let mut told = FamilySet::NONE;
        for rule in chain.rules() {
            let families = targets.of_rule(model, chain, rule);
            // Said once for a chain, by the first of its rules.
            if !is_forwarding(chain, rule) || families.iter().all(|family| told.contains(family)) {
                continue;
            }
            if families.is_empty() || !families.iter().all(|family| off(&family)) {
                continue;
            }
            told = told.or(families);
            let keys: Vec<String> = families.iter().map(|family| format!("`{} = 1;`", key(family))).collect();
            let setting = families.iter().find_map(|family| forwarding(model, family).1);
            let message = match setting {
                Some(_) => "the policy turns forwarding off, so no packet comes to this rule's end",
                None => "this rule needs forwarding, which the policy does not turn on",
            };
            let mut finding = Diagnostic::lint(FORWARDING_DISABLED, Level::Warn, rule.loc, message)
                .help(format!("turn it on: `sysctl {{ … }}` with {}", keys.join(" or ")));
            if let Some(setting) = setting {
                finding = finding.cause("it is turned off here", setting.loc);
            }
            report(model, chain, Some(rule), finding, diagnostics);
        }
    }
}

/// Whether a rule speaks of packets that are sent on: it accepts them in FORWARD, or gives those that come in another
/// destination.
fn is_forwarding(chain: &Chain, rule: &Rule) -> bool {
    rule.verdicts().iter().any(|verdict| match verdict.action() {
        Action::Target { extension, .. } => match (chain.table(), chain.hook()) {
            (TableName::Filter, Some(Hook::Forward)) => **extension == ACCEPT,
            (TableName::Nat, Some(Hook::Prerouting)) => **extension == DNAT,
            _ => false,
        },
        Action::Jump(_) | Action::Goto(_) => false,
    })
}

const fn key(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "net.ipv4.ip_forward",
        Family::Ipv6 => "net.ipv6.conf.all.forwarding",
    }
}

/// What the policy says of a family, and the setting that turns it off.
fn forwarding(model: &Model, family: Family) -> (Forwarding, Option<&SysctlUse>) {
    let settings = model.sysctls().iter().filter(|setting| is_about(setting, family));
    let (mut result, mut place) = (Forwarding::Unsaid, None);
    for setting in settings {
        // A value that is not known may turn it on.
        if setting.rust_value.is_some() || setting.value.value != "0" {
            return (Forwarding::On, None);
        }
        let segments = setting.value.key.segments();
        if segments.iter().any(|segment| segment == "ip_forward" || segment == "all" || segment == "*") {
            (result, place) = (Forwarding::Off, Some(setting));
        }
    }
    (result, place)
}

/// Whether a sysctl turns forwarding of a family on or off, of all interfaces or of one.
fn is_about(setting: &SysctlUse, family: Family) -> bool {
    let segments: Vec<&str> = setting.value.key.segments().iter().map(String::as_str).collect();
    matches!(
        (family, segments.as_slice()),
        (Family::Ipv4, ["net", "ipv4", "ip_forward"] | ["net", "ipv4", "conf", _, "forwarding"])
            | (Family::Ipv6, ["net", "ipv6", "conf", _, "forwarding" | "force_forwarding"])
    )
}
