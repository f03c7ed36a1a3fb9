//! What is said of rules, against what single packets do.

use crate::analysis::diagram::tests::{Random, read, ruleset};
use crate::analysis::evaluate::evaluate;
use crate::analysis::{
    Packet, PacketType, ReachState, Status, Tracking, reach_of_rules, rules_without_effect,
};
use crate::analysis::{Unreachable, conflicting_rules, unreachable_rules};
use crate::family::Family;
use crate::import::{Unknown, import};
use crate::lower::Ruleset;
use crate::model::Model;
use crate::table::TableName;

fn model(text: &str) -> Model {
    let imported = import(text, "test", Family::Ipv4, Unknown::Refuse);
    imported.unwrap_or_else(|errors| panic!("{errors}\n{text}")).model
}

/// A packet near the edges of what the random rules ask for.
fn packet(random: &mut Random, chain: &str) -> Packet {
    let addresses =
        ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.1.0.1", "10.200.0.1", "192.0.2.9", "200.0.0.1", "224.0.0.1"];
    let [from, to] = [0; 2].map(|_| random.pick(&addresses).parse().expect("an address"));
    let name = random.pick(&["lo", "eth0", "eth1", "wan"]).to_owned();
    let incoming = chain != "OUTPUT";
    let tracking = Tracking::ALL[random.below(Tracking::ALL.len())];
    let statuses: Vec<Status> =
        (0..16).map(Status::from_bits).filter(|status| status.fits(tracking.state)).collect();
    let ports = [22, 53, 67, 80, 85, 91, 443, 1023, 1024, 4000];
    Packet {
        in_interface: incoming.then(|| name.clone()),
        out_interface: (!incoming).then_some(name),
        sport: ports[random.below(ports.len())],
        dport: ports[random.below(ports.len())],
        icmp_type: [8, 0, 3, 11][random.below(4)],
        icmp_code: [0, 4][random.below(2)],
        tcp_flags: random.below(64) as u8,
        tracking,
        status: statuses[random.below(statuses.len())],
        mark: random.below(4) as u32,
        packet_type: PacketType::ALL[random.below(PacketType::ALL.len())],
        later_fragment: random.below(10) == 0,
        ..Packet::new(from, to, [6, 6, 6, 17, 17, 1, 47][random.below(7)])
    }
}

fn verdicts(ruleset: &Ruleset, chain: &str, packet: &Packet) -> Vec<&'static str> {
    let verdicts = evaluate(ruleset, TableName::Filter, chain, packet).expect("the chain is there");
    let mut names: Vec<&str> = verdicts.iter().map(|verdict| verdict.name).collect();
    names.sort_unstable();
    names
}

/// The text without some of its lines, which are counted from 1.
fn without(text: &str, lines: &[u32]) -> String {
    let kept = text.lines().enumerate().filter(|(at, _)| !lines.contains(&(*at as u32 + 1)));
    kept.map(|(_, line)| format!("{line}\n")).collect()
}

#[test]
fn what_is_left_out_without_effect_has_none() {
    let mut random = Random(20_261_125);
    let mut found = 0;
    for _ in 0..600 {
        let (text, whole) = ruleset(&mut random);
        let model = model(&text);
        for rule in rules_without_effect(&model) {
            found += 1;
            let rest = read(&without(&text, &[rule.loc.line]), Family::Ipv4);
            for chain in ["INPUT", "OUTPUT"] {
                for _ in 0..40 {
                    // What later fragments do to rules on ports and flags is nobody's reason for one.
                    let packet = packet(&mut random, chain);
                    let later_fragment = packet.later_fragment && packet.protocol == 47;
                    let packet = Packet { later_fragment, ..packet };
                    let [before, after] = [&whole, &rest].map(|ruleset| verdicts(ruleset, chain, &packet));
                    assert_eq!(before, after, "{packet} in {chain} without line {}:\n{text}", rule.loc.line);
                }
            }
        }
    }
    assert!(found > 60, "{found} rules were without effect");
}

#[test]
fn all_unreachable_rules_can_be_left_out() {
    let mut random = Random(7);
    let mut found = 0;
    for _ in 0..400 {
        let (text, whole) = ruleset(&mut random);
        let dead: Vec<Unreachable> = unreachable_rules(&model(&text));
        found += dead.len();
        let lines: Vec<u32> = dead.iter().map(|rule| rule.loc.line).collect();
        let rest = read(&without(&text, &lines), Family::Ipv4);
        for chain in ["INPUT", "OUTPUT"] {
            for _ in 0..60 {
                // What a later fragment meets on a port is not what a rule is there for.
                let packet = Packet { later_fragment: false, ..packet(&mut random, chain) };
                let [before, after] = [&whole, &rest].map(|ruleset| verdicts(ruleset, chain, &packet));
                assert_eq!(before, after, "{packet} in {chain} without lines {lines:?}:\n{text}");
            }
        }
    }
    assert!(found > 300, "{found} rules were unreachable");
}

