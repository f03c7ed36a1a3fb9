//! What an apply does to sets: made before the rules, gone after the commit, and as before when it fails or dies.

use fwdsl_runtime::family::Family;
use fwdsl_tests::netns::require;
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS, failure};
use fwdsl_tests::sets::{FIRST, apply_well, changed_by_others, desired_of, kernel_name, policy_of, second};
use serde_json::{Value, json};

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");

fn each_variant(test: impl Fn(Sandbox)) {
    if require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        VARIANTS.into_iter().for_each(|variant| test(Sandbox::new(variant, DRIVER)));
    }
}

fn names(host: &Sandbox) -> Vec<String> {
    let mut names: Vec<String> = host.netns.sh("ipset list -n").lines().map(str::to_owned).collect();
    names.sort();
    names
}

fn names_of(source: &str) -> Vec<String> {
    let mut names: Vec<String> =
        policy_of(source).all_sets().unwrap().iter().map(|set| set.name.clone()).collect();
    names.sort();
    names
}

fn changes(report: &Value) -> String {
    report["report"]["sets"].to_string()
}

#[test]
fn sets_come_with_their_rules_and_a_second_apply_touches_nothing() {
    each_variant(|host| {
        let first = apply_well(&host, FIRST);
        assert_eq!(first["report"]["sets"].as_array().map(Vec::len), Some(9), "{first}");
        assert_eq!(names(&host), names_of(FIRST));
        let state = host.state();
        assert!(state.contains(&format!("add {} 192.0.2.0/24", kernel_name(FIRST, "ADMINS"))), "{state}");
        assert!(state.contains(&format!("--match-set {} src", kernel_name(FIRST, "ADMINS"))), "{state}");
        // Filling it again would set the counters of the set to zero, or change its seed.
        let before = host.netns.sh("ipset save");
        let second = apply_well(&host, FIRST);
        assert_eq!(second["changed"], false, "{second}");
        assert_eq!(host.state(), state);
        assert_eq!(host.netns.sh("ipset save"), before);
    });
}

#[test]
fn other_contents_are_another_set_and_the_old_one_goes() {
    each_variant(|host| {
        apply_well(&host, FIRST);
        let ports = host.netns.sh(&format!("ipset save {}", kernel_name(FIRST, "PORTS")));
        let second = second();
        let report = apply_well(&host, &second);
        assert_ne!(kernel_name(FIRST, "ADMINS"), kernel_name(&second, "ADMINS"));
        assert_eq!(kernel_name(FIRST, "PORTS"), kernel_name(&second, "PORTS"));
        assert!(changes(&report).contains(&kernel_name(FIRST, "ADMINS")), "{report}");
        assert_eq!(names(&host), names_of(&second));
        assert_eq!(host.netns.sh(&format!("ipset save {}", kernel_name(FIRST, "PORTS"))), ports);
        let state = host.state();
        assert_eq!(apply_well(&host, &second)["changed"], false);
        assert_eq!(host.state(), state);
        // A policy without sets takes all of them away.
        apply_well(&host, "chain INPUT { in lo => accept; }");
        assert_eq!(names(&host), Vec::<String>::new());
        assert!(!host.state().contains("\\\"sets\\\""), "{}", host.state());
    });
}

