//! Marks of packets, connections and routes, and the bits of the header that stand for a service.

use fwdsl_runtime::table::{Hook, TableName};
use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::case::Fate::{Accepted, Dropped};
use fwdsl_tests::constructs::probe::{Probe, pings, tcp, udp};

pub(crate) fn marks() -> Vec<Case> {
    vec![
        Case::source(
            "mark, and mark(set …) in each form",
            "table mangle { chain PREROUTING {
                 udp dport 1 => mark(set 0x12);
                 udp dport 2 => mark(set 0x1), mark(or 0x10);
                 udp dport 3 => mark(set 0xff), mark(and 0xf);
                 udp dport 4 => mark(set 5), mark(xor 6);
                 udp dport 5 => mark(set 0xff), mark(set 0x30/0xf0);
                 udp dport 6 => mark(set 0xff), mark(set-xmark 0x30/0xf);
             } }
             chain INPUT policy drop {
                 mark 0x12 => jump A; mark 0x11 => jump B; mark 0xf => jump C; mark(mark 3) => jump D;
                 mark 0x30/0xf0 => jump E; mark [0xff, 0xc0] => jump F;
                 mark ![0, 0x10/0xf0, 7] => accept;
             }
             chain A { } chain B { } chain C { } chain D { } chain E { } chain F { }",
        )
        .hit(udp(1), Dropped, ["A"])
        .hit(udp(2), Dropped, ["B"])
        .hit(udp(3), Accepted, ["C"])
        .hit(udp(4), Accepted, ["D"])
        .hit(udp(5), Accepted, ["E"])
        .hit(udp(6), Accepted, ["F"])
        .miss(udp(7), Dropped, []),
        Case::source(
            "a verdict changes what the rule has asked",
            "table mangle {
                 chain PREROUTING {
                     mark [0, 5] udp port [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35]
                         => mark(set 5), jump A, mark(set 9), jump B;
                     mark 9 => jump C;
                     mark [0, 9] => mark(set 0), mark(or 2);
                     mark 2 => jump D;
                 }
                 chain A { } chain B { mark 9 => jump E; } chain C { } chain D { } chain E { }
             }",
        )
        .hit(udp(1), Accepted, ["A", "B", "E", "C", "D"])
        .hit(udp(35).sport(1), Accepted, ["A", "B", "E", "C", "D"])
        .miss(udp(2), Accepted, ["D"]),
        Case::source(
            "connmark, and connmark(set …) in each form",
            "table mangle { chain PREROUTING {
                 udp dport 6101 => connmark(set 0x12);
                 udp dport 6102 => connmark(set 1), connmark(or 0x10);
                 udp dport 6103 => connmark(set 0xff), connmark(and 0xf);
                 udp dport 6104 => connmark(set 5), connmark(xor 6);
                 udp dport 6105 => connmark(set-xmark 0x30/0xff);
                 udp dport 6107 => connmark(set 0x1, left-shift 8);
                 udp dport 6108 => connmark(set 0x2000, right-shift 4);
             } }
             chain INPUT policy drop {
                 connmark(mark 0x12) => jump A; connmark(mark 0x11) => jump B; connmark(mark 0xf) => jump C;
                 connmark(mark 3) => jump D; connmark(mark 0x30/0xf0) => jump E;
                 connmark(mark 0x100) => jump F; connmark(mark 0x200) => jump G; connmark(mark ![0, 0x12]) => accept;
             }
             chain A { } chain B { } chain C { } chain D { } chain E { } chain F { } chain G { }",
        )
        .hit(udp(6101), Dropped, ["A"])
        .hit(udp(6102), Accepted, ["B"])
        .hit(udp(6103), Accepted, ["C"])
        .hit(udp(6104), Accepted, ["D"])
        .hit(udp(6105), Accepted, ["E"])
        .hit(udp(6107), Accepted, ["F"])
        .hit(udp(6108), Accepted, ["G"])
        .miss(udp(6106), Dropped, []),
        Case::source(
            "connmark(save) and connmark(restore)",
            "table mangle { chain PREROUTING {
                 udp dport 6111 tos(0x10) => mark(set 0x1234), connmark(save);
                 udp dport 6111 tos(!0x10) => connmark(restore);
                 udp dport 6112 tos(0x10) => mark(set 0x1234), connmark(save, mask 0xff);
                 udp dport 6112 tos(!0x10) => connmark(restore, nfmask 0xffff, ctmask 0xf);
             } }
             chain INPUT policy drop { mark 0x1234 => jump A; mark 4 => jump B; mark !0 => accept; } chain A { } chain B { }",
        )
        .hit(udp(6111).tos(0x10), Accepted, ["A"])
        .hit(udp(6111), Accepted, ["A"])
        .hit(udp(6112).tos(0x10), Accepted, ["A"])
        .hit(udp(6112), Accepted, ["B"])
        .miss(udp(6113), Dropped, []),
        Case::matching("realm(realm !5)")
            .forwarded()
            .hits([udp(1).out("eth1").only_ipv4()])
            .misses([udp(1).out("br-lan").only_ipv4()]),
        Case::matching("realm(realm 5)")
            .forwarded()
            .hits([udp(1).out("br-lan").only_ipv4()])
            .misses([udp(1).out("eth1").only_ipv4()]),
    ]
}

