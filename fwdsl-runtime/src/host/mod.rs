//! The host: detect, snapshot, apply, roll back, persist.
//!
//! [`apply`] is the whole of it; everything else serves it. The order of an apply: look around (`detect`), take
//! the lock, undo what an earlier apply left, take a snapshot and refuse what could not be put back (`plan`), arm the
//! guardian, write the journal, change rules, sysctls and files, remove the journal (`carry_out`). Until the last
//! of these, the way back is [`recover`]'s, whoever runs it: the apply that failed, its guardian, the next command, or
//! the boot ([`boot::recovery`]). `docs/safe-apply.md` tells it for users.

mod access;
mod apply;
pub mod boot;
mod carry_out;
pub mod change;
mod clock;
mod confirm;
mod counters;
mod detect;
mod error;
mod faithful;
mod files;
mod foreign;
mod generation;
mod group;
pub mod guardian;
mod history;
mod inspect;
mod journal;
mod kernel;
mod lock;
mod netlink;
mod nft;
mod options;
mod order;
mod others;
mod outcome;
mod outlook;
mod owned;
mod places;
mod plan;
mod policy_name;
mod program;
mod record;
mod report;
mod retired;
mod revoked;
mod rollback;
mod rules;
mod session;
mod sets;
mod sharing;
mod status;
pub mod sysctl;
mod sysctls;
pub mod tree;
mod undo;
mod variant;
mod watchdog;
mod whole_file;
mod xtables_lock;

pub use access::{Access, check_access};
pub use apply::{apply, recover, recover_cut_off};
pub use confirm::{Confirmed, Waiting, confirm, last_outcome};
pub use error::{ApplyError, ProgramError, ProgramFailure};
pub use faithful::Unfaithful;
pub use foreign::Foreign;
pub use history::{
    About, Action, Changes, FormerFile, FormerState, History, KeptState, Who, former_state, history,
};
pub use inspect::{Inspection, inspect};
pub use options::{Desired, Options};
pub use others::Manager;
pub use outcome::{Ended, Outcome};
pub use outlook::{
    DiffLine, FileAlteration, FileOutlook, Meaning, Origin, Outlook, RulesOutlook, Sign, TableDiff, plan,
};
pub use policy_name::{PolicyNames, policy_name_file, policy_names};
pub use report::{
    ChainChange, ChainReport, FileReport, Part, Recovered, Report, RulesReport, SetChange, SetReport,
    SysctlReport,
};
pub use revoked::{Connections, TrackedConnection};
pub use rollback::{GoBack, Rollback, rollback};
pub use session::{Caller, Connection};
pub use sets::{DesiredSet, SetOutlook, restore_text as sets_text};
pub use sharing::{Jump, SharedTable, Sharing};
pub use status::{ChainCount, Difference, Drift, FamilyCount, RuleCount, Status, status};
pub use variant::Variant;
pub use whole_file::write_whole_file;
