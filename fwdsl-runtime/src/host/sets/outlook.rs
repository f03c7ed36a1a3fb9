//! What would change in sets, element by element.

use super::plan::SetsPlan;
use super::saved::{SavedElement, SavedSet};
use super::stem;
use crate::host::report::SetChange;

/// A set that would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetOutlook {
    /// Its name in the kernel.
    pub name: String,
    /// What would become of it.
    pub change: SetChange,
    /// The set whose place it takes.
    pub replaces: Option<String>,
    /// The elements that come, as `ipset save` prints them.
    pub added: Vec<String>,
    /// The elements that go.
    pub removed: Vec<String>,
}

/// The sets that an apply would change. A new one is compared with the one whose place it takes.
pub(crate) fn outlook(plan: &SetsPlan) -> Vec<SetOutlook> {
    let mut replaced: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for new in &plan.new {
        let set = &new.set;
        let old = plan.stale.iter().find(|old| stem(&old.set.name) == stem(&set.name));
        replaced.extend(old.map(|old| old.set.name.as_str()));
        let (added, removed) = difference(old.and_then(|old| old.contents.as_ref()), set);
        let replaces = old.map(|old| old.set.name.clone());
        found.push(SetOutlook {
            name: set.name.clone(),
            change: SetChange::Created,
            replaces,
            added,
            removed,
        });
    }
    for (now, wanted) in &plan.changed {
        let (added, removed) = difference(Some(now), wanted);
        let name = wanted.name.clone();
        found.push(SetOutlook { name, change: SetChange::PutRight, replaces: None, added, removed });
    }
    for grown in &plan.grown {
        let (added, removed) = (texts(&grown.elements), texts(&grown.former));
        let name = grown.name.clone();
        found.push(SetOutlook { name, change: SetChange::Grown, replaces: None, added, removed });
    }
    for stale in plan.stale.iter().filter(|stale| !replaced.contains(&stale.set.name.as_str())) {
        let (name, none) = (stale.set.name.clone(), Vec::new);
        found.push(SetOutlook {
            name,
            change: SetChange::Destroyed,
            replaces: None,
            added: none(),
            removed: none(),
        });
    }
    found
}

/// What comes and what goes; an element with other words behind it is both.
fn difference(old: Option<&SavedSet>, new: &SavedSet) -> (Vec<String>, Vec<String>) {
    let Some(old) = old else { return (texts(&new.elements), Vec::new()) };
    (texts(&old.missing(new)), texts(&new.missing(old)))
}

fn texts(elements: &[SavedElement]) -> Vec<String> {
    elements.iter().map(ToString::to_string).collect()
}
