//! Sets: as addresses and ports, with directions, with counters, and changed by packets.

use fwdsl_runtime::table::{Hook, TableName};
use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::case::Fate::{Accepted, Dropped};
use fwdsl_tests::constructs::probe::{SPORT, sctp, tcp, udp};

pub(crate) fn sets() -> Vec<Case> {
    vec![
        Case::source(
            "from @SET, and from !@SET",
            "set ADMINS: net { 10.0.0.0/8, 2001:db8::/32 }
             chain INPUT policy drop { from @ADMINS => jump A; from !@ADMINS => jump B; to @ADMINS => accept; }
             chain A { } chain B { }",
        )
        .hit(udp(1).from("10.1.2.3"), Dropped, ["A"])
        .hit(udp(1).from("2001:db8::7"), Dropped, ["A"])
        .hit(udp(1).to("10.1.2.3"), Accepted, ["B"])
        .hit(udp(1).to("2001:db8::7"), Accepted, ["B"])
        .miss(udp(1), Dropped, ["B"]),
        Case::source(
            "sets in lists with addresses, of both families",
            "set ODD: ip { 10.0.0.1, 2001:db8::1 } set NETS: net { 10.0.0.0/16, fd77::/16 }
             chain INPUT policy drop {
                 from [@ODD, @NETS, 192.0.2.0/24] => jump A;
                 from ![@ODD, 192.0.2.0/24, fd77::/16] => jump B;
                 from [@ODD, @NETS] limit 1/h burst 1 => log, jump C, accept;
             }
             chain A { } chain B { } chain C { }",
        )
        // In both sets, and met once.
        .hit(udp(1).from("10.0.0.1"), Accepted, ["A", "C"])
        .hit(udp(1).from("2001:db8::1"), Accepted, ["A", "C"])
        .hit(udp(1).from("10.0.0.2"), Dropped, ["A", "B"])
        .hit(udp(1).from("192.0.2.9"), Dropped, ["A"])
        .hit(udp(1).from("fd77::1"), Dropped, ["A"])
        .miss(udp(1).from("11.0.0.1"), Dropped, ["B"])
        .miss(udp(1).from("2002::1"), Dropped, ["B"])
        .target("LOG", 1),
        Case::source(
            "dport @SET, and sport !@SET",
            "set PORTS: port { 22, 8000..=8080 }
             chain INPUT policy drop { tcp|udp dport [@PORTS, 443] => jump A, accept; udp sport !@PORTS => jump B; } chain A { } chain B { }",
        )
        .hit(tcp(22), Accepted, ["A"])
        .hit(udp(8080), Accepted, ["A"])
        .hit(tcp(443), Accepted, ["A"])
        .hit(udp(23), Dropped, ["B"])
        .miss(udp(23).sport(8000), Dropped, [])
        .miss(tcp(8081), Dropped, [])
        .miss(sctp(22), Dropped, []),
        Case::source(
            "set(@SET dst,dst), and set(!@SET src,src)",
            "set WEB: ip,port { (172.16.0.2, tcp [80, 443]), (fd00::2, tcp [80, 443]), ([172.16.0.2, fd00::2], udp domain) }
             chain INPUT policy drop { set(@WEB dst,dst) => jump A; set(!@WEB dst,dst) => jump B; } chain A { } chain B { }",
        )
        .hit(tcp(443), Dropped, ["A"])
        .hit(udp(53), Dropped, ["A"])
        .miss(udp(80), Dropped, ["B"])
        .miss(tcp(80).to("10.0.0.1"), Dropped, ["B"])
        .miss(tcp(80).to("2001:db8::1"), Dropped, ["B"]),
        Case::source(
            "nomatch, return-nomatch, and a list of sets",
            "set HOLE: net { 10.0.0.0/8, 10.1.0.0/16 nomatch, 2001:db8::/32, 2001:db8:1::/48 nomatch }
             set OTHER: ip counters { 11.0.0.1, 2002::1 } set ALL: list counters { @HOLE, @OTHER }
             chain INPUT policy drop {
                 from @HOLE => jump A; set(@HOLE src, return-nomatch) => jump B; set(@ALL src, !update-subcounters) => jump C;
             }
             chain A { } chain B { } chain C { }",
        )
        .hit(udp(1).from("10.2.0.1"), Dropped, ["A", "C"])
        .hit(udp(1).from("2001:db8:2::1"), Dropped, ["A", "C"])
        .hit(udp(1).from("11.0.0.1"), Dropped, ["C"])
        .hit(udp(1).from("2002::1"), Dropped, ["C"])
        .hit(udp(1).from("10.1.0.1"), Dropped, ["B"])
        .hit(udp(1).from("2001:db8:1::1"), Dropped, ["B"])
        .miss(udp(1), Dropped, []),
        Case::source(
            "set(…, packets-gt …) and its like",
            "set SEEN: ip counters { 172.16.0.1, fd00::1 }
             chain INPUT policy drop {
                 set(@SEEN src, packets-gt 2) => accept;
                 set(@SEEN src, !update-counters, packets-eq 2) => jump A;
                 set(@SEEN src, !update-counters, packets-lt 2) => jump B;
                 set(@SEEN src, !update-counters, !packets-eq 1) => jump C;
             }
             chain A { } chain B { } chain C { }",
        )
        .hit(udp(1), Dropped, ["B"])
        .hit(udp(2), Dropped, ["A", "C"])
        .hit(udp(3), Accepted, [])
        .miss(udp(4).from("11.0.0.1"), Dropped, [])
        .miss(udp(4).from("2002::1"), Dropped, []),
        // The first packet is of 200 bytes, and each a byte longer.
        Case::source(
            "set(…, bytes-gt …) and its like",
            "set HEAVY: ip counters { 172.16.0.1, fd00::1 }
             chain INPUT policy drop {
                 set(@HEAVY src, bytes-gt 401) => accept;
                 set(@HEAVY src, !update-counters, bytes-eq 401) => jump A;
                 set(@HEAVY src, !update-counters, bytes-lt 300) => jump B;
                 set(@HEAVY src, !update-counters, !bytes-eq 200) => jump C;
             }
             chain A { } chain B { } chain C { }",
        )
        .hit(udp(1), Dropped, ["B"])
        .hit(udp(2), Dropped, ["A", "C"])
        .hit(udp(3), Accepted, [])
        .miss(udp(4).from("11.0.0.1"), Dropped, [])
        .miss(udp(4).from("2002::1"), Dropped, []),
        Case::source(
            "set(add …) and set(del …)",
            "set BANNED: ip timeout 60 { }
             chain INPUT policy drop {
                 from @BANNED => jump A;
                 udp dport 23 => set(add @BANNED src, timeout 500, exist), jump B, drop;
                 udp dport 24 => set(del @BANNED src), accept;
             }
             chain A { } chain B { }",
        )
        .miss(udp(1), Dropped, [])
        .hit(udp(23).times(2), Dropped, ["A", "B", "B"])
        .hit(udp(1).sport(SPORT + 1), Dropped, ["A"])
        .miss(udp(1).from("11.0.0.1"), Dropped, [])
        .miss(udp(1).from("2002::1"), Dropped, [])
        .hit(udp(24), Accepted, ["A"])
        .miss(udp(1).sport(SPORT + 2), Dropped, []),
        Case::source(
            "set(map …)",
            "set MARKS: ip skbinfo { 172.16.0.1 skbmark 0x5/0xff, fd00::1 skbmark 0x5/0xff, 11.0.0.1, 2002::1 }
             table mangle { chain PREROUTING { udp dport 1 => set(map @MARKS src, map-mark); } }
             chain INPUT policy drop { mark 5 => jump A; mark 0 => accept; } chain A { }",
        )
        .hit(udp(1), Dropped, ["A"])
        .miss(udp(2), Accepted, [])
        .miss(udp(1).from("11.0.0.2"), Accepted, [])
        .miss(udp(1).from("2002::2"), Accepted, []),
        Case::source(
            "set(map …, map-prio, map-queue)",
            "set CLASSES: ip skbinfo { [172.16.0.1, fd00::1] skbprio 1:10 skbqueue 3 }
             table mangle { chain POSTROUTING { udp dport 1 => set(map @CLASSES src, map-prio, map-queue), jump A; } chain A { } }",
        )
        .at(TableName::Mangle, Hook::Postrouting)
        .hit(udp(1).out("eth1"), Accepted, ["A"])
        .miss(udp(2).out("eth1"), Accepted, [])
        .target("SET", 1),
    ]
}
