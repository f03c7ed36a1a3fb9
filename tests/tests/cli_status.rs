//! `status`: whether the policy is in force, and what its rules have counted, in network namespaces.

use std::net::UdpSocket;
use std::process::Stdio;

use fwdsl_runtime::family::Family;
use fwdsl_tests::netns::require;
use fwdsl_tests::processes::wait_until;
use fwdsl_tests::provisioned::{Host, json, stderr, stdout};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use serde_json::Value;

/// The exit codes of the documentation.
const DIFFERS: Option<i32> = Some(10);
const UNKNOWN: Option<i32> = Some(11);

const HOST: &str = env!("CARGO_BIN_EXE_cli_host");
const COUNTED: &str = env!("CARGO_BIN_EXE_counted_host");

fn each_variant(binary: &'static str, programs: &[&str], test: impl Fn(&Host) + Sync) {
    if !require(&[&PROGRAMS[..], programs].concat()) {
        return;
    }
    let test = &test;
    std::thread::scope(|scope| {
        for variant in VARIANTS {
            scope.spawn(move || {
                let host = Host::new(variant, binary);
                let output = host.apply(&[]);
                assert!(output.status.success(), "{}", stderr(&output));
                test(&host);
            });
        }
    });
}

fn status(host: &Host, code: Option<i32>) -> Value {
    let output = host.act("status", &["--json"]);
    assert_eq!(output.status.code(), code, "{}{}", stdout(&output), stderr(&output));
    json(&output)
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("{key}: {value}"))
}

/// What the rule of a line of the source has counted in each family.
fn counted(status: &Value, chain: &str, source: &str, words: &str) -> [Option<u64>; 2] {
    let number = 1 + source.lines().position(|line| line.contains(words)).expect("the source has the line");
    let chain = list(status, "chains").iter().find(|one| one["chain"] == chain).expect("the chain is there");
    let is_at = |place: &Value| place["line"] == number;
    let of_rule = |rule: &&Value| {
        let through = rule["source"]["through"].as_array().and_then(|through| through.first());
        is_at(through.unwrap_or(&rule["source"]))
    };
    let rules: Vec<&Value> = list(chain, "rules").iter().filter(of_rule).collect();
    assert_eq!(rules.len(), 1, "{words}: {rules:?}");
    assert!(rules[0]["source"]["file"].as_str().unwrap().ends_with("_host.rs"));
    Family::ALL.map(|family| rules[0]["families"][family.name()]["counters"][0].as_u64())
}

/// Sends datagrams within the host, each from another port.
fn send(host: &Host, from: &str, port: u16, count: usize) {
    host.netns.enter(|| {
        for _ in 0..count {
            let socket = UdpSocket::bind((from, 0)).expect("the address is there");
            // A port that nobody has refuses an earlier one only.
            socket.send_to(b"x", (from, port)).expect("it can be sent");
        }
    });
}

#[test]
fn packets_are_counted_for_the_line_that_they_match() {
    let source = include_str!("../src/bin/counted_host.rs");
    each_variant(COUNTED, &[], |host| {
        host.netns.sh(
            "ip link set lo up; for address in 10.9.0.1 192.0.2.1 192.0.2.7; do ip addr add $address/32 dev lo; done;
             for address in fd09::1 2001:db8:1::1 2001:db8:2::1; do ip addr add $address/128 dev lo nodad; done",
        );
        for (from, others, more) in
            [("10.9.0.1", ["192.0.2.1", "192.0.2.7"], 0), ("fd09::1", ["2001:db8:1::1", "2001:db8:2::1"], 20)]
        {
            for port in 1001..=1010 {
                send(host, from, port, usize::from(port - 1000) + more);
            }
            send(host, from, 2004, 5);
            // What the source excludes goes on to the policy.
            others.iter().for_each(|other| send(host, other, 1002, 4));
        }
        let status = status(host, Some(0));
        let count = |words: &str| counted(&status, "INPUT", source, words);
        assert_eq!(count("udp dport 1001"), [Some(1), Some(21)]);
        assert_eq!(count("udp dport 1002"), [Some(2), Some(22)], "a negated list, through a chain");
        assert_eq!(count("udp dport [1003,"), [Some(3 + 5), Some(23 + 5)], "lists, a limit and two verdicts");
        assert_eq!(count("udp dport 1004"), [Some(4), Some(24)], "two verdicts side by side");
        assert_eq!(count("udp dport 1005 from"), [Some(5), Some(25)], "lists that have packets in common");
        assert_eq!(counted(&status, "MARKED", source, "udp dport 1005 => accept"), [Some(5), Some(25)]);
        assert_eq!(count("service(1006)"), [Some(6), Some(26)]);
        assert_eq!(count("service(1007)"), [Some(7), Some(27)], "another use of one template");
        assert_eq!(count("udp dport 1008"), [Some(8), Some(28)], "a return");
        assert_eq!(
            count("udp dport 1009"),
            [Some(9), Some(29)],
            "a rule behind, in a chain of the lowering's"
        );
        assert_eq!(count("udp dport 1010"), [Some(10), Some(30)], "an exact rule");
        let sent = |words: &str| counted(&status, "OUTPUT", source, words);
        assert_eq!(sent("udp dport 1003 => accept"), [Some(3), Some(23)], "a rule in a tree");
        assert_eq!(sent("udp dport 1004 => return"), [Some(4), Some(24)], "the same, which leaves the chain");
        assert_eq!(sent("udp dport 1101 => accept"), [Some(0), Some(0)]);
        assert_eq!(
            sent("udp from [192.0.2.0/24"),
            [Some(4 + 4), Some(4 + 4)],
            "a rule in many leaves of a tree"
        );
        let input = list(&status, "chains").iter().find(|chain| chain["chain"] == "INPUT").unwrap();
        assert_eq!(input["end"]["ipv4"]["packets"], 8 + 8, "what returned, and what was excluded");
        assert_eq!(input["end"]["ipv4"]["policy"], "DROP");

        let text = stdout(&host.act("status", &[]));
        assert!(text.starts_with(&format!(
            "in force: all that is loaded is as the policy says ({})\n",
            host.variant
        )));
        let lines = ["-s 192.0.2.0/24 -p udp -j ACCEPT (and", "-p udp -m udp --dport 1104 -j RETURN\n"];
        assert!(lines.iter().all(|line| text.contains(line)), "{text}");
        let line = text.lines().find(|line| line.contains("--dport 1002")).unwrap();
        let numbers: Vec<&str> = line.split_whitespace().take(5).collect();
        assert_eq!((numbers[1], numbers[3]), ("2", "22"), "{line}");
    });
}

