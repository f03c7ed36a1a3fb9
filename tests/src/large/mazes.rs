//! Firewalls whose rules cut packets in many directions at once, so that what is left of them falls into very many parts.

use fwdsl::family::Family;

use super::Large;
use super::writer::{ChainId, Writer};
use crate::random::Random;

/// Chains that call each other, from which packets come back for reasons that no packet tells.
#[must_use]
pub fn opaque_returns(rules: usize) -> Large {
    let mut random = Random::new(rules as u64 + 21);
    let mut writer = Writer::new(Family::Ipv4);
    let depth = 2 + rules / 60;
    let chains: Vec<ChainId> = (0..depth).map(|number| writer.chain(format!("level-{number:03}"))).collect();
    writer.rule(Writer::INPUT, "-j level-000");
    for (level, chain) in chains.iter().enumerate() {
        for _ in 0..rules / depth / 2 {
            let returns = returns_for_some_reason(&mut random);
            writer.rule(*chain, format!("{}{returns}", wide(&mut random, 2)));
        }
        if level + 1 < depth {
            writer.rule(*chain, format!("-j level-{:03}", level + 1));
        }
        for _ in 0..rules / depth / 2 {
            let verdict = random.pick(&["ACCEPT", "DROP", "RETURN"]);
            writer.rule(*chain, format!("{}-j {verdict}", wide(&mut random, 2)));
        }
    }
    for _ in 0..rules / 8 {
        writer.rule(Writer::INPUT, format!("{}-j ACCEPT", wide(&mut random, 3)));
    }
    writer.finish(false)
}

/// A target that some packets come back by, and what asks for them.
fn returns_for_some_reason(random: &mut Random) -> &'static str {
    [
        "-m limit --limit 5/min -j RETURN",
        "-m length --length 100:200 -j RETURN",
        "-m mac --mac-source 02:00:00:00:00:01 -j RETURN",
        "-m statistic --mode random --probability 0.5 -j RETURN",
    ][random.below(4)]
}

/// Rules that each ask for wide parts of so many fields.
#[must_use]
pub fn wide_fields(rules: usize, fields: usize) -> Large {
    let mut random = Random::new((rules * 10 + fields) as u64 + 22);
    let mut writer = Writer::new(Family::Ipv4);
    for _ in 0..rules {
        let verdict = random.pick(&["ACCEPT", "DROP"]);
        writer.rule(Writer::FORWARD, format!("{}-j {verdict}", wide(&mut random, fields)));
    }
    writer.finish(false)
}

/// What asks for wide parts of so many different fields of TCP packets.
fn wide(random: &mut Random, fields: usize) -> String {
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < fields {
        let field = random.below(10);
        if !chosen.contains(&field) {
            chosen.push(field);
        }
    }
    chosen.sort_unstable();
    let mut rule = String::from("-p tcp ");
    for field in chosen {
        let not = if random.one_in(2) { "! " } else { "" };
        let range = |random: &mut Random, most: usize| {
            let (one, other) = (random.below(most), random.below(most));
            (one.min(other), one.max(other))
        };
        rule += &match field {
            0 => format!("{not}-s {}.0.0.0/{} ", 32 * random.below(8), 1 + random.below(3)),
            1 => format!("{not}-d {}.0.0.0/{} ", 32 * random.below(8), 1 + random.below(3)),
            2 => {
                let (first, last) = range(random, 65_536);
                format!("-m tcp {not}--sport {first}:{last} ")
            }
            3 => {
                let (first, last) = range(random, 65_536);
                format!("-m tcp {not}--dport {first}:{last} ")
            }
            4 => format!(
                "-m conntrack {not}--ctstate {} ",
                random.pick(&["NEW", "ESTABLISHED", "NEW,RELATED", "INVALID,ESTABLISHED"])
            ),
            5 => {
                let bit = 1 << random.below(4);
                format!("-m mark {not}--mark {bit:#x}/{bit:#x} ")
            }
            6 => {
                let flag = random.pick(&["SYN", "ACK", "FIN", "RST", "PSH", "URG"]);
                format!("-m tcp {not}--tcp-flags {flag} {flag} ")
            }
            7 => format!("{not}-i eth{} ", random.below(3)),
            8 => {
                let (first, last) = range(random, 1 << 24);
                let address = |low: usize| std::net::Ipv4Addr::from((low as u32) << 8);
                format!("-m iprange {not}--src-range {}-{} ", address(first), address(last))
            }
            _ => {
                let (first, last) = range(random, 1 << 24);
                let address = |low: usize| std::net::Ipv4Addr::from((low as u32) << 8);
                format!("-m iprange {not}--dst-range {}-{} ", address(first), address(last))
            }
        };
    }
    rule
}

