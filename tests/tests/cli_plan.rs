//! `plan`: what an apply would change, in network namespaces.

use std::process::Output;

use fwdsl_tests::netns::require;
use fwdsl_tests::provisioned::{Host, json, stderr, stdout};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use serde_json::Value;

/// The exit codes of the documentation.
const CHANGES: Option<i32> = Some(10);
const UNKNOWN: Option<i32> = Some(11);

fn each_variant(binary: &'static str, programs: &[&str], test: impl Fn(&Host) + Sync) {
    if !require(&[&PROGRAMS[..], programs].concat()) {
        return;
    }
    let test = &test;
    std::thread::scope(|scope| {
        for variant in VARIANTS {
            scope.spawn(move || test(&Host::new(variant, binary)));
        }
    });
}

const HOST: &str = env!("CARGO_BIN_EXE_cli_host");

fn planned(host: &Host, arguments: &[&str], code: Option<i32>) -> Value {
    let output = host.act("plan", &[&["--json"], arguments].concat());
    assert_eq!(output.status.code(), code, "{}{}", stdout(&output), stderr(&output));
    json(&output)
}

fn applied(host: &Host, arguments: &[&str]) -> Output {
    let output = host.apply(arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    output
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("{key}: {value}"))
}

/// The changes of what becomes of a family's packets, as `chain: kind: packets`.
fn meaning(plan: &Value, family: &str) -> Vec<String> {
    let of_family = |rules: &&Value| rules["family"] == family;
    let changes =
        list(plan, "rules").iter().filter(of_family).flat_map(|rules| list(&rules["meaning"], "changes"));
    let line = |change: &Value, line: &Value| {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        format!("{}: {}: {}", word(&change["chain"]), word(&change["kind"]), word(&line["packets"]))
    };
    changes
        .flat_map(|change| list(change, "lines").iter().map(|one| line(change, one)).collect::<Vec<_>>())
        .collect()
}

