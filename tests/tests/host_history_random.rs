//! Chains of random policies, of whole tables and of chains alone, and rollbacks to random states among them.

use std::collections::BTreeMap;
use std::fmt::Write;

use fwdsl_runtime::host::Variant;
use fwdsl_tests::history::{numbers, run, state};
use fwdsl_tests::netns::require;
use fwdsl_tests::policies;
use fwdsl_tests::random::Random;
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS};
use fwdsl_tests::snapshot::differing;
use serde_json::{Value, json};

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");
const POLICIES: usize = 5;
const ROLLBACKS: usize = 5;

/// What random policies own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owns {
    Tables,
    Chains,
    /// Now these, now those.
    Either,
}

/// A policy of chains alone, with sets.
fn of_chains(random: &mut Random) -> String {
    let mut source = format!("#![allow(unreachable_rule, no_effect_rule)]\nown chains;\n{}", sets(random));
    let matches = [
        "in lo",
        "tcp dport 22",
        "from @NETS",
        "from @KEPT",
        "to @LIST",
        "udp dport [53, 123]",
        "limit 3/minute",
        "tcp dport @PORTS",
        "ct established",
    ];
    let hooks = ["", " hook first", " hook last"];
    for (table, chains) in
        [("filter", ["INPUT", "FORWARD", "OUTPUT"]), ("mangle", ["PREROUTING", "INPUT", "OUTPUT"])]
    {
        let _ = writeln!(source, "table {table} {{ chain web {{");
        for _ in 0..random.below(3) {
            let _ = writeln!(source, "{} => accept;", random.pick(&matches[1..]));
        }
        source.push_str("_ => return; }\n");
        for chain in chains {
            if random.one_in(3) {
                continue;
            }
            let _ = writeln!(source, "chain {chain}{} {{", random.pick(&hooks));
            for _ in 0..=random.below(3) {
                let verdict = random.pick(&["accept", "drop", "jump web"]);
                let matches = random.pick(&matches);
                // There, packets have no incoming interface.
                let matches =
                    if chain == "OUTPUT" { matches.replace("in ", "out ") } else { matches.to_owned() };
                let _ = writeln!(source, "{matches} => {verdict};");
            }
            source.push_str("}\n");
        }
        source.push_str("}\n");
    }
    source
}

/// Sets of random contents, of which one is kept.
fn sets(random: &mut Random) -> String {
    let (a, b) = (random.below(4), random.below(4));
    let counters = random.pick(&["", " counters"]);
    format!(
        "#[allow(unused_definition)] set NETS: net {{ 10.{a}.0.0/16, 10.9.0.0/16 nomatch, fd00:{a}::/32 }}
         #[allow(unused_definition)] set KEPT: ip keep{counters} {{ 192.0.2.{a}, 192.0.2.{}, 2001:db8::{b} }}
         #[allow(unused_definition)] set PORTS: port {{ 22, {} }}
         #[allow(unused_definition)] set LIST: list {{ @NETS, @KEPT }}\n",
        10 + b,
        8000 + b
    )
}

/// A random state to apply.
fn desired(random: &mut Random, owns: Owns) -> Value {
    let chains = owns == Owns::Chains || (owns == Owns::Either && random.one_in(2));
    let policy = if chains { of_chains(random) } else { policies::policy(random) };
    let mut sysctls = Vec::new();
    for (key, values) in [
        ("net/ipv4/ip_forward", &["0", "1"][..]),
        ("net/ipv4/conf/all/accept_redirects", &["0", "1"]),
        ("net/ipv4/conf/default/send_redirects", &["0", "1"]),
        ("net/ipv4/conf/lo/forwarding", &["0", "1"]),
        ("net/ipv4/tcp_syncookies", &["0", "1", "2"]),
    ] {
        if random.one_in(2) {
            sysctls.push(json!({ "key": key, "value": random.pick(values) }));
        }
    }
    let mut files = Vec::new();
    for path in ["/etc/old.rules", "/etc/link", "/etc/gone", "/etc/a/b/one", "/etc/a/two"] {
        if random.one_in(3) {
            continue;
        }
        files.push(match random.below(3) {
            0 => json!({ "path": path }),
            1 => json!({ "path": path, "link": format!("to-{}", random.below(3)) }),
            _ => json!({ "path": path, "text": format!("text {}\n", random.below(5)) }),
        });
    }
    json!({ "policy": policy, "sysctls": sysctls, "files": files })
}

/// A state without directories: an apply leaves one behind that it has emptied, and a rollback too where it did not empty
/// it itself.
fn without_directories(state: &str) -> String {
    state.lines().filter(|line| !line.ends_with('/')).collect::<Vec<_>>().join("\n")
}

/// One chain of policies, and rollbacks within it.
fn chain(variant: Variant, owns: Owns, seed: u64) {
    let host = Sandbox::new(variant, DRIVER);
    let mut random = Random::new(seed);
    // By the number of the state that each change ends.
    let mut states: BTreeMap<u64, String> = BTreeMap::new();
    let newest = |states: &mut BTreeMap<u64, String>, before: String, after: &str| {
        let newest = numbers(&host).first().copied();
        match newest.filter(|newest| !states.contains_key(newest)) {
            Some(newest) => drop(states.insert(newest, before)),
            None => assert_eq!(before, after, "a change is kept"),
        }
    };
    let mut now = state(&host);
    for _ in 0..POLICIES {
        host.desire(&desired(&mut random, owns));
        host.apply_well(&["--replace-foreign"]);
        let before = std::mem::replace(&mut now, state(&host));
        newest(&mut states, before, &now);
    }
    assert!(states.len() + 1 >= POLICIES, "seed {seed}: only {} states", states.len());
    for _ in 0..ROLLBACKS {
        let numbers: Vec<u64> = states.keys().copied().collect();
        let number = numbers[random.below(numbers.len())];
        let report = run(&host, "rollback", &["--state", &number.to_string()]);
        let before = std::mem::replace(&mut now, state(&host));
        let differing = differing(&without_directories(&states[&number]), &without_directories(&now));
        assert_eq!(differing, [""; 0], "seed {seed}, state {number} of {numbers:?}: {report}");
        newest(&mut states, before, &now);
    }
}

/// As many chains as make up the number of policies that is asked for, or these few.
fn chains(owns: Owns, few: u64) {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    let asked =
        std::env::var("FWDSL_RANDOM_POLICIES").ok().map(|count| count.parse::<u64>().expect("a number"));
    let seeds = asked.map_or(few, |count| count.div_ceil(POLICIES as u64));
    std::thread::scope(|scope| {
        for variant in VARIANTS {
            scope.spawn(move || (0..seeds).for_each(|seed| chain(variant, owns, seed)));
        }
    });
}

#[test]
fn policies_of_whole_tables() {
    chains(Owns::Tables, 2);
}

#[test]
fn policies_of_chains_alone() {
    chains(Owns::Chains, 3);
}

#[test]
fn policies_of_either_kind() {
    chains(Owns::Either, 3);
}
