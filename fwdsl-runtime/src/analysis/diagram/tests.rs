//! Diagrams against [`evaluate`], packet by packet, and what they cost.

use std::time::Instant;

use super::{ALL, Diagram, Functions, GOES_ON, Level, NONE, Node};
use crate::analysis::entry::{Surroundings, entries, hooks};
use crate::analysis::evaluate::evaluate;
use crate::analysis::program::{Action, Classes, Program, program};
use crate::analysis::region::{Axis, Choice, Condition, Region, Span};
use crate::analysis::search::find_verdict;
use crate::analysis::walk::falling_off;
use crate::analysis::witness::witness;
use crate::family::Family;
use crate::import::{Unknown, import};
use crate::lower::{Ruleset, lower};
use crate::table::TableName;

const STEPS: u64 = 50_000_000;

/// Numbers that are the same in every run (xorshift64*).
pub(in crate::analysis) struct Random(pub(in crate::analysis) u64);

impl Random {
    pub(in crate::analysis) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }

    pub(in crate::analysis) fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }
}

pub(in crate::analysis) fn rule(random: &mut Random, chains: &[&str], hook: &str) -> String {
    let mut words = String::new();
    let mut maybe = |random: &mut Random, times: usize, texts: &[&str]| {
        if random.below(times) == 0 {
            words.push(' ');
            words.push_str(random.pick(texts));
        }
    };
    maybe(
        random,
        3,
        &["-s 10.0.0.0/8", "-s 10.0.0.1", "! -s 10.1.0.0/16", "-s 192.0.2.0/24", "-s 0.0.0.0/1"],
    );
    maybe(random, 4, &["-d 10.0.0.0/9", "-d 10.0.0.2", "! -d 10.0.0.2", "-d 224.0.0.0/4"]);
    match hook {
        "OUTPUT" => maybe(random, 3, &["-o eth0", "-o eth+", "! -o lo"]),
        _ => maybe(random, 3, &["-i eth0", "-i eth+", "! -i lo"]),
    }
    maybe(
        random,
        2,
        &[
            "-p tcp",
            "-p tcp --dport 22",
            "-p tcp --sport 1024: ! --dport 80",
            "-p tcp --syn",
            "-p tcp -m multiport --ports 22,80:90",
            "-p udp -m multiport ! --dports 53,67",
            "-p udp --dport 53",
            "-p icmp --icmp-type 8",
            "! -p tcp",
            "-p icmp -m icmp ! --icmp-type 3/4",
        ],
    );
    maybe(random, 6, &["-f", "! -f"]);
    maybe(
        random,
        4,
        &[
            "-m conntrack --ctstate NEW",
            "-m conntrack ! --ctstate INVALID",
            "-m conntrack --ctstate RELATED,ESTABLISHED --ctstatus ASSURED",
            "-m mark --mark 1/3",
            "-m mark ! --mark 2",
            "-m pkttype --pkt-type broadcast",
        ],
    );
    maybe(random, 9, &["-m limit --limit 1/s", "-m length --length 100:200"]);
    let call = |random: &mut Random, how: &str| match chains {
        [] => "-j RETURN".to_owned(),
        _ => format!("{how} {}", random.pick(chains)),
    };
    let target = match random.below(9) {
        0 | 1 => "-j ACCEPT".to_owned(),
        2 | 3 => "-j DROP".to_owned(),
        4 => "-j REJECT".to_owned(),
        5 => "-j RETURN".to_owned(),
        6 => "-j LOG".to_owned(),
        7 => call(random, "-j"),
        _ => call(random, "-g"),
    };
    format!("{words} {target}")
}

/// A table whose chains call those behind them.
pub(in crate::analysis) fn ruleset(random: &mut Random) -> (String, Ruleset) {
    let names = ["INPUT", "OUTPUT", "a", "b", "c"];
    let mut text = String::from("*filter\n:INPUT DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:a -\n:b -\n:c -\n");
    for (place, name) in names.iter().enumerate() {
        let callees = &names[(place + 1).max(2)..];
        let hook = if *name == "OUTPUT" { "OUTPUT" } else { "" };
        for _ in 0..random.below(6) {
            let rule = match hook {
                "OUTPUT" => rule(random, &[], hook),
                _ => rule(random, callees, hook),
            };
            text += &format!("-A {name}{rule}\n");
        }
    }
    text += "COMMIT\n";
    let ruleset = read(&text, Family::Ipv4);
    (text, ruleset)
}

