//! Kernel parameters below /proc/sys: read, written, put back.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::change::SysctlWrite;
use super::error::{ApplyError, at};
use super::program::{Programs, Runner};

/// Where the kernel's parameters are.
const PROC_SYS: &str = "/proc/sys";

/// How often the former values are written until all of them hold: writing one can reset another.
const UNDO_PASSES: usize = 4;

/// A value to put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SysctlUndo {
    pub(crate) key: String,
    pub(crate) value: String,
}

/// The value of a key, or `None` if the kernel has no such key.
pub(crate) fn read(key: &str) -> Result<Option<String>, ApplyError> {
    let path = path(key)?;
    match fs::read_to_string(&path) {
        Ok(value) => Ok(Some(value.trim_end_matches('\n').to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at("read", &path)(error)),
    }
}

/// Whether two values are the same for the kernel, which prints lists with tabs.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

fn path(key: &str) -> Result<PathBuf, ApplyError> {
    match key.split('/').all(|part| !matches!(part, "" | "." | "..")) {
        true => Ok(Path::new(PROC_SYS).join(key)),
        false => Err(ApplyError::Impossible(format!("`{key}` is not a sysctl key in slash form"))),
    }
}

fn write(key: &str, value: &str) -> Result<(), ApplyError> {
    let path = path(key)?;
    // Opened for writing alone: a key that has gone must not become a new file.
    let mut file = fs::File::options().write(true).open(&path).map_err(at("write", &path))?;
    io::Write::write_all(&mut file, format!("{value}\n").as_bytes()).map_err(at("write", &path))
}

/// Brings a key that a module holds into being, and gives back its value.
pub(crate) fn load_module(
    programs: &Programs,
    runner: &Runner,
    key: &str,
    module: &str,
) -> Result<String, ApplyError> {
    let modprobe = programs.need("modprobe")?;
    runner.read(&modprobe, &["--", module])?;
    read(key)?.ok_or_else(|| {
        let path = Path::new(PROC_SYS).join(key);
        let why = format!("not there, though the kernel module `{module}` was loaded");
        at("read", &path)(io::Error::new(io::ErrorKind::NotFound, why))
    })
}

/// Writes one sysctl and reads it back.
pub(crate) fn put(write_: &SysctlWrite) -> Result<(), ApplyError> {
    match write(&write_.key, &write_.value) {
        Err(_) if is_of_absent_interface(write_) => Ok(()),
        written => written.and_then(|()| check(write_)),
    }
}

/// Whether the key is of an interface that is not there. Interfaces come and go while an apply is under way, those of
/// containers for example, and one that has gone has nothing to be set.
pub(crate) fn is_of_absent_interface(write: &SysctlWrite) -> bool {
    let parts: Vec<&str> = write.key.split('/').collect();
    match parts.as_slice() {
        // What a module brings is not there before it.
        _ if write.module.is_some() => false,
        [_, _, _, "all" | "default", ..] => false,
        ["net", family @ ("ipv4" | "ipv6"), tree @ ("conf" | "neigh"), interface, _] => {
            let trees = Path::new(PROC_SYS).join("net").join(family).join(tree);
            trees.is_dir() && !trees.join(interface).exists()
        }
        _ => false,
    }
}

/// Fails unless the sysctl has its value.
pub(crate) fn check(wanted: &SysctlWrite) -> Result<(), ApplyError> {
    match read(&wanted.key)? {
        Some(value) if same(&value, &wanted.value) => Ok(()),
        None if is_of_absent_interface(wanted) => Ok(()),
        value => Err(ApplyError::Mismatch {
            what: format!(
                "sysctl `{}` should be {} but is {}",
                wanted.key,
                wanted.value,
                value.unwrap_or_default()
            ),
        }),
    }
}

/// The former values of `writes` and of whatever the kernel resets beside them, in the order of putting back.
pub(crate) fn record(writes: &[SysctlWrite]) -> Result<Vec<SysctlUndo>, ApplyError> {
    let mut keys: BTreeSet<(u8, String)> = BTreeSet::new();
    for write in writes {
        for key in std::iter::once(write.key.clone()).chain(reset_beside(&write.key)) {
            keys.insert((breadth(&key), key));
        }
    }
    let mut values = Vec::new();
    for (_, key) in keys {
        // What is not there now (its module is not loaded) is recorded once it is.
        values.extend(read(&key)?.map(|value| SysctlUndo { key, value }));
    }
    Ok(values)
}

/// Whether the value makes a router a host again: then it comes before the rules, as it goes after them.
pub(crate) fn is_closing(key: &str, value: &str) -> bool {
    let parts: Vec<&str> = key.split('/').collect();
    let forwards =
        matches!(parts.as_slice(), ["net", "ipv4", "ip_forward"] | ["net", _, "conf", _, "forwarding"]);
    forwards && value.trim() == "0"
}

/// Puts values into the order of putting back.
pub(crate) fn sort(values: &mut [SysctlUndo]) {
    values.sort_by(|one, other| (breadth(&one.key), &one.key).cmp(&(breadth(&other.key), &other.key)));
}

/// Keys that reset others are put back before those.
fn breadth(key: &str) -> u8 {
    let parts: Vec<&str> = key.split('/').collect();
    match parts.as_slice() {
        ["net", "ipv4", "ip_forward"] => 0,
        ["net", _, _, "all", "forwarding"] => 0,
        ["net", _, _, "all", _] => 1,
        ["net", _, _, "default", _] => 2,
        _ => 3,
    }
}

/// What the kernel sets beside `key` (Documentation/networking/ip-sysctl.rst): forwarding switches a host into a
/// router, with every interface's forwarding and `all/accept_redirects`; `all` and `default` keys reach into
/// interfaces whose own key nobody has set.
fn reset_beside(key: &str) -> Vec<String> {
    let parts: Vec<&str> = key.split('/').collect();
    let forwarding = |name: &str| name == "forwarding";
    match parts.as_slice() {
        ["net", "ipv4", "ip_forward"] => router_keys(),
        ["net", "ipv4", "conf", "all", name] if forwarding(name) => router_keys(),
        ["net", family @ ("ipv4" | "ipv6"), tree @ ("conf" | "neigh"), "all" | "default", name] => {
            of_all_interfaces(family, tree, name)
        }
        _ => Vec::new(),
    }
}

fn router_keys() -> Vec<String> {
    let mut keys = of_all_interfaces("ipv4", "conf", "forwarding");
    keys.extend(["net/ipv4/ip_forward", "net/ipv4/conf/all/accept_redirects"].map(str::to_owned));
    keys
}

fn of_all_interfaces(family: &str, tree: &str, name: &str) -> Vec<String> {
    let base = format!("net/{family}/{tree}");
    // Without the tree there is nothing to reset.
    let Ok(entries) = fs::read_dir(Path::new(PROC_SYS).join(&base)) else { return Vec::new() };
    let interfaces = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    interfaces.map(|interface| format!("{base}/{interface}/{name}")).collect()
}

/// Puts former values back; gives back which were not in force, and what failed.
pub(crate) fn undo(values: &[SysctlUndo]) -> (Vec<String>, Vec<String>) {
    let mut restored = BTreeSet::new();
    let mut problems = Vec::new();
    for _ in 0..UNDO_PASSES {
        problems.clear();
        let mut wrote = false;
        for undo in values {
            match undo_one(undo) {
                Ok(false) => {}
                Ok(true) => {
                    restored.insert(undo.key.clone());
                    wrote = true;
                }
                Err(error) => {
                    problems.push(format!("sysctl `{}` is not {} again: {error}", undo.key, undo.value))
                }
            }
        }
        if !wrote && problems.is_empty() {
            return (restored.into_iter().collect(), problems);
        }
    }
    // The last pass may have been the one that mended everything.
    let wrong = |undo: &&SysctlUndo| {
        read(&undo.key).is_ok_and(|value| value.is_some_and(|value| !same(&value, &undo.value)))
    };
    if problems.is_empty() {
        let wrong = values.iter().filter(wrong);
        problems.extend(wrong.map(|undo| format!("sysctl `{}` does not stay {}", undo.key, undo.value)));
    }
    (restored.into_iter().collect(), problems)
}

fn undo_one(undo: &SysctlUndo) -> Result<bool, ApplyError> {
    match read(&undo.key)? {
        // The interface is gone, and its keys with it.
        None => Ok(false),
        Some(value) if same(&value, &undo.value) => Ok(false),
        Some(_) => write(&undo.key, &undo.value).map(|()| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_equal_whatever_separates_them() {
        assert!(same("4096\t131072\t6291456", "4096 131072  6291456"));
        assert!(!same("1", "10"));
    }

    #[test]
    fn keys_stay_below_proc_sys() {
        for key in ["", "/etc/passwd", "net/../../etc", "net//x"] {
            assert!(path(key).is_err(), "{key}");
        }
    }

    #[test]
    fn what_goes_with_its_interface_is_no_failure() {
        let write = |key: &str| {
            put(&SysctlWrite { key: key.to_owned(), value: "1".to_owned(), module: None }).map_err(drop)
        };
        assert_eq!(write("net/ipv4/conf/fwdsl-has-gone/rp_filter"), Ok(()));
        assert_eq!(write("net/ipv4/conf/lo/fwdsl_never_was"), Err(()));
        assert_eq!(write("net/ipv4/conf/all/fwdsl_never_was"), Err(()));
        assert_eq!(write("net/ipv4/fwdsl_never_was"), Err(()));
    }

    #[test]
    fn what_ends_forwarding_is_known() {
        assert!(is_closing("net/ipv4/ip_forward", "0") && is_closing("net/ipv6/conf/all/forwarding", "0"));
        assert!(!is_closing("net/ipv4/ip_forward", "1") && !is_closing("net/ipv4/tcp_syncookies", "0"));
    }

    #[test]
    fn what_forwarding_resets_is_known() {
        let keys = reset_beside("net/ipv4/ip_forward");
        assert!(keys.contains(&"net/ipv4/conf/all/accept_redirects".to_owned()));
        assert!(keys.contains(&"net/ipv4/conf/lo/forwarding".to_owned()));
        assert!(
            reset_beside("net/ipv4/conf/default/rp_filter")
                .contains(&"net/ipv4/conf/lo/rp_filter".to_owned())
        );
        assert!(reset_beside("net/ipv4/tcp_syncookies").is_empty());
    }
}
