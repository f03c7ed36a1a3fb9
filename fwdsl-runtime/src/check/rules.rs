//! Rules: whether their parts go together, and may stand where they do.

use std::fmt;

use super::sets;
use super::values::check_options;
use crate::catalogue::{
    CORE, DNAT, Extension, ICMP, MASQUERADE, NAT_PROTOCOLS, PORT_PROTOCOLS, PORTS, REDIRECT, SET, SET_MATCH,
    SNAT, TCP,
};
use crate::diagnostic::Diagnostic;
use crate::family::FamilySet;
use crate::lint::{self, Level, ODD_VALUE, ONE_VARIANT, UNREACHABLE_RULE};
use crate::loc::Loc;
use crate::lower::{asked_protocols, contradiction, model_families, protocols_of_value, value_families};
use crate::model::{Action, Chain, Match, Model, OptionUse, Rule, TcpFlags, Value};
use crate::protocols;
use crate::table::{Hook, TableName};

pub(super) fn check_rule(
    model: &Model,
    chain: &Chain,
    rule: &Rule,
    families: FamilySet,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let before = diagnostics.len();
    check_matches(model, chain.table, chain.hook(), &rule.matches, diagnostics);
    if let Some(comment) = &rule.comment {
        super::values::check_comment(&comment.value, comment.loc, diagnostics);
    }
    let asked = asked_protocols(&rule.matches);
    let asked = asked.as_deref();
    for verdict in &rule.verdicts {
        if let Action::Target { extension, options } = verdict.action() {
            check_place(extension, chain.table, verdict.loc(), diagnostics);
            check_options(extension, options, verdict.loc(), diagnostics);
            let first = diagnostics.len();
            check_protocols_of_options(asked, &rule.matches, extension, options, diagnostics);
            let translates = [&DNAT, &SNAT, &MASQUERADE, &REDIRECT].contains(extension);
            if rule.exact && translates && iptables_takes_ports(&rule.matches) {
                diagnostics[first..].iter_mut().for_each(|diagnostic| diagnostic.lint = Some(ODD_VALUE));
            }
            let before = diagnostics.len();
            check_protocols(asked, extension, verdict.loc(), diagnostics);
            if **extension == SET {
                sets::check_target(model, chain, options, diagnostics);
            }
            if diagnostics.len() == before {
                check_syn(&rule.matches, extension, verdict.loc(), diagnostics);
            }
        }
    }
    for pair in rule.verdicts.windows(2) {
        if pair[0].is_terminal() {
            let message =
                format!("`{}` is never reached: `{}` ends the rule", pair[1].word(), pair[0].word());
            diagnostics.push(
                Diagnostic::error(pair[1].loc(), message)
                    .note("the verdict that ends it", Some(pair[0].loc())),
            );
        }
    }
    check_once(rule, diagnostics);
    super::exact::check_exact(rule, diagnostics);
    // What follows speaks of the rule as a whole, and only makes sense if its parts are sound.
    if diagnostics.len() == before {
        check_whole(model, chain, rule, families, diagnostics);
    }
    set_levels(model, chain, rule, before, diagnostics);
}

/// Gives the findings of lints about a rule, those from `first` on, the level that holds there.
fn set_levels(model: &Model, chain: &Chain, rule: &Rule, first: usize, diagnostics: &mut Vec<Diagnostic>) {
    let of_rule = diagnostics.split_off(first);
    diagnostics.extend(of_rule.into_iter().filter_map(|mut diagnostic| {
        if let Some(name) = diagnostic.lint {
            diagnostic.level = lint::level(name, [&rule.levels[..], &chain.levels[..], &model.levels[..]]);
        }
        (diagnostic.level != Level::Allow).then_some(diagnostic)
    }));
}

fn check_whole(
    model: &Model,
    chain: &Chain,
    rule: &Rule,
    families: FamilySet,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if model_families(model, chain).is_empty() {
        // Said of the chain already.
    } else if families.is_empty() {
        diagnostics.push(no_family(model, chain, rule));
    } else if let Some(field) =
        families.iter().map(|family| contradiction(rule, family)).reduce(Option::and).flatten()
    {
        let article = if field.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let message = format!("the rule matches nothing: no packet has such {article} {field}");
        diagnostics.push(Diagnostic::lint(UNREACHABLE_RULE, Level::Deny, rule.loc, message));
    }
}

