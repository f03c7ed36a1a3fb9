//! Files that would change.

use std::path::PathBuf;

use crate::host::change::FileContent;
use crate::host::files::Existing;
use crate::host::plan::FilePlan;

/// A file that would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOutlook {
    /// Where, as a path of the running system.
    pub path: PathBuf,
    /// What it is for.
    pub purpose: String,
    /// What would become of it.
    pub alteration: FileAlteration,
}

/// What would become of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileAlteration {
    /// There is nothing yet.
    New,
    /// What stands there is replaced.
    Changed,
    /// It goes.
    Removed,
    /// It becomes a link, which is how services are enabled.
    Linked(PathBuf),
}

impl FileAlteration {
    /// The word for it: `new`, `changed`, `removed`, `linked`.
    pub const fn word(&self) -> &'static str {
        match self {
            FileAlteration::New => "new",
            FileAlteration::Changed => "changed",
            FileAlteration::Removed => "removed",
            FileAlteration::Linked(_) => "linked",
        }
    }
}

impl FileOutlook {
    /// Whether it is a link, which is how services are enabled.
    pub fn is_link(&self) -> bool {
        matches!(self.alteration, FileAlteration::Linked(_))
    }

    pub(super) fn of(plan: &FilePlan) -> FileOutlook {
        let alteration = match (&plan.change.content, &plan.before) {
            (FileContent::Absent, _) => FileAlteration::Removed,
            (FileContent::Symlink(target), _) => FileAlteration::Linked(target.clone()),
            (FileContent::Regular { .. }, Existing::Absent) => FileAlteration::New,
            (FileContent::Regular { .. }, _) => FileAlteration::Changed,
        };
        FileOutlook { path: plan.change.path.clone(), purpose: plan.change.purpose.clone(), alteration }
    }
}
