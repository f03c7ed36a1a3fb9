//! What a host has loaded, as `status` found it.

use super::html::Html;
use super::view::View;
use crate::family::Family;
use crate::restore_text::Counters;

/// What a host has loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// When it was looked at.
    pub time: String,
    /// Whether that is what the policy says.
    pub state: State,
    /// What is to be said of it, line by line.
    pub lines: Vec<String>,
    /// What each rule has counted, by its chain and its place there; none if that is not known.
    pub rules: Vec<Vec<LiveRule>>,
    /// What came to the end of each chain, by family.
    pub ends: Vec<Vec<(Family, Counters)>>,
}

/// What each family has counted of a rule; `None` if the rule is not loaded.
pub type LiveRule = Vec<(Family, Option<Counters>)>;

/// Whether a host holds what the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It does.
    Same,
    /// It does not.
    Differs,
    /// Not all of it could be seen.
    Unknown,
}

impl State {
    pub(super) fn words(self) -> &'static str {
        match self {
            State::Same => "in force",
            State::Differs => "not in force as written",
            State::Unknown => "not known whether in force",
        }
    }
}

pub(super) fn section(html: &mut Html, view: &View<'_>) {
    let Some(live) = view.facts.live else { return };
    html.element("p", &[], |html| {
        html.text("Seen at ");
        html.leaf("time", &[], &live.time);
        html.text(". The packets that each rule has counted stand beside the rule.");
    });
    html.classed("pre", "wrapped", |html| html.code(&live.lines.join("\n")));
}

/// The counters of a rule or of a chain's end, in a line.
pub(super) fn counters<'a>(counts: impl Iterator<Item = (Family, Option<&'a Counters>)>) -> Option<String> {
    let texts: Vec<String> = counts
        .map(|(family, counters)| match counters {
            Some(counters) => format!("{family}: {} packets, {} bytes", counters.packets, counters.bytes),
            None => format!("{family}: not loaded"),
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}
