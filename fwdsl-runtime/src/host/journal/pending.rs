//! What the journal holds of an apply whose rules are in force and that waits for its confirmation.
//!
//! `pending.json` comes by a rename when the apply is complete but for its boot files; until then, whoever finds the
//! journal unattended has found an apply that died. The boot files are in the journal too, so that any program which
//! is built with fwdsl can confirm.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::draft::record_file;
use super::{FileUndo, FormerFile, Journal, read_json, write_file, write_json};
use crate::host::change::{FileChange, FileContent};
use crate::host::error::{ApplyError, at};
use crate::host::files::sync_dir_of;
use crate::host::plan::FilePlan;
use crate::host::session::Connection;

const PENDING: &str = "pending.json";
const LATE_FILES: &str = "late-files.json";

/// An apply that waits for its confirmation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// When its time is up, on the clock that `clock` has.
    deadline_ms: u64,
    /// Whether it was started from another machine.
    pub(crate) from_afar: bool,
    /// The TCP connections that were open when its rules were in force already. They prove nothing.
    pub(crate) connections: Vec<Connection>,
    /// The files for boot.
    files: Vec<PlannedFile>,
    /// Sets of the former state, which go when it is confirmed.
    pub(crate) stale_sets: Option<StaleSets>,
}

/// Sets that no rule refers to any more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StaleSets {
    pub(crate) ipset: PathBuf,
    pub(crate) names: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PlannedFile {
    path: PathBuf,
    purpose: String,
    content: PlannedContent,
    #[serde(default)]
    owner: Option<(u32, u32)>,
    #[serde(default)]
    emptied: Vec<PathBuf>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum PlannedContent {
    Absent,
    /// The contents are in this file of the journal.
    Regular {
        contents: String,
        mode: u32,
    },
    Symlink {
        target: Vec<u8>,
    },
}

/// A file that is to be put in place when the apply is confirmed.
pub(crate) struct LateFile {
    pub(crate) change: FileChange,
    /// Whose a regular file is to be, where that is not the user who confirms.
    pub(crate) owner: Option<(u32, u32)>,
    /// The directories to remove once it is gone, if nothing else is in them; the innermost first.
    pub(crate) emptied: Vec<PathBuf>,
}

impl From<&FilePlan> for LateFile {
    fn from(plan: &FilePlan) -> LateFile {
        LateFile { change: plan.change.clone(), owner: plan.owner, emptied: plan.emptied.clone() }
    }
}

/// What a pending apply is made of.
pub(crate) struct PendingDraft {
    pub(crate) deadline: Duration,
    pub(crate) from_afar: bool,
    pub(crate) connections: Vec<Connection>,
    pub(crate) files: Vec<LateFile>,
    pub(crate) stale_sets: Option<StaleSets>,
}

impl Pending {
    /// When its time is up.
    pub(crate) fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }
}

impl Journal {
    /// From here on the apply waits for its confirmation.
    pub(crate) fn make_pending(&self, draft: PendingDraft) -> Result<(), ApplyError> {
        let mut files = Vec::new();
        for (index, LateFile { change, owner, emptied }) in draft.files.into_iter().enumerate() {
            let FileChange { path, content, purpose } = change;
            let content = match content {
                FileContent::Absent => PlannedContent::Absent,
                FileContent::Symlink(target) => {
                    PlannedContent::Symlink { target: target.into_os_string().into_vec() }
                }
                FileContent::Regular { bytes, mode } => {
                    let contents = format!("boot-{index}");
                    write_file(&self.dir.join(&contents), &bytes)?;
                    PlannedContent::Regular { contents, mode }
                }
            };
            files.push(PlannedFile { path, purpose, content, owner, emptied });
        }
        let pending = Pending {
            deadline_ms: draft.deadline.as_millis().try_into().unwrap_or(u64::MAX),
            from_afar: draft.from_afar,
            connections: draft.connections,
            files,
            stale_sets: draft.stale_sets,
        };
        self.put_json(PENDING, &pending)
    }

    /// What it waits for, if it does.
    pub(crate) fn pending(&self) -> Result<Option<Pending>, ApplyError> {
        if !self.dir.join(PENDING).exists() {
            return Ok(None);
        }
        read_json(&self.dir, PENDING).map(Some)
    }

    /// The files that are to be put in place when it is confirmed.
    pub(crate) fn planned_files(&self, pending: &Pending) -> Result<Vec<LateFile>, ApplyError> {
        let late = |file: &PlannedFile| {
            let content = match &file.content {
                PlannedContent::Absent => FileContent::Absent,
                PlannedContent::Symlink { target } => {
                    FileContent::Symlink(PathBuf::from(OsString::from_vec(target.clone())))
                }
                PlannedContent::Regular { contents, mode } => {
                    let path = self.dir.join(contents);
                    let bytes = fs::read(&path).map_err(at("read", &path))?;
                    FileContent::Regular { bytes, mode: *mode }
                }
            };
            let change = FileChange { path: file.path.clone(), content, purpose: file.purpose.clone() };
            Ok(LateFile { change, owner: file.owner, emptied: file.emptied.clone() })
        };
        pending.files.iter().map(late).collect()
    }

    /// Takes note of what stands where the files for boot will be.
    pub(crate) fn add_files(&self, files: Vec<FormerFile>) -> Result<(), ApplyError> {
        let undo = files
            .into_iter()
            .enumerate()
            .map(|(index, file)| record_file(&self.dir, &format!("late-file-{index}"), file));
        let undo = undo.collect::<Result<Vec<_>, _>>()?;
        self.put_json(LATE_FILES, &undo)
    }

    /// The files that were noted when the confirmation had begun.
    pub(crate) fn late_files(&self) -> Result<Vec<FileUndo>, ApplyError> {
        match self.dir.join(LATE_FILES).exists() {
            true => read_json(&self.dir, LATE_FILES),
            false => Ok(Vec::new()),
        }
    }

    /// Forgets them, once they are as before.
    pub(crate) fn drop_late_files(&self) -> Result<(), ApplyError> {
        let path = self.dir.join(LATE_FILES);
        fs::remove_file(&path).map_err(at("remove", &path))?;
        sync_dir_of(&path)
    }

    /// Writes a part of the journal that comes after it was made: it is there as a whole or not at all.
    pub(super) fn put_json(&self, name: &str, value: &impl Serialize) -> Result<(), ApplyError> {
        let new = self.dir.join(format!("{name}.new"));
        let path = self.dir.join(name);
        write_json(&new, value)?;
        fs::rename(&new, &path).map_err(at("write", &path))?;
        sync_dir_of(&path)
    }
}
