//! What becomes of single packets: by chain and on the whole way, for each variant, and what is told of it.

use std::net::IpAddr;

use fwdsl_runtime::Policy;
use fwdsl_runtime::analysis::{
    Answer, CtState, Event, MetRule, Packet, Status, Trace, Tracking, evaluate, evaluate_for, evaluate_host,
    trace_chain, trace_host,
};
use fwdsl_runtime::catalogue::Extension;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::lower::{Ruleset, lower};
use fwdsl_runtime::model::Model;
use fwdsl_runtime::syntax::compile;
use fwdsl_runtime::table::TableName;
use fwdsl_runtime::variant::Variant;
use fwdsl_tests::packets::packet;
use fwdsl_tests::policies;
use fwdsl_tests::random::Random;

fn model(source: &str) -> Model {
    compile(source.parse().unwrap_or_else(|error| panic!("{error}: {source}"))).model
}

fn ruleset(source: &str) -> Ruleset {
    let compiled = compile(source.parse().expect("tokens"));
    assert!(compiled.is_sound(), "{:?}", compiled.diagnostics);
    lower(&compiled.model, Family::Ipv4).expect("rules for IPv4")
}

fn addr(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A TCP packet for this host.
fn arriving() -> Packet {
    let packet = Packet::new(addr("192.0.2.1"), addr("198.51.100.1"), 6);
    Packet { in_interface: Some("eth0".into()), ..packet }
}

fn forwarded() -> Packet {
    Packet { out_interface: Some("eth1".into()), ..arriving() }
}

fn leaving() -> Packet {
    Packet { in_interface: None, out_interface: Some("eth0".into()), ..arriving() }
}

fn words(verdicts: &[&'static Extension]) -> Vec<String> {
    let mut words: Vec<String> = verdicts.iter().map(|verdict| verdict.word()).collect();
    words.sort();
    words
}

/// What becomes of a packet on its whole way; and the trace says the same.
fn host(ruleset: &Ruleset, packet: &Packet) -> Vec<String> {
    let fate = evaluate_host(ruleset, packet, None).expect("the family");
    let trace = trace_host(ruleset, packet, None).expect("the family");
    assert_eq!((&trace.verdicts, trace.joined), (&fate.verdicts, fate.joined));
    words(&fate.verdicts)
}

fn rules(trace: &Trace) -> Vec<&MetRule> {
    let mut rules = Vec::new();
    for step in &trace.steps {
        if let Event::Rule(rule) = &step.event {
            rules.push(rule);
        }
    }
    rules
}

#[test]
fn tables_are_asked_in_order_and_each_may_drop() {
    for (packet, hooks) in [
        (
            arriving(),
            &["raw/PREROUTING", "mangle/PREROUTING", "mangle/INPUT", "filter/INPUT", "security/INPUT"][..],
        ),
        (
            forwarded(),
            &[
                "raw/PREROUTING",
                "mangle/PREROUTING",
                "mangle/FORWARD",
                "filter/FORWARD",
                "security/FORWARD",
                "mangle/POSTROUTING",
            ],
        ),
        (
            leaving(),
            &["raw/OUTPUT", "mangle/OUTPUT", "filter/OUTPUT", "security/OUTPUT", "mangle/POSTROUTING"],
        ),
    ] {
        let chains = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];
        for table in ["raw", "mangle", "filter", "security"] {
            for chain in chains {
                let Some(_) = TableName::from_name(table).and_then(|name| name.hook(chain)) else { continue };
                let rules = ruleset(&format!("table {table} {{ chain {chain} {{ tcp => drop; }} }}"));
                let met = hooks.contains(&format!("{table}/{chain}").as_str());
                assert_eq!(
                    host(&rules, &packet),
                    [if met { "drop" } else { "accept" }],
                    "{table}/{chain} {packet}"
                );
            }
        }
    }
    let all = "table raw { chain PREROUTING { tcp => log; } } table nat { chain PREROUTING { tcp => log; } chain INPUT { tcp => log; } }
               table mangle { chain PREROUTING { tcp => log; } chain INPUT { tcp => log; } }
               table security { chain INPUT { tcp => log; } } chain INPUT { tcp => log; }";
    let trace = trace_host(&ruleset(all), &arriving(), None).unwrap();
    let met: Vec<String> = { trace.steps.iter() }
        .filter(|step| matches!(step.event, Event::Rule(_)))
        .map(|step| format!("{}/{}", step.table, step.chain))
        .collect();
    let order = [
        "raw/PREROUTING",
        "mangle/PREROUTING",
        "nat/PREROUTING",
        "mangle/INPUT",
        "filter/INPUT",
        "security/INPUT",
        "nat/INPUT",
    ];
    assert_eq!(met, order);
}

#[test]
fn marks_are_followed_through_rules_and_tables() {
    let rules = ruleset(
        "table mangle { chain PREROUTING {
            tcp dport 80 => mark(set 1), accept;
            tcp dport 81 limit 1/s => mark(set 1);
            tcp dport 82 => mark(set 0x10), mark(or 1);
        } }
        chain INPUT policy drop { mark 1 => accept; mark 0x11 => reject; }",
    );
    let with = |dport| Packet { dport, ..arriving() };
    assert_eq!(host(&rules, &with(80)), ["accept"]);
    assert_eq!(host(&rules, &with(81)), ["accept", "drop"]);
    assert_eq!(host(&rules, &with(82)), ["reject"]);
    assert_eq!(host(&rules, &with(83)), ["drop"]);
    assert_eq!(host(&rules, &Packet { mark: 1, ..with(83) }), ["accept"]);
    let unknown = ruleset(
        "table mangle { chain PREROUTING { tcp => connmark(restore); } } chain INPUT policy drop { mark 1 => accept; }",
    );
    assert_eq!(host(&unknown, &arriving()), ["accept", "drop"]);
}

