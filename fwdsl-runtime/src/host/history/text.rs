//! A former state, to be read.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{FileTarget, KeptState, TableTarget};
use crate::family::Family;
use crate::host::error::ApplyError;
use crate::host::files::Existing;
use crate::host::options::Options;
use crate::host::owned::Goal;
use crate::host::places;

/// How the host was, as far as the change that ended the state and all later ones have changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormerState {
    /// Which state it is.
    #[serde(flatten)]
    pub state: KeptState,
    /// Its IPv4 tables, in the form of `iptables-save -c`; comments say what that form cannot.
    pub ipv4: String,
    /// Its IPv6 tables.
    pub ipv6: String,
    /// Its sets, in the form of `ipset save`.
    pub sets: String,
    /// The sysctls, keys in slash form.
    pub parameters: Vec<(String, String)>,
    /// The files, without the record that fwdsl keeps for itself.
    pub contents: Vec<FormerFile>,
}

/// How a file was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormerFile {
    /// Where, as a path of the running system.
    pub path: PathBuf,
    /// What it is for.
    pub purpose: String,
    /// What a regular file held; bytes that are no text are replaced.
    pub text: Option<String>,
    /// Where a symbolic link led to. Without either, nothing was there.
    pub link: Option<PathBuf>,
}

/// Reads the former state of this number.
///
/// # Errors
///
/// If it is not kept or cannot be read.
pub fn former_state(number: u64, options: &Options) -> Result<FormerState, ApplyError> {
    let (state, former) = super::former(&options.root()?, Some(number))?;
    let rules = |family: Family| -> String {
        former.rules.get(&family).into_iter().flatten().map(|(name, table)| table_text(name, table)).collect()
    };
    Ok(FormerState {
        state,
        ipv4: rules(Family::Ipv4),
        ipv6: rules(Family::Ipv6),
        sets: former.sets.text(),
        parameters: former.sysctls.iter().map(|undo| (undo.key.clone(), undo.value.clone())).collect(),
        contents: former
            .files
            .iter()
            .filter(|file| file.path != Path::new(places::RECORD))
            .map(file)
            .collect(),
    })
}

fn table_text(name: &str, table: &TableTarget) -> String {
    match table {
        TableTarget::Whole(None) => format!("# table {name} was not there\n"),
        TableTarget::Whole(Some(table)) => table.to_string(),
        TableTarget::Ours(goal) => ours_text(goal),
    }
}

fn ours_text(goal: &Goal) -> String {
    let mut table = goal.chains.clone();
    table.rules.extend(goal.shared.iter().flat_map(|shared| &shared.wanted).map(|placed| placed.saved()));
    format!("# of table {}, what was fwdsl's:\n{table}", goal.table())
}

fn file(FileTarget { path, purpose, then, .. }: &FileTarget) -> FormerFile {
    let (text, link) = match then {
        Existing::Absent => (None, None),
        Existing::Regular { bytes, .. } => (Some(String::from_utf8_lossy(bytes).into_owned()), None),
        Existing::Symlink(target) => (None, Some(target.clone())),
    };
    FormerFile { path: path.clone(), purpose: purpose.clone(), text, link }
}
