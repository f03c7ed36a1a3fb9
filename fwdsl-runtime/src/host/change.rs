//! What an apply does to a machine besides loading rules: sysctls it writes, files it replaces.
//!
//! Planning (which sysctl, which file, what contents) and doing (journal, write, undo) meet in
//! these types: planners return them, the apply engine carries them out.

use std::path::PathBuf;

/// One sysctl to write: a single file below `/proc/sys`, wildcards already expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SysctlWrite {
    /// The key in slash form, as below `/proc/sys`: `net/ipv4/conf/eth0.100/rp_filter`.
    pub key: String,
    /// The value to write, without a newline.
    pub value: String,
    /// The kernel module that brings the key, where it is not always there.
    pub module: Option<&'static str>,
}

/// What is to stand at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileContent {
    /// A regular file with these bytes and permission bits (such as `0o644`).
    Regular {
        /// The whole contents.
        bytes: Vec<u8>,
        /// Permission bits.
        mode: u32,
    },
    /// A symbolic link to this target; how services are enabled in an image.
    Symlink(PathBuf),
    /// Nothing: what stands there is removed.
    Absent,
}

/// One file to put in place, atomically, with an undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Where, as a path of the running system (below the image's root if there is one).
    pub path: PathBuf,
    /// What is to stand there.
    pub content: FileContent,
    /// What the file is for, for messages: `IPv4 rules for boot`.
    pub purpose: String,
}
