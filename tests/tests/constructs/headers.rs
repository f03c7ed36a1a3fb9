//! Fields of headers beyond ports and types, what a packet carries, and where it comes from.

use fwdsl_runtime::analysis::CtState::Untracked;
use fwdsl_runtime::table::{Hook, TableName};
use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::case::Fate::{Accepted, Dropped};
use fwdsl_tests::constructs::probe::{Probe, SPORT, icmp, icmpv6, pings, proto, proto_with, tcp, udp};
use fwdsl_tests::wire::Fragment::{First, Last};

const ESP: u8 = 50;
const AH: u8 = 51;
const IPCOMP: u8 = 108;
const DCCP: u8 = 33;
const MOBILITY: u8 = 135;
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const DESTINATION: u8 = 60;

/// A TCP option that announces a maximum segment size.
fn mss(size: u16) -> Probe {
    let [high, low] = size.to_be_bytes();
    tcp(5).options(&[2, 4, high, low])
}

pub(crate) fn headers() -> Vec<Case> {
    let hops = |hops: &[u8]| hops.iter().map(|hops| udp(1).ttl(*hops)).collect::<Vec<Probe>>();
    let ipv4 = |probes: Vec<Probe>| probes.into_iter().map(Probe::only_ipv4);
    let ipv6 = |probes: Vec<Probe>| probes.into_iter().map(Probe::only_ipv6);
    // Padding of four bytes, in a header of eight.
    let padded = |number: u8| udp(1).header(number, &[0, 1, 4, 0, 0, 0, 0]);
    // A header of an unknown routing type with segments left is not for the host, so it is seen in `raw`.
    let routed = |ty: u8, left: u8| udp(1).header(ROUTING, &[0, ty, left, 0, 0, 0, 0]);
    vec![
        // Packets are of 200 bytes and more, each a byte longer, with the IP header in both families.
        Case::matching("length([200, 202..=203])")
            .hits([udp(1)])
            .misses([udp(2)])
            .hits([udp(3), udp(4)])
            .misses([udp(5)]),
        Case::matching("length(!200..=201)").misses([udp(1), udp(2)]).hits([udp(3)]),
        Case::matching("ttl(eq 64)").hits(ipv4(hops(&[64]))).misses(ipv4(hops(&[63, 65]))),
        Case::matching("ttl(![64, 255])").hits(ipv4(hops(&[63]))).misses(ipv4(hops(&[64, 255]))),
        Case::matching("ttl(lt 10)").hits(ipv4(hops(&[9]))).misses(ipv4(hops(&[10]))),
        Case::matching("ttl(gt 10)").hits(ipv4(hops(&[11]))).misses(ipv4(hops(&[10]))),
        Case::matching("hl([64, 255])").hits(ipv6(hops(&[64, 255]))).misses(ipv6(hops(&[63]))),
        Case::matching("hl(lt 10)").hits(ipv6(hops(&[9]))).misses(ipv6(hops(&[10]))),
        Case::matching("hl(gt 10)").hits(ipv6(hops(&[11]))).misses(ipv6(hops(&[10]))),
        Case::matching("tcp syn tcpmss(mss 1400..=1460)").hits([mss(1400), mss(1460)]).misses([
            mss(1399),
            mss(1461),
            tcp(5),
        ]),
        Case::matching("tcp syn tcpmss(!mss [1460, 536])").hits([mss(1461)]).misses([mss(1460), mss(536)]),
        Case::matching("esp esp(spi [256, 300..=301])")
            .hits([proto_with(ESP, &[0, 0, 1, 0]), proto_with(ESP, &[0, 0, 1, 45])])
            .misses([proto_with(ESP, &[0, 0, 1, 1]), proto(AH)]),
        Case::matching("proto ah ah(spi 256)")
            .hits([proto_with(AH, &[59, 4, 0, 0, 0, 0, 1, 0]).only_ipv4()])
            .misses([proto_with(AH, &[59, 4, 0, 0, 0, 0, 1, 1]).only_ipv4(), proto(ESP)]),
        Case::matching("proto ipcomp ipcomp(spi 2..=9)")
            .hits([proto_with(IPCOMP, &[59, 0, 0, 2])])
            .misses([proto_with(IPCOMP, &[59, 0, 0, 10]), udp(2)]),
        Case::matching("proto dccp dccp(types [request, reset])")
            .hits([dccp(0), dccp(7)])
            .misses([dccp(1), udp(1)]),
        Case::matching("proto dccp dccp(!types request)").hits([dccp(1)]).misses([dccp(0)]),
        Case::matching("proto dccp dccp(option 36)")
            .hits([dccp_with_option(36)])
            .misses([dccp_with_option(37), dccp(0)]),
        Case::matching("proto mh mh(type 1..=2)")
            .raw()
            .hits([proto_with(MOBILITY, &[59, 1, 1, 0, 0, 0, 0, 0]).only_ipv6()])
            .misses([proto_with(MOBILITY, &[59, 1, 5, 0, 0, 0, 0, 0]).only_ipv6()]),
        Case::matching("frag")
            .raw()
            .hits([udp(1).fragment(First).only_ipv6(), udp(1).fragment(Last).only_ipv6()])
            .misses([udp(1)]),
        Case::matching("frag(first)")
            .raw()
            .hits([udp(1).fragment(First).only_ipv6()])
            .misses([udp(1).fragment(Last), udp(1)]),
        Case::matching("frag(more)")
            .raw()
            .hits([udp(1).fragment(First).only_ipv6()])
            .misses([udp(1).fragment(Last)]),
        Case::matching("frag(last, res)")
            .raw()
            .hits([udp(1).fragment(Last).only_ipv6()])
            .misses([udp(1).fragment(First)]),
        // The identification that the test gives its fragments.
        Case::matching("frag(id 18000..=18010)")
            .raw()
            .hits([udp(1).fragment(Last).only_ipv6()])
            .misses([udp(1).only_ipv6()]),
        Case::matching("frag(id ![1, 2..=9], len 8)")
            .raw()
            .hits([udp(1).fragment(Last).only_ipv6()])
            .misses([udp(1).only_ipv6()]),
        Case::matching("hbh").raw().hits([padded(HOP_BY_HOP)]).misses([udp(1), padded(DESTINATION)]),
        Case::matching("hbh(len 8)").raw().hits([padded(HOP_BY_HOP)]).misses([udp(1)]),
        Case::matching("dst(len 8)").raw().hits([padded(DESTINATION)]).misses([udp(1), padded(HOP_BY_HOP)]),
        Case::matching("rt").raw().hits([routed(4, 1), routed(253, 0)]).misses([udp(1)]),
        Case::matching("rt(type 253, segsleft 1..=3, len 8)")
            .raw()
            .hits([routed(253, 1)])
            .misses([routed(4, 1), routed(253, 4)]),
        Case::matching("ipv6header(header [hop-by-hop, protocol])")
            .raw()
            .hits([padded(HOP_BY_HOP)])
            .misses([udp(1), padded(HOP_BY_HOP).header(DESTINATION, &[0, 1, 4, 0, 0, 0, 0])]),
        Case::matching("ipv6header(header hop-by-hop, soft)")
            .raw()
            .hits([padded(HOP_BY_HOP), padded(HOP_BY_HOP).header(DESTINATION, &[0, 1, 4, 0, 0, 0, 0])])
            .misses([udp(1), padded(DESTINATION)]),
    ]
}

