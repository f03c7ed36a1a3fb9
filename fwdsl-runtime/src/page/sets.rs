//! The sets of the policy, as the kernel gets them.

use super::html::Html;
use super::view::{View, count, write_families};
use crate::family::FamilySet;
use crate::ipset::KernelSet;

/// So many elements are shown of a set.
const ELEMENTS_MOST: usize = 2_000;

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    for set in view.facts.model.sets() {
        html.classed("div", "set", |html| {
            html.element("h3", &[], |html| {
                html.code(set.name());
                html.text(" ");
                html.badge("plain", set.kind().word());
                if set.is_foreign() {
                    html.badge("other", "made by others");
                }
            });
            html.classed("p", "place", |html| html.text(&view.place(set.loc())));
            if set.is_foreign() {
                html.leaf("p", &[], "Others make and fill it: what it holds is not part of the policy.");
                return;
            }
            let mut shown: Vec<&str> = Vec::new();
            for ruleset in &view.rulesets {
                for kernel in ruleset.sets.iter().filter(|kernel| kernel.source == set.name()) {
                    if !shown.contains(&kernel.name.as_str()) {
                        shown.push(&kernel.name);
                        write_set(html, kernel, view.families());
                    }
                }
            }
        });
    }
}

fn write_set(html: &mut Html, set: &KernelSet, around: FamilySet) {
    html.element("p", &[], |html| {
        html.code(&format!("create {} {} {}", set.name, set.kind.name, set.parameters));
        html.text(" ");
        write_families(html, set.family.map_or(around, FamilySet::only), around);
        if set.keep {
            html.badge("other", "keeps what others add");
        }
    });
    if set.elements.is_empty() {
        html.leaf("p", &[], "It is empty at first.");
        return;
    }
    html.folded(&count(set.elements.len(), "element", "elements"), |html| {
        let shown = &set.elements[..set.elements.len().min(ELEMENTS_MOST)];
        html.classed("pre", "wrapped", |html| html.code(&shown.join("\n")));
        if shown.len() < set.elements.len() {
            let text = format!("… and {} more", set.elements.len() - shown.len());
            html.leaf("p", &[], &text);
        }
    });
}
