//! Unions of verdicts, and chains that packets come to.

use fwdsl_runtime::model::{Model, Outcome};
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::asserted::{assert_says, errors_of_claims as errors};

#[track_caller]
fn holds(source: &str) {
    assert_eq!(errors(source), Vec::<String>::new(), "{source}");
}

#[track_caller]
fn fails(source: &str, said: &[&str]) {
    assert_says(&errors(source), said);
}

const RULES: &str = "chain INPUT policy drop {
    ct established        => accept;
    tcp dport 22          => jump SSH;
    udp dport 53          => goto DNS;
    tcp dport 80 limit 9/s => jump WEB;
    tcp dport 113         => reject;
}
chain SSH { from 10.0.0.0/8 => accept; from 10.6.6.0/24 => jump LATE; }
chain DNS { from 192.0.2.0/24 => return; _ => jump LATE; }
chain WEB { _ => accept; }
chain LATE { _ => log; }
";

fn input(case: &str) -> String {
    format!("{RULES} assert INPUT {{ {case} }}")
}

#[test]
fn a_union_is_any_of_its_verdicts() {
    for case in [
        "tcp dport 80 ct new => accept|drop;",
        "tcp dport 80 ct new => [accept, drop];",
        "tcp dport 80 ct new => [accept, drop, reject];",
        "tcp dport 80 ct new => !reject|return;",
        "tcp dport 80 ct new => ![reject, return];",
        "tcp dport 113 ct new => [drop, reject];",
        "tcp dport 113 ct new => ![drop, accept];",
        "_ => accept|drop|reject;",
        "_ => [accept|drop, reject,];",
    ] {
        holds(&input(case));
    }
    fails(
        &input("tcp dport 80 ct new => accept|reject;"),
        &["is dropped", "`limit` of this rule is taken not to match"],
    );
    fails(
        &input("tcp dport 80 ct new => drop|reject;"),
        &["is accepted", "`limit` of this rule is taken to match"],
    );
    fails(&input("tcp dport 80 ct new => ![accept, reject];"), &["is accepted"]);
    fails(&input("tcp dport 113 ct new => accept|drop;"), &["is rejected"]);
}

#[test]
fn a_message_names_the_union_that_lets_both_be() {
    fails(&input("tcp dport 80 ct new => accept;"), &["help: if either may be, assert `accept|drop`"]);
    fails(&input("tcp dport 113 ct new => drop;"), &["help: if either may be, assert `drop|reject`"]);
    let errors = errors(&input("tcp dport 22 ct new => drop;"));
    assert!(!errors[0].contains("help:"), "{errors:?}");
}

#[test]
fn a_union_is_checked() {
    let wrong = |case: &str, said: &[&str]| fails(&input(case), said);
    wrong("_ => accept|accept;", &["`accept` stands here twice"]);
    wrong("_ => accept|log;", &["`log` decides nothing"]);
    wrong("_ => [];", &["expected a verdict"]);
    wrong("_ => [accept drop];", &["expected `,` and another verdict, or `]`, found `drop`"]);
    wrong("_ => accept|;", &["expected a verdict"]);
    wrong("_ => jump SSH;", &["`jump` decides nothing", "that packets come to a chain is `reaches CHAIN`"]);
    wrong("_ => reachs SSH;", &["`reachs` decides nothing", "did you mean `reaches`?"]);
}

#[test]
fn packets_come_to_a_chain() {
    for case in [
        "tcp dport 22 ct new              => reaches SSH;",
        "udp dport 53 ct !established     => reaches DNS;",
        "tcp dport 22 ct established      => !reaches SSH;",
        "tcp dport ![22, 80]              => !reaches SSH;",
        "tcp                              => !reaches LATE;",
        "udp dport 53 from 10.0.0.1 ct new => reaches LATE;",
        "udp dport 53 from 192.0.2.7      => !reaches LATE;",
    ] {
        holds(&input(case));
    }
    // Whatever the limit answers.
    fails(
        &input("tcp dport 80 ct new => reaches WEB;"),
        &[
            "dport 80 ct new` does not come to `WEB`",
            "`limit` of this rule is taken not to match (policy.rs:5)",
            "is drop",
        ],
    );
    fails(
        &input("tcp dport 80 ct new => !reaches WEB;"),
        &[
            "dport 80 ct new` comes to `WEB`",
            "`limit` of this rule is taken to match",
            "it comes there by this rule (policy.rs:5)",
        ],
    );
    fails(
        &input("tcp dport 22 => reaches SSH;"),
        &["ct established` does not come to `SSH`", "accepted by this rule (policy.rs:2)"],
    );
    fails(
        &input("udp => !reaches LATE;"),
        &[
            "comes to `LATE`",
            "it goes to `DNS` by this rule (policy.rs:4)",
            "it comes there by this rule (policy.rs:9)",
        ],
    );
    fails(&input("udp ct new dport 53 => reaches LATE;"), &["does not come to `LATE`", "from 192.0.2."]);
}

