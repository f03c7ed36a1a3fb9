//! The host: detect, snapshot, apply, roll back, persist.
//!
//! [`apply`] is the whole of it; everything else serves it. The order of an apply: look around (`detect`), take
//! the lock, undo what an earlier apply left, take a snapshot and refuse what could not be put back (`plan`), arm the
//! guardian, write the journal, change rules, sysctls and files, remove the journal (`carry_out`). Until the last
//! of these, the way back is [`recover`]'s, whoever runs it: the apply that failed, its guardian, the next command, or
//! the boot ([`boot::recovery`]). `docs/safe-apply.md` tells it for users.

mod apply;
pub mod boot;
mod carry_out;
pub mod change;
mod counters;
mod detect;
mod error;
mod faithful;
mod files;
mod foreign;
mod group;
pub mod guardian;
mod inspect;
mod journal;
mod kernel;
mod lock;
mod nft;
mod options;
mod order;
mod others;
mod outlook;
mod owned;
mod places;
mod plan;
mod program;
mod record;
mod report;
mod retired;
mod rules;
mod sets;
mod sharing;
pub mod sysctl;
mod sysctls;
pub mod tree;
mod undo;
mod variant;

pub use apply::{apply, recover};
pub use error::{ApplyError, ProgramError, ProgramFailure};
pub use faithful::Unfaithful;
pub use foreign::Foreign;
pub use inspect::{Inspection, inspect};
pub use options::{Desired, Options};
pub use others::Manager;
pub use outlook::{
    DiffLine, FileAlteration, FileOutlook, Meaning, Origin, Outlook, RulesOutlook, Sign, TableDiff, plan,
};
pub use report::{
    ChainChange, ChainReport, FileReport, Part, Recovered, Report, RulesReport, SetChange, SetReport,
    SysctlReport,
};
pub use sets::{DesiredSet, SetOutlook, restore_text as sets_text};
pub use sharing::{Jump, SharedTable, Sharing};
pub use variant::Variant;
