//! Firewalls of thousands of rules, made rather than kept: as companies, universities and Kubernetes nodes have them.

use std::fmt::Write as _;

use fwdsl::family::Family;

use crate::random::Random;

/// How many hosts the university has: about 6,000 rules.
const HOSTS: usize = 1900;
/// How many rules the company's access lists have.
const ACCESS_RULES: usize = 5500;
/// How many services the Kubernetes node knows: about 3,000 rules.
const SERVICES: usize = 220;

const FILTER: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n";
const NAT: &str =
    "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n";

/// A host's address.
fn host(family: Family, number: usize) -> String {
    match family {
        Family::Ipv4 => format!("172.{}.{}.{}/32", 16 + number / 65_536, number / 256 % 256, number % 256),
        Family::Ipv6 => {
            format!("2001:db8:{:x}:{:x}::{:x}/128", 1 + number / 4096, number / 16 % 256, 1 + number % 16)
        }
    }
}

/// A network that somebody outside has.
fn network(family: Family, random: &mut Random) -> String {
    match family {
        Family::Ipv4 => match random.below(3) {
            0 => format!("10.{}.0.0/16", random.below(256)),
            1 => format!("192.168.{}.0/24", random.below(256)),
            _ => format!("198.51.100.{}/29", 8 * random.below(32)),
        },
        Family::Ipv6 => match random.below(2) {
            0 => format!("2001:db8:f{:03x}::/48", random.below(4096)),
            _ => format!("fd00:{:x}:{:x}::/64", 1 + random.below(4096), 1 + random.below(4096)),
        },
    }
}

const fn icmp(family: Family) -> &'static str {
    match family {
        Family::Ipv4 => "-p icmp -m icmp --icmp-type 8",
        Family::Ipv6 => "-p ipv6-icmp -m icmp6 --icmpv6-type 128",
    }
}

/// A university: for each host a chain of what the world may reach there, in a tree of chains by department.
#[must_use]
pub fn university(family: Family) -> String {
    let mut random = Random::new(1);
    let (mut chains, mut rules) = (String::new(), String::new());
    rules += "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";
    rules += "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n";
    for department in 0..HOSTS.div_ceil(64) {
        writeln!(chains, ":dept-{department:03} - [0:0]").unwrap();
        writeln!(rules, "-A FORWARD -o vlan{} -j dept-{department:03}", 100 + department).unwrap();
    }
    for number in 0..HOSTS {
        let (department, address) = (number / 64, host(family, number));
        writeln!(chains, ":host-{number:04} - [0:0]").unwrap();
        writeln!(
            rules,
            "-A dept-{department:03} -d {address} -m comment --comment \"pc{number} room {}\" -j host-{number:04}",
            random.below(400)
        )
        .unwrap();
        for _ in 0..1 + random.below(3) {
            rules += &match random.below(6) {
                0 => format!("-A host-{number:04} -p tcp -m tcp --dport 22 -j ACCEPT\n"),
                1 => format!("-A host-{number:04} -p tcp -m multiport --dports 80,443 -j ACCEPT\n"),
                2 => format!("-A host-{number:04} {} -m limit --limit 10/sec -j ACCEPT\n", icmp(family)),
                3 => format!(
                    "-A host-{number:04} -s {} -p udp -m udp --dport {}:{} -j ACCEPT\n",
                    network(family, &mut random),
                    5000 + random.below(500),
                    6000 + random.below(500)
                ),
                4 => format!(
                    "-A host-{number:04} -s {} -p tcp -m tcp --dport {} -m conntrack --ctstate NEW -j ACCEPT\n",
                    network(family, &mut random),
                    1 + random.below(65_535)
                ),
                _ => format!("-A host-{number:04} -s {} -j ACCEPT\n", network(family, &mut random)),
            };
        }
    }
    rules += "-A FORWARD -m limit --limit 5/min -j LOG --log-prefix \"campus: \"\n";
    format!("{FILTER}{chains}{rules}COMMIT\n")
}

