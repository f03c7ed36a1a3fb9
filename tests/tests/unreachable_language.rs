//! Which rules of a policy the compiler calls unreachable, through all that the language makes of a rule.

use fwdsl_runtime::analysis::{Unreachable, UnreachableKind, unreachable_rules};
use fwdsl_runtime::diagnostic::Diagnostic;
use fwdsl_runtime::lint::UNREACHABLE_RULE;
use fwdsl_runtime::syntax::{Compiled, compile};

fn compiled(source: &str) -> Compiled {
    compile(source.parse().unwrap_or_else(|error| panic!("{error}: {source}")))
}

/// The findings of a policy that is right otherwise.
fn findings(compiled: Compiled) -> Vec<Diagnostic> {
    let mut diagnostics = compiled.diagnostics;
    assert!(diagnostics.iter().all(|it| it.lint.is_some()), "{diagnostics:#?}");
    diagnostics.retain(|it| it.lint == Some(UNREACHABLE_RULE));
    diagnostics
}

/// What is found in a policy: line, kind, and the lines of the rules that cause it.
fn found(source: &str) -> Vec<(u32, &'static str, Vec<u32>)> {
    let found = |it: &Diagnostic| {
        let causes = it.causes.iter().map(|loc| loc.line).collect();
        (it.loc.line, it.kind.unwrap_or("matches_nothing"), causes)
    };
    findings(compiled(source)).iter().map(found).collect()
}

#[track_caller]
fn assert_reachable(source: &str) {
    assert_eq!(found(source), [], "{source}");
}