/// Each difference as `family chain kind`.
fn drift(status: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |drift: &Value| {
        format!("{} {} {}", word(&drift["family"]), word(&drift["chain"]), word(&drift["kind"]))
    };
    list(status, "drift").iter().map(line).collect()
}

#[test]
fn what_was_changed_by_hand_is_named() {
    each_variant(HOST, &[], |host| {
        assert_eq!(drift(&status(host, Some(0))), [""; 0]);
        let (ip, ip6) = (format!("iptables-{}", host.variant), format!("ip6tables-{}", host.variant));
        host.netns.sh(&format!(
            "{ip} -D INPUT 2 && {ip} -I FORWARD -s 192.0.2.7 -j ACCEPT && {ip} -N EXTRA && {ip} -A EXTRA -j DROP
             {ip6} -P FORWARD ACCEPT && {ip6} -R PING 2 -j ACCEPT
             echo 1 >/proc/sys/net/ipv4/conf/v1/send_redirects"
        ));
        let status = status(host, DIFFERS);
        assert_eq!(
            drift(&status),
            [
                "ipv4 INPUT missing",
                "ipv4 FORWARD extra",
                "ipv4 EXTRA extra-chain",
                "ipv6 FORWARD policy",
                "ipv6 PING changed"
            ]
        );
        let drift = list(&status, "drift");
        let source: Vec<&str> = include_str!("../src/bin/cli_host.rs").lines().collect();
        let at = |drift: &Value| source[drift["source"]["line"].as_u64().unwrap() as usize - 1].trim();
        assert_eq!(at(&drift[0]), "ct established|related => accept;");
        assert_eq!(at(&drift[4]), "_                 => drop;");
        assert_eq!(
            (&drift[4]["rule"], &drift[4]["found"]),
            (&"-A PING -j DROP".into(), &"-A PING -j ACCEPT".into())
        );
        // The line is that of what the program prints.
        let saved = host.netns.sh(&format!("{ip}-save"));
        let line = drift[1]["kernel_line"].as_u64().unwrap() as usize;
        assert_eq!(saved.lines().nth(line - 1), Some("-A FORWARD -s 192.0.2.7/32 -j ACCEPT"));
        assert_eq!(drift[1]["found"], "-A FORWARD -s 192.0.2.7/32 -j ACCEPT");
        let sysctls: Vec<&str> =
            list(&status, "sysctls").iter().map(|sysctl| sysctl["key"].as_str().unwrap()).collect();
        assert_eq!(sysctls, ["net/ipv4/conf/v1/send_redirects"]);
        let text = stdout(&host.act("status", &["--color", "never"]));
        for line in [
            format!("not in force as the policy says ({})\n", host.variant),
            format!(
                "IPv4, FORWARD of filter: too many iptables-save:{line}: -A FORWARD -s 192.0.2.7/32 -j ACCEPT\n"
            ),
            "IPv6, FORWARD of filter: the policy is ACCEPT instead of DROP\n".to_owned(),
            "sysctl net.ipv4.conf.v1.send_redirects is 1 instead of 0\n".to_owned(),
        ] {
            assert!(text.contains(&line), "{line} is not in\n{text}");
        }
        assert!(host.apply(&["--replace-foreign"]).status.success());
        assert_eq!(host.act("status", &[]).status.code(), Some(0));
    });
}

