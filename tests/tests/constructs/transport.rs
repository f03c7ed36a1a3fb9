//! Protocols, ports, ICMP types and TCP flags.

use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::probe::{
    ACK, FIN, PSH, Probe, RST, SYN, URG, dccp, icmp, icmpv6, pings, proto, sctp, tcp, udp, udplite,
};

const GRE: u8 = 47;
const ESP: u8 = 50;
const AH: u8 = 51;

pub(crate) fn protocols() -> Vec<Case> {
    vec![
        Case::matching("_")
            .hits([tcp(1), udp(1), proto(GRE)])
            .hits(pings())
            .because("`_` takes every packet"),
        Case::matching("tcp").hits([tcp(1)]).misses([udp(1), sctp(1)]).misses(pings()),
        Case::matching("udp").hits([udp(1)]).misses([tcp(1), udplite(1)]),
        Case::matching("sctp").hits([sctp(1)]).misses([tcp(1), dccp(1)]),
        Case::matching("esp").hits([proto(ESP)]).misses([proto(GRE), udp(1)]),
        Case::matching("icmp").hits([icmp(8, 0), icmp(13, 0)]).misses([udp(1), icmpv6(128, 0)]),
        Case::matching("icmpv6").hits([icmpv6(128, 0), icmpv6(1, 4)]).misses([udp(1), icmp(8, 0)]),
        Case::matching("proto 47").hits([proto(GRE)]).misses([proto(ESP), tcp(1)]),
        Case::matching("proto ah from 0.0.0.0/0").hits([proto(AH).only_ipv4()]).misses([proto(ESP)]),
        Case::matching("proto 253").hits([proto(253)]).misses([proto(254)]),
        Case::matching("tcp|udp").hits([tcp(1), udp(1)]).misses([sctp(1), proto(GRE)]),
        Case::matching("[tcp, udp, sctp, esp]")
            .hits([tcp(1), udp(1), sctp(1), proto(ESP)])
            .misses([dccp(1), proto(GRE)]),
        Case::matching("!icmp").hits([tcp(1).only_ipv4(), proto(GRE).only_ipv4()]).misses(pings()),
        Case::matching("!tcp").hits([udp(1), proto(GRE)]).hits(pings()).misses([tcp(1)]),
        Case::matching("proto ![47, 50, 6]").hits([udp(1)]).misses([tcp(1), proto(GRE), proto(ESP)]),
    ]
}

