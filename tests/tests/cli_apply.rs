//! The command line on the kernel, in network namespaces.

use std::fs;

use fwdsl_runtime::family::Family;
use fwdsl_tests::netns::require;
use fwdsl_tests::provisioned::{Host, json, stderr, stdout};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};

fn each_variant(test: impl Fn(Host)) {
    if require(&PROGRAMS) {
        VARIANTS.into_iter().for_each(|variant| test(Host::new(variant, env!("CARGO_BIN_EXE_cli_host"))));
    }
}

/// What the policy's sysctls are in the namespace.
fn sysctls(host: &Host) -> Vec<String> {
    let mut keys = vec!["net/ipv4/tcp_syncookies".to_owned(), "net/ipv4/conf/all/rp_filter".to_owned()];
    for directory in ["all", "default", "lo", "v.0", "v1"] {
        keys.push(format!("net/ipv4/conf/{directory}/send_redirects"));
        keys.push(format!("net/ipv4/conf/{directory}/accept_redirects"));
        keys.push(format!("net/ipv6/conf/{directory}/accept_ra"));
    }
    keys.iter().map(|key| format!("{key}={}", host.sysctl(key))).collect()
}

fn in_force(host: &Host) -> bool {
    sysctls(host).iter().all(|line| match line.as_str() {
        "net/ipv4/tcp_syncookies=2" | "net/ipv4/conf/all/rp_filter=2" => true,
        line => line.ends_with("s=0") || line.ends_with("_ra=0"),
    })
}

#[test]
fn apply_and_save_bring_everything_about_and_the_second_time_nothing() {
    each_variant(|host| {
        let first = host.apply(&["--save", "--json"]);
        assert!(first.status.success(), "{}{}", stdout(&first), stderr(&first));
        assert_eq!(json(&first)["changed"], true);
        // It is where cargo builds it, and not in this host's tree.
        let warnings = json(&first)["warnings"].to_string();
        assert!(warnings.contains("will not be undone at boot"), "{warnings}");
        for family in Family::ALL {
            let shown = stdout(&host.run(&["show", "--family", family.name()]));
            assert_eq!(host.saved(family), shown, "{family}, {}", host.variant);
        }
        assert!(in_force(&host), "{:?}", sysctls(&host));
        assert!(
            host.text("etc/iptables/rules.v4").contains("-A INPUT -p tcp -m tcp --dport 50134 -j ACCEPT\n")
        );
        assert!(
            host.text("etc/iptables/rules.v6")
                .contains("-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT\n")
        );
        assert!(
            host.text("etc/sysctl.d/zz-fwdsl.conf").contains("\n-net/ipv4/conf/v.0/send_redirects = 0\n")
        );
        let link = host.root.join("etc/systemd/system/multi-user.target.wants/netfilter-persistent.service");
        assert_eq!(
            fs::read_link(link).unwrap().to_str(),
            Some("/usr/lib/systemd/system/netfilter-persistent.service")
        );

        let second = host.apply(&["--save"]);
        assert!(second.status.success(), "{}", stderr(&second));
        assert_eq!(stdout(&second), "nothing to change: all is as the policy says\n");
    });
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    each_variant(|host| {
        let before = (host.saved(Family::Ipv4), sysctls(&host));
        let output = host.apply(&["--save", "--dry-run"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let text = stdout(&output);
        for line in [
            format!("IPv4 rules would be loaded ({}; table filter)\n", host.variant),
            "net/ipv4/conf/v.0/send_redirects would be set: 1 -> 0\n".to_owned(),
            "/etc/iptables/rules.v6 would be updated (IPv6 rules for boot)\n".to_owned(),
        ] {
            assert!(text.contains(&line), "{line} is not in\n{text}");
        }
        assert_eq!((host.saved(Family::Ipv4), sysctls(&host)), before);
        assert!(!host.root.join("etc/iptables").exists() && !host.root.join("var").exists());
    });
}

#[test]
fn rules_of_others_are_kept_unless_told_otherwise() {
    each_variant(|host| {
        let iptables = format!("iptables-{}", host.variant);
        host.netns.sh(&format!("{iptables} -A INPUT -s 192.0.2.7 -j ACCEPT"));
        let before = (host.saved(Family::Ipv4), sysctls(&host));
        let output = host.apply(&["--save", "--json"]);
        assert_eq!(output.status.code(), Some(4));
        let error = &json(&output)["error"];
        assert_eq!(error["kind"], "foreign");
        assert!(error["message"].as_str().unwrap().contains("192.0.2.7"), "{error}");
        assert_eq!((host.saved(Family::Ipv4), sysctls(&host)), before);
        assert!(!host.root.join("etc/iptables").exists());

        let output = host.apply(&["--replace-foreign"]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(!host.saved(Family::Ipv4).contains("192.0.2.7"));
    });
}

#[test]
fn a_step_that_fails_puts_everything_back_and_says_so() {
    each_variant(|host| {
        let before = (host.saved(Family::Ipv4), host.saved(Family::Ipv6), sysctls(&host));
        let restore = host.variant.program(Family::Ipv6, "restore");
        let directory = host.programs_with(&restore, "echo 'no room for more rules' >&2; exit 1");
        let output = host.apply(&["--save", "--program-dir", directory.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
        for words in ["loading the IPv6 rules failed", "no room for more rules", "the former state is back"] {
            assert!(stderr(&output).contains(words), "{words} is not in\n{}", stderr(&output));
        }
        let is_empty = |text: &str| !text.contains("-A ") && !text.contains("DROP");
        assert!(is_empty(&host.saved(Family::Ipv4)) && is_empty(&before.0), "{}", host.saved(Family::Ipv4));
        assert!(is_empty(&host.saved(Family::Ipv6)) && is_empty(&before.1));
        assert_eq!(sysctls(&host), before.2);
        assert!(!host.root.join("etc/iptables").exists());
    });
}

#[test]
fn a_missing_program_is_named_and_nothing_is_changed() {
    each_variant(|host| {
        let directory = host.root.join("no-programs");
        fs::create_dir_all(&directory).unwrap();
        let before = sysctls(&host);
        let output = host.apply(&["--program-dir", directory.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).contains("is not installed"), "{}", stderr(&output));
        assert_eq!(sysctls(&host), before);
    });
}