#[test]
fn a_chain_comes_to_what_it_calls_alone() {
    holds(&format!(
        "{RULES} assert DNS {{ from 10.0.0.0/8 => reaches LATE; from 192.0.2.0/24 => !reaches LATE; }}"
    ));
    let said = &["`DNS` is taken by itself"];
    fails(&format!("{RULES} assert DNS {{ _ => reaches LATE; }}"), said);
    // A rule that is encoded as several, and through a chain of its own, is one rule.
    holds(
        "chain INPUT { tcp dport ![22, 80] from ![10.0.0.0/8, 192.0.2.0/24] limit 1/s => log, jump A; tcp => jump A; }
         chain A { } assert INPUT { tcp => reaches A; udp => !reaches A; }",
    );
}

#[test]
fn in_a_family_without_the_chain_no_packet_comes_to_it() {
    let source = |case: &str| {
        format!(
            "chain INPUT {{ family ipv4 tcp => jump A; }} chain A {{ family ipv4; }} assert INPUT {{ {case} }}"
        )
    };
    holds(&source("family ipv4 tcp => reaches A; family ipv6 => !reaches A;"));
    fails(&source("tcp => reaches A;"), &["from 2001:db8::1", "does not come to `A`"]);
}

#[test]
fn only_chains_that_packets_can_come_to_are_asked_for() {
    let wrong = |case: &str, said: &[&str]| fails(&input(case), said);
    wrong("_ => reaches SHS;", &["unknown chain `SHS`", "did you mean `SSH`?"]);
    wrong("_ => reaches INPUT;", &["every packet begins at the top of `INPUT`"]);
    wrong(
        "_ => reaches OUTPUT;",
        &["no jump leads to `OUTPUT`, a built-in chain", "assert host { … => reaches OUTPUT; }"],
    );
    wrong("_ => reaches ;", &["expected the name of a chain"]);
    wrong("_ => reaches nat/PREROUTING;", &["the policy has no table `nat`"]);
    fails(
        "table nat { chain N { } } chain INPUT { } assert INPUT { _ => reaches nat/N; }",
        &["`N` is in table `nat`, and a jump stays in its table `filter`"],
    );
    fails(
        "foreign chain OTHERS; chain INPUT { _ => jump OTHERS; } assert INPUT { _ => reaches OTHERS; }",
        &["`OTHERS` is a chain of others"],
    );
}

#[test]
fn a_foreign_chain_may_keep_packets_from_coming() {
    let source = |verdict: &str| {
        format!(
            "foreign chain OTHERS; chain INPUT {{ tcp => jump OTHERS; _ => jump A; }} chain A {{ }}
             assert INPUT {{ {verdict} }}"
        )
    };
    holds(&source("udp => reaches A;"));
    fails(&source("tcp => reaches A;"), &["does not come to `A`", "foreign chain"]);
    fails(&source("tcp => !reaches A;"), &["comes to `A`"]);
}

#[test]
fn chains_with_quoted_names() {
    let source = "chain INPUT { tcp => jump \"f2b-sshd\"; udp => jump DOCKER-USER; } chain \"f2b-sshd\" { } chain DOCKER-USER { }
                  assert INPUT { tcp => reaches \"f2b-sshd\"; udp => reaches DOCKER-USER; }";
    holds(source);
    let model = compile(source.parse().unwrap()).model;
    let again = Model::from_bytes("", &model.to_bytes()).unwrap();
    let Outcome::Reaches { chain, .. } = again.assertions()[0].cases()[0].claim().outcome() else { panic!() };
    assert_eq!(chain.value, "f2b-sshd");
}
