//! What the compiler says to each kind of mistake: `compile-fail/*.rs` and, beside each, the whole
//! text that is expected.
//!
//! The text around a message is rustc's own and changes with it, so the cases run with the version
//! that `rust-toolchain.toml` names and are skipped elsewhere. `TRYBUILD=overwrite cargo test -p
//! fwdsl-tests --test compile_fail` writes the expected files anew.

use std::path::Path;
use std::process::Command;

/// The rustc that the expected files were made with.
fn pinned() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rust-toolchain.toml");
    let text = std::fs::read_to_string(&path).expect("the workspace holds rust-toolchain.toml");
    let channel = text.lines().find_map(|line| line.strip_prefix("channel = "));
    channel.expect("the toolchain file names a channel").trim_matches('"').to_owned()
}

/// The version of the rustc that cargo uses, `1.95.0`.
fn running() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("rustc runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().nth(1).unwrap_or_default().to_owned()
}

#[test]
fn every_mistake_has_its_message() {
    let (pinned, running) = (pinned(), running());
    if pinned != running {
        eprintln!("SKIPPED every_mistake_has_its_message: it is for rustc {pinned}, and this is {running}");
        return;
    }
    trybuild::TestCases::new().compile_fail("compile-fail/*.rs");
}