#[test]
fn what_boots_is_told_beside_what_is_loaded() {
    each_variant(HOST, &[], |host| {
        let unsaved = status(host, Some(0));
        assert_eq!(unsaved["boot"]["same"], false);
        assert!(host.apply(&["--save"]).status.success());
        let saved = status(host, Some(0));
        assert_eq!(saved["boot"]["same"], true);
        let service = "/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service";
        let text = stdout(&host.act("status", &[]));
        assert!(text.contains("boot: as the policy says: "), "{text}");
        let told =
            |state: &str| format!("boot: netfilter-persistent.service, of the distribution, {state}\n");
        assert!(text.contains(&told("enabled")), "{text}");
        std::fs::remove_file(host.root.join(&service[1..])).unwrap();
        host.file("etc/iptables/rules.v4", "*filter\nCOMMIT\n");
        let changed = status(host, Some(0));
        let files: Vec<_> = list(&changed["boot"], "files").iter().map(|file| &file["path"]).collect();
        assert_eq!(files, ["/etc/iptables/rules.v4", service]);
        let text = stdout(&host.act("status", &[]));
        assert!(text.contains(&told("not enabled")), "{text}");
    });
}

#[test]
fn without_rights_what_can_be_seen_is_told() {
    each_variant(HOST, &["setpriv"], |host| {
        let output = host.act_without_rights("status", &["--json"]);
        assert_eq!(output.status.code(), UNKNOWN, "{}", stderr(&output));
        let status = json(&output);
        assert_eq!((&status["in_force"], &status["differs"]), (&false.into(), &false.into()));
        assert!(list(&status, "unknown").iter().any(|unknown| unknown["part"] == "rules"));
        assert!(list(&status, "chains").is_empty());
    });
}

#[test]
fn where_only_chains_are_ours_those_and_their_jumps_count() {
    if !require(&PROGRAMS) {
        return;
    }
    for variant in VARIANTS {
        let host = Host::new(variant, env!("CARGO_BIN_EXE_cli_shared"));
        let ip = format!("iptables-{variant}");
        host.netns.sh(&format!(
            "{ip} -N DOCKER-USER && {ip} -N DOCKER-FORWARD && {ip} -A FORWARD -j DOCKER-FORWARD"
        ));
        assert!(host.apply(&[]).status.success());
        host.netns.sh(&format!("{ip} -A DOCKER-USER -j DROP && {ip} -A INPUT -s 192.0.2.7 -j DROP"));
        assert_eq!(drift(&status(&host, Some(0))), [""; 0], "rules of others are theirs");
        host.netns.sh(&format!("{ip} -D INPUT -j fwdsl-INPUT && {ip} -D SSH 2"));
        assert_eq!(drift(&status(&host, DIFFERS)), ["ipv4 SSH missing", "ipv4 INPUT jump"]);
    }
}

#[test]
fn an_apply_that_waits_for_its_confirmation_is_told() {
    if !require(&PROGRAMS) {
        return;
    }
    let host = Host::new(VARIANTS[1], HOST);
    let mut apply = host.netns.command(HOST);
    apply.args(["apply", "--confirm", "60s", "--variant", host.variant.name(), "--root"]).arg(&host.root);
    let apply = apply.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut apply = apply.spawn().expect("the binary runs");
    let left = || json(&host.act("status", &["--json"]))["pending"]["left_seconds"].as_u64();
    wait_until("the apply waits", || left().is_some());
    // It is in force while it waits, and another apply would be refused.
    assert!(left().is_some_and(|left| (1..60).contains(&left)));
    let text = stdout(&host.act("status", &[]));
    assert!(text.contains("\nthe last apply waits for its confirmation, for another "), "{text}");
    assert_eq!(status(&host, Some(0))["in_force"], true);
    let plan = host.act("plan", &["--json"]);
    assert_eq!((plan.status.code(), &json(&plan)["blocked"][0]["part"]), (Some(1), &"journal".into()));

    let recover = host.netns.command(HOST).args(["recover", "--root"]).arg(&host.root).output().unwrap();
    assert!(recover.status.success(), "{}", stderr(&recover));
    assert!(!apply.wait().expect("it ends").success());
    let status = status(&host, DIFFERS);
    assert_eq!((&status["pending"], &status["last_outcome"]["ended"]), (&Value::Null, &"recalled".into()));
}
