//! Putting the former sets back. It may be run any number of times, and looks at each set before it touches it.

use std::collections::HashSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::carry::{SPARE, replace};
use super::plan::Grown;
use super::{SetsPlan, ipset, saved};
use crate::host::error::ApplyError;
use crate::host::program::Runner;
use crate::restore_text::Protocols;

/// What the journal holds of sets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SetsUndo {
    ipset: PathBuf,
    /// The sets that were not there.
    pub(super) created: Vec<String>,
    /// The sets that are put right, each as it was, in the form of `ipset save`.
    pub(super) changed: Vec<String>,
    /// The kept sets that get elements or lose some.
    pub(super) grown: Vec<GrownUndo>,
    /// The sets that go when the apply is complete, each as it was. An undo finds them there; a rollback does not.
    #[serde(default)]
    pub(super) gone: Vec<String>,
}

/// How the elements that a kept set gets stood in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct GrownUndo {
    pub(super) name: String,
    /// Those that it did not hold.
    pub(super) absent: Vec<String>,
    /// Those that it held and does no more, or with other words behind them; each with its own.
    pub(super) former: Vec<String>,
}

impl SetsUndo {
    /// The way back from a plan; `None` if it changes nothing.
    pub(crate) fn of(plan: &SetsPlan) -> Option<SetsUndo> {
        let changes = plan.changes_anything() || !plan.stale.is_empty();
        let ipset = plan.ipset.clone().filter(|_| changes)?;
        let grown = |grown: &Grown| {
            let held: HashSet<&str> = grown.former.iter().map(|element| element.entry.as_str()).collect();
            let entries = grown.elements.iter().map(|element| element.entry.clone());
            GrownUndo {
                name: grown.name.clone(),
                absent: entries.filter(|entry| !held.contains(entry.as_str())).collect(),
                former: grown.former.iter().map(ToString::to_string).collect(),
            }
        };
        Some(SetsUndo {
            ipset,
            // A list goes before what is in it.
            created: plan.new.iter().rev().map(|new| new.set.name.clone()).collect(),
            changed: plan.changed.iter().map(|(found, _)| found.text(&found.name)).collect(),
            grown: plan.grown.iter().map(grown).collect(),
            gone: plan
                .stale
                .iter()
                .filter_map(|stale| Some(stale.contents.as_ref()?.text(&stale.set.name)))
                .collect(),
        })
    }
}

/// Puts the sets back, once no rule of the apply refers to them any more. Gives back what was changed, and what is not
/// as before, in words.
pub(crate) fn undo(undo: &SetsUndo, runner: &Runner) -> (Vec<String>, Vec<String>) {
    let mut restored = Vec::new();
    let mut problems = Vec::new();
    let program = &undo.ipset;
    let there = match ipset::names(program, runner) {
        Ok(there) => there,
        Err(error) => return (restored, vec![format!("the sets are not as before: {error}")]),
    };
    let exists = |name: &&String| there.contains(name);
    let mut created: Vec<String> = undo.created.iter().filter(exists).cloned().collect();
    restored.extend(created.iter().cloned());
    created.extend(there.iter().filter(|name| *name == SPARE).cloned());
    for (name, error) in ipset::destroy(program, runner, created, ipset::RELEASE) {
        restored.retain(|other| *other != name);
        problems.push(format!("the set `{name}`, which was not there before, cannot be destroyed: {error}"));
    }
    for text in &undo.changed {
        match undo_changed(undo, runner, text) {
            Ok(None) => {}
            Ok(Some(name)) => restored.push(name),
            Err(error) => problems.push(format!("a set is not as before: {error}")),
        }
    }
    for GrownUndo { name, absent, former } in undo.grown.iter().filter(|grown| there.contains(&grown.name)) {
        let mut commands: String = absent.iter().map(|entry| format!("del {name} {entry}\n")).collect();
        commands.extend(former.iter().map(|element| format!("add {name} {element}\n")));
        match ipset::restore(program, runner, commands) {
            Ok(()) => restored.push(name.clone()),
            Err(error) => problems.push(format!("the set `{name}` is not as before: {error}")),
        }
    }
    (restored, problems)
}

fn undo_changed(undo: &SetsUndo, runner: &Runner, text: &str) -> Result<Option<String>, ApplyError> {
    // Both texts hold numbers, or were printed by this machine.
    let protocols = Protocols::default();
    let Some(former) = saved::parse(text, &protocols) else {
        return Err(ApplyError::Impossible("the journal holds no such set".to_owned()));
    };
    let now = ipset::save(&undo.ipset, runner, &former.name, &protocols)?;
    if now.is_some_and(|now| now.has_parameters_of(&former) && now.has_elements_of(&former)) {
        return Ok(None);
    }
    replace(&undo.ipset, runner, &former)?;
    Ok(Some(former.name))
}
