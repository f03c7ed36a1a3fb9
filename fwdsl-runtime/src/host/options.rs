//! What is to be in force, and how to get there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::boot::Installs;
use super::change::{FileChange, SysctlWrite};
use super::error::{ApplyError, at};
use super::sets::DesiredSet;
use super::sharing::Sharing;
use super::variant::Variant;
use crate::family::Family;

/// What an apply brings about.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// The IPv4 tables to replace, as `*table … COMMIT` blocks in iptables-save's form, every built-in chain's
    /// policy among them (none of them if only chains are ours). Tables that the text does not name, and the whole family if it is `None`, are left alone.
    pub ipv4: Option<String>,
    /// The IPv6 tables, likewise.
    pub ipv6: Option<String>,
    /// What in the IPv4 tables belongs to others. By default all of a table is replaced.
    pub ipv4_sharing: Sharing,
    /// What in the IPv6 tables belongs to others.
    pub ipv6_sharing: Sharing,
    /// The sets that the rules refer to, in the order in which they can be made: lists after what is in them.
    pub sets: Vec<DesiredSet>,
    /// The sysctls, in the order in which they are to be written.
    pub sysctls: Vec<SysctlWrite>,
    /// The files, in the order in which they are to be put in place.
    pub files: Vec<FileChange>,
    /// The policy's name, if its program holds several; note is taken of it, for [`policy_names`](super::policy_names).
    pub policy: Option<String>,
    /// What loads the policy at boot by these files; note is taken of what stood there before, for
    /// [`boot::installed`](super::boot::installed).
    pub installs: Option<Installs>,
    /// All that was [installed](super::boot::installed) is undone.
    pub uninstalls: bool,
}

/// How to apply.
#[derive(Debug, Clone)]
pub struct Options {
    /// The iptables variant to use; `None` takes the one that `iptables-restore` is on this machine.
    pub variant: Option<Variant>,
    /// The only directory in which programs are looked for; `None` means the system's own directories.
    pub program_dir: Option<PathBuf>,
    /// Where the file tree begins: files, the state directory and the lock are below it. `None` means `/`.
    /// Rules and sysctls are those of the running kernel in either case.
    pub root: Option<PathBuf>,
    /// Replace chains and rules that fwdsl did not put there.
    pub replace_foreign: bool,
    /// Say what would change and touch nothing.
    pub dry_run: bool,
    /// End the tracked connections that the former rules let begin and the new ones do not. That cannot be undone, so it is
    /// not for an apply that has to be confirmed.
    pub drop_revoked: bool,
    /// Undo the apply unless it is confirmed ([`super::confirm`]) within this time. The files for boot wait for that.
    pub confirm: Option<Duration>,
    /// How long to wait for another apply, and for the xtables lock (whole seconds, at least one).
    pub lock_wait: Duration,
    /// How long a program may run, beside the time it waits for the xtables lock.
    pub program_deadline: Duration,
    /// How many former states are kept, to go back to. With 0 none is, and those that are there are forgotten.
    pub keep: usize,
    /// The host has just started, so there is no state to go back to before this one: none is added to the former
    /// states, and those stay.
    pub just_started: bool,
}

impl Desired {
    /// What in the tables of `family` belongs to others.
    pub(crate) fn sharing(&self, family: Family) -> &Sharing {
        match family {
            Family::Ipv4 => &self.ipv4_sharing,
            Family::Ipv6 => &self.ipv6_sharing,
        }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            variant: None,
            program_dir: None,
            root: None,
            replace_foreign: false,
            dry_run: false,
            drop_revoked: false,
            confirm: None,
            lock_wait: Duration::from_secs(60),
            program_deadline: Duration::from_secs(120),
            keep: 10,
            just_started: false,
        }
    }
}

impl Options {
    /// Where the file tree begins, as a path without links.
    pub(crate) fn root(&self) -> Result<PathBuf, ApplyError> {
        let root = self.root.as_deref().unwrap_or(Path::new("/"));
        let found = root.canonicalize().map_err(at("find", root))?;
        match found.is_dir() {
            true => Ok(found),
            false => {
                let what = format!("`{}` is not a directory, so no file tree begins there", root.display());
                Err(ApplyError::Impossible(what))
            }
        }
    }
}
