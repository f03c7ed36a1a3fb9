//! Assertions: what is proven, and what a broken one is told.

use fwdsl_runtime::analysis::{Problem, evaluate, prove};
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::model::Scope;
use fwdsl_runtime::syntax::{Compiled, compile};
use fwdsl_runtime::table::TableName;
use fwdsl_tests::asserted::{assert_says, errors};

fn compiled(source: &str) -> Compiled {
    compile(source.parse().unwrap_or_else(|error| panic!("{error}: {source}")))
}

#[track_caller]
fn holds(source: &str) {
    assert_eq!(errors(source), Vec::<String>::new(), "{source}");
}

/// The assertion is broken, and this is what is said; the witness is evaluated beside.
#[track_caller]
fn broken(source: &str, said: &[&str]) {
    assert_says(&errors(source), said);
    let model = compiled(source).model;
    for finding in prove(&model) {
        if let Problem::Broken(found) = finding.problem {
            let ruleset = lower(&model, found.family).unwrap();
            let Scope::Chain { table, name } = model.assertions()[0].scope() else { continue };
            let verdicts = evaluate(&ruleset, *table, name, &found.packet).unwrap();
            let Some(verdict) = found.verdict else { continue };
            assert!(verdicts.contains(&verdict), "{verdict:?} is not among {verdicts:?}");
        }
    }
}

#[test]
fn a_broken_assertion_shows_the_packet_and_the_rule() {
    let source = "chain INPUT policy drop {\n in lo => accept;\n tcp dport 22 => accept;\n }\n\
                  assert INPUT {\n in eth0 tcp dport 22 ct new => drop;\n }";
    let packet = "in eth0 from 192.0.2.1 to 10.0.0.1 tcp sport 1024 dport 22 ct new";
    assert_eq!(
        errors(source),
        [format!(
            "assertion broken: `{packet}` is accepted\n\
             note: accepted by this rule (policy.rs:3)"
        )]
    );
    let diagnostics = compiled(source).diagnostics;
    assert_eq!(diagnostics.iter().find(|found| found.is_error()).map(|found| found.loc.line), Some(6));
}

#[test]
fn what_no_rule_decides_is_the_policy() {
    let input = |policy: &str, case: &str| {
        format!("chain INPUT {policy} {{ tcp dport 22 => drop; }} assert INPUT {{ {case} }}")
    };
    holds(&input("policy drop", "_ => drop;"));
    holds(&input("policy accept", "udp => accept;"));
    holds(&input("", "udp => accept;"));
    broken(&input("policy accept", "_ => drop;"), &["is accepted", "the policy of `INPUT` is accept"]);
    broken(&input("", "udp => drop;"), &["`INPUT` states no policy, so it is accept"]);
    // `return` is no verdict there, and RETURN is the policy.
    holds("chain INPUT policy drop { _ => return; } assert INPUT { _ => drop; }");
    broken(
        "chain INPUT policy drop { tcp => return; _ => accept; } assert INPUT { tcp => return; }",
        &["is dropped", "it leaves the chain by this rule", "name that verdict"],
    );
}

#[test]
fn return_after_goto_skips_the_caller() {
    let source = |verb: &str, case: &str| {
        format!(
            "chain INPUT policy accept {{ _ => jump A; _ => drop; }}
             chain A {{ tcp => {verb} B; !udp => reject; }}
             chain B {{ dport_is_not_here => return; }}
             assert INPUT {{ {case} }}"
        )
        .replace("dport_is_not_here", "tcp dport 22")
    };
    holds(&source("goto", "tcp => drop;"));
    holds(&source("jump", "tcp => reject;"));
    broken(&source("goto", "tcp => reject;"), &["is dropped"]);
    broken(&source("jump", "tcp => drop;"), &["is rejected"]);
    broken(
        "chain INPUT policy accept { tcp => goto A; _ => drop; } chain A { tcp dport 22 => drop; }
         assert INPUT { tcp dport 23 => drop; }",
        &[
            "is accepted",
            "it does not come back from `A`, since this is a `goto`",
            "policy of `INPUT` is accept",
        ],
    );
}

#[test]
fn what_comes_back_of_a_goto_in_part_is_not_lost() {
    broken(
        "chain INPUT policy accept { tcp => goto A; _ => drop; } chain A { tcp dport 22 => drop; }
         assert INPUT { tcp => drop; }",
        &["is accepted", "policy of `INPUT` is accept"],
    );
}

