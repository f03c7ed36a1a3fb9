//! The rules that are measured, in the form of each program.

use std::fmt::Write as _;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::model::Model;
use fwdsl_tests::corpus::{Firewall, firewalls};

/// The numbers of rules.
pub(crate) const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// The address and the port of a rule: each rule has others.
fn rule(number: usize) -> (String, usize) {
    let octet = |place: u32| number >> (8 * place) & 0xff;
    (format!("10.{}.{}.{}", octet(2), octet(1), octet(0)), 1 + number * 7 % 65_535)
}

/// As `iptables-save` writes them.
pub(crate) fn saved(rules: usize) -> String {
    let mut text = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n".to_owned();
    for (address, port) in (0..rules).map(rule) {
        let _ = writeln!(text, "-A INPUT -s {address}/32 -p tcp -m tcp --dport {port} -j ACCEPT");
    }
    text + "COMMIT\n"
}

/// As ferm reads them.
pub(crate) fn for_ferm(rules: usize) -> String {
    let mut text = "domain ip table filter chain INPUT {\n    policy ACCEPT;\n".to_owned();
    for (address, port) in (0..rules).map(rule) {
        let _ = writeln!(text, "    saddr {address} proto tcp dport {port} ACCEPT;");
    }
    text + "}\n"
}

/// As a policy.
fn policy(rules: usize) -> String {
    let mut text = "family ipv4; table filter { chain INPUT policy accept {\n".to_owned();
    for (address, port) in (0..rules).map(rule) {
        let _ = writeln!(text, "    tcp from {address} dport {port} => accept;");
    }
    text + "} }\n"
}

/// What the macro expands to, and the model that it unpacks to.
pub(crate) fn packed(rules: usize) -> (Vec<u8>, Model) {
    let tokens = policy(rules).parse().expect("tokens of Rust");
    // The analysis has a benchmark of its own.
    let compiled = fwdsl_runtime::syntax::compile(tokens);
    assert!(compiled.is_sound(), "{:?}", compiled.diagnostics);
    let bytes = compiled.pack();
    let model = Model::from_bytes("text.rs", &bytes).expect("it was packed just now");
    (bytes, model)
}

/// The firewalls of the corpus that iptables of today loads.
pub(crate) fn real() -> Vec<Firewall> {
    let mut real = firewalls();
    real.retain(|firewall| {
        let Firewall { text, family, .. } = firewall;
        fwdsl_runtime::import::import(text, "", *family, fwdsl_runtime::import::Unknown::Refuse).is_ok()
    });
    real
}

/// Their bytes.
pub(crate) fn bytes(firewalls: &[Firewall]) -> usize {
    firewalls.iter().map(|firewall| firewall.text.len()).sum()
}

/// The family of the rules that are made here.
pub(crate) const FAMILY: Family = Family::Ipv4;
