//! What a process holds beyond the text.

use std::process::Command;

use fwdsl_runtime::emit::{Protocols, emit};
use fwdsl_runtime::import::{Unknown, import};
use fwdsl_runtime::lower::lower;

use super::cases::FAMILY;
use super::peers::Peers;

/// Bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    /// Of the text.
    pub(crate) text: u64,
    /// What came on top of what was there before, at most.
    pub(crate) peak: u64,
}

/// Measures in a process of its own.
pub(crate) fn of_child(what: &str, peers: &Peers, rules: usize) -> Held {
    let own = std::env::current_exe().expect("the path of this program");
    let file = peers.file(rules, "saved");
    let output = Command::new(own).args(["--memory", what]).arg(&file).output().expect("it runs");
    let peak = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number of bytes");
    Held { text: std::fs::metadata(file).expect("the file is there").len(), peak }
}

/// What this process holds at most while it does something with a text, beyond what it starts with.
pub(crate) fn measure(what: &str, file: &str) -> u64 {
    let text = std::fs::read_to_string(file).expect("the text can be read");
    let read = || import(&text, "text", FAMILY, Unknown::Refuse).expect("the text is sound");
    let lowered = (what == "emit").then(|| lower(&read().model, FAMILY).expect("there are rules"));
    // The most is counted anew from here on.
    std::fs::write("/proc/self/clear_refs", "5").expect("the kernel counts anew");
    let before = bytes_of("VmRSS:");
    match lowered {
        Some(lowered) => drop(std::hint::black_box(emit(&lowered, Protocols::Named))),
        None => drop(std::hint::black_box(read())),
    }
    bytes_of("VmHWM:").saturating_sub(before)
}

/// A line of what the kernel says of this process.
fn bytes_of(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix(line));
    let kib: u64 =
        line.and_then(|it| it.split_whitespace().next()?.parse().ok()).expect("the kernel knows it");
    1024 * kib
}
