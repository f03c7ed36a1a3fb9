//! Which of a program's policies is loaded, and which one the boot loads.

use std::path::Path;

use super::change::{FileChange, FileContent};
use super::places;
use super::record;
use super::tree::Tree;

/// What an apply took note of, and what a save did. No name is known where a program with one policy did it, where
/// nobody did, or where this process may not look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyNames {
    /// The policy that was applied last.
    pub loaded: Option<String>,
    /// The policy that was kept for boot last.
    pub at_boot: Option<String>,
}

/// Reads the names in the system whose file tree begins at `root`.
#[must_use]
pub fn policy_names(root: Option<&Path>) -> PolicyNames {
    let tree = Tree::new(root);
    let record = tree.read(Path::new(places::RECORD)).ok().flatten();
    let loaded = record.and_then(|text| record::parse(text.as_bytes()).ok()).and_then(|record| record.policy);
    let kept = tree.read(Path::new(places::POLICY_NAME)).ok().flatten();
    let at_boot = kept.map(|text| text.trim_end().to_owned()).filter(|name| !name.is_empty());
    PolicyNames { loaded, at_boot }
}

/// The file that says which policy is kept for boot. A program with one policy takes away what another one said.
#[must_use]
pub fn policy_name_file(name: Option<&str>) -> FileChange {
    let content = match name {
        Some(name) => FileContent::Regular { bytes: format!("{name}\n").into_bytes(), mode: 0o644 },
        None => FileContent::Absent,
    };
    let purpose = "name of the policy that the boot loads".to_owned();
    FileChange { path: places::POLICY_NAME.into(), content, purpose }
}