/// What a rule can ask once only. Of two conditions on TCP flags `iptables-nft-save` keeps the last, so
/// that a saved rule would match more than the one that was loaded.
fn check_once(rule: &Rule, diagnostics: &mut Vec<Diagnostic>) {
    let uses = |name: &'static str| {
        rule.matches.iter().flat_map(|entry| &entry.options).filter(move |option| option.spec.name == name)
    };
    if let Some(second) = uses("flags").nth(1) {
        let help = "one `flags(SET / MASK)` can look at several flags; or put the second into a chain";
        let mut found = Diagnostic::error(second.loc, "a rule takes one condition on TCP flags").help(help);
        // The legacy variant keeps both, in the two matches of an exact rule.
        found.lint = rule.exact.then_some(ONE_VARIANT);
        diagnostics.push(found);
    }
    if let (Some(_), Some(not)) =
        (uses("fragment").find(|option| !option.negated), uses("fragment").find(|option| option.negated))
    {
        let message = "the rule matches nothing: no packet is a fragment and is none";
        diagnostics.push(Diagnostic::lint(UNREACHABLE_RULE, Level::Deny, not.loc, message));
    }
}

/// Checks a conjunction of matches, of a rule or of an assertion's pattern.
pub(super) fn check_matches(
    model: &Model,
    table: TableName,
    hook: Option<Hook>,
    matches: &[Match],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let asked = asked_protocols(matches);
    let asked = asked.as_deref();
    for entry in matches {
        check_place(entry.extension, table, entry.loc, diagnostics);
        check_options(entry.extension, &entry.options, entry.loc, diagnostics);
        check_protocols(asked, entry.extension, entry.loc, diagnostics);
        if *entry.extension == SET_MATCH {
            sets::check_match(model, entry, diagnostics);
        }
        check_protocols_of_options(asked, matches, entry.extension, &entry.options, diagnostics);
        for option in &entry.options {
            if !entry.extension.module {
                sets::check_field(model, option, asked, diagnostics);
            }
            if let Some(hook) = hook {
                let has = (hook.has_in_interface(), hook.has_out_interface());
                check_interface(has, format_args!("in {hook}: packets there"), option, diagnostics);
            }
        }
    }
}

/// `in` where packets have left no interface, `out` where they have none yet. The kernel checks
/// only built-in chains, and so does iptables. `has` tells whether there is one of each.
pub(super) fn check_interface(
    has: (bool, bool),
    place: fmt::Arguments<'_>,
    option: &OptionUse,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let (missing, which) = match option.spec.name {
        "in" => (!has.0, "incoming"),
        "out" => (!has.1, "outgoing"),
        _ => return,
    };
    if missing && option.spec.flag.len() == 2 {
        let message = format!("`{}` {place} have no {which} interface", option.spec.name);
        let other = if option.spec.name == "in" { "out" } else { "in" };
        diagnostics.push(Diagnostic::error(option.loc, message).help(format!("did you mean `{other}`?")));
    }
}

/// The finding that the legacy variant does not take something.
fn nft_only(what: String, loc: Loc) -> Diagnostic {
    let message = format!("{what} is what the nft variant takes alone; the legacy variant refuses it");
    Diagnostic::lint(ONE_VARIANT, Level::Deny, loc, message)
}

fn check_place(extension: &Extension, table: TableName, loc: Loc, diagnostics: &mut Vec<Diagnostic>) {
    if extension.allowed_in(table) {
        return;
    }
    if extension.nft_anywhere {
        diagnostics.push(nft_only(format!("`{}` in table `{table}`", extension.word()), loc));
        return;
    }
    let message = format!("`{}` cannot stand in table `{}`", extension.word(), table);
    let tables: Vec<String> = extension.tables.iter().map(|table| format!("`{table}`")).collect();
    let help = if tables.is_empty() {
        format!(
            "table `{}` is not for filtering; drop packets in `filter`, or in `raw` before all else",
            table
        )
    } else {
        format!("the kernel takes it in table {} only", tables.join(", "))
    };
    diagnostics.push(Diagnostic::error(loc, message).help(help));
}