#[test]
fn what_an_apply_would_change_is_told_and_afterwards_nothing() {
    each_variant(HOST, &[], |host| {
        let before = planned(host, &["--save"], CHANGES);
        assert_eq!(before["changed"], true);
        assert_eq!(before["variant"], host.variant.name());
        assert!(meaning(&before, "ipv4").contains(&"FORWARD: newly refused: _".to_owned()), "{before:#}");
        let added = list(&before["rules"][0]["tables"][0], "added");
        assert!(added.contains(&"-A INPUT -p tcp -m tcp --dport 50134 -j ACCEPT".into()), "{added:?}");
        let sysctls = list(&before, "sysctls");
        assert!(
            sysctls.iter().any(|sysctl| sysctl["key"] == "net/ipv4/conf/v.0/send_redirects"),
            "{sysctls:?}"
        );
        let changes = |path: &str| {
            let mut files = list(&before, "files").iter();
            files.find(|file| file["path"] == path).map(|file| file["change"].clone())
        };
        assert_eq!(changes("/etc/iptables/rules.v6"), Some("new".into()));
        let link = "/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service";
        assert_eq!(changes(link), Some("linked".into()));
        // Nothing was touched.
        assert!(!host.root.join("var").exists() && !host.root.join("etc/iptables").exists());
        let text = stdout(&host.act("plan", &["--text", "--save"]));
        for line in [
            "    +-A INPUT -p tcp -m tcp --dport 50134 -j ACCEPT\n",
            "sysctl net/ipv4/conf/v.0/send_redirects: 1 -> 0\n",
            &format!("service {link}: linked (start of the firewall at boot)\n"),
            "boot: netfilter-persistent.service, of the distribution, not enabled\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }

        applied(host, &["--save"]);
        let after = planned(host, &["--save"], Some(0));
        assert_eq!(after["changed"], false);
        let output = host.act("plan", &["--save", "--text"]);
        assert_eq!(
            stdout(&output),
            "boot: netfilter-persistent.service, of the distribution, enabled\n\
             nothing to change: all is as the policy says\n"
        );
        assert_eq!(after["services"][0]["state"], "enabled");
    });
}

#[test]
fn a_change_by_hand_is_told_by_what_it_means() {
    each_variant(HOST, &[], |host| {
        applied(host, &[]);
        let iptables = format!("iptables-{}", host.variant);
        host.netns.sh(&format!("{iptables} -D INPUT 2 && ip6{} -P FORWARD ACCEPT", &iptables[2..]));
        host.netns.sh("echo 1 >/proc/sys/net/ipv4/conf/v1/send_redirects");
        let plan = planned(host, &[], CHANGES);
        assert_eq!(meaning(&plan, "ipv6"), ["FORWARD: newly refused: _"]);
        let comes_back = meaning(&plan, "ipv4");
        assert!(!comes_back.is_empty());
        assert!(comes_back.iter().all(|line| line.starts_with("INPUT: newly accepted: ")), "{comes_back:?}");
        // The rule that is missing is named by its place in the source.
        let deciding = &plan["rules"][0]["meaning"]["changes"][0]["lines"][0]["new"];
        assert!(deciding["file"].as_str().unwrap().ends_with("cli_host.rs"), "{deciding}");
        let source = include_str!("../src/bin/cli_host.rs").lines();
        let line = source.clone().nth(deciding["line"].as_u64().unwrap() as usize - 1).unwrap();
        assert!(line.contains("ct established|related => accept;"), "{line}");
        let sysctls: Vec<String> =
            list(&plan, "sysctls").iter().map(|sysctl| sysctl["key"].as_str().unwrap().to_owned()).collect();
        assert_eq!(sysctls, ["net/ipv4/conf/v1/send_redirects"]);
        let removed = list(&plan["rules"][0]["tables"][0], "removed");
        let added = list(&plan["rules"][0]["tables"][0], "added");
        assert_eq!((removed.len(), added.len()), (0, 1), "{plan:#}");
    });
}

#[test]
fn what_an_apply_would_be_refused_for_is_told_with_its_exit_code() {
    each_variant(HOST, &[], |host| {
        host.netns.sh(&format!("iptables-{} -A INPUT -s 192.0.2.7 -j ACCEPT", host.variant));
        let plan = planned(host, &[], Some(4));
        assert!(plan["blocked"][0]["message"].as_str().unwrap().contains("192.0.2.7"), "{plan:#}");
        // The rest is told all the same, and what is said of the apply is true of it.
        assert!(!list(&plan, "sysctls").is_empty() && !list(&plan, "rules").is_empty());
        assert_eq!(host.apply(&[]).status.code(), Some(4));
        planned(host, &["--replace-foreign"], CHANGES);

        let directory = host.root.join("no-programs");
        std::fs::create_dir_all(&directory).unwrap();
        let plan = planned(host, &["--program-dir", directory.to_str().unwrap()], Some(1));
        assert_eq!(plan["blocked"][0]["part"], "rules");
        assert!(!list(&plan, "sysctls").is_empty());
    });
}

#[test]
fn without_rights_what_can_be_seen_is_told() {
    each_variant(HOST, &["setpriv"], |host| {
        let output = host.act_without_rights("plan", &["--json"]);
        assert_eq!(output.status.code(), CHANGES, "{}", stderr(&output));
        let plan = json(&output);
        assert!(!list(&plan, "sysctls").is_empty());
        assert_eq!(plan["unknown"][0]["part"], "rules");
        applied(host, &[]);
        let output = host.act_without_rights("plan", &[]);
        assert_eq!(output.status.code(), UNKNOWN, "{}{}", stdout(&output), stderr(&output));
        for line in
            ["rules: unknown: this process lacks CAP_NET_ADMIN", "nothing to change in what can be seen\n"]
        {
            assert!(stdout(&output).contains(line), "{line} is not in\n{}", stdout(&output));
        }
    });
}

#[test]
fn sets_are_told_by_their_elements_and_by_what_they_let_through() {
    each_variant(env!("CARGO_BIN_EXE_set_host"), &["ipset"], |host| {
        let plan = planned(host, &[], CHANGES);
        let set = |start: &str| {
            let mut sets = list(&plan, "sets").iter();
            sets.find(|set| set["name"].as_str().unwrap().starts_with(start)).unwrap().clone()
        };
        assert_eq!((&set("PORTS.")["added"], &set("PORTS.")["change"]), (&2.into(), &"created".into()));
        applied(host, &[]);
        planned(host, &[], Some(0));
        let name = set("ADMINS.4.")["name"].as_str().unwrap().to_owned();
        host.netns.sh(&format!("ipset add {name} 203.0.113.0/24"));
        let plan = planned(host, &[], CHANGES);
        assert_eq!(list(&plan, "sets").len(), 1);
        let set = &plan["sets"][0];
        assert_eq!((&set["change"], &set["removed"]), (&"put-right".into(), &1.into()));
        assert_eq!(set["first_removed"][0], "203.0.113.0/24");
        // The rules are the same to the letter, and something else becomes of packets.
        assert!(list(&plan["rules"][0], "tables").is_empty());
        let lines = meaning(&plan, "ipv4");
        assert!(
            !lines.is_empty() && lines.iter().all(|line| line.contains("from 203.0.113.0/24")),
            "{lines:?}"
        );
    });
}

#[test]
fn where_only_chains_are_ours_the_rules_of_others_are_part_of_what_is_compared() {
    each_variant(env!("CARGO_BIN_EXE_cli_shared"), &[], |host| {
        let iptables = format!("iptables-{}", host.variant);
        host.netns.sh(&format!(
            "{iptables} -N DOCKER-USER && {iptables} -N DOCKER-FORWARD && {iptables} -A FORWARD -j DOCKER-FORWARD &&
             {iptables} -A INPUT -p tcp --dport 22 -j DROP"
        ));
        planned(host, &[], CHANGES);
        applied(host, &[]);
        planned(host, &[], Some(0));
        host.netns.sh(&format!("{iptables} -D INPUT -j fwdsl-INPUT"));
        let plan = planned(host, &[], CHANGES);
        let lines = meaning(&plan, "ipv4");
        assert!(
            lines.iter().any(|line| line.starts_with("INPUT: newly accepted: in lo tcp dport 22")),
            "{lines:?}"
        );
        assert_eq!(list(&plan["rules"][0]["tables"][0], "added"), &["-A INPUT -j fwdsl-INPUT"]);
    });
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    if !require(&PROGRAMS) {
        return;
    }
    let host = Host::new(VARIANTS[1], HOST);
    let text = |arguments: &[&str]| stdout(&host.act("plan", arguments));
    assert!(!text(&[]).contains('\x1b') && !text(&["--color", "never"]).contains('\x1b'));
    assert!(text(&["--color", "always", "--text"]).contains("\x1b[32m+-A INPUT -i lo -j ACCEPT\x1b[0m\n"));
}
