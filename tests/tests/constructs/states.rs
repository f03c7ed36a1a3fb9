//! Connection states, rates and fragments.

use fwdsl_runtime::analysis::CtState::{Established, Invalid, Related, Untracked};
use fwdsl_tests::constructs::case::{Case, Fate};
use fwdsl_tests::constructs::probe::{ACK, FIN, Probe, SPORT, SYN, errors, icmpv6, pings, proto, tcp, udp};
use fwdsl_tests::wire::Fragment::{First, Last};

/// A datagram that the host has sent, and what comes back for it.
fn answered(port: u16) -> (Probe, Probe) {
    (udp(port).by_host(), udp(SPORT).sport(port).state(Established))
}

/// What connection tracking can make nothing of.
fn nonsense() -> Vec<Probe> {
    let lost = errors(&udp(7999).by_host());
    lost.into_iter().chain([tcp(7999).flags(SYN | FIN)]).map(|probe| probe.state(Invalid)).collect()
}

pub(crate) fn states() -> Vec<Case> {
    // Each flow has a port of its own, since connection tracking remembers those of earlier cases.
    let flow = |case: Case, port: u16| {
        let (sent, answer) = answered(port);
        (case.before([sent.clone()]), answer, errors(&sent).map(|error| error.state(Related)))
    };
    let mut cases = Vec::new();
    let (case, answer, error) = flow(Case::matching("ct new"), 6001);
    cases
        .push(case.hits([tcp(5001), udp(5001), proto(47)]).misses([answer]).misses(error).misses(nonsense()));
    let (case, answer, error) = flow(Case::matching("ct established"), 6002);
    cases.push(case.hits([answer.clone(), answer]).misses([udp(5002)]).misses(error).misses(nonsense()));
    let (case, answer, error) = flow(Case::matching("ct related"), 6003);
    cases.push(case.hits(error).misses([answer, udp(5003)]).misses(nonsense()));
    let (case, answer, error) = flow(Case::matching("ct established|related"), 6004);
    cases.push(case.hits([answer]).hits(error).misses([udp(5004), tcp(5004)]).misses(nonsense()));
    let (case, answer, error) = flow(Case::matching("ct invalid"), 6005);
    cases.push(case.hits(nonsense()).misses([answer, udp(5005)]).misses(error));
    let (case, answer, error) = flow(Case::matching("ct !invalid"), 6006);
    cases.push(case.hits([answer, udp(5006)]).hits(error).misses(nonsense()));
    let (case, answer, error) = flow(Case::matching("ct ![new, invalid]"), 6007);
    cases.push(case.hits([answer]).hits(error).misses([udp(5007)]).misses(nonsense()));
    let (case, answer, error) = flow(Case::matching("conntrack(ctstate [new, related])"), 6008);
    cases.push(case.hits([udp(5008)]).hits(error).misses([answer]).misses(nonsense()));
    let (case, answer, error) = flow(Case::matching("state(state established)"), 6009);
    cases.push(case.hits([answer]).misses([udp(5009)]).misses(error).misses(nonsense()));
    let (case, answer, _) = flow(Case::matching("tcp|udp ct new dport [5010, 5011]"), 6010);
    cases.push(case.hits([tcp(5010), udp(5011), tcp(5010).flags(ACK)]).misses([udp(5012), answer]));
    cases.push(
        Case::matching("ct untracked from ::/0")
            .hits([icmpv6(135, 0).state(Untracked), icmpv6(134, 0).state(Untracked)])
            .misses([udp(5013), icmpv6(128, 0).only_ipv6()]),
    );
    cases
}