#[test]
fn what_is_kept_from_tracking_is_untracked_and_before_it_is_looked_at_it_is_invalid() {
    let rules = ruleset(
        "table raw { chain PREROUTING { tcp dport 80 => ct(notrack); ct new => drop; ct invalid => log; } }
         chain INPUT policy drop { ct untracked => reject; ct new => accept; }",
    );
    assert_eq!(host(&rules, &arriving()), ["reject"]);
    assert_eq!(host(&rules, &Packet { dport: 22, ..arriving() }), ["accept"]);
    let trace = trace_host(&rules, &Packet { dport: 22, ..arriving() }, None).unwrap();
    let answers: Vec<Answer> = rules_of(&trace, "PREROUTING");
    assert_eq!(answers, [Answer::No, Answer::No, Answer::Yes]);
    // On `lo` they come with the state that they left with.
    let local = Packet { in_interface: Some("lo".into()), dport: 22, ..arriving() };
    assert_eq!(host(&rules, &local), ["accept", "drop"]);
}

fn rules_of(trace: &Trace, chain: &str) -> Vec<Answer> {
    let here = trace.steps.iter().filter(|step| step.chain == chain);
    let answer = |event: &Event| if let Event::Rule(rule) = event { Some(rule.answer) } else { None };
    here.filter_map(|step| answer(&step.event)).collect()
}

#[test]
fn the_first_packet_of_a_connection_is_translated() {
    let rules = ruleset(
        "table nat { chain PREROUTING {
            tcp dport 80 => dnat(to 10.0.0.5:8080);
            tcp dport 81 => dnat(to 10.0.0.5..=10.0.0.9);
            tcp dport 82 => redirect(to 8082);
            tcp dport 83 limit 1/s => dnat(to 10.0.0.5);
         } }
         chain FORWARD policy drop { to 10.0.0.5 tcp dport 8080 ct dnat => accept; to 10.0.0.5 => reject; }
         chain INPUT policy drop { tcp dport 8082 => accept; }",
    );
    let with = |dport| Packet { dport, ..forwarded() };
    assert_eq!(host(&rules, &with(80)), ["accept"]);
    assert_eq!(host(&rules, &with(81)), ["drop", "reject"]);
    assert_eq!(host(&rules, &with(83)), ["drop", "reject"]);
    assert_eq!(host(&rules, &with(84)), ["drop"]);
    assert_eq!(host(&rules, &Packet { dport: 82, ..arriving() }), ["accept"]);
    // Others are not asked about: what is established without translation stays as it is.
    let of = |state| Packet { tracking: Tracking::of(state), status: Status::usual(state), ..with(80) };
    for state in [CtState::Established, CtState::Invalid, CtState::Untracked] {
        assert_eq!(host(&rules, &of(state)), ["drop"], "{state:?}");
    }
    // What is translated already goes where only the kernel knows.
    let translated = Tracking { dnat: true, ..Tracking::of(CtState::Established) };
    assert_eq!(
        host(&rules, &Packet { tracking: translated, ..of(CtState::Established) }),
        ["accept", "drop", "reject"]
    );
    let trace = trace_host(&rules, &with(80), None).unwrap();
    let changed = trace
        .steps
        .iter()
        .find_map(|step| if let Event::Changed(packet) = &step.event { Some(packet) } else { None });
    assert_eq!(changed.map(|packet| (packet.to, packet.dport)), Some((addr("10.0.0.5"), 8080)));
}

