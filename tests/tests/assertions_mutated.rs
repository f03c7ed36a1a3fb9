//! Mutation: one rule of a policy is changed whose assertions are proven. Wherever a packet of a pattern then gets a
//! verdict that breaks its assertion, the proof must fail; and no packet breaks an assertion that is proven.
//!
//! The packets come from [`evaluate`] and [`evaluate_host`], which share nothing with the search: random ones, and ones
//! made of the values that the changed rule and the patterns name.

use std::collections::BTreeMap;
use std::net::IpAddr;

use fwdsl_runtime::analysis::{
    Packet, PacketType, Problem, Status, Tracking, evaluate, evaluate_host, prove,
};
use fwdsl_runtime::catalogue::Extension;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::model::{Address, Assertion, Claim, IcmpMatch, Match, Model, Outcome, Scope, Value};
use fwdsl_runtime::syntax::compile;
use fwdsl_runtime::table::{TableName, Way};
use fwdsl_tests::random::Random;

/// Policies with `%` before each statement that may be changed.
const POLICIES: [&str; 5] = [
    // The article's.
    "let SSH = 50134; let NETBIOS = [135, 137, 138, 139]; let NOBODY = [255.255.255.255, 224.0.0.1];
     chain INPUT policy drop {
     % in lo => accept;
     % ct established|related => accept;
     % tcp|udp dport NETBIOS => drop;
     % icmp echo-request => jump PING;
     % icmpv6 [neighbour-solicitation, packet-too-big] => accept;
     % to NOBODY => drop;
     % tcp dport 113 => reject(tcp-reset);
     % tcp dport SSH => accept;
     % limit 1/s => log;
     }
     chain OUTPUT policy accept {
     % tcp|udp sport NETBIOS => drop;
     }
     chain PING {
     % limit 1/s burst 4 => accept;
     % _ => drop;
     }
     assert INPUT {
         in eth0 to !NOBODY tcp dport SSH ct new => accept;
         in eth0 tcp dport 137 ct new => drop;
         in eth0 tcp dport 3306 ct new => !accept;
         in lo => accept;
         in eth0 icmp echo-request ct new => accept|drop;
         in eth0 icmp echo-request ct new => reaches PING;
         in eth0 tcp ct new => !reaches PING;
         icmpv6 packet-too-big => accept;
         in eth0 tcp dport 113 ct new to 10.0.0.1 => reject;
         ct related => accept;
     }
     assert OUTPUT { tcp sport 139 => drop; udp sport 53 => accept; }",
    // A web server.
    "let ADMINS = [192.0.2.0/24, 2001:db8:ad::/48];
     chain INPUT policy drop {
     % in lo => accept;
     % ct invalid => drop;
     % ct established|related => accept;
     % tcp dport [http, https] => jump WEB;
     % from ADMINS tcp dport ssh => accept;
     % tcp dport ssh => jump STRANGERS;
     % udp => goto UDP;
     % tcp => reject(tcp-reset);
     }
     chain WEB {
     % from [198.51.100.0/24, 2001:db8:bad::/48] => drop;
     % tcp !syn ct new => return;
     % _ => accept;
     }
     chain STRANGERS {
     % limit 3/m => return;
     % from 203.0.113.0/24 => reject;
     % _ => drop;
     }
     chain UDP {
     % dport_443 => accept;
     % udp dport [67, 68, 5353] => drop;
     }
     chain FORWARD policy drop { }
     assert INPUT {
         from ADMINS tcp dport ssh ct new => accept;
         in eth0 from !ADMINS tcp dport ssh ct new => !accept;
         in eth0 from 203.0.113.0/24 tcp dport ssh ct new => reject;
         in eth0 from 10.0.0.0/8 tcp dport ssh ct new => drop|reject;
         in eth0 tcp syn dport http from 10.0.0.0/8 ct new => accept;
         in eth0 tcp !syn dport https ct new => !accept;
         in eth0 from 198.51.100.0/24 tcp dport http ct new => drop;
         in eth0 udp dport 443 ct new => accept;
         in eth0 udp dport [67, 5353] ct [new, untracked] => drop;
         in eth0 udp ct new => reaches UDP;
         in eth0 udp ct new => !reaches WEB;
         in eth0 tcp dport [http, https] ct new => reaches WEB;
         ct invalid in eth0 => drop;
         in eth0 tcp dport 25 ct new => reject;
     }
     assert host forward { _ => drop; }
     assert host input { in eth0 tcp dport 25 ct new => reject; in eth0 tcp syn dport https from 10.0.0.0/8 ct new => accept; }",
    // A router with address translation and marks.
    "family ipv4;
     table raw { chain PREROUTING {
     % udp dport 53 => ct(notrack);
     % from 198.51.100.0/24 => drop;
     } }
     table mangle { chain PREROUTING {
     % in vpn0 => mark(set 0x10);
     % in lan0 => mark(set 0x20);
     } chain FORWARD {
     % tcp dport 25 => drop;
     } }
     table nat { chain PREROUTING {
     % in wan0 to 203.0.113.1 tcp dport 80 => dnat(to 10.0.0.2:8080);
     % in wan0 to 203.0.113.1 tcp dport 443 => dnat(to 10.0.0.3);
     % in lan0 tcp dport 3128 => redirect(to 8888);
     } chain POSTROUTING {
     % out wan0 => masquerade;
     } }
     chain INPUT policy drop {
     % in lo => accept;
     % ct untracked udp dport 53 => accept;
     % mark 0x10 tcp dport ssh => accept;
     % in lan0 tcp dport 8888 => accept;
     }
     chain FORWARD policy drop {
     % ct established|related => accept;
     % to 10.0.0.2 tcp dport 8080 => accept;
     % to 10.0.0.3 tcp dport 443 => jump TLS;
     % mark 0x20 out wan0 => accept;
     % in wan0 => reject;
     }
     chain TLS {
     % from 192.0.2.0/24 => drop;
     % _ => accept;
     }
     assert host forward {
         in wan0 from 10.0.0.0/8 to 203.0.113.1 tcp dport 80 ct new => accept;
         in wan0 from 192.0.2.0/24 to 203.0.113.1 tcp dport 443 ct new => drop;
         in wan0 from 10.0.0.0/8 to 203.0.113.1 tcp dport 443 ct new => reaches TLS;
         in lan0 out wan0 from 10.0.0.0/8 udp dport 123 ct new => accept;
         in wan0 from 10.0.0.0/8 to 203.0.113.1 tcp dport 22 ct new mark 0 => reject;
         tcp dport 25 ct new => drop;
         from 198.51.100.0/24 => drop;
     }
     assert host input {
         from 10.0.0.0/8 udp dport 53 in wan0 => accept;
         in vpn0 tcp dport ssh from 10.0.0.0/8 ct new => accept;
         in wan0 tcp dport ssh mark 0 ct new => drop;
         in lan0 from 10.0.0.0/8 tcp dport 3128 ct new => accept;
         in lan0 tcp dport 8888 ct new from 10.0.0.0/8 => accept;
         in wan0 tcp dport 8888 ct new => !accept;
         from 198.51.100.0/24 => !reaches mangle/PREROUTING;
     }
     assert FORWARD { in wan0 to 10.0.0.2 tcp dport 8080 ct new => accept; }",
    // Chains that come back, and lists that need chains of their own.
    "chain INPUT policy accept {
     % in ![lo, eth1] tcp dport ![22, 80..=90] from ![10.0.0.0/8, 192.0.2.1, 192.0.2.3] => drop;
     % tcp dport [22, 80] => jump A;
     % udp port 53 => goto B;
     % tcp flags(syn,fin / syn,fin) => drop;
     % icmp [echo-request, 3/4] => return;
     % icmp => drop;
     }
     chain A {
     % from 10.1.0.0/16 => jump B;
     % from 10.0.0.0/8 => return;
     % tcp dport 80..=89 => reject;
     }
     chain B {
     % from 10.1.2.0/24 => return;
     % udp dport 53 from 192.0.2.0/24 => accept;
     % _ => drop;
     }
     assert INPUT {
         in eth0 from 192.0.2.2 tcp dport 443 => drop;
         in eth1 tcp flags(syn / syn,fin) dport 443 => accept;
         from 10.1.3.0/24 tcp dport 22 => drop;
         from 10.1.2.3 tcp flags(none / fin) dport 80 => accept;
         from 198.51.100.1 tcp dport 80 => reject;
         from 10.1.2.0/24 tcp dport 22 => reaches A;
         udp dport 53 from 198.51.100.0/24 => drop;
         udp sport 53 dport 99 from 10.1.2.0/24 => accept;
         udp port 53 => !reaches A;
         icmp echo-request => accept;
         icmp echo-reply => drop;
         in eth1 tcp flags(syn,fin / syn,fin) dport 443 => drop;
     }
     assert A { from 10.1.2.0/24 => return; from 198.51.100.1 tcp dport 85 => reject; }",
    // A dead rule and what hides it.
    "chain FORWARD policy drop {
     % in lan+ out wan0 => accept;
     % in lan1 => reject;
     % in wan0 out lan+ ct established|related => accept;
     % in wan0 out lan0 tcp dport [25, 587] => jump MAIL;
     % in [lan0, lan1] out [lan0, lan1] => accept;
     }
     chain MAIL {
     % to 10.0.0.25 => accept;
     % to fd00::25 => accept;
     }
     assert FORWARD {
         in lan5 out wan0 => accept;
         in lan1 out wan1 => reject;
         in lan1 out lan0 => !accept;
         in lan0 out lan1 => accept;
         in wan0 out lan0 to 10.0.0.25 tcp dport 587 => accept;
         in wan0 out lan0 to 10.0.0.26 tcp dport 587 ct new => drop;
         in wan0 out lan+ ct new udp => drop;
         in wan0 out lan1 ct new => !reaches MAIL;
     }
     assert host forward { in wan0 out lan0 to 10.0.0.25 tcp dport 25 => accept; out wan1 in wan0 => drop; }",
];