pub(crate) fn services() -> Vec<Case> {
    let with = |tos: &[u8]| tos.iter().map(|tos| udp(1).tos(*tos)).collect::<Vec<Probe>>();
    let mangled = |name: &'static str, verdict: &str, before: u8, after: &str| {
        let source = format!(
            "table mangle {{ chain PREROUTING {{ udp dport 1 => {verdict}; }} }}
             chain INPUT policy drop {{ tos({after}/0xff) => accept; }}"
        );
        Case::source(name, &source).hit(udp(1).tos(before), Accepted, []).miss(
            udp(2).tos(before),
            Dropped,
            [],
        )
    };
    vec![
        Case::matching("dscp(ef)").hits(with(&[0xb8, 0xbb])).misses(with(&[0, 0xb4])),
        Case::matching("dscp([cs1, 10])").hits(with(&[0x20, 0x28])).misses(with(&[0, 0x24])),
        Case::matching("dscp(!be)").hits(with(&[0x20])).misses(with(&[0, 3])),
        Case::matching("tos(minimize-delay)").hits(with(&[0x10])).misses(with(&[0, 0x08])),
        Case::matching("tos([0x20/0xf0, 0x08])")
            .hits(with(&[0x20, 0x2c, 0x08]))
            .misses(with(&[0, 0x40, 0x18])),
        Case::matching("tos(![minimize-delay, 0x20/0xff])")
            .hits(with(&[0, 0x40]))
            .misses(with(&[0x10, 0x20])),
        Case::matching("ecn(ip-ect 2)").hits(with(&[2])).misses(with(&[0, 1, 3])),
        Case::matching("ecn(ip-ect ![2, 3])").hits(with(&[0, 1])).misses(with(&[2, 3])),
        Case::matching("tcp ecn(tcp-ece, !tcp-cwr)").hits([tcp(1).flags(0x42)]).misses([
            tcp(1).flags(0xc2),
            tcp(1),
            udp(1),
        ]),
        Case::matching("tcp ecn(tcp-cwr)").hits([tcp(1).flags(0x82)]).misses([tcp(1)]).misses(pings()),
        mangled("dscp(set af11)", "dscp(set af11)", 3, "0x2b"),
        mangled("tos(set 0x48)", "tos(set 0x48)", 0, "0x48"),
        mangled("tos(and 0xf0)", "tos(and 0xf0)", 0xbc, "0xb0"),
        mangled("tos(or 0x0c)", "tos(or 0x0c)", 0xb0, "0xbc"),
        mangled("tos(xor 0x0c)", "tos(xor 0x0c)", 0xb8, "0xb4"),
        Case::source(
            "classify(1:10)",
            "table mangle { chain POSTROUTING { udp dport 1 => classify(1:10), jump A; } chain A { } }",
        )
        .at(TableName::Mangle, Hook::Postrouting)
        .hit(udp(1).out("eth1"), Accepted, ["A"])
        .miss(udp(2).out("eth1"), Accepted, [])
        .target("CLASSIFY", 1),
    ]
}