#[track_caller]
fn assert_found(source: &str, expected: &[(u32, &'static str, &[u32])]) {
    let expected: Vec<(u32, &str, Vec<u32>)> =
        expected.iter().map(|(line, kind, causes)| (*line, *kind, causes.to_vec())).collect();
    assert_eq!(found(source), expected, "{source}");
}

#[test]
fn a_rule_is_unreachable_only_if_it_is_in_every_family_that_it_is_for() {
    // The second rule is dead in IPv4, and takes packets in IPv6.
    assert_reachable("chain INPUT { family ipv4 tcp => accept; \n tcp dport 22 => drop; }");
    assert_reachable("chain INPUT { from 0.0.0.0/0 => accept; \n tcp => drop; }");
    assert_reachable("chain INPUT { family ipv6 tcp => accept; \n tcp dport 22 => drop; }");
    // Two rules can do it, one for each family, and the policy can be for one alone.
    assert_found(
        "chain INPUT {\n from 0.0.0.0/0 => accept;\n from ::/0 => accept;\n tcp => drop; }",
        &[(4, "covered_together", &[2, 3])],
    );
    assert_found(
        "family ipv4; chain INPUT {\n from 0.0.0.0/0 => accept;\n tcp => drop; }",
        &[(3, "covered_by_one", &[2])],
    );
    // ICMP is another protocol in each.
    assert_reachable("chain INPUT { icmp => accept; icmpv6 => drop; }");
}

#[test]
fn a_list_is_reachable_if_one_of_its_elements_is() {
    assert_reachable("chain INPUT { tcp => accept; tcp|udp dport 53 => accept; }");
    assert_reachable("chain INPUT { from 10.0.0.0/8 => drop; from [10.1.0.0/16, 192.0.2.1] => accept; }");
    assert_found(
        "chain INPUT {\n from [10.0.0.0/8, 192.0.2.0/24] => drop;\n from [10.1.0.0/16, 192.0.2.1] => accept; }",
        &[(3, "covered_by_one", &[2])],
    );
    // The elements of one rule take no packets from each other's sum.
    assert_reachable("chain INPUT { from [10.0.0.0/8, 10.1.0.0/16] to [10.2.0.0/16, 10.0.0.0/8] => drop; }");
    assert_reachable("chain INPUT { tcp dport [1..=5, 2..=9] sport ![1, 2] => drop; }");
    // Nor do those of a list of several verdicts, or with a limit, which is a chain of its own.
    assert_reachable("chain INPUT { from [10.0.0.0/8, 10.1.0.0/16] => log, drop; }");
    assert_reachable("chain INPUT { from [10.0.0.0/8, 10.1.0.0/16] limit 1/s => log, drop; }");
    assert_found(
        "chain INPUT {\n tcp|udp => drop;\n tcp|udp dport [1, 2] limit 1/s => log, accept; }",
        &[(3, "covered_by_one", &[2])],
    );
}

#[test]
fn auxiliary_chains_are_steps_of_their_rule() {
    // What leads into such a chain, and what comes back of it, is nothing that anybody wrote.
    for rule in [
        "_ => log, drop",
        "from ![10.0.0.0/8, 192.0.2.0/24] => drop",
        "from ![10.0.0.0/8, 192.0.2.0/24] to ![10.0.0.0/8, 2001:db8::/32] limit 1/s => log, reject",
        "in [eth0, eth1] out [eth0, eth2] ct [new, invalid] limit 1/s => log, accept",
        "mark 1 => mark(set 2), accept",
        "tcp dport ![1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17] => drop",
    ] {
        assert_reachable(
            &format!("table mangle {{ chain FORWARD {{ {rule}; }} }}").replace("reject", "drop"),
        );
    }
    // A rule whose auxiliary chain no packet enters is one finding, not one for each step.
    assert_found(
        "chain INPUT {\n _ => drop;\n from ![10.0.0.0/8, 192.0.2.0/24] limit 1/s => log, accept; }",
        &[(3, "covered_by_one", &[2])],
    );
}

#[test]
fn a_template_is_looked_at_for_each_call() {
    let source =
        "fn service(port) {\n tcp dport port => accept;\n }\n chain INPUT {\n service(22);\n service(80);\n";
    assert_reachable(&format!("{source} }}"));
    let again = format!("{source} service(22);\n }}");
    assert_found(&again, &[(2, "covered_by_one", &[2])]);
    let sources = compiled(&again).model.sources().clone();
    let said = findings(compiled(&again))[0].text(&sources);
    assert!(said.contains("in template `service`, used here"), "{said}");
    // An attribute is for one call.
    assert_reachable(&format!("{source} #[allow(unreachable_rule)] service(22);\n }}"));
    assert_found(
        &format!("{source} #[allow(unreachable_rule)] service(22);\n service(80); }}"),
        &[(2, "covered_by_one", &[2])],
    );
    // In chains that have nothing to do with each other it is reached in each.
    assert_reachable(
        "fn web() { tcp dport 80 => accept; } chain INPUT { web(); } chain FORWARD { web(); } \
         table mangle { chain INPUT { web(); } }",
    );
}

#[test]
fn values_that_are_not_known_may_be_anything() {
    let known = "let any = 1; chain INPUT {\n tcp dport #any => accept;\n tcp dport 22 => drop;\n";
    assert_reachable(&format!("{known} }}").replace("let any = 1; ", ""));
    let twice =
        "chain INPUT { tcp dport #port => accept; \n tcp dport #port => drop; \n tcp sport #port => drop; }";
    assert_reachable(twice);
    // Whatever the value is, it is one of TCP's ports.
    assert_found(
        "chain INPUT {\n tcp => accept;\n tcp dport #port => drop; }",
        &[(3, "covered_by_one", &[2])],
    );
}

#[test]
fn sets_are_as_large_as_is_known_of_them() {
    let own = "set ADMINS: net { 10.0.0.0/8, 192.0.2.1 } chain INPUT {\n";
    assert_found(
        &format!(
            "{own} from @ADMINS => accept;\n from [10.1.2.3, 192.0.2.1] => drop;\n from 192.0.2.2 => drop; }}"
        ),
        &[(3, "covered_by_one", &[2])],
    );
    assert_found(
        &format!("{own} from [10.0.0.0/7, 192.0.2.0/24] => accept;\n from @ADMINS => drop; }}"),
        &[(3, "covered_by_one", &[2])],
    );
    // Others fill a set of theirs, and one whose elements time out.
    assert_reachable(
        "foreign set ADMINS: ip family ipv4; chain INPUT { from @ADMINS => accept; from 10.1.2.3 => drop; }",
    );
    assert_reachable(
        "foreign set ADMINS: ip family ipv4; chain INPUT { from @ADMINS => accept; from !@ADMINS => drop; }",
    );
    assert_reachable(
        "set SEEN: ip timeout 60 { 10.0.0.1 } chain INPUT { from @SEEN => accept; from 10.0.0.1 => drop; }",
    );
}

#[test]
fn calls_return_and_goto_are_followed() {
    // What comes back goes on behind the call, and not behind a goto.
    assert_reachable("chain INPUT { _ => jump A; tcp => drop; } chain A { tcp dport 22 => accept; }");
    assert_found(
        "chain INPUT {\n _ => goto A;\n tcp => drop; } chain A { tcp dport 22 => accept; }",
        &[(3, "covered_by_one", &[2])],
    );
    assert_found(
        "chain INPUT {\n tcp => jump A;\n tcp dport 9 => drop; } chain A { dport_9; _ => reject; }"
            .replace("dport_9", "tcp dport 9 => accept")
            .as_str(),
        &[(3, "covered_by_one", &[2])],
    );
    assert_found(
        "chain INPUT { _ => jump A; } chain A {\n udp => return;\n udp dport 53 => log;\n tcp => drop; }",
        &[(3, "covered_by_one", &[2])],
    );
    // A chain that is entered twice is reached from where packets are left.
    assert_reachable("chain INPUT { tcp => jump A; tcp => drop; udp => jump A; } chain A { udp => accept; }");
    assert_found(
        "chain INPUT {\n udp => drop;\n _ => jump A; }\n chain A {\n udp => accept; tcp => accept; }",
        &[(5, "chain_not_entered", &[2])],
    );
    assert_found(
        "chain INPUT {\n tcp => jump A; }\n chain A {\n udp => accept;\n tcp => accept; }",
        &[(4, "chain_not_entered", &[2])],
    );
    // Of a chain that nothing leads to, nothing is said here.
    assert_reachable("chain INPUT { in lo => accept; } chain A { tcp => accept; tcp dport 22 => accept; }");
}

#[test]
fn what_does_not_end_a_packets_way_takes_none() {
    assert_reachable("chain INPUT { tcp => log; tcp => count; tcp dport 22 => accept; }");
    assert_reachable("chain INPUT { tcp limit 1/s => accept; tcp dport 22 => accept; }");
    assert_reachable("chain INPUT { in eth0 tcp => accept; tcp => accept; in eth0 => drop; }");
    assert_reachable("foreign chain OTHERS; chain INPUT { _ => jump OTHERS; tcp => accept; }");
    assert_reachable(
        "table mangle { chain FORWARD { _ => mark(set 1); mark 1 => accept; mark 2 => drop; } }",
    );
}

#[test]
fn chains_are_owned_among_those_of_others() {
    // The rules of others may come first, or behind; they do not make the policy's own reachable.
    let own = "own chains; chain INPUT {\n in lo => accept;\n";
    assert_reachable(&format!(
        "{own} tcp => drop; }} chain FORWARD hook last {{ _ => jump web; }} \
                               chain web {{ tcp dport 80 => accept; }}"
    ));
    assert_found(&format!("{own} in lo tcp => drop; }}"), &[(3, "covered_by_one", &[2])]);
}

#[test]
fn levels_are_those_of_the_rule_that_is_unreachable() {
    let policy = |top: &str, chain: &str, rule: &str| {
        let source = format!("{top} {chain} chain INPUT {{ tcp => accept;\n {rule} tcp dport 22 => drop; }}");
        let found = findings(compiled(&source));
        found.iter().map(Diagnostic::is_error).collect::<Vec<bool>>()
    };
    const NONE: [bool; 0] = [];
    let allow = |not: &str| format!("#{not}[allow(unreachable_rule)]");
    assert_eq!(policy("", "", ""), [true]);
    assert_eq!(policy(&allow("!"), "", ""), NONE);
    assert_eq!(policy("", &allow(""), ""), NONE);
    assert_eq!(policy("", "", &allow("")), NONE);
    assert_eq!(policy("#![warn(unreachable_rule)]", "", ""), [false]);
    assert_eq!(policy(&allow("!"), "", "#[deny(unreachable_rule)]"), [true]);
    // The rule that takes the packets has no say.
    let source = "chain INPUT { #[allow(unreachable_rule)] tcp => accept;\n tcp dport 22 => drop; }";
    assert_found(source, &[(2, "covered_by_one", &[1])]);
}

#[test]
fn what_is_found_is_told_of_its_chain_in_each_table() {
    let source = "table nat { chain OUTPUT {\n tcp => accept;\n tcp dport 22 => accept; } }
        table raw { chain OUTPUT {\n udp => drop;\n udp dport 9 => drop; } }";
    assert_found(source, &[(3, "covered_by_one", &[2]), (6, "covered_by_one", &[5])]);
    let found = findings(compiled(source));
    let subjects: Vec<String> = found
        .iter()
        .filter_map(|it| it.subject.as_ref())
        .map(|subject| format!("{}/{}", subject.table, subject.chain))
        .collect();
    assert_eq!(subjects, ["nat/OUTPUT", "raw/OUTPUT"]);
}

#[test]
fn more_than_four_causes_are_counted() {
    let mut source = String::from("chain INPUT {\n");
    for port in 0..8 {
        source += &format!("tcp dport {}..={} => accept;\n", port * 8192, port * 8192 + 8191);
    }
    // Later fragments have no ports.
    source += "tcp dport !0 => drop;\n}";
    let found = findings(compiled(&source));
    let [found] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(found.causes.iter().map(|loc| loc.line).collect::<Vec<_>>(), (2..10).collect::<Vec<_>>());
    assert_eq!(found.notes.len(), 5);
    assert_eq!(found.notes[4], ("and 4 rules more".to_owned(), None));
}

#[test]
fn each_kind_is_given_to_programs() {
    let source = "chain INPUT { icmp !any => accept; \n tcp => accept; \n tcp dport 1 => drop; }";
    let model = compiled(&format!("#![allow(unreachable_rule)] {source}")).model;
    let kinds: Vec<(u32, UnreachableKind)> =
        unreachable_rules(&model).iter().map(|it: &Unreachable| (it.loc.line, it.kind)).collect();
    assert_eq!(kinds, [(1, UnreachableKind::MatchesNothing), (3, UnreachableKind::CoveredByOne)]);
}
