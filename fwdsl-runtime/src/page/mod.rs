//! A policy as one page of HTML, for those who review or audit it.
//!
//! ```text
//! Facts ──lower, compare, matrix──▶ View ──sections──▶ Html ──▶ text
//! ```
//!
//! The page answers on its first screen what is open to whom, by which rule, and which assertions speak of it. It is
//! one file without scripts, and asks no network for anything. The same facts give the same page.

mod access;
mod access_rows;
mod assertions;
mod diagram;
mod findings;
mod html;
mod live;
mod openings;
mod overview;
mod rules;
mod services;
mod sets;
mod sysctls;
mod view;

use crate::diagnostic::Diagnostic;
use crate::model::Model;
use html::Html;
pub use live::{Live, LiveRule, State};
use view::View;

const STYLE: &str = include_str!("page.css");

/// Nothing is loaded, run, sent or framed, whatever the page says.
const POLICY_OF_CONTENT: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// What a page is about.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What the firewall is called: the name of the program that holds it, or of the file that it comes from.
    pub name: &'a str,
    /// The policy, which has passed the checks but for what lints say.
    pub model: &'a Model,
    /// What lints have found.
    pub findings: &'a [Diagnostic],
    /// The SHA-256 of the policy as JSON, and the command that prints that.
    pub digest: (&'a str, &'a str),
    /// What a host has loaded, where it was asked.
    pub live: Option<&'a Live>,
    /// What else the reader should know, each a sentence.
    pub remarks: &'a [String],
}

/// The page.
pub fn page(facts: &Facts<'_>) -> String {
    let view = View::new(facts);
    let mut html = Html::default();
    html.element("html", &[("lang", "en")], |html| {
        html.element("head", &[], |html| head(html, facts.name));
        html.element("body", &[], |html| body(html, &view));
    });
    html.into_document()
}

fn head(html: &mut Html, name: &str) {
    html.element("meta", &[("charset", "utf-8")], |_| {});
    html.element(
        "meta",
        &[("http-equiv", "Content-Security-Policy"), ("content", POLICY_OF_CONTENT)],
        |_| {},
    );
    html.element("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")], |_| {});
    html.element("meta", &[("name", "color-scheme"), ("content", "light dark")], |_| {});
    html.element("meta", &[("name", "referrer"), ("content", "no-referrer")], |_| {});
    html.leaf("title", &[], &format!("Firewall of {name}"));
    html.style(STYLE);
}

/// A part of the page that the table of contents names.
struct Section {
    id: &'static str,
    title: &'static str,
    /// A number beside the title.
    count: Option<usize>,
    write: fn(&mut Html, &View<'_>),
}

/// The parts of the page, those alone that have something to say.
fn sections(view: &View<'_>) -> Vec<Section> {
    let model = view.facts.model;
    let section = |id, title, count, write| Section { id, title, count, write };
    let mut list =
        vec![section("open", "Who may open what", None, overview::access as fn(&mut Html, &View<'_>))];
    if view.facts.live.is_some() {
        list.push(section("host", "On the host", None, live::section));
    }
    let cases = model.assertions().iter().map(|assertion| assertion.cases().len()).sum();
    list.push(section("assertions", "Assertions", Some(cases), assertions::section));
    list.push(section("findings", "Findings", Some(view.facts.findings.len()), findings::section));
    if !view.services.is_empty() {
        list.push(section("services", "Services by address", None, services::section));
    }
    list.push(section("chains", "Chains", Some(model.chains().len()), diagram::section));
    let rules = model.chains().iter().map(|chain| chain.rules().len()).sum();
    list.push(section("rules", "Rules", Some(rules), rules::section));
    if !model.sets().is_empty() {
        list.push(section("sets", "Sets", Some(model.sets().len()), sets::section));
    }
    if !model.sysctls().is_empty() {
        list.push(section("sysctls", "Sysctls", Some(model.sysctls().len()), sysctls::section));
    }
    list
}

fn body(html: &mut Html, view: &View<'_>) {
    let sections = sections(view);
    html.element("a", &[("class", "skip"), ("href", "#open")], |html| html.text("To the content"));
    html.element("header", &[], |html| overview::header(html, view));
    html.classed("div", "columns", |html| {
        html.element("nav", &[("aria-label", "Contents")], |html| {
            html.element("ul", &[], |html| {
                for section in &sections {
                    html.element("li", &[], |html| {
                        html.link(section.id, |html| html.text(section.title));
                        if let Some(count) = section.count {
                            html.leaf("span", &[("class", "count")], &count.to_string());
                        }
                    });
                }
            });
        });
        html.element("main", &[], |html| {
            for section in &sections {
                let title = format!("{}-title", section.id);
                html.element("section", &[("id", section.id), ("aria-labelledby", &title)], |html| {
                    html.leaf("h2", &[("id", &title)], section.title);
                    (section.write)(html, view);
                });
            }
        });
    });
    html.element("footer", &[], |html| overview::footer(html, view));
}