/// What changes a statement: none, one or several others in its place.
fn mutants(statement: &str) -> Vec<String> {
    let mut mutants = vec![String::new()];
    let Some((matches, verdict)) = statement.trim().trim_end_matches(';').split_once(" => ") else {
        return mutants;
    };
    for other in ["accept", "drop", "reject", "return"] {
        if verdict != other {
            mutants.push(format!("{matches} => {other};"));
        }
    }
    // Wider: a match is left out; each word that begins one.
    let starts = ["in ", "out ", "from ", "to ", "ct ", "mark ", "limit ", "dport ", "sport ", "port "];
    let words: Vec<usize> = starts
        .iter()
        .flat_map(|word| matches.match_indices(word))
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || matches[..*at].ends_with(' '))
        .collect();
    for at in &words {
        let end = words.iter().copied().filter(|other| other > at).min().unwrap_or(matches.len());
        // A protocol behind it goes too, where it is not a word of its own; then it does not compile, or is another mutant.
        let rest = format!("{}{}", &matches[..*at], &matches[end..]);
        let rest = if rest.trim().is_empty() { "_" } else { rest.trim() };
        mutants.push(format!("{rest} => {verdict};"));
        // Negated.
        let (word, value) = matches[*at..].split_once(' ').unwrap_or_default();
        let value = match value.strip_prefix('!') {
            Some(value) => value.to_owned(),
            None => format!("!{value}"),
        };
        mutants.push(format!("{}{word} {value} => {verdict};", &matches[..*at]));
    }
    // Narrower.
    for more in ["from 10.0.0.0/9", "in eth7", "ct untracked", "to 10.0.0.0/25", "limit 5/s", "mark 0x99"] {
        mutants.push(format!("{matches} {more} => {verdict};").replacen("_ ", "", 1));
    }
    // Other numbers and names.
    for (from, to) in [
        ("10.0.0.", "10.9.0."),
        ("192.0.2.", "192.0.3."),
        ("/24", "/25"),
        ("/8", "/7"),
        ("80", "81"),
        ("53", "54"),
        ("113", "114"),
        ("ssh", "telnet"),
        ("lan0", "lan9"),
        ("wan0", "wan9"),
        ("eth1", "eth2"),
        ("0x10", "0x11"),
        ("echo-request", "echo-reply"),
        ("established|related", "established"),
        ("tcp", "udp"),
        ("|udp", ""),
        ("!syn", "syn"),
        ("8080", "8081"),
        ("jump", "goto"),
    ] {
        if statement.contains(from) {
            mutants.push(statement.trim().replacen(from, to, 1));
        }
    }
    mutants
}