#[test]
fn negated_lists_mean_none_of_them() {
    let source = |case: &str| {
        format!(
            "chain INPUT policy drop {{ in ![eth0, wg+] tcp dport ![22, 80..=90] from ![10.0.0.0/8, \
             192.0.2.1, 192.0.2.3, 192.0.2.5, 192.0.2.7] => accept; }} assert INPUT {{ {case} }}"
        )
    };
    holds(&source("in lan0 tcp dport 443 from 192.0.2.2 => accept;"));
    holds(&source("in [eth0, wg7] => !accept;"));
    holds(&source("tcp dport [22, 85] => drop;"));
    holds(&source("from [10.9.9.9, 192.0.2.5] => drop;"));
    broken(&source("in lan0 tcp dport 79..=91 from 192.0.2.2 => accept;"), &["dport 80"]);
    broken(&source("in lan0 tcp dport 443 from 192.0.2.0/29 => accept;"), &["from 192.0.2.1 "]);
    broken(&source("tcp dport 443 from 192.0.2.2 => accept;"), &["in eth0"]);
}

#[test]
fn wildcards_overlap_with_names() {
    let source = |case: &str| {
        format!(
            "chain FORWARD policy drop {{ in eth0 => drop; in eth+ out !wg+ => accept; }}
             assert FORWARD {{ {case} }}"
        )
    };
    holds(&source("in eth1 out lan0 => accept;"));
    holds(&source("in eth0 => !accept;"));
    holds(&source("in !eth+ => drop;"));
    broken(&source("in eth+ out lan0 => accept;"), &["in eth0"]);
    broken(&source("in eth1 => accept;"), &["out wg0"]);
    broken(&source("in ![eth0, eth1] => drop;"), &["in eth2"]);
    // No packet in INPUT has an outgoing interface, so that `out !x` is true of all.
    holds(
        "chain INPUT policy drop { _ => jump A; } chain A { out !eth0 => accept; }
         assert INPUT { _ => accept; }",
    );
    // A chain that two hooks lead to sees both kinds of packets.
    broken(
        "chain INPUT { _ => jump A; } chain FORWARD { _ => jump A; } chain A { out !eth0 => accept; }
         assert A { _ => accept; }",
        &["returned to the caller", "out eth0", "no rule of `A` decides"],
    );
}

#[test]
fn limit_may_match_or_not() {
    let source = |case: &str| {
        format!(
            "chain INPUT policy drop {{ tcp limit 1/s => accept; tcp limit 1/s => accept; udp limit 1/s => \
             log; udp => accept; }} assert INPUT {{ {case} }}"
        )
    };
    holds(&source("udp => accept;"));
    holds(&source("icmp => drop;"));
    broken(&source("tcp => accept;"), &["is dropped", "`limit` of this rule is taken not to match"]);
    broken(&source("tcp => drop;"), &["is accepted", "`limit` of this rule is taken to match"]);
    holds(&source("tcp => !reject;"));
    // A pattern that asks for it speaks of packets of which nothing more is known.
    broken(&source("tcp limit 1/s => accept;"), &["is dropped"]);
}

#[test]
fn later_fragments_have_no_ports() {
    let forward = |first: &str, case: &str| {
        format!(
            "family ipv4; chain FORWARD policy accept {{ {first} tcp dport 22 => drop; tcp !syn => \
             reject; tcp => accept; udp dport !53 => drop; }} assert FORWARD {{ {case} }}"
        )
    };
    holds(&forward("", "tcp syn dport 80 => accept;"));
    holds(&forward("", "udp dport 53 => accept;"));
    // Asked for ports, a fragment may seem to match, be passed over, or be dropped.
    broken(&forward("", "tcp fragment => accept;"), &["is dropped", "fragment ct", "offset 8"]);
    broken(&forward("", "udp fragment => accept;"), &["is dropped", "a later fragment does not have"]);
    broken(&forward("", "udp fragment => drop;"), &["is accepted", "taken not to match"]);
    holds(&forward("fragment => drop;", "tcp fragment => drop;"));
    // INPUT never sees one; nor does FORWARD where connections are tracked.
    let no_packet = &["the pattern covers no packet", "puts fragments together before INPUT"];
    broken("chain INPUT { } assert INPUT { fragment => accept; }", no_packet);
    broken(&forward("ct invalid => drop;", "fragment => accept;"), no_packet);
    // IPv6 puts packets together behind INPUT.
    broken(
        "family ipv6; chain INPUT policy drop { udp dport 53 => accept; } assert INPUT { udp => accept; }",
        &["is dropped"],
    );
    broken(
        "family ipv6; chain INPUT policy drop { udp dport 0..=65535 => accept; } assert INPUT { udp => accept; }",
        &["fragment"],
    );
}

