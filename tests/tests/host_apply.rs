//! What an apply does to a host on which nothing fails, and what it refuses.

use fwdsl_runtime::host::Variant;
use fwdsl_tests::netns::require;
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS, desired, failure, report};
use serde_json::{Value, json};

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");

fn each_variant(test: impl Fn(Sandbox)) {
    if require(&PROGRAMS) {
        VARIANTS.into_iter().for_each(|variant| test(Sandbox::new(variant, DRIVER)));
    }
}

fn nft_only(test: impl Fn(Sandbox)) {
    if require(&PROGRAMS) {
        test(Sandbox::new(Variant::Nft, DRIVER));
    }
}

/// Warnings about the machine that the tests run on are no concern of theirs.
fn warnings(report: &Value) -> String {
    report["report"]["warnings"].to_string()
}

#[test]
fn everything_is_in_force_and_a_second_apply_touches_nothing() {
    each_variant(|host| {
        let first = host.apply_well(&["--replace-foreign"]);
        assert_eq!(first["changed"], true);
        assert_eq!(
            first["report"]["rules"],
            json!([
                { "family": "ipv4", "tables": ["filter", "nat"], "order": ["nat", "filter"] },
                { "family": "ipv6", "tables": ["filter"] },
            ])
        );
        let state = host.state();
        for line in [
            ":FORWARD DROP [0:0]",
            "-A NEW -m limit --limit 1/sec -j LOG --log-prefix \"new -p 6 : \"",
            "-A POSTROUTING -o eth0 -j MASQUERADE",
            "-A INPUT -p ipv6-icmp -j ACCEPT",
            "net/ipv4/ip_forward:1",
            "net/ipv4/conf/all/accept_redirects:0",
            "net/ipv4/conf/lo/send_redirects:0",
            "etc/old.rules 100644 12:34 \"the new rules\\n\"",
            "etc/link -> elsewhere",
            "etc/iptables/deep/rules.v6 100644",
        ] {
            assert!(state.contains(line), "{line} is not in\n{state}");
        }
        assert!(!state.contains("OLD") && !state.contains("etc/gone"), "{state}");
        // A replace would set the counters to zero, and under nft count the generation up.
        let program = host.variant.program(fwdsl_runtime::family::Family::Ipv4, "restore");
        host.netns.sh(&format!(
            "iptables-{v}-save | sed 's/^-A INPUT -i lo/[9:99] &/' | {program} -c",
            v = host.variant
        ));
        let counted = host.state();
        assert!(counted.contains("[9:99] -A INPUT -i lo"), "{counted}");
        let generation = |host: &Sandbox| match host.variant {
            Variant::Nft => host.netns.sh("nft -a list ruleset | grep -o 'handle.*'"),
            Variant::Legacy => String::new(),
        };
        let before = generation(&host);
        let second = host.apply_well(&[]);
        assert_eq!(second["changed"], false, "{second}");
        assert_eq!(second["report"]["rules"], json!([]));
        assert_eq!(host.state(), counted);
        assert_eq!(generation(&host), before);
    });
}

#[test]
fn a_table_that_left_the_policy_is_emptied_unless_others_changed_it() {
    each_variant(|host| {
        host.apply_well(&["--replace-foreign"]);
        let nat =
            |host: &Sandbox| host.netns.sh(&format!("iptables-{}-save -t nat 2>/dev/null", host.variant));
        assert!(nat(&host).contains("MASQUERADE"));
        let both = desired();
        let mut filter_alone = both.clone();
        let text = both["ipv4"].as_str().expect("a text");
        let end = text.find("*nat").expect("the text ends with table nat");
        filter_alone["ipv4"] = json!(text[..end]);

        // Somebody else's rule in it: the table stays, and this is said.
        let program = format!("iptables-{}", host.variant);
        host.netns.sh(&format!("{program} -t nat -A OUTPUT -p icmp -j ACCEPT"));
        host.desire(&filter_alone);
        let report = host.apply_well(&[]);
        assert!(warnings(&report).contains("table `nat`"), "{report}");
        assert!(nat(&host).contains("MASQUERADE") && nat(&host).contains("icmp"));

        host.netns.sh(&format!("{program} -t nat -D OUTPUT -p icmp -j ACCEPT"));
        let report = host.apply_well(&[]);
        assert_eq!(report["report"]["rules"], json!([{ "family": "ipv4", "tables": ["nat"] }]));
        assert!(!nat(&host).contains("-A "), "{}", nat(&host));
        assert_eq!(host.apply_well(&[])["changed"], false);
    });
}

