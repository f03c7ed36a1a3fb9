//! Dead rules of every kind, and live ones that nearly are.

use fwdsl::family::Family;

use super::writer::{ChainId, Writer};
use crate::random::Random;

/// How many kinds of plant there are.
pub(super) const KINDS: usize = 11;

/// A network that belongs to a plant alone, for its sources.
fn network(family: Family, number: usize) -> String {
    match family {
        Family::Ipv4 => format!("100.{}.{}.0/24", 64 + number / 256, number % 256),
        Family::Ipv6 => format!("2001:db8:fee0:{number:x}::/64"),
    }
}

/// A host of that network.
fn host(family: Family, number: usize) -> String {
    match family {
        Family::Ipv4 => format!("100.{}.{}.7/32", 64 + number / 256, number % 256),
        Family::Ipv6 => format!("2001:db8:fee0:{number:x}::7/128"),
    }
}

/// Plants something in a chain that all sources of unknown networks come to.
pub(super) fn plant(writer: &mut Writer, chain: ChainId, number: usize, random: &mut Random) {
    let family = writer.family();
    let (net, host) = (network(family, number), host(family, number));
    match number % KINDS {
        0 => {
            writer.live(chain, format!("-s {net} -j ACCEPT"));
            writer.dead(chain, "covered_by_one", format!("-s {host} -p tcp -m tcp --dport 22 -j DROP"));
        }
        1 => covered_by_ports(writer, chain, &net, 2 + random.below(49), random),
        2 => covered_by_networks(writer, chain, number, random),
        3 => called_with_return(writer, chain, number, &net),
        4 => called_with_goto(writer, chain, number, &net),
        5 => {
            // What goes there does not come back but to the caller of this chain.
            let other = writer.chain(format!("plant-{number}"));
            let to = writer.name(other).to_owned();
            writer.live(chain, format!("-s {net} -p udp -g {to}"));
            writer.live(other, "-p udp -m udp --dport 53 -j ACCEPT");
            writer.dead(chain, "covered_by_one", format!("-s {net} -p udp -m udp --dport 123 -j ACCEPT"));
            writer.live(chain, format!("-s {net} -j ACCEPT"));
        }
        6 => {
            let impossible = match random.below(3) {
                0 => "-p tcp -m tcp --dport 443 -m multiport --dports 22,80",
                1 => "-m conntrack --ctstate NEW -m state --state ESTABLISHED",
                _ => {
                    "-p tcp -m tcp --tcp-flags SYN,ACK SYN -m tcp --tcp-flags SYN SYN -m tcp ! --tcp-flags SYN,ACK SYN"
                }
            };
            writer.dead(chain, "matches_nothing", format!("-s {net} {impossible} -j ACCEPT"));
        }
        7 => {
            let other = writer.chain(format!("plant-{number}"));
            let to = writer.name(other).to_owned();
            writer.live(chain, format!("-s {net} -p tcp -j {to}"));
            writer.live(other, "-p tcp -m tcp --dport 80 -j ACCEPT");
            writer.dead(other, "chain_not_entered", "-p udp -m udp --dport 80 -j ACCEPT");
            writer.live(other, "-j DROP");
        }
        8 => {
            let other = writer.chain(format!("plant-{number}"));
            writer.dead(other, "chain_not_called", format!("-s {net} -p tcp -j ACCEPT"));
            writer.dead(other, "chain_not_called", "-j DROP");
        }
        9 => {
            // The states are five, and each has its rule; some are taken before.
            let rule = |states: &str| format!("-s {net} -p sctp -m conntrack --ctstate {states} -j ACCEPT");
            writer.live(chain, rule("NEW"));
            writer.dead(chain, "chain_not_entered", rule("RELATED,ESTABLISHED"));
            writer.dead(chain, "chain_not_entered", rule("INVALID"));
            writer.live(chain, rule("UNTRACKED"));
            writer.dead(chain, "covered_together", format!("-s {net} -p sctp -j DROP"));
        }
        _ => {
            // What may match or not takes nothing for sure, but for who asks for the same.
            let mac =
                format!("-m mac --mac-source 02:00:00:00:{:02X}:{:02X}", number / 256 % 256, number % 256);
            writer.live(chain, format!("-s {net} {mac} -j ACCEPT"));
            writer.live(chain, format!("-s {net} -m limit --limit 5/sec -j ACCEPT"));
            writer.dead(chain, "covered_by_one", format!("-s {host} {mac} -j DROP"));
            writer.live(chain, format!("-s {host} -j DROP"));
        }
    }
}

