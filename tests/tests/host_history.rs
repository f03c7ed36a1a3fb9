//! Former states of the host: kept by each apply, and brought back.

use std::fs;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_tests::coexisting::{self, others};
use fwdsl_tests::history::{numbers, run, state};
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::provisioned::{Host, json, stderr, stdout};
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS, desired, failure};
use fwdsl_tests::sets::{desired_of, kernel_name, restore_sets};
use serde_json::{Value, json};

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");
const BINARY: &str = env!("CARGO_BIN_EXE_cli_host");

/// Both variants at once: each has a namespace and a tree of its own.
fn each_variant(test: impl Fn(Variant) + Sync) {
    if require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        std::thread::scope(|scope| {
            for variant in VARIANTS {
                let test = &test;
                scope.spawn(move || test(variant));
            }
        });
    }
}

fn apply(host: &Sandbox, desired: &Value, options: &[&str]) {
    host.desire(desired);
    host.apply_well(&[&["--replace-foreign"], options].concat());
}

/// A state with a port of its own.
fn opens(port: u16) -> Value {
    let mut other = desired();
    other["ipv4"] = json!(other["ipv4"].as_str().unwrap().replace("50134", &port.to_string()));
    other
}

#[test]
fn a_rollback_goes_back_and_the_next_one_forward_again() {
    each_variant(|variant| {
        let host = Sandbox::new(variant, DRIVER);
        let old = state(&host);
        assert_eq!(numbers(&host), [0; 0]);
        // What has another owner and mode goes, and comes back with them.
        let mut desired = desired();
        desired["files"].as_array_mut().unwrap()[0] = json!({ "path": "/etc/old.rules" });
        apply(&host, &desired, &[]);
        let new = state(&host);
        assert_ne!(old, new);
        let dry = run(&host, "rollback", &["--dry-run"]);
        assert_eq!(dry["state"]["number"], 1, "{dry}");
        assert_eq!(state(&host), new);
        let back = run(&host, "rollback", &[]);
        assert_eq!(state(&host), old, "{back}");
        assert_eq!(numbers(&host), [2, 1]);
        let tables = host.netns.sh(&format!("{} 2>/dev/null", variant.program(Family::Ipv4, "save")));
        assert!(variant == Variant::Legacy || !tables.contains("*nat"), "{tables}");
        let forth = run(&host, "rollback", &[]);
        assert_eq!(state(&host), new, "{forth}");
        assert_eq!(run(&host, "history", &[])["states"][0]["action"], json!({ "rollback": 2 }));
        // What is so already is not touched, and nothing is kept of it.
        let again = run(&host, "rollback", &["--state", "2"]);
        assert_eq!((&again["rules"], &again["files"]), (&json!([]), &json!([])), "{again}");
        assert_eq!(numbers(&host), [3, 2, 1]);
        host.apply_well(&[]);
        assert_eq!(numbers(&host), [3, 2, 1]);
    });
}

#[test]
fn nothing_is_forwarded_without_the_rules_for_it() {
    each_variant(|variant| {
        let host = Sandbox::new(variant, DRIVER);
        apply(&host, &desired(), &[]);
        let new = state(&host);
        // The rules that stop forwarded packets go, and forwarding with them.
        let dir = host.file("programs");
        fs::create_dir(&dir).unwrap();
        for family in Family::ALL {
            let names = ["save", "restore"].map(|action| variant.program(family, action));
            for name in names.iter().map(String::as_str).chain(["nft"]) {
                let look = if name.ends_with("restore") { "cat /proc/sys/net/ipv4/ip_forward" } else { ":" };
                let fail = "[ ! -e fail ] || { rm fail; exit 1; }";
                let fail = if name.starts_with("ip6") && name.ends_with("restore") { fail } else { ":" };
                let dir = dir.display();
                let script = format!(
                    "#!/bin/sh\n{look} >>{dir}/seen\ncd {dir}; {fail}\nexec /usr/sbin/{name} \"$@\"\n"
                );
                fs::write(host.file("programs").join(name), script).unwrap();
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                fs::set_permissions(host.file("programs").join(name), mode).unwrap();
            }
        }
        let options = ["--program-dir", dir.to_str().unwrap()];
        fs::write(dir.join("fail"), "").unwrap();
        let said = failure(&host.command("rollback", &options).output().unwrap());
        assert!(said.contains("the former state is back"), "{said}");
        assert_eq!(state(&host), new);
        run(&host, "rollback", &options);
        let seen = fs::read_to_string(dir.join("seen")).unwrap();
        assert!(seen.lines().count() >= 5 && seen.lines().all(|line| line == "0"), "{seen}");
    });
}