/// A DCCP packet of a type.
fn dccp(ty: u8) -> Probe {
    proto_with(DCCP, &[0, 9, 0, 9, 5, 0, 0, 0, ty << 1 | 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
}

/// A DCCP-Data packet with an option of three bytes.
fn dccp_with_option(number: u8) -> Probe {
    proto_with(DCCP, &[0, 9, 0, 9, 5, 0, 0, 0, 2 << 1 | 1, 0, 0, 0, 0, 0, 0, 1, number, 3, 0, 0])
}

pub(crate) fn contents() -> Vec<Case> {
    let says = |text: &str| udp(1).payload(text.as_bytes());
    vec![
        Case::matching("string(\"needle\", algo bm)")
            .hits([says("a needle, there")])
            .misses([says("nothing"), says("Needle")]),
        Case::matching("string(\"needle\", algo kmp, icase, from 28, to 120)")
            .hits([says("NEEDLE")])
            .misses([says("noodle")]),
        Case::matching("string(![\"foo\", \"bar\"], algo bm)")
            .hits([says("baz")])
            .misses([says("a foo"), says("a bar")]),
        Case::matching("udp string(hex-string \"ab|00ff|\", algo bm)")
            .hits([udp(1).payload(&[b'a', b'b', 0, 0xff])])
            .misses([udp(1).payload(&[b'a', b'b', 0, 0xfe])]),
        Case::source(
            "time",
            "chain INPUT policy drop {
                 time(datestop 2001-01-01) => jump A;
                 time(datestart 2001-01-01, datestop 2037-12-31) => jump B;
                 udp time(weekdays [mon, tue, wed, thu, fri, sat, sun]) => jump C;
                 udp time(datestop 2001-01-01, !weekdays [mon, tue], !monthdays [1, 2]) => jump D;
                 udp time(timestart 00:00, timestop 23:59:59, kerneltz) => accept;
                 udp time(timestart 23:00, timestop 01:00, contiguous, monthdays [1]) => drop;
             }
             chain A { } chain B { } chain C { } chain D { }",
        )
        .hit(udp(1), Accepted, ["B", "C"])
        .miss(tcp(1), Dropped, ["B"]),
    ]
}

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
        Case::matching("addrtype(dst-type local, limit-iface-in)")
            .hits([udp(1)])
            .misses([udp(1).to("10.1.2.3"), udp(1).to("2001:db8::1")]),
        Case::matching("addrtype(src-type local, limit-iface-out)")
            .sent()
            .hits([sent(udp(1))])
            .misses([sent(udp(1).from("172.16.1.2")), sent(udp(1).from("fd00:0:0:1::2"))]),
        Case::matching("pkttype(unicast)").hits([udp(1)]).misses([udp(1).to("224.0.0.1"), udp(1).to("ff02::1")]),
        Case::matching("pkttype([broadcast, multicast])").hits([udp(1).to("224.0.0.1"), udp(1).to("ff02::1")]).misses([udp(1)]),
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
        Case::matching("physdev(!is-in, !is-out, !is-bridged)")
            .hits([udp(1)])
            .because("without a bridge"),
        Case::matching("physdev(in eth0)").misses([udp(1)]).because("without a bridge"),
        Case::matching("physdev(out eth0)").forwarded().misses([udp(1).out("eth0")]).because("without a bridge"),
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
    ]
}

