//! Where a packet comes from and goes to, beyond its addresses.

use fwdsl_runtime::table::{Hook, TableName};
use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::case::Fate::{Accepted, Dropped};
use fwdsl_tests::constructs::probe::{Probe, icmp, icmpv6, udp};

pub(crate) fn origins() -> Vec<Case> {
    let sent = |probe: Probe| probe.by_host();
    vec![
        Case::source(
            "owner",
            "chain OUTPUT policy drop {
                 owner(socket-exists) => jump A; owner(!socket-exists) => jump B;
                 udp owner(uid [0, 5..=9], gid 0, suppl-groups) => accept; owner(uid !0) => jump C; owner(!gid 0) => jump D;
             }
             chain A { } chain B { } chain C { } chain D { }",
        )
        .sent()
        .hit(sent(udp(1)), Accepted, ["A"])
        // The kernel answers these at their length, from a socket of its own that is no process's.
        .miss(icmp(8, 0), Dropped, ["A", "C", "D"])
        .miss(icmpv6(128, 0), Dropped, ["A", "C", "D"])
        .beyond_analysis("it takes what the kernel answers for a packet of the peer"),
        Case::matching("udp owner(socket-exists)")
            .at(TableName::Mangle, Hook::Postrouting)
            .hits([sent(udp(1))])
            .misses([udp(1).out("eth1")]),
        Case::matching("mac(source \"02:00:00:00:00:01\")").hits([udp(1)]).misses([udp(1).via("wg7")]),
        Case::matching("mac(source !\"02:00:00:00:00:03\")").hits([udp(1)]).misses([udp(1).via("wg7")]),
        Case::matching("addrtype(dst-type local)")
            .at(TableName::Mangle, Hook::Prerouting)
            .hits([udp(1), udp(1).to("10.1.2.3")])
            .misses([udp(1).to("224.0.0.1"), udp(1).out("eth1")]),
        Case::matching("addrtype(dst-type [local, multicast], src-type [unicast, local])")
            .at(TableName::Mangle, Hook::Prerouting)
            .hits([udp(1), udp(1).to("224.0.0.1"), udp(1).to("ff02::1")])
            .misses([udp(1).out("eth1")]),
        Case::matching("addrtype(!dst-type [local, multicast], src-type unicast)")
            .at(TableName::Mangle, Hook::Prerouting)
            .hits([udp(1).out("eth1")])
            .misses([udp(1)]),
        Case::matching("addrtype(dst-type [local, broadcast])")
            .at(TableName::Mangle, Hook::Prerouting)
            .hits([udp(1)])
            .misses([udp(1).out("eth1")]),
        Case::matching("addrtype(!src-type local)")
            .hits([udp(1)])
            .misses([udp(1).from("10.1.2.3"), udp(1).from("2001:db8::1")]),
        Case::matching("addrtype(dst-type local, limit-iface-in)")
            .hits([udp(1)])
            .misses([udp(1).to("10.1.2.3"), udp(1).to("2001:db8::1")]),
        Case::matching("addrtype(src-type local, limit-iface-out)")
            .sent()
            .hits([sent(udp(1))])
            .misses([sent(udp(1).from("172.16.1.2")), sent(udp(1).from("fd00:0:0:1::2"))]),
        Case::matching("pkttype(unicast)").hits([udp(1)]).misses([udp(1).to("224.0.0.1"), udp(1).to("ff02::1")]),
        Case::matching("pkttype([broadcast, multicast])").hits([udp(1).to("224.0.0.1"), udp(1).to("ff02::1")]).misses([udp(1)]),
        Case::matching("pkttype(![broadcast, multicast])").hits([udp(1)]).misses([udp(1).to("224.0.0.1"), udp(1).to("ff02::1")]),
        Case::matching("rpfilter").raw().hits([udp(1)]).misses([
            udp(1).via("eth1").from("172.16.0.1"),
            udp(1).via("eth1").from("fd00::1"),
        ]),
        Case::matching("rpfilter(invert)").raw().misses([udp(1)]).hits([
            udp(1).via("eth1").from("172.16.0.1"),
            udp(1).via("eth1").from("fd00::1"),
        ]),
        Case::matching("rpfilter(loose, validmark)")
            .raw()
            .hits([udp(1), udp(1).via("eth1").from("172.16.0.1"), udp(1).via("eth1").from("fd00::1")])
            .misses([udp(1).from("10.1.2.3"), udp(1).from("2001:db8::1")]),
        Case::matching("rpfilter(loose, accept-local)")
            .raw()
            .hits([udp(1).from("10.1.2.3"), udp(1).from("2001:db8::1")])
            .because("every address has a route"),
        Case::matching("physdev(in port0)").hits([udp(1).via("port0")]).misses([udp(1), udp(1).via("port1")]),
        Case::matching("physdev(!in [port0, eth0])").hits([udp(1).via("port1"), udp(1)]).misses([udp(1).via("port0")]),
        Case::matching("physdev(in port+, is-in)").hits([udp(1).via("port0"), udp(1).via("port1")]).misses([udp(1)]),
        Case::matching("physdev(!is-in)").hits([udp(1)]).misses([udp(1).via("port0")]),
        Case::matching("physdev(is-bridged, out port1)")
            .forwarded()
            .hits([bridged()])
            .misses([udp(1).out("eth1"), udp(1).via("port0").out("eth1")]),
        Case::matching("physdev(!is-bridged)")
            .forwarded()
            .hits([udp(1).out("eth1"), udp(1).via("port0").out("eth1")])
            .misses([bridged()]),
        // What comes by a port and is routed on goes out by none: the kernel lets neither condition hold of it.
        Case::matching("physdev(out port1)")
            .forwarded()
            .hits([bridged()])
            .misses([udp(1).out("eth1"), udp(1).via("port0").out("eth1")]),
        Case::matching("physdev(!out port1)")
            .forwarded()
            .hits([udp(1).out("eth1")])
            .misses([bridged(), udp(1).via("port0").out("eth1")]),
        Case::matching("physdev(is-out)").forwarded().hits([bridged()]).misses([udp(1).out("eth1")]),
        Case::matching("physdev(!is-out)").forwarded().hits([udp(1).out("eth1")]).misses([bridged()]),
        Case::matching("devgroup(src-group ![5, 6])").hits([udp(1)]).misses([udp(1).via("wg7")]),
        Case::matching("devgroup(dst-group 5)").forwarded().hits([udp(1).out("wg7")]).misses([udp(1).out("eth1")]),
        Case::matching("devgroup(src-group 5)").hits([udp(1).via("wg7")]).misses([udp(1)]),
        Case::matching("devgroup(dst-group ![5, 6])").forwarded().hits([udp(1).out("eth1")]).misses([udp(1).out("wg7")]),
        Case::matching("udp socket").listening(7001).hits([udp(7001)]).misses([udp(7002)]),
        Case::matching("udp socket(nowildcard, restore-skmark)").listening(7001).hits([udp(7001)]).misses([udp(7002)]),
        Case::matching("udp socket(transparent)")
            .listening(7001)
            .misses([udp(7001)])
            .because("the socket is not transparent"),
        Case::matching("cpu(!9999)").hits([udp(1)]).because("there is no such processor"),
        Case::matching("cpu([9998, 9999])").misses([udp(1)]).because("there are no such processors"),
        Case::matching("eui64").hits([udp(1).from("fd77::ff:fe00:1")]).misses([udp(1).only_ipv6()]),
        Case::matching("policy(dir in, pol none)").hits([udp(1)]).because("without IPsec"),
        Case::matching("policy(dir in, pol ipsec, strict, reqid 1, spi 5, proto esp, mode tunnel)")
            .misses([udp(1)])
            .because("without IPsec"),
        Case::matching("policy(dir in, pol ipsec, !reqid 1, !spi 5, !proto esp, !mode tunnel)")
            .misses([udp(1)])
            .because("without IPsec"),
    ]
}

/// From one port of the bridge to the other.
fn bridged() -> Probe {
    udp(1).via("port0").out("port1")
}