#[test]
fn nobody_knows_where_a_packet_leaves_before_it_is_routed() {
    let rules = ruleset(
        "table raw { chain PREROUTING { _ => jump one; } chain one { out !eth1 tcp dport 80 => drop; } }
         chain FORWARD policy drop { out eth1 => accept; }",
    );
    assert_eq!(host(&rules, &forwarded()), ["drop"]);
    let other = Packet { dport: 81, ..forwarded() };
    assert_eq!(host(&rules, &other), ["accept"]);
    let trace = trace_host(&rules, &other, None).unwrap();
    assert!(trace.steps.iter().all(|step| !matches!(step.event, Event::Changed(_))));
}

#[test]
fn security_sees_the_source_before_or_after_its_translation() {
    let rules = ruleset(
        "family ipv4;
         table nat { chain INPUT { from 192.0.2.0/24 => snat(to 10.9.9.9); } }
         table security { chain INPUT { from 10.9.9.9 => drop; from 192.0.2.1 ct snat => drop; } }",
    );
    let of = |packet: &Packet, variant| words(&evaluate_host(&rules, packet, variant).unwrap().verdicts);
    assert_eq!(of(&arriving(), Some(Variant::Legacy)), ["accept"]);
    assert_eq!(of(&arriving(), Some(Variant::Nft)), ["drop"]);
    assert_eq!(host(&rules, &arriving()), ["accept", "drop"]);
    // What nothing translates is the same to both.
    let other = Packet { from: addr("198.51.100.7"), ..arriving() };
    assert_eq!(host(&rules, &other), ["accept"]);
    assert_eq!(host(&rules, &Packet { from: addr("10.9.9.9"), ..other }), ["drop"]);
    // Later packets of a translated connection come from an address that nobody knows.
    let tracking = Tracking { state: CtState::Established, snat: true, dnat: false };
    let later = Packet { tracking, status: Status::usual(CtState::Established), ..arriving() };
    assert_eq!(of(&later, Some(Variant::Legacy)), ["drop"]);
    assert_eq!(of(&later, Some(Variant::Nft)), ["accept", "drop"]);
    // What leaves is translated behind all rules.
    let trace = trace_host(&rules, &arriving(), None).unwrap();
    let certain = trace.steps.iter().filter(|step| step.table == TableName::Security && step.certain);
    assert_eq!(certain.count(), 0);
}

#[test]
fn fragments_are_put_together_before_the_rules_that_would_see_them() {
    let fragment = |packet: Packet| Packet { later_fragment: true, ..packet };
    let plain = ruleset(
        "table mangle { chain PREROUTING { fragment => mark(set 1); } } chain FORWARD policy drop { fragment => accept; }",
    );
    assert_eq!(host(&plain, &fragment(forwarded())), ["accept"]);
    assert!(evaluate_host(&plain, &fragment(arriving()), None).unwrap().joined);
    let tracking = ruleset("chain FORWARD policy drop { fragment => accept; ct established => accept; }");
    let fate = evaluate_host(&tracking, &fragment(forwarded()), None).unwrap();
    assert!(fate.joined && fate.verdicts.is_empty());
    let dropping = ruleset("table raw { chain PREROUTING { fragment => drop; } }");
    let fate = evaluate_host(&dropping, &fragment(arriving()), None).unwrap();
    assert_eq!((words(&fate.verdicts), fate.joined), (vec!["drop".to_owned()], false));
}

#[test]
fn the_variants_differ_on_later_fragments() {
    let rules = ruleset("chain FORWARD policy drop { tcp dport 80 => accept; udp dport 53 => accept; }");
    let verdicts = |protocol: u8, variant| {
        let packet = Packet { later_fragment: true, protocol, ..forwarded() };
        let found = evaluate_for(&rules, TableName::Filter, "FORWARD", &packet, variant).unwrap();
        let told = trace_chain(&rules, TableName::Filter, "FORWARD", &packet, variant).unwrap();
        assert_eq!(told.verdicts, found);
        words(&found)
    };
    assert_eq!(verdicts(17, Some(Variant::Legacy)), ["drop"]);
    assert_eq!(verdicts(17, Some(Variant::Nft)), ["accept", "drop"]);
    assert_eq!(verdicts(17, None), ["accept", "drop"]);
    let accepting = ruleset("chain FORWARD policy accept { tcp dport 80 => accept; }");
    let tiny = |variant| {
        let packet = Packet { later_fragment: true, ..forwarded() };
        words(&evaluate_for(&accepting, TableName::Filter, "FORWARD", &packet, variant).unwrap())
    };
    assert_eq!(tiny(Some(Variant::Legacy)), ["accept", "drop"]);
    assert_eq!(tiny(Some(Variant::Nft)), ["accept"]);
}

