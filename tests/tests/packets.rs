//! The kernel does with real packets what the source says: random policies, random datagrams, and
//! a count of those that came through INPUT, on both variants and in both families.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::process::Stdio;
use std::time::{Duration, Instant};

use fwdsl::emit::{emit, emit_sets};
use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl::lower::lower;
use fwdsl::model::Model;
use fwdsl::table::TableName;
use fwdsl_runtime::syntax::compile;
use fwdsl_tests::meaning::{Packet, in_source};
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::policies::{self, Vocabulary};
use fwdsl_tests::random::Random;
use fwdsl_tests::rules::restore;
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};
use fwdsl_tests::sets::restore_sets;

/// Addresses that the random policies speak of, and others: the sender's, then the receiver's.
const ADDRESSES: [(Family, [&[&str]; 2]); 2] = [
    (
        Family::Ipv4,
        [&["10.0.0.1", "10.0.0.50", "192.0.2.7", "8.8.8.8"], &["10.0.0.3", "10.1.2.3", "192.0.2.1"]],
    ),
    (
        Family::Ipv6,
        [&["2001:db8::1", "fd00::7", "2001:db9::1", "::1.2.3.4"], &["2001:db8::5", "fd00::8", "2001:db9::2"]],
    ),
];
const PORTS: [u16; 11] = [1, 7, 9, 22, 35, 80, 133, 273, 1024, 8000, 65535];
const PACKETS: usize = 30;

/// Two namespaces that know each other's hardware addresses, so that no rule can be in the way of
/// finding each other.
fn network() -> [Netns; 2] {
    let [sender, receiver] = [Netns::new(), Netns::new()];
    sender.sh(&format!(
        "ip link add eth0 address 02:00:00:00:00:01 type veth peer name eth0 address 02:00:00:00:00:02 netns {}",
        receiver.name()
    ));
    for (own, other, mac) in [(&sender, 1, "02:00:00:00:00:02"), (&receiver, 0, "02:00:00:00:00:01")] {
        own.sh("sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0; ip link set lo up; ip link set eth0 up");
        for (family, ends) in ADDRESSES {
            let (length, nodad) = if family == Family::Ipv4 { (32, "") } else { (128, "nodad") };
            for address in ends[1 - other] {
                own.sh(&format!("ip addr add {address}/{length} dev eth0 {nodad}"));
            }
            for address in ends[other] {
                own.sh(&format!(
                    "ip route add {address}/{length} dev eth0; ip neigh add {address} lladdr {mac} dev eth0 nud permanent"
                ));
            }
        }
    }
    [sender, receiver]
}

fn datagrams(random: &mut Random, family: Family) -> Vec<Packet> {
    let (_, ends) = ADDRESSES.into_iter().find(|(of, _)| *of == family).expect("each family has addresses");
    let datagram = |random: &mut Random, index: usize| {
        let [from, to] = ends.map(|pool| random.pick(pool).parse::<IpAddr>().expect("an address"));
        Packet {
            ends: [from, to],
            interfaces: ["eth0", "none"],
            protocol: 17,
            ports: [PORTS[random.below(PORTS.len())], PORTS[random.below(PORTS.len())]],
            icmp: (0, 0),
            flags: 0,
            state: "new",
            fragment: false,
            mark: 0,
            bits: 0,
            length: header(family) + 1 + index as u64,
        }
    };
    (0..PACKETS).map(|index| datagram(random, index)).collect()
}

/// The bytes of a datagram before what it carries.
fn header(family: Family) -> u64 {
    if family == Family::Ipv4 { 28 } else { 48 }
}

/// Counts each datagram by its length as it comes in (`raw`) and after the filter (`security`).
fn counting_rules(family: Family) -> String {
    let header = header(family);
    let mut text = String::new();
    for (table, chain) in [("raw", "PREROUTING"), ("security", "INPUT")] {
        text.push_str(&format!("*{table}\n"));
        for index in 0..PACKETS {
            text.push_str(&format!("-A {chain} -p udp -m length --length {}\n", header + 1 + index as u64));
        }
        text.push_str("COMMIT\n");
    }
    text
}

