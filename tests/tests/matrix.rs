//! Who may open a service to whom: held against the definition, on random rules and on whole firewalls.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use fwdsl_runtime::Policy;
use fwdsl_runtime::analysis::{
    Matrix, MatrixError, Open, Packet, Question, Service, Tracking, evaluate, matrix,
};
use fwdsl_runtime::catalogue::{DROP, Extension, REJECT, RETURN, SET_MATCH};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::import::{Unknown, import};
use fwdsl_runtime::lower::{Ruleset, lower};
use fwdsl_runtime::syntax::compile;
use fwdsl_runtime::table::TableName;
use fwdsl_tests::corpus::firewalls;
use fwdsl_tests::policies;
use fwdsl_tests::random::Random;
use rustix::time::{ClockId, clock_gettime};

const SSH: Service = Service::new(6, 22);

fn ruleset(text: &str, family: Family) -> Ruleset {
    let imported = import(text, "rules", family, Unknown::Raw).unwrap_or_else(|e| panic!("{e}\n{text}"));
    lower(&imported.model, family).expect("a table")
}

fn filter(rules: &str) -> Ruleset {
    ruleset(&format!("*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n{rules}COMMIT\n"), Family::Ipv4)
}

fn asked(ruleset: &Ruleset, question: Question<'_>) -> Matrix {
    matrix(ruleset, &question).unwrap_or_else(|error| panic!("{error}"))
}

fn v4(number: u32) -> IpAddr {
    Ipv4Addr::from(number).into()
}

fn addr(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Whether a connection may be opened after this verdict.
fn may_open(verdict: &Extension) -> bool {
    ![&DROP, &REJECT, &RETURN].contains(&verdict)
}

/// The first packet of a connection to a service.
fn first_packet(service: Service, from: IpAddr, to: IpAddr) -> Packet {
    let mut packet = Packet::new(from, to, service.protocol);
    (packet.sport, packet.dport) = (service.source_port, service.ports.first);
    packet
}

/// The same as it may stand at a hook: every pair of these interfaces, with and without address translation.
fn variants(packet: &Packet, hook: &str, interfaces: &[&str]) -> Vec<Packet> {
    let of = |present: bool| -> Vec<Option<String>> {
        if present { interfaces.iter().map(|name| Some((*name).to_owned())).collect() } else { vec![None] }
    };
    let new = Tracking::ALL.into_iter().filter(|tracking| tracking.state == packet.tracking.state);
    let mut all = Vec::new();
    for tracking in new {
        for in_interface in of(hook != "OUTPUT") {
            for out_interface in of(hook != "INPUT") {
                all.push(Packet {
                    in_interface: in_interface.clone(),
                    out_interface,
                    tracking,
                    ..packet.clone()
                });
            }
        }
    }
    all
}

fn is_accepted(ruleset: &Ruleset, hook: &str, packet: &Packet) -> bool {
    let verdicts = evaluate(ruleset, TableName::Filter, hook, packet).expect("the chain is there");
    verdicts.into_iter().any(may_open)
}

/// Holds a matrix against the definition, over one address of each interval between the bounds that the rules name.
fn compare(matrix: &Matrix, rules: &Ruleset, hook: &str, firsts: &[IpAddr], interfaces: &[&str], text: &str) {
    let allowed: Vec<Vec<bool>> = firsts
        .iter()
        .map(|from| {
            let may = |to: &IpAddr| {
                let packet = first_packet(matrix.service(), *from, *to);
                variants(&packet, hook, interfaces).iter().any(|packet| is_accepted(rules, hook, packet))
            };
            firsts.iter().map(may).collect()
        })
        .collect();
    let signature = |at: usize| -> (Vec<bool>, Vec<bool>) {
        (allowed[at].clone(), allowed.iter().map(|row| row[at]).collect())
    };
    let signatures: Vec<(Vec<bool>, Vec<bool>)> = (0..firsts.len()).map(signature).collect();
    let distinct: BTreeSet<&(Vec<bool>, Vec<bool>)> = signatures.iter().collect();
    assert_eq!(matrix.classes().len(), distinct.len(), "{matrix}\n{text}");
    let class: Vec<usize> =
        firsts.iter().map(|addr| matrix.class_of(*addr).expect("every address")).collect();
    let mut edges = BTreeSet::new();
    for a in 0..firsts.len() {
        for b in 0..firsts.len() {
            assert_eq!(class[a] == class[b], signatures[a] == signatures[b], "{text}");
            assert_eq!(
                matrix.allows(class[a], class[b]),
                allowed[a][b],
                "{} {}\n{text}",
                firsts[a],
                firsts[b]
            );
            if allowed[a][b] {
                edges.insert((class[a], class[b]));
            }
        }
    }
    assert_eq!(matrix.edge_count(), edges.len(), "{text}");
    assert_eq!(matrix.edges().collect::<BTreeSet<_>>(), edges, "{text}");
    is_a_partition(matrix);
}

/// Together the classes are all addresses, and each address is in one.
fn is_a_partition(matrix: &Matrix) {
    let number = |addr| match addr {
        IpAddr::V4(addr) => u128::from(u32::from(addr)),
        IpAddr::V6(addr) => u128::from(addr),
    };
    let mut ranges: Vec<(u128, u128)> = Vec::new();
    for class in matrix.classes() {
        assert!(!class.members().is_empty());
        let of_class: Vec<(u128, u128)> =
            class.ranges().map(|(first, last)| (number(first), number(last))).collect();
        // They do not touch.
        assert!(of_class.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "{class:?}");
        ranges.extend(of_class);
    }
    ranges.sort_unstable();
    let last = if matrix.family() == Family::Ipv4 { u128::from(u32::MAX) } else { u128::MAX };
    assert_eq!((ranges[0].0, ranges[ranges.len() - 1].1), (0, last));
    assert!(ranges.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0));
    let names: BTreeSet<&str> = matrix.classes().iter().map(|class| class.name()).collect();
    assert_eq!(names.len(), matrix.classes().len(), "{names:?}");
}