/// A company: access lists between zones, each line a pair of networks with ports and the number of a ticket.
#[must_use]
pub fn company(family: Family) -> String {
    let mut random = Random::new(2);
    let zones = ["office", "dmz", "prod", "test", "partner", "backup"];
    let (mut chains, mut rules) = (String::new(), String::new());
    let mut lists = Vec::new();
    for (from, _) in zones.iter().enumerate() {
        for (to, _) in zones.iter().enumerate().filter(|(to, _)| *to != from) {
            let list = format!("{}-to-{}", zones[from], zones[to]);
            writeln!(chains, ":{list} - [0:0]").unwrap();
            writeln!(rules, "-A FORWARD -i bond0.{} -o bond0.{} -j {list}", 10 + from, 10 + to).unwrap();
            lists.push(list);
        }
    }
    for _ in 0..ACCESS_RULES {
        let list = &lists[random.below(lists.len())];
        let (source, target) = (network(family, &mut random), host(family, random.below(40_000)));
        let negated = if random.one_in(40) { "! " } else { "" };
        let protocol = random.pick(&["tcp", "tcp", "tcp", "udp", "sctp"]);
        let ports = match random.below(4) {
            0 => format!(
                "-m multiport --dports {},{},8000:8080",
                1 + random.below(1000),
                1001 + random.below(5000)
            ),
            1 => format!("-m {protocol} --dport {}:{}", 1 + random.below(1000), 1001 + random.below(5000)),
            2 => format!("-m {protocol} --sport 1024:65535 --dport {}", 1 + random.below(65_535)),
            _ => format!("-m {protocol} --dport {}", 1 + random.below(65_535)),
        };
        let ticket = 10_000 + random.below(90_000);
        let verdict = match (protocol, random.below(8)) {
            ("tcp", 0) => "REJECT --reject-with tcp-reset",
            (_, 1) => "DROP",
            (_, 2) => "LOG --log-prefix \"acl \" --log-level 6",
            _ => "ACCEPT",
        };
        writeln!(
            rules,
            "-A {list} {negated}-s {source} -d {target} -p {protocol} {ports} \
             -m comment --comment \"CHG{ticket}\" -j {verdict}"
        )
        .unwrap();
    }
    format!("{FILTER}{chains}{rules}COMMIT\n")
}

/// A Kubernetes node: what kube-proxy writes for its services and their endpoints.
#[must_use]
pub fn kubernetes(family: Family) -> String {
    let mut random = Random::new(3);
    let address = |service: usize, endpoint: usize| match family {
        Family::Ipv4 => (
            format!("10.96.{}.{}", service / 250, 1 + service % 250),
            format!("10.244.{}.{service}", endpoint + 1),
        ),
        Family::Ipv6 => (
            format!("fd00:96::{:x}", service + 1),
            format!("fd00:244:0:{:x}::{:x}", endpoint + 1, service + 1),
        ),
    };
    let bits = if family == Family::Ipv4 { 32 } else { 128 };
    let mut chains: String = ["KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"]
        .map(|it| format!(":{it} - [0:0]\n"))
        .concat();
    let mut rules = "-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n\
        -A OUTPUT -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n\
        -A POSTROUTING -m comment --comment \"kubernetes postrouting rules\" -j KUBE-POSTROUTING\n\
        -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n\
        -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN\n\
        -A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0\n\
        -A KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE --random-fully\n"
        .to_owned();
    for service in 0..SERVICES {
        let (cluster, _) = address(service, 0);
        let (protocol, port, name) = (
            random.pick(&["tcp", "tcp", "udp"]),
            1 + random.below(60_000),
            format!("KUBE-SVC-{service:016X}"),
        );
        let comment = format!("-m comment --comment \"team-{}/service-{service}:main", service % 9);
        writeln!(chains, ":{name} - [0:0]").unwrap();
        writeln!(rules, "-A KUBE-SERVICES -d {cluster}/{bits} -p {protocol} {comment} cluster IP\" -m {protocol} --dport {port} -j {name}").unwrap();
        if random.one_in(5) {
            let port = 30_000 + service;
            writeln!(
                rules,
                "-A KUBE-NODEPORTS -p {protocol} {comment}\" -m {protocol} --dport {port} -j {name}"
            )
            .unwrap();
        }
        let pods = if family == Family::Ipv4 { "10.244.0.0/16" } else { "fd00:244::/32" };
        writeln!(rules, "-A {name} ! -s {pods} -d {cluster}/{bits} -p {protocol} {comment} cluster IP\" -m {protocol} --dport {port} -j KUBE-MARK-MASQ")
            .unwrap();
        let endpoints = 1 + random.below(6);
        for endpoint in 0..endpoints {
            let (_, pod) = address(service, endpoint);
            let chain = format!("KUBE-SEP-{:016X}", service * 16 + endpoint);
            writeln!(chains, ":{chain} - [0:0]").unwrap();
            let left = endpoints - endpoint;
            let choice = match left {
                1 => String::new(),
                _ => format!(" -m statistic --mode random --probability {:.11}", 1.0 / left as f64),
            };
            let (target, shown) = match family {
                Family::Ipv4 => (format!("{pod}:8080"), format!("{pod}:8080")),
                Family::Ipv6 => (format!("[{pod}]:8080"), format!("[{pod}]:8080")),
            };
            writeln!(rules, "-A {name} {comment} -> {shown}\"{choice} -j {chain}").unwrap();
            writeln!(rules, "-A {chain} -s {pod}/{bits} {comment}\" -j KUBE-MARK-MASQ").unwrap();
            let affinity =
                if random.one_in(10) { format!(" -m recent --set --name {chain}") } else { String::new() };
            writeln!(rules, "-A {chain} -p {protocol} {comment}\"{affinity} -m {protocol} -j DNAT --to-destination {target}").unwrap();
        }
    }
    rules += "-A KUBE-SERVICES -m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\" \
        -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n";
    format!("{NAT}{chains}{rules}COMMIT\n")
}