/// What the counting rules of a table have counted.
fn counted(netns: &Netns, family: Family, variant: Variant, table: &str) -> Vec<u64> {
    let text = netns.sh(&format!("{} -c -t {table} 2>/dev/null", variant.program(family, "save")));
    let rules = text.lines().filter(|line| line.starts_with('[') && line.contains("length"));
    rules.map(|line| line[1..].split(':').next().unwrap().parse().expect("a number")).collect()
}

fn check(
    ends: &[Netns; 2],
    family: Family,
    variant: Variant,
    model: &Model,
    source: &str,
    random: &mut Random,
) -> usize {
    let [sender, receiver] = ends;
    let ruleset = lower(model, family).expect("the policy is for both families");
    let text = emit(&ruleset, Default::default());
    let filter = format!("*filter\n{}", text.split("*filter\n").nth(1).expect("the policy has a filter"));
    let sets = emit_sets(ruleset.sets.iter().map(std::sync::Arc::as_ref));
    let output = restore_sets(receiver, &sets);
    assert!(output.status.success(), "{}\n{sets}", String::from_utf8_lossy(&output.stderr));
    for rules in [&filter, &counting_rules(family)] {
        let output = restore(receiver, family, variant, rules);
        assert!(output.status.success(), "{}\n{rules}", String::from_utf8_lossy(&output.stderr));
    }
    let packets = datagrams(random, family);
    let mut lines = String::new();
    for (index, packet) in packets.iter().enumerate() {
        let [from, to] = [0, 1].map(|end| SocketAddr::new(packet.ends[end], packet.ports[end]));
        lines.push_str(&format!("{from} {to} {}\n", index + 1));
    }
    let mut peer = sender
        .command(env!("CARGO_BIN_EXE_peer"))
        .arg("send")
        .stdin(Stdio::piped())
        .spawn()
        .expect("the peer runs");
    peer.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("the peer reads");
    assert!(peer.wait().expect("the peer ends").success());
    let deadline = Instant::now() + Duration::from_secs(20);
    while counted(receiver, family, variant, "raw").contains(&0) {
        assert!(Instant::now() < deadline, "{family} {variant}: not all datagrams arrive");
    }
    let passed = counted(receiver, family, variant, "security");
    for (packet, passed) in packets.iter().zip(&passed) {
        let meant = in_source(model, TableName::Filter, "INPUT", packet, false).verdict;
        let meant = matches!(meant.as_str(), "accept" | "end");
        assert_eq!(*passed == 1, meant, "{family} {variant} {packet:?}\n{source}\n{filter}");
    }
    passed.iter().filter(|count| **count == 1).count()
}

#[test]
fn the_kernel_lets_through_what_the_source_accepts() {
    if !require(&[&PROGRAMS[..], &["sysctl", "ipset"]].concat()) {
        return;
    }
    let wanted: usize =
        std::env::var("FWDSL_RANDOM_POLICIES").map_or(30, |count| count.parse().expect("a number"));
    let mut random = Random::new(4);
    let (mut done, mut passed) = (0, 0);
    while done < wanted {
        let source = policies::policy_of(&mut random, Vocabulary::Known);
        // A policy without rules for UDP shows little.
        if !(source.contains("udp") || source.contains("from")) {
            continue;
        }
        let model = compile(source.parse().expect("tokens")).model;
        // A flow that was let in once is still new: nobody answers. But a network of its own keeps
        // each policy apart from what the last one left to connection tracking.
        let ends = network();
        let variant = VARIANTS[done % 2];
        for family in Family::ALL {
            passed += check(&ends, family, variant, &model, &source, &mut random);
        }
        done += 1;
    }
    let sent = 2 * PACKETS * done;
    println!("{passed} of {sent} datagrams passed");
    // Otherwise the test has shown little.
    assert!(passed > sent / 10 && passed < sent * 9 / 10, "{passed} of {sent}");
}