/// The statements of a policy that may be changed, by their places in its lines.
fn places(policy: &str) -> Vec<usize> {
    let lines = policy.lines().enumerate();
    lines.filter(|(_, line)| line.trim_start().starts_with('%')).map(|(place, _)| place).collect()
}

fn statement(line: &str) -> &str {
    line.trim_start().trim_start_matches('%').trim()
}

/// The policy with other text in the place of a line.
fn with(policy: &str, place: usize, text: &str) -> String {
    let line = |(number, line): (usize, &str)| {
        if number == place { text.to_owned() } else { line.trim_start().trim_start_matches('%').to_owned() }
    };
    policy.lines().enumerate().map(line).collect::<Vec<_>>().join("\n").replace("dport_443", "udp dport 443")
}

fn model(source: &str) -> Option<Model> {
    // Lints are beside the point.
    let allowed =
        "#![allow(unreachable_rule, no_effect_rule, useless_match, odd_value, conflicting_rules)]\n";
    let compiled = compile(format!("{allowed}{source}").parse().ok()?);
    let proofs =
        |message: &str| message.starts_with("assertion ") || message == "the pattern covers no packet";
    let mut errors = compiled.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    errors.all(|error| proofs(&error.message)).then_some(compiled.model)
}

/// What policies name, to make packets of.
struct Values {
    addresses: Vec<IpAddr>,
    ports: Vec<u16>,
    interfaces: Vec<String>,
    protocols: Vec<u8>,
    types: Vec<(u8, u8)>,
    flags: Vec<u8>,
    marks: Vec<u32>,
}

