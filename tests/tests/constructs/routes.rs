//! IPv6's extension headers beyond their kind, SCTP's chunks, IPsec policies of several elements.

use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::probe::{Probe, dccp, proto_with, sctp, tcp, udp};

const IPCOMP: u8 = 108;
const AH: u8 = 51;
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const DESTINATION: u8 = 60;

/// An authentication header of sixteen bytes.
fn authenticated(spi: u8, reserved: u8) -> Probe {
    udp(1).header(AH, &[2, 0, reserved, 0, 0, 0, spi, 0, 0, 0, 1, 0, 0, 0, 0])
}

/// A routing header of type 0 with the addresses `fd00::1` and `fd00::2`.
fn routed(reserved: u8) -> Probe {
    let mut bytes = vec![4, 0, 0, 0, 0, 0, reserved];
    bytes.extend(address(1));
    bytes.extend(address(2));
    udp(1).header(ROUTING, &bytes)
}

fn address(last: u8) -> [u8; 16] {
    let mut address = [0; 16];
    (address[0], address[15]) = (0xfd, last);
    address
}

/// A segment routing header with a tag of two equal bytes, for iptables does not mind their order, and three segments, `fd00::1` to `fd00::3`, of which one is left.
fn segments(tag: u8) -> Probe {
    let mut bytes = vec![6, 4, 1, 2, 0, tag, tag];
    for last in 1..=3 {
        bytes.extend(address(last));
    }
    udp(1).header(ROUTING, &bytes)
}

