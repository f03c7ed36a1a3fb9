//! Rules of several shapes, as they are and as trees, and the packets that meet the most of them.

use std::net::Ipv4Addr;

use fwdsl::family::Family;
use fwdsl::lower::{Chain, Rule, Ruleset, lower, lower_optimised};
use fwdsl::model::Action;
use fwdsl_runtime::analysis::{Answer, Event, Packet, trace_chain};
use fwdsl_runtime::emit::{Protocols, emit};
use fwdsl_runtime::import::{Unknown, import};
use fwdsl_runtime::table::TableName;
use fwdsl_tests::large;
use fwdsl_tests::random::Random;

/// Nothing but the policy.
pub(crate) const NO_RULES: &str =
    "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";

/// Where all packets go.
pub(crate) const TARGET: Ipv4Addr = Ipv4Addr::new(10, 200, 0, 1);

/// How many packets are tried to find the one that meets the most.
const TRIED: usize = 1500;

/// A shape of rules.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    lines: fn(usize) -> Vec<String>,
    /// A set that says the same, and the rule that asks for it.
    set: Option<fn(usize) -> (String, String)>,
}

/// All of them.
pub(crate) const SHAPES: &[Shape] = &[
    Shape {
        name: "addresses",
        about: "one source address, tcp, one port",
        lines: |rules| (0..rules).map(address_rule).collect(),
        set: None,
    },
    Shape {
        name: "ports",
        about: "tcp, one port",
        lines: |rules| (0..rules).map(port_rule).collect(),
        set: None,
    },
    Shape {
        name: "mixed",
        about: "hosts, networks and anybody, tcp and udp, ports and ranges",
        lines: mixed,
        set: None,
    },
    Shape {
        name: "access-list",
        about: "a real firewall's shape: five fields, sites and subnets, the same pairs again and again",
        lines: access_list,
        set: None,
    },
    Shape {
        name: "blocklist",
        about: "one source address, drop: what one set says as well",
        lines: |rules| (0..rules).map(|number| format!("-A INPUT -s {} -j DROP", address(number))).collect(),
        set: Some(blocklist),
    },
];

/// Rules, as they are and as trees.
pub(crate) struct Made {
    /// How many rules.
    pub(crate) rules: usize,
    pub(crate) linear: String,
    pub(crate) tree: String,
    pub(crate) set: Option<(String, String)>,
    /// How many lines the tree has, chains among them.
    pub(crate) lines: usize,
    plain: Ruleset,
    optimised: Ruleset,
}

/// The packets that meet the most rules.
pub(crate) struct Worst {
    pub(crate) of_linear: Packet,
    pub(crate) of_tree: Packet,
    /// How many rules of the tree it meets.
    pub(crate) met: usize,
}

impl Shape {
    pub(crate) fn make(&self, rules: usize) -> Made {
        let lines = (self.lines)(rules);
        let text = NO_RULES.replace("COMMIT", &format!("{}\nCOMMIT", lines.join("\n")));
        let mut model = import(&text, "rules", Family::Ipv4, Unknown::Refuse).expect("rules").model;
        model.set_optimise(true);
        let plain = lower(&model, Family::Ipv4).expect("a table");
        let (optimised, report) = lower_optimised(&model, Family::Ipv4).expect("a table");
        for run in &report {
            assert!(run.tree.is_ok(), "{}: {run:?}", self.name);
        }
        let lines = optimised.tables[0].chains.iter().map(|chain| chain.rules.len() + 1).sum();
        Made {
            rules,
            linear: emit(&plain, Protocols::Named),
            tree: emit(&optimised, Protocols::Named),
            set: self.set.map(|set| set(rules)),
            lines,
            plain,
            optimised,
        }
    }
}

impl Made {
    /// Tries packets like those that rules ask for, and packets beside.
    pub(crate) fn worst(&self) -> Worst {
        let mut random = Random::new(3);
        let rules: Vec<&Rule> = self.plain.tables[0].chains.iter().flat_map(|chain| &chain.rules).collect();
        let mut candidates = vec![packet_beside(&mut random)];
        for _ in 0..TRIED {
            let rule = rules[random.below(rules.len())];
            candidates.push(like(rule, &mut random));
        }
        let most = |ruleset: &Ruleset, candidates: &[Packet]| {
            let met = candidates.iter().map(|packet| cost(ruleset, packet));
            let (place, met) =
                met.enumerate().max_by_key(|(place, (cost, _))| (*cost, usize::MAX - place)).expect("some");
            (candidates[place].clone(), met.1)
        };
        // Of the list itself few are tried, for each meets thousands: who matches none meets all.
        let (of_linear, _) = most(&self.plain, &candidates[..12]);
        let (of_tree, met) = most(&self.optimised, &candidates);
        Worst { of_linear, of_tree, met }
    }
}