impl Values {
    fn new() -> Values {
        let addresses = ["10.0.0.1", "192.0.2.9", "203.0.113.1", "198.51.100.4", "2001:db8::1", "fd00::25"];
        Values {
            addresses: addresses.map(|address| address.parse().expect("an address")).to_vec(),
            ports: vec![1024, 443, 22, 99],
            interfaces: ["eth0", "lo", "wan0", "lan0"].map(str::to_owned).to_vec(),
            protocols: vec![6, 6, 17, 1, 58, 47],
            types: vec![(8, 0), (0, 0), (3, 4), (2, 0), (128, 0)],
            flags: vec![2, 16, 3],
            marks: vec![0, 0, 0x99],
        }
    }

    fn add(&mut self, matches: &[Match]) {
        for value in matches.iter().flat_map(|entry| entry.options()).flat_map(|option| option.values()) {
            match value {
                Value::Address(address) => self.add_address(address),
                Value::Ports(ports) => {
                    self.ports.extend([
                        ports.first,
                        ports.last,
                        ports.first.wrapping_sub(1),
                        ports.last.wrapping_add(1),
                    ]);
                }
                Value::Interface(name) => self.interfaces.push(name.replace('+', "3")),
                Value::Protocol(number) => self.protocols.push(*number),
                Value::Icmp(IcmpMatch::Type { ty, code }) => self.types.push((*ty, code.unwrap_or(0))),
                Value::TcpFlags(flags) => self.flags.extend([flags.set, !flags.set & 63]),
                Value::Masked(bits) => self.marks.push(bits.value),
                _ => {}
            }
        }
    }

    fn add_address(&mut self, address: &Address) {
        let (first, last) = address.bounds();
        let near = [
            first,
            last,
            first.wrapping_add(1),
            first.wrapping_sub(1),
            last.wrapping_add(1),
            first + (last - first) / 2,
        ];
        self.addresses.extend(near.map(|bits| fwdsl_runtime::model::from_bits(address.family(), bits)));
    }

