//! The rules, chain by chain: as the policy has them, and what each is in iptables.

use super::html::Html;
use super::live::counters;
use super::view::{View, chain_id, count, finding_id, rule_id, verdict_class, write_families};
use crate::family::Family;
use crate::model::{Action, Chain, ChainPolicy, HookPosition, Ownership, Rule, Verdict};
use crate::source::rule_words;
use crate::table::{Hook, TableName};

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    html.classed("p", "lead", |html| {
        html.text(
            "Rules in the words of the policy, with the values of its names, in the order in which packets meet them. \
             Unfold one for the lines that the kernel gets.",
        );
    });
    for (table, chains) in view.chains_by_table() {
        for (number, chain) in chains {
            html.element("section", &[("id", &chain_id(number)), ("class", "chain")], |html| {
                write_chain(html, table, number, chain, view);
            });
        }
    }
}

fn write_chain(html: &mut Html, table: TableName, number: usize, chain: &Chain, view: &View<'_>) {
    html.element("h3", &[], |html| {
        html.code(chain.name());
        html.text(&format!(" of {table} "));
        match chain.policy() {
            Some(ChainPolicy::Accept) => html.badge("accept", "policy accept"),
            Some(ChainPolicy::Drop) => html.badge("drop", "policy drop"),
            None => {}
        }
        write_families(html, chain.families().and(view.families()), view.families());
    });
    html.element("p", &[("class", "about")], |html| {
        if let Some(hook) = chain.hook() {
            html.text(hook_words(hook));
            if let Ownership::Chains { .. } = view.facts.model.ownership() {
                html.text(&position_words(&chain.position()));
            }
            html.text(". ");
        }
        html.classed("span", "place", |html| html.text(&view.place(chain.loc())));
        html.text(" ");
        view.write_through(html, chain.loc());
        callers(html, table, chain, view);
    });
    if !chain.doc().is_empty() {
        html.classed("p", "comment", |html| html.text(chain.doc()));
    }
    if chain.rules().is_empty() {
        html.leaf("p", &[], "It has no rules.");
    } else {
        html.element("ol", &[("class", "rules")], |html| {
            for (place, rule) in chain.rules().iter().enumerate() {
                html.element("li", &[("id", &rule_id(number, place))], |html| {
                    write_rule(html, number, place, rule, chain, view);
                });
            }
        });
    }
    let ends = view.facts.live.and_then(|live| live.ends.get(number));
    let ends = ends.into_iter().flatten().map(|(family, counters)| (*family, Some(counters)));
    if let Some(text) = counters(ends) {
        html.classed("p", "counters", |html| html.text(&format!("At the end of the chain: {text}")));
    }
}

/// What packets come to a built-in chain.
pub(super) fn hook_words(hook: Hook) -> &'static str {
    match hook {
        Hook::Prerouting => "Packets as they arrive",
        Hook::Input => "Packets for this host",
        Hook::Forward => "Packets routed through",
        Hook::Output => "Packets of this host",
        Hook::Postrouting => "Packets as they leave",
    }
}

fn position_words(position: &HookPosition) -> String {
    match position {
        HookPosition::First => ", before the rules of others".into(),
        HookPosition::Last => ", after the rules of others".into(),
        HookPosition::Before(anchor) => format!(", before the jump to {anchor}"),
        HookPosition::After(anchor) => format!(", after the jump to {anchor}"),
    }
}

/// The rules that lead to a chain.
fn callers(html: &mut Html, table: TableName, chain: &Chain, view: &View<'_>) {
    let mut calling: Vec<(usize, usize)> = Vec::new();
    let others = view.facts.model.chains().iter().enumerate();
    let of_table =
        |other: &Chain| other.table() == table && !other.families().and(chain.families()).is_empty();
    for (number, other) in others.filter(|(_, other)| of_table(other)) {
        for (place, rule) in other.rules().iter().enumerate() {
            if rule.verdicts().iter().any(|verdict| target(verdict) == Some(chain.name())) {
                calling.push((number, place));
            }
        }
    }
    if !calling.is_empty() {
        html.text(" Called by ");
        for (at, (number, place)) in calling.iter().enumerate() {
            html.text(if at == 0 { "" } else { ", " });
            let name = view.facts.model.chains()[*number].name();
            html.link(&rule_id(*number, *place), |html| html.text(&format!("{name} {}", place + 1)));
        }
        html.text(".");
    }
}

