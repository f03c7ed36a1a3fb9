//! The journal of an apply that is about to begin.

use std::fs::{self, DirBuilder};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::{
    FORMAT, FileBefore, FileUndo, Journal, MANIFEST, Manifest, NEW, RulesUndo, path, remove_tree, write_file,
    write_json,
};
use crate::family::Family;
use crate::host::error::{ApplyError, at};
use crate::host::files::{self, Existing, sync_dir_of};
use crate::host::group::GroupId;
use crate::host::history::{self, About};
use crate::host::order::Order;
use crate::host::owned::Goal;
use crate::host::rules::FamilyPrograms;
use crate::host::sets::SetsUndo;
use crate::host::sysctls::SysctlUndo;

/// What a journal is made of.
pub(crate) struct Draft {
    pub(crate) about: About,
    /// How many former states are kept; `None` leaves them as they are.
    pub(crate) keep: Option<usize>,
    pub(crate) boot_id: String,
    pub(crate) network_namespace: String,
    pub(crate) group: GroupId,
    pub(crate) nft: Option<PathBuf>,
    pub(crate) lock_wait_seconds: u64,
    pub(crate) program_deadline_seconds: u64,
    pub(crate) rules: Vec<FormerRules>,
    pub(crate) sets: Option<SetsUndo>,
    pub(crate) sysctls: Vec<SysctlUndo>,
    pub(crate) files: Vec<FormerFile>,
}

/// A file to change.
pub(crate) struct FormerFile {
    /// As a path of the running system.
    pub(crate) path: PathBuf,
    pub(crate) purpose: String,
    pub(crate) before: Existing,
    /// The directories to make.
    pub(crate) made: Vec<PathBuf>,
}

/// The former rules of one family.
pub(crate) struct FormerRules {
    pub(crate) family: Family,
    pub(crate) programs: FamilyPrograms,
    /// The tables to replace.
    pub(crate) tables: Vec<String>,
    /// What was there of them.
    pub(crate) text: String,
    /// What was ours in other tables to change.
    pub(crate) shared: Vec<Goal>,
    pub(crate) order: Order,
}

/// Writes the journal; when this returns, it survives a power loss.
pub(crate) fn create(root: &Path, draft: Draft) -> Result<Journal, ApplyError> {
    let dir = path(root)?;
    let new = dir.with_file_name(NEW);
    dir.parent().map_or(Ok(()), files::make_private_dir)?;
    if draft.keep.is_some_and(|keep| keep > 0) {
        history::prepare(&dir)?;
    }
    remove_tree(&new)?;
    DirBuilder::new().mode(0o700).create(&new).map_err(at("create the directory", &new))?;
    let written = write_parts(&new, draft).and_then(|manifest| {
        sync_dir_of(&new.join(MANIFEST))?;
        fs::rename(&new, &dir).map_err(at("create", &dir))?;
        sync_dir_of(&dir)?;
        Ok(manifest)
    });
    match written {
        Ok(manifest) => Ok(Journal { dir, manifest }),
        Err(error) => {
            // Nothing was changed yet, so there is nothing to keep. It goes as it came, by a rename; what cannot be
            // removed is overwritten by the next one.
            let _ = fs::rename(&dir, &new);
            let _ = fs::remove_dir_all(&new);
            Err(error)
        }
    }
}

fn write_parts(dir: &Path, draft: Draft) -> Result<Manifest, ApplyError> {
    let mut manifest = Manifest {
        format: FORMAT,
        about: draft.about,
        keep: draft.keep,
        boot_id: draft.boot_id,
        network_namespace: draft.network_namespace,
        group: draft.group,
        nft: draft.nft,
        lock_wait_seconds: draft.lock_wait_seconds,
        program_deadline_seconds: draft.program_deadline_seconds,
        ipv4: None,
        ipv6: None,
        sets: draft.sets,
        sysctls: draft.sysctls,
        files: Vec::new(),
    };
    for former in draft.rules {
        let text = format!("{}.rules", former.family.name());
        write_file(&dir.join(&text), former.text.as_bytes())?;
        let begun = Some(format!("{}.begun", former.family.name()));
        let FormerRules { programs, tables, shared, order, .. } = former;
        let undo = Some(RulesUndo { programs, tables, text, shared, order, begun });
        match former.family {
            Family::Ipv4 => manifest.ipv4 = undo,
            Family::Ipv6 => manifest.ipv6 = undo,
        }
    }
    for (index, file) in draft.files.into_iter().enumerate() {
        manifest.files.push(record_file(dir, &format!("file-{index}"), file)?);
    }
    write_json(&dir.join(MANIFEST), &manifest)?;
    Ok(manifest)
}

/// Keeps what stands where a file is to change, a regular one's contents under the name `backup`.
pub(super) fn record_file(dir: &Path, backup: &str, file: FormerFile) -> Result<FileUndo, ApplyError> {
    let FormerFile { path, purpose, before, made } = file;
    let before = match before {
        Existing::Absent => FileBefore::Absent,
        Existing::Symlink(target) => FileBefore::Symlink { target: target.into_os_string().into_vec() },
        Existing::Regular { bytes, mode, uid, gid } => {
            write_file(&dir.join(backup), &bytes)?;
            FileBefore::Regular { backup: backup.to_owned(), mode, uid, gid }
        }
    };
    Ok(FileUndo { path, purpose, before, made })
}