const NETWORKS: [(&str, u32, u32); 7] = [
    ("10.0.0.0/8", 0x0a00_0000, 0x0aff_ffff),
    ("10.1.0.0/16", 0x0a01_0000, 0x0a01_ffff),
    ("10.1.2.3", 0x0a01_0203, 0x0a01_0203),
    ("10.1.2.4", 0x0a01_0204, 0x0a01_0204),
    ("192.168.0.0/24", 0xc0a8_0000, 0xc0a8_00ff),
    ("0.0.0.0/1", 0, 0x7fff_ffff),
    ("255.255.255.255", u32::MAX, u32::MAX),
];

/// The first address of each interval between the bounds of [`NETWORKS`].
fn firsts() -> Vec<IpAddr> {
    let mut firsts = vec![0];
    for (_, first, last) in NETWORKS {
        firsts.push(first);
        firsts.extend(last.checked_add(1));
    }
    firsts.sort_unstable();
    firsts.dedup();
    firsts.into_iter().map(v4).collect()
}

/// Random rules for FORWARD and three chains. `{…}` stands around what the question leaves open.
fn random_rules(random: &mut Random) -> String {
    let mut text = String::from(":A -\n:B -\n:C -\n");
    let chains = ["FORWARD", "A", "B", "C"];
    for (place, chain) in chains.iter().enumerate() {
        for _ in 0..1 + random.below(5) {
            let mut rule = format!("-A {chain}");
            for option in ["-s", "-d"] {
                if random.one_in(2) {
                    let not = if random.one_in(4) { "! " } else { "" };
                    rule += &format!(" {not}{option} {}", NETWORKS[random.below(NETWORKS.len())].0);
                }
            }
            for option in ["-i", "-o"] {
                if random.one_in(4) {
                    let name = random.pick(&["eth0", "eth+", "wg0"]);
                    let not = if random.one_in(3) { "! " } else { "" };
                    rule += &format!(" {{{not}{option} {name}}}");
                }
            }
            rule += random.pick(&[
                "",
                "",
                "",
                " -p tcp",
                " -p udp",
                " -p tcp --dport 22",
                " -p tcp ! --dport 22",
                " -p tcp --dport 80",
                " -p tcp --sport 1024:",
                " -p tcp --syn",
                " -p tcp ! --syn",
                " -p tcp -m multiport --ports 21,22,10000:10010",
                " -m conntrack --ctstate NEW",
                " -m conntrack --ctstate ESTABLISHED",
                " -m conntrack ! --ctstate NEW,RELATED",
                " {-m conntrack --ctstate DNAT}",
                " -m limit --limit 1/s",
                " -m iprange --src-range 10.1.2.3-10.1.2.4",
                " -f",
            ]);
            let later = &chains[place + 1..];
            rule += &match random.below(if later.is_empty() { 7 } else { 11 }) {
                0..3 => " -j ACCEPT".to_owned(),
                3 | 4 => " -j DROP".to_owned(),
                5 => " -j RETURN".to_owned(),
                6 => " -j LOG".to_owned(),
                7 => format!(" -g {}", random.pick(later)),
                _ => format!(" -j {}", random.pick(later)),
            };
            text += &rule;
            text.push('\n');
        }
    }
    text
}