/// The chain that a verdict goes to.
pub(super) fn target(verdict: &Verdict) -> Option<&str> {
    match verdict.action() {
        Action::Jump(chain) | Action::Goto(chain) => Some(chain),
        Action::Target { .. } => None,
    }
}

fn write_rule(
    html: &mut Html,
    chain_number: usize,
    place: usize,
    rule: &Rule,
    chain: &Chain,
    view: &View<'_>,
) {
    if let Some(comment) = rule.comment() {
        html.classed("p", "comment", |html| html.text(comment));
    }
    html.classed("div", "statement", |html| statement(html, rule, chain, view, chain_number, place));
    html.classed("div", "about", |html| {
        html.classed("span", "place", |html| html.text(&view.place(rule.loc())));
        html.text(" ");
        view.write_through(html, rule.loc());
        let families = view.families_of(chain_number, place);
        write_families(html, families, view.families());
        if families.is_empty() {
            html.badge("plain", "in no family");
        }
        if rule.is_exact() {
            html.badge("plain", "exact");
        }
        for (number, finding) in view.findings_of(rule.loc()) {
            let name = finding.lint.unwrap_or("error");
            html.element(
                "a",
                &[("class", "badge reject"), ("href", &format!("#{}", finding_id(number)))],
                |html| {
                    html.text(name);
                },
            );
        }
        let counted = view.facts.live.and_then(|live| live.rules.get(chain_number)?.get(place));
        let counted = counted.into_iter().flatten().map(|(family, counters)| (*family, counters.as_ref()));
        if let Some(text) = counters(counted) {
            html.classed("span", "counters", |html| html.text(&text));
        }
    });
    let lines = view.lines(chain_number, place);
    if !lines.is_empty() {
        html.folded(&format!("{} for the kernel", count(lines.len(), "line", "lines")), |html| {
            lowered(html, lines)
        });
    }
}

fn statement(html: &mut Html, rule: &Rule, chain: &Chain, view: &View<'_>, number: usize, place: usize) {
    let words = rule_words(rule);
    let verdicts: Vec<String> = match &words {
        Some(words) => {
            html.leaf("code", &[("class", "matches")], &words.matches);
            words.verdicts.clone()
        }
        None => {
            let first = view.lines(number, place).first().map_or("", |(_, text)| text.as_str());
            html.leaf("code", &[("class", "matches")], first);
            rule.verdicts().iter().map(Verdict::word).collect()
        }
    };
    html.leaf("span", &[("class", "arrow")], "⇒");
    for (verdict, text) in rule.verdicts().iter().zip(&verdicts) {
        let class = format!("verdict {}", verdict_class(&verdict.word()));
        let called = target(verdict).and_then(|name| view.chain(chain.table(), name, chain.families()));
        html.classed("span", &class, |html| match called {
            Some(called) => html.link(&chain_id(called), |html| html.code(text)),
            None => html.code(text),
        });
    }
}

/// The lines that the kernel gets, those of both families once where they are the same.
fn lowered(html: &mut Html, lines: &[(Family, String)]) {
    let of = |family| -> Vec<&str> {
        lines.iter().filter(|(of, _)| *of == family).map(|(_, text)| text.as_str()).collect()
    };
    let (ipv4, ipv6) = (of(Family::Ipv4), of(Family::Ipv6));
    let mut write = |title: &str, lines: &[&str]| {
        if !lines.is_empty() {
            html.leaf("p", &[("class", "family-title")], title);
            html.classed("pre", "wrapped", |html| html.code(&lines.join("\n")));
        }
    };
    if ipv4 == ipv6 {
        write("IPv4 and IPv6", &ipv4);
    } else {
        write("IPv4", &ipv4);
        write("IPv6", &ipv6);
    }
}
