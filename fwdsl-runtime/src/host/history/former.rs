//! The host as it was before an apply, as far as that apply and all newer ones have changed it.
//!
//! It is put together backwards, from the newest entry to the one that is asked for. What an entry does not mention, its
//! apply did not change; what an older one mentions stands above what newer ones say of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::family::Family;
use crate::host::error::ApplyError;
use crate::host::files::Existing;
use crate::host::journal::{Journal, RulesUndo};
use crate::host::owned::{Goal, edit};
use crate::host::sets::FormerSets;
use crate::host::sysctls::{self, SysctlUndo};
use crate::host::variant::Variant;
use crate::restore_text::{self, Protocols, SavedTable, SavedText};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Former {
    /// The tables of each family, by name.
    pub(crate) rules: BTreeMap<Family, BTreeMap<String, TableTarget>>,
    pub(crate) sets: FormerSets,
    /// Those that reset others before those.
    pub(crate) sysctls: Vec<SysctlUndo>,
    /// In the order in which they can be put back.
    pub(crate) files: Vec<FileTarget>,
    /// The variants of iptables that loaded the rules.
    pub(crate) variants: Vec<Variant>,
    /// Where the entries are from: boot and network namespace.
    pub(crate) places: Vec<(String, String)>,
}

/// How a table stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TableTarget {
    /// As a whole; `None` if it was not there.
    Whole(Option<SavedTable>),
    /// What in it was ours.
    Ours(Goal),
}

/// How a file stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileTarget {
    /// As a path of the running system.
    pub(crate) path: PathBuf,
    pub(crate) purpose: String,
    pub(crate) then: Existing,
    /// The directories that were not there, the innermost first, where they really are.
    pub(crate) made: Vec<PathBuf>,
}

impl Former {
    /// Goes back by one more entry, the next older one.
    pub(crate) fn go_back(&mut self, journal: &Journal) -> Result<(), ApplyError> {
        let manifest = &journal.manifest;
        let mut of_kernel = manifest.sets.is_some();
        for (family, undo) in [(Family::Ipv4, &manifest.ipv4), (Family::Ipv6, &manifest.ipv6)] {
            let Some(undo) = undo else { continue };
            let text = restore_text::parse(&journal.text(&undo.text)?).map_err(|error| {
                ApplyError::Journal { journal: journal.dir.clone(), reason: error.to_string() }
            })?;
            self.go_back_in_rules(family, undo, &text)?;
            of_kernel = true;
            if !self.variants.contains(&undo.programs.variant) {
                self.variants.push(undo.programs.variant);
            }
        }
        if let Some(undo) = &manifest.sets {
            self.sets.go_back(undo)?;
        }
        for undo in journal.sysctls()? {
            of_kernel = true;
            self.sysctls.retain(|other| other.key != undo.key);
            self.sysctls.push(undo);
        }
        sysctls::sort(&mut self.sysctls);
        // Those that waited for the confirmation came last.
        let late = journal.late_files()?;
        for undo in late.iter().rev().chain(manifest.files.iter().rev()) {
            let mut file = FileTarget {
                path: undo.path.clone(),
                purpose: undo.purpose.clone(),
                then: journal.file_before(undo)?,
                made: undo.made.clone(),
            };
            if let Some(at) = self.files.iter().position(|other| other.path == undo.path) {
                let newer = self.files.remove(at);
                file.made.extend(newer.made.into_iter().filter(|dir| !undo.made.contains(dir)));
            }
            self.files.push(file);
        }
        // Files are the same wherever they are looked at from.
        let place = (manifest.boot_id.clone(), manifest.network_namespace.clone());
        if of_kernel && !self.places.contains(&place) {
            self.places.push(place);
        }
        Ok(())
    }

    fn go_back_in_rules(
        &mut self,
        family: Family,
        undo: &RulesUndo,
        text: &SavedText,
    ) -> Result<(), ApplyError> {
        let tables = self.rules.entry(family).or_default();
        for name in &undo.tables {
            tables.insert(name.clone(), TableTarget::Whole(text.table(name).cloned()));
        }
        for goal in &undo.shared {
            let target = match tables.remove(goal.table()) {
                None => TableTarget::Ours(goal.clone()),
                Some(TableTarget::Ours(newer)) => TableTarget::Ours(
                    goal.clone().over(newer, &Protocols::default()).map_err(ApplyError::Impossible)?,
                ),
                Some(TableTarget::Whole(table)) => TableTarget::Whole(Some(in_table(table, goal)?)),
            };
            tables.insert(goal.table().to_owned(), target);
        }
        Ok(())
    }
}

/// The table once the goal is reached in it.
fn in_table(table: Option<SavedTable>, goal: &Goal) -> Result<SavedTable, ApplyError> {
    let table = table.unwrap_or_else(|| SavedTable::pristine(goal.table()));
    // Both were printed by this machine, so names of protocols are the same in both.
    let edit = edit(&table, goal, &Protocols::default()).map_err(ApplyError::Impossible)?;
    Ok(edit.map_or(table, |edit| edit.after))
}