#[test]
fn random_rules_are_divided_as_the_definition_says() {
    let mut random = Random::new(7);
    let firsts = firsts();
    let (mut classes, mut differing) = (BTreeSet::new(), 0);
    for _ in 0..150 {
        let rules = random_rules(&mut random);
        let exact = rules.replace(['{', '}'], "");
        let exact_rules = filter(&exact);
        let question = Question::new("FORWARD", SSH);
        let per_packet = asked(&exact_rules, Question { open: Open::PerPacket, ..question });
        // `eth9` fits `eth+` alone, and `lo` nothing.
        compare(&per_packet, &exact_rules, "FORWARD", &firsts, &["eth0", "eth9", "wg0", "lo"], &exact);
        // To find something otherwise at each rule is what `limit` does.
        let per_rule = asked(&exact_rules, question);
        let opaque = filter(&opaque(&rules));
        compare(&per_rule, &opaque, "FORWARD", &firsts, &["lo"], &exact);
        classes.insert(per_packet.classes().len());
        differing += usize::from(per_rule.edges().ne(per_packet.edges()));
    }
    assert!(classes.len() >= 4 && differing >= 3, "{classes:?} {differing}");
}

/// The rules with a match that may match or not in the place of each question for an interface.
fn opaque(rules: &str) -> String {
    let mut text = String::new();
    for piece in rules.split_inclusive(['{', '}']) {
        match piece.strip_suffix('}') {
            Some(_) => text += "-m statistic --mode random --probability 0.5",
            None => text += piece.trim_end_matches('{'),
        }
    }
    text
}

/// Policies of lists, sets, negations, nested blocks and marks, in both families: whatever single packet may be
/// accepted is in the matrix.
#[test]
fn no_packet_is_accepted_that_the_matrix_refuses() {
    let mut random = Random::new(11);
    let interfaces = ["lo", "eth0", "eth1", "eth0.100", "br-lan", "wg0", "x"];
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..60 {
        let source = policies::policy(&mut random);
        let model = compile(source.parse().unwrap_or_else(|error| panic!("{error}: {source}"))).model;
        for family in Family::ALL {
            let rules = lower(&model, family).expect("a policy for both families");
            // There a single packet may find any set otherwise than it is written.
            if changes_sets(&rules) {
                continue;
            }
            let hook = ["INPUT", "FORWARD", "OUTPUT"][random.below(3)];
            let services = ["tcp:22", "tcp:80", "udp:53", "tcp:8080", "sctp:7"];
            let service = Service::parse(random.pick(&services)).expect("a service");
            let matrices = [Open::PerRule, Open::PerPacket].map(|open| {
                let matrix = asked(&rules, Question { open, ..Question::new(hook, service) });
                is_a_partition(&matrix);
                matrix
            });
            for _ in 0..300 {
                let [from, to] = [(); 2].map(|()| address(&mut random, family));
                let mut packet = first_packet(service, from, to);
                packet.mark = [0, 1, 2, 0x10, 0xff][random.below(5)];
                let variants = variants(&packet, hook, &interfaces);
                let packet = &variants[random.below(variants.len())];
                let may = is_accepted(&rules, hook, packet);
                for matrix in &matrices {
                    let [from, to] = [from, to].map(|addr| matrix.class_of(addr).expect("every address"));
                    let allowed = matrix.allows(from, to);
                    assert!(allowed || !may, "{packet}\n{matrix}\n{source}");
                    refused += usize::from(!allowed);
                }
                accepted += usize::from(may);
            }
        }
    }
    assert!(accepted > 300 && refused > 100, "{accepted} {refused}");
}