#[test]
fn a_pattern_is_proven_in_every_family_that_it_fits() {
    let source =
        |rules: &str, case: &str| format!("chain INPUT policy drop {{ {rules} }} assert INPUT {{ {case} }}");
    let v4 = "tcp from 0.0.0.0/0 dport 22 => accept;";
    let mixed = "tcp from [10.0.0.0/8, fd00::/8] => accept;";
    holds(&source(v4, "from 10.0.0.0/8 tcp dport 22 => accept;"));
    broken(&source(v4, "tcp dport 22 => accept;"), &["from 2001:db8::1 to fd00::1"]);
    holds(&source(mixed, "tcp from [10.0.0.0/8, fd00::/8] => accept;"));
    holds(&source(mixed, "tcp from [10.1.0.0/16, fd00::/9] => accept;"));
    broken(&source(mixed, "tcp from [10.1.0.0/16, fc00::/7] => accept;"), &["from fc00::1 "]);
    // What IPv6 alone does not allow is no matter of IPv4.
    holds("chain INPUT policy drop { icmpv6 echo-request => accept; } assert INPUT { icmp => drop; }");
    broken(
        "family ipv6; chain INPUT { } assert INPUT { from 10.0.0.0/8 => accept; }",
        &["the pattern covers no packet"],
    );
    broken("chain INPUT { } assert INPUT { tcp dport ![0..=65535] => accept; }", &["covers no packet"]);
}

#[test]
fn falling_off_a_user_chain_is_return() {
    let source = |case: &str| {
        format!(
            "chain INPUT {{ _ => jump A; }} chain A {{ tcp dport 22 => accept; udp => return; _ => jump B; \
             }} chain B {{ icmp => drop; }} assert A {{ {case} }}"
        )
    };
    holds(&source("tcp dport 23 => return;"));
    holds(&source("udp => return;"));
    holds(&source("icmp => drop;"));
    broken(&source("tcp => return;"), &["is accepted", "dport 22", "`A` is taken by itself"]);
    broken(&source("tcp => accept;"), &["is returned to the caller", "no rule of `A` decides"]);
}

#[test]
fn reject_is_not_drop() {
    let rule = "chain INPUT { tcp => reject(tcp-reset); udp => reject; _ => drop; }";
    holds(&format!(
        "{rule} assert INPUT {{ tcp|udp => reject; icmp => drop; tcp => !accept; tcp => !drop; }}"
    ));
    broken(&format!("{rule} assert INPUT {{ tcp => drop; }}"), &["is rejected", "rejected by this rule"]);
    broken(&format!("{rule} assert INPUT {{ tcp|icmp => drop; }}"), &["is rejected"]);
}

#[test]
fn any_verdict_but_this() {
    let rule = "chain INPUT policy drop { tcp dport [22, 80] => accept; tcp dport 113 => reject; }";
    holds(&format!("{rule} assert INPUT {{ tcp dport 81..=65535 => !accept; _ => !return; }}"));
    broken(&format!("{rule} assert INPUT {{ tcp dport 23..=65535 => !accept; }}"), &["dport 80", "accepted"]);
    broken(&format!("{rule} assert INPUT {{ tcp => !reject; }}"), &["is rejected", "dport 113"]);
}

#[test]
fn states_exclude_each_other_and_translation_stands_beside() {
    let source = |case: &str| {
        format!(
            "chain INPUT policy drop {{ ct established|related => accept; ct ![new, dnat] => reject; }}
             assert INPUT {{ {case} }}"
        )
    };
    holds(&source("ct established => accept;"));
    holds(&source("ct [invalid, untracked] => reject;"));
    holds(&source("ct new => drop;"));
    broken(&source("ct !established => !accept;"), &["ct related"]);
    holds(&source("ct dnat ct new => drop;"));
    broken(&source("ct dnat => drop;"), &["is accepted", "ct established ct dnat"]);
}

