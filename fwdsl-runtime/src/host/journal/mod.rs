//! The former state, on disk before the first change.
//!
//! The journal is a directory that appears and disappears by a rename, so it is there as a whole or not at all.
//! It is there exactly while an apply is under way: whoever holds the lock and finds one has found an apply that died,
//! or one that waits for its confirmation (`pending`). When the apply is complete, the journal goes into the history,
//! where it serves a rollback.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{ApplyError, at};
use super::files::{self, Existing, sync_dir_of};
use super::group::GroupId;
use super::history::{self, About};
use super::order::Order;
use super::owned::Goal;
use super::places;
use super::rules::FamilyPrograms;
use super::sets::SetsUndo;
use super::sysctls::SysctlUndo;
use crate::family::Family;

mod draft;
mod pending;

pub(crate) use draft::{Draft, FormerFile, FormerRules, create};
pub(crate) use pending::{LateFile, Pending, PendingDraft, StaleSets};

const MANIFEST: &str = "manifest.json";
const LATE_SYSCTLS: &str = "late-sysctls.json";
/// The journal's directory while it is written, and once it is decided that nothing will be undone.
const NEW: &str = "journal.new";
const DONE: &str = "journal.done";
/// The form of the manifest; another one is from another version of fwdsl.
const FORMAT: u32 = 1;

/// What every version's manifest holds.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// Everything that an undo has to know.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: u32,
    #[serde(default)]
    pub(crate) about: About,
    /// How many former states are kept when the apply is complete, this one among them; with `None`, they stay as they
    /// are.
    #[serde(default = "no_former_state")]
    keep: Option<usize>,
    pub(crate) boot_id: String,
    pub(crate) network_namespace: String,
    /// The programs of the apply, which are ended before anything is put back.
    pub(crate) group: GroupId,
    pub(crate) nft: Option<PathBuf>,
    pub(crate) lock_wait_seconds: u64,
    pub(crate) program_deadline_seconds: u64,
    pub(crate) ipv4: Option<RulesUndo>,
    pub(crate) ipv6: Option<RulesUndo>,
    #[serde(default)]
    pub(crate) sets: Option<SetsUndo>,
    pub(crate) sysctls: Vec<SysctlUndo>,
    pub(crate) files: Vec<FileUndo>,
}

/// What a journal that does not say it was written for.
fn no_former_state() -> Option<usize> {
    Some(0)
}

/// The former tables of one family.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RulesUndo {
    pub(crate) programs: FamilyPrograms,
    /// The tables that the apply replaces.
    pub(crate) tables: Vec<String>,
    /// The file of the journal that holds those of them that were there, with counters.
    pub(crate) text: String,
    /// What was ours in the other tables that the apply changes.
    #[serde(default)]
    pub(crate) shared: Vec<Goal>,
    /// The order in which all of them change.
    #[serde(default)]
    pub(crate) order: Order,
    /// The file of the journal that says that they have begun to. Without it nothing was loaded, and what has changed there
    /// since is others' doing.
    #[serde(default)]
    begun: Option<String>,
}

/// A former file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FileUndo {
    /// As a path of the running system.
    pub(crate) path: PathBuf,
    /// What it is for.
    #[serde(default)]
    pub(crate) purpose: String,
    before: FileBefore,
    /// The directories that were not there, the innermost first, where they really are.
    pub(crate) made: Vec<PathBuf>,
}

#[derive(Debug, Serialize, Deserialize)]
enum FileBefore {
    Absent,
    /// The contents are in this file of the journal.
    Regular {
        backup: String,
        mode: u32,
        uid: u32,
        gid: u32,
    },
    Symlink {
        target: Vec<u8>,
    },
}

/// A journal on disk.
pub(crate) struct Journal {
    pub(crate) dir: PathBuf,
    pub(crate) manifest: Manifest,
}

/// Where the journal is.
pub(crate) fn path(root: &Path) -> Result<PathBuf, ApplyError> {
    places::below(root, Path::new(places::JOURNAL))
}

/// What is said where there is one, to those who only look.
pub(crate) const UNDER_WAY: &str = "another apply is under way, waits for its confirmation or was ended before it was complete; \
     what is said here is of the state between";

/// Whether there is one. Who may not look does not know.
pub(crate) fn exists(root: &Path) -> Result<bool, ApplyError> {
    let path = path(root)?;
    path.try_exists().map_err(at("look at", &path))
}

/// Whether there is what [`sweep`] removes.
pub(crate) fn left(root: &Path) -> Result<bool, ApplyError> {
    let journal = path(root)?;
    let there = |name: &str| journal.with_file_name(name).try_exists().map_err(at("look at", &journal));
    let mut own = places::OWN_FILES.iter().filter_map(|path| places::below(root, Path::new(path)).ok());
    Ok(there(NEW)? || there(DONE)? || own.any(|path| files::has_temporary(&path)))
}

/// Removes what an apply left that was ended before its journal stood or after it was decided: nothing to undo. The
/// caller holds the lock, so nobody is at work there.
pub(crate) fn sweep(root: &Path) {
    let Ok(journal) = path(root) else { return };
    // What cannot be removed is overwritten by the next journal.
    for name in [NEW, DONE] {
        let _ = fs::remove_dir_all(journal.with_file_name(name));
    }
    for path in places::OWN_FILES.iter().filter_map(|path| places::below(root, Path::new(path)).ok()) {
        let _ = files::remove_temporary(&path);
    }
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), ApplyError> {
    let json =
        serde_json::to_vec_pretty(value).map_err(|error| at("write", path)(io::Error::other(error)))?;
    write_file(path, &json)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ApplyError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(at("write", path))
}

