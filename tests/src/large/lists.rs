//! Long chains of one manner, each hard for one part of the analysis.

use fwdsl::family::Family;

use super::Large;
use super::writer::Writer;
use crate::random::Random;

/// An access list: every rule knows five fields.
#[must_use]
pub fn access_list(family: Family, rules: usize) -> Large {
    let mut random = Random::new(rules as u64 + 7);
    let mut writer = Writer::new(family);
    // Who has more rules has more sites.
    let sites = 8 + rules / 250;
    let mut pairs: Vec<(String, String)> = Vec::new();
    for _ in 0..rules {
        let (from, to) = match pairs.len() {
            // Rules for the same two come back again and again.
            count if count > 0 && random.one_in(3) => pairs[random.below(count)].clone(),
            _ => pair(family, sites, &mut random),
        };
        pairs.push((from.clone(), to.clone()));
        let protocol = random.pick(&["tcp", "tcp", "tcp", "udp"]);
        let sport = ["", "--sport 1024:65535 "][random.below(2)];
        let port = 1 + random.below(60_000);
        let ports = match random.below(4) {
            0 => format!("{port}:{}", port + random.below(5000)),
            _ => [22, 25, 53, 80, 443, 3306, 8080, port][random.below(8)].to_string(),
        };
        let verdict = random.pick(&["ACCEPT", "ACCEPT", "DROP"]);
        let rule =
            format!("-s {from} -d {to} -p {protocol} -m {protocol} {sport}--dport {ports} -j {verdict}");
        writer.rule(Writer::FORWARD, rule);
    }
    writer.finish(false)
}

/// A source and a destination.
fn pair(family: Family, sites: usize, random: &mut Random) -> (String, String) {
    let depth = if random.one_in(4) { 2 } else { 3 };
    let to = network(family, depth, sites, random);
    // Whatever comes from anywhere goes to a host: else a few such rules would take all.
    let widest = 3 - depth;
    (network(family, widest + random.below(4 - widest), sites, random), to)
}

/// A network of one of the sites, the narrower the greater `depth` is, from 0 to 3.
fn network(family: Family, depth: usize, sites: usize, random: &mut Random) -> String {
    let (site, subnet) = (random.below(sites), random.below(16));
    let (area, site) = (10 + site / 256, site % 256);
    match (family, depth) {
        (Family::Ipv4, 0) => "0.0.0.0/0".to_owned(),
        (Family::Ipv4, 1) => format!("{area}.{site}.0.0/16"),
        (Family::Ipv4, 2) => format!("{area}.{site}.{subnet}.0/24"),
        (Family::Ipv4, _) => format!("{area}.{site}.{subnet}.{}/32", random.below(32)),
        (Family::Ipv6, 0) => "::/0".to_owned(),
        (Family::Ipv6, 1) => format!("2001:d{area:x}:{site:x}::/48"),
        (Family::Ipv6, 2) => format!("2001:d{area:x}:{site:x}:{subnet:x}::/64"),
        (Family::Ipv6, _) => format!("2001:d{area:x}:{site:x}:{subnet:x}::{:x}/128", 1 + random.below(32)),
    }
}

/// Rules that each constrain two fields of many, by random: the worst for decision diagrams.
#[must_use]
pub fn pairs_of_fields(family: Family, rules: usize) -> Large {
    let mut random = Random::new(rules as u64 + 11);
    let mut writer = Writer::new(family);
    for _ in 0..rules {
        let first = random.below(6);
        let second = (first + 1 + random.below(5)) % 6;
        let mut fields = [first, second];
        fields.sort_unstable();
        let mut rule = String::new();
        let mut protocol = false;
        for field in fields {
            rule += &match (field, family) {
                (0, Family::Ipv4) => format!("-s {}.0.0.0/{} ", 16 * random.below(14), 4 + random.below(1)),
                (0, Family::Ipv6) => format!("-s {:x}000::/4 ", 1 + random.below(14)),
                (1, Family::Ipv4) => format!("-d {}.{}.0.0/16 ", 1 + random.below(200), random.below(256)),
                (1, Family::Ipv6) => format!("-d 2001:{:x}::/32 ", 1 + random.below(4096)),
                (2, _) => format!("-i eth{} ", random.below(8)),
                (3, _) => format!("-o eth{} ", random.below(8)),
                (4, _) => {
                    protocol = true;
                    let port = random.below(60_000);
                    format!("-p tcp -m tcp --sport {port}:{} ", port + random.below(5000))
                }
                _ => {
                    let port = random.below(60_000);
                    let head = if protocol { "" } else { "-p tcp -m tcp " };
                    format!("{head}--dport {port}:{} ", port + random.below(5000))
                }
            };
        }
        let verdict = random.pick(&["ACCEPT", "DROP"]);
        writer.rule(Writer::FORWARD, format!("{rule}-j {verdict}"));
    }
    writer.finish(false)
}

/// Rules of one host that differ in a port alone.
#[must_use]
pub fn ports_of_one_host(family: Family, rules: usize) -> Large {
    let mut writer = Writer::new(family);
    for number in 0..rules {
        let (protocol, port) = (["tcp", "udp"][number / 60_000 % 2], 1 + number % 60_000);
        writer.live(Writer::INPUT, format!("-p {protocol} -m {protocol} --dport {port} -j ACCEPT"));
    }
    writer.finish(true)
}

/// A chain that every other rule calls.
#[must_use]
pub fn many_callers(family: Family, rules: usize) -> Large {
    let mut writer = Writer::new(family);
    let log_drop = writer.chain("log-drop".to_owned());
    for (port, verdict) in [(22, "ACCEPT"), (80, "ACCEPT"), (443, "RETURN")] {
        writer.live(log_drop, format!("-p tcp -m tcp --dport {port} -j {verdict}"));
    }
    writer.live(log_drop, "-m limit --limit 5/min -j LOG");
    writer.dead(log_drop, "chain_not_entered", "-p udp -j DROP");
    writer.live(log_drop, "-j DROP");
    for number in 0..rules.saturating_sub(6) {
        let address = match family {
            Family::Ipv4 => format!("10.{}.{}.{}/32", number / 65_536, number / 256 % 256, number % 256),
            Family::Ipv6 => format!("2001:db8::{:x}:{:x}/128", number / 65_536, number % 65_536),
        };
        writer.live(Writer::FORWARD, format!("-s {address} -p tcp -j log-drop"));
    }
    writer.finish(true)
}

/// A chain for every other rule.
#[must_use]
pub fn many_chains(family: Family, rules: usize) -> Large {
    let mut writer = Writer::new(family);
    for number in 0..rules / 2 {
        let chain = writer.chain(format!("host-{number:05}"));
        let address = match family {
            Family::Ipv4 => format!("10.{}.{}.{}/32", number / 65_536, number / 256 % 256, number % 256),
            Family::Ipv6 => format!("2001:db8::{:x}:{:x}/128", number / 65_536, number % 65_536),
        };
        writer.live(Writer::FORWARD, format!("-d {address} -j host-{number:05}"));
        writer.live(chain, "-p tcp -m tcp --dport 80 -j ACCEPT");
    }
    writer.finish(true)
}
