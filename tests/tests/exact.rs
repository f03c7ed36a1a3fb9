//! Rules that are emitted as they are written, rules that only count, and text that goes to iptables as it is.

#![allow(deprecated, reason = "what lints say of policies that are parts of one is not the matter here")]

use fwdsl::family::Family::{self, Ipv4, Ipv6};
use fwdsl::prelude::*;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::rules::{restore, saved_table};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};

fn emitted(policy: &Policy, family: Family) -> String {
    policy.emit(family).expect("the policy is sound").unwrap_or_default()
}

/// The rules (`-A …`) of the policy for a family.
fn rules(policy: &Policy, family: Family) -> Vec<String> {
    let text = emitted(policy, family);
    text.lines().filter(|line| line.starts_with("-A ")).map(str::to_owned).collect()
}

const ORDERED: Policy = firewall! {
    #![allow(unreachable_rule, no_effect_rule)]
    #![exact]
    family ipv4;
    foreign set ADMINS;

    chain INPUT {
        limit 1/s tcp dport 22 => accept;
        state(new) tcp dport 22 => accept;
        tcp comment "first" dport 22 ct new comment "second" => accept;
        tcp tcp() => accept;
        tcp syn dport 22 sport 1024..=65535 => accept;
        tcp multiport(dports 22) => accept;
        tcp dport [22, 80] => accept;
        from [10.0.0.1, 10.0.0.2] to [10.1.0.0/16, 10.2.0.0/16] => accept;
        iprange(src-range 10.0.0.1..=10.0.0.9) => accept;
        set(@ADMINS src) => accept;
        tcp syn hashlimit(above 10/s, mode srcip, name "ssh") => drop;
        udp => log(prefix "u: "), drop;
        /// What is left.
        limit 1/s => log;
    }
};

#[test]
fn matches_stay_where_they_are_written() {
    let expected = [
        "-A INPUT -p tcp -m limit --limit 1/sec -m tcp --dport 22 -j ACCEPT",
        "-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT",
        "-A INPUT -p tcp -m comment --comment first -m tcp --dport 22 -m conntrack --ctstate NEW -m comment \
         --comment second -j ACCEPT",
        "-A INPUT -p tcp -m tcp -j ACCEPT",
        "-A INPUT -p tcp -m tcp --sport 1024:65535 --dport 22 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT",
        "-A INPUT -p tcp -m multiport --dports 22 -j ACCEPT",
        "-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT",
        "-A INPUT -s 10.0.0.1/32 -d 10.1.0.0/16 -j ACCEPT",
        "-A INPUT -s 10.0.0.1/32 -d 10.2.0.0/16 -j ACCEPT",
        "-A INPUT -s 10.0.0.2/32 -d 10.1.0.0/16 -j ACCEPT",
        "-A INPUT -s 10.0.0.2/32 -d 10.2.0.0/16 -j ACCEPT",
        "-A INPUT -m iprange --src-range 10.0.0.1-10.0.0.9 -j ACCEPT",
        "-A INPUT -m set --match-set ADMINS src -j ACCEPT",
        "-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m hashlimit --hashlimit-above 10/sec \
         --hashlimit-burst 5 --hashlimit-mode srcip --hashlimit-name ssh -j DROP",
        "-A INPUT -p udp -j LOG --log-prefix \"u: \"",
        "-A INPUT -p udp -j DROP",
        "-A INPUT -m limit --limit 1/sec -m comment --comment \"What is left.\" -j LOG",
    ];
    assert_eq!(rules(&ORDERED, Ipv4), expected);
}

