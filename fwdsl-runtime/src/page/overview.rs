//! The first screen: what the policy is, and what is open to whom.

use super::access::Access;
use super::access_rows::Row;
use super::html::Html;
use super::live::State;
use super::openings::Stance;
use super::services::scrolled;
use super::view::{View, case_id, count, rule_id, verdict_class, write_families};
use crate::family::Family;
use crate::model::Ownership;
use crate::source::port_name;
use crate::table::{Hook, TableName};

pub(super) fn header(html: &mut Html, view: &View<'_>) {
    let facts = view.facts;
    let model = facts.model;
    html.classed("p", "kind", |html| html.text("Firewall policy"));
    html.leaf("h1", &[], facts.name);
    html.classed("p", "chips", |html| {
        for family in view.families().iter() {
            html.badge("family", &family.to_string());
        }
        let tables: Vec<&str> = model.tables().iter().map(|table| table.name()).collect();
        let tables = tables.join(", ");
        let held = match model.ownership() {
            Ownership::Tables => format!("tables: {tables}"),
            Ownership::Chains { prefix, .. } => format!("chains of its own, {prefix}-…, in: {tables}"),
        };
        html.badge("plain", &held);
        verdict_on_assertions(html, view);
        verdict_on_findings(html, view);
        if let Some(live) = facts.live {
            let class = match live.state {
                State::Same => "accept",
                State::Differs => "drop",
                State::Unknown => "reject",
            };
            html.badge(class, live.state.words());
        }
    });
    html.element("dl", &[("class", "facts")], |html| {
        let files: Vec<&String> = model.sources().files.iter().filter(|file| !file.is_empty()).collect();
        if !files.is_empty() {
            html.leaf("dt", &[], "Source");
            html.element("dd", &[], |html| {
                for (place, file) in files.iter().enumerate() {
                    html.text(if place == 0 { "" } else { ", " });
                    html.code(file);
                }
            });
        }
        let (digest, command) = facts.digest;
        html.leaf("dt", &[], "SHA-256");
        html.element("dd", &[], |html| {
            html.leaf("code", &[("class", "digest")], digest);
            html.text(" of ");
            html.code(command);
        });
    });
    for remark in facts.remarks {
        html.classed("p", "warning", |html| html.sentence(remark));
    }
}

fn verdict_on_assertions(html: &mut Html, view: &View<'_>) {
    let cases: usize = view.facts.model.assertions().iter().map(|assertion| assertion.cases().len()).sum();
    match cases {
        0 => html.badge("reject", "nothing asserted"),
        _ => html.badge("accept", &format!("{} proven", count(cases, "assertion", "assertions"))),
    }
}

fn verdict_on_findings(html: &mut Html, view: &View<'_>) {
    match view.facts.findings.len() {
        0 => html.badge("accept", "no findings"),
        findings => html.badge("reject", &count(findings, "finding", "findings")),
    }
}

pub(super) fn access(html: &mut Html, view: &View<'_>) {
    if view.access.is_empty() {
        html.leaf("p", &[], "The policy holds no table `filter`, so it refuses nothing there.");
        return;
    }
    for access in &view.access {
        way(html, access, view);
    }
    for family in Family::ALL {
        let of_family = view.rulesets.iter().find(|ruleset| ruleset.family == family);
        if of_family.is_none_or(|ruleset| ruleset.table(TableName::Filter).is_none()) {
            let text = format!("Of {family} the policy says nothing: it has no table `filter` for it.");
            html.classed("p", "warning", |html| html.sentence(&text));
        }
    }
    html.classed("p", "note", |html| {
        html.text(
            "This is exact for new connections in the table filter: the rules were compared with a firewall that lets \
             nothing new through, or refuses nothing, and every packet that fares otherwise is in one of the rows, with \
             the rule that decides it. Packets of known connections and those of the host to itself (lo) are left out, and \
             so are other tables, routing, and whether anybody listens. “Asserted” names the assertions that speak of the \
             packets of a row.",
        );
    });
}

