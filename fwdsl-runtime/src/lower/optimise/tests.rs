//! Trees are compared with the rules that they stand for by the diagram, which shares nothing with their making or their
//! proof but what options mean; and trees that are wrong are not proven.

use super::{OptimisedRun, lower_optimised};
use crate::analysis::{COMPARE_BUDGET, Stead, check_trees, compare_rulesets};
use crate::emit::{Protocols, emit};
use crate::family::Family;
use crate::import::{Unknown, import};
use crate::lower::{Ruleset, Table, lower};
use crate::model::{Action, Model};
use crate::syntax::Compiled;

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

struct Optimised {
    plain: Ruleset,
    now: Ruleset,
    report: Vec<OptimisedRun>,
}

fn optimised(text: &str, family: Family) -> Optimised {
    let imported =
        import(text, "test", family, Unknown::Raw).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let mut model = imported.model;
    model.set_optimise(true);
    let plain = lower(&model, family).expect("a table");
    let (now, report) = lower_optimised(&model, family).expect("a table");
    Optimised { plain, now, report }
}

/// Rules for INPUT of a filter table; chains `a` and `b` hold a rule each.
fn filter(rules: &[String]) -> String {
    let rules = rules.join("\n");
    format!(
        "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:a -\n:b -\n{rules}\n\
         -A a -p udp -j RETURN\n-A b -p tcp -j ACCEPT\nCOMMIT\n"
    )
}

impl Optimised {
    fn trees(&self) -> usize {
        self.report.iter().filter(|run| run.tree.is_ok()).count()
    }

    fn assert_equal(&self) {
        for run in &self.report {
            assert!(!matches!(&run.tree, Err(why) if why.starts_with("not proven")), "{run:?}");
        }
        let difference = compare_rulesets(&self.plain, &self.now, 1000 * COMPARE_BUDGET).expect("few steps");
        let text =
            || format!("{}\n{}", emit(&self.plain, Protocols::Named), emit(&self.now, Protocols::Named));
        assert!(difference.changes.is_empty(), "{difference:?}\n{}", text());
    }

    /// The lines of a chain, and of those that were made for it.
    fn lines(&self) -> usize {
        self.now.tables[0].chains.iter().map(|chain| chain.rules.len()).sum()
    }
}

fn verdict(number: usize) -> &'static str {
    if number.is_multiple_of(3) { "ACCEPT" } else { "DROP" }
}

#[test]
fn long_lists_of_addresses_and_of_ports_become_short_ways() {
    let count = 1000;
    let address = |k: usize| {
        format!(
            "-A INPUT -s 10.{}.{}.{}/32 -p tcp -m tcp --dport {} -j {}",
            k % 7,
            k / 250,
            k % 250,
            1 + k * 13,
            verdict(k)
        )
    };
    let port = |k: usize| format!("-A INPUT -p tcp -m tcp --dport {} -j {}", 1 + k * 5, verdict(k));
    let rules: [Vec<String>; 2] = [(0..count).map(address).collect(), (0..count).map(port).collect()];
    for rules in rules {
        let optimised = optimised(&filter(&rules), Family::Ipv4);
        optimised.assert_equal();
        let [run] = optimised.report.as_slice() else { panic!("{:?}", optimised.report) };
        let size = run.tree.as_ref().expect("a tree");
        assert!(size.longest_way <= 20 && size.lines <= 2 * count, "{size:?}");
    }
}

/// What is between trees stays where it is; what changes packets or remembers them is in no tree.
#[test]
fn what_is_not_pure_stays_in_its_place() {
    let mut rules: Vec<String> = Vec::new();
    let plain =
        |from: usize| (from..from + 40).map(|k| format!("-A INPUT -s 10.0.0.{k}/32 -j {}", verdict(k)));
    rules.extend(plain(0));
    rules.push("-A INPUT -m limit --limit 1/sec -j LOG".into());
    rules.extend(plain(20));
    rules.push("-A INPUT -p tcp -m recent --update --name x --rsource -j DROP".into());
    rules.extend(plain(60));
    let optimised = optimised(&filter(&rules), Family::Ipv4);
    optimised.assert_equal();
    assert_eq!(optimised.trees(), 3);
    let chain = optimised.now.tables[0].chain("INPUT").expect("it is built in");
    let kinds: Vec<bool> = chain.rules.iter().map(|rule| matches!(rule.action, Action::Jump(_))).collect();
    assert_eq!(kinds, [true, false, true, false, true]);
}