/// An extension that works with certain protocols wants one of them in the same rule.
fn check_protocols(asked: Option<&[u8]>, extension: &Extension, loc: Loc, diagnostics: &mut Vec<Diagnostic>) {
    if extension.protocols.is_empty() {
        return;
    }
    let is_ports = *extension == PORTS;
    match asked {
        None => {
            let (message, help) = if is_ports {
                (
                    "ports without a protocol that has ports".to_owned(),
                    "say which: `tcp dport …`, `udp dport …` or `tcp|udp dport …`".to_owned(),
                )
            } else {
                let names = protocol_names(extension.protocols);
                (
                    format!(
                        "`{}` works with {names} only, and the rule does not ask for it",
                        extension.word()
                    ),
                    format!("add {names}"),
                )
            };
            diagnostics.push(Diagnostic::error(loc, message).help(help));
        }
        Some(asked) => {
            if let Some(other) = asked.iter().find(|number| !extension.protocols.contains(number)) {
                let name = protocol_name(*other);
                let message = if is_ports {
                    format!("protocol `{name}` has no ports")
                } else {
                    format!("`{}` does not work with protocol `{name}`", extension.word())
                };
                let help = is_ports.then(|| format!("{} have", protocol_names(PORT_PROTOCOLS)));
                diagnostics.push(Diagnostic::error(loc, message).maybe_help(help));
            }
        }
    }
}

/// `reject(tcp-reset)`, ports of address translation and their like: an option or a value that works
/// with certain protocols only.
fn check_protocols_of_options(
    asked: Option<&[u8]>,
    matches: &[Match],
    extension: &Extension,
    options: &[OptionUse],
    diagnostics: &mut Vec<Diagnostic>,
) {
    // Untracked packets have neither; iptables takes them there all the same.
    let is_taken = options.iter().any(|option| option.spec.flag == "--notrack");
    for option in options.iter().filter(|option| option.spec.any_protocol && asked.is_none()) {
        let message = format!(
            "`{}` of `{}` works with one protocol, and the rule does not ask for any",
            option.spec.name,
            extension.word()
        );
        let help = "say which: `tcp … => …`, or `udp … => …`";
        let mut found = Diagnostic::error(option.loc, message).help(help);
        found.lint = is_taken.then_some(ODD_VALUE);
        diagnostics.push(found);
    }
    let mut check = |what: &dyn Fn() -> String, protocols: &[u8], loc: Loc| {
        let fits = |asked: &[u8]| asked.iter().all(|number| protocols.contains(number));
        if protocols.is_empty() || asked.is_some_and(fits) {
            return;
        }
        // That no protocol is asked for has been said of the rule's own ports.
        if asked.is_none() && matches.iter().any(|other| *other.extension == PORTS) {
            return;
        }
        let names = protocol_names(protocols);
        let message = format!("{} works with {names} only", what());
        let help = format!("the rule must ask for it: `{} … => …`", protocol_name(protocols[0]));
        diagnostics.push(Diagnostic::error(loc, message).help(help));
    };
    for option in options.iter().filter(|option| !option.spec.any_protocol || asked.is_some()) {
        let option_name = || format!("`{}` of `{}`", option.spec.name, extension.word());
        check(&option_name, option.spec.protocols, option.loc);
        for value in &option.values {
            let what = || match &value.value {
                Value::Word(index) => {
                    let word = option.spec.value.words().get(usize::from(*index));
                    word.map_or(String::new(), |word| format!("`{}`", word.name))
                }
                _ => "a port".to_owned(),
            };
            check(&what, protocols_of_value(option.spec, &value.value), value.loc);
        }
    }
}