pub(in crate::analysis) fn read(text: &str, family: Family) -> Ruleset {
    let imported = import(text, "test", family, Unknown::Refuse);
    let imported = imported.unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    lower(&imported.model, family).expect("a table")
}

fn prepared(ruleset: &Ruleset) -> Program {
    let table = ruleset.table(TableName::Filter).expect("the table");
    let rules = table.chains.iter().flat_map(|chain| &chain.rules);
    let classes = Classes::new(rules.map(|rule| rule.matches.as_slice()));
    program(table, ruleset.family, classes)
}

const CHOICES: [Choice; 6] =
    [Choice::TcpFlags, Choice::Tracking, Choice::Fragment, Choice::Status, Choice::Mark, Choice::PacketType];

/// One packet of a region, at an edge of what the rules ask for as often as not.
pub(in crate::analysis) fn point(random: &mut Random, region: &Region, program: &Program) -> Region {
    let mut edges: Vec<(Axis, u128)> = Vec::new();
    for rule in program.chains.iter().flatten() {
        for condition in rule.test.always.iter().chain(&rule.test.transport) {
            if let Condition::Within(axis, spans) = condition {
                let ends = spans.iter().flat_map(|span| [span.first, span.last, span.last + 1]);
                edges.extend(ends.map(|number| (*axis, number)));
            }
        }
    }
    let spans = Axis::ALL.map(|axis| {
        let of_axis: Vec<u128> = edges.iter().filter(|(of, _)| *of == axis).map(|(_, edge)| *edge).collect();
        let set = region.set(axis);
        let any = set[random.below(set.len())];
        let near = |random: &mut Random| of_axis[random.below(of_axis.len())];
        let number = if of_axis.is_empty() || random.below(4) == 0 {
            any.first + random.below((any.last - any.first).min(1 << 30) as usize + 1) as u128
        } else {
            near(random)
        };
        let number = if set.iter().any(|span| span.holds(number)) { number } else { any.first };
        Span { first: number, last: number }
    });
    let bits = CHOICES.map(|choice| {
        let bits = region.choice(choice);
        let set: Vec<u32> = (0..64).filter(|bit| bits >> bit & 1 == 1).collect();
        1 << set[random.below(set.len())]
    });
    Region::new(spans, bits)
}

/// The number of a region of one packet on an axis.
fn number(point: &Region) -> impl Fn(Level) -> u128 + '_ {
    |level| match level.field() {
        super::Field::Axis(axis) => point.set(axis)[0].first,
        super::Field::Choice(choice) => u128::from(point.choice(choice).trailing_zeros()),
        super::Field::Atom(_) => 0,
    }
}

#[test]
fn functions_give_what_evaluation_gives() {
    let mut random = Random(0x5eed);
    let mut several = 0;
    for _ in 0..300 {
        let (text, ruleset) = ruleset(&mut random);
        let table = ruleset.table(TableName::Filter).expect("the table");
        let program = prepared(&ruleset);
        let mut diagram = Diagram::new(STEPS);
        let mut functions = Functions::new(&mut diagram, &program, true).expect("few steps");
        for name in ["INPUT", "OUTPUT"] {
            let chain = table.chains.iter().position(|chain| chain.name == name).expect("the chain");
            let end = falling_off(&table.chains[chain]);
            let function = functions.chain_with_end(&mut diagram, chain, end).expect("few steps");
            for region in entries(&hooks(table, chain), Surroundings::new(&ruleset), &program.classes) {
                for _ in 0..40 {
                    let point = point(&mut random, &region, &program);
                    let packet = witness(&point, &program);
                    let given = diagram.at(function, &number(&point));
                    let outcomes = diagram.outcomes(given).expect("a terminal");
                    let mut given: Vec<&str> = outcomes
                        .iter()
                        .map(|outcome| functions.outcomes.verdict(*outcome).expect("a verdict").0.name)
                        .collect();
                    let evaluated = evaluate(&ruleset, TableName::Filter, name, &packet).expect("a chain");
                    let mut evaluated: Vec<&str> = evaluated.iter().map(|target| target.name).collect();
                    given.sort_unstable();
                    evaluated.sort_unstable();
                    several += usize::from(given.len() > 1);
                    assert_eq!(given, evaluated, "{packet} in {name}\n{text}");
                }
            }
        }
    }
    assert!(several > 500, "only {several} packets could get several verdicts");
}

