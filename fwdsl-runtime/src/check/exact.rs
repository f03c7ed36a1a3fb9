//! Exact rules: what cannot be emitted as it is written.

use crate::catalogue::{CORE, MULTIPORT, MULTIPORT_SLOTS, PORTS};
use crate::diagnostic::Diagnostic;
use crate::lint::{Level, UNREACHABLE_RULE};
use crate::loc::Located;
use crate::lower::is_choice;
use crate::model::{Address, Match, OptionUse, Rule, Value};

/// Checks what the lowering of an exact rule takes for granted.
pub(super) fn check_exact(rule: &Rule, diagnostics: &mut Vec<Diagnostic>) {
    if !rule.exact {
        return;
    }
    let mut seen: Vec<&OptionUse> = Vec::new();
    for entry in &rule.matches {
        for option in &entry.options {
            if *entry.extension == CORE {
                if let Some(first) =
                    seen.iter().find(|other| other.spec == option.spec && !other.says_the_same(option))
                {
                    let message = format!("an exact rule asks for `{}` once", option.spec.name);
                    let note = "the first time is here";
                    diagnostics.push(Diagnostic::error(option.loc, message).note(note, Some(first.loc)));
                }
                seen.push(option);
                check_core(option, diagnostics);
            }
            if option.negated && option.values.len() > 1 && is_choice(entry, option) {
                let message = format!("`{}` of an exact rule excludes one value", option.spec.name);
                let help = "none of several is more than one rule of iptables can say; leave out `#[exact]`";
                diagnostics.push(Diagnostic::error(option.loc, message).help(help));
            }
            if !entry.extension.module || entry.extension.protocols.len() == 1 {
                check_every_port(option, diagnostics);
            }
            if [&PORTS, &MULTIPORT].contains(&entry.extension) {
                check_ports(option, diagnostics);
            }
        }
    }
    if let [_, second, ..] = &*rule.verdicts
        && rule.matches.iter().any(Match::is_stateful)
    {
        let message = "an exact rule that counts has one verdict: a second rule would count once more";
        let help = "put the verdicts into a chain, and `jump` to it";
        diagnostics.push(Diagnostic::error(second.loc(), message).help(help));
    }
}

/// What the rule's own parameters cannot say.
fn check_core(option: &OptionUse, diagnostics: &mut Vec<Diagnostic>) {
    let (side, flag) = if option.spec.name == "from" { ("src", "src-range") } else { ("dst", "dst-range") };
    for value in &option.values {
        let (what, help) = match &value.value {
            Value::Address(Address::Range { first, last }) => {
                ("a range of addresses", format!("write the match: `iprange({flag} {first}..={last})`"))
            }
            Value::Set(set) => ("a set", format!("write the match: `set(@{} {side})`", set.name)),
            _ => continue,
        };
        let message = format!("{what} in an exact rule is a match of its own");
        diagnostics.push(Diagnostic::error(value.loc, message).help(help));
    }
}

/// No port at all: legacy loads it, and saves a rule that matches every port.
fn check_every_port(option: &OptionUse, diagnostics: &mut Vec<Diagnostic>) {
    let every = |value: &Value| matches!(value, Value::Ports(ports) if ports.is_everything());
    if option.negated && option.values().any(every) {
        let message = format!("`{}` excludes every port: the rule matches nothing", option.spec.name);
        diagnostics.push(Diagnostic::lint(UNREACHABLE_RULE, Level::Deny, option.loc, message));
    }
}

/// Ports go into one match, so there is one protocol for each rule and no more of them than `multiport` takes.
fn check_ports(option: &OptionUse, diagnostics: &mut Vec<Diagnostic>) {
    let slots = |value: &Value| match value {
        Value::Ports(ports) => ports.slots(),
        _ => 1,
    };
    let used: usize = option.values().map(slots).sum();
    if used > MULTIPORT_SLOTS {
        let message = format!(
            "`multiport` takes {MULTIPORT_SLOTS} ports, a range counting twice, and these are {used}"
        );
        diagnostics
            .push(Diagnostic::error(option.loc, message).help("leave out `#[exact]`, or write two rules"));
    }
    let is_set = |value: &&Located<Value>| matches!(value.value, Value::Set(_));
    if let Some(set) = option.values.iter().find(is_set) {
        let side = if option.spec.name == "sport" { "src" } else { "dst" };
        let message = "a set in an exact rule is a match of its own";
        let help = format!("write the match: `set(@NAME {side})`");
        diagnostics.push(Diagnostic::error(set.loc, message).help(help));
    }
}