#[test]
fn the_oldest_states_go_and_what_is_missing_is_not_guessed() {
    each_variant(|variant| {
        let host = Sandbox::new(variant, DRIVER);
        for port in 1..=5 {
            apply(&host, &opens(port), &["--keep", "3"]);
        }
        assert_eq!(numbers(&host), [5, 4, 3]);
        let rollback = |number: &str| host.command("rollback", &["--state", number]).output().unwrap();
        let now = state(&host);
        let said = failure(&rollback("2"));
        assert!(said.contains("state 2 is not kept; those from 3 to 5 are"), "{said}");
        let history = host.root.join("var/lib/fwdsl/history");
        fs::rename(history.join("4"), host.file("4")).unwrap();
        let said = failure(&rollback("3"));
        assert!(said.contains("after state 4 is missing"), "{said}");
        fs::rename(host.file("4"), history.join("4")).unwrap();
        let manifest = fs::read(history.join("4/manifest.json")).unwrap();
        fs::write(history.join("4/manifest.json"), "{").unwrap();
        let said = failure(&rollback("3"));
        assert!(said.contains("state 4") && said.contains("cannot be read"), "{said}");
        assert_eq!(run(&host, "history", &[])["states"].as_array().map(Vec::len), Some(2));
        fs::write(history.join("4/manifest.json"), manifest).unwrap();
        assert_eq!(state(&host), now);
        assert!(rollback("3").status.success());
        assert!(state(&host).contains("--dport 2 -j ACCEPT"), "{}", state(&host));
        apply(&host, &opens(7), &["--keep", "0"]);
        assert_eq!(numbers(&host), [0; 0]);
        let said = failure(&host.command("rollback", &[]).output().unwrap());
        assert!(said.contains("no former state of this host is kept; nothing was changed"), "{said}");
    });
}

#[test]
fn what_others_put_into_our_tables_since_is_refused_or_replaced() {
    each_variant(|variant| {
        let host = Sandbox::new(variant, DRIVER);
        let old = state(&host);
        apply(&host, &desired(), &[]);
        host.netns.sh(&format!("iptables-{variant} -A INPUT -p sctp -j ACCEPT"));
        let now = state(&host);
        let said = failure(&host.command("rollback", &[]).output().unwrap());
        assert!(said.contains("iptables -t filter -A INPUT -p sctp -j ACCEPT"), "{said}");
        assert_eq!(state(&host), now);
        run(&host, "rollback", &["--replace-foreign"]);
        assert_eq!(state(&host), old);
        // The rule of others was part of the state that the rollback ended.
        run(&host, "rollback", &[]);
        assert_eq!(state(&host), now);
    });
}

#[test]
fn chains_go_back_among_the_rules_of_others() {
    each_variant(|variant| {
        let host = coexisting::host(variant, DRIVER);
        let theirs = others(&host.netns, variant);
        let mut states = vec![state(&host)];
        for policy in [
            "own chains; chain INPUT { tcp dport 22 => jump web; } chain web { _ => accept; }",
            "own chains; chain FORWARD hook after DOCKER-USER { in eth7 => drop; }",
            "own chains; chain INPUT hook last { tcp dport 23 => accept; } table nat { chain OUTPUT { out eth7 => accept; } }",
        ] {
            host.desire(&json!({ "policy": policy }));
            host.apply_well(&[]);
            states.push(state(&host));
        }
        let program = format!("iptables-{variant}");
        for (number, then) in [(2, 1), (4, 3), (1, 0), (3, 2)] {
            // Others go on in between.
            host.netns.sh(&format!("{program} -I INPUT 1 -p sctp -j f2b-sshd"));
            let report = run(&host, "rollback", &["--state", &number.to_string()]);
            host.netns.sh(&format!("{program} -D INPUT -p sctp -j f2b-sshd"));
            assert_eq!(state(&host), states[then], "state {number}: {report}");
            assert_eq!(others(&host.netns, variant), theirs);
        }
    });
}