/// Rules that each exclude long lists of ports.
#[must_use]
pub fn excluded_ports(rules: usize) -> Large {
    let mut random = Random::new(rules as u64 + 23);
    let mut writer = Writer::new(Family::Ipv4);
    let list = |random: &mut Random| {
        let mut ports: Vec<usize> = (0..15).map(|_| 1 + random.below(60)).collect();
        ports.sort_unstable();
        ports.dedup();
        let words: Vec<String> = ports.iter().map(usize::to_string).collect();
        words.join(",")
    };
    for _ in 0..rules {
        let first = ["--dports", "--sports", "--ports"][random.below(3)];
        let not = if random.one_in(3) { "" } else { "! " };
        let second = if random.one_in(2) {
            format!(
                "-m multiport {}--sports {} ",
                if random.one_in(3) { "! " } else { "" },
                list(&mut random)
            )
        } else {
            format!("-s {}.0.0.0/2 ", 64 * random.below(4))
        };
        let verdict = random.pick(&["ACCEPT", "DROP"]);
        writer.rule(
            Writer::INPUT,
            format!("-p tcp -m multiport {not}{first} {} {second}-j {verdict}", list(&mut random)),
        );
    }
    writer.finish(false)
}

/// Chains that lead to each other without coming back.
#[must_use]
pub fn gotos(rules: usize) -> Large {
    let mut random = Random::new(rules as u64 + 24);
    let mut writer = Writer::new(Family::Ipv4);
    let (layers, breadth) = (8, 4);
    let mut names: Vec<Vec<String>> = Vec::new();
    let mut ids: Vec<Vec<ChainId>> = Vec::new();
    for layer in 0..layers {
        names.push((0..breadth).map(|place| format!("maze-{layer}-{place}")).collect());
        ids.push(names[layer].iter().map(|name| writer.chain(name.clone())).collect());
    }
    let each = (rules / (layers * breadth)).max(3);
    for _ in 0..4 {
        let to = random.below(breadth);
        writer.rule(Writer::FORWARD, format!("{}-j {}", wide(&mut random, 2), names[0][to]));
    }
    for layer in 0..layers {
        for &chain in &ids[layer] {
            for _ in 0..each {
                let fields = 1 + random.below(2);
                let how = match random.below(6) {
                    0 if layer + 1 < layers => format!("-j {}", names[layer + 1][random.below(breadth)]),
                    1..=3 if layer + 1 < layers => format!("-g {}", names[layer + 1][random.below(breadth)]),
                    4 => returns_for_some_reason(&mut random).to_owned(),
                    5 => "-j RETURN".to_owned(),
                    _ => format!("-j {}", random.pick(&["ACCEPT", "DROP"])),
                };
                writer.rule(chain, format!("{}{how}", wide(&mut random, fields)));
            }
        }
    }
    for _ in 0..rules / 8 {
        writer.rule(Writer::FORWARD, format!("{}-j ACCEPT", wide(&mut random, 2)));
    }
    writer.finish(false)
}

/// Rules that each leave out networks, of source and destination.
#[must_use]
pub fn holes(rules: usize) -> Large {
    let mut random = Random::new(rules as u64 + 25);
    let mut writer = Writer::new(Family::Ipv4);
    for number in 0..rules {
        let mut network = || {
            let bits = 8 + random.below(17);
            let address = 0x0a00_0000 | (random.below(1 << 12) as u32) << 12;
            let address = std::net::Ipv4Addr::from(address & (u32::MAX << (32 - bits)));
            format!("{address}/{bits}")
        };
        let (from, to) = (network(), network());
        let port = 1 + number % 3;
        let rule = match number % 4 {
            0 => format!("! -s {from} -d {to} -p tcp -m tcp ! --dport {port}"),
            1 => format!("-s {from} ! -d {to} -p tcp -m tcp --dport {port}"),
            2 => format!("! -s {from} ! -d {to} -p tcp -m tcp --dport {port}"),
            _ => format!("-s {from} -d {to} -p tcp"),
        };
        writer.rule(Writer::FORWARD, format!("{rule} -j {}", ["ACCEPT", "DROP"][number % 2]));
    }
    writer.finish(false)
}

/// Rules that each ask for ranges of addresses and ports.
#[must_use]
pub fn ranges(rules: usize) -> Large {
    let mut random = Random::new(rules as u64 + 26);
    let mut writer = Writer::new(Family::Ipv4);
    let range = |random: &mut Random, most: usize| {
        let (one, other) = (random.below(most), random.below(most));
        (one.min(other) as u32, one.max(other) as u32)
    };
    for _ in 0..rules {
        let [from, to] = [(); 2].map(|()| {
            let (first, last) = range(&mut random, 1 << 16);
            let address = |low: u32| std::net::Ipv4Addr::from(0x0a00_0000 | low);
            format!("{}-{}", address(first), address(last))
        });
        let [sport, dport] = [(); 2].map(|()| {
            let (first, last) = range(&mut random, 60_000);
            format!("{first}:{last}")
        });
        let not = if random.one_in(4) { "! " } else { "" };
        let verdict = random.pick(&["ACCEPT", "DROP"]);
        writer.rule(
            Writer::FORWARD,
            format!("-p udp -m udp --sport {sport} --dport {dport} -m iprange {not}--src-range {from} --dst-range {to} -j {verdict}"),
        );
    }
    writer.finish(false)
}
