//! The kernel parameters of the policy.

use super::html::Html;
use super::services::scrolled;
use super::view::View;

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    scrolled(html, "Table of sysctls", |html| {
        html.element("table", &[], |html| {
            html.leaf("caption", &[("class", "unseen")], "Sysctls");
            html.element("thead", &[], |html| {
                html.element("tr", &[], |html| {
                    for title in ["Key", "Value", "Source"] {
                        html.leaf("th", &[("scope", "col")], title);
                    }
                });
            });
            html.element("tbody", &[], |html| {
                for sysctl in view.facts.model.sysctls() {
                    html.element("tr", &[], |html| {
                        html.element("td", &[], |html| html.code(&sysctl.value.key.to_string()));
                        html.element("td", &[], |html| html.code(&sysctl.value.value));
                        html.element("td", &[], |html| {
                            html.classed("span", "place", |html| html.text(&view.place(sysctl.loc)));
                            view.write_through(html, sysctl.loc);
                        });
                    });
                }
            });
        });
    });
}
