//! Loading rules in a namespace and reading them back.

use std::io::Write;
use std::process::{Output, Stdio};

use fwdsl::family::Family;
use fwdsl::host::Variant;

use crate::netns::Netns;

/// Hands text to `iptables-restore` in a namespace.
///
/// # Panics
///
/// If the program cannot be run.
pub fn restore(netns: &Netns, family: Family, variant: Variant, text: &str) -> Output {
    hand_over(netns, family, variant, text, &[])
}

/// The same beside the rules that are there, which stay.
///
/// # Panics
///
/// If the program cannot be run.
pub fn restore_beside(netns: &Netns, family: Family, variant: Variant, text: &str) -> Output {
    hand_over(netns, family, variant, text, &["--noflush"])
}

fn hand_over(netns: &Netns, family: Family, variant: Variant, text: &str, arguments: &[&str]) -> Output {
    let mut child = netns
        .command(variant.program(family, "restore"))
        .args(arguments)
        // Tests of legacy that run at once share the machine's lock.
        .arg("--wait=60")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("iptables-restore runs");
    // It does not read on once it refuses a line, and then says why.
    let _ = child.stdin.take().expect("a pipe").write_all(text.as_bytes());
    child.wait_with_output().expect("it ends")
}

/// What `iptables-save` prints of one table, without comments and with counters at zero.
#[must_use]
pub fn saved_table(netns: &Netns, family: Family, variant: Variant, table: &str) -> String {
    without_counters(&netns.sh(&format!("{} -t {table} 2>/dev/null", variant.program(family, "save"))))
}

/// A saved text without comments and with counters at zero.
#[must_use]
pub fn without_counters(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.rsplit_once(" [") {
            Some((chain, _)) if line.starts_with(':') => out.push_str(&format!("{chain} [0:0]\n")),
            _ => out.push_str(&format!("{line}\n")),
        }
    }
    out
}

/// The tables of a restore text: each name with its block.
#[must_use]
pub fn tables(text: &str) -> Vec<(String, String)> {
    let blocks = text.split_inclusive("COMMIT\n");
    blocks
        .map(|block| {
            (block.lines().next().unwrap_or("").trim_start_matches('*').to_owned(), block.to_owned())
        })
        .collect()
}