/// Of a packet's way through random rules, all verdicts and all side effects are the same: LOG and NFLOG are compared, and so
/// are the chains that are called.
#[test]
fn random_rules_are_the_same_as_trees() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut trees = 0;
    for round in 0..60 {
        let family = if round % 4 == 3 { Family::Ipv6 } else { Family::Ipv4 };
        let count = 12 + random.below(70);
        let rules: Vec<String> = (0..count).map(|_| random_rule(&mut random, family)).collect();
        let optimised = optimised(&filter(&rules), family);
        optimised.assert_equal();
        trees += optimised.trees();
        let source: usize = optimised.plain.tables[0].chains.iter().map(|chain| chain.rules.len()).sum();
        assert!(optimised.lines() <= 2 * source + 2);
    }
    assert!(trees >= 25, "{trees}");
}

fn random_rule(random: &mut Random, family: Family) -> String {
    let mut rule = String::from("-A INPUT");
    let mut say = |words: String| rule += &format!(" {words}");
    let address = |random: &mut Random| match family {
        Family::Ipv4 => {
            let prefix = [8, 12, 16, 20, 24, 28, 32][random.below(7)];
            format!("10.{}.{}.{}/{prefix}", random.below(4), random.below(4), random.below(16))
        }
        Family::Ipv6 => format!(
            "fd00:{}:{}::{}/{}",
            random.below(4),
            random.below(3),
            random.below(9),
            [32, 48, 64, 128][random.below(4)]
        ),
    };
    for option in ["-s", "-d"] {
        match random.below(8) {
            0 => say(format!("! {option} {}", address(random))),
            1..=3 => say(format!("{option} {}", address(random))),
            _ => {}
        }
    }
    match random.below(12) {
        0 => say("-i eth0".into()),
        1 => say("-i eth1".into()),
        2 => say("-i eth+".into()),
        3 => say("! -i eth0".into()),
        _ => {}
    }
    let port = |random: &mut Random| {
        let first = random.below(30);
        if random.below(3) == 0 {
            format!("{first}:{}", first + 1 + random.below(20))
        } else {
            first.to_string()
        }
    };
    match random.below(9) {
        0 => say("-p tcp".into()),
        1 | 2 => say(format!("-p tcp -m tcp --dport {}", port(random))),
        3 => say(format!("-p udp -m udp --dport {}", port(random))),
        4 => say(format!("-p tcp -m tcp --sport {} --dport {}", port(random), port(random))),
        5 => say(format!("-p tcp -m multiport --dports {},{}", random.below(20), 20 + random.below(20))),
        6 => say(format!("-p udp -m udp ! --dport {}", random.below(30))),
        _ => {}
    }
    match random.below(14) {
        0 => say("-m conntrack --ctstate ESTABLISHED,RELATED".into()),
        1 => say("-m mark --mark 0x1/0x3".into()),
        2 => say("-m length --length 100:200".into()),
        3 if family == Family::Ipv4 => say("-f".into()),
        _ => {}
    }
    let targets = ["ACCEPT", "DROP", "ACCEPT", "DROP", "ACCEPT", "REJECT", "LOG", "a", "b"];
    match random.below(30) {
        0 => say("-j RETURN".into()),
        1 => say("-g a".into()),
        _ => say(format!("-j {}", targets[random.below(targets.len())])),
    }
    // What does not go together in iptables; such rules are made again.
    if rule.contains("-f ") && rule.contains("port") { random_rule(random, family) } else { rule }
}

/// The table, with the tree of its only run.
fn with_tree(rules: &[String], family: Family) -> (Ruleset, Table, Vec<Stead>) {
    let Optimised { plain, now, report } = optimised(&filter(rules), family);
    assert!(matches!(report.as_slice(), [run] if run.tree.is_ok()), "{report:?}");
    let table = now.tables[0].clone();
    let entry = table
        .chain("INPUT")
        .expect("built in")
        .rules
        .iter()
        .position(|rule| matches!(&rule.action, Action::Jump(name) if name.contains('.')));
    let steads = vec![Stead { entry: entry.expect("a tree"), first: 0, end: rules.len() }];
    (plain, table, steads)
}

