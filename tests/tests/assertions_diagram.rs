//! Assertions that the search leaves open, since boxes multiply, and that the diagram decides.

use fwdsl_runtime::analysis::{Event, Packet, Problem, evaluate, prove, trace_chain};
use fwdsl_runtime::catalogue::ACCEPT;
use fwdsl_runtime::loc::Sources;
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::model::Model;
use fwdsl_runtime::syntax::compile;
use fwdsl_runtime::table::TableName;

/// How many rules cut packets crosswise, by sources and ports: each by a range that overlaps with most others.
const RULES: usize = 120;
/// A rule that they leave packets to.
const CELL: &str = "from 10.0.40.0/24 tcp dport 100";
/// One of which they leave nothing: the first of them takes all of it.
const COVERED: &str = "from 10.0.0.0/24 tcp sport 5 dport 5";

/// A policy that asks these rules, each with this verdict, before `last`.
fn model(top: &str, verdict: &str, last: &str, case: &str) -> Model {
    model_in("filter", top, "", verdict, last, case)
}

/// The same in another table, and behind `first`.
fn model_in(table: &str, top: &str, first: &str, verdict: &str, last: &str, case: &str) -> Model {
    let mut rules = String::new();
    for number in 0..RULES {
        let [from, sport, dport] = [37, 71, 53].map(|step| number * step % RULES);
        let wide = RULES / 2;
        rules += &format!(
            "from 10.0.{from}.0..=10.0.{}.255 tcp sport {}..={} dport {}..={} => {verdict};\n",
            from + wide,
            sport + 1,
            sport + wide,
            dport + 1,
            dport + wide,
        );
    }
    let source = format!(
        "#![allow(unreachable_rule, no_effect_rule, unused_chain)] {top} family ipv4;
         table {table} {{
         chain INPUT policy drop {{ {first} _ => jump CROSSWISE; }}
         chain CROSSWISE {{ {rules} {last} }}
         chain THERE {{ udp => drop; }}
         }}
         assert {table}/INPUT {{ {case} }}"
    );
    compile(source.parse().unwrap_or_else(|error| panic!("{error}: {source}"))).model
}

#[track_caller]
fn holds(model: &Model) {
    assert_eq!(prove(model), []);
}

/// What is said of the only assertion, and the packet if there is one that breaks it.
#[track_caller]
fn found(model: &Model) -> (String, Option<Packet>) {
    let findings = prove(model);
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    let text = finding.diagnostic().text(&Sources::of_file("policy.rs"));
    let packet = match &finding.problem {
        Problem::Broken(found) => Some(found.packet.clone()),
        Problem::NotDecided { .. } => None,
        other => panic!("{other:?}: {text}"),
    };
    (text, packet)
}

#[test]
fn what_the_search_leaves_open_is_proven() {
    holds(&model("", "drop", "", "tcp => !accept;"));
    holds(&model("", "drop", &format!("{COVERED} => accept;"), "tcp => !accept;"));
    holds(&model("", "drop", &format!("{CELL} limit 1/s => reject;"), "tcp => drop|reject;"));
}

#[test]
fn what_the_search_leaves_open_is_refuted_by_a_packet() {
    for (last, case) in [
        (format!("{CELL} => accept;"), "tcp => !accept;"),
        (format!("{CELL} limit 1/s => accept;"), "tcp => drop;"),
    ] {
        let model = model("", "drop", &last, case);
        let (text, packet) = found(&model);
        let packet = packet.unwrap_or_else(|| panic!("{text}"));
        let ruleset = lower(&model, packet.family()).expect("rules");
        let verdicts = evaluate(&ruleset, TableName::Filter, "INPUT", &packet).expect("a chain");
        assert!(verdicts.contains(&&ACCEPT), "{packet}: {verdicts:?}");
        let line = 4 + RULES;
        assert!(text.contains("is accepted"), "{text}");
        assert!(text.contains(&format!("accepted by this rule (policy.rs:{line})")), "{text}");
    }
}

#[test]
fn whether_packets_come_to_a_chain_is_decided_too() {
    let jump = |head: &str| format!("{head} => jump THERE;");
    holds(&model("", "drop", &jump(COVERED), "tcp => !reaches THERE;"));
    holds(&model("", "jump THERE", "_ => goto THERE;", "tcp => reaches THERE;"));

    let comes = model("", "drop", &jump(CELL), "tcp => !reaches THERE;");
    let (text, packet) = found(&comes);
    let comes_there = |model: &Model, packet: &Packet| {
        let ruleset = lower(model, packet.family()).expect("rules");
        let trace = trace_chain(&ruleset, TableName::Filter, "INPUT", packet, None).expect("a chain");
        let in_chain = |step: &&fwdsl_runtime::analysis::Step| step.chain == "THERE";
        trace.steps.iter().filter(in_chain).any(|step| matches!(step.event, Event::Rule(_)))
    };
    assert!(text.contains("comes to `THERE`") && text.contains("it comes there by this rule"), "{text}");
    assert!(comes_there(&comes, &packet.expect("it is broken")), "{text}");

    let passes =
        model("", "jump THERE", &format!("{CELL} => drop; _ => goto THERE;"), "tcp => reaches THERE;");
    let (text, packet) = found(&passes);
    assert!(text.contains("does not come to `THERE`"), "{text}");
    assert!(!comes_there(&passes, &packet.expect("it is broken")), "{text}");
}

#[test]
fn what_neither_decides_names_the_attribute() {
    let (text, packet) = found(&model("#![analysis_budget(3000)]", "drop", "", "tcp => !accept;"));
    assert_eq!(packet, None);
    assert!(text.contains("assertion not decided: the proof takes more than 3000 steps"), "{text}");
    assert!(text.contains("`#![analysis_budget(30000)]`"), "{text}");
}

#[test]
fn what_a_packet_by_itself_refutes_is_not_said() {
    // The diagram does not follow marks, so it takes the last rule to match; no packet has that mark there.
    let last = format!("{CELL} mark 8 => accept;");
    let (text, packet) =
        found(&model_in("mangle", "", "_ => mark(set 7);", "drop", &last, "tcp => !accept;"));
    assert_eq!(packet, None, "{text}");
    assert!(text.contains("#![analysis_budget("), "{text}");
}