pub(crate) fn tracking() -> Vec<Case> {
    vec![
        Case::source(
            "notrack, and ct(notrack)",
            "table raw { chain PREROUTING { udp dport 1 => notrack; udp dport 2 => ct(notrack); } }
             chain INPUT policy drop { ct untracked => jump A, accept; ct new => jump B; } chain A { } chain B { }",
        )
        .hit(udp(1).state(Untracked), Accepted, ["A"])
        .hit(udp(2).state(Untracked), Accepted, ["A"])
        .miss(udp(6303), Dropped, ["B"])
        .miss(tcp(1), Dropped, ["B"]),
        Case::source(
            "ct(zone …): one flow in two zones",
            "table raw { chain PREROUTING { tos(0x10) => ct(zone 7, ctevents [new, mark], expevents new); } }
             table mangle { chain PREROUTING { tos(0x10) => connmark(set 9); } }
             chain INPUT policy drop { connmark(mark 9) => accept; }",
        )
        .hit(udp(6311).tos(0x10), Accepted, [])
        .miss(udp(6311), Dropped, []),
        Case::source(
            "ct(zone-orig …), ct(zone-reply …)",
            "table raw { chain PREROUTING { udp dport 6321 => ct(zone-orig 5); udp dport 6322 => ct(zone-reply mark); udp dport 6323 => drop; } }",
        )
        .hit(udp(6321), Accepted, [])
        .hit(udp(6322), Accepted, [])
        .miss(udp(6323), Dropped, [])
        .target("CT", 2),
        Case::source(
            "ct(helper …), and helper",
            "table raw { chain PREROUTING { udp dport 69 => ct(helper tftp); } }
             chain OUTPUT policy drop { helper(\"tftp\") => accept; ct related => jump A; } chain A { }",
        )
        .sent()
        // A read request, and the server's answer from another port.
        .before([udp(69).payload(b"\0\x01file\0octet\0")])
        .hit(udp(SPORT).sport(6331).by_host().state(fwdsl_runtime::analysis::CtState::Related), Accepted, [])
        .miss(udp(6332).by_host(), Dropped, []),
        Case::source(
            "conntrack, beyond states",
            "chain INPUT policy drop {
                 conntrack(ctproto udp, ctorigsrc [172.16.0.0/24, fd00::/64], ctorigdst [172.16.0.2, fd00::2],
                           ctreplsrc [172.16.0.2, fd00::2], ctrepldst [172.16.0.1, fd00::1]) => jump A;
                 conntrack(ctorigsrcport 4000, ctorigdstport [6341, 6342..=6343], ctreplsrcport 6341..=6342, ctrepldstport 4000) => jump B;
                 conntrack(ctdir reply) => jump C; conntrack(ctdir original, ctstatus seen-reply) => jump C;
                 conntrack(!ctstatus [confirmed, assured]) => jump D;
                 conntrack(ctexpire 1..=1000000) => jump E;
                 _ => accept;
             }
             chain A { } chain B { } chain C { } chain D { } chain E { }",
        )
        .before([udp(6342)])
        .hit(udp(6341), Accepted, ["A", "B", "D"])
        .hit(udp(6342), Accepted, ["A", "B", "E"])
        .miss(tcp(6344), Accepted, ["D"]),
    ]
    .into_iter()
    .chain([Case::matching("ct untracked").misses(pings()).misses([udp(6351)]).hits([icmpv6(135, 0).state(Untracked)]).because(
        "in IPv4 nothing is untracked unless a rule says so",
    )])
    .collect()
}