#[test]
fn a_trace_tells_each_rule_and_why_it_does_not_match() {
    let rules = ruleset(
        "chain INPUT policy drop {
            in lo => accept;
            tcp dport 80 => jump WEB;
            tcp dport 81 => accept;
         }
         chain WEB { from 10.0.0.0/8 => accept; limit 1/s => accept; _ => return; }",
    );
    let trace = trace_chain(&rules, TableName::Filter, "INPUT", &arriving(), None).unwrap();
    let told: Vec<(usize, usize, Answer, bool)> = { trace.steps.iter() }
        .filter_map(|step| match &step.event {
            Event::Rule(rule) => Some((step.depth, rule.number, rule.answer, step.certain)),
            _ => None,
        })
        .collect();
    let (yes, no, may) = (Answer::Yes, Answer::No, Answer::Perhaps);
    assert_eq!(
        told,
        [
            (0, 1, no, true),
            (0, 2, yes, true),
            (1, 1, no, true),
            (1, 2, may, true),
            (1, 3, yes, false),
            (0, 3, no, false)
        ]
    );
    let told = self::rules(&trace);
    assert_eq!(told[0].text, "-A INPUT -i lo -j ACCEPT");
    assert_eq!(
        (told[0].reasons[0].asked.as_str(), told[0].reasons[0].because.as_str()),
        ("-i lo", "it came in by eth0")
    );
    assert_eq!(told[2].reasons[0].because, "it is from 192.0.2.1");
    assert!(told[1].reasons.is_empty());
    assert_eq!(told[0].loc.line, 2);
    assert!(matches!(trace.steps.last().unwrap().event, Event::Policy(_)));
    assert_eq!(words(&trace.verdicts), ["accept", "drop"]);
}

#[test]
fn chains_that_send_packets_on_many_times_over_are_told_in_part() {
    let mut source = String::from("chain INPUT { _ => jump C-0; }\n");
    for number in 0..24 {
        let next = format!("_ => jump C-{};\n", number + 1);
        source.push_str(&format!("chain C-{number} {{ {next} {next} {next} }}\n"));
    }
    source.push_str("chain C-24 { tcp dport 80 limit 1/s => drop; }\n");
    let model = model(&source);
    let rules = lower(&model, Family::Ipv4).unwrap();
    let trace = trace_chain(&rules, TableName::Filter, "INPUT", &arriving(), None).unwrap();
    assert!(trace.is_cut);
    assert_eq!(words(&trace.verdicts), ["accept", "drop"]);
}

#[test]
fn a_policy_is_asked_about_a_packet() {
    let policy =
        Policy::from_model(model("family ipv4; chain INPUT policy drop { tcp dport 22 => accept; }"))
            .unwrap();
    assert_eq!(words(&policy.evaluate(&arriving()).unwrap().verdicts), ["drop"]);
    let chain = |name, packet: &Packet| policy.evaluate_chain(TableName::Filter, name, packet).unwrap();
    let trace = chain("INPUT", &Packet { dport: 22, ..arriving() }).unwrap();
    assert_eq!(words(&trace.verdicts), ["accept"]);
    assert!(chain("NONE", &arriving()).is_none());
    let ipv6 = Packet {
        in_interface: Some("eth0".into()),
        ..Packet::new(addr("2001:db8::1"), addr("2001:db8::2"), 6)
    };
    let trace = policy.evaluate(&ipv6).unwrap();
    assert!(trace.steps.is_empty() && words(&trace.verdicts) == ["accept"]);
}

#[test]
fn the_trace_of_random_packets_says_what_evaluation_says() {
    let mut random = Random::new(11);
    let mut several = 0;
    for _ in 0..150 {
        let source = policies::policy(&mut random);
        let model = model(&source);
        for family in Family::ALL {
            let Some(rules) = lower(&model, family) else { continue };
            for _ in 0..20 {
                let hook = ["INPUT", "FORWARD", "OUTPUT"][random.below(3)];
                let packet = packet(&mut random, family, hook);
                let all = evaluate(&rules, TableName::Filter, hook, &packet).unwrap();
                several += usize::from(all.len() > 1);
                for variant in [None, Some(Variant::Legacy), Some(Variant::Nft)] {
                    let found = evaluate_for(&rules, TableName::Filter, hook, &packet, variant).unwrap();
                    assert!(
                        !found.is_empty() && found.iter().all(|verdict| all.contains(verdict)),
                        "{packet}\n{source}"
                    );
                    let trace = trace_chain(&rules, TableName::Filter, hook, &packet, variant).unwrap();
                    assert_eq!(words(&trace.verdicts), words(&found), "{packet}\n{source}");
                    let fate = evaluate_host(&rules, &packet, variant).unwrap();
                    let trace = trace_host(&rules, &packet, variant).unwrap();
                    assert_eq!((words(&trace.verdicts), trace.joined), (words(&fate.verdicts), fate.joined));
                    assert!(fate.joined || !fate.verdicts.is_empty(), "{packet}\n{source}");
                }
            }
        }
    }
    assert!(several > 300, "{several}");
}
