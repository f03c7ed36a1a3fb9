//! Policies are replaced under steady traffic: nothing is lost of what both allow, and nothing passes that neither does.

use std::time::{Duration, Instant};

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_tests::netns::require;
use fwdsl_tests::random::Random;
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS, failure, report};
use fwdsl_tests::steady::{Datagrams, Passed, neighbour, while_sending};
use serde_json::json;

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");

/// How often the policy is replaced.
const TIMES: u64 = 100;

/// UDP ports: one that both policies allow, one that only the first does, one that only the second does, one that neither
/// does, and one that the first's INPUT followed by the second's CHAIN would.
const BOTH: u16 = 5000;
const FIRST: u16 = 6001;
const SECOND: u16 = 6002;
const NEITHER: u16 = 6003;
const MIXED: u16 = 6004;
const TCP: u16 = 5001;

/// A policy; `policy`, `input` and `chain` are what tells it from the other.
fn policy(policy: &str, input: &str, chain: &str) -> serde_json::Value {
    let source = format!(
        "chain INPUT policy {policy} {{
             in lo => accept;
             ct established|related => accept;
             icmpv6 [neighbour-solicitation, neighbour-advertisement] => accept;
             udp dport {BOTH} => accept;
             tcp dport {TCP} => accept;
             {input}
         }}
         chain FORWARD policy drop {{}}
         chain CHAIN {{ {chain} }}"
    );
    json!({ "policy": source })
}

/// The second allows a port in a chain to which the first sends another one. What neither allows the first refuses by a
/// rule, the second by its policy.
fn policies() -> [serde_json::Value; 2] {
    [
        policy(
            "accept",
            &format!(
                "udp dport [{FIRST}, {MIXED}] => jump CHAIN; udp dport [{SECOND}, {NEITHER}, {MIXED}] => drop;"
            ),
            &format!("udp dport {FIRST} => accept;"),
        ),
        policy("drop", &format!("udp dport {SECOND} => jump CHAIN;"), "_ => accept;"),
    ]
}

fn each_variant(test: impl Fn(Variant) + Sync) {
    if require(&PROGRAMS) {
        std::thread::scope(|scope| {
            for variant in VARIANTS {
                let test = &test;
                std::thread::Builder::new()
                    .name(variant.name().to_owned())
                    .spawn_scoped(scope, move || test(variant))
                    .expect("a thread");
            }
        });
    }
}

fn of(passed: &Passed, port: u16) -> &Datagrams {
    passed.datagrams.iter().find(|datagrams| datagrams.port == port).expect("the port was sent to")
}

#[test]
fn a_hundred_replacements_lose_nothing_and_let_nothing_through() {
    each_variant(|variant| {
        let host = Sandbox::new(variant, DRIVER);
        let [first, second] = policies();
        host.desire(&first);
        std::fs::write(host.file("other.json"), second.to_string()).expect("the scratch file can be written");
        host.apply_well(&["--replace-foreign"]);
        let neighbour = neighbour(&host.netns);
        let ports = [BOTH, FIRST, SECOND, NEITHER, MIXED];
        let other = host.file("other.json");
        let options = ["--other", &other.to_string_lossy(), "--times", "101"];
        let start = Instant::now();
        let (output, passed) = while_sending(&host.netns, &neighbour, &ports, TCP, || {
            host.command("alternate", &options).output().expect("the driver runs")
        });
        assert_eq!(report(&output)["changed"], TIMES, "the first of them changes nothing");
        println!("{variant}: {} replacements in {:?}", TIMES, start.elapsed());
        for (family, passed) in Family::ALL.iter().zip(&passed) {
            let case = format!("{variant} {family}: {:?}", passed.datagrams);
            let both = of(passed, BOTH);
            assert!(both.sent > TIMES, "{case}");
            assert_eq!(both.arrived, both.sent, "a packet was lost: {case}");
            for port in [FIRST, SECOND] {
                let some = of(passed, port);
                assert!(0 < some.arrived && some.arrived < some.sent, "{case}");
            }
            for port in [NEITHER, MIXED] {
                assert_eq!(of(passed, port).arrived, 0, "{case}");
            }
            let saved = host.netns.sh(&format!("{} -c 2>/dev/null", variant.program(*family, "save")));
            let rule =
                saved.lines().find(|line| line.contains(&format!("--dport {BOTH}"))).expect("the rule");
            assert_eq!(rule.split(':').next(), Some(&*format!("[{}", both.sent)), "{rule} {case}");
            assert_eq!(passed.failed, [""; 0], "{case}");
            assert_eq!(passed.carried[0], passed.carried[1], "{case}");
            // A lost packet of TCP would come again after a second at the earliest.
            let slow = passed.connections.iter().filter(|took| **took > Duration::from_millis(900)).count();
            assert!(passed.connections.len() > 20 && slow == 0, "{case} {:?}", passed.connections);
        }
    });
}

/// Two policies of which every order of tables, there or back, would let a packet to [`HOLE`] through: the first sends it
/// on to a port that only the second allows.
const HOLE: u16 = 7000;
const BEHIND: u16 = 7001;

fn policies_with_a_hole() -> [serde_json::Value; 2] {
    let policy = |allowed: u16, nat: &str| {
        let source = format!(
            "chain INPUT policy drop {{
                 in lo => accept;
                 ct established|related => accept;
                 icmpv6 [neighbour-solicitation, neighbour-advertisement] => accept;
                 tcp dport {TCP} => accept;
                 udp dport {allowed} => accept;
             }}
             table nat {{ chain PREROUTING policy accept {{ {nat} }} }}"
        );
        json!({ "policy": source })
    };
    [
        policy(FIRST, &format!("udp dport {HOLE} => redirect(to {BEHIND});")),
        policy(BEHIND, &format!("udp dport {SECOND} => redirect(to {FIRST});")),
    ]
}