#[test]
fn what_a_rule_matches_is_what_the_search_finds() {
    let mut random = Random(0xdead);
    let (mut dead, mut live) = (0, 0);
    for _ in 0..150 {
        let (text, ruleset) = ruleset(&mut random);
        let table = ruleset.table(TableName::Filter).expect("the table");
        let program = prepared(&ruleset);
        let mut diagram = Diagram::new(STEPS);
        let functions = Functions::new(&mut diagram, &program, true).expect("few steps");
        let input = table.start(crate::table::Hook::Input).expect("the chain");
        let regions = entries(&hooks(table, input), Surroundings::new(&ruleset), &program.classes);
        let entering = functions.space.regions(&mut diagram, &regions).expect("few steps");
        let reach = functions.reach(&mut diagram, &program, &[(input, entering)]).expect("few steps");
        for chain in 0..program.chains.len() {
            for rule in 0..program.chains[chain].len() {
                // A verdict that no other rule gives tells whether a packet is matched there.
                let mut marked = prepared(&ruleset);
                marked.chains[chain][rule].action = Action::Verdict(&crate::catalogue::RAW);
                marked.chains[chain][rule].test.drops_tiny_fragments = false;
                let wanted = |verdict: &crate::catalogue::Extension| *verdict == crate::catalogue::RAW;
                let end = falling_off(&table.chains[input]);
                let found = regions.iter().any(|region| {
                    let found = find_verdict(&marked, input, region.clone(), end, &wanted, &mut 1_000_000);
                    found.expect("few steps").is_some()
                });
                assert_eq!(reach.rules[chain][rule] != NONE, found, "rule {rule} of {chain}\n{text}");
                if found { live += 1 } else { dead += 1 }
            }
        }
    }
    assert!(dead > 200 && live > 200, "{dead} rules match nothing, {live} something");
}

#[test]
fn operations_are_those_of_sets() {
    let mut random = Random(0xab);
    let (_, ruleset) = ruleset(&mut random);
    let program = prepared(&ruleset);
    let space = super::Space::new(Family::Ipv4, &program.classes);
    let mut diagram = Diagram::new(STEPS);
    let set = |random: &mut Random, diagram: &mut Diagram| -> Node {
        let mut parts = Vec::new();
        for _ in 0..3 {
            let mut part = ALL;
            for _ in 0..3 {
                let first = random.below(20) as u128;
                let spans = [Span { first, last: first + random.below(20) as u128 }];
                let axis = Axis::ALL[2 + random.below(6)];
                let condition = Condition::Within(axis, spans.into());
                let other = space.condition(diagram, &condition).expect("few steps");
                part = diagram.and(part, other).expect("few steps");
            }
            parts.push(part);
        }
        diagram.or_all(&parts).expect("few steps")
    };
    for _ in 0..200 {
        let (a, b, c) =
            (set(&mut random, &mut diagram), set(&mut random, &mut diagram), set(&mut random, &mut diagram));
        let mut of = |operation: fn(&mut Diagram, Node, Node) -> Result<Node, super::Exhausted>, a, b| {
            operation(&mut diagram, a, b).expect("few steps")
        };
        // Laws hold node for node, since equal sets are equal nodes.
        let (or, and) = (Diagram::or, Diagram::and);
        let left = {
            let bc = of(or, b, c);
            of(and, a, bc)
        };
        let right = {
            let (ab, ac) = (of(and, a, b), of(and, a, c));
            of(or, ab, ac)
        };
        assert_eq!(left, right);
        let rest = of(Diagram::without, a, b);
        let common = of(and, a, b);
        assert_eq!(of(or, rest, common), a);
        assert_eq!(of(and, rest, b), NONE);
        let (ab, ba) = (of(Diagram::without, a, b), of(Diagram::without, b, a));
        let differing = of(or, ab, ba);
        assert_eq!(of(Diagram::differing, a, b), differing);
        // The parts of a set are the set.
        let parts = diagram.parts(a, &space, 10_000).expect("few parts");
        let mut again = Vec::new();
        for part in &parts {
            let mut node = ALL;
            for (level, spans) in &part.constraints {
                let super::Field::Axis(axis) = level.field() else { unreachable!("only axes") };
                let condition = Condition::Within(axis, spans.clone().into());
                let other = space.condition(&mut diagram, &condition).expect("few steps");
                node = diagram.and(node, other).expect("few steps");
            }
            again.push(node);
        }
        assert_eq!(diagram.or_all(&again), Ok(a));
        // Forgetting keeps what is there for some number.
        let ports = |level: Level| level == Level::of_axis(Axis::DestinationPort);
        let forgotten = diagram.forget(a, &ports).expect("few steps");
        assert_eq!(diagram.or(forgotten, a), Ok(forgotten));
        assert_eq!(diagram.forget(forgotten, &ports), Ok(forgotten));
    }
}