    fn packet(&self, random: &mut Random, family: Family, incoming: bool, outgoing: bool) -> Packet {
        let of_family: Vec<&IpAddr> =
            self.addresses.iter().filter(|address| address.is_ipv4() == (family == Family::Ipv4)).collect();
        let any = |random: &mut Random, list: &[u16]| list[random.below(list.len())];
        let interface = |random: &mut Random, present: bool| {
            present.then(|| self.interfaces[random.below(self.interfaces.len())].clone())
        };
        let (icmp_type, icmp_code) = self.types[random.below(self.types.len())];
        let tracking = Tracking::ALL[if random.one_in(2) { 0 } else { random.below(5) }];
        Packet {
            in_interface: interface(random, incoming),
            out_interface: interface(random, outgoing),
            sport: any(random, &self.ports),
            dport: any(random, &self.ports),
            icmp_type,
            icmp_code,
            tcp_flags: self.flags[random.below(self.flags.len())],
            tracking,
            status: Status::usual(tracking.state),
            mark: self.marks[random.below(self.marks.len())],
            packet_type: PacketType::Unicast,
            ..Packet::new(
                *of_family[random.below(of_family.len())],
                *of_family[random.below(of_family.len())],
                self.protocols[random.below(self.protocols.len())],
            )
        }
    }
}

/// A case of an assertion, and packets that its pattern covers.
struct Case {
    assertion: usize,
    case: usize,
    claim: String,
    packets: Vec<Packet>,
}

/// The cases of a source text, in order: scope, pattern, claim.
fn cases(source: &str) -> Vec<(usize, usize, String, String, String)> {
    let mut cases = Vec::new();
    for (assertion, text) in source.split("assert ").skip(1).enumerate() {
        let (scope, rest) = text.split_once('{').expect("a body");
        let (body, _) = rest.split_once('}').expect("its end");
        for (case, text) in body.split(';').map(str::trim).filter(|text| !text.is_empty()).enumerate() {
            let (pattern, claim) = text.split_once("=>").expect("a case");
            let texts = [scope, pattern, claim].map(|text| text.trim().to_owned());
            let [scope, pattern, claim] = texts;
            cases.push((assertion, case, scope, pattern, claim));
        }
    }
    cases
}

/// The `let`s of a source text.
fn lets(source: &str) -> String {
    let starts = source.match_indices("let ").map(|(at, _)| at);
    starts.map(|at| source[at..].split_inclusive(';').next().unwrap_or_default()).collect()
}

/// Whether packets of the scope have interfaces: for each kind of packet, incoming and outgoing.
fn interfaces(scope: &Scope) -> Vec<(bool, bool)> {
    let hook = |name: &str| match name {
        "PREROUTING" | "INPUT" => (true, false),
        "OUTPUT" => (false, true),
        _ => (true, true),
    };
    match scope {
        Scope::Chain { name, .. } => vec![hook(name)],
        Scope::Host(way) => {
            let ways = Way::ALL.into_iter().filter(|other| way.is_none_or(|way| way == *other));
            ways.map(|way| (way.has_in_interface(), way.has_out_interface())).collect()
        }
    }
}

/// The chains that packets enter by `reaches`, by table and name, as the source begins them.
fn with_sign(source: &str, claim: &str, table: TableName) -> Option<String> {
    let path = claim.trim_start_matches('!').strip_prefix("reaches ")?.trim();
    let (table, name) = match path.split_once('/') {
        Some((table, name)) => (TableName::from_name(table)?, name),
        None => (table, path),
    };
    // The chains of `filter` stand behind all tables.
    let from = match table {
        TableName::Filter => source.find(LAST_OF_TABLES).unwrap_or(0),
        table => source.find(&format!("table {table}"))?,
    };
    let start = from + source[from..].find(&format!("chain {name} "))?;
    let open = start + source[start..].find('{')?;
    Some(format!("{} _ => {SIGN}; {}", &source[..=open], &source[open + 1..]))
}

