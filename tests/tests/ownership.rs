//! What a policy says of chains that are not its own, and what comes of it without a kernel.

use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl::model::Model;
use fwdsl::prelude::*;
use fwdsl_runtime::restore_text::builtin_chains;
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::policies;
use fwdsl_tests::random::Random;
use fwdsl_tests::rules::{saved_table, tables};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use fwdsl_tests::sets::restore_sets;

fn text(policy: &Policy, family: Family) -> String {
    policy.emit(family).expect("it compiled").unwrap_or_default()
}

/// What the compiler says to a policy: each message with its help.
fn said(source: &str) -> Vec<String> {
    let compiled = compile(source.parse().expect("tokens"));
    compiled.diagnostics.iter().map(|found| found.text(compiled.model.sources())).collect()
}

#[test]
fn a_policy_of_own_chains_is_emitted_with_its_jumps() {
    let policy = firewall! {
        #![allow(no_effect_rule)]
        own chains;
        chain INPUT {
            in lo => accept;
            tcp dport [ssh, http] limit 1/s => log("x"), accept;
            _ => drop;
        }
        chain FORWARD hook after DOCKER-USER { _ => jump web; }
        chain OUTPUT hook last { udp dport 53 => return; }
        chain web { tcp dport http => accept; }
        table nat { chain POSTROUTING hook before "f2b-x" { to 10.0.0.1 => accept; } }
    };
    assert_eq!(
        text(&policy, Family::Ipv4),
        "*nat\n:fwdsl-POSTROUTING - [0:0]\n-A fwdsl-POSTROUTING -d 10.0.0.1/32 -j ACCEPT\n\
         # before the jump to f2b-x:\n-I POSTROUTING 1 -j fwdsl-POSTROUTING\nCOMMIT\n\
         *filter\n:fwdsl-FORWARD - [0:0]\n:fwdsl-INPUT - [0:0]\n:fwdsl-INPUT.2 - [0:0]\n:fwdsl-OUTPUT - [0:0]\n\
         :web - [0:0]\n-A fwdsl-FORWARD -j web\n-A fwdsl-INPUT -i lo -j ACCEPT\n\
         -A fwdsl-INPUT -p tcp -m multiport --dports 22,80 -m limit --limit 1/sec -j fwdsl-INPUT.2\n\
         -A fwdsl-INPUT -j DROP\n-A fwdsl-INPUT.2 -j LOG --log-prefix x\n-A fwdsl-INPUT.2 -j ACCEPT\n\
         -A fwdsl-OUTPUT -p udp -m udp --dport 53 -j RETURN\n-A web -p tcp -m tcp --dport 80 -j ACCEPT\n\
         -I INPUT 1 -j fwdsl-INPUT\n# after the jump to DOCKER-USER:\n-A FORWARD -j fwdsl-FORWARD\n\
         -A OUTPUT -j fwdsl-OUTPUT\nCOMMIT\n"
    );
}

#[test]
fn foreign_chains_are_gone_to_and_not_declared() {
    let policy = firewall! {
        #![allow(no_effect_rule)]
        own tables;
        foreign chain f2b-+;
        foreign chain DOCKER-USER { family ipv4; }
        chain FORWARD { _ => jump DOCKER-USER; in lo => accept; }
    };
    assert!(
        text(&policy, Family::Ipv4)
            .ends_with("-A FORWARD -j DOCKER-USER\n-A FORWARD -i lo -j ACCEPT\nCOMMIT\n")
    );
    assert!(!text(&policy, Family::Ipv4).contains(":DOCKER-USER"));
    assert!(
        text(&policy, Family::Ipv6).ends_with("OUTPUT ACCEPT [0:0]\n-A FORWARD -i lo -j ACCEPT\nCOMMIT\n")
    );
    let again = Model::from_bytes(policy.model().file(), &policy.model().to_bytes()).expect("it was packed");
    assert_eq!(again.foreign_chains()[0].name(), "f2b-+");
    assert_eq!(again, *policy.model());
}