/// Whether rules change what a match on a set may look at.
fn changes_sets(rules: &Ruleset) -> bool {
    let chains = &rules.table(TableName::Filter).expect("a table").chains;
    chains
        .iter()
        .flat_map(|chain| &chain.rules)
        .any(|rule| rule.target().is_some_and(|target| SET_MATCH.looks_at.meets(target.changes)))
}

fn address(random: &mut Random, family: Family) -> IpAddr {
    let addresses = match family {
        Family::Ipv4 => ["10.0.0.0", "10.0.0.1", "10.0.0.99", "10.1.0.0", "11.0.0.0", "192.0.2.7", "8.8.8.8"],
        Family::Ipv6 => ["2001:db8::", "2001:db8::5", "2001:db8::100", "fe80::1", "fd00::1", "::", "ffff::"],
    };
    addr(random.pick(&addresses))
}

/// An address that a text names, or one beside it.
fn address_of(random: &mut Random, named: &[IpAddr], family: Family) -> IpAddr {
    let step = random.below(3) as u32;
    match (named.is_empty(), family) {
        (true, Family::Ipv4) => v4(random.next_u64() as u32),
        (true, Family::Ipv6) => Ipv6Addr::from(u128::from(random.next_u64()) << 64).into(),
        (false, _) => match named[random.below(named.len())] {
            IpAddr::V4(addr) => v4(u32::from(addr).wrapping_add(step).wrapping_sub(1)),
            IpAddr::V6(addr) => {
                Ipv6Addr::from(u128::from(addr).wrapping_add(step.into()).wrapping_sub(1)).into()
            }
        },
    }
}

#[test]
fn whole_firewalls_accept_no_packet_that_the_matrix_refuses() {
    let mut random = Random::new(13);
    let (mut accepted, mut refused) = (0, 0);
    for firewall in firewalls().iter().filter(|firewall| firewall.text.lines().count() < 1000) {
        let rules = ruleset(&firewall.text, firewall.family);
        let words = firewall.text.split([' ', '/', ',', '-', '\n']);
        let named: Vec<IpAddr> = words.filter_map(|word| word.parse().ok()).collect();
        let words = firewall.text.split_whitespace();
        let names = words.clone().zip(words.skip(1)).filter(|(option, _)| ["-i", "-o"].contains(option));
        let mut interfaces: Vec<&str> = names.map(|(_, name)| name.trim_end_matches('+')).collect();
        interfaces.push("unknown0");
        for hook in ["INPUT", "FORWARD"] {
            for service in [SSH, Service::new(6, 80), Service::new(17, 53)] {
                let question = Question::new(hook, service);
                let per_rule = asked(&rules, question);
                let per_packet = asked(&rules, Question { open: Open::PerPacket, ..question });
                for matrix in [&per_rule, &per_packet] {
                    is_a_partition(matrix);
                }
                for _ in 0..60 {
                    let [from, to] = [(); 2].map(|()| address_of(&mut random, &named, firewall.family));
                    let mut packet = first_packet(service, from, to);
                    let mut name = || Some(interfaces[random.below(interfaces.len())].to_owned());
                    packet.in_interface = name();
                    packet.out_interface = if hook == "INPUT" { None } else { name() };
                    let may = is_accepted(&rules, hook, &packet);
                    let allows = |matrix: &Matrix| {
                        matrix.allows(matrix.class_of(from).unwrap(), matrix.class_of(to).unwrap())
                    };
                    assert!(allows(&per_packet) || !may, "{} {packet}", firewall.name);
                    assert!(allows(&per_rule) || !allows(&per_packet), "{} {packet}", firewall.name);
                    accepted += usize::from(may);
                    refused += usize::from(!allows(&per_rule));
                }
            }
        }
    }
    assert!(accepted > 500 && refused > 500, "{accepted} {refused}");
}