pub(crate) fn rates() -> Vec<Case> {
    let many = "[1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35]";
    vec![
        Case::matching("limit 1/h").limited(udp(1).times(8), 5),
        Case::matching("limit 1/h burst 3").limited(udp(1).times(3), 3).limited(udp(2).times(4), 0),
        Case::matching("limit 2/minute burst 1").limited(udp(1).times(3), 1),
        Case::matching("limit(limit 1/day, burst 1)").limited(udp(1).times(3), 1),
        Case::matching("limit 1000/s burst 10000").hits([udp(1).times(20)]).because("the rate is not reached"),
        // What the rest of the rule does not match uses nothing up.
        Case::matching("udp dport 7 limit 1/h burst 2")
            .misses([udp(8).times(9), tcp(7)])
            .limited(udp(7).times(5), 2),
        Case::matching("limit 1/h burst 2 from [172.16.0.0/24, 11.0.0.0/8, 11.1.0.0/16, fd00::/64, 2002:db8::/32]")
            .misses([udp(1).from("192.0.2.1").times(4), udp(1).from("fd77::1").times(4)])
            .limited(udp(1).from("11.1.0.1").times(1), 1)
            .limited(udp(1).from("2002:db8::1").times(1), 1)
            .limited(udp(1).times(3), 1),
        Case::matching("limit 1/h burst 2 from ![11.0.0.0/8, 11.1.0.0/16, 2002:db8::/32, 2002::/16]")
            .misses([udp(1).from("11.1.0.1").times(4), udp(1).from("2002:db8::1").times(4)])
            .limited(udp(1).times(4), 2),
        Case::source("limit, with a list and several verdicts", &format!(
            "chain INPUT policy drop {{ tcp|udp port {many} limit 1/h burst 3 => log(\"seen \"), jump A, jump B, accept; _ => jump REST; }}
             chain A {{ }} chain B {{ }} chain REST {{ }}"
        ))
        .miss(udp(2), Fate::Dropped, ["REST"])
        .hit(udp(1).sport(35), Fate::Accepted, ["A", "B"])
        .hit(tcp(35).times(2), Fate::Accepted, ["A", "A", "B", "B"])
        .hit(udp(3).times(2), Fate::Dropped, ["REST", "REST"])
        .target("LOG", 3),
        Case::source("limit, and return", &format!(
            "chain INPUT policy drop {{ udp => jump C; _ => jump BACK; _ => accept; }}
             chain C {{ dport {many} limit 1/h burst 2 => return; _ => jump REST; _ => drop; }}
             chain REST {{ }} chain BACK {{ }}"
        ).replace("dport", "udp dport"))
        .hit(udp(1).times(2), Fate::Accepted, ["C", "C", "BACK", "BACK"])
        .hit(udp(35), Fate::Dropped, ["C", "REST"])
        .miss(udp(2), Fate::Dropped, ["C", "REST"]),
        Case::source(
            "limit on a block, for each rule",
            "chain INPUT policy drop { limit 1/h burst 2 { udp dport 1 => accept; udp dport 2 => accept; } }",
        )
        .hit(udp(1).times(2), Fate::Accepted, [])
        .miss(udp(1), Fate::Dropped, [])
        .hit(udp(2).times(2), Fate::Accepted, [])
        .miss(udp(2), Fate::Dropped, []),
    ]
}

pub(crate) fn fragments() -> Vec<Case> {
    let allowed = [udp(9), tcp(9), udp(9).fragment(First)];
    let later = [udp(9).fragment(Last), tcp(9).fragment(Last), proto(47).fragment(Last)];
    let through = |probes: &[Probe]| probes.iter().map(|probe| probe.clone().out("eth1")).collect::<Vec<_>>();
    let sent = |probes: &[Probe]| probes.iter().map(|probe| probe.clone().by_host()).collect::<Vec<_>>();
    vec![
        Case::matching("fragment")
            .raw()
            .hits(later.clone().map(Probe::only_ipv4))
            .misses(allowed.clone())
            .misses(pings()),
        Case::matching("!fragment").raw().hits(allowed.clone().map(Probe::only_ipv4)).misses(later.clone()),
        Case::matching("fragment")
            .forwarded()
            .hits(through(&later.clone().map(Probe::only_ipv4)))
            .misses(through(&allowed)),
        Case::matching("fragment")
            .sent()
            .hits(sent(&later.clone().map(Probe::only_ipv4)))
            .misses(sent(&allowed)),
        Case::matching("udp !fragment from [172.16.0.0/24, 10.0.0.0/8]")
            .raw()
            .hits([udp(9).fragment(First).only_ipv4(), udp(9).from("10.0.0.1")])
            .misses([udp(9).fragment(Last), udp(9).from("11.0.0.1")]),
        // The ports are in the first fragment alone.
        Case::matching("udp dport 9")
            .raw()
            .hits([udp(9), udp(9).fragment(First)])
            .misses([udp(9).fragment(Last)]),
    ]
}
