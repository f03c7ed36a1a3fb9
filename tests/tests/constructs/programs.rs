//! Matches that are programs, and those over what is kept beside a connection or a process.

use fwdsl_runtime::table::{Hook, TableName};
use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::case::Fate::{Accepted, Dropped};
use fwdsl_tests::constructs::probe::{Probe, tcp, udp};

pub(crate) fn programs() -> Vec<Case> {
    let ipv4 = || udp(1).only_ipv4();
    let ipv6 = || udp(1).only_ipv6();
    vec![
        // The port to which UDP goes: behind the header, whose length it says, and behind forty bytes.
        Case::matching("udp u32(\"0>>22&0x3C@0&0xFFFF=1,3:4\")")
            .hits([udp(1).only_ipv4(), udp(3).only_ipv4(), udp(4).only_ipv4()])
            .misses([udp(2)])
            .because("it reads the header of IPv4"),
        Case::matching("udp u32(\"0>>28=6 && 40&0xffff=1\")")
            .hits([ipv6()])
            .misses([udp(2)])
            .because("it reads the header of IPv6"),
        Case::matching("u32(!\"0>>28=6\")")
            .hits([ipv4()])
            .misses([ipv6()])
            .because("every packet of a family has its version"),
        Case::matching("bpf(\"5,48 0 0 0,84 0 0 240,21 0 1 64,6 0 0 1,6 0 0 0\")")
            .hits([ipv4()])
            .misses([ipv6()])
            .because("it asks for version 4"),
        Case::matching("bpf(bytecode \"1,6 0 0 0\")")
            .misses([udp(1)])
            .because("the program lets nothing through"),
    ]
}

pub(crate) fn beside() -> Vec<Case> {
    let sent = |probe: Probe| probe.by_host();
    vec![
        Case::matching("cgroup(path \"/\")").sent().hits([sent(udp(1))]).because("every group lies in the root"),
        Case::matching("cgroup(!path \"/\")").sent().misses([sent(udp(1))]).because("no group lies outside"),
        Case::matching("cgroup(0)").sent().hits([sent(udp(1))]).because("no process here has a class"),
        Case::matching("udp cgroup(!0)")
            .at(TableName::Mangle, Hook::Postrouting)
            .misses([sent(udp(1)), udp(1).out("eth1")])
            .because("no process here has a class"),
        Case::matching("udp cluster(local-node 1, total-nodes 1, hash-seed 0xfeedcafe)")
            .hits([udp(6401)])
            .because("there is one node"),
        Case::matching("udp cluster(!local-node 1, total-nodes 1, hash-seed 1)")
            .misses([udp(6402)])
            .because("there is one node"),
        Case::matching("udp cluster(local-nodemask 3, total-nodes 2, hash-seed 1)")
            .hits([udp(6403)])
            .because("both nodes are this one"),
        Case::source(
            "cluster: each of two nodes has what the other has not",
            "chain INPUT policy drop {
                 udp cluster(local-node 2, total-nodes 2, hash-seed 7) cluster(!local-nodemask 2, total-nodes 2, hash-seed 7)
                     => accept;
             }",
        )
        .miss(udp(6404), Dropped, [])
        .because("what is the second's is not another's than the second's"),
        Case::source(
            "connlabel",
            "chain INPUT policy drop {
                 udp dport 6411 connlabel(label 5) => jump C, accept;
                 udp dport 6411 connlabel(label 5, set) => jump A;
                 udp dport 6411 connlabel(!label 127) => jump B, accept;
             }
             chain A { } chain B { } chain C { }",
        )
        .hit(udp(6411), Accepted, ["A", "B"])
        .hit(udp(6411).ttl(60).times(2), Accepted, ["C", "C"])
        .miss(udp(6412), Dropped, []),
        Case::matching("tcp syn osf(genre linux, ttl 2)").misses([syn()]).because("no fingerprints are loaded"),
        Case::matching("tcp syn osf(!genre linux)").misses([syn()]).because("no fingerprints are loaded"),
        Case::matching("tcp syn osf(genre linux, log 0)").misses([syn()]).because("no fingerprints are loaded"),
    ]
}

fn syn() -> Probe {
    tcp(5).flags(2).only_ipv4()
}

/// Two estimators, which measure nothing for the first eight seconds.
const ESTIMATORS: &str = "
    _ => raw \"RATEEST --rateest-name RE1 --rateest-interval 8000ms --rateest-ewmalog 16000ms\";
    _ => raw \"RATEEST --rateest-name RE2 --rateest-interval 8000ms --rateest-ewmalog 16000ms\";";

pub(crate) fn estimates() -> Vec<Case> {
    let measured = |name: &'static str, chains: &str| {
        Case::source(name, &format!("chain INPUT policy drop {{ {ESTIMATORS} {chains} }} chain A {{ }} chain B {{ }} chain C {{ }} chain D {{ }}"))
            .beyond_analysis("it takes an unknown target for one that may end the packet's way")
    };
    vec![
        measured(
            "rateest, one estimator and a rate",
            "rateest(\"RE1\", lt, bps 8bit) => jump A; rateest(\"RE1\", gt, bps 5kbit) => jump B;
             rateest(\"RE1\", eq, pps 0) => jump C; rateest(\"RE1\", !lt, pps 5) => jump D;
             udp rateest(\"RE1\", !gt, pps 5) => accept; rateest(\"RE1\", !eq, pps 0) => jump D;",
        )
        .hit(udp(1), Accepted, ["A", "C"])
        .miss(tcp(1), Dropped, ["A", "C"]),
        measured(
            "rateest, two estimators",
            "rateest(rateest1 \"RE1\", eq, by-bps, rateest2 \"RE2\") => jump A;
             rateest(rateest1 \"RE1\", gt, by-pps, rateest2 \"RE2\") => jump B;
             rateest(delta, rateest1 \"RE1\", bps1 16bit, gt, bps2 8bit, rateest2 \"RE2\") => jump C;
             udp rateest(delta, rateest1 \"RE1\", pps1 0, lt, pps2 42, rateest2 \"RE2\") => accept;",
        )
        .hit(udp(1), Accepted, ["A", "C"])
        .miss(tcp(1), Dropped, ["A", "C"]),
        measured(
            "rateest, what one estimator differs by",
            "udp rateest(delta, rateest \"RE1\", bps1 8bit, lt, bps2 16bit) => accept;
             rateest(delta, rateest \"RE1\", pps1 8, gt, pps2 9) => jump B;",
        )
        .hit(udp(1), Accepted, [])
        .miss(tcp(1), Dropped, []),
    ]
}
