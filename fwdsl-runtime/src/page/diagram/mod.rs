//! The chains of each table as a diagram: hooks on the left, what they call to the right.
//!
//! ```text
//! chains ──graph──▶ Graph ──layout──▶ Layout ──draw──▶ svg
//! ```

mod draw;
mod graph;
mod layout;

use super::html::Html;
use super::services::scrolled;
use super::view::View;
use draw::draw;
use graph::graph;
use layout::layout;

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    let tables = view.chains_by_table();
    html.classed("p", "lead", |html| {
        html.text(
            "From the hooks of the kernel on the left to the chains that they call. A dashed line is a ",
        );
        html.code("goto");
        html.text(", which does not come back; a chain in grey is not called.");
    });
    for (table, chains) in &tables {
        if tables.len() > 1 {
            html.leaf("h3", &[], &format!("Table {table}"));
        }
        let graph = graph(*table, chains, view.facts.model);
        let layout = layout(&graph);
        let label = format!("Chains of the table {table}");
        html.classed("figure", "diagram", |html| {
            scrolled(html, &label, |html| draw(html, &graph, &layout, &label));
        });
    }
}
