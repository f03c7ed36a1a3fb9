//! The history of a sandbox's host, and its state as far as a rollback brings it back.

use serde_json::Value;

use crate::sandbox::{Sandbox, report};

/// Runs a command of the driver that succeeds, and gives back what it printed.
///
/// # Panics
///
/// If it fails.
pub fn run(host: &Sandbox, command: &str, options: &[&str]) -> Value {
    report(&host.command(command, options).output().expect("the driver runs"))
}

/// The numbers of the former states, the newest first.
///
/// # Panics
///
/// If they cannot be listed.
#[must_use]
pub fn numbers(host: &Sandbox) -> Vec<u64> {
    let history = run(host, "history", &[]);
    assert_eq!(history["warnings"].as_array().map(Vec::len), Some(0), "{history}");
    let states = history["states"].as_array().cloned().unwrap_or_default();
    states.iter().map(|state| state["number"].as_u64().expect("a number")).collect()
}

/// The host's state without counters, which a rollback does not bring back.
///
/// # Panics
///
/// If the host cannot be looked at.
#[must_use]
pub fn state(host: &Sandbox) -> String {
    let line = |line: &str| match (line.split_once(" ["), line.split_once("] -A")) {
        (Some((chain, _)), _) if line.starts_with(':') => chain.to_owned(),
        (_, Some((_, rule))) if line.starts_with('[') => format!("-A{rule}"),
        _ => line.to_owned(),
    };
    host.state().lines().map(line).collect::<Vec<_>>().join("\n")
}