/// Whatever is changed in a tree so that packets fare otherwise, no proof of it is found.
#[test]
fn no_wrong_tree_is_proven() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let rules: Vec<String> = (0..60)
        .map(|k| match k % 4 {
            0 => {
                format!("-A INPUT -s 10.{}.0.0/16 -p tcp -m tcp --dport {} -j {}", k % 16, 20 + k, verdict(k))
            }
            1 => {
                format!("-A INPUT -s 10.{}.0.{k}/32 -p udp -m udp --dport {k} -j {}", k % 16, verdict(k / 4))
            }
            2 => format!("-A INPUT -s 10.{}.0.0/16 -j LOG --log-prefix \"{k}\"", k % 16),
            _ => format!("-A INPUT -s 10.{}.128.0/17 -d 192.0.2.{k}/32 -j {}", k % 16, verdict(k)),
        })
        .collect();
    let (plain, table, steads) = with_tree(&rules, Family::Ipv4);
    let start = plain.tables[0].position("INPUT").expect("built in");
    let check =
        |table: &Table, steads: &[Stead]| check_trees((&plain, &plain.tables[0], start), table, steads);
    check(&table, &steads).expect("what is not changed is proven");
    let (mut refused, mut tried) = (0, 0);
    while tried < 400 {
        let mut mutant = table.clone();
        let made: Vec<usize> = (0..mutant.chains.len())
            .filter(|chain| mutant.chains[*chain].name.starts_with("INPUT."))
            .collect();
        let chain = made[random.below(made.len())];
        let count = mutant.chains[chain].rules.len();
        let rule = random.below(count);
        let rules = &mut mutant.chains[chain].rules;
        match random.below(6) {
            0 => drop(rules.remove(rule)),
            1 => {
                let copy = rules[rule].clone();
                rules.insert(rule, copy);
            }
            2 => rules.swap(rule, (rule + 1) % count),
            3 => rules[rule].matches.clear(),
            4 => {
                let other = rules[random.below(count)].action.clone();
                rules[rule].action = other;
            }
            _ => {
                let other = made[random.below(made.len())];
                let matches = mutant.chains[other].rules[0].matches.clone();
                mutant.chains[chain].rules[rule].matches = matches;
            }
        }
        let mut changed = plain.clone();
        changed.tables[0] = mutant.clone();
        // Some changes change nothing: then either answer will do. That what is logged twice is no other verdict, and that
        // a chain leads to itself, the diagram does not see.
        let verdict = check(&mutant, &steads);
        tried += 1;
        if verdict.is_err() {
            refused += 1;
        } else {
            let difference = compare_rulesets(&plain, &changed, 1000 * COMPARE_BUDGET).expect("few steps");
            assert!(difference.changes.is_empty(), "{}", emit(&changed, Protocols::Named));
            assert_eq!(logs(&mutant), logs(&table), "{}", emit(&changed, Protocols::Named));
        }
    }
    assert!(refused > 200, "{refused} of {tried}");
}

/// How often each rule that logs stands in a table.
fn logs(table: &Table) -> Vec<String> {
    let rules = table.chains.iter().flat_map(|chain| &chain.rules);
    let logs = rules.filter(|rule| rule.target().is_some_and(|target| target.name == "LOG"));
    let mut logs: Vec<String> = logs.map(|rule| format!("{:?} {:?}", rule.matches, rule.action)).collect();
    logs.sort_unstable();
    logs
}

/// Steps that the making never takes, and that would be wrong.
#[test]
fn steads_that_lie_are_refused() {
    let rules: Vec<String> =
        (0..40).map(|k| format!("-A INPUT -s 10.0.0.{k}/32 -j {}", verdict(k))).collect();
    let (plain, table, steads) = with_tree(&rules, Family::Ipv4);
    let start = plain.tables[0].position("INPUT").expect("built in");
    let check =
        |table: &Table, steads: &[Stead]| check_trees((&plain, &plain.tables[0], start), table, steads);
    let of = |entry, first, end| vec![Stead { entry, first, end }];
    check(&table, &steads).expect("it is right");
    for wrong in [Vec::new(), of(0, 0, 39), of(0, 1, 40), of(1, 0, 40), of(0, 0, 41), of(0, 40, 0)] {
        assert!(check(&table, &wrong).is_err(), "{wrong:?}");
    }
    let mut conditional = table.clone();
    let entry = conditional.position("INPUT").expect("built in");
    conditional.chains[entry].rules[0].matches =
        plain.tables[0].chain("INPUT").expect("built in").rules[0].matches.clone();
    assert!(check(&conditional, &steads).is_err());
}

