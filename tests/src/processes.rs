//! Other processes: found by their command lines, waited for, ended by their ids.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until something is done.
///
/// # Panics
///
/// If that takes very long.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !done() {
        assert!(Instant::now() < end, "waited too long for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The processes that live and whose command line holds both words.
///
/// # Panics
///
/// Where there is no `/proc`.
#[must_use]
pub fn processes(word: &str, other: &str) -> Vec<u32> {
    let living = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.starts_with(" Z"))
    };
    let matches = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(word) && line.contains(other)
    };
    let pids = fs::read_dir("/proc")
        .expect("there is a /proc")
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(living).filter(matches).collect()
}

/// Ends a process at once.
///
/// # Panics
///
/// If there is none of this id.
pub fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill runs").success());
}