/// Whether iptables takes the ports of address translation in a rule for this protocol: it takes ICMP for one with ports,
/// and does not see the `!` before a protocol.
fn iptables_takes_ports(matches: &[Match]) -> bool {
    let options = matches.iter().filter(|entry| *entry.extension == CORE).flat_map(|entry| &entry.options);
    let mut protocols = options.filter(|option| option.spec.name == "proto").flat_map(OptionUse::values);
    protocols.any(
        |value| matches!(value, Value::Protocol(number) if *number == ICMP || NAT_PROTOCOLS.contains(number)),
    )
}

/// TCPMSS only makes sense of SYN, and the kernel refuses it elsewhere.
fn check_syn(matches: &[Match], extension: &Extension, loc: Loc, diagnostics: &mut Vec<Diagnostic>) {
    let is_syn =
        |value: &Value| matches!(value, Value::TcpFlags(flags) if flags.set & TcpFlags::SYN.set != 0);
    let mut flags = matches.iter().filter(|entry| *entry.extension == TCP).flat_map(|entry| &entry.options);
    let asks =
        |option: &OptionUse| option.spec.name == "flags" && !option.negated && option.values().all(is_syn);
    if extension.syn && !flags.any(asks) {
        let message =
            format!("`{}` works with SYN packets only, and the rule does not ask for them", extension.word());
        let help = "say which: `tcp syn`, or `tcp flags(syn / syn,rst)` for the answers too";
        let mut diagnostic = Diagnostic::error(loc, message).help(help);
        if extension.nft_anywhere {
            diagnostic.lint = Some(ONE_VARIANT);
        }
        diagnostics.push(diagnostic);
    }
}

fn protocol_name(number: u8) -> String {
    protocols::save_name(number).map_or_else(|| number.to_string(), str::to_owned)
}

fn protocol_names(numbers: &[u8]) -> String {
    let names: Vec<String> = numbers.iter().map(|number| format!("`{}`", protocol_name(*number))).collect();
    names.join(", ")
}

/// Says which parts of the rule want which family.
fn no_family(model: &Model, chain: &Chain, rule: &Rule) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(rule.loc, "the rule fits no family, so it would never be emitted");
    let mut note = |what: String, families: FamilySet, loc: Loc| {
        let only = match families {
            FamilySet::IPV4 => "IPv4 only",
            FamilySet::IPV6 => "IPv6 only",
            FamilySet::NONE => "neither family",
            _ => return,
        };
        diagnostic.notes.push((format!("{what} means {only}"), Some(loc)));
    };
    note(format!("chain `{}`", chain.name), model_families(model, chain), chain.loc);
    for entry in &rule.matches {
        for option in &entry.options {
            let values =
                option.values().map(|value| value_families(model, option.spec, value)).reduce(FamilySet::or);
            let families = values.unwrap_or(option.spec.families).and(entry.extension.families);
            let what = match option.values().next() {
                // What needs a protocol of one family has been named with that protocol.
                _ if !entry.extension.protocols.is_empty() => continue,
                _ if entry.extension.module => entry.extension.word(),
                Some(Value::Protocol(number)) => protocol_name(*number),
                _ => option.spec.name.to_owned(),
            };
            note(format!("`{what}`"), families, option.loc);
        }
    }
    for verdict in &rule.verdicts {
        match verdict.action() {
            Action::Jump(target) | Action::Goto(target) => {
                let named = |other: &&Chain| other.table == chain.table && other.name == *target;
                if let Some(other) = model.chains().iter().find(named) {
                    note(format!("chain `{target}`"), model_families(model, other), other.loc);
                } else if let Some(other) = model.foreign_target(chain.table, target) {
                    note(format!("foreign chain `{target}`"), other.families(), other.loc());
                }
            }
            Action::Target { extension, options } => {
                note(format!("`{}`", verdict.word()), extension.families, verdict.loc());
                for option in options {
                    let values = option
                        .values()
                        .map(|value| value_families(model, option.spec, value))
                        .reduce(FamilySet::or);
                    note(format!("`{}`", verdict.word()), values.unwrap_or(FamilySet::BOTH), verdict.loc());
                }
            }
        }
    }
    diagnostic
}