#[test]
fn what_no_order_of_tables_makes_safe_is_done_behind_a_closed_filter() {
    each_variant(|variant| {
        let host = Sandbox::new(variant, DRIVER);
        let [first, second] = policies_with_a_hole();
        host.desire(&first);
        std::fs::write(host.file("other.json"), second.to_string()).expect("the scratch file can be written");
        host.apply_well(&["--replace-foreign"]);
        host.desire(&second);
        let report_of_plan = host.apply_well(&["--dry-run"]);
        for family in [0, 1] {
            let rules = &report_of_plan["report"]["rules"][family];
            assert_eq!(rules["closed_meanwhile"], true, "{report_of_plan}");
            assert_eq!(rules["order"], json!(["nat", "filter"]));
        }
        host.desire(&first);
        let neighbour = neighbour(&host.netns);
        let ports = [HOLE, BEHIND, FIRST, SECOND];
        let other = host.file("other.json");
        let options = ["--other", &other.to_string_lossy(), "--times", "31"];
        let (output, passed) = while_sending(&host.netns, &neighbour, &ports, TCP, || {
            host.command("alternate", &options).output().expect("the driver runs")
        });
        assert_eq!(report(&output)["changed"], 30);
        for (family, passed) in Family::ALL.iter().zip(&passed) {
            let case = format!("{variant} {family}: {:?}", passed.datagrams);
            println!("{case}");
            assert!(of(passed, BEHIND).arrived > 0 && of(passed, FIRST).arrived > 0, "{case}");
            assert_eq!([HOLE, SECOND].map(|port| of(passed, port).arrived), [0, 0], "{case}");
            // What was there goes on, for TCP sends again what is lost.
            assert_eq!(passed.failed, [""; 0], "{case}");
            assert_eq!(passed.carried[0], passed.carried[1], "{case}");
        }
        // Nothing is left of the closing.
        let saved = Family::ALL
            .map(|family| host.netns.sh(&format!("{} 2>/dev/null", variant.program(family, "save"))));
        assert!(!saved.concat().contains("other tables change"), "{saved:?}");
    });
}

/// Random rules of few kinds, so that two tables have many in common: with chains that come and go, policies that change,
/// and rules that leave a chain for its policy.
fn random_table(random: &mut Random, table: &str, hooks: &[&str]) -> String {
    let chains: Vec<&str> = ["A", "B", "C"].into_iter().filter(|_| !random.one_in(3)).collect();
    let policies: Vec<String> = hooks
        .iter()
        .map(|hook| {
            format!(":{hook} {} [0:0]\n", if random.one_in(2) && table != "nat" { "DROP" } else { "ACCEPT" })
        })
        .collect();
    let mut text = format!("*{table}\n{}", policies.concat());
    text.extend(chains.iter().map(|chain| format!(":{chain} - [0:0]\n")));
    for chain in hooks.iter().chain(&chains) {
        for _ in 0..random.below(7) {
            let matches = random.pick(&[
                "-i lo ",
                "-p tcp -m tcp --dport 22 ",
                "-p udp ",
                "-m conntrack --ctstate NEW ",
                "",
            ]);
            // Chains go on to those behind them alone.
            let next = chains.iter().find(|other| *other > chain || hooks.contains(chain));
            let target = match (random.below(6), next) {
                (0, Some(next)) => format!("-g {next}"),
                (1 | 2, Some(next)) => format!("-j {next}"),
                (3, _) => "-j RETURN".to_owned(),
                _ => "-j ACCEPT".to_owned(),
            };
            // What is matched by an incoming interface cannot stand where packets have none.
            let matches = if *chain == "OUTPUT" || *chain == "POSTROUTING" || !hooks.contains(chain) {
                matches.trim_start_matches("-i lo ")
            } else {
                matches
            };
            text.push_str(&format!("-A {chain} {matches}{target}\n"));
        }
    }
    text + "COMMIT\n"
}

fn random_state(random: &mut Random) -> serde_json::Value {
    let mut text = || {
        random_table(random, "filter", &["INPUT", "FORWARD", "OUTPUT"])
            + &random_table(random, "mangle", &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"])
    };
    json!({ "ipv4": text(), "ipv6": text() })
}

#[test]
fn random_tables_lead_to_each_other_and_back() {
    each_variant(|variant| {
        let host = Sandbox::new(variant, DRIVER);
        let mut random = Random::new(6);
        for step in 0..12 {
            let mut state = random_state(&mut random);
            let before = host.state();
            // The kernel has no such value, so all that was loaded before goes back.
            state["sysctls"] = json!([{ "key": "net/ipv4/tcp_syncookies", "value": "777" }]);
            host.desire(&state);
            let said = failure(&host.apply(&["--replace-foreign"]));
            assert!(said.contains("the former state is back"), "{variant} {step}: {said}");
            assert_eq!(host.state(), before, "{variant} {step}: {state}");
            state["sysctls"] = json!([]);
            host.desire(&state);
            assert_eq!(host.apply_well(&["--replace-foreign"])["changed"], true, "{variant} {step}");
            assert_eq!(host.apply_well(&[])["changed"], false, "{variant} {step}: {state}");
        }
    });
}
