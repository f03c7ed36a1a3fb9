//! What rules mean for a packet, said once more and as plainly as possible: the yardstick for the
//! lowering. Rules of the source and lowered rules have the same matches, so one function reads both.

use std::net::IpAddr;

use fwdsl::catalogue::{Flow, ValueKind};
use fwdsl::family::{Family, FamilySet};
use fwdsl::lower::Ruleset;
use fwdsl::model::{Action, IcmpMatch, Match, Model, OptionUse, Value, family_of};
use fwdsl::table::TableName;

use crate::contents::Contents;
use crate::random::Random;

/// A packet, as far as rules can see it.
#[derive(Debug, Clone)]
pub struct Packet {
    /// Source and destination.
    pub ends: [IpAddr; 2],
    /// Incoming and outgoing interface.
    pub interfaces: [&'static str; 2],
    /// Protocol number.
    pub protocol: u8,
    /// Source and destination port, for the protocols that have them.
    pub ports: [u16; 2],
    /// ICMP type and code.
    pub icmp: (u8, u8),
    /// TCP flags.
    pub flags: u8,
    /// The word of the conntrack state.
    pub state: &'static str,
    /// Whether it is a second or further fragment.
    pub fragment: bool,
    /// The mark.
    pub mark: u32,
    /// Other bits that are looked at under a mask, and that nothing changes here.
    pub bits: u32,
    /// The length in bytes.
    pub length: u64,
}

/// What becomes of a packet: the last word, and the source lines of the rules that logged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// `accept`, `drop`, `reject` or, at the end of the chain, `end`.
    pub verdict: String,
    /// Line of each rule whose `log` or `nflog` saw the packet, in order.
    pub logged: Vec<u32>,
    /// Line of each rule that asked a stateful match, in order.
    pub consulted: Vec<u32>,
    /// The mark that the packet has in the end.
    pub mark: u32,
}

impl Outcome {
    /// Whether lowered rules did what the source meant. A chain that the policy gives no policy has the kernel's.
    #[must_use]
    pub fn is_meant_by(&self, meant: &Outcome) -> bool {
        let end = meant.verdict == "end" && self.verdict == "accept";
        (meant.verdict == self.verdict || end)
            && meant.logged == self.logged
            && meant.consulted == self.consulted
            && meant.mark == self.mark
    }
}

/// A random packet of values that the random policies speak of, and of others beside them.
#[must_use]
pub fn packet(random: &mut Random, family: Family) -> Packet {
    let pool: &[&str] = match family {
        Family::Ipv4 => {
            &["10.0.0.1", "10.0.0.3", "10.0.0.50", "10.1.2.3", "192.0.2.1", "192.0.2.7", "8.8.8.8"]
        }
        Family::Ipv6 => &[
            "2001:db8::1",
            "2001:db8::5",
            "2001:db9::1",
            "fe80::1",
            "fd00::7",
            "::1.2.3.4",
            "::ffff:1.2.3.4",
        ],
    };
    let mut address = || random.pick(pool).parse().expect("an address");
    let ends = [address(), address()];
    let names = ["lo", "eth0", "eth1", "eth0.100", "br-lan", "wg7", "WAN", "other"];
    // AH is a header on the way to the protocol in IPv6, and never the protocol itself.
    let [icmp, other] = if family == Family::Ipv4 { [1, 51] } else { [58, 89] };
    let protocols = [6, 6, 6, 17, 17, 132, icmp, 47, 50, other];
    let ports = [1, 7, 9, 22, 35, 80, 133, 273, 1024, 1500, 8000, 65535];
    Packet {
        ends,
        interfaces: [names[random.below(names.len())], names[random.below(names.len())]],
        protocol: protocols[random.below(protocols.len())],
        ports: [ports[random.below(ports.len())], ports[random.below(ports.len())]],
        icmp: ([0, 3, 4, 8, 11, 1, 128, 135, 136][random.below(9)], [0, 3, 4][random.below(3)]),
        flags: [0b00_0010, 0b01_0010, 0b01_0000, 0][random.below(4)],
        state: random.pick(&["invalid", "new", "related", "established", "untracked"]),
        fragment: family == Family::Ipv4 && random.one_in(8),
        mark: [0, 1, 2, 0x10, 0x11][random.below(5)],
        bits: [0, 1, 2, 0x10, 0x20][random.below(5)],
        length: [20, 64, 100, 500, 1500][random.below(5)],
    }
}

