//! Assertions, in words.

use super::html::Html;
use super::view::{View, case_id, chain_id, verdict_class};
use crate::family::FamilySet;
use crate::model::{AssertionCase, Outcome, Scope};
use crate::source::pattern_words;
use crate::table::Way;

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    let assertions = view.facts.model.assertions();
    if assertions.is_empty() {
        html.leaf(
            "p",
            &[],
            "The policy asserts nothing, so nothing is proven of it but what the table above tells.",
        );
        return;
    }
    html.classed("p", "lead", |html| {
        html.text(
            "Each was proven for every packet that its pattern covers, on the rules as the kernel gets them. The compiler \
             does so when a policy is built, as far as it knows the values in it, and builds no policy of which it fails; it \
             was done again for this page.",
        );
    });
    for (number, assertion) in assertions.iter().enumerate() {
        html.element("h3", &[], |html| match assertion.scope() {
            Scope::Chain { table, name } => {
                html.text("In ");
                match view.chain(*table, name, FamilySet::BOTH) {
                    Some(chain) => html.link(&chain_id(chain), |html| html.code(name)),
                    None => html.code(name),
                }
                html.text(&format!(" of {table}"));
            }
            Scope::Host(way) => html.text(match way {
                Some(Way::In) => "On the whole way to this host",
                Some(Way::Through) => "On the whole way through this host",
                Some(Way::Out) => "On the whole way out of this host",
                None => "On the whole way, on each that fits",
            }),
        });
        html.element("ul", &[("class", "cases")], |html| {
            for (place, case) in assertion.cases().iter().enumerate() {
                html.element("li", &[("id", &case_id(number, place))], |html| write_case(html, case, view));
            }
        });
    }
}

fn write_case(html: &mut Html, case: &AssertionCase, view: &View<'_>) {
    html.badge("accept", "✓ proven");
    html.text(" Every packet ");
    match pattern_words(case.matches()).as_deref() {
        Some("_") => html.text("whatever"),
        Some(words) => html.code(words),
        None => html.text("that the pattern of this line covers"),
    }
    html.text(" ");
    let claim = case.claim();
    match claim.outcome() {
        Outcome::Verdict(verdicts) => {
            html.text(if claim.negated() { "gets another verdict than " } else { "gets " });
            for (place, verdict) in verdicts.iter().enumerate() {
                if place > 0 {
                    html.text(" or ");
                }
                let word = verdict.word();
                html.badge(if claim.negated() { "plain" } else { verdict_class(&word) }, &word);
            }
        }
        Outcome::Reaches { table, chain } => {
            html.text(if claim.negated() { "never comes to " } else { "comes to " });
            match view.chain(*table, &chain.value, FamilySet::BOTH) {
                Some(place) => html.link(&chain_id(place), |html| html.code(&chain.value)),
                None => html.code(&chain.value),
            }
        }
    }
    html.text(" ");
    html.classed("span", "place", |html| html.text(&view.place(case.loc())));
}