/// What the last table of the policies that have others than `filter` ends with.
const LAST_OF_TABLES: &str = "} }\nchain INPUT";

/// The verdict that stands at the top of a chain of which it is asked who comes there.
const SIGN: &str = "nfqueue";

/// Whether some way of the packet breaks the claim; `sign` is the policy with a sign in the chain that it names.
fn breaks(claim: &Claim, scope: &Scope, model: &Model, sign: Option<&Model>, packet: &Packet) -> bool {
    let model = sign.unwrap_or(model);
    let Some(ruleset) = lower(model, packet.family()) else { return false };
    let verdicts = match scope {
        Scope::Chain { table, name } => evaluate(&ruleset, *table, name, packet),
        Scope::Host(_) => evaluate_host(&ruleset, packet, None).map(|fate| fate.verdicts),
    };
    let verdicts: Vec<&Extension> = verdicts.unwrap_or_default();
    match claim.outcome() {
        Outcome::Verdict(_) => verdicts.iter().any(|verdict| claim.is_broken_by(verdict)),
        Outcome::Reaches { .. } => verdicts.iter().any(|verdict| (verdict.word() == SIGN) == claim.negated()),
    }
}

/// What was tried, so that the test is seen to have tried it.
#[derive(Debug, Default)]
struct Tally {
    mutants: usize,
    /// Those of which some packet breaks an assertion.
    changed: usize,
    /// The assertions that are broken then.
    broken: usize,
    /// Proofs that failed, with their packet told.
    told: usize,
    /// Packets that were held against assertions that are proven.
    held: usize,
    kinds: BTreeMap<&'static str, usize>,
}

struct Subject {
    source: String,
    cases: Vec<Case>,
}

/// A policy whose assertions are proven, with packets for each.
fn subject(random: &mut Random, policy: &str, wanted: usize) -> Subject {
    let source = with(policy, usize::MAX, "");
    let model = model(&source).unwrap_or_else(|| {
        panic!("{:?}\n{source}", compile(source.parse().expect("tokens")).diagnostics);
    });
    assert!(prove(&model).is_empty(), "{:?}\n{source}", prove(&model));
    let mut values = Values::new();
    for rule in model.chains().iter().flat_map(|chain| chain.rules()) {
        values.add(rule.matches());
    }
    model.assertions().iter().flat_map(Assertion::cases).for_each(|case| values.add(case.matches()));
    values.interfaces.extend(["eth7", "lan9", "wan9", "eth2"].map(str::to_owned));
    values.ports.extend([23, 81, 54, 114, 8081]);
    let lets = lets(policy);
    let mut list = Vec::new();
    for (assertion, case, scope, pattern, claim) in cases(&source) {
        let covers =
            self::model(&format!("{lets} chain PATTERN {{ {pattern} => accept; }}")).expect("a pattern");
        let covers = Family::ALL.map(|family| lower(&covers, family).map(|ruleset| (family, ruleset)));
        let kinds = interfaces(model.assertions()[assertion].scope());
        let mut packets = Vec::new();
        for _ in 0..200_000 {
            if packets.len() == wanted {
                break;
            }
            let family = Family::ALL[random.below(2)];
            let ruleset = covers.iter().flatten().find(|(other, _)| *other == family);
            let Some((_, ruleset)) = ruleset.filter(|_| model.families().contains(family)) else { continue };
            let (incoming, outgoing) = kinds[random.below(kinds.len())];
            let packet = values.packet(random, family, incoming, outgoing);
            let verdicts = evaluate(ruleset, TableName::Filter, "PATTERN", &packet).expect("it is there");
            let asks = |word: &str| pattern.split(' ').any(|other| other == word);
            let has = (incoming || !asks("in")) && (outgoing || !asks("out"));
            // What comes in by it and is routed through is no packet.
            let looped = incoming
                && outgoing
                && packet.in_interface.as_deref() == Some("lo")
                && scope.starts_with("host");
            if has && !looped && verdicts.iter().any(|verdict| verdict.word() == "accept") {
                packets.push(packet);
            }
        }
        assert!(!packets.is_empty(), "no packet of `{pattern}`");
        list.push(Case { assertion, case, claim, packets });
    }
    Subject { source, cases: list }
}