pub(crate) fn ports() -> Vec<Case> {
    let both = |ports: &[u16]| ports.iter().flat_map(|port| [tcp(*port), udp(*port)]).collect::<Vec<Probe>>();
    let to = |ports: &[u16]| ports.iter().map(|port| tcp(*port)).collect::<Vec<Probe>>();
    let from = |ports: &[u16]| ports.iter().map(|port| udp(9).sport(*port)).collect::<Vec<Probe>>();
    vec![
        Case::matching("tcp dport 22").hits([tcp(22)]).misses([tcp(21), tcp(23), udp(22), tcp(9).sport(22)]),
        Case::matching("dport 22 udp|tcp").hits(both(&[22])).misses([sctp(22), dccp(22)]).misses(both(&[23])),
        Case::matching("tcp dport ssh").hits([tcp(22)]).misses([tcp(80)]),
        Case::matching("tcp dport [ssh, http, https]").hits(to(&[22, 80, 443])).misses(to(&[21, 81, 444])),
        Case::matching("tcp|udp dport domain").hits(both(&[53])).misses(both(&[54])),
        Case::matching("udp sport 1024..=65535").hits(from(&[1024, 65535])).misses(from(&[1023, 1])),
        Case::matching("udp sport 0..=1023").hits(from(&[0, 1023])).misses(from(&[1024])),
        Case::matching("udp dport 0..=65535").hits([udp(0), udp(65535)]).misses([tcp(5), proto(GRE)]),
        Case::matching("tcp dport [8000..=8080, 22, 9000..=9001]")
            .hits(to(&[8000, 8080, 22, 9001]))
            .misses(to(&[7999, 8081, 8999, 9002])),
        Case::matching(
            "tcp dport [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 100..=200]",
        )
        .hits(to(&[1, 15, 29, 31, 33, 100, 200]))
        .misses(to(&[2, 30, 34, 99, 201])),
        Case::matching(
            "tcp dport ![1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 100..=200]",
        )
        .hits(to(&[2, 30, 34, 99, 201]))
        .misses(to(&[1, 15, 29, 31, 33, 100, 200]))
        .misses([udp(2)]),
        Case::matching("tcp dport !22").hits(to(&[21, 23])).misses([tcp(22), udp(21)]),
        Case::matching("tcp|udp dport !0..=1023").hits(both(&[1024, 65535])).misses(both(&[0, 1023])),
        Case::matching("udp sport ![53, 123, 5000..=6000]")
            .hits(from(&[52, 4999, 6001]))
            .misses(from(&[53, 123, 5000, 6000])),
        Case::matching("tcp dport [1, 2, 3] dport !2").hits(to(&[1, 3])).misses(to(&[2, 4])),
        Case::matching("tcp sport 7 dport 9").hits([tcp(9).sport(7)]).misses([tcp(7).sport(9), tcp(9)]),
        Case::matching("udp port 53").hits([udp(53), udp(9).sport(53)]).misses([udp(9), tcp(53)]),
        Case::matching("udp port [53, 100..=110]")
            .hits([udp(53).sport(53), udp(9).sport(105), udp(110)])
            .misses([udp(111), udp(9).sport(99)]),
        Case::matching("tcp port !53").hits([tcp(9)]).misses([tcp(53), tcp(9).sport(53), tcp(53).sport(53)]),
        // Each half is in another `multiport`, so a packet could match twice.
        Case::matching("udp port [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35]")
            .hits([udp(1).sport(35), udp(35).sport(1), udp(2).sport(33)])
            .misses([udp(2).sport(34)]),
        Case::matching("sctp dport [36412, 38412]").hits([sctp(36412)]).misses([sctp(5), tcp(36412)]),
        Case::matching("sctp dport 5").hits([sctp(5)]).misses([sctp(6), udp(5)]),
        Case::matching("sctp dport !5").hits([sctp(6)]).misses([sctp(5), udp(6)]),
        Case::matching("sctp sport 7").hits([sctp(5).sport(7)]).misses([sctp(7), udp(5).sport(7)]),
        Case::matching("tcp sport !7").hits([tcp(7)]).misses([tcp(5).sport(7), udp(7)]),
        Case::matching("udp sport !7").hits([udp(7)]).misses([udp(5).sport(7), tcp(7)]),
        Case::matching("tcp|udp sport [7, 9, 100..=101]")
            .hits([tcp(1).sport(7), udp(1).sport(101)])
            .misses([tcp(7), udp(1).sport(102), sctp(1).sport(7)]),
        Case::matching("sctp sport !7").hits([sctp(5)]).misses([sctp(5).sport(7), udp(5)]),
        Case::matching("proto [33, 136] dport 5").hits([dccp(5), udplite(5)]).misses([dccp(6), udp(5)]),
        Case::matching("[tcp, udp, sctp] sport ![1, 2] dport [5, 6, 7..=9]")
            .hits([tcp(5), udp(8), sctp(6)])
            .misses([tcp(5).sport(1), udp(10), sctp(6).sport(2), dccp(5)]),
        Case::matching("tcp(dport 22)").hits([tcp(22)]).misses([tcp(23), udp(22)]),
        Case::matching("udp(sport 7, dport !9)").hits([udp(8).sport(7)]).misses([udp(9).sport(7), udp(8)]),
        Case::matching("tcp multiport(dports [22, 80])").hits(to(&[22, 80])).misses([tcp(81), udp(22)]),
    ]
}