/// Legacy drops small fragments of TCP where it looks for ports: a tree asks for ports first only where they would meet
/// such a rule anyway, or where none come.
#[test]
fn small_fragments_are_dropped_where_they_were() {
    let forward = |rules: Vec<String>| {
        let rules: Vec<String> = rules.iter().map(|rule| rule.replace("INPUT", "FORWARD")).collect();
        optimised(&filter(&rules), Family::Ipv4)
    };
    let port = |k: usize| format!("-A INPUT -p tcp -m tcp --dport {} -j {}", 2 * k + 1, verdict(k));
    let all = forward((0..200).map(port).collect());
    all.assert_equal();
    assert_eq!(all.trees(), 1);
    // The first rule that a fragment meets accepts some of them.
    let mut rules = vec!["-A INPUT -p tcp -s 10.0.0.1 -j ACCEPT".to_owned()];
    rules.extend((0..200).map(port));
    let some = forward(rules.clone());
    some.assert_equal();
    let tracked = rules.into_iter().chain(["-A INPUT -m conntrack --ctstate NEW -j LOG".into()]);
    let tracked = forward(tracked.collect());
    tracked.assert_equal();
    assert_eq!(tracked.trees(), 1);
}

fn compiled(text: &str) -> crate::syntax::Compiled {
    crate::syntax::compile(text.parse().unwrap_or_else(|error| panic!("{error}: {text}")))
}

/// A chain is optimised where it says so, or the policy does; the form that the macro packs keeps it.
#[test]
fn chains_are_optimised_where_it_is_written() {
    let rules: String = (1..=40).map(|port| format!("tcp dport {} => accept;", 3 * port)).collect();
    let source = |policy: &str, input: &str, other: &str| {
        format!("{policy} {input} chain INPUT policy drop {{ {rules} }} {other} chain OTHER {{ {rules} }}")
    };
    let trees = |text: &str| {
        let Compiled { model, diagnostics, .. } = compiled(text);
        assert!(diagnostics.iter().all(|found| !found.is_error()), "{diagnostics:?}");
        let model = Model::from_bytes("test", &model.to_bytes()).expect("it was packed");
        let (_, report) = lower_optimised(&model, Family::Ipv6).expect("a table");
        report.into_iter().filter(|run| run.tree.is_ok()).map(|run| run.chain).collect::<Vec<_>>()
    };
    assert_eq!(trees(&source("", "", "")), [""; 0]);
    assert_eq!(trees(&source("", "#[optimise]", "")), ["INPUT"]);
    assert_eq!(trees(&source("", "", "#[optimise]")), ["OTHER"]);
    assert_eq!(trees(&source("#![optimise]", "", "")), ["INPUT", "OTHER"]);
}

#[test]
fn the_attribute_is_of_chains_and_of_the_policy() {
    for text in [
        "chain INPUT { #[optimise] tcp => accept; }",
        "chain INPUT { #[optimise] tcp { _ => accept; } }",
        "#[optimise] let A = 1; chain INPUT { tcp dport A => accept; }",
        "#[optimise] set S: hash:ip { 10.0.0.1 } chain INPUT { from set(S) => accept; }",
        "#[optimise] foreign set S: hash:ip; chain INPUT { _ => drop; }",
        "#[optimise] foreign chain A; chain INPUT { _ => jump A; }",
        "#[optimise] fn a() { tcp => accept; } chain INPUT { a(); }",
        "#[optimise] table filter { chain INPUT { tcp => accept; } }",
        "#[optimise] sysctl { net.ipv4.ip_forward = 1; }",
    ] {
        let errors = compiled(text).diagnostics;
        let said = errors.iter().filter(|error| error.message == "`optimise` means nothing here").count();
        assert_eq!(said, 1, "{text}: {errors:?}");
    }
    let errors = compiled("#[optimise(all)] chain INPUT { tcp => accept; }").diagnostics;
    assert!(errors.iter().any(|error| error.message.contains("expected `]`")), "{errors:?}");
}
