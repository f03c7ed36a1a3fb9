//! Sets on the command line: shown, applied, kept for boot, and there before the rules after one.

use std::fs;
use std::process::Stdio;

use fwdsl_runtime::family::Family;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::provisioned::{Host, json, stderr, stdout};
use fwdsl_tests::rules::restore;
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use fwdsl_tests::sets::{saved_sets, sorted};

const BINARY: &str = env!("CARGO_BIN_EXE_set_host");
const SETS: &str = "etc/fwdsl/sets";
const DROP_IN: &str = "etc/systemd/system/netfilter-persistent.service.d/fwdsl-sets.conf";

fn hosts() -> Vec<Host> {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return Vec::new();
    }
    VARIANTS
        .into_iter()
        .map(|variant| {
            let host = Host::new(variant, BINARY);
            host.file("usr/sbin/ipset", "");
            host
        })
        .collect()
}

#[test]
fn show_prints_sets_for_ipset_and_rules_for_iptables() {
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(BINARY).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        output
    };
    let sets = stdout(&run(&["show", "--sets"]));
    assert!(sets.starts_with("create ADMINS.4.") && sets.contains("create ADMINS.6."), "{sets}");
    assert_eq!(sets.matches("create PORTS.x.").count(), 1, "{sets}");
    let ipv6 = stdout(&run(&["show", "--sets", "--family", "ipv6"]));
    assert!(ipv6.contains("create ADMINS.6.") && !ipv6.contains("ADMINS.4"), "{ipv6}");
    let both = stdout(&run(&["show"]));
    assert!(both.starts_with("# Sets, to be loaded first: show --sets | ipset restore\ncreate "), "{both}");
    let rules = stdout(&run(&["show", "--family", "ipv4"]));
    assert!(
        rules.starts_with("# Load the sets first: show --sets --family ipv4 | ipset restore\n*filter\n"),
        "{rules}"
    );
    assert_eq!(json(&run(&["show", "--json"]))["sets"]["ipv6"], ipv6);
    // Each goes into the program that it says.
    if require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        let netns = Netns::new();
        let mut ipset = netns.command("ipset").arg("restore").stdin(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut ipset.stdin.take().unwrap(), sets.as_bytes()).unwrap();
        assert!(ipset.wait().unwrap().success());
        for variant in VARIANTS {
            let output = restore(&netns, Family::Ipv4, variant, &rules);
            assert!(output.status.success(), "{}", stderr(&output));
        }
    }
}

#[test]
fn a_boot_loads_the_sets_before_the_rules() {
    for host in hosts() {
        let output = host.apply(&["--save", "--json"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let said = json(&output)["warnings"].to_string();
        assert!(!said.contains("ipset"), "{said}");
        let applied = saved_sets(&host.netns);
        let shown = sorted(&stdout(&host.run(&["show", "--sets"])));
        assert_eq!(applied, shown);
        // What the service does: a set of somebody's own from another service's file is there already.
        let unit = host.text(DROP_IN);
        let line = unit.lines().find_map(|line| line.strip_prefix("ExecStartPre=")).unwrap();
        let line = line.replace("/etc/fwdsl/sets", host.root.join(SETS).to_str().unwrap());
        let booted = Netns::new();
        booted.sh(&line);
        assert_eq!(saved_sets(&booted), applied);
        for (family, rules) in
            [(Family::Ipv4, "etc/iptables/rules.v4"), (Family::Ipv6, "etc/iptables/rules.v6")]
        {
            let output = restore(&booted, family, host.variant, &host.text(rules));
            assert!(output.status.success(), "{}", stderr(&output));
        }
        // The service may be started again.
        booted.sh(&line);
        let again = host.apply(&["--save"]);
        assert_eq!(stdout(&again), "nothing to change: all is as the policy says\n", "{}", stderr(&again));
    }
}

#[test]
fn an_apply_that_fails_takes_sets_and_their_files_back() {
    for host in hosts() {
        let restore = host.variant.program(Family::Ipv6, "restore");
        let programs = host.programs_with(&restore, "echo refused >&2; exit 1");
        std::os::unix::fs::symlink("/usr/sbin/ipset", programs.join("ipset")).unwrap();
        let output = host.apply(&["--save", "--program-dir", programs.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
        assert_eq!(saved_sets(&host.netns), Vec::<String>::new());
        assert!(!host.root.join(SETS).exists() && !host.root.join(DROP_IN).exists());
        assert!(!host.saved(Family::Ipv4).contains("match-set"));
    }
}

#[test]
fn files_of_other_services_for_sets_stay() {
    for host in hosts() {
        host.file("etc/iptables/ipsets", "create theirs hash:ip family inet\n");
        let output = host.apply(&["--save"]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(host.text("etc/iptables/ipsets"), "create theirs hash:ip family inet\n");
        let text = stdout(&output);
        assert!(
            text.contains("made and filled") && text.contains("/etc/fwdsl/sets updated (sets for boot)"),
            "{text}"
        );
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(host.root.join(SETS)).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn systemd_understands_the_drop_in() {
    if !require(&["systemd-analyze"]) {
        return;
    }
    for host in hosts().into_iter().take(1) {
        assert!(host.apply(&["--save"]).status.success());
        let unit = "usr/lib/systemd/system/netfilter-persistent.service";
        host.file(
            unit,
            "[Service]\nType=oneshot\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n",
        );
        let dir = host.root.join("etc/systemd/system/netfilter-persistent.service.d");
        fs::create_dir_all(host.root.join("units/netfilter-persistent.service.d")).unwrap();
        fs::copy(host.root.join(unit), host.root.join("units/netfilter-persistent.service")).unwrap();
        fs::copy(
            dir.join("fwdsl-sets.conf"),
            host.root.join("units/netfilter-persistent.service.d/fwdsl-sets.conf"),
        )
        .unwrap();
        let output = std::process::Command::new("systemd-analyze")
            .args(["verify", "--man=no"])
            .arg(host.root.join("units/netfilter-persistent.service"))
            .env("SYSTEMD_UNIT_PATH", format!("{}:", host.root.join("units").display()))
            .output()
            .unwrap();
        assert!(!stderr(&output).contains("fwdsl-sets.conf"), "{}", stderr(&output));
    }
}
