//! What a command may leave to nobody.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::netns::Netns;

const DEADLINE: Duration = Duration::from_secs(20);

/// What is left over: processes in the namespace, files of a write that was not completed, journals.
pub(super) fn find(netns: &Netns, root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let end = Instant::now() + DEADLINE;
    loop {
        let pids = netns_pids(netns);
        if pids.is_empty() {
            break;
        }
        // Who has nothing more to do may still be on its way out.
        if Instant::now() >= end {
            found.extend(pids.iter().map(|pid| format!("process {pid} {}", command_line(pid))));
            break;
        }
        thread::sleep(Duration::from_millis(2));
    }
    for name in ["journal", "journal.new", "journal.done"] {
        if root.join("var/lib/fwdsl").join(name).exists() {
            found.push(name.to_owned());
        }
    }
    temporary(root, &mut found);
    found
}

fn netns_pids(netns: &Netns) -> Vec<String> {
    let file = fs::metadata(format!("/run/netns/{}", netns.name())).expect("the namespace has a file");
    let inode = std::os::unix::fs::MetadataExt::ino(&file);
    let inside = |pid: &String| {
        let link = fs::read_link(format!("/proc/{pid}/ns/net"));
        link.is_ok_and(|link| link.to_string_lossy() == format!("net:[{inode}]"))
    };
    let entries = fs::read_dir("/proc").expect("there is a /proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().into_string().ok());
    pids.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).filter(inside).collect()
}

fn command_line(pid: &str) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}

fn temporary(dir: &Path, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.to_string_lossy().ends_with(".fwdsl-new") {
            found.push(path.display().to_string());
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            temporary(&path, found);
        }
    }
}
