//! What lints have found, and what they were told to leave out.

use super::html::Html;
use super::view::{View, chain_id, finding_id};
use crate::family::FamilySet;
use crate::lint::{Level, LevelSetting};
use crate::loc::Loc;

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    let findings = view.facts.findings;
    if findings.is_empty() {
        html.leaf("p", &[], "None: no lint has anything to say.");
    } else {
        html.element("ul", &[("class", "findings")], |html| {
            for (number, finding) in findings.iter().enumerate() {
                html.element("li", &[("id", &finding_id(number))], |html| {
                    html.badge(
                        if finding.is_error() { "drop" } else { "reject" },
                        finding.lint.unwrap_or("error"),
                    );
                    html.text(" ");
                    html.sentence(&finding.message);
                    html.text(" ");
                    view.write_place(html, finding.loc);
                    html.text(" ");
                    view.write_through(html, finding.loc);
                    if let Some(subject) = &finding.subject {
                        html.text(" in ");
                        match view.chain(subject.table, &subject.chain, FamilySet::BOTH) {
                            Some(chain) => html.link(&chain_id(chain), |html| html.code(&subject.chain)),
                            None => html.code(&subject.chain),
                        }
                    }
                    for (note, loc) in &finding.notes {
                        html.classed("p", "finding-note", |html| {
                            html.sentence(note);
                            if let Some(loc) = loc {
                                html.text(" ");
                                view.write_place(html, *loc);
                            }
                        });
                    }
                    if let Some(help) = &finding.help {
                        html.classed("p", "finding-note", |html| {
                            html.text("Help: ");
                            html.sentence(help);
                        });
                    }
                });
            }
        });
    }
    silenced(html, view);
}

/// The lints that attributes keep silent: a reviewer wants to know.
fn silenced(html: &mut Html, view: &View<'_>) {
    let model = view.facts.model;
    let mut list: Vec<(String, Option<Loc>)> = Vec::new();
    let mut add = |levels: &[LevelSetting], loc: Option<Loc>| {
        let allowed = levels.iter().filter(|setting| setting.level == Level::Allow);
        list.extend(allowed.map(|setting| (setting.lint.clone(), loc)));
    };
    add(&model.levels, None);
    for chain in model.chains() {
        add(&chain.levels, Some(chain.loc));
        chain.rules.iter().for_each(|rule| add(&rule.levels, Some(rule.loc)));
    }
    if list.is_empty() {
        return;
    }
    html.leaf("h3", &[], "Silenced by the policy");
    html.element("ul", &[], |html| {
        for (lint, loc) in &list {
            html.element("li", &[], |html| {
                html.code(lint);
                match loc {
                    Some(loc) => {
                        html.text(" at ");
                        view.write_place(html, *loc);
                    }
                    None => html.text(" in all of it"),
                }
            });
        }
    });
}
