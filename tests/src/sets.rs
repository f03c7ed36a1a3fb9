//! Sets in a namespace: loading them, and what `ipset save` gives back.

use std::io::Write;
use std::process::{Output, Stdio};

use fwdsl::Policy;
use fwdsl::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::syntax::compile;
use serde_json::{Value, json};

use crate::netns::Netns;
use crate::sandbox::Sandbox;

/// The first policy: of each way in which a set can change.
pub const FIRST: &str = "set ADMINS: net { 192.0.2.0/24, 2001:db8:ad::/48 }
    set BANNED: ip keep timeout 0 { 192.0.2.66 }
    set PORTS: port { 22, 80 }
    set PAIRS: ip,port comment { (192.0.2.1, tcp 80) comment \"web\", (192.0.2.1, icmp echo-request), (2001:db8::1, gre) }
    set ALL: list { @ADMINS, @PORTS }
    chain INPUT { from @ADMINS => accept; from @BANNED => drop; tcp dport @PORTS => accept;
        set(@PAIRS src,dst) => accept; set(@ALL src) => drop; }";

/// The second: other contents of some, other parameters of others; `PORTS` stays as it is.
#[must_use]
pub fn second() -> String {
    FIRST.replace("192.0.2.0/24,", "198.51.100.0/24,").replace("keep timeout 0", "keep timeout 0 counters")
}

/// What the driver of the apply engine is to bring about for a policy.
///
/// # Panics
///
/// If the policy does not compile.
#[must_use]
pub fn desired_of(source: &str) -> Value {
    let policy = policy_of(source);
    let sets: Vec<Value> = policy
        .all_sets()
        .expect("no Rust value is in it")
        .iter()
        .map(|set| {
            json!({
                "name": set.name,
                "kind": set.kind.name,
                "family": set.family.map(Family::name),
                "parameters": set.parameters,
                "elements": set.elements,
                "keep": set.keep,
                "changes_by_itself": set.changes_by_itself,
                "foreign": set.foreign,
            })
        })
        .collect();
    json!({
        "ipv4": policy.emit_portable(Family::Ipv4).expect("no Rust value is in it"),
        "ipv6": policy.emit_portable(Family::Ipv6).expect("no Rust value is in it"),
        "sets": sets,
    })
}

/// The policy of a source.
///
/// # Panics
///
/// If it does not compile.
#[must_use]
pub fn policy_of(source: &str) -> Policy {
    let compiled = compile(source.parse().unwrap_or_else(|error| panic!("{error}: {source}")));
    let said: Vec<String> = compiled.diagnostics.iter().map(|found| found.message.clone()).collect();
    assert!(compiled.is_sound(), "{}\n{source}", said.join("\n"));
    Policy::from_model(compiled.model).expect("what compiles passes the same checks at run time")
}

/// Hands text to `ipset restore` in a namespace.
///
/// # Panics
///
/// If the program cannot be run.
pub fn restore_sets(netns: &Netns, text: &str) -> Output {
    let mut child = netns
        .command("ipset")
        .args(["restore", "-exist"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ipset runs");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

/// What `ipset save` prints, sorted, without what the kernel chooses itself: the seed of a hash, and its size once it
/// has grown.
#[must_use]
pub fn saved_sets(netns: &Netns) -> Vec<String> {
    sorted(&netns.sh("ipset save"))
}

/// The lines of a text of `ipset restore` in the form of [`saved_sets`].
#[must_use]
pub fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(plain).collect();
    lines.sort();
    lines
}

fn plain(line: &str) -> String {
    let mut words = Vec::new();
    let mut all = line.split(' ');
    while let Some(word) = all.next() {
        match word {
            // Time passes between loading and saving.
            "initval" | "hashsize" => drop(all.next()),
            "timeout" if line.starts_with("add ") => drop(all.next()),
            // Not printed by ipset 7.17.
            "forceadd" => {}
            word => words.push(word),
        }
    }
    words.join(" ")
}

/// Whether the kernel has this kind of set; says so loudly where it has not.
///
/// # Panics
///
/// If the namespace cannot be used.
#[must_use]
pub fn kernel_has(netns: &Netns, kind: &str) -> bool {
    let range = match kind {
        "bitmap:port" => "range 0-9",
        _ if kind.starts_with("bitmap:") => "range 10.0.0.0/24",
        _ => "",
    };
    let output = netns.try_sh(&format!("ipset create probe {kind} {range} && ipset destroy probe"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.contains("set type not supported") {
        // Not by `eprintln!`: the test harness would keep that to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED kind {kind}: this kernel does not have it");
        return false;
    }
    assert!(output.status.success(), "{kind}: {said}");
    true
}

/// Applies a policy, and gives back the report.
///
/// # Panics
///
/// If the apply fails.
pub fn apply_well(host: &Sandbox, source: &str) -> Value {
    host.desire(&desired_of(source));
    host.apply_well(&["--replace-foreign"])
}

/// A host with the first policy applied, then changed by others in every way that an apply has to undo or keep.
///
/// # Panics
///
/// If that fails.
#[must_use]
pub fn changed_by_others(variant: Variant, driver: &str) -> Sandbox {
    let host = Sandbox::new(variant, driver);
    apply_well(&host, FIRST);
    let (banned, ports) = (kernel_name(FIRST, "BANNED"), kernel_name(FIRST, "PORTS"));
    host.netns
        .sh(&format!("ipset add {banned} 203.0.113.8; ipset add {ports} 8080; ipset create theirs hash:ip"));
    host
}

/// The kernel's name of a set of a policy, in IPv4.
///
/// # Panics
///
/// If the policy has no such set.
#[must_use]
pub fn kernel_name(source: &str, set: &str) -> String {
    let sets = policy_of(source).sets(Family::Ipv4).expect("the policy is sound");
    sets.iter().find(|other| other.source == set).expect("the policy has the set").name.clone()
}