/// A chain as a list of rules: what they match, what they do, their line.
struct Chain<'a> {
    name: &'a str,
    policy: Option<&'static str>,
    rules: Vec<(Vec<&'a Match>, Vec<&'a Action>, u32)>,
}

/// Runs a packet through a chain of the source.
#[must_use]
pub fn in_source(model: &Model, table: TableName, chain: &str, packet: &Packet, limits: bool) -> Outcome {
    let family = family_of(packet.ends[0]);
    let chains: Vec<Chain<'_>> = model
        .chains()
        .iter()
        .filter(|chain| chain.table() == table)
        .map(|chain| Chain {
            name: chain.name(),
            policy: chain.policy().map(|policy| policy.name()),
            rules: chain
                .rules()
                .iter()
                .map(|rule| {
                    let actions: Vec<&Action> =
                        rule.verdicts().iter().map(|verdict| verdict.action()).collect();
                    (rule.matches().iter().collect::<Vec<_>>(), actions, rule.loc().line)
                })
                .filter(|(matches, actions, _)| fits(model, table, matches, actions, family))
                .collect(),
        })
        .collect();
    walk(&chains, chain, packet, limits, &Contents::of_source(model))
}

/// Runs a packet through a chain of the lowered rules.
#[must_use]
pub fn in_lowered(
    ruleset: &Ruleset,
    table: TableName,
    chain: &str,
    packet: &Packet,
    limits: bool,
) -> Outcome {
    let table = ruleset.table(table).expect("the table is there");
    let chains: Vec<Chain<'_>> = table
        .chains
        .iter()
        .map(|chain| Chain {
            name: &chain.name,
            policy: chain.policy.map(|policy| policy.name()),
            rules: chain
                .rules
                .iter()
                .map(|rule| (rule.matches.iter().collect(), vec![&rule.action], rule.loc.line))
                .collect(),
        })
        .collect();
    walk(&chains, chain, packet, limits, &Contents::of_lowered(ruleset))
}

/// The families that a rule is for: each part that knows one family only restricts it.
fn fits(model: &Model, table: TableName, matches: &[&Match], actions: &[&Action], family: Family) -> bool {
    let option_fits = |option: &OptionUse| {
        let mut values = option.values().peekable();
        let any = values.peek().is_none()
            || values.any(|value| match value {
                Value::Address(address) => address.family() == family,
                // What connection tracking holds is asked for by number alone.
                Value::Protocol(_) if option.spec().value == ValueKind::ProtocolNumber => true,
                Value::Protocol(1 | 43 | 44 | 51 | 60) => family == Family::Ipv4,
                Value::Endpoint(endpoint) => endpoint.family().is_none_or(|own| own == family),
                Value::Number(33..) if option.spec().value == ValueKind::PrefixLength => {
                    family == Family::Ipv6
                }
                // IPv6's header leaves less room.
                Value::Number(65_496..) if option.spec().value == ValueKind::SegmentSize => {
                    family == Family::Ipv4
                }
                Value::Protocol(58) => family == Family::Ipv6,
                Value::Set(used) => model.set(&used.name).is_some_and(|set| set.families().contains(family)),
                Value::Word(index) => {
                    let words = option.spec().value.words();
                    words[usize::from(*index)].families.contains(family)
                }
                _ => true,
            });
        any && option.spec().families.contains(family)
    };
    let here = |families: FamilySet| families.contains(family);
    matches.iter().all(|entry| here(entry.extension().families) && entry.options().iter().all(option_fits))
        && actions.iter().all(|action| match action {
            Action::Target { extension, options } => {
                here(extension.families) && options.iter().all(option_fits)
            }
            Action::Jump(target) | Action::Goto(target) => {
                let chains = model.chains().iter().filter(|it| it.table() == table && it.name() == target);
                let own = chains.map(|chain| chain.families());
                let others = model.foreign_chains().iter();
                let others = others.filter(|it| it.table() == table && it.name() == target);
                own.chain(others.map(|it| it.families())).any(|families| families.contains(family))
            }
        })
}