pub(crate) fn extension_headers() -> Vec<Case> {
    // Padding of four bytes, in a header of eight.
    let padded = |number: u8| udp(1).header(number, &[0, 1, 4, 0, 0, 0, 0]);
    let long = |number: u8| udp(1).header(number, &[1, 0x1e, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let raw = |matches: &'static str| Case::matching(matches).raw();
    vec![
        raw("ah6(spi 5, len 16)").hits([authenticated(5, 0)]).misses([authenticated(6, 0), udp(1)]),
        raw("ah6(!spi [5, 7..=9], !len 12)")
            .hits([authenticated(6, 0)])
            .misses([authenticated(5, 0), udp(1)]),
        raw("ah6(res)").hits([authenticated(5, 0)]).misses([authenticated(5, 1), udp(1)]),
        raw("hbh(opts 1:4)").hits([padded(HOP_BY_HOP)]).misses([long(HOP_BY_HOP), udp(1)]),
        raw("dst(len 16, opts 30:12)").hits([long(DESTINATION)]).misses([padded(DESTINATION), udp(1)]),
        raw("dst(opts [1, 0x1e])")
            .misses([long(DESTINATION), padded(DESTINATION)])
            .because("no header has both"),
        raw("rt(type 0, res)").hits([routed(0)]).misses([routed(1), segments(0)]),
        raw("rt(type 0, addrs [fd00::1, fd00::2])").hits([routed(0)]).misses([segments(0), udp(1)]),
        raw("rt(type 0, addrs fd00::2)").misses([routed(0)]).because("the header has another before it"),
        raw("rt(type 0, addrs fd00::2, not-strict)").hits([routed(0)]).misses([udp(1)]),
        raw("srh").hits([segments(0)]).misses([routed(0), udp(1)]),
        raw("srh(next-hdr 17, hdr-len-eq 6, segs-left-eq 1, last-entry-eq 2, tag 0x707)")
            .hits([segments(7)])
            .misses([segments(0)]),
        raw("srh(!next-hdr 6, !hdr-len-eq 5, !segs-left-eq 2, !last-entry-eq 1, !tag 0x707)")
            .hits([segments(0)])
            .misses([segments(7)]),
        raw("srh(hdr-len-gt 5, segs-left-gt 0, last-entry-gt 1)").hits([segments(0)]).misses([routed(0)]),
        raw("srh(!hdr-len-gt 6, !segs-left-gt 1, !last-entry-gt 2)").hits([segments(0)]).misses([routed(0)]),
        raw("srh(hdr-len-lt 7, segs-left-lt 2, last-entry-lt 3)").hits([segments(0)]).misses([routed(0)]),
        raw("srh(!hdr-len-lt 6, !segs-left-lt 1, !last-entry-lt 2)").hits([segments(0)]).misses([routed(0)]),
        raw("srh(psid fd00::3, nsid fd00::/16, lsid [fd00::9, fd00::1])")
            .hits([segments(0)])
            .misses([routed(0)]),
        raw("srh(!psid fd00::2, !nsid fd00::2, !lsid fd00::2)").hits([segments(0)]).misses([routed(0)]),
        raw("srh(psid fd00::2)").misses([segments(0)]).because("it was the third"),
    ]
}

/// An SCTP packet of two chunks: DATA with the flags B and E, and SACK.
fn chunks() -> Probe {
    let mut bytes = vec![0, 9, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend([0, 3, 0, 20, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4]);
    // Longer than any packet here, so that nothing behind it is read as a chunk.
    bytes.extend([3, 0, 16, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    proto_with(132, &bytes)
}

pub(crate) fn transports() -> Vec<Case> {
    vec![
        Case::matching("sctp(any [data, init])").hits([chunks()]).misses([tcp(1)]),
        Case::matching("sctp(any init)").misses([chunks()]).because("it has no such chunk"),
        Case::matching("sctp(!any [init, abort])").hits([chunks()]).misses([tcp(1)]),
        Case::matching("sctp(all [data, sack])").hits([chunks()]).misses([tcp(1)]),
        Case::matching("sctp(all [\"data:BE\", init])").misses([chunks()]).because("it has no such chunk"),
        Case::matching("sctp(!all [data, init])").hits([chunks()]).misses([tcp(1)]),
        Case::matching("sctp(any \"data:BEu\")").hits([chunks()]).misses([tcp(1)]),
        Case::matching("sctp(any \"data:b\")").misses([chunks()]).because("the flag is set"),
        Case::matching("sctp(!only [data])").hits([chunks()]).misses([tcp(1)]),
        Case::matching("sctp(only [data])").misses([chunks()]).because("it has another"),
        Case::matching("dccp(dport 7, !sport 1)").hits([dccp(7)]).misses([dccp(8), dccp(7).sport(1), udp(7)]),
        Case::matching("dccp(sport 1..=5, !dport 7)").hits([dccp(9).sport(5)]).misses([
            dccp(7).sport(5),
            dccp(9).sport(6),
            sctp(9).sport(5),
        ]),
        Case::matching("proto ipcomp ipcomp(spi 2..=9, res)")
            .hits([proto_with(IPCOMP, &[59, 0, 0, 2])])
            .misses([proto_with(IPCOMP, &[59, 0, 0, 10]), udp(2)]),
        Case::matching("time(utc)").hits([udp(1)]).because("it is always true"),
    ]
}

pub(crate) fn ipsec() -> Vec<Case> {
    let cases = [
        "policy(dir in, strict, proto esp, mode tunnel, tunnel-src 10.0.0.1, tunnel-dst 10.0.0.0/8, next, proto-2 ah, \
         reqid-2 1, spi-2 2, mode-2 transport, next-2, mode-3 tunnel, tunnel-src-3 10.0.0.1, tunnel-dst-3 10.0.0.2, proto-3 ah, \
         reqid-3 1, spi-3 2, next-3, mode-4 tunnel, tunnel-src-4 10.0.0.1, tunnel-dst-4 10.0.0.2, proto-4 ah, reqid-4 1, spi-4 2)",
        "policy(dir in, strict, proto esp, mode tunnel, !tunnel-src fd00::1, !tunnel-dst fd00::/8, next, !proto-2 ah, \
         !reqid-2 1, !spi-2 2, !mode-2 transport, !tunnel-src-2 fd00::1, !tunnel-dst-2 fd00::2, next-2, !mode-3 transport, \
         !tunnel-src-3 fd00::1, !tunnel-dst-3 fd00::2, !proto-3 ah, !reqid-3 1, !spi-3 2, next-3, !mode-4 transport, \
         !tunnel-src-4 fd00::1, !tunnel-dst-4 fd00::2, !proto-4 ah, !reqid-4 1, !spi-4 2)",
        "policy(dir in, strict, proto esp, next, mode-2 tunnel, tunnel-src-2 10.0.0.1, tunnel-dst-2 10.0.0.2)",
    ];
    cases.map(|case| Case::matching(case).misses([udp(1)]).because("without IPsec")).to_vec()
}