#[test]
fn what_fwdsl_loaded_it_replaces_without_asking() {
    each_variant(|host| {
        host.apply_well(&["--replace-foreign"]);
        let mut next = desired();
        let text = next["ipv4"].as_str().unwrap().replace("50134", "50135").replace("NEW", "NEWER");
        next["ipv4"] = json!(text);
        host.desire(&next);
        let report = host.apply_well(&[]);
        assert_eq!(report["report"]["rules"], json!([{ "family": "ipv4", "tables": ["filter"] }]));
        assert!(host.state().contains("--dport 50135") && host.state().contains("NEWER"));
    });
}

#[test]
fn a_family_or_table_that_is_not_named_is_left_alone() {
    each_variant(|host| {
        let mut partial = desired();
        partial["ipv6"] = Value::Null;
        partial["ipv4"] = json!(
            "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -o lo -j ACCEPT\nCOMMIT\n"
        );
        host.desire(&partial);
        host.apply_well(&[]);
        let state = host.state();
        assert!(
            state.contains("[3:400] -A INPUT -i lo") && state.contains("[0:0] -A INPUT -s fe80::/10"),
            "{state}"
        );
        assert!(state.contains("-A OUTPUT -o lo -j ACCEPT"), "{state}");
    });
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    each_variant(|host| {
        let before = host.state();
        let report = host.apply_well(&["--replace-foreign", "--dry-run"]);
        assert_eq!(report["changed"], true);
        assert_eq!(report["report"]["sysctls"].as_array().map(Vec::len), Some(5));
        assert_eq!(report["report"]["files"].as_array().map(Vec::len), Some(5));
        assert_eq!(host.state(), before);
        assert!(!host.root.join("run").exists() && !host.root.join("var").exists());
    });
}

#[test]
fn foreign_rules_are_listed_and_kept() {
    each_variant(|host| {
        let before = host.state();
        let said = failure(&host.apply(&[]));
        for line in [
            "iptables -t filter -N OLD",
            "iptables -t filter -A OLD -j ACCEPT",
            "ip6tables -t filter -A INPUT -s fe80::/10 -j ACCEPT",
            "--replace-foreign",
        ] {
            assert!(said.contains(line), "{line} is not in\n{said}");
        }
        // It is in the new text as well, so it would not be lost.
        assert!(!said.contains("-i lo"), "{said}");
        assert_eq!(host.state(), before);
        assert!(!host.journal().exists());
    });
}

#[test]
fn a_rule_that_iptables_cannot_say_is_named_and_kept() {
    nft_only(|host| {
        host.netns.sh("nft add rule ip filter OLD tcp dport '{ 22, 80 }' counter accept");
        let before = host.netns.sh("nft list ruleset");
        let said = failure(&host.apply(&["--replace-foreign"]));
        assert!(said.contains("table ip filter, chain OLD, handle "), "{said}");
        assert!(said.contains("tcp dport { 22, 80 } counter accept"), "{said}");
        assert_eq!(host.netns.sh("nft list ruleset"), before);
        // In a table that is not replaced, it is nobody's concern.
        host.reset();
        host.netns.sh("nft add table ip other; nft add chain ip other c; nft add rule ip other c tcp dport '{ 22, 80 }'");
        host.apply_well(&["--replace-foreign"]);
    });
}

#[test]
fn without_nft_only_known_rules_are_trusted() {
    nft_only(|host| {
        let dir = host.file("programs");
        std::fs::create_dir(&dir).unwrap();
        for name in
            ["iptables-nft-save", "iptables-nft-restore", "ip6tables-nft-save", "ip6tables-nft-restore"]
        {
            std::os::unix::fs::symlink(format!("/usr/sbin/{name}"), dir.join(name)).unwrap();
        }
        let options = ["--replace-foreign", "--program-dir", dir.to_str().unwrap()];
        let before = host.state();
        let said = failure(&host.apply(&options));
        assert!(said.contains("install nftables") && said.contains("-A OLD -j ACCEPT"), "{said}");
        assert_eq!(host.state(), before);
        // An empty host has nothing that could be misread, and after that there is a record.
        host.netns.sh("nft flush ruleset");
        host.apply_well(&options);
        let mut next = desired();
        next["ipv4"] = json!(next["ipv4"].as_str().unwrap().replace("50134", "50135"));
        host.desire(&next);
        assert_eq!(host.apply_well(&options)["changed"], true);
    });
}

