//! A host with an `/etc`, a `/var` and a `/run` of its own in a mount namespace, so that programs run with the paths that the
//! boot gives them, and whose power can fail.
//!
//! What runs there is the first process of a PID namespace, so its death takes everybody else with it at the same moment:
//! guardian, holder and programs. strace lets it die at the n-th file that it puts in place.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Output;

use fwdsl_runtime::host::Variant;

use crate::provisioned::{Host, fresh_netns};

/// Where the host has the binary.
pub const PROGRAM: &str = "/var/lib/100% host";
const JOURNAL: &str = "var/lib/fwdsl/journal";

/// In a mount and PID namespace, gives the command its own directories and becomes it.
const BOOTED: &str =
    "mount -t proc proc /proc && for d in etc var run; do mount --bind \"$0/$d\" /$d; done && exec \"$@\"";

/// The calls by which files come, go and are replaced; not all machines have all of them.
pub const RENAME: &str = "?rename,?renameat,?renameat2";
/// See [`RENAME`].
pub const UNLINK: &str = "?unlink,?unlinkat";
/// See [`RENAME`].
pub const RMDIR: &str = "?rmdir";

/// Makes the host, with the binary in it.
///
/// # Panics
///
/// If it cannot be made; ask [`crate::netns::require`] first.
#[must_use]
pub fn booted(variant: Variant, binary: &str) -> Host {
    let host = Host::new(variant, binary);
    host.file(
        "etc/systemd/system/netfilter-persistent.service",
        "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n",
    );
    for directory in ["run", "var/lib"] {
        fs::create_dir_all(host.root.join(directory)).expect("the directory can be made");
    }
    fs::copy(binary, host.root.join(PROGRAM.trim_start_matches('/'))).expect("the binary can be copied");
    host
}

/// Runs a command on the host, under `wrapper`.
///
/// # Panics
///
/// If it cannot be run.
pub fn run(host: &Host, wrapper: &[&str], command: &[&str]) -> Output {
    let unshare = ["unshare", "--mount", "--pid", "--fork", "sh", "-c", BOOTED];
    let line = [wrapper, &unshare].concat();
    let mut process = host.netns.command(line[0]);
    process.args(&line[1..]).arg(&host.root).args(command).output().expect("the command runs")
}

/// What a boot can read: every file, link and directory of `/etc`, with mode, owner and bytes.
///
/// # Panics
///
/// If something cannot be read.
#[must_use]
pub fn boot_files(host: &Host) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut directories = vec![host.root.join("etc")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("the directory can be read") {
            let path = entry.expect("the directory can be read").path();
            let metadata = fs::symlink_metadata(&path).expect("the file can be looked at");
            let what = if metadata.is_dir() {
                directories.push(path.clone());
                String::new()
            } else if metadata.is_symlink() {
                fs::read_link(&path).expect("a link").display().to_string()
            } else {
                format!("{:?}", fs::read(&path).expect("the file can be read"))
            };
            let line = format!("{:o} {}:{} {what}", metadata.mode(), metadata.uid(), metadata.gid());
            found.insert(path.strip_prefix(&host.root).expect("it is below the root").to_owned(), line);
        }
    }
    found
}

/// Under this, a command loses its power before its n-th call.
#[must_use]
pub fn power_failure(calls: &str, n: usize) -> Vec<String> {
    let (trace, inject) = (format!("trace={calls}"), format!("inject={calls}:signal=KILL:when={n}"));
    ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject].map(str::to_owned).into()
}

/// The machine starts again: the kernel has another boot id and no rules, and `/run` is empty.
///
/// # Panics
///
/// If that cannot be brought about.
pub fn restart(host: &mut Host) {
    host.netns = fresh_netns();
    fs::remove_dir_all(host.root.join("run")).expect("the directory can be removed");
    fs::create_dir(host.root.join("run")).expect("the directory can be made");
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("the kernel has a boot id");
    for journal in [JOURNAL, "var/lib/fwdsl/history/1", "var/lib/fwdsl/history/2"] {
        let manifest = host.root.join(journal).join("manifest.json");
        if let Ok(text) = fs::read_to_string(&manifest) {
            assert!(text.contains(boot.trim()) || text.contains("another-boot"), "{text}");
            fs::write(&manifest, text.replace(boot.trim(), "another-boot")).expect("the file can be written");
        }
    }
}

/// The value of a unit's key that is there once.
///
/// # Panics
///
/// If it is not there once.
#[must_use]
pub fn value<'a>(unit: &'a str, key: &str) -> &'a str {
    let values: Vec<&str> =
        unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect();
    assert_eq!(values.len(), 1, "{key} in {unit}");
    values[0]
}

/// Does what systemd does with a unit of `/etc`, under `wrapper`; `None` if the unit's condition is false.
///
/// # Panics
///
/// If there is no such unit.
pub fn start_unit(host: &Host, unit: &str, wrapper: &[&str]) -> Option<Output> {
    let unit = host.text(&format!("etc/systemd/system/{unit}"));
    if unit.contains("ConditionPathExists=") {
        let condition = value(&unit, "ConditionPathExists");
        let path = condition.trim_start_matches('!');
        if host.root.join(path.trim_start_matches('/')).exists() == condition.starts_with('!') {
            return None;
        }
    }
    // A shell reads the quotes of this line as systemd does; `%%` is systemd's alone.
    let line = format!("exec {}", value(&unit, "ExecStart").replace("%%", "%"));
    Some(run(host, wrapper, &["sh", "-c", &line]))
}