#[test]
fn what_cannot_be_is_said() {
    for (source, message, help) in [
        (
            "own chains; chain INPUT policy drop { }",
            "the policy of INPUT is not this policy's to set",
            "`_ => drop;`",
        ),
        (
            "own chains; chain INPUT policy accept { }",
            "the policy of INPUT is not this policy's to set",
            "leave it out",
        ),
        ("chain INPUT hook first { }", "`hook` says where a policy that owns only its chains", "own chains;"),
        (
            "own chains; chain X hook last { }",
            "only built-in chains are hooked, and `X` is none",
            "jump to it",
        ),
        (
            "own chains; chain INPUT { } chain fwdsl-INPUT { }",
            "`fwdsl-INPUT` is the name of the policy's own chain",
            "prefix",
        ),
        ("own chains \"\"; chain INPUT { }", "the prefix of hook chains is empty", ""),
        ("own chains \"a b\"; chain INPUT { }", "a chain name cannot hold ' '", ""),
        (
            "own chains twenty-six-bytes-are-a-lot; chain INPUT { }",
            "32 bytes long, and iptables takes at most 28",
            "",
        ),
        ("own chain;", "a policy cannot own `chain`", "did you mean `chains`?"),
        ("own chains; own tables;", "what the policy owns is said twice", ""),
        (
            "own chains; chain INPUT hook befor X { }",
            "`befor` is no position of a hook",
            "did you mean `before`?",
        ),
        ("own chains; chain INPUT hook after web { } chain web { }", "`web` is the policy's own chain", ""),
        (
            "own chains; chain INPUT hook after FORWARD { }",
            "no rule of others in INPUT goes to `FORWARD`",
            "chain of others",
        ),
        ("foreign chain INPUT; chain INPUT { }", "`INPUT` is a built-in chain", ""),
        (
            "foreign chain PREROUTING; chain INPUT { }",
            "table `filter` has no built-in chain `PREROUTING`",
            "",
        ),
        ("foreign chain X; foreign chain X; chain INPUT { }", "foreign chain `X` is declared twice", ""),
        (
            "foreign chain X; chain X { }",
            "`X` is declared as the policy's own chain and as a foreign one",
            "",
        ),
        ("foreign chain f2b-+; chain f2b-x { }", "`f2b-x` is declared as the policy's own chain and as", ""),
        ("own chains; foreign chain fwdsl-INPUT; chain INPUT { }", "`fwdsl-INPUT` is declared as", ""),
        ("own chains; foreign chain f2b-+; chain INPUT { }", "`f2b-+` says nothing here", "leave it out"),
        (
            "table nat { foreign chain X; } chain INPUT { }",
            "no chain in table `nat`",
            "leave the foreign chain out",
        ),
        (
            "family ipv4; foreign chain X { family ipv6; } chain INPUT { }",
            "foreign chain `X` is for no family",
            "",
        ),
        (
            "foreign chain f2b-+; chain INPUT { _ => jump f2b-x; }",
            "unknown chain `f2b-x`",
            "`f2b-+` stands for many chains",
        ),
        (
            "foreign chain DOCKER-USER; chain INPUT { _ => jump DOCKER-USR; }",
            "unknown chain `DOCKER-USR`",
            "did you mean `DOCKER-USER`?",
        ),
        (
            "table nat { foreign chain X; chain OUTPUT { } } chain INPUT { _ => jump X; }",
            "unknown chain `X`",
            "table `nat`",
        ),
        (
            "foreign chain X { family ipv4; } chain INPUT { icmpv6 echo-request => jump X; }",
            "the rule fits no family",
            "",
        ),
        ("foreign chain X { _ => drop; } chain INPUT { }", "expected `family`", ""),
        ("foreign X; chain INPUT { }", "expected `chain`", ""),
        (
            "own chains; foreign chain X { family ipv4; } chain FORWARD hook after X { }",
            "`X` is declared as a foreign chain that IPv6 does not have",
            "a second `chain FORWARD` with `family ipv6;`",
        ),
        (
            "own chains; chain INPUT { } assert FORWARD { _ => drop; }",
            "the policy has no rules in FORWARD",
            "up to others",
        ),
    ] {
        let found = said(source);
        assert_eq!(found.len(), 1, "{source}: {found:#?}");
        assert!(found[0].contains(message) && found[0].contains(help), "{source}: {}", found[0]);
    }
}

#[test]
fn nothing_is_proven_of_what_foreign_chains_may_decide() {
    for (rules, case, proven) in [
        ("_ => jump X; _ => drop;", "_ => drop", false),
        ("_ => jump X; _ => drop;", "_ => !drop", false),
        ("tcp => jump X; _ => drop;", "udp => drop", true),
        ("tcp => goto X; _ => drop;", "tcp => !accept", false),
        ("tcp => drop; _ => jump X; _ => drop;", "tcp => drop", true),
        ("_ => jump Y; _ => drop;", "_ => drop", false),
        ("_ => jump X;", "_ => accept", false),
        ("limit 1/s => jump X; _ => accept;", "_ => accept", false),
        ("_ => accept; _ => jump X;", "_ => accept", true),
    ] {
        let source = format!(
            "#![allow(unreachable_rule, no_effect_rule, unused_chain, established_not_accepted, loopback_blocked, ipv6_neighbour_discovery_blocked)] foreign chain X; chain INPUT {{ {rules} }} chain Y {{ _ => jump X; }} assert INPUT {{ {case}; }}"
        );
        let found = said(&source);
        assert_eq!(found.is_empty(), proven, "{source}: {found:#?}");
        if !proven {
            assert!(found[0].contains("this rule goes to a foreign chain"), "{source}: {found:#?}");
        }
    }
}