#[test]
fn other_rulers_over_packets_are_named() {
    each_variant(|host| {
        let other = host.variant.other();
        host.netns.sh(&format!(
            "iptables-{other} -P FORWARD DROP && nft 'add table inet theirs; \
             add chain inet theirs early {{ type filter hook input priority -10; }}'"
        ));
        let unit = host.root.join("etc/systemd/system/multi-user.target.wants/nftables.service");
        std::fs::create_dir_all(unit.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("/lib/systemd/system/nftables.service", unit).unwrap();
        let said = warnings(&host.apply_well(&["--replace-foreign"]));
        assert!(said.contains(&format!("the {other} variant of iptables holds IPv4 rules too")), "{said}");
        assert!(!said.contains("holds IPv6"), "{said}");
        assert!(
            said.contains("chain `early` of nft table `inet theirs` at hook input, priority -10"),
            "{said}"
        );
        assert!(said.contains("nftables is enabled"), "{said}");
        let inspection = report(&host.command("inspect", &[]).output().unwrap());
        assert_eq!(inspection["other_variant_holds_rules"], true);
        assert_eq!(inspection["unfinished_apply"], false);
        assert_eq!(inspection["managers"][0]["service"], "nftables");
    });
}

#[test]
fn the_variant_in_use_is_found() {
    each_variant(|host| {
        let dir = host.file("programs");
        std::fs::create_dir(&dir).unwrap();
        for base in ["iptables", "ip6tables"] {
            for action in ["save", "restore"] {
                let target = format!("/usr/sbin/{base}-{}-{action}", host.variant);
                let script = format!("#!/bin/sh\nexec {target} \"$@\"\n");
                let path = dir.join(format!("{base}-{action}"));
                std::fs::write(&path, script).unwrap();
                std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            }
        }
        std::os::unix::fs::symlink("/usr/sbin/nft", dir.join("nft")).unwrap();
        let driver = host
            .netns
            .command(DRIVER)
            .arg("apply")
            .arg(host.file("desired.json"))
            .arg("--root")
            .arg(&host.root)
            .args(["--replace-foreign", "--program-dir"])
            .arg(&dir)
            .output()
            .unwrap();
        assert_eq!(report(&driver)["report"]["variant"], host.variant.name());
    });
}

#[test]
fn a_missing_program_is_named() {
    each_variant(|host| {
        let before = host.state();
        let empty = host.file("empty");
        std::fs::create_dir(&empty).unwrap();
        let said = failure(&host.apply(&["--program-dir", empty.to_str().unwrap()]));
        let program = format!("`iptables-{}-save` is not installed", host.variant);
        assert!(said.contains(&program) && said.contains("nothing was changed"), "{said}");
        assert_eq!(host.state(), before);
    });
}

#[test]
fn missing_rights_are_named() {
    if !require(&["setpriv"]) {
        return;
    }
    each_variant(|host| {
        let before = host.state();
        let without = |capability: &str| {
            let set = format!("--bounding-set=-{capability}");
            host.command_under(&["setpriv", &set], "apply", &["--replace-foreign"]).output().unwrap()
        };
        let said = failure(&without("net_admin"));
        assert!(said.contains("lacks CAP_NET_ADMIN") && said.contains("nothing was changed"), "{said}");
        assert_eq!(host.state(), before);
        match host.variant {
            Variant::Legacy => assert!(failure(&without("net_raw")).contains("lacks CAP_NET_RAW")),
            Variant::Nft => assert_eq!(report(&without("net_raw"))["changed"], true),
        }
    });
}

/// Runs the driver as a user who has these capabilities and nothing else.
fn as_nobody(host: &Sandbox, capabilities: &str, options: &[&str]) -> std::process::Output {
    let sets = ["inh", "ambient", "bounding"].map(|set| match set {
        "bounding" => format!("--bounding-set=-all,{capabilities}"),
        set => format!("--{set}-caps=-all,{capabilities}"),
    });
    let mut wrapper = vec!["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    wrapper.extend(sets.iter().map(String::as_str));
    host.command_under(&wrapper, "apply", options).output().unwrap()
}

#[test]
fn nft_needs_one_capability_and_legacy_says_what_more_it_needs() {
    if !require(&["setpriv"]) {
        return;
    }
    each_variant(|host| {
        let lock = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(host.netns.xtables_lock(), lock).unwrap();
        let rules = |value: Value| json!({ "ipv4": value["ipv4"], "ipv6": value["ipv6"] });
        host.desire(&rules(desired()));
        // Where his files are is his.
        host.netns.sh(&format!("chown -R 65534:65534 {}", host.root.display()));
        let before = host.state();
        match host.variant {
            Variant::Nft => {
                let report = report(&as_nobody(&host, "+net_admin", &["--replace-foreign"]));
                assert_eq!(report["changed"], true);
                assert!(host.state().contains("--dport 50134"));
            }
            Variant::Legacy => {
                let said = failure(&as_nobody(&host, "+net_admin", &[]));
                assert!(said.contains("lacks CAP_NET_RAW"), "{said}");
                for (option, what) in [
                    ("--replace-foreign", "needs to open the lock `/run/xtables.lock`"),
                    ("--dry-run", "needs to read `/proc/net/ip_tables_names`"),
                ] {
                    let said = failure(&as_nobody(&host, "+net_admin,+net_raw", &[option]));
                    assert!(said.contains(what) && said.contains("run it as root"), "{said}");
                }
                assert_eq!(host.state(), before);
            }
        }
    });
}

#[test]
fn the_environment_names_no_programs() {
    each_variant(|host| {
        let dir = host.file("evil");
        std::fs::create_dir(&dir).unwrap();
        let log = host.file("log");
        let script = format!("#!/bin/sh\necho $0 >>{}\nexit 1\n", log.display());
        for name in ["iptables", "ip6tables"] {
            for middle in ["", "-legacy", "-nft"] {
                for action in ["", "-save", "-restore"] {
                    let path = dir.join(format!("{name}{middle}{action}"));
                    std::fs::write(&path, &script).unwrap();
                    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
                        .unwrap();
                }
            }
        }
        std::fs::copy(dir.join("iptables"), dir.join("nft")).unwrap();
        let mut command = host.command("apply", &["--replace-foreign"]);
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", dir.display()));
        for variable in ["XTABLES_LIBDIR", "IPTABLES_LIB_DIR", "IP6TABLES_LIB_DIR"] {
            command.env(variable, &dir);
        }
        command.env("XTABLES_LOCKFILE", host.file("lock")).env("BASH_ENV", dir.join("iptables"));
        assert_eq!(report(&command.output().unwrap())["changed"], true);
        assert!(!log.exists(), "{}", std::fs::read_to_string(&log).unwrap());
        assert!(!host.file("lock").exists());
    });
}

#[test]
fn a_kernel_without_ipv6_gets_the_ipv4_rules() {
    if !require(&["unshare"]) {
        return;
    }
    each_variant(|host| {
        let script = "mount -t tmpfs none /proc/sys/net/ipv6 && exec \"$@\"";
        let output = host
            .command_under(&["unshare", "-m", "sh", "-c", script, "sh"], "apply", &["--replace-foreign"])
            .output()
            .unwrap();
        let report = report(&output);
        assert_eq!(report["report"]["ipv6_absent"], true);
        assert!(warnings(&report).contains("no IPv6"), "{report}");
        let state = host.state();
        assert!(state.contains("-A INPUT -p tcp -m tcp --dport 50134"), "{state}");
        assert!(state.contains("[0:0] -A INPUT -s fe80::/10"), "the IPv6 rules are as they were: {state}");
    });
}

#[test]
fn interfaces_without_ipv6_addresses_still_get_the_ipv6_rules() {
    each_variant(|host| {
        host.netns.sh("echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6");
        let report = host.apply_well(&["--replace-foreign"]);
        assert_eq!(report["report"]["ipv6_absent"], false);
        assert!(host.state().contains("-A INPUT -p ipv6-icmp -j ACCEPT"));
    });
}

#[test]
fn an_apply_waits_for_another_and_then_says_so() {
    each_variant(|host| {
        let lock = host.root.join("run/fwdsl/lock");
        std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
        let held = std::fs::File::create(&lock).unwrap();
        held.lock().unwrap();
        let before = host.state();
        let said = failure(&host.apply(&["--replace-foreign", "--lock-wait", "1"]));
        assert!(said.contains("another apply is at work"), "{said}");
        assert_eq!(host.state(), before);
        drop(held);
        host.apply_well(&["--replace-foreign"]);
    });
}

#[test]
fn files_alone_need_no_programs_and_no_rights() {
    if !require(&["setpriv"]) {
        return;
    }
    each_variant(|host| {
        let rules = |state: &str| state[..state.find("etc/").unwrap()].to_owned();
        let before = host.state();
        host.desire(&json!({ "files": desired()["files"] }));
        let empty = host.file("empty");
        std::fs::create_dir(&empty).unwrap();
        let options = ["--program-dir", empty.to_str().unwrap()];
        let command = || {
            host.command_under(&["setpriv", "--bounding-set=-net_admin"], "apply", &options).output().unwrap()
        };
        let first = report(&command());
        assert_eq!(first["report"]["files"].as_array().map(Vec::len), Some(5));
        assert!(first["report"]["variant"].is_null());
        let after = host.state();
        assert_eq!(rules(&after), rules(&before));
        assert!(after.contains("etc/link -> elsewhere") && !after.contains("record.json"), "{after}");
        assert_eq!(report(&command())["changed"], false);
    });
}