fn way(html: &mut Html, access: &Access, view: &View<'_>) {
    let (name, who) = match access.hook {
        Hook::Forward => ("Through this host", "routed through it"),
        Hook::Output | Hook::Postrouting => ("From this host", "that it opens"),
        Hook::Prerouting | Hook::Input => ("To this host", "from others"),
    };
    html.element("div", &[("class", "way")], |html| {
        html.element("h3", &[], |html| {
            html.text(name);
            html.text(" ");
            match (access.stance, access.rows.is_empty()) {
                (Stance::Closed, true) => html.badge("drop", "closed"),
                (Stance::Closed, false) => html.badge("drop", "closed but for"),
                (Stance::Open, true) => html.badge("accept", "open"),
                (Stance::Open, false) => html.badge("accept", "open but for"),
            }
        });
        for family in access.undecided.iter() {
            let text = format!("{family}: not decided, for it takes too long. The rules below tell it.");
            html.leaf("p", &[("class", "warning")], &text);
        }
        if access.rows.is_empty() && access.undecided.is_empty() {
            let text = match access.stance {
                Stance::Closed => format!("No new connection {who} gets through."),
                Stance::Open => format!("Every new connection {who} gets through."),
            };
            html.leaf("p", &[], &text);
        }
        if !access.rows.is_empty() {
            table(html, name, access, view);
        }
        for family in access.cut.iter() {
            let text = format!("{family}: there is more; only the first lines are shown.");
            html.leaf("p", &[("class", "warning")], &text);
        }
    });
}

fn table(html: &mut Html, name: &str, access: &Access, view: &View<'_>) {
    scrolled(html, &format!("Table: {name}"), |html| {
        html.element("table", &[("class", "cards")], |html| {
            html.leaf("caption", &[("class", "unseen")], name);
            html.element("thead", &[], |html| {
                html.element("tr", &[], |html| {
                    for title in ["Who", "What", "Result", "By", "Asserted"] {
                        html.leaf("th", &[("scope", "col")], title);
                    }
                });
            });
            html.element("tbody", &[], |html| {
                for row in &access.rows {
                    html.element("tr", &[], |html| cells(html, row, access.hook, view));
                }
            });
        });
    });
}

fn cells(html: &mut Html, row: &Row, hook: Hook, view: &View<'_>) {
    html.element("td", &[("data-title", "Who")], |html| {
        if row.who.is_empty() {
            html.text(if hook == Hook::Output { "to anybody" } else { "anybody" });
        }
        row.who.iter().for_each(|word| phrase(html, word));
        html.text(" ");
        write_families(html, row.families, view.families());
    });
    html.element("td", &[("data-title", "What")], |html| {
        if row.what.is_empty() {
            html.text("everything");
        }
        row.what.iter().for_each(|word| phrase(html, word));
        for condition in &row.provided {
            html.classed("span", "provided", |html| {
                html.text("if ");
                html.code(condition);
            });
        }
    });
    html.element("td", &[("data-title", "Result")], |html| {
        let first = row.verdict.split(' ').next().unwrap_or_default();
        let class = match first {
            "accepted" => "accept",
            "dropped" => "drop",
            "rejected" => "reject",
            other => verdict_class(other),
        };
        html.badge(class, &row.verdict.replace('`', ""));
    });
    html.element("td", &[("data-title", "By")], |html| match row.by {
        Some((chain, rule, loc)) => {
            html.element(
                "a",
                &[("class", "place"), ("href", &format!("#{}", rule_id(chain, rule)))],
                |html| {
                    html.text(&view.short_place(loc));
                },
            );
            let found = view.facts.model.chains().get(chain).and_then(|chain| chain.rules().get(rule));
            if let Some(comment) = found.and_then(|rule| rule.comment()) {
                html.leaf("span", &[("class", "why")], comment);
            }
        }
        None => html.text("the chain’s end"),
    });
    html.element("td", &[("data-title", "Asserted")], |html| {
        if row.assertions.is_empty() {
            html.leaf("span", &[("class", "none")], "no");
        }
        for (assertion, case) in &row.assertions {
            let loc = view.facts.model.assertions()[*assertion].cases()[*case].loc();
            html.link(&case_id(*assertion, *case), |html| {
                html.text(&format!("✓\u{a0}line\u{a0}{}", loc.line))
            });
            html.text(" ");
        }
    });
}

/// A match of the language, with the names of the services whose ports it has.
fn phrase(html: &mut Html, words: &str) {
    html.code(words);
    html.text(" ");
    if let Some(ports) = words.strip_prefix("dport ") {
        let number = |port: &str| port.parse::<u16>().ok().and_then(port_name);
        let names: Vec<String> = ports.split(|c: char| !c.is_ascii_digit()).filter_map(number).collect();
        // A range is no service, and what is excluded is not meant.
        if !names.is_empty() && !ports.contains("..") && !ports.starts_with('!') {
            html.leaf("span", &[("class", "names")], &names.join(", "));
        }
    }
}

pub(super) fn footer(html: &mut Html, view: &View<'_>) {
    html.element("p", &[], |html| {
        html.text("Made by ");
        html.code("report --html");
        html.text(&format!(" of fwdsl {}. ", env!("CARGO_PKG_VERSION")));
        html.text(match view.facts.live {
            Some(_) => "It shows the policy, and the host as it was at the time above.",
            None => "It shows the policy alone; no host was looked at.",
        });
    });
}