#[test]
fn what_a_foreign_chain_may_change_no_rule_behind_it_is_sure_to_find() {
    let proven = |table: &str| {
        said(&format!(
            "#![allow(unused_chain)] table {table} {{ foreign chain X; chain Y {{ _ => jump X; ct untracked => return; _ => drop; }} }}
             assert {table}/Y {{ ct new => !return; }}"
        ))
    };
    assert!(proven("filter").is_empty(), "{:#?}", proven("filter"));
    // There, CT can take a packet from connection tracking.
    let found = proven("raw");
    assert!(found.len() == 1 && found[0].contains("assertion broken"), "{found:#?}");
}

#[test]
fn own_chains_are_proven_by_themselves() {
    let proven = |case: &str| {
        said(&format!(
            "own chains; chain INPUT {{ in lo => accept; tcp => drop; }} assert INPUT {{ {case}; }}"
        ))
    };
    assert!(proven("in lo => accept").is_empty());
    assert!(proven("in eth0 tcp => drop").is_empty());
    assert!(proven("in eth0 udp => return").is_empty());
    let found = proven("in eth0 udp => accept");
    assert!(found[0].contains("it goes on to the rules of others in INPUT"), "{found:#?}");
    // Interfaces are those of the hook that the chain stands for.
    assert!(
        said("own chains; chain OUTPUT { out lo => accept; _ => drop; } assert OUTPUT { out lo => accept; }")
            .is_empty()
    );
}

/// A random policy of own chains.
fn random_policy(random: &mut Random) -> (String, Policy) {
    loop {
        let source =
            policies::policy(random).replace(" policy accept", "").replace(" policy drop", " hook last");
        let (attributes, rest) = source.split_once('\n').expect("a first line");
        let source = format!("{attributes} own chains; {rest}");
        let compiled = compile(source.parse().expect("tokens"));
        // A hook chain is one chain more on the way, which can be one too many.
        if compiled.is_sound() {
            let policy = Policy::from_model(compiled.model).expect("it compiled");
            return (source, policy);
        }
    }
}

#[test]
fn random_policies_load_beside_other_rules_and_are_saved_as_they_were_emitted() {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    let mut random = Random::new(17);
    for _ in 0..40 {
        let (source, policy) = random_policy(&mut random);
        let netns = Netns::new();
        for family in Family::ALL {
            let Some(text) = policy.emit(family).expect("it compiled") else { continue };
            let sets = policy.emit_sets(family).expect("it compiled");
            let output = restore_sets(&netns, &sets);
            assert!(output.status.success(), "{}\n{sets}", String::from_utf8_lossy(&output.stderr));
            for variant in VARIANTS {
                let program = variant.program(family, "restore");
                let path = std::env::temp_dir().join(format!("{}-{variant}-{family}", netns.name()));
                std::fs::write(&path, &text).expect("the scratch file can be written");
                netns.sh(&format!("{program} --noflush < {}", path.display()));
                std::fs::remove_file(&path).expect("it was written");
                for (table, block) in tables(&text) {
                    assert_saved(&netns, family, variant, &table, &block, &source);
                }
            }
        }
    }
}

/// Our chains are saved as they were emitted, and the jumps to them stand in built-in chains that accept.
fn assert_saved(netns: &Netns, family: Family, variant: Variant, table: &str, block: &str, source: &str) {
    let saved = saved_table(netns, family, variant, table);
    let is_jump =
        |line: &str| builtin_chains(table).unwrap().iter().any(|chain| line.split(' ').nth(1) == Some(chain));
    let emitted = block.lines().filter(|line| !line.starts_with('#'));
    let (jumps, ours): (Vec<&str>, Vec<&str>) = emitted.partition(|line| is_jump(line));
    let jumps: Vec<String> =
        jumps.iter().map(|line| line.replace("-I ", "-A ").replace(" 1 -j", " -j")).collect();
    let built_in = |line: &str| line.starts_with(':') && line.contains(" ACCEPT ");
    let rest: Vec<&str> = saved.lines().filter(|line| !built_in(line) && !is_jump(line)).collect();
    assert_eq!(rest, ours, "{source}");
    for jump in jumps {
        assert_eq!(saved.lines().filter(|line| *line == jump).count(), 1, "{jump}\n{source}");
    }
}