#[test]
fn a_steady_match_covers_the_same_match() {
    let text = "*filter\n:INPUT ACCEPT [0:0]\n\
        -A INPUT -s 10.0.0.0/8 -m mac --mac-source 02:00:00:00:00:01 -j DROP\n\
        -A INPUT -s 10.0.0.1 -m mac --mac-source 02:00:00:00:00:01 -j ACCEPT\n\
        -A INPUT -s 10.0.0.1 -m mac --mac-source 02:00:00:00:00:02 -j ACCEPT\n\
        -A INPUT -p tcp -m limit --limit 1/s -j DROP\n\
        -A INPUT -p tcp -m limit --limit 1/s -j DROP\nCOMMIT\n";
    let found = unreachable_rules(&model(text));
    assert_eq!(found.iter().map(|rule| rule.loc.line).collect::<Vec<_>>(), [4]);
    assert_eq!(found[0].causes.iter().map(|cause| cause.line).collect::<Vec<_>>(), [3]);
}

#[test]
fn only_what_comes_behind_it_finds_a_packet_changed() {
    let text = "*mangle\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:early - [0:0]\n:late - [0:0]\n:marking - [0:0]\n\
        -A PREROUTING -m mark --mark 1 -j DROP\n\
        -A PREROUTING -i eth0 -m mark --mark 1 -j ACCEPT\n\
        -A PREROUTING -j early\n\
        -A PREROUTING -i eth1 -j marking\n\
        -A PREROUTING -i eth0 -m mark --mark 1 -j ACCEPT\n\
        -A PREROUTING -j late\n\
        -A OUTPUT -m mark --mark 1 -j DROP\n\
        -A OUTPUT -o eth0 -m mark --mark 1 -j ACCEPT\n\
        -A early -m mark --mark 1 -j LOG\n\
        -A late -m mark --mark 1 -j LOG\n\
        -A marking -m mark --mark 1 -j LOG\n\
        -A marking -j MARK --set-mark 1\n\
        -A marking -m mark --mark 1 -j LOG\nCOMMIT\n";
    let found = unreachable_rules(&model(text));
    assert_eq!(found.iter().map(|rule| rule.loc.line).collect::<Vec<_>>(), [8, 14, 15, 17]);
}

#[test]
fn an_unknown_target_leaves_other_chains_alone() {
    let text = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n\
        -A INPUT -s 10.0.0.0/8 -j DROP\n\
        -A INPUT -s 10.0.0.1 -j ACCEPT\n\
        -A FORWARD -s 10.0.0.0/8 -p tcp -j DROP\n\
        -A FORWARD -s 10.0.0.1 -p tcp -j ACCEPT\n\
        -A FORWARD -j NOBODY_KNOWS\n\
        -A FORWARD -s 10.0.0.1 -p tcp -j ACCEPT\nCOMMIT\n";
    let model = import(text, "test", Family::Ipv4, Unknown::Raw).expect("a firewall").model;
    let found = unreachable_rules(&model);
    assert_eq!(found.iter().map(|rule| rule.loc.line).collect::<Vec<_>>(), [5, 7]);
}

#[test]
fn overlaps_that_are_no_exceptions_conflict() {
    let text = "*filter\n:INPUT ACCEPT [0:0]\n\
        -A INPUT -s 10.0.0.0/8 -j DROP\n\
        -A INPUT -p tcp --dport 80 -j ACCEPT\n\
        -A INPUT -s 10.1.0.0/16 -p tcp --dport 80 -j ACCEPT\n\
        -A INPUT -p udp -j DROP\nCOMMIT\n";
    let found = conflicting_rules(&model(text));
    let lines: Vec<(u32, Vec<u32>)> =
        found.iter().map(|one| (one.loc.line, one.with.iter().map(|loc| loc.line).collect())).collect();
    assert_eq!(lines, [(4, vec![3])]);
}

#[test]
fn every_rule_of_a_sound_table_has_its_packet() {
    let mut random = Random(99);
    let (mut reached, mut dead) = (0, 0);
    for _ in 0..300 {
        let (text, whole) = ruleset(&mut random);
        for rule in reach_of_rules(&whole) {
            match rule.state {
                // Cut off behind the rule, which is made to drop: the packet comes to it, so it can be dropped.
                ReachState::Reached(packet) => {
                    reached += 1;
                    let line = text.lines().nth(rule.loc.line as usize - 1).expect("the rule's line");
                    let target = line.rfind(" -j ").or(line.rfind(" -g ")).expect("a target");
                    let changed = text.replacen(line, &format!("{} -j MIRRORED", &line[..target]), 1);
                    let changed = changed.replacen(":a -", ":MIRRORED -\n:a -", 1).replacen(
                        "COMMIT",
                        "-A MIRRORED -j REJECT --reject-with icmp-proto-unreachable\nCOMMIT",
                        1,
                    );
                    let plain = changed.replace("-j REJECT\n", "-j DROP\n");
                    let chain = if packet.in_interface.is_some() { "INPUT" } else { "OUTPUT" };
                    let verdicts = verdicts(&read(&plain, Family::Ipv4), chain, &packet);
                    assert!(verdicts.contains(&"REJECT"), "{packet} comes to {line}: {verdicts:?}\n{plain}");
                }
                ReachState::Unreachable(..) => dead += 1,
                ReachState::NotDecided => panic!("line {} is not decided:\n{text}", rule.loc.line),
            }
        }
    }
    assert!(reached > 1000 && dead > 200, "{reached} reached, {dead} dead");
}
