//! What `unreachable_rule` says, against packets: large firewalls whose dead rules are known, and those of the corpus.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use fwdsl::analysis::{Packet, ReachState, RuleReach, reach_of_rules};
use fwdsl::family::Family;
use fwdsl::lower::lower;
use fwdsl_runtime::check::lint;
use fwdsl_runtime::import::import_leniently;
use fwdsl_runtime::lint::UNREACHABLE_RULE;
use fwdsl_runtime::model::Model;
use fwdsl_tests::corpus::firewalls;
use fwdsl_tests::large::{self, Large};
use fwdsl_tests::plainly::{Answer, Firewall, Rule, Samples, can_be, met, read, starts};
use fwdsl_tests::random::Random;

/// How many packets are sent after each rule that is said to be unreachable.
const PACKETS: usize = 400;

/// Matches that may answer otherwise the next time.
const FICKLE: [&str; 9] =
    ["connlimit", "hashlimit", "limit", "nth", "psd", "quota", "recent", "statistic", "time"];

fn model(text: &str, family: Family) -> Model {
    let text = Some((text, "rules"));
    match family {
        Family::Ipv4 => import_leniently(text, None),
        Family::Ipv6 => import_leniently(None, text),
    }
    .model
}

fn assert_finds_what_was_planted(large: &Large) {
    let found = lint(&model(&large.text, large.family));
    let found = found.iter().filter(|one| one.lint == Some(UNREACHABLE_RULE));
    let found: Vec<(u32, &str)> = found.map(|one| (one.loc.line, one.kind.expect("a kind"))).collect();
    let line = |number: u32| large.text.lines().nth(number as usize - 1).expect("the line");
    let (mut wrong, mut planted) = (String::new(), large.dead.clone());
    planted.sort_unstable();
    for one in &planted {
        if !found.contains(one) {
            wrong += &format!("not found: {one:?}: {}\n", line(one.0));
        }
    }
    for one in &found {
        if !planted.contains(one) && (large.is_known || large.live.contains(&one.0)) {
            wrong += &format!("found: {one:?}: {}\n", line(one.0));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn all_planted_dead_rules_are_found_and_no_live_one() {
    for family in [Family::Ipv4, Family::Ipv6] {
        let campus = large::campus(family, 4_000);
        let kinds: BTreeSet<&str> = campus.dead.iter().map(|(_, kind)| *kind).collect();
        assert_eq!(kinds.len(), 5, "{kinds:?}");
        assert!(campus.live.len() > 60);
        assert_finds_what_was_planted(&campus);
        assert_finds_what_was_planted(&large::without_plants(family, 1_000));
        assert_finds_what_was_planted(&large::many_callers(family, 1_000));
        assert_finds_what_was_planted(&large::many_chains(family, 1_000));
        assert_finds_what_was_planted(&large::ports_of_one_host(family, 1_000));
    }
}

/// How often what was said was held against packets.
#[derive(Debug, Default)]
struct Tally {
    reached: usize,
    unreachable: usize,
    not_decided: usize,
}

impl Tally {
    /// Holds everything that is said of the rules of a firewall against packets.
    fn add(&mut self, name: &str, text: &str, family: Family, random: &mut Random) {
        let model = model(text, family);
        let Some(ruleset) = lower(&model, family) else { return };
        let mut said: HashMap<String, Vec<RuleReach>> = HashMap::new();
        for rule in reach_of_rules(&ruleset) {
            said.entry(rule.table.name().to_owned()).or_default().push(rule);
        }
        for firewall in read(text) {
            let samples = Samples::new(&firewall, family);
            let rules: HashMap<u32, &Rule> =
                firewall.chains.iter().flatten().map(|rule| (rule.line, rule)).collect();
            for rule in said.remove(&firewall.table).unwrap_or_default() {
                let line = rule.loc.line;
                let place =
                    || format!("{name}:{line}: {}", text.lines().nth(line as usize - 1).unwrap_or_default());
                match &rule.state {
                    ReachState::Reached(packet) => {
                        self.reached += 1;
                        let is_met = may_be_met(&firewall, packet, line);
                        assert!(is_met, "{}\nis not met by {packet}", place());
                    }
                    ReachState::Unreachable(kind, _) => {
                        self.unreachable += 1;
                        for _ in 0..PACKETS {
                            let packet = samples.packet(rules[&line], random);
                            let is_met = is_met(&firewall, &packet, line, random.next_u64());
                            assert!(
                                !is_met || !can_be(&packet),
                                "{}\nis {}, and is met by {packet}",
                                place(),
                                kind.name()
                            );
                        }
                    }
                    ReachState::NotDecided => self.not_decided += 1,
                }
            }
        }
    }

    fn finish(self, about: &str) {
        let all = self.reached + self.unreachable + self.not_decided;
        // Not by `println!`: the test harness would keep that to itself.
        let _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("{about}: of {all} rules {} not decided: {self:?}\n", self.not_decided),
        );
        assert!(self.not_decided * 100 <= all, "too many are not decided");
    }
}

/// Whether a packet may meet a rule, whatever the matches say that it does not tell.
fn may_be_met(firewall: &Firewall, packet: &Packet, line: u32) -> bool {
    let open = |_: &str, _: &Packet| Answer::Perhaps;
    starts(firewall, packet).into_iter().any(|start| met(firewall, start, packet, &open).contains(&line))
}

/// Whether a packet may meet a rule, if each match that looks at the packet alone says one thing of it wherever it stands.
fn is_met(firewall: &Firewall, packet: &Packet, line: u32, seed: u64) -> bool {
    let answers = |text: &str, _: &Packet| {
        if FICKLE.iter().any(|fickle| text.split(' ').next() == Some(fickle)) {
            return Answer::Perhaps;
        }
        let mut hash = DefaultHasher::new();
        (seed, text).hash(&mut hash);
        if hash.finish().is_multiple_of(2) { Answer::Yes } else { Answer::No }
    };
    starts(firewall, packet).into_iter().any(|start| met(firewall, start, packet, &answers).contains(&line))
}

#[test]
fn what_is_said_of_generated_firewalls_is_what_packets_meet() {
    let mut random = Random::new(5);
    let mut tally = Tally::default();
    for family in [Family::Ipv4, Family::Ipv6] {
        for (name, large) in [
            ("campus", large::campus(family, 1_200)),
            ("access list", large::access_list(family, 400)),
            ("pairs of fields", large::pairs_of_fields(family, 400)),
            ("callers", large::many_callers(family, 200)),
        ] {
            tally.add(name, &large.text, family, &mut random);
        }
    }
    assert!(tally.unreachable > 60 && tally.reached > 2_000, "{tally:?}");
    tally.finish("generated firewalls");
}

#[test]
fn what_is_said_of_mazes_is_what_packets_meet() {
    let mut random = Random::new(7);
    let mut tally = Tally::default();
    let mut add = |name: &str, large: &Large| tally.add(name, &large.text, large.family, &mut random);
    add("opaque returns", &large::opaque_returns(100));
    add("gotos", &large::gotos(100));
    add("holes", &large::holes(200));
    add("ranges", &large::ranges(200));
    add("excluded ports", &large::excluded_ports(60));
    for fields in 2..=5 {
        add("wide fields", &large::wide_fields(100, fields));
    }
    assert!(tally.unreachable > 100 && tally.reached > 500, "{tally:?}");
    tally.finish("mazes");
}

#[test]
fn what_is_said_of_the_corpus_is_what_packets_meet() {
    let mut random = Random::new(6);
    let mut tally = Tally::default();
    for firewall in firewalls() {
        tally.add(&firewall.name, &firewall.text, firewall.family, &mut random);
    }
    assert!(tally.reached > 500, "{tally:?}");
    tally.finish("corpus");
}