/// The counts of real firewalls, so that a change of them is seen.
#[test]
fn counts_of_whole_firewalls() {
    let firewalls = firewalls();
    for (name, chain, service, classes, edges) in [
        ("debian-1.4-counted", "FORWARD", "tcp:22", 2, 2),
        ("fail2ban", "INPUT", "tcp:22", 2, 2),
        ("csf-web-hosting", "FORWARD", "tcp:22", 1, 0),
        ("pyroman", "FORWARD", "tcp:80", 1, 0),
        ("ufw-home-server", "INPUT", "tcp:22", 1, 1),
    ] {
        let found = firewalls.iter().find(|other| other.name == name && other.family == Family::Ipv4);
        let firewall = found.unwrap_or_else(|| panic!("no {name}"));
        let rules = ruleset(&firewall.text, Family::Ipv4);
        let matrix = asked(&rules, Question::new(chain, Service::parse(service).unwrap()));
        assert_eq!(
            (matrix.classes().len(), matrix.edge_count()),
            (classes, edges),
            "{name} {chain}\n{matrix}"
        );
    }
}

#[test]
fn a_router_between_networks_by_hand() {
    let rules = filter(
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
         -A FORWARD ! -s 10.0.0.0/16 -i lan -j DROP\n\
         -A FORWARD -s 10.0.0.0/24 -d 10.0.1.0/24 -p tcp -m tcp --dport 22 -j ACCEPT\n\
         -A FORWARD -d 10.0.1.80 -p tcp -m tcp --dport 80 -j ACCEPT\n",
    );
    let ssh = asked(&rules, Question::new("FORWARD", SSH));
    let names: Vec<&str> = ssh.classes().iter().map(|class| class.name()).collect();
    assert_eq!(names, ["others", "10.0.0.0/24", "10.0.1.0/24"]);
    assert_eq!(ssh.edges().collect::<Vec<_>>(), [(1, 2)]);
    assert_eq!(
        ssh.to_string(),
        "New connections to tcp:22 through FORWARD of filter (IPv4)\n\
         3 classes of addresses, 1 edge\n\n\
         1  others (4,294,966,784 addresses)\n     0.0.0.0-9.255.255.255, 10.0.2.0-255.255.255.255\n\
         2  10.0.0.0/24 (256 addresses)\n3  10.0.1.0/24 (256 addresses)\n\n\
         from \\ to  1  2  3\n        1  ·  ·  ·\n        2  ·  ·  x\n        3  ·  ·  ·\n"
    );
    let http = asked(&rules, Question::new("FORWARD", Service::new(6, 80)));
    assert_eq!(http.edges().collect::<Vec<_>>(), [(0, 1), (1, 1)]);
    // Of several ports, any may do.
    let both = asked(&rules, Question::new("FORWARD", Service::parse("tcp:22-80").unwrap()));
    assert_eq!((both.classes().len(), both.edge_count()), (4, 5));
    let other = asked(&rules, Question::new("FORWARD", Service::new(17, 22)));
    assert_eq!((other.classes().len(), other.edge_count()), (1, 0));
}

/// The drop of a packet with a foreign source is for one interface: per rule it is no obstacle, and per packet it is
/// one to those who have to come in there.
#[test]
fn interfaces_are_any_at_each_rule_or_for_each_packet() {
    let rules = filter(
        "-A FORWARD -i lan ! -s 10.0.0.0/8 -j DROP\n\
         -A FORWARD -i lan -p tcp -m tcp --dport 22 -j ACCEPT\n",
    );
    let per_rule = asked(&rules, Question::new("FORWARD", SSH));
    assert_eq!((per_rule.classes().len(), per_rule.edge_count()), (1, 1));
    let per_packet = asked(&rules, Question { open: Open::PerPacket, ..Question::new("FORWARD", SSH) });
    assert_eq!((per_packet.classes().len(), per_packet.edge_count()), (2, 2));
    // There is no outgoing interface in INPUT, so nothing is assumed of it.
    let rules = filter(":own -\n-A INPUT -j own\n-A FORWARD -j own\n-A own -o lan -s 10.0.0.0/8 -j ACCEPT\n");
    let input = asked(&rules, Question::new("INPUT", SSH));
    assert_eq!((input.classes().len(), input.edge_count()), (1, 0));
    assert_eq!(asked(&rules, Question::new("own", SSH)).edge_count(), 2);
}

