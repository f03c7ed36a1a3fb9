//! A policy of own chains among the rules of Docker and fail2ban: what it does to them, which is nothing.

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_tests::coexisting::{host, others, packets, rules_in, state, traffic};
use fwdsl_tests::netns::require;
use fwdsl_tests::sandbox::{PROGRAMS, Sandbox, VARIANTS, failure};
use serde_json::{Value, json};

const DRIVER: &str = env!("CARGO_BIN_EXE_apply_driver");

const POLICY: &str = "own chains;
    foreign chain their;
    chain INPUT {
        icmp echo-request   => jump web;
        icmpv6 echo-request => jump web;
        tcp dport 22 limit 1/s => log(\"x\"), jump their;
    }
    chain FORWARD hook after DOCKER-USER { in eth7 => drop; }
    chain OUTPUT hook last { out eth7 => drop; }
    chain web { in lo => accept; _ => drop; }
    table nat { chain POSTROUTING hook before DOCKER { out eth7 => accept; } }";

/// Where nothing in `nat` goes to DOCKER from POSTROUTING, this is what the tests use.
fn policy() -> String {
    POLICY.replace("hook before DOCKER", "hook first")
}

fn each_variant(test: impl Fn(Sandbox)) {
    if require(&PROGRAMS) {
        VARIANTS.into_iter().for_each(|variant| test(host(variant, DRIVER)));
    }
}

fn desire(host: &Sandbox, policy: &str) {
    host.desire(&json!({ "policy": policy }));
}

fn all_of_others(host: &Sandbox) -> String {
    others(&host.netns, host.variant)
}

fn rules(host: &Sandbox, chain: &str) -> Vec<String> {
    rules_in(&host.netns, host.variant, Family::Ipv4, "filter", chain)
}

fn iptables(host: &Sandbox, rest: &str) {
    host.netns.sh(&format!("iptables-{v} {rest} && ip6tables-{v} {rest}", v = host.variant));
}

fn warnings(report: &Value) -> String {
    report["report"]["warnings"].to_string()
}

/// Where in a chain the rule with these words is, from 1.
fn place(rules: &[String], words: &str) -> Vec<usize> {
    rules.iter().enumerate().filter(|(_, rule)| rule.ends_with(words)).map(|(index, _)| index + 1).collect()
}

#[test]
fn rules_of_others_survive_an_apply_a_second_one_and_a_changed_policy() {
    each_variant(|host| {
        let before = all_of_others(&host);
        assert!(before.contains("[1:") && before.contains("f2b-sshd"), "{before}");
        desire(&host, &policy());
        let first = host.apply_well(&[]);
        assert_eq!(first["changed"], true);
        assert_eq!(all_of_others(&host), before);
        assert_eq!(place(&rules(&host, "INPUT"), "-j fwdsl-INPUT"), [1]);
        assert_eq!(place(&rules(&host, "FORWARD"), "-j fwdsl-FORWARD"), [2]);
        assert_eq!(rules(&host, "OUTPUT"), ["-A OUTPUT -j fwdsl-OUTPUT"]);
        let state = host.state();
        assert!(state.contains("[0:0] -A fwdsl-FORWARD -i eth7 -j DROP"), "{state}");

        let second = host.apply_well(&[]);
        assert_eq!(second["changed"], false, "{second}");
        assert_eq!(host.state(), state);
        assert_eq!(all_of_others(&host), before);

        // Chains that the policy no longer names go, those that are as they were are not touched.
        traffic(&host.netns);
        let before = all_of_others(&host);
        let counted = packets(&host.netns, host.variant, Family::Ipv4, "INPUT")["-A INPUT -j fwdsl-INPUT"];
        desire(
            &host,
            &policy().replace("chain web { in lo => accept; _ => drop; }", "").replace("jump web", "accept"),
        );
        let third = host.apply_well(&[]);
        let change =
            |chain: &str, change: &str| json!({ "table": "filter", "chain": chain, "change": change });
        assert_eq!(
            third["report"]["rules"][0]["chains"],
            json!([change("fwdsl-INPUT", "filled"), change("web", "removed")])
        );
        assert_eq!(all_of_others(&host), before);
        assert!(!host.state().contains("web"));
        let after = packets(&host.netns, host.variant, Family::Ipv4, "INPUT")["-A INPUT -j fwdsl-INPUT"];
        assert_eq!(after, counted);
    });
}

#[test]
fn packets_go_through_the_hook_where_it_stands() {
    each_variant(|host| {
        desire(&host, &policy());
        host.apply_well(&[]);
        for family in Family::ALL {
            let count = |chain: &str, rule: &str| packets(&host.netns, host.variant, family, chain)[rule];
            let counts = || {
                let input = |rule| count("INPUT", rule);
                let web = count("web", "-A web -i lo -j ACCEPT");
                [input("-A INPUT -j fwdsl-INPUT"), web, input("-A INPUT -i lo -j their")]
            };
            let [through, accepted, behind] = counts();
            traffic(&host.netns);
            let now = counts();
            let [through, accepted, behind] = [now[0] - through, now[1] - accepted, now[2] - behind];
            assert!(through >= 4, "{family}: {through}");
            // The echo requests are accepted in ours, so those behind see what is left.
            assert_eq!((accepted, behind), (2, through - 2), "{family}");
        }
        // As the last one, it gets what others let by.
        desire(&host, &policy().replace("chain INPUT {", "chain INPUT hook last {"));
        host.apply_well(&[]);
        assert_eq!(place(&rules(&host, "INPUT"), "-j fwdsl-INPUT"), [3]);
        let behind = |host: &Sandbox| packets(&host.netns, host.variant, Family::Ipv4, "INPUT")["-A INPUT -i lo -j their"];
        let before = behind(&host);
        traffic(&host.netns);
        assert!(behind(&host) >= before + 4);
    });
}

#[test]
fn a_jump_that_others_moved_doubled_or_deleted_is_put_right() {
    each_variant(|host| {
        desire(&host, &policy());
        host.apply_well(&[]);
        let check = |change: &str| {
            iptables(&host, change);
            let before = all_of_others(&host);
            let report = host.apply_well(&[]);
            assert_eq!(report["changed"], true, "{change}");
            assert_eq!(all_of_others(&host), before, "{change}");
            assert_eq!(place(&rules(&host, "INPUT"), "-j fwdsl-INPUT"), [1], "{change}");
            assert_eq!(place(&rules(&host, "FORWARD"), "-j fwdsl-FORWARD"), [2], "{change}");
            assert_eq!(host.apply_well(&[])["changed"], false, "{change}");
        };
        check("-I INPUT 1 -p sctp -j f2b-sshd");
        check("-A INPUT -j fwdsl-INPUT");
        check("-D INPUT -j fwdsl-INPUT");
        check("-I FORWARD 1 -j fwdsl-FORWARD");
    });
}

#[test]
fn a_failing_apply_is_undone_among_the_rules_of_others() {
    each_variant(|host| {
        let (before, old) = (all_of_others(&host), state(&host));
        host.desire(&broken(&policy()));
        let said = failure(&host.apply(&[]));
        assert!(said.contains("the former state is back"), "{said}");
        assert_eq!(state(&host), old);
        assert_eq!(all_of_others(&host), before);

        // From one policy to another and back, the jump where it was.
        desire(&host, &policy());
        host.apply_well(&[]);
        iptables(&host, "-I INPUT 1 -p sctp -j f2b-sshd");
        let (before, old) = (all_of_others(&host), state(&host));
        host.desire(&broken(&policy().replace("web", "shop").replace("hook last", "hook first")));
        let said = failure(&host.apply(&[]));
        assert!(said.contains("the former state is back"), "{said}");
        assert_eq!(state(&host), old);
        assert_eq!(all_of_others(&host), before);
        assert_eq!(place(&rules(&host, "INPUT"), "-j fwdsl-INPUT"), [2]);
    });
}

#[test]
fn what_is_not_there_or_not_ours_is_refused_before_anything_changes() {
    each_variant(|host| {
        let old = host.state();
        let refused = |policy: &str, words: &[&str]| {
            desire(&host, policy);
            let said = failure(&host.apply(&[]));
            assert!(said.contains("nothing was changed"), "{said}");
            for words in words {
                assert!(said.contains(words), "{words} is not in\n{said}");
            }
            assert_eq!(host.state(), old);
        };
        refused(POLICY, &["no rule of POSTROUTING goes to `DOCKER` (IPv4 table `nat`)"]);
        refused(
            "own chains; foreign chain KUBE; chain INPUT { _ => jump KUBE; }",
            &["IPv4 chain `KUBE` of table `filter` is not there", "IPv6 chain `KUBE`"],
        );
        refused(
            "own chains; chain INPUT { tcp dport 22 => jump f2b-sshd; } chain f2b-sshd { _ => drop; }",
            &["-t filter -N f2b-sshd", "-A f2b-sshd -j RETURN", "--replace-foreign"],
        );
        let replacing = "own chains; chain INPUT { tcp dport 22 => jump their; } chain their { _ => drop; }";
        desire(&host, replacing);
        assert!(failure(&host.apply(&[])).contains("-N their"));
        host.apply_well(&["--replace-foreign"]);
        assert!(host.state().contains("-A their -j DROP"));
        // What others put into our chain since is not lost without a word.
        iptables(&host, "-I fwdsl-INPUT 1 -p sctp -j ACCEPT");
        desire(&host, &replacing.replace("22", "23"));
        let said = failure(&host.apply(&[]));
        assert!(said.contains("-A fwdsl-INPUT -p") && !said.contains("dport"), "{said}");
        host.apply_well(&["--replace-foreign"]);
    });
}

#[test]
fn chains_that_others_use_stay_and_are_told() {
    each_variant(|host| {
        desire(&host, &policy());
        host.apply_well(&[]);
        iptables(&host, "-A DOCKER-USER -p sctp -j web");
        let before = all_of_others(&host);
        let without =
            policy().replace("chain web { in lo => accept; _ => drop; }", "").replace("jump web", "accept");
        desire(&host, &without);
        let report = host.apply_well(&[]);
        assert!(
            warnings(&report).contains("IPv4 chain `web` of table `filter`, which an earlier apply made"),
            "{report}"
        );
        assert!(host.state().contains("-A web -i lo -j ACCEPT"));
        assert_eq!(all_of_others(&host), before);
        // It is remembered as ours, and goes when it can.
        iptables(&host, "-D DOCKER-USER -p sctp -j web");
        host.apply_well(&[]);
        assert!(!host.state().contains("web"), "{}", host.state());
    });
}

#[test]
fn a_policy_may_go_from_tables_to_chains_and_back() {
    each_variant(|host| {
        host.netns.sh(&format!(
            "for p in iptables ip6tables; do $p-{v} -F; $p-{v} -X; $p-{v} -t nat -F; $p-{v} -t nat -X; done",
            v = host.variant
        ));
        let whole = "chain INPUT policy drop { in lo => accept; limit 3/minute => log(\"a b\"); tcp dport 22 => jump web; }
            chain web { _ => accept; } table nat { chain OUTPUT { out eth7 => accept; } }";
        desire(&host, whole);
        host.apply_well(&[]);
        iptables(&host, "-N f2b-sshd");
        iptables(&host, "-I INPUT 1 -p sctp -j f2b-sshd");
        let (before, old) = (rules(&host, "INPUT"), state(&host));

        let chains = "own chains; chain INPUT { tcp dport 23 => jump shop; } chain shop { _ => accept; }";
        let failing =
            json!({ "policy": chains, "sysctls": [{ "key": "net/ipv4/ip_forward", "value": "no number" }] });
        host.desire(&failing);
        assert!(failure(&host.apply(&[])).contains("the former state is back"));
        assert_eq!(state(&host), old);

        desire(&host, chains);
        let report = host.apply_well(&[]);
        assert!(
            warnings(&report).contains("the policy of IPv4 chain `INPUT` of table `filter` stays DROP"),
            "{report}"
        );
        let now = rules(&host, "INPUT");
        assert_eq!(now.len(), 2, "{now:?}");
        assert!(now[0].ends_with("-j fwdsl-INPUT") && now[1] == before[0], "{now:?}");
        assert!(!host.state().contains("web") && !host.state().contains("eth7"), "{}", host.state());
        assert!(host.state().contains(":INPUT DROP"));
        let again = host.apply_well(&[]);
        assert_eq!(again["changed"], false);
        assert!(!warnings(&again).contains("stays DROP"), "it is said once: {again}");

        // Back: the rule of others is in the way of a whole table, ours are not.
        desire(&host, whole);
        let said = failure(&host.apply(&[]));
        assert!(said.contains("-j f2b-sshd") && !said.contains("shop"), "{said}");
        host.apply_well(&["--replace-foreign"]);
        let state = host.state();
        assert!(!state.contains("fwdsl-INPUT -") && !state.contains("shop - "), "{state}");
        assert!(state.contains("-A OUTPUT -o eth7 -j ACCEPT"), "{state}");
        assert_eq!(host.apply_well(&[])["changed"], false);
    });
}

#[test]
fn foreign_chains_survive_a_policy_that_owns_the_table() {
    each_variant(|host| {
        let policy = "foreign chain f2b-+; foreign chain DOCKER-USER; foreign chain DOCKER-ISOLATION-STAGE-1; foreign chain DOCKER;
            chain INPUT policy drop { in lo => accept; tcp dport 22 => jump web; }
            chain FORWARD policy drop { _ => jump DOCKER-USER; out docker0 => jump DOCKER; }
            chain web { _ => accept; }";
        desire(&host, policy);
        let said = failure(&host.apply(&[]));
        assert!(said.contains("-N their") && said.contains("-A INPUT -i lo -j their"), "{said}");
        let kept = |host: &Sandbox| {
            let mut text = all_of_others(host);
            text = text
                .lines()
                .filter(|line| line.contains("A DOCKER") || line.contains("A f2b") || line.contains(":f2b"))
                .collect::<Vec<_>>()
                .join("\n");
            text
        };
        let (before, old) = (kept(&host), state(&host));
        let mut failing = json!({ "policy": policy });
        failing["sysctls"] = json!([{ "key": "net/ipv4/ip_forward", "value": "no number" }]);
        host.desire(&failing);
        assert!(failure(&host.apply(&["--replace-foreign"])).contains("the former state is back"));
        assert_eq!(state(&host), old);
        assert_eq!(kept(&host), before);

        desire(&host, policy);
        host.apply_well(&["--replace-foreign"]);
        assert_eq!(kept(&host), before);
        assert_eq!(rules(&host, "FORWARD"), ["-A FORWARD -j DOCKER-USER", "-A FORWARD -o docker0 -j DOCKER"]);
        let state = host.state();
        assert!(state.contains(":INPUT DROP") && !state.contains("their"), "{state}");
        assert_eq!(host.apply_well(&[])["changed"], false);
        // A chain that comes later under a name of others is theirs.
        iptables(&host, "-N f2b-nginx");
        assert_eq!(host.apply_well(&[])["changed"], false);
        desire(&host, &policy.replace("22", "23"));
        host.apply_well(&[]);
        assert!(host.state().contains(":f2b-nginx"));
    });
}

#[test]
fn a_family_or_table_that_left_the_policy_keeps_nothing_of_ours() {
    each_variant(|host| {
        let before = all_of_others(&host);
        desire(&host, &policy());
        host.apply_well(&[]);
        desire(&host, "own chains; family ipv4; chain INPUT { tcp dport 22 => accept; }");
        host.apply_well(&[]);
        let state = host.state();
        let lines = |begin: &str| {
            state.lines().filter(|line| line.contains(begin) && !line.contains("record")).count()
        };
        assert_eq!((lines(":fwdsl-"), lines("-j fwdsl-")), (1, 1), "{state}");
        assert_eq!(all_of_others(&host), before);
        assert_eq!(host.apply_well(&[])["changed"], false);
        // Files alone, as of a `save`, touch no rules.
        host.desire(&json!({ "files": [{ "path": "/etc/old.rules", "text": "new" }] }));
        host.apply_well(&[]);
        assert_eq!(place(&rules(&host, "INPUT"), "-j fwdsl-INPUT"), [1]);
    });
}

#[test]
fn native_rules_of_others_do_not_matter_where_they_can_be_left_alone() {
    if !require(&PROGRAMS) {
        return;
    }
    let host = host(Variant::Nft, DRIVER);
    // iptables-nft-save prints this wrongly, and nobody asks it to put it back.
    host.netns.sh("nft add rule ip filter f2b-sshd tcp dport '{ 22, 80 }' counter accept");
    let before = host.netns.sh("nft -a list chain ip filter f2b-sshd");
    desire(&host, &policy());
    host.apply_well(&[]);
    host.desire(&broken(&policy().replace("web", "shop")));
    assert!(failure(&host.apply(&[])).contains("the former state is back"));
    assert_eq!(host.netns.sh("nft -a list chain ip filter f2b-sshd"), before);

    // In a chain of ours it could not be put back.
    host.netns.sh("nft add rule ip filter web tcp dport '{ 22, 80 }' counter accept");
    desire(&host, &policy().replace("in lo => accept", "in eth0 => accept"));
    let said = failure(&host.apply(&["--replace-foreign"]));
    assert!(said.contains("table ip filter, chain web") && !said.contains("f2b-sshd"), "{said}");
    host.netns.sh("nft flush chain ip filter web");

    // What makes iptables-nft-save leave the table out hides our own chains as well.
    host.netns.sh("nft add rule ip filter their ct mark 1 counter accept");
    let before = host.netns.sh("nft -a list ruleset");
    let said = failure(&host.apply(&["--replace-foreign"]));
    assert!(
        said.contains("IPv4 table `filter` holds native nft rules") && said.contains("nothing was changed"),
        "{said}"
    );
    assert_eq!(host.netns.sh("nft -a list ruleset"), before);
}

#[test]
fn without_nft_only_chains_of_ours_have_to_be_known() {
    if !require(&PROGRAMS) {
        return;
    }
    let host = host(Variant::Nft, DRIVER);
    let dir = host.file("programs");
    std::fs::create_dir(&dir).unwrap();
    for family in Family::ALL {
        for action in ["save", "restore"] {
            let name = host.variant.program(family, action);
            std::os::unix::fs::symlink(format!("/usr/sbin/{name}"), dir.join(name)).unwrap();
        }
    }
    let options = ["--program-dir", dir.to_str().unwrap()];
    let before = all_of_others(&host);
    desire(&host, &policy());
    host.apply_well(&options);
    assert_eq!(all_of_others(&host), before);
    desire(&host, &policy().replace("web", "shop"));
    assert_eq!(host.apply_well(&options)["changed"], true);
    assert_eq!(all_of_others(&host), before);
}

#[test]
fn others_may_change_their_rules_while_we_change_ours() {
    each_variant(|host| {
        let before = all_of_others(&host);
        let program = format!("iptables-{}", host.variant);
        let go = host.file("go");
        std::fs::write(&go, "").unwrap();
        let script = format!(
            "set -e; while [ -e {go} ]; do {p} -w -I INPUT 1 -p sctp -j f2b-sshd; {p} -w -A FORWARD -p sctp -j their; sleep 0.02; \
             {p} -w -D INPUT -p sctp -j f2b-sshd; {p} -w -D FORWARD -p sctp -j their; sleep 0.03; done",
            go = go.display(),
            p = program
        );
        let mut others = host.netns.command("sh").args(["-c", &script]).spawn().unwrap();
        let moved = policy()
            .replace("chain INPUT {", "chain INPUT hook after f2b-sshd {")
            .replace("hook after DOCKER-USER", "hook before DOCKER")
            .replace("web", "shop");
        let other = policy().replace("icmp echo", "in lo icmp echo");
        for round in 0..10 {
            desire(&host, if round % 2 == 0 { &moved } else { &other });
            // Where they come in between again and again, it gives up, and says what is back.
            let output = host.apply(&[]);
            if !output.status.success() {
                assert!(failure(&output).contains("the former state is back"), "{}", failure(&output));
            }
        }
        std::fs::remove_file(&go).unwrap();
        assert!(others.wait().unwrap().success(), "a command of others failed");
        assert_eq!(all_of_others(&host), before);
        desire(&host, &policy());
        host.apply_well(&[]);
        for chain in ["INPUT", "FORWARD", "OUTPUT"] {
            assert_eq!(place(&rules(&host, chain), &format!("-j fwdsl-{chain}")).len(), 1, "{chain}");
        }
    });
}

#[test]
fn sets_of_a_policy_of_own_chains_come_and_go_with_its_rules() {
    if !require(&["ipset"]) {
        return;
    }
    each_variant(|host| {
        let before = all_of_others(&host);
        let names = |host: &Sandbox| host.netns.sh("ipset list -n | sort");
        let policy = |address: &str| {
            format!(
                "own chains; set BANNED: hash:net {{ {address}, 2001:db8::/32 }}
                 chain INPUT {{ from @BANNED => jump banned; }} chain banned {{ from @BANNED => drop; }}"
            )
        };
        desire(&host, &policy("192.0.2.0/24"));
        host.apply_well(&[]);
        let first = names(&host);
        assert_eq!(host.apply_well(&[])["changed"], false);
        assert_eq!(all_of_others(&host), before);

        let old = state(&host);
        host.desire(&broken(&policy("198.51.100.0/24")));
        assert!(failure(&host.apply(&[])).contains("the former state is back"));
        assert_eq!((state(&host), names(&host)), (old, first.clone()));

        // Another set comes before the rules that name it, and the old one goes behind them.
        desire(&host, &policy("198.51.100.0/24"));
        host.apply_well(&[]);
        assert_ne!(names(&host), first);
        assert_eq!(names(&host).lines().count(), first.lines().count());

        // A chain of ours that others go to stays, and so does the set that it asks.
        iptables(&host, "-A DOCKER-USER -p sctp -j banned");
        let used = names(&host);
        desire(&host, "own chains; chain INPUT { tcp dport 22 => accept; }");
        let report = host.apply_well(&[]);
        assert!(warnings(&report).contains("chain `banned`"), "{report}");
        assert_eq!(names(&host), used, "{report}");
        iptables(&host, "-D DOCKER-USER -p sctp -j banned");
        host.apply_well(&[]);
        assert_eq!(names(&host).trim(), "");
        assert_eq!(all_of_others(&host), before);
    });
}

/// An apply that fails when the rules are loaded already.
fn broken(policy: &str) -> Value {
    json!({ "policy": policy, "sysctls": [{ "key": "net/ipv4/ip_forward", "value": "no number" }] })
}
