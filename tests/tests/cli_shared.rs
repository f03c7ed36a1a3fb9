//! The command line of a policy that owns only its chains: shown, applied, kept for boot.

use fwdsl_runtime::family::Family;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::provisioned::{Host, json, stderr, stdout};
use fwdsl_tests::rules::restore;
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};

/// What Docker makes, as far as the policy speaks of it.
const DOCKER: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:DOCKER-FORWARD - [0:0]\n\
    :DOCKER-USER - [0:0]\n-A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-FORWARD\nCOMMIT\n";
/// The files that Debian loads at boot.
const FILES: [(Family, &str); 2] =
    [(Family::Ipv4, "etc/iptables/rules.v4"), (Family::Ipv6, "etc/iptables/rules.v6")];

fn each_variant(test: impl Fn(Host)) {
    if !require(&PROGRAMS) {
        return;
    }
    for variant in VARIANTS {
        let host = Host::new(variant, env!("CARGO_BIN_EXE_cli_shared"));
        assert!(restore(&host.netns, Family::Ipv4, variant, DOCKER).status.success());
        test(host);
    }
}

fn load(netns: &Netns, host: &Host, family: Family, text: &str) {
    let output = restore(netns, family, host.variant, text);
    assert!(output.status.success(), "{text}\n{}", stderr(&output));
}

#[test]
fn what_is_shown_loads_beside_the_rules_of_others() {
    each_variant(|host| {
        let shown = stdout(&host.run(&["show", "--family", "ipv4"]));
        assert!(shown.starts_with("# for `iptables-restore --noflush`, once"), "{shown}");
        assert!(
            shown.contains("\n# after the jump to DOCKER-FORWARD:\n-A FORWARD -j fwdsl-FORWARD\n"),
            "{shown}"
        );
        std::fs::write(host.root.join("shown"), shown).unwrap();
        let program = host.variant.program(Family::Ipv4, "restore");
        host.netns.sh(&format!("{program} --noflush < {}", host.root.join("shown").display()));
        // All of it stands where an apply would put it.
        let output = host.apply(&["--json", "--dry-run"]);
        let rules = json(&output)["rules"].clone();
        assert!(rules.as_array().unwrap().iter().all(|rules| rules["family"] == "ipv6"), "{rules}");
    });
}

#[test]
fn an_apply_is_told_and_kept_for_boot() {
    each_variant(|host| {
        let output = host.apply(&["--save"]);
        assert!(output.status.success(), "{}", stderr(&output));
        for line in [
            format!("IPv4: chain fwdsl-INPUT filled ({}; table filter)\n", host.variant),
            format!("IPv4: the policy's jump in FORWARD put in place ({}; table filter)\n", host.variant),
        ] {
            assert!(stdout(&output).contains(&line), "{line} is not in\n{}", stdout(&output));
        }
        let warned = stderr(&output);
        assert!(
            warned.contains(
                "jump from FORWARD to `fwdsl-FORWARD` comes before there is one to `DOCKER-FORWARD`"
            )
        );
        let second = host.apply(&["--save"]);
        assert_eq!(stdout(&second), "nothing to change: all is as the policy says\n");

        // The boot: an empty kernel gets the files, then Docker comes, and an apply has nothing to do.
        let now = host.saved(Family::Ipv4);
        for (family, file) in FILES {
            let netns = Netns::new();
            load(&netns, &host, family, &host.text(file));
        }
        host.netns.sh("nft flush ruleset; for v in legacy nft; do iptables-$v -F; iptables-$v -X; done");
        load(&host.netns, &host, Family::Ipv4, &host.text(FILES[0].1));
        let iptables = format!("iptables-{}", host.variant);
        host.netns.sh(&format!(
            "{iptables} -P FORWARD DROP; {iptables} -N DOCKER-FORWARD; {iptables} -I FORWARD -j DOCKER-FORWARD; \
             {iptables} -I FORWARD -j DOCKER-USER"
        ));
        assert_eq!(host.saved(Family::Ipv4), now);
    });
}

#[test]
fn what_others_keep_for_boot_stays() {
    each_variant(|host| {
        let file = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:mine - [0:0]\n\
            -A INPUT -p icmp -j mine\n-A mine -j ACCEPT\nCOMMIT\n*mangle\n-A OUTPUT -j MARK --set-mark 1\nCOMMIT\n";
        host.file(FILES[0].1, file);
        let output = host.apply(&["--save"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let text = host.text(FILES[0].1);
        for line in [
            ":INPUT DROP [0:0]\n",
            "-A INPUT -j fwdsl-INPUT\n-A INPUT -p icmp -j mine\n",
            "-A mine -j ACCEPT\n",
            "*mangle\n-A OUTPUT -j MARK --set-mark 1\nCOMMIT\n",
            ":DOCKER-USER - [0:0]\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        load(&Netns::new(), &host, Family::Ipv4, &text);
        assert_eq!(stdout(&host.apply(&["--save"])), "nothing to change: all is as the policy says\n");
    });
}

#[test]
fn a_missing_chain_of_others_is_named() {
    each_variant(|host| {
        host.netns.sh(&format!("iptables-{v} -F; iptables-{v} -X", v = host.variant));
        let before = host.saved(Family::Ipv4);
        let output = host.apply(&[]);
        assert_eq!(output.status.code(), Some(1));
        for words in [
            "IPv4 chain `DOCKER-USER` of table `filter` is not there",
            "no rule of FORWARD goes to `DOCKER-FORWARD`",
            "nothing was changed",
        ] {
            assert!(stderr(&output).contains(words), "{words} is not in\n{}", stderr(&output));
        }
        assert_eq!(host.saved(Family::Ipv4), before);
    });
}