#[test]
fn types_and_flags() {
    holds(
        "#![allow(unreachable_rule)] chain INPUT policy drop { icmp [echo-request, 3/4] => accept; icmp !any => reject; tcp !syn => drop; \
         tcp => accept; } assert INPUT { icmp 8 => accept; icmp 3/4 => accept; icmp ![3, 8] => drop; \
         tcp syn => accept; tcp flags(ack / ack) => drop; tcp flags(syn,ack / syn,ack) => !accept; }",
    );
    broken(
        "chain INPUT { icmp echo-request => drop; } assert INPUT { icmp => accept; }",
        &["icmp echo-request ct"],
    );
    broken(
        "chain INPUT { icmpv6 no-route => drop; } assert INPUT { icmpv6 1 => accept; }",
        &["icmpv6 no-route"],
    );
    broken(
        "chain INPUT { tcp flags(none / all) => drop; } assert INPUT { tcp => accept; }",
        &["tcp flags(none / all) sport"],
    );
}

#[test]
fn a_proof_that_takes_too_long_says_so() {
    let rules: String =
        (0..40).map(|n| format!("tcp port [{n}, 7{n}] from 10.{n}.0.0/16 => accept;")).collect();
    let source = |top: &str, case: &str| {
        format!("{top} chain INPUT policy drop {{ {rules} }} assert INPUT {{ {case} }}")
    };
    holds(&source("#![analysis_budget(1_000_000)]", "_ => !reject;"));
    broken(
        &source("#![analysis_budget(100)]", "_ => !reject;"),
        &["assertion not decided: the proof takes more than 100 steps", "#![analysis_budget(1000)]"],
    );
    // The budget is the policy's, so it is there at run time too.
    let model = compiled(&source("#![analysis_budget(1_000_000)]", "_ => !reject;")).model;
    let again = fwdsl_runtime::model::Model::from_bytes("", &model.to_bytes()).unwrap();
    assert_eq!(again.analysis_budget(), 1_000_000);
    assert!(errors("#![analysis_budget(0)] chain INPUT { }")[0].contains("not a number of steps"));
    assert!(errors("#[analysis_budget(9)] chain INPUT { }")[0].contains("is for the whole policy"));
}

#[test]
fn chains_that_ask_the_same_again_cost_no_more() {
    let mut source = "#![analysis_budget(2000)] chain INPUT policy drop { _ => jump C0; }\n".to_owned();
    for n in 0..12 {
        let next = n + 1;
        source.push_str(&format!(
            "chain C{n} {{ limit 1/s => return; limit 1/s => jump C{next}; limit 2/s => jump C{next}; \
             tcp dport {n} => accept; _ => jump C{next}; }}\n"
        ));
    }
    source.push_str("chain C12 { limit 1/s => return; udp => reject; }\n");
    holds(&format!("{source} assert INPUT {{ udp => !accept; }}"));
}

#[test]
fn nothing_is_proven_of_a_policy_that_is_wrong_elsewhere() {
    let errors = errors("chain INPUT { tcp dpotr 22 => drop; } assert INPUT { tcp dport 22 => drop; }");
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains("dpotr"));
}

#[test]
fn other_tables_have_their_own_chains() {
    let source = "table raw { chain PREROUTING { udp dport 53 => drop; } } chain INPUT { }";
    holds(&format!("{source} assert raw/PREROUTING {{ udp dport 53 => drop; udp dport 54 => accept; }}"));
    broken(&format!("{source} assert raw/PREROUTING {{ udp => drop; }}"), &["is accepted"]);
    let model = compiled(source).model;
    assert!(prove(&model).is_empty());
    let ruleset = lower(&model, fwdsl_runtime::family::Family::Ipv4).unwrap();
    assert!(ruleset.table(TableName::Raw).is_some());
}

#[test]
fn a_protocol_of_one_family_covers_no_packet_of_the_other() {
    // In IPv6 the authentication header is none that a rule could ask for.
    let source = "chain INPUT policy drop { proto [50, 51] => accept; }
                  assert INPUT { proto [50, 51] => accept; }";
    assert_eq!(errors(source), Vec::<String>::new());
}
