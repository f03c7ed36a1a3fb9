//! Fields of headers beyond ports and types, and what a packet carries.

use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::case::Fate::{Accepted, Dropped};
use fwdsl_tests::constructs::probe::{Probe, proto, proto_with, tcp, udp};
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
    // An option that whoever does not know it skips, in a header of sixteen: of padding there may be seven bytes.
    let long = |number: u8| udp(1).header(number, &[1, 0x1e, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
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
        Case::matching("hl(!64)").hits(ipv6(hops(&[63]))).misses(ipv6(hops(&[64]))),
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
        Case::matching("esp esp(spi ![256, 300..=301])").hits([proto_with(ESP, &[0, 0, 1, 1])]).misses([
            proto_with(ESP, &[0, 0, 1, 0]),
            proto_with(ESP, &[0, 0, 1, 45]),
            proto(AH),
        ]),
        Case::matching("proto ah ah(spi !256)")
            .hits([proto_with(AH, &[59, 4, 0, 0, 0, 0, 1, 1]).only_ipv4()])
            .misses([proto_with(AH, &[59, 4, 0, 0, 0, 0, 1, 0]).only_ipv4(), proto(ESP)]),
        Case::matching("proto ipcomp ipcomp(spi !2..=9)")
            .hits([proto_with(IPCOMP, &[59, 0, 0, 10])])
            .misses([proto_with(IPCOMP, &[59, 0, 0, 2]), udp(2)]),
        Case::matching("proto dccp dccp(option !36)")
            .hits([dccp_with_option(37)])
            .misses([dccp_with_option(36), udp(1)]),
        Case::matching("proto mh mh(type !5)")
            .raw()
            .hits([proto_with(MOBILITY, &[59, 1, 1, 0, 0, 0, 0, 0]).only_ipv6()])
            .misses([proto_with(MOBILITY, &[59, 1, 5, 0, 0, 0, 0, 0]).only_ipv6()]),
        Case::matching("frag(len !8, first)")
            .raw()
            .hits([udp(1).fragment(First).only_ipv6()])
            .misses([udp(1).fragment(Last)]),
        Case::matching("hbh(len !16)").raw().hits([padded(HOP_BY_HOP)]).misses([udp(1), long(HOP_BY_HOP)]),
        Case::matching("dst(len !16)").raw().hits([padded(DESTINATION)]).misses([udp(1), long(DESTINATION)]),
        Case::matching("rt(type !253)").raw().hits([routed(4, 1)]).misses([routed(253, 1), udp(1)]),
        Case::matching("rt(segsleft !1..=3, len !16)")
            .raw()
            .hits([routed(253, 4)])
            .misses([routed(253, 1), udp(1)]),
        Case::matching("ipv6header(!header [hop-by-hop, protocol])")
            .raw()
            .hits([udp(1).only_ipv6(), padded(DESTINATION)])
            .misses([padded(HOP_BY_HOP)]),
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
        Case::matching("udp string(!hex-string \"ab|00ff|\", algo kmp)")
            .hits([udp(1).payload(&[b'a', b'b', 0, 0xfe])])
            .misses([udp(1).payload(&[b'a', b'b', 0, 0xff])]),
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