/// A directory of programs in which one runs a script before its work.
fn programs_with(host: &Sandbox, program: &str, before: &str) -> String {
    let dir = host.file("programs");
    std::fs::create_dir_all(&dir).unwrap();
    for name in [
        host.variant.program(Family::Ipv4, "save"),
        host.variant.program(Family::Ipv4, "restore"),
        host.variant.program(Family::Ipv6, "save"),
        host.variant.program(Family::Ipv6, "restore"),
        "nft".to_owned(),
        "ipset".to_owned(),
    ] {
        let body = if name == program { before } else { "" };
        let path = dir.join(&name);
        std::fs::write(&path, format!("#!/bin/sh\n{body}\nexec /usr/sbin/{name} \"$@\"\n")).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    dir.to_str().unwrap().to_owned()
}

#[test]
fn no_rule_ever_sees_other_contents_than_its_own() {
    each_variant(|host| {
        apply_well(&host, FIRST);
        let (old, new) = (kernel_name(FIRST, "ADMINS"), kernel_name(&second(), "ADMINS"));
        let seen = host.file("seen");
        let restore = host.variant.program(Family::Ipv4, "restore");
        let dir = programs_with(&host, &restore, &format!("ipset save >{}", seen.display()));
        host.desire(&desired_of(&second()));
        host.apply_well(&["--replace-foreign", "--program-dir", &dir]);
        // As the new rules are loaded, both sets are there, each complete.
        let seen = std::fs::read_to_string(seen).unwrap();
        assert!(seen.contains(&format!("add {old} 192.0.2.0/24\n")), "{seen}");
        assert!(seen.contains(&format!("add {new} 198.51.100.0/24\n")), "{seen}");
        assert!(
            !seen.contains(&format!("add {old} 198")) && !seen.contains(&format!("add {new} 192")),
            "{seen}"
        );
    });
}

#[test]
fn a_kept_set_keeps_what_others_add() {
    each_variant(|host| {
        apply_well(&host, FIRST);
        let banned = kernel_name(FIRST, "BANNED");
        host.netns.sh(&format!(
            "ipset add {banned} 203.0.113.7 timeout 500; ipset add {banned} 203.0.113.8; ipset del {banned} 192.0.2.66"
        ));
        // The policy's element comes back; the others stay, with their time.
        let report = apply_well(&host, &FIRST.replace("192.0.2.66", "192.0.2.66, 192.0.2.67"));
        assert!(changes(&report).contains("grown"), "{report}");
        let text = host.netns.sh(&format!("ipset save {banned}"));
        for line in
            ["203.0.113.7 timeout 4", "203.0.113.8 timeout 0", "192.0.2.66 timeout 0", "192.0.2.67 timeout 0"]
        {
            assert!(text.contains(&format!("add {banned} {line}")), "{text}");
        }
        // Other parameters are another set, and it takes over what was in the former.
        let second = second();
        let counted = kernel_name(&second, "BANNED");
        assert_ne!(counted, banned);
        apply_well(&host, &second);
        let text = host.netns.sh(&format!("ipset save {counted}"));
        assert!(text.contains(&format!("add {counted} 203.0.113.7 timeout 4")), "{text}");
        assert!(text.contains(&format!("add {counted} 203.0.113.8 timeout 0 packets 0")), "{text}");
        assert_eq!(apply_well(&host, &second)["changed"], false);
    });
}

#[test]
fn what_somebody_changed_by_hand_is_put_right() {
    each_variant(|host| {
        apply_well(&host, FIRST);
        let state = host.state();
        let (admins, pairs, all) =
            (kernel_name(FIRST, "ADMINS"), kernel_name(FIRST, "PAIRS"), kernel_name(FIRST, "ALL"));
        host.netns.sh(&format!(
            "ipset add {admins} 203.0.113.0/24; ipset del {pairs} 192.0.2.1,icmp:echo-request; ipset del {all} {admins}"
        ));
        let report = apply_well(&host, FIRST);
        assert_eq!(changes(&report).matches("put-right").count(), 3, "{report}");
        assert!(report["report"]["warnings"].to_string().contains("somebody changed the set"), "{report}");
        assert_eq!(host.state(), state);
    });
}

/// A policy whose IPv6 rules do not load, after its IPv4 rules have been.
fn broken() -> Value {
    let mut desired = desired_of(&second());
    let ipv6 = desired["ipv6"].as_str().unwrap().replace("COMMIT", "-A INPUT -j NOWHERE\nCOMMIT");
    desired["ipv6"] = json!(ipv6);
    desired
}

#[test]
fn a_failed_apply_leaves_all_sets_as_they_were() {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    for host in VARIANTS.map(|variant| changed_by_others(variant, DRIVER)) {
        let before = host.state();
        host.desire(&broken());
        let said = failure(&host.apply(&["--replace-foreign"]));
        assert!(said.contains("loading the IPv6 rules failed"), "{said}");
        assert_eq!(host.state(), before);
        // A set that cannot be made: nothing of the rules was touched yet.
        let mut desired = desired_of(&second());
        desired["sets"][0]["elements"] = json!(["198.51.100.0/24", "nonsense"]);
        host.desire(&desired);
        let said = failure(&host.apply(&["--replace-foreign"]));
        assert!(said.contains("making the sets failed") && said.contains("nonsense"), "{said}");
        assert_eq!(host.state(), before);
    }
}

#[test]
fn without_ipset_nothing_is_changed() {
    each_variant(|host| {
        let before = host.state();
        let dir = programs_with(&host, "", "");
        std::fs::remove_file(host.file("programs").join("ipset")).unwrap();
        host.desire(&desired_of(FIRST));
        let said = failure(&host.apply(&["--replace-foreign", "--program-dir", &dir]));
        assert!(said.contains("`ipset` is not installed") && said.contains("nothing was changed"), "{said}");
        assert_eq!(host.state(), before);
    });
}

#[test]
fn a_set_of_others_must_be_there_and_is_left_alone() {
    each_variant(|host| {
        let source = "foreign set \"f2b-sshd\": ip family ipv4; chain INPUT { from @f2b-sshd => drop; }";
        host.desire(&desired_of(source));
        let before = host.state();
        let said = failure(&host.apply(&["--replace-foreign"]));
        assert!(said.contains("`f2b-sshd` of others, and there is none"), "{said}");
        host.netns.sh("ipset create f2b-sshd hash:ip family inet6");
        let said = failure(&host.apply(&["--replace-foreign"]));
        assert!(said.contains("`hash:ip family inet6`"), "{said}");
        host.netns.sh("ipset destroy f2b-sshd");
        assert_eq!(host.state(), before);
        host.netns.sh("ipset create f2b-sshd hash:ip timeout 60 && ipset add f2b-sshd 192.0.2.1");
        host.apply_well(&["--replace-foreign"]);
        assert!(host.state().contains("--match-set f2b-sshd src -j DROP"));
        apply_well(&host, "chain INPUT { in lo => accept; }");
        assert!(host.netns.sh("ipset save f2b-sshd").contains("add f2b-sshd 192.0.2.1"));
    });
}

#[test]
fn a_set_that_others_still_use_goes_with_a_later_apply() {
    each_variant(|host| {
        apply_well(&host, FIRST);
        let admins = kernel_name(FIRST, "ADMINS");
        let program = format!("iptables-{}", host.variant);
        host.netns.sh(&format!("{program} -t mangle -A INPUT -m set --match-set {admins} src"));
        let report = apply_well(&host, &second());
        assert!(report["report"]["warnings"].to_string().contains("could not be destroyed"), "{report}");
        assert!(names(&host).contains(&admins));
        host.netns.sh(&format!("{program} -t mangle -F"));
        let report = apply_well(&host, &second());
        assert!(changes(&report).contains("destroyed"), "{report}");
        assert_eq!(names(&host), names_of(&second()));
        assert_eq!(apply_well(&host, &second())["changed"], false);
    });
}

#[test]
fn a_set_of_the_same_name_but_another_kind_is_refused() {
    each_variant(|host| {
        host.netns.sh(&format!(
            "ipset create {} hash:mac || ipset create {0} hash:ip",
            kernel_name(FIRST, "ADMINS")
        ));
        let before = host.state();
        host.desire(&desired_of(FIRST));
        let said = failure(&host.apply(&["--replace-foreign"]));
        assert!(said.contains("of another kind") && said.contains("nothing was changed"), "{said}");
        assert_eq!(host.state(), before);
    });
}

#[test]
fn a_dry_run_makes_no_set() {
    each_variant(|host| {
        let before = host.state();
        host.desire(&desired_of(FIRST));
        let report = host.apply_well(&["--replace-foreign", "--dry-run"]);
        assert!(changes(&report).contains("created"), "{report}");
        assert_eq!(host.state(), before);
    });
}
