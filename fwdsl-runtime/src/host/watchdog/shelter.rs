//! A place for the watchdog outside of the session: sessions end by ending a whole control group (logind.conf(5),
//! `KillUserProcesses`), whatever session a process made for itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::WATCHDOG_ARG;
use crate::host::program::Programs;

/// What our units and control groups are called, before the apply's own name.
const NAME: &str = "fwdsl-watchdog-";

/// What became of the search for a place.
pub(super) enum Shelter {
    Found,
    /// There is none, and why.
    None(String),
}

/// A command that becomes this program again in a transient unit of its own, if systemd is the init here.
///
/// A scope (systemd.scope(5)), not a service: its process is a child of ours, in the namespaces that are to be watched.
pub(super) fn transient_unit(programs: &Programs, marker: &str) -> Option<Command> {
    let is_init = fs::read_to_string("/proc/1/comm").is_ok_and(|name| name.trim() == "systemd");
    if !is_init || !Path::new("/run/systemd/system").is_dir() {
        return None;
    }
    let mut command = Command::new(programs.find("systemd-run")?);
    command.args(["--scope", "--quiet", "--collect", "--slice=system.slice"]);
    command.arg(format!("--unit={NAME}{marker}.scope"));
    command.arg("--description=Undo of a firewall apply that is not confirmed in time");
    // By now /proc/self would be another.
    command.arg("--").arg(format!("/proc/{}/exe", std::process::id())).arg(WATCHDOG_ARG);
    command.env_clear().env("LC_ALL", "C").current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    Some(command)
}

/// Whether a process is in another control group than this one.
pub(super) fn is_elsewhere(process: u32) -> bool {
    let of = |process: &str| fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap_or_default();
    of(&process.to_string()) != of("self")
}

/// Puts a process into a control group of its own, at the root of the unified hierarchy (cgroups(7)).
pub(super) fn own_control_group(process: u32, marker: &str) -> Shelter {
    let Some(root) = unified_root() else {
        return Shelter::None("there is no cgroup2 file system".to_owned());
    };
    sweep(&root);
    let dir = root.join(format!("{NAME}{marker}"));
    let moved = fs::create_dir(&dir).and_then(|()| fs::write(dir.join("cgroup.procs"), process.to_string()));
    match moved {
        Ok(()) => Shelter::Found,
        Err(error) => {
            let _ = fs::remove_dir(&dir);
            Shelter::None(format!("`{}`: {error}", dir.display()))
        }
    }
}

/// Leaves the control group that was made for this process, and removes it.
pub(super) fn leave() {
    let Some(root) = unified_root() else { return };
    let text = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = text.lines().find_map(|line| line.strip_prefix("0::/")).filter(|name| name.starts_with(NAME));
    let Some(name) = own.filter(|name| !name.contains('/') && !name.ends_with(".scope")) else { return };
    // What stays behind is empty, and the next watchdog removes it.
    let _ = fs::write(root.join("cgroup.procs"), "0");
    let _ = fs::remove_dir(root.join(name));
}

/// Removes what watchdogs left that were killed. The kernel lets no group go that has a process.
fn sweep(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(NAME) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// Where the unified hierarchy is mounted, if all of it is (proc(5), mountinfo).
fn unified_root() -> Option<PathBuf> {
    root_in(&fs::read_to_string("/proc/self/mountinfo").ok()?)
        .filter(|root| root.join("cgroup.procs").exists())
}

fn root_in(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (root, place) = (fields.next()?, fields.next()?);
        (kind.starts_with("cgroup2 ") && root == "/").then(|| PathBuf::from(place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unified_hierarchy_is_found_among_mounts() {
        let line = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw\n";
        let others = "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n\
                      44 31 0:38 /part /mnt rw - cgroup2 cgroup2 rw\n";
        assert_eq!(root_in(&format!("{others}{line}")), Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(root_in(others), None);
    }
}
