//! The system calls of an undisturbed run.

use std::collections::BTreeMap;

/// The calls that are traced: those by which a process changes or starts anything. Not all machines have all of them.
pub(super) const CALLS: [&str; 27] = [
    "?write",
    "?open",
    "?openat",
    "?rename",
    "?renameat",
    "?renameat2",
    "?unlink",
    "?unlinkat",
    "?mkdir",
    "?mkdirat",
    "?rmdir",
    "?link",
    "?linkat",
    "?symlink",
    "?symlinkat",
    "?fsync",
    "?ftruncate",
    "?chmod",
    "?fchmod",
    "?fchmodat",
    "?chown",
    "?fchown",
    "?lchown",
    "?fchownat",
    "?flock",
    "?clone3",
    "?clone",
];

/// What a call does, as far as faults are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It changes files, directories or sysctls.
    Files,
    /// It makes a change last, or waits for a lock.
    Nothing,
    /// It starts a process.
    Process,
    /// It starts the first thread after a process: one that speaks with it while it runs.
    Runs,
    /// It changes nothing.
    Harmless,
}

/// A system call of the command's process.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) name: String,
    /// Which call of this name it is, from 1.
    pub(super) n: usize,
    pub(super) kind: Kind,
    /// Whether the journal is there by then: the way back, and who knows of it.
    pub(super) in_journal: bool,
}

/// Reads what strace wrote.
pub(super) fn parse(log: &str) -> Vec<Call> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut calls: Vec<Call> = Vec::new();
    let mut in_journal = false;
    let mut after_process = false;
    for line in log.lines() {
        let Some((name, arguments)) = line.split_once('(') else { continue };
        if !CALLS.iter().any(|call| call[1..] == *name) {
            continue;
        }
        let n = counts.entry(name.to_owned()).and_modify(|n| *n += 1).or_insert(1);
        let kind = match name {
            "open" | "openat" if arguments.contains("O_CREAT") => Kind::Files,
            "open" | "openat" => Kind::Harmless,
            "fsync" | "flock" => Kind::Nothing,
            "clone" | "clone3" if !arguments.contains("CLONE_THREAD") => Kind::Process,
            "clone" | "clone3" if after_process => Kind::Runs,
            "clone" | "clone3" => Kind::Harmless,
            _ => Kind::Files,
        };
        after_process = kind == Kind::Process || (after_process && kind == Kind::Harmless);
        calls.push(Call { name: name.to_owned(), n: *n, kind, in_journal });
        if name.starts_with("rename") {
            in_journal =
                arguments.contains("/journal\") = ") || (in_journal && !arguments.contains("/journal\", "));
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_name() {
        let log = "openat(AT_FDCWD, \"/a\", O_RDONLY) = 3\nopenat(AT_FDCWD, \"/b\", O_WRONLY|O_CREAT, 0600) = 3\n\
            rename(\"/v/journal.new\", \"/v/journal\") = 0\nclone3({flags=CLONE_VM|CLONE_VFORK}, 88) = 7\n\
            clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 8\nclone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 9\n\
            rename(\"/v/journal\", \"/v/history/1\") = 0\nfsync(3) = 0\n+++ exited with 0 +++\n";
        let calls = parse(log);
        let kinds: Vec<Kind> = calls.iter().map(|call| call.kind).collect();
        assert_eq!(
            kinds,
            [
                Kind::Harmless,
                Kind::Files,
                Kind::Files,
                Kind::Process,
                Kind::Runs,
                Kind::Harmless,
                Kind::Files,
                Kind::Nothing
            ]
        );
        assert_eq!((calls[1].n, calls[4].n, calls[6].n), (2, 2, 2));
        let journal: Vec<bool> = calls.iter().map(|call| call.in_journal).collect();
        assert_eq!(journal, [false, false, false, true, true, true, true, false]);
    }
}