#[test]
fn the_source_port_and_other_chains_can_be_chosen() {
    let rules = filter(
        ":own -\n-A own -s 10.0.0.0/8 -p tcp -m tcp --sport 0:1023 -j ACCEPT\n\
         -A own -s 192.168.0.0/16 -j RETURN\n-A FORWARD -j own\n-A FORWARD -j ACCEPT\n",
    );
    let edges = |chain, service| asked(&rules, Question::new(chain, service)).edge_count();
    // What comes back from a chain is not accepted by it.
    assert_eq!(edges("own", SSH), 0);
    assert_eq!(edges("own", SSH.from_port(1023)), 2);
    assert_eq!(edges("FORWARD", SSH), 1);
    let wrong = matrix(&rules, &Question::new("FORWRAD", SSH)).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "there is no chain `FORWRAD` in table `filter`\nhelp: did you mean `FORWARD`?"
    );
    let nat = Question { table: TableName::Nat, ..Question::new("PREROUTING", SSH) };
    let error = matrix(&rules, &nat).unwrap_err();
    assert_eq!(error, MatrixError::NoTable { table: TableName::Nat, family: Family::Ipv4 });
    assert_eq!(error.to_string(), "there is no table `nat` for IPv4");
}

#[test]
fn ipv6_has_its_own_addresses() {
    let text = "*filter\n:FORWARD DROP\n-A FORWARD -s 2001:db8::/32 -d fd00::/8 -p tcp -m tcp --dport 22 -j ACCEPT\n\
                -A FORWARD -s ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128 -j ACCEPT\nCOMMIT\n";
    let matrix = asked(&ruleset(text, Family::Ipv6), Question::new("FORWARD", SSH));
    is_a_partition(&matrix);
    // Others, the sources, the destinations, the last address.
    assert_eq!((matrix.classes().len(), matrix.edge_count()), (4, 5));
    assert_eq!(matrix.class_of(addr("10.0.0.1")), None);
    assert_eq!(matrix.class_of(addr("::1")), matrix.class_of(addr("3000::")));
}

#[test]
fn a_policy_is_asked_by_itself() {
    let source = "chain FORWARD policy drop { tcp dport 22 from 10.0.0.0/24 to 10.0.1.0/24 => accept; }";
    let policy = Policy::from_model(compile(source.parse().unwrap()).model).unwrap();
    let matrix = policy.matrix(Family::Ipv4, &Question::new("FORWARD", SSH)).unwrap();
    assert_eq!((matrix.classes().len(), matrix.edge_count()), (3, 1));
    // For IPv6 the rule does not exist.
    let matrix = policy.matrix(Family::Ipv6, &Question::new("FORWARD", SSH)).unwrap();
    assert_eq!((matrix.classes().len(), matrix.edge_count()), (1, 0));
}

/// Thousands of rules with as many networks are a matter of a second, of ten without optimisation.
#[test]
fn thousands_of_rules_are_divided_at_once() {
    let mut random = Random::new(17);
    let mut net = || {
        let prefix = [16, 20, 24, 28, 32][random.below(5)];
        let address = (10 << 24 | random.next_u64() as u32 & 0xff_ffff) & (u32::MAX << (32 - prefix));
        format!("{}/{prefix}", Ipv4Addr::from(address))
    };
    let mut rules = String::new();
    for number in 0..5000 {
        let verdict = if number % 4 == 0 { "DROP" } else { "ACCEPT" };
        let ends = match number % 3 {
            0 => format!("-s {}", net()),
            1 => format!("-d {}", net()),
            _ => format!("-s {} -d {}", net(), net()),
        };
        rules += &format!("-A FORWARD {ends} -p tcp -m tcp --dport {} -j {verdict}\n", 22 + number % 2);
    }
    let rules = filter(&rules);
    let before = clock_gettime(ClockId::ThreadCPUTime);
    let matrix = asked(&rules, Question::new("FORWARD", SSH));
    let took = clock_gettime(ClockId::ThreadCPUTime) - before;
    let took = Duration::new(took.tv_sec as u64, took.tv_nsec as u32);
    assert!(took < Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 }), "{took:?}");
    assert!(matrix.classes().len() > 500, "{}", matrix.classes().len());
    is_a_partition(&matrix);
}