/// Several ranges of ports that together are all, in any order; and the same with one port left out.
fn covered_by_ports(writer: &mut Writer, chain: ChainId, net: &str, parts: usize, random: &mut Random) {
    let mut ends: Vec<usize> = (0..parts - 1).map(|_| 1 + random.below(65_534)).collect();
    ends.extend([0, 65_536]);
    ends.sort_unstable();
    ends.dedup();
    let mut ranges: Vec<(usize, usize)> = ends.windows(2).map(|pair| (pair[0], pair[1] - 1)).collect();
    for at in (1..ranges.len()).rev() {
        ranges.swap(at, random.below(at + 1));
    }
    for (protocol, gap) in [("tcp", None), ("udp", Some(random.below(ranges.len())))] {
        for (number, (first, last)) in ranges.iter().enumerate() {
            let last = if gap == Some(number) { last.saturating_sub(1).max(*first) } else { *last };
            let ports = if *first == last { format!("{first}") } else { format!("{first}:{last}") };
            let verdict = random.pick(&["ACCEPT", "DROP", "REJECT"]);
            writer.rule(chain, format!("-s {net} -p {protocol} -m {protocol} --dport {ports} -j {verdict}"));
        }
        // Without asking for ports it would be for later fragments.
        let rule = format!("-s {net} -p {protocol} -m {protocol} --sport 1024:65535 -j ACCEPT");
        let is_gap = gap.is_some_and(|at| ranges[at].0 < ranges[at].1);
        match (is_gap, ranges.len()) {
            (true, _) => writer.live(chain, rule),
            (false, 1) => writer.dead(chain, "covered_by_one", rule),
            (false, _) => writer.dead(chain, "covered_together", rule),
        }
    }
}

/// The halves of a network, their halves, and so on, but for a last one that the other field covers.
fn covered_by_networks(writer: &mut Writer, chain: ChainId, number: usize, random: &mut Random) {
    let family = writer.family();
    let (low, high) = match family {
        Family::Ipv4 => {
            let base = format!("100.{}.{}", 64 + number / 256, number % 256);
            (format!("{base}.0/25"), format!("{base}.128/25"))
        }
        Family::Ipv6 => {
            let base = format!("2001:db8:fee0:{number:x}");
            (format!("{base}::/65"), format!("{base}:8000::/65"))
        }
    };
    let net = network(family, number);
    let port = 1 + random.below(65_000);
    writer.live(chain, format!("-s {low} -p tcp -m tcp --dport {port}:65535 -j DROP"));
    writer.live(chain, format!("-s {high} -p tcp -m tcp --dport {} -j ACCEPT", port + 1));
    writer.live(chain, format!("-s {high} -p tcp -m tcp --sport 1024:65535 -j ACCEPT"));
    writer.live(chain, format!("-s {high} -p tcp -m tcp --sport 0:1023 -j DROP"));
    writer.dead(chain, "covered_together", format!("-s {net} -p tcp -m tcp --dport {} -j ACCEPT", port + 1));
    writer.live(chain, format!("-s {net} -p tcp -j ACCEPT"));
}

/// A chain that lets something return, and takes the rest.
fn called_with_return(writer: &mut Writer, chain: ChainId, number: usize, net: &str) {
    let other = writer.chain(format!("plant-{number}"));
    let to = writer.name(other).to_owned();
    writer.live(chain, format!("-s {net} -j {to}"));
    writer.live(other, "-p tcp -m tcp --dport 80 -j RETURN");
    writer.live(other, "-p icmp -j RETURN".replace("icmp", icmp(writer.family())));
    writer.live(other, "-j DROP");
    writer.dead(chain, "covered_by_one", format!("-s {net} -p udp -j ACCEPT"));
    writer.live(chain, format!("-s {net} -p tcp -j ACCEPT"));
    writer.dead(chain, "covered_by_one", format!("-s {net} -p tcp -m tcp --dport 1:1000 -j DROP"));
}

/// A chain that goes on to another one, from which nothing comes back to it.
fn called_with_goto(writer: &mut Writer, chain: ChainId, number: usize, net: &str) {
    let (first, second) =
        (writer.chain(format!("plant-{number}a")), writer.chain(format!("plant-{number}b")));
    let (to_first, to_second) = (writer.name(first).to_owned(), writer.name(second).to_owned());
    writer.live(chain, format!("-s {net} -j {to_first}"));
    writer.live(first, format!("-p tcp -g {to_second}"));
    writer.dead(first, "covered_by_one", "-p tcp -m tcp --dport 22 -j ACCEPT");
    writer.live(first, "-p udp -m udp --dport 53 -j ACCEPT");
    writer.live(second, "-p tcp -m tcp --dport 1:1023 -j DROP");
    writer.dead(chain, "covered_by_one", format!("-s {net} -p tcp -m tcp --dport 443 -j ACCEPT"));
    writer.live(chain, format!("-s {net} -p tcp -m tcp --dport 8443 -j ACCEPT"));
}

pub(super) const fn icmp(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "icmp",
        Family::Ipv6 => "ipv6-icmp",
    }
}