/// What it costs a packet to go through INPUT, those who ask for ports counted thrice; and how many rules it meets.
fn cost(ruleset: &Ruleset, packet: &Packet) -> (usize, usize) {
    let trace = trace_chain(ruleset, TableName::Filter, "INPUT", packet, None).expect("the chain is there");
    let (mut cost, mut met) = (0, 0);
    for step in &trace.steps {
        if let Event::Rule(rule) = &step.event {
            let chain: &Chain = ruleset.tables[0].chain(&step.chain).expect("the chain is there");
            let asked = &chain.rules[rule.number - 1];
            cost += if asked.matches.len() > 1 { 3 } else { 1 };
            met += 1;
            let ends = matches!(&asked.action, Action::Target { .. }) && rule.answer == Answer::Yes;
            if ends {
                break;
            }
        }
    }
    (cost, met)
}

fn packet_beside(random: &mut Random) -> Packet {
    let from = Ipv4Addr::new(11, 7, random.below(250) as u8, 9);
    Packet {
        sport: 40_000,
        dport: 65_000,
        in_interface: Some("in0".into()),
        ..Packet::new(from.into(), TARGET.into(), 6)
    }
}

/// A packet with some of what a rule asks for.
fn like(rule: &Rule, random: &mut Random) -> Packet {
    use fwdsl::model::Value;
    let mut packet = packet_beside(random);
    for option in rule.matches.iter().flat_map(|entry| entry.options()) {
        for value in option.values() {
            match (option.spec().name, value) {
                ("from", Value::Address(address)) if !random.one_in(8) => {
                    let (first, last) = address.bounds();
                    let within = first + u128::from(random.next_u64()) % (last - first + 1);
                    packet.from = Ipv4Addr::from(within as u32).into();
                }
                ("dport", Value::Ports(ports)) if !random.one_in(3) => {
                    packet.dport =
                        [ports.first, ports.last][random.below(2)].saturating_add(random.below(3) as u16);
                }
                ("proto", Value::Protocol(number)) => packet.protocol = *number,
                _ => {}
            }
        }
    }
    // Those that hosts drop before INPUT.
    if let std::net::IpAddr::V4(from) = packet.from
        && (from.is_multicast() || from.is_loopback() || from.octets()[0] == 0 || from.is_broadcast())
    {
        packet.from = Ipv4Addr::new(11, 0, 0, 9).into();
    }
    packet
}

fn verdict(number: usize) -> &'static str {
    if number.is_multiple_of(3) { "ACCEPT" } else { "DROP" }
}

/// The addresses lie in sites, some of which have many.
fn address(number: usize) -> String {
    format!("10.{}.{}.{}", number % 7, number / 250 % 200, number % 250)
}

fn address_rule(number: usize) -> String {
    let port = 1 + number * 13 % 60_000;
    format!("-A INPUT -s {} -p tcp -m tcp --dport {port} -j {}", address(number), verdict(number))
}

fn port_rule(number: usize) -> String {
    format!("-A INPUT -p tcp -m tcp --dport {} -j {}", 1 + number * 6, verdict(number))
}

fn mixed(rules: usize) -> Vec<String> {
    let mut random = Random::new(rules as u64);
    let mut lines = vec!["-A INPUT -i lo -j ACCEPT".to_owned()];
    while lines.len() < rules {
        let site = random.below(64);
        let from = match random.below(6) {
            0 => format!("-s 10.{site}.{}.0/24 ", random.below(64)),
            1 => String::new(),
            _ => format!("-s 10.{site}.{}.{}/32 ", random.below(64), 1 + random.below(250)),
        };
        let protocol = random.pick(&["tcp", "tcp", "udp"]);
        let port = 1 + random.below(60_000);
        let port =
            if random.one_in(6) { format!("{port}:{}", port + random.below(50)) } else { port.to_string() };
        lines.push(format!(
            "-A INPUT {from}-p {protocol} -m {protocol} --dport {port} -j {}",
            verdict(random.below(6))
        ));
    }
    lines
}

/// The generated access list, with INPUT in the place of FORWARD. All packets go to the host itself, so of its destinations only the
/// question costs something.
fn access_list(rules: usize) -> Vec<String> {
    let text = large::access_list(Family::Ipv4, rules).text;
    let lines = text.lines().filter_map(|line| line.strip_prefix("-A FORWARD "));
    lines.map(|line| format!("-A INPUT {line}")).collect()
}

fn blocklist(rules: usize) -> (String, String) {
    let mut set =
        format!("create block hash:ip family inet hashsize {} maxelem 65536\n", rules.next_power_of_two());
    let mut addresses: Vec<String> = (0..rules).map(address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses.iter().for_each(|address| set += &format!("add block {address}\n"));
    let rule = "-A INPUT -m set --match-set block src -j DROP";
    (set, NO_RULES.replace("COMMIT", &format!("{rule}\nCOMMIT")))
}