/// The journal of an unfinished apply, if there is one.
pub(crate) fn load(root: &Path) -> Result<Option<Journal>, ApplyError> {
    match exists(root)? {
        true => read(path(root)?).map(Some),
        false => Ok(None),
    }
}

/// The journal in this directory.
pub(crate) fn read(dir: PathBuf) -> Result<Journal, ApplyError> {
    // By itself first, for what else another version's manifest holds is not known.
    let Format { format } = read_json(&dir, MANIFEST)?;
    if format != FORMAT {
        let reason =
            format!("it is of another version of fwdsl (format {format}), which can finish the undo");
        return Err(ApplyError::Journal { journal: dir, reason });
    }
    let manifest: Manifest = read_json(&dir, MANIFEST)?;
    Ok(Journal { dir, manifest })
}

fn read_json<T: for<'de> Deserialize<'de>>(dir: &Path, name: &str) -> Result<T, ApplyError> {
    let bad = |error: &dyn std::fmt::Display| ApplyError::Journal {
        journal: dir.to_owned(),
        reason: format!("{name}: {error}"),
    };
    let bytes = fs::read(dir.join(name)).map_err(|error| bad(&error))?;
    serde_json::from_slice(&bytes).map_err(|error| bad(&error))
}

impl Journal {
    /// What tells its apply from all others.
    pub(crate) fn id(&self) -> &str {
        &self.manifest.group.marker
    }

    /// A text that the journal holds.
    pub(crate) fn text(&self, name: &str) -> Result<String, ApplyError> {
        let path = self.dir.join(name);
        fs::read_to_string(&path).map_err(at("read", &path))
    }

    /// What stood where `undo` says.
    pub(crate) fn file_before(&self, undo: &FileUndo) -> Result<Existing, ApplyError> {
        Ok(match &undo.before {
            FileBefore::Absent => Existing::Absent,
            FileBefore::Symlink { target } => {
                Existing::Symlink(PathBuf::from(OsString::from_vec(target.clone())))
            }
            FileBefore::Regular { backup, mode, uid, gid } => {
                let path = self.dir.join(backup);
                let bytes = fs::read(&path).map_err(at("read", &path))?;
                Existing::Regular { bytes, mode: *mode, uid: *uid, gid: *gid }
            }
        })
    }

    /// The former rules of a family, if the apply has any to change.
    fn rules(&self, family: Family) -> Option<&RulesUndo> {
        match family {
            Family::Ipv4 => self.manifest.ipv4.as_ref(),
            Family::Ipv6 => self.manifest.ipv6.as_ref(),
        }
    }

    /// Takes note that the rules of a family are about to change.
    pub(crate) fn begin(&self, family: Family) -> Result<(), ApplyError> {
        let Some(begun) = self.rules(family).and_then(|rules| rules.begun.as_ref()) else { return Ok(()) };
        let path = self.dir.join(begun);
        write_file(&path, b"")?;
        sync_dir_of(&path)
    }

    /// Takes note that they did not.
    pub(crate) fn not_begun(&self, family: Family) -> Result<(), ApplyError> {
        let Some(begun) = self.rules(family).and_then(|rules| rules.begun.as_ref()) else { return Ok(()) };
        let path = self.dir.join(begun);
        fs::remove_file(&path).map_err(at("remove", &path))
    }

    /// The former rules of a family, if they may have changed.
    pub(crate) fn changed_rules(&self, family: Family) -> Option<&RulesUndo> {
        let has_begun =
            |undo: &&RulesUndo| undo.begun.as_ref().is_none_or(|begun| self.dir.join(begun).exists());
        self.rules(family).filter(has_begun)
    }

    /// Adds the values of sysctls that were not there when the journal was written.
    pub(crate) fn add_sysctls(&self, late: &[SysctlUndo]) -> Result<(), ApplyError> {
        self.put_json(LATE_SYSCTLS, &late)
    }

    /// All former sysctl values.
    pub(crate) fn sysctls(&self) -> Result<Vec<SysctlUndo>, ApplyError> {
        let mut sysctls = self.manifest.sysctls.clone();
        if self.dir.join(LATE_SYSCTLS).exists() {
            sysctls.extend(read_json::<Vec<SysctlUndo>>(&self.dir, LATE_SYSCTLS)?);
        }
        Ok(sysctls)
    }

    /// Ends the apply, for good: from one rename on, nothing will be undone, and what was there is a former state.
    pub(crate) fn finish(&self) -> Result<(), ApplyError> {
        match self.manifest.keep {
            None => self.remove(),
            Some(0) => {
                // Without this apply's state, older ones cannot be put together.
                history::forget(&self.dir, 0);
                self.remove()
            }
            Some(keep) => history::add(&self.dir, keep),
        }
    }

    /// Ends the undo.
    pub(crate) fn remove(&self) -> Result<(), ApplyError> {
        discard(&self.dir, &self.dir)
    }
}

/// Removes a journal, or a former one, by one rename. `journal` is where the one of an apply under way is.
pub(crate) fn discard(dir: &Path, journal: &Path) -> Result<(), ApplyError> {
    let done = journal.with_file_name(DONE);
    remove_tree(&done)?;
    fs::rename(dir, &done).map_err(at("remove", dir))?;
    // It is decided. What fails from here on is left to the next journal's beginning.
    let _ = sync_dir_of(&done);
    let _ = sync_dir_of(dir);
    let _ = fs::remove_dir_all(&done);
    Ok(())
}

fn remove_tree(dir: &Path) -> Result<(), ApplyError> {
    match fs::remove_dir_all(dir) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at("remove", dir)(error)),
    }
}
