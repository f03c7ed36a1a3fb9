//! Sets as they were before an apply, put together from what each apply since has noted.

use std::collections::{BTreeMap, HashMap};

use super::ipset;
use super::plan::{Grown, NewSet, SetsPlan, Stale};
use super::saved::{self, SavedElement, SavedSet};
use super::undo::{GrownUndo, SetsUndo};
use crate::host::detect::Host;
use crate::host::error::ApplyError;
use crate::host::record::RecordedSet;
use crate::restore_text::Protocols;

/// How sets stood, by name.
#[derive(Debug, Default)]
pub(crate) struct FormerSets(BTreeMap<String, FormerSet>);

/// How a set stood.
#[derive(Debug)]
enum FormerSet {
    /// It was not there.
    Absent,
    There(SavedSet),
    /// It was there, with others' elements; these entries were not in it, or had these words behind them.
    With(BTreeMap<String, Option<String>>),
}

impl FormerSets {
    /// Goes back by one more apply, the next older one.
    pub(crate) fn go_back(&mut self, undo: &SetsUndo) -> Result<(), ApplyError> {
        for name in &undo.created {
            self.0.insert(name.clone(), FormerSet::Absent);
        }
        for text in undo.changed.iter().chain(&undo.gone) {
            let set = saved::parse(text, &Protocols::default()).ok_or_else(|| {
                ApplyError::Impossible("the history holds a set of a kind that is not known".to_owned())
            })?;
            self.0.insert(set.name.clone(), FormerSet::There(set));
        }
        for GrownUndo { name, absent, former } in &undo.grown {
            let mut entries: BTreeMap<String, Option<String>> =
                absent.iter().map(|entry| (entry.clone(), None)).collect();
            entries.extend(former.iter().map(|element| (entry_of(element), Some(element.clone()))));
            match self.0.get_mut(name) {
                Some(FormerSet::There(set)) => put_into(set, &entries),
                Some(FormerSet::With(newer)) => newer.extend(entries),
                // What is made later cannot have been there.
                Some(FormerSet::Absent) => {}
                None => drop(self.0.insert(name.clone(), FormerSet::With(entries))),
            }
        }
        Ok(())
    }

    /// Whether nothing is known of any set.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How the sets stood: in the form of `ipset save`, with comments on what that cannot say.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (name, set) in &self.0 {
            match set {
                FormerSet::Absent => text.push_str(&format!("# set {name} was not there\n")),
                FormerSet::There(set) => text.push_str(&set.text(name)),
                FormerSet::With(entries) => {
                    text.push_str(&format!("# set {name}, among elements of others:\n"));
                    for (entry, element) in entries {
                        match element {
                            Some(element) => text.push_str(&format!("add {name} {element}\n")),
                            None => text.push_str(&format!("# {entry} was not in it\n")),
                        }
                    }
                }
            }
        }
        text
    }

    /// What brings the kernel's sets back. `then` is what the record said of them; `now`, what it says today.
    pub(crate) fn plan(
        &self,
        host: &Host,
        then: &[RecordedSet],
        now: &[RecordedSet],
        protocols: &Protocols,
    ) -> Result<SetsPlan, ApplyError> {
        let mut plan = SetsPlan::default();
        if self.is_empty() || host.families.is_empty() {
            return Ok(plan);
        }
        let ipset = host.programs.need("ipset")?;
        let there = ipset::names(&ipset, &host.runner)?;
        let is_kept = |sets: &[RecordedSet], name: &str| sets.iter().any(|set| set.name == name && set.keep);
        for (name, former) in &self.0 {
            let found = match there.contains(name) {
                true => Some(ipset::save(&ipset, &host.runner, name, protocols)?),
                false => None,
            };
            match (former, found) {
                (FormerSet::Absent, None) => {}
                (FormerSet::Absent, Some(contents)) => {
                    let set = RecordedSet { name: name.clone(), keep: is_kept(now, name) };
                    plan.stale.push(Stale { set, contents });
                }
                (FormerSet::There(wanted), None) => {
                    let is_certain = !wanted.has("timeout") && !is_kept(then, name);
                    plan.new.push(NewSet { set: wanted.clone(), is_certain });
                }
                (FormerSet::There(wanted), Some(Some(found))) => {
                    if !(found.has_parameters_of(wanted) && found.has_elements_of(wanted)) {
                        plan.changed.push((found, wanted.clone()));
                    }
                }
                (FormerSet::With(entries), Some(Some(found))) => {
                    let grown = grown(&found, entries);
                    if !(grown.elements.is_empty() && grown.removed.is_empty()) {
                        plan.grown.push(grown);
                    }
                }
                (FormerSet::With(_), None) => plan.warnings.push(format!(
                    "the set `{name}`, which held elements of others, is not there any more, and what they were is not \
                     known"
                )),
                (_, Some(None)) => {
                    return Err(ApplyError::Impossible(format!(
                        "there is a set `{name}` of a kind that is not known"
                    )));
                }
            }
        }
        // A list is made after what is in it.
        plan.new.sort_by_key(|new| new.set.kind.name == "list:set");
        plan.ipset = Some(ipset);
        Ok(plan)
    }
}

/// The entry of an element's text.
fn entry_of(element: &str) -> String {
    element.split(' ').next().unwrap_or_default().to_owned()
}

fn put_into(set: &mut SavedSet, entries: &BTreeMap<String, Option<String>>) {
    set.elements.retain(|element| !entries.contains_key(&element.entry));
    let kind = set.kind;
    let there = entries.values().flatten();
    set.elements.extend(there.filter_map(|text| SavedElement::parse(kind, text, &Protocols::default())));
}

/// What of the entries is not as it was.
fn grown(found: &SavedSet, entries: &BTreeMap<String, Option<String>>) -> Grown {
    let mut grown =
        Grown { name: found.name.clone(), elements: Vec::new(), removed: Vec::new(), former: Vec::new() };
    let there: HashMap<&str, &SavedElement> =
        found.elements.iter().map(|element| (element.entry.as_str(), element)).collect();
    for (entry, then) in entries {
        let now = there.get(entry.as_str()).copied();
        let then =
            then.as_ref().and_then(|text| SavedElement::parse(found.kind, text, &Protocols::default()));
        match (now, then) {
            (Some(now), None) => {
                grown.removed.push(entry.clone());
                grown.former.push(now.clone());
            }
            (now, Some(then)) if now.is_none_or(|now| !now.is_same(&then)) => {
                grown.former.extend(now.cloned());
                grown.elements.push(then);
            }
            _ => {}
        }
    }
    grown
}