#[test]
fn the_kernel_gives_exact_rules_back() {
    if !require(&[&PROGRAMS[..], &["ipset"]].concat()) {
        return;
    }
    let netns = Netns::new();
    netns.sh("ipset create ADMINS hash:ip");
    for variant in VARIANTS {
        let text = emitted(&ORDERED, Ipv4);
        let output = restore(&netns, Ipv4, variant, &text);
        assert!(output.status.success(), "{variant}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(saved_table(&netns, Ipv4, variant, "filter"), text, "{variant}");
    }
}

/// Legacy keeps the two apart, nft makes one of them.
#[test]
fn a_match_written_twice_stands_twice() {
    let policy = firewall! {
        #![exact]
        chain INPUT policy drop { tcp(dport 22) tcp(sport 1024) => accept; }
    };
    assert_eq!(rules(&policy, Ipv4), ["-A INPUT -p tcp -m tcp --dport 22 -m tcp --sport 1024 -j ACCEPT"]);
}

#[test]
fn exactness_is_of_a_rule_a_block_or_a_chain() {
    let policy = firewall! {
        chain INPUT {
            limit 1/s tcp dport 22 => accept;
            #[exact]
            limit 1/s tcp dport 22 => accept;
            #[exact]
            limit 1/s {
                tcp dport 80 => accept;
            }
        }
        #[exact]
        chain OUTPUT policy drop {
            ct new tcp dport 22 => accept;
        }
    };
    let expected = [
        "-A INPUT -p tcp -m tcp --dport 22 -m limit --limit 1/sec -j ACCEPT",
        "-A INPUT -p tcp -m limit --limit 1/sec -m tcp --dport 22 -j ACCEPT",
        "-A INPUT -p tcp -m limit --limit 1/sec -m tcp --dport 80 -j ACCEPT",
        "-A OUTPUT -p tcp -m conntrack --ctstate NEW -m tcp --dport 22 -j ACCEPT",
    ];
    assert_eq!(rules(&policy, Ipv4), expected);
    assert_eq!(rules(&policy, Ipv6), expected);
}

#[test]
fn a_rule_may_count_and_do_nothing_else() {
    let policy = firewall! {
        chain INPUT {
            tcp dport [22, 80] => count;
            limit 1/s => count, log("x: ");
        }
    };
    let expected = [
        "-A INPUT -p tcp -m multiport --dports 22,80",
        "-A INPUT -m limit --limit 1/sec -j INPUT.2",
        "-A INPUT.2",
        "-A INPUT.2 -j LOG --log-prefix \"x: \"",
    ];
    assert_eq!(rules(&policy, Ipv4), expected);
}

#[test]
fn text_goes_to_iptables_as_it_is() {
    let policy = firewall! {
        chain INPUT {
            tcp raw "-m geoip --src-cc DE" dport 22 => accept;
            udp dport 53 => raw "STEAL --port 1";
            #[exact]
            raw "-m geoip ! --src-cc DE" => drop;
        }
    };
    let expected = [
        "-A INPUT -p tcp -m tcp --dport 22 -m geoip --src-cc DE -j ACCEPT",
        "-A INPUT -p udp -m udp --dport 53 -j STEAL --port 1",
        "-A INPUT -m geoip ! --src-cc DE -j DROP",
    ];
    assert_eq!(rules(&policy, Ipv4), expected);
}

/// What `raw` stands for is not known, so nothing is proven past it.
#[test]
fn what_is_not_known_proves_nothing() {
    for (rule, holds) in [
        ("tcp dport 22 => drop;", true),
        ("tcp dport 22 raw \"-m geoip --src-cc DE\" => drop;", false),
        ("tcp dport 22 => raw \"STEAL\"; tcp dport 22 => drop;", false),
    ] {
        let source = format!("chain INPUT {{ {rule} }} assert INPUT {{ tcp dport 22 => drop; }}");
        let compiled = fwdsl_runtime::syntax::compile(source.parse().expect("tokens"));
        let diagnostics = fwdsl_runtime::check::check(&compiled.model);
        assert_eq!(!diagnostics.iter().any(|found| found.is_error()), holds, "{source}: {diagnostics:?}");
    }
}

#[test]
fn exact_policies_survive_packing() {
    let policy = ORDERED;
    let model = policy.model();
    let again =
        fwdsl::model::Model::from_bytes(model.file(), &model.to_bytes()).expect("the bytes are whole");
    assert_eq!(again, *model);
    assert!(again.chains()[0].rules().iter().all(|rule| rule.is_exact()));
}

const CIRCLE: Policy = firewall! {
    #![allow(unreachable_rule, no_effect_rule)]
    family ipv4;

    chain INPUT { tcp dport 22 => jump A; }
    chain A { _ => accept; }
    chain B { _ => jump C; }
    chain C { tcp => jump B; udp => jump A; }
};

#[test]
fn a_circle_that_no_packet_comes_to_can_be_allowed() {
    let rules = rules(&CIRCLE, Ipv4);
    assert!(rules.contains(&"-A B -j C".to_owned()), "{rules:?}");
    assert!(rules.contains(&"-A C -p tcp -j B".to_owned()), "{rules:?}");
}
