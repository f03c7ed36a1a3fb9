//! A host whose tables others use too, in the manner of Docker and fail2ban, with packets on their way through.

use std::collections::BTreeMap;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;

use crate::netns::Netns;
use crate::sandbox::Sandbox;

/// The chains of others.
const FOREIGN: [&str; 5] = ["DOCKER", "DOCKER-ISOLATION-STAGE-1", "DOCKER-USER", "f2b-sshd", "their"];

/// What Docker and fail2ban make, as a restore text.
#[must_use]
pub fn text_of_others(family: Family) -> String {
    let (bridge, address) = match family {
        Family::Ipv4 => ("172.17.0.0/16", "192.0.2.77"),
        Family::Ipv6 => ("fd00:17::/64", "2001:db8::77"),
    };
    format!(
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:DOCKER - [0:0]\n\
         :DOCKER-ISOLATION-STAGE-1 - [0:0]\n:DOCKER-USER - [0:0]\n:f2b-sshd - [0:0]\n:their - [0:0]\n\
         -A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n-A INPUT -i lo -j their\n\
         -A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-ISOLATION-STAGE-1\n\
         -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A FORWARD -o docker0 -j DOCKER\n\
         -A DOCKER -d {bridge} ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT\n\
         -A DOCKER-ISOLATION-STAGE-1 -j RETURN\n-A DOCKER-USER -j RETURN\n\
         -A f2b-sshd -s {address} -j REJECT\n-A f2b-sshd -j RETURN\nCOMMIT\n\
         *nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n\
         :DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n\
         -A POSTROUTING -s {bridge} ! -o docker0 -j MASQUERADE\n-A DOCKER -i docker0 -j RETURN\nCOMMIT\n"
    )
}

/// A host on which others have their rules, and packets that these have counted.
///
/// # Panics
///
/// If it cannot be made.
#[must_use]
pub fn host(variant: Variant, driver: &str) -> Sandbox {
    let host = Sandbox::new(variant, driver);
    for (family, file) in [(Family::Ipv4, "old4"), (Family::Ipv6, "old6")] {
        std::fs::write(host.file(file), text_of_others(family)).expect("the scratch file can be written");
    }
    host.reset();
    traffic(&host.netns);
    host
}

/// Lets packets go through OUTPUT and INPUT: some for a port on which fail2ban looks, and pings.
///
/// # Panics
///
/// If none can be sent.
pub fn traffic(netns: &Netns) {
    netns.sh("ip link set lo up; timeout 2 bash -c 'exec 3<>/dev/tcp/127.0.0.1/22' 2>/dev/null; \
         for address in 127.0.0.1 ::1; do ping -q -c 2 -i 0.01 -W 1 $address >/dev/null 2>&1; done; true");
}

/// What belongs to others, byte for byte: their chains with rules and counters, and their rules in built-in chains. Under
/// nft, with the handles, which change when a rule is made anew.
///
/// # Panics
///
/// If the rules cannot be read.
#[must_use]
pub fn others(netns: &Netns, variant: Variant) -> String {
    let mut text = String::new();
    for family in Family::ALL {
        let saved = netns.sh(&format!("{} -c", variant.program(family, "save")));
        for line in saved.lines().filter(|line| !line.starts_with('#') && is_of_others(line)) {
            text += &format!("{family} {line}\n");
        }
    }
    if variant == Variant::Nft {
        let mut ours = false;
        for line in netns.sh("nft -a list ruleset").lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["chain", name, ..] => {
                    ours = !FOREIGN.contains(name) && !name.chars().all(char::is_uppercase)
                }
                _ if ours || line.contains("jump fwdsl-") || !line.contains("counter packets") => {}
                _ => text += &format!("{line}\n"),
            }
        }
    }
    text
}

fn is_of_others(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        [chain, ..] if chain.starts_with(':') => FOREIGN.contains(&&chain[1..]),
        [_, "-A", chain, ..] if FOREIGN.contains(chain) => true,
        [_, "-A", chain, ..] => chain.chars().all(char::is_uppercase) && !line.contains("fwdsl-"),
        _ => false,
    }
}

/// The host's state without what iptables itself forgets: every change of a legacy table, whoever makes it, sets the
/// counters of built-in chains' policies to zero, and `ip6tables-nft-restore -c` 1.8.9 those of rules.
///
/// # Panics
///
/// If the host cannot be looked at.
#[must_use]
pub fn state(host: &Sandbox) -> String {
    let state = host.state();
    let (ipv4, ipv6) = state.split_once("# IPv6").expect("a state has both families");
    let policy = |line: &str| match line.split_once(" [") {
        Some((chain, _)) if line.starts_with(':') => chain.to_owned(),
        _ => line.to_owned(),
    };
    let ipv4: Vec<String> = ipv4.lines().map(policy).collect();
    let without = |line: &str| line.split_once("] -A").map_or(policy(line), |(_, rest)| rest.to_owned());
    let ipv6: Vec<String> = ipv6.lines().map(without).collect();
    format!("{}\n{}", ipv4.join("\n"), ipv6.join("\n"))
}

/// The rules of a built-in chain in order, without counters.
///
/// # Panics
///
/// If they cannot be read.
#[must_use]
pub fn rules_in(netns: &Netns, variant: Variant, family: Family, table: &str, chain: &str) -> Vec<String> {
    let program = match family {
        Family::Ipv4 => format!("iptables-{variant}"),
        Family::Ipv6 => format!("ip6tables-{variant}"),
    };
    let text = netns.sh(&format!("{program} -t {table} -S {chain}"));
    text.lines().filter(|line| line.starts_with("-A ")).map(str::to_owned).collect()
}

/// The counters of the rules of a chain: how many packets each has seen.
///
/// # Panics
///
/// If they cannot be read.
#[must_use]
pub fn packets(netns: &Netns, variant: Variant, family: Family, chain: &str) -> BTreeMap<String, u64> {
    let saved = netns.sh(&format!("{} -c -t filter", variant.program(family, "save")));
    let counted = saved.lines().filter_map(|line| {
        let (counters, rule) = line.split_once(' ')?;
        let packets = counters.strip_prefix('[')?.split(':').next()?.parse().ok()?;
        rule.starts_with(&format!("-A {chain} ")).then(|| (rule.to_owned(), packets))
    });
    counted.collect()
}