fn walk(chains: &[Chain<'_>], start: &str, packet: &Packet, limits: bool, sets: &Contents) -> Outcome {
    let mut packet = packet.clone();
    let mut outcome =
        Outcome { verdict: String::new(), logged: Vec::new(), consulted: Vec::new(), mark: packet.mark };
    let find = |name: &str| chains.iter().find(|chain| chain.name == name);
    // Where to go on after a chain: the chain, the rule, the verdict of the rule.
    let mut stack: Vec<(&Chain<'_>, usize, usize)> = vec![(find(start).expect("the chain is there"), 0, 0)];
    let base = stack[0].0;
    'chains: while let Some((chain, mut rule, mut verdict)) = stack.pop() {
        while let Some((matches, actions, line)) = chain.rules.get(rule) {
            if verdict == 0 && !matches_packet(matches, &packet, limits, *line, sets, &mut outcome) {
                rule += 1;
                continue;
            }
            while let Some(action) = actions.get(verdict) {
                verdict += 1;
                match action {
                    Action::Jump(target) | Action::Goto(target) => {
                        if matches!(action, Action::Jump(_)) {
                            stack.push((chain, rule, verdict));
                        }
                        match find(target) {
                            Some(target) => stack.push((target, 0, 0)),
                            // A chain of others lets the packet come back. That it went there is seen.
                            None => outcome.logged.push(*line),
                        }
                        continue 'chains;
                    }
                    Action::Target { extension, options } => match extension.name {
                        "LOG" | "NFLOG" => outcome.logged.push(*line),
                        "RETURN" => continue 'chains,
                        "MARK" => {
                            packet.mark = marked(packet.mark, &options[0]);
                            outcome.mark = packet.mark;
                        }
                        _ if extension.flow == Flow::Continues => {}
                        name => {
                            outcome.verdict = name.to_ascii_lowercase();
                            return outcome;
                        }
                    },
                }
            }
            rule += 1;
            verdict = 0;
        }
    }
    outcome.verdict = base.policy.unwrap_or("end").to_ascii_lowercase();
    outcome
}

/// The mark after a `MARK`, in whatever form it is written (iptables-extensions(8), MARK).
fn marked(mark: u32, option: &OptionUse) -> u32 {
    let Some(Value::Masked(bits)) = option.values().next() else { return mark };
    let (value, mask) = (bits.value, bits.mask());
    match option.spec().name {
        "set-xmark" => (mark & !mask) ^ value,
        "set" => (mark & !mask) | value,
        "and" => mark & value,
        "or" => mark | value,
        "xor" => mark ^ value,
        other => panic!("an unknown form of MARK: {other}"),
    }
}

fn matches_packet(
    matches: &[&Match],
    packet: &Packet,
    limits: bool,
    line: u32,
    sets: &Contents,
    outcome: &mut Outcome,
) -> bool {
    let (stateful, stateless): (Vec<&&Match>, Vec<&&Match>) =
        matches.iter().partition(|entry| entry.is_stateful());
    let plain = stateless.iter().all(|entry| entry_holds(entry, packet, sets));
    if plain && !stateful.is_empty() {
        outcome.consulted.push(line);
        return limits;
    }
    plain
}

/// A match holds if all its options do; what stands behind a set in `set(…)` says how to look it up.
fn entry_holds(entry: &Match, packet: &Packet, sets: &Contents) -> bool {
    let reversed = entry.options().iter().any(|option| option.spec().name == "return-nomatch");
    let quiet = |option: &OptionUse| option.negated() && option.spec().name.starts_with("update-");
    // A protocol's own match looks for its header, also if it asks nothing of it.
    let of_header = ["tcp", "udp", "sctp", "icmp", "icmp6"].contains(&entry.extension().name);
    if entry.options().is_empty() && of_header && packet.fragment {
        return false;
    }
    let mut options = entry.options().iter().filter(|option| !quiet(option));
    options.all(|option| match option.spec().name {
        "return-nomatch" => true,
        _ => holds(entry.extension().name, option, packet, sets, reversed),
    })
}

/// Any of the values, or none of them if negated. A later fragment has no ports, types and flags,
/// which neither match nor match negated.
fn holds(extension: &str, option: &OptionUse, packet: &Packet, sets: &Contents, reversed: bool) -> bool {
    let name = option.spec().name;
    let has_ports = matches!(packet.protocol, 6 | 17 | 33 | 132 | 136);
    let beyond_header = match (extension, name) {
        (_, "sport" | "dport" | "port" | "sports" | "dports" | "ports") => Some(has_ports),
        ("icmp" | "icmp6", "type") => Some(matches!(packet.protocol, 1 | 58)),
        ("tcp", "flags") => Some(packet.protocol == 6),
        _ => None,
    };
    if beyond_header.is_some_and(|there| !there || packet.fragment) {
        return false;
    }
    let mut values = option.values().peekable();
    let any = if values.peek().is_none() {
        name != "fragment" || packet.fragment
    } else {
        values.any(|value| match value {
            Value::Set(used) => sets.hold(&used.name, &used.directions, packet, reversed),
            value => value_holds(extension, name, value, option, packet),
        })
    };
    any != option.negated()
}

/// Whatever looks at a value of a kind that packets have looks at the packet's own here, so that
/// values that no packet has both of are not both true; what no packet here has is true of all.
fn value_holds(extension: &str, name: &str, value: &Value, option: &OptionUse, packet: &Packet) -> bool {
    match value {
        Value::Address(address) => {
            let end = packet.ends[usize::from(matches!(name, "to" | "dst-range" | "ctorigdst"))];
            address.family() == family_of(end) && address.contains(end)
        }
        Value::Interface(pattern) => {
            let interface = packet.interfaces[usize::from(name == "out")];
            match pattern.strip_suffix('+') {
                Some(prefix) => interface.starts_with(prefix),
                None => interface == pattern,
            }
        }
        Value::Protocol(number) => packet.protocol == *number,
        Value::Ports(range) => {
            let [source, destination] = packet.ports.map(|port| (range.first..=range.last).contains(&port));
            match name.trim_end_matches('s') {
                "sport" | "ctorigdstport" => source,
                "dport" => destination,
                _ => source || destination,
            }
        }
        Value::Icmp(IcmpMatch::Any) => true,
        Value::Icmp(IcmpMatch::Type { ty, code }) => {
            packet.icmp.0 == *ty && code.is_none_or(|code| packet.icmp.1 == code)
        }
        Value::Word(index) if name == "ctstate" || extension == "state" => {
            option.spec().value.words()[usize::from(*index)].name == packet.state
        }
        // A day, which may be asked for by all the others.
        Value::Word(index) if extension == "time" => u64::from(*index) == packet.length % 7,
        Value::Masked(bits) => {
            let own = if extension == "mark" { packet.mark } else { packet.bits };
            own & bits.mask() == bits.value
        }
        Value::Span(span) => (span.first..=span.last).contains(&packet.length),
        Value::TcpFlags(flags) => packet.flags & flags.mask == flags.set,
        _ => true,
    }
}
