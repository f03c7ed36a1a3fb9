//! Faults at every step of every command that changes the host: it is done or undone, and nothing is left over.

use fwdsl_runtime::host::Variant;
use fwdsl_tests::coexisting::{self, others};
use fwdsl_tests::faults::{Booted, Decided, Decision, OnSandbox, Tally, Unconfirmed, sweep};
use fwdsl_tests::sandbox::{Sandbox, VARIANTS, desired};
use fwdsl_tests::sets::{changed_by_others, desired_of, second};
use serde_json::{Value, json};

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");
const BINARY: &str = env!("CARGO_BIN_EXE_cli_host");
/// It asserts a way in, without which nothing is installed. It lies where cargo builds, so a copy is installed too.
const INSTALLED: &str = env!("CARGO_BIN_EXE_boot_host");

const FIRST_CHAINS: &str = "own chains;
    chain INPUT { tcp dport 22 => jump web; icmp any => accept; }
    chain FORWARD hook after DOCKER-USER { in eth7 => drop; }
    chain web { _ => accept; }
    table nat { chain OUTPUT hook last { out eth7 => accept; } }";
const SECOND_CHAINS: &str = "own chains;
    chain INPUT hook last { tcp dport 23 => jump shop; }
    chain shop { _ => accept; }
    chain OUTPUT { out eth7 => drop; }";

/// Whole tables, a set, sysctls and files.
fn tables() -> Value {
    let mut desired = desired();
    desired["sets"] = json!([{
        "name": "ONE", "kind": "hash:net", "family": "ipv4", "parameters": "family inet maxelem 65536",
        "elements": ["192.0.2.0/24"], "keep": false, "changes_by_itself": false, "foreign": false,
    }]);
    let rule = "-A INPUT -m set --match-set ONE src -j DROP\n-A INPUT -p gre";
    desired["ipv4"] = json!(desired["ipv4"].as_str().unwrap().replace("-A INPUT -p gre", rule));
    desired
}

/// Chains among those of others, a sysctl and a file.
fn chains(policy: &str) -> Value {
    json!({
        "policy": policy,
        "sysctls": [{ "key": "net/ipv4/tcp_syncookies", "value": "1" }],
        "files": [{ "path": "/etc/old.rules", "text": policy }],
    })
}

/// A host on which others have rules, with the first chains among them.
fn among_others(variant: Variant) -> Sandbox {
    let host = coexisting::host(variant, DRIVER);
    host.desire(&chains(FIRST_CHAINS));
    host.apply_well(&[]);
    host
}

fn theirs(host: &Sandbox) -> String {
    others(&host.netns, host.variant)
}

/// At least so many faults found the host as it was, and so many as it was to be.
fn check(tally: Option<Tally>, at_least: (usize, usize)) {
    let Some(tally) = tally else { return };
    let (old, new) = tally.counts();
    // Most of what a command does is before the moment that decides.
    assert!(old >= at_least.0 && new >= at_least.1 && old > new, "{old} were old, {new} new");
}

#[test]
fn an_apply_of_tables() {
    let tally = sweep(&VARIANTS, 64, |variant| {
        let host = Sandbox::new(variant, DRIVER);
        host.desire(&tables());
        OnSandbox::new(host, "apply", &["--replace-foreign"], Sandbox::state)
    });
    check(tally, (40, 1));
}

#[test]
fn a_rollback_of_tables() {
    let tally = sweep(&VARIANTS, 48, |variant| {
        let host = Sandbox::new(variant, DRIVER);
        host.desire(&tables());
        host.apply_well(&["--replace-foreign"]);
        OnSandbox::new(host, "rollback", &["--state", "1"], Sandbox::state)
    });
    check(tally, (30, 1));
}

/// Sets that come, go, are put right and taken over, among those of others.
#[test]
fn an_apply_of_sets() {
    let tally = sweep(&VARIANTS, 36, |variant| {
        let host = changed_by_others(variant, DRIVER);
        host.desire(&desired_of(&second()));
        OnSandbox::new(host, "apply", &["--replace-foreign"], Sandbox::state)
    });
    check(tally, (20, 1));
}

#[test]
fn an_apply_of_chains() {
    let tally = sweep(&VARIANTS, 32, |variant| {
        let host = among_others(variant);
        host.desire(&chains(SECOND_CHAINS));
        OnSandbox::new(host, "apply", &[], coexisting::state).without_touching(theirs)
    });
    check(tally, (20, 1));
}

#[test]
fn a_rollback_of_chains() {
    let tally = sweep(&VARIANTS, 24, |variant| {
        let host = among_others(variant);
        host.desire(&chains(SECOND_CHAINS));
        host.apply_well(&[]);
        OnSandbox::new(host, "rollback", &["--state", "2"], coexisting::state).without_touching(theirs)
    });
    check(tally, (15, 1));
}

#[test]
fn a_save() {
    // It knows of no variant.
    let tally = sweep(&[Variant::Nft], 40, |variant| Booted::new(variant, BINARY, &[], &["save"]));
    check(tally, (25, 1));
}

#[test]
fn an_install() {
    let tally = sweep(&[Variant::Nft], 24, |variant| Booted::new(variant, INSTALLED, &[], &["install"]));
    check(tally, (15, 1));
}

#[test]
fn an_uninstall() {
    let tally = sweep(&[Variant::Nft], 24, |variant| {
        Booted::new(variant, INSTALLED, &[&["install"]], &["uninstall"])
    });
    check(tally, (14, 1));
}

#[test]
fn an_apply_that_has_to_be_confirmed() {
    let tally = sweep(&VARIANTS, 44, |variant| {
        let host = Sandbox::new(variant, DRIVER);
        host.desire(&tables());
        Unconfirmed::new(host, "apply", &["--replace-foreign"])
    });
    check(tally, (25, 1));
}

/// An apply that waits for its confirmation: with sets that go then, and files that come.
fn waiting(variant: Variant, decision: Decision) -> Decided {
    let host = Sandbox::new(variant, DRIVER);
    host.desire(&tables());
    host.apply_well(&["--replace-foreign"]);
    let mut second = desired();
    second["ipv4"] = json!(second["ipv4"].as_str().unwrap().replace("50134", "50135"));
    second["files"] = json!([
        { "path": "/etc/old.rules", "text": "the newest rules\n" },
        { "path": "/etc/link" },
        { "path": "/etc/other/deep", "text": "deep\n" },
    ]);
    host.desire(&second);
    Decided::new(host, decision)
}

#[test]
fn a_confirmation() {
    let tally = sweep(&VARIANTS, 36, |variant| waiting(variant, Decision::Confirm));
    let Some(tally) = tally else { return };
    // Of those that are cut off, every second is made again.
    let (old, new) = tally.counts();
    assert!(old >= 10 && new >= 10, "{old} were old, {new} new");
}

#[test]
fn an_undo() {
    let tally = sweep(&VARIANTS, 20, |variant| waiting(variant, Decision::Recover));
    let Some(tally) = tally else { return };
    // There is no way but back.
    assert_eq!(tally.counts().0, 0);
}