pub(crate) fn icmp_types() -> Vec<Case> {
    vec![
        Case::matching("icmp echo-request").hits([icmp(8, 0)]).misses([icmp(0, 0), icmpv6(128, 0), udp(8)]),
        Case::matching("icmp 3/4").hits([icmp(3, 4)]).misses([icmp(3, 3), icmp(4, 0)]),
        Case::matching("icmp fragmentation-needed").hits([icmp(3, 4)]).misses([icmp(3, 1)]),
        Case::matching("icmp destination-unreachable").hits([icmp(3, 0), icmp(3, 13)]).misses([icmp(11, 0)]),
        Case::matching("icmp [echo-request, 3/4, 11]")
            .hits([icmp(8, 0), icmp(3, 4), icmp(11, 1)])
            .misses([icmp(3, 3), icmp(0, 0)]),
        Case::matching("icmp !echo-request").hits([icmp(0, 0), icmp(3, 1)]).misses([icmp(8, 0), udp(1)]),
        Case::matching("icmp ![3, 4, 11/1]").hits([icmp(8, 0), icmp(11, 0)]).misses([
            icmp(3, 1),
            icmp(4, 0),
            icmp(11, 1),
        ]),
        Case::matching("icmp any").hits([icmp(8, 0), icmp(40, 3)]).misses([udp(1)]),
        Case::matching("icmpv6 echo-request").hits([icmpv6(128, 0)]).misses([icmpv6(129, 0), icmp(8, 0)]),
        Case::matching("icmpv6 neighbour-solicitation").hits([icmpv6(135, 0)]).misses([icmpv6(136, 0)]),
        Case::matching(
            "icmpv6 [neighbour-solicitation, neighbour-advertisement, router-advertisement, packet-too-big]",
        )
        .hits([icmpv6(135, 0), icmpv6(136, 0), icmpv6(134, 0), icmpv6(2, 0)])
        .misses([icmpv6(133, 0), icmpv6(128, 0), tcp(1)]),
        Case::matching("icmpv6 [1/3, 4]").hits([icmpv6(1, 3), icmpv6(4, 1)]).misses([icmpv6(1, 4)]),
        Case::matching("icmpv6 ![135, 1/3]")
            .hits([icmpv6(136, 0), icmpv6(1, 4)])
            .misses([icmpv6(135, 0), icmpv6(1, 3)]),
        Case::matching("icmp(type echo-reply)").hits([icmp(0, 0)]).misses([icmp(8, 0)]),
        Case::matching("icmp6(type 129)").hits([icmpv6(129, 0)]).misses([icmpv6(128, 0)]),
        Case::matching("icmp echo-request in eth+")
            .forwarded()
            .hits([icmp(8, 0).out("wg7")])
            .misses([icmp(8, 0).via("wg7").out("eth0"), icmp(13, 0).out("wg7")]),
    ]
}

pub(crate) fn tcp_flags() -> Vec<Case> {
    let with = |flags: &[u8]| flags.iter().map(|flags| tcp(5).flags(*flags)).collect::<Vec<Probe>>();
    vec![
        Case::matching("tcp syn").hits(with(&[SYN, SYN | PSH])).misses(with(&[
            SYN | ACK,
            ACK,
            RST,
            SYN | FIN,
        ])),
        Case::matching("tcp !syn").hits(with(&[SYN | ACK, ACK, RST, FIN | ACK])).misses(with(&[SYN])),
        Case::matching("tcp flags(syn / syn,ack,fin,rst)")
            .hits(with(&[SYN, SYN | URG]))
            .misses(with(&[SYN | RST])),
        Case::matching("tcp flags(syn,ack / syn,ack)")
            .hits(with(&[SYN | ACK, SYN | ACK | FIN]))
            .misses(with(&[SYN, ACK])),
        Case::matching("tcp flags(none / all)").hits(with(&[0])).misses(with(&[SYN, URG])),
        Case::matching("tcp flags(all / all)")
            .hits(with(&[FIN | SYN | RST | PSH | ACK | URG]))
            .misses(with(&[FIN | PSH | URG])),
        Case::matching("tcp flags(fin,psh,urg / all)")
            .hits(with(&[FIN | PSH | URG]))
            .misses(with(&[FIN | PSH])),
        Case::matching("tcp !flags(rst / rst)").hits(with(&[SYN])).misses(with(&[RST, RST | ACK])),
        Case::matching("tcp syn dport [5, 6] from [172.16.0.0/24, fd00::/64]").hits([tcp(5), tcp(6)]).misses(
            [tcp(7), tcp(5).flags(ACK), tcp(5).from("10.0.0.1"), tcp(5).only_ipv6().from("2001:db8::1")],
        ),
        Case::matching("tcp(option 2)")
            .hits([tcp(5).options(&[2, 4, 5, 180]), tcp(5).options(&[1, 1, 1, 1, 2, 4, 5, 180])])
            .misses([tcp(5), tcp(5).options(&[3, 3, 7, 1]), udp(5)]),
        Case::matching("tcp(option !2)").hits([tcp(5)]).misses([tcp(5).options(&[2, 4, 5, 180])]),
    ]
}