#[test]
fn a_diagram_ends_when_its_steps_are_used_up() {
    let text = big(Family::Ipv4, 200);
    let program = prepared(&read(&text, Family::Ipv4));
    let used = {
        let mut diagram = Diagram::new(STEPS);
        Functions::new(&mut diagram, &program, true).expect("few steps");
        STEPS - diagram.steps_left()
    };
    let build = |steps| Functions::new(&mut Diagram::new(steps), &program, true).map(|_| ());
    assert_eq!(build(used), Ok(()));
    assert_eq!(build(used - 1), Err(super::Exhausted));
}

/// Rules of one source, one port and mixed verdicts, in chains of a hundred.
fn big(family: Family, count: u32) -> String {
    let mut random = Random(0xb16);
    let mut text = String::from("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n");
    let chains = count.div_ceil(100);
    for chain in 0..chains {
        text += &format!(":c{chain:04} -\n");
    }
    for chain in 0..chains {
        text += &format!("-A FORWARD -i eth{} -p tcp -j c{chain:04}\n", chain % 4);
    }
    for rule in 0..count {
        let target = random.pick(&["ACCEPT", "ACCEPT", "DROP", "RETURN"]);
        let port = 1 + random.below(30_000);
        let source = match family {
            Family::Ipv4 => format!("10.{}.{}.{}", random.below(20), random.below(256), random.below(256)),
            Family::Ipv6 => format!("2001:db8:{:x}::{:x}", random.below(5000), random.below(65536)),
        };
        text += &format!("-A c{:04} -s {source} -p tcp --dport {port} -j {target}\n", rule / 100);
    }
    text + "COMMIT\n"
}

fn cost(family: Family, count: u32) -> (u64, usize) {
    let ruleset = read(&big(family, count), family);
    let program = prepared(&ruleset);
    let start = Instant::now();
    let mut diagram = Diagram::new(STEPS);
    let functions = Functions::new(&mut diagram, &program, true).expect("few steps");
    let built = start.elapsed();
    let (steps, bytes) = (STEPS - diagram.steps_left(), diagram.bytes());
    let forward = ruleset.tables[0].chains.iter().position(|chain| chain.name == "FORWARD").expect("a chain");
    let reach = functions.reach(&mut diagram, &program, &[(forward, ALL)]).expect("few steps");
    let dead = reach.rules.iter().flatten().filter(|set| **set == NONE).count();
    println!(
        "{count} rules of {family:?}: {steps} steps, {built:?}, with reach {:?}, {bytes} bytes, {dead} match nothing",
        start.elapsed(),
    );
    assert_ne!(functions.chain(forward), diagram.terminal(&[GOES_ON]));
    (steps, bytes)
}

#[test]
fn big_firewalls_take_few_steps() {
    let (steps, bytes) = cost(Family::Ipv4, 5_000);
    assert!(steps < 1_000_000 && bytes < 60_000_000, "{steps} steps, {bytes} bytes");
    let (steps, bytes) = cost(Family::Ipv6, 6_000);
    assert!(steps < 1_200_000 && bytes < 120_000_000, "{steps} steps, {bytes} bytes");
}