/// Holds every packet against the assertions of a policy, and the proofs against the packets.
fn judge(subject: &Subject, source: &str, kind: &'static str, tally: &mut Tally) {
    let Some(model) = model(source) else { return };
    let findings = prove(&model);
    tally.mutants += 1;
    let mut changed = false;
    for Case { assertion, case, claim: text, packets, .. } in &subject.cases {
        let assertion = &model.assertions()[*assertion];
        let case = &assertion.cases()[*case];
        let table = match assertion.scope() {
            Scope::Chain { table, .. } => *table,
            Scope::Host(_) => TableName::Filter,
        };
        let sign = with_sign(source, text, table)
            .map(|signed| self::model(&signed).expect("it compiles with a sign"));
        let failed = findings.iter().any(|finding| finding.loc == case.loc());
        let breaking = packets
            .iter()
            .find(|packet| breaks(case.claim(), assertion.scope(), &model, sign.as_ref(), packet));
        if let Some(packet) = breaking {
            assert!(failed, "{packet} breaks `{text}`, which is proven\n{source}");
            tally.broken += 1;
            changed = true;
        }
        if !failed {
            tally.held += packets.len();
        }
        for finding in findings.iter().filter(|finding| finding.loc == case.loc()) {
            if let Problem::Broken(found) = &finding.problem {
                let packet = &found.packet;
                assert!(
                    breaks(case.claim(), assertion.scope(), &model, sign.as_ref(), packet),
                    "{packet} does not break `{text}`\n{source}"
                );
                tally.told += 1;
            }
        }
    }
    if changed {
        tally.changed += 1;
        *tally.kinds.entry(kind).or_default() += 1;
    }
}

fn wanted(default: usize) -> usize {
    std::env::var("FWDSL_MUTANTS").map_or(default, |count| count.parse().expect("a number"))
}

#[test]
fn no_mutant_is_proven_that_a_packet_refutes() {
    let mut random = Random::new(23);
    let mut tally = Tally::default();
    let per_policy = wanted(70);
    for policy in POLICIES {
        let subject = subject(&mut random, policy, 40);
        judge(&subject, &subject.source, "none", &mut tally);
        assert_eq!((tally.changed, tally.broken), (0, 0), "what is proven holds");
        let mut rest = Tally::default();
        let lines: Vec<&str> = policy.lines().collect();
        let places = places(policy);
        let mut all: Vec<(&'static str, String)> = Vec::new();
        for (index, place) in places.iter().enumerate() {
            let mutated = mutants(statement(lines[*place]));
            for (number, text) in mutated.into_iter().enumerate() {
                let kind = if number == 0 { "a rule is dropped" } else { "a rule is changed" };
                all.push((kind, with(policy, *place, &text)));
            }
            // Two rules change places.
            if let Some(next) = places.get(index + 1).filter(|next| **next == place + 1) {
                let mut swapped: Vec<&str> = lines.clone();
                swapped.swap(*place, *next);
                all.push(("rules change places", with(&swapped.join("\n"), usize::MAX, "")));
            }
        }
        while rest.mutants < per_policy && !all.is_empty() {
            let (kind, source) = all.swap_remove(random.below(all.len()));
            judge(&subject, &source, kind, &mut rest);
        }
        tally.mutants += rest.mutants;
        tally.told += rest.told;
        tally.held += rest.held;
        for (kind, count) in rest.kinds {
            *tally.kinds.entry(kind).or_default() += count;
        }
        tally.changed = 0;
        tally.broken = 0;
    }
    let changed: usize = tally.kinds.values().sum();
    println!("{changed} of {} mutants mean something else: {:?}", tally.mutants, tally.kinds);
    println!("{} proofs failed with a packet told, {} packets held against proofs", tally.told, tally.held);
    assert!(changed * 4 >= tally.mutants, "too few mutants mean something else");
    assert!(tally.kinds.len() >= 3, "{:?}", tally.kinds);
}