#[test]
fn sets_come_back_with_what_was_in_them() {
    const FIRST: &str = "set NETS: net { 192.0.2.0/24, 2001:db8::/32 }
        set BANNED: ip keep timeout 0 comment { 192.0.2.66 comment \"ours\" }
        set ALL: list { @NETS, @BANNED }
        chain INPUT { set(@ALL src) => drop; from @NETS => accept; from @BANNED => drop; }";
    each_variant(|variant| {
        let host = Sandbox::new(variant, DRIVER);
        apply(&host, &desired_of(FIRST), &[]);
        let banned = kernel_name(FIRST, "BANNED");
        restore_sets(&host.netns, &format!("add {banned} 198.51.100.7 timeout 9000 comment theirs\n"));
        let first = state(&host);
        // Another element of the policy in the kept set, and another set.
        let second =
            FIRST.replace("{ 192.0.2.66", "{ 192.0.2.67, 192.0.2.66").replace("192.0.2.0/24", "10.0.0.0/8");
        apply(&host, &desired_of(&second), &[]);
        // What others add while a state is in force stays, for only the policy's elements are taken out again.
        restore_sets(&host.netns, &format!("add {banned} 198.51.100.8\n"));
        run(&host, "rollback", &[]);
        assert!(state(&host).contains(&format!("add {banned} 198.51.100.8")), "{}", state(&host));
        host.netns.sh(&format!("ipset del {banned} 198.51.100.8"));
        assert_eq!(state(&host), first);
        run(&host, "rollback", &[]);
        let second = state(&host);
        // No set at all: all of them are destroyed.
        apply(&host, &desired(), &[]);
        assert!(!state(&host).contains("add "), "{}", state(&host));
        run(&host, "rollback", &[]);
        assert_eq!(state(&host), second);
        run(&host, "rollback", &["--state", "2"]);
        assert_eq!(state(&host), first);
        // All of them are destroyed.
        run(&host, "rollback", &["--state", "1"]);
        assert!(host.netns.sh("ipset list -n").is_empty());
    });
}

#[test]
fn another_boot_is_gone_back_to_and_another_namespace_is_not() {
    each_variant(|variant| {
        let mut host = Sandbox::new(variant, DRIVER);
        apply(&host, &desired_of("set NETS: net { 192.0.2.0/24 } chain INPUT { from @NETS => drop; }"), &[]);
        let first = state(&host);
        apply(&host, &desired(), &[]);
        let second = state(&host);
        host.netns = Netns::new();
        let said = failure(&host.command("rollback", &[]).output().unwrap());
        assert!(said.contains("network namespace net:[") && said.contains("nothing was changed"), "{said}");
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        for number in numbers(&host) {
            let manifest = host.root.join(format!("var/lib/fwdsl/history/{number}/manifest.json"));
            let text = fs::read_to_string(&manifest).unwrap();
            fs::write(&manifest, text.replace(boot.trim(), "another-boot")).unwrap();
        }
        // What the boot loads of it: the rules that were in force.
        host.apply_well(&["--replace-foreign", "--keep", "10"]);
        assert_eq!(lines_of_rules(&state(&host)), lines_of_rules(&second));
        run(&host, "rollback", &["--state", "2"]);
        assert_eq!(lines_of_rules(&state(&host)), lines_of_rules(&first));
        assert!(state(&host).contains("add NETS"), "{}", state(&host));
    });
}

fn lines_of_rules(state: &str) -> Vec<&str> {
    state.lines().filter(|line| line.starts_with("-A") || line.starts_with(':')).collect()
}

#[test]
fn the_command_line_lists_shows_and_goes_back() {
    each_variant(|variant| {
        let host = Host::new(variant, BINARY);
        let root = host.root.to_str().unwrap();
        let first = host.apply(&["--save"]);
        assert!(first.status.success(), "{}", stderr(&first));
        host.netns.sh(&format!("iptables-{variant} -F PING && echo 0 >/proc/sys/net/ipv4/tcp_syncookies"));
        assert!(host.apply(&[]).status.success());

        let list = host.run(&["history", "--root", root]);
        let text = stdout(&list);
        assert!(text.starts_with("   2  before the apply of 20") && text.contains(" UTC by /"), "{text}");
        assert!(
            text.contains("\n      IPv4 rules (filter), 1 sysctl\n   1  before the apply of 20"),
            "{text}"
        );
        let states = json(&host.run(&["history", "--root", root, "--json"]));
        let newest = &states["states"][0];
        assert_eq!((&newest["number"], &newest["action"]), (&json!(2), &json!("apply")), "{states}");
        assert_eq!(newest["changes"]["sysctls"][0]["key"], "net/ipv4/tcp_syncookies", "{states}");
        assert_eq!(newest["policy"], states["states"][1]["policy"], "one policy, one hash: {states}");
        assert!(
            newest["who"]["user"].is_string() && newest["program"].as_str().unwrap().ends_with("cli_host")
        );

        let shown = stdout(&host.run(&["history", "--root", root, "show", "1"]));
        for line in [
            "# State 1: before the apply of 20",
            "net.ipv4.tcp_syncookies = 1\n",
            "# file /etc/iptables/rules.v4 (IPv4 rules for boot) was not there\n",
        ] {
            assert!(shown.contains(line), "{shown}");
        }
        let shown = stdout(&host.run(&["history", "--root", root, "show", "2"]));
        assert!(shown.contains("# IPv4\n*filter\n") && shown.contains(":PING - ["), "{shown}");
        assert!(!shown.contains("/etc/"), "the second apply changed no file: {shown}");
        let missing = host.run(&["history", "--root", root, "show", "9"]);
        assert_eq!(missing.status.code(), Some(1));
        assert!(stderr(&missing).contains("state 9 is not kept"), "{}", stderr(&missing));

        let command =
            format!("SSH_CONNECTION='192.0.2.7 50000 192.0.2.1 22' {BINARY} rollback 1 --root {root}");
        let dry = host.netns.sh(&format!("{command} --dry-run"));
        assert!(dry.contains("/etc/iptables/rules.v4 would be removed (IPv4 rules for boot)\n"), "{dry}");
        assert!(dry.contains("state 1 would be back: the host before the apply of 20"), "{dry}");
        assert!(host.root.join("etc/iptables/rules.v4").exists());
        let back = host.netns.sh(&command);
        assert!(back.contains("net.ipv4.tcp_syncookies set: 2 -> 1\n"), "{back}");
        assert!(!host.root.join("etc/iptables").exists());
        assert!(!host.saved(Family::Ipv4).contains("-A "), "{}", host.saved(Family::Ipv4));
        let text = stdout(&host.run(&["history", "--root", root]));
        assert!(text.starts_with("   3  before the rollback to 1 of 20"), "{text}");
        assert!(text.lines().next().unwrap().ends_with(", from 192.0.2.7)"), "{text}");
        let forth = host.run(&["rollback", "--root", root, "--json"]);
        assert_eq!(json(&forth)["changed"], true, "{}", stderr(&forth));
        assert!(host.root.join("etc/iptables/rules.v4").exists());
        assert!(stdout(&host.apply(&["--save"])).contains("nothing to change"));

        // An image has no past, but for the running host a save can be taken back.
        host.file("image/etc/os-release", "ID=debian\n");
        let image = host.root.join("image");
        assert!(host.run(&["save", "--root", image.to_str().unwrap()]).status.success());
        assert!(image.join("etc/iptables/rules.v4").exists());
        assert!(!image.join("var/lib/fwdsl/history").exists());
    });
}
