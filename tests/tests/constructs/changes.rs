//! Verdicts that change a packet, or hand it to somebody else: the packet is looked at behind them.

use fwdsl_runtime::analysis::CtState::Established;
use fwdsl_runtime::table::{Hook, TableName};
use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::case::Fate::{Accepted, Dropped};
use fwdsl_tests::constructs::probe::{Probe, SPORT, tcp, udp};

/// The TCP options of a SYN that announces a maximum segment size.
const MSS_9000: [u8; 4] = [2, 4, 0x23, 0x28];

pub(crate) fn translations() -> Vec<Case> {
    vec![
        Case::source(
            "dnat(to …)",
            "table nat { chain PREROUTING {
                 udp dport 6401 => dnat(to 10.9.9.9:53);
                 udp dport 6401 => dnat(to [2001:db8::9]:53);
                 udp dport 6402 => dnat(to 10.9.9.10, persistent);
                 udp dport 6402 => dnat(to 2001:db8::10, random);
                 udp dport 6403 => dnat(to :54);
             } }
             chain INPUT policy drop {
                 to [10.9.9.9, 2001:db8::9] udp dport 53 => jump A, accept;
                 to [10.9.9.10, 2001:db8::10] ct dnat => jump B, accept;
                 udp dport 54 => jump C, accept;
             }
             chain A { } chain B { } chain C { }",
        )
        .hit(udp(6401), Accepted, ["A"])
        .hit(udp(6402), Accepted, ["B"])
        .hit(udp(6403), Accepted, ["C"])
        .miss(udp(6404), Dropped, [])
        .beyond_analysis("it looks at a chain by itself, at packets as they enter it"),
        Case::source(
            "dnat, of what is forwarded",
            "table nat { chain PREROUTING { udp dport 6411 => dnat(to 172.21.1.1:80); udp dport 6411 => dnat(to [fd01:0:1:1::1]:80); } }",
        )
        .forwarded()
        .hit(udp(6411), Accepted, [])
        .leaves("-p udp -m udp --dport 80 -i p1")
        .miss(udp(6412).out("eth1"), Accepted, [])
        .leaves("-p udp -m udp --dport 6412 -i p1"),
        Case::source(
            "redirect",
            "table nat {
                 chain PREROUTING { udp dport 6421 => redirect(to 3128); udp dport 6422 => redirect(to 3129..=3130, random); tcp => redirect; }
             }
             chain INPUT policy drop { udp dport 3128 => jump A, accept; udp dport 3129..=3130 => jump B, accept; tcp => accept; }
             chain A { } chain B { }",
        )
        .hit(udp(6421), Accepted, ["A"])
        .hit(udp(6422), Accepted, ["B"])
        .hit(tcp(6423).out("eth1"), Accepted, [])
        .miss(udp(6424), Dropped, [])
        .beyond_analysis("it looks at a chain by itself, at packets as they enter it"),
        Case::source(
            "snat(to …)",
            "table nat { chain POSTROUTING {
                 udp dport 6431 => snat(to 192.0.2.7:1000..=1001, persistent);
                 udp dport 6431 => snat(to [2001:db8::7]:1000..=1001, random-fully);
                 udp dport 6432 => snat(to 192.0.2.8, random);
                 udp dport 6432 => snat(to 2001:db8::8, random);
             } }",
        )
        .at(TableName::Nat, Hook::Postrouting)
        .hit(udp(6431).out("eth1").only_ipv4(), Accepted, [])
        .leaves("-s 192.0.2.7/32 -p udp -m udp --sport 1000:1001")
        .hit(udp(6431).out("eth1").only_ipv6(), Accepted, [])
        .leaves("-s 2001:db8::7/128 -p udp -m udp --sport 1000:1001")
        .hit(udp(6432).out("eth1").only_ipv4(), Accepted, [])
        .leaves("-s 192.0.2.8/32")
        .hit(udp(6432).out("eth1").only_ipv6(), Accepted, [])
        .leaves("-s 2001:db8::8/128")
        .miss(udp(6433).out("eth1").only_ipv4(), Accepted, [])
        .leaves("-s 172.16.0.1/32 -p udp -m udp --sport 4000")
        .miss(udp(6433).out("eth1").only_ipv6(), Accepted, [])
        .leaves("-s fd00::1/128 -p udp -m udp --sport 4000"),
        Case::source(
            "masquerade",
            "table nat { chain POSTROUTING {
                 udp dport 6441 out eth1 => masquerade;
                 udp dport 6442 => masquerade(to 2000..=2001, random);
                 udp dport 6443 => masquerade(random-fully);
             } }",
        )
        .at(TableName::Nat, Hook::Postrouting)
        .hit(udp(6441).out("eth1").only_ipv4(), Accepted, [])
        .leaves("-s 172.16.1.2/32")
        .hit(udp(6441).out("eth1").only_ipv6(), Accepted, [])
        .leaves("-s fd00:0:0:1::2/128")
        .hit(udp(6442).out("wg7"), Accepted, [])
        .leaves("-p udp -m udp --sport 2000:2001")
        .hit(udp(6443).out("wg7").only_ipv4(), Accepted, [])
        .leaves("-s 172.16.2.2/32")
        .miss(udp(6441).out("wg7").only_ipv4(), Accepted, [])
        .leaves("-s 172.16.0.1/32")
        .miss(udp(6441).out("wg7").only_ipv6(), Accepted, [])
        .leaves("-s fd00::1/128"),
        Case::source(
            "ct snat, of what comes back",
            "table nat { chain POSTROUTING { udp dport 6451 => snat(to 172.16.0.2:3000); udp dport 6451 => snat(to [fd00::2]:3000); } }
             chain FORWARD policy drop { ct snat => jump A, accept; udp => accept; } chain A { }",
        )
        .forwarded()
        .before([udp(6451).out("eth0")])
        .hit(udp(3000).sport(6451).from("172.20.0.1").state(Established), Accepted, ["A"])
        .hit(udp(3000).sport(6451).from("fd01::1").state(Established), Accepted, ["A"])
        .miss(udp(6452).out("eth0"), Accepted, []),
        Case::source(
            "netmap",
            "table nat { chain PREROUTING { to 198.51.100.0/24 => netmap(to 10.5.5.0/24); to 2001:db9::/64 => netmap(to 2001:db8:5::/64); } }
             chain INPUT policy drop { to [10.5.5.77, 2001:db8:5::77] => jump A, accept; } chain A { }",
        )
        .hit(udp(6461).to("198.51.100.77"), Accepted, ["A"])
        .hit(udp(6461).to("2001:db9::77"), Accepted, ["A"])
        .miss(udp(6461).to("203.0.113.77"), Dropped, [])
        .miss(udp(6461).to("2001:db9:0:1::77"), Dropped, [])
        .beyond_analysis("it looks at a chain by itself, at packets as they enter it"),
        Case::source(
            "dnpt and snpt",
            "table mangle {
                 chain PREROUTING { to 2001:db9::/64 => dnpt(src-pfx 2001:db9::/64, dst-pfx 2001:db8:5::/64); }
                 chain POSTROUTING { udp dport 6471 => snpt(src-pfx fd00::/64, dst-pfx 2001:db8:6::/64); }
             }
             chain INPUT policy drop { to 2001:db8:5::/64 => jump A, accept; } chain A { }",
        )
        .hit(udp(6472).to("2001:db9::77"), Accepted, ["A"])
        .hit(udp(6471).to("fd01:0:0:1::1"), Dropped, [])
        .leaves("-s 2001:db8:6::/64")
        .miss(udp(6472).to("2001:db9:0:1::77"), Dropped, [])
        .beyond_analysis("it looks at a chain by itself, at packets as they enter it"),
    ]
}

pub(crate) fn headers() -> Vec<Case> {
    let syn = |port: u16| tcp(port).options(&MSS_9000);
    vec![
        Case::source(
            "tcpmss(set-mss …)",
            "table mangle { chain PREROUTING { tcp syn dport 1 => tcpmss(set-mss 1400); } }
             chain INPUT policy drop { tcp syn tcpmss(mss 1400) => accept; tcp syn tcpmss(mss 9000) => jump A; } chain A { }",
        )
        .hit(syn(1), Accepted, [])
        .miss(syn(2), Dropped, ["A"]),
        Case::source(
            "tcpmss(clamp-mss-to-pmtu)",
            "table mangle { chain FORWARD { tcp syn dport 1 => tcpmss(clamp-mss-to-pmtu); } }
             chain FORWARD policy drop { tcp syn tcpmss(mss 1..=1460) => accept; tcp syn tcpmss(mss 9000) => jump A; } chain A { }",
        )
        .forwarded()
        .hit(syn(1).out("eth1"), Accepted, [])
        .miss(syn(2).out("eth1"), Dropped, ["A"]),
        Case::source(
            "ttl(set …), ttl(dec …), ttl(inc …)",
            "table mangle { chain PREROUTING { udp dport 1 => ttl(set 9); udp dport 2 => ttl(dec 5); udp dport 3 => ttl(inc 5); } }
             chain INPUT policy drop { ttl(9) => jump A, accept; ttl(59) => jump B, accept; ttl(69) => jump C, accept; }
             chain A { } chain B { } chain C { }",
        )
        .hit(udp(1).only_ipv4(), Accepted, ["A"])
        .hit(udp(2).only_ipv4(), Accepted, ["B"])
        .hit(udp(3).only_ipv4(), Accepted, ["C"])
        .miss(udp(4).only_ipv4(), Dropped, [])
        .because("IPv6 has hl"),
        Case::source(
            "hl(set …), hl(dec …), hl(inc …)",
            "table mangle { chain PREROUTING { udp dport 1 => hl(set 9); udp dport 2 => hl(dec 5); udp dport 3 => hl(inc 5); } }
             chain INPUT policy drop { hl(9) => jump A, accept; hl(59) => jump B, accept; hl(69) => jump C, accept; }
             chain A { } chain B { } chain C { }",
        )
        .hit(udp(1).only_ipv6(), Accepted, ["A"])
        .hit(udp(2).only_ipv6(), Accepted, ["B"])
        .hit(udp(3).only_ipv6(), Accepted, ["C"])
        .miss(udp(4).only_ipv6(), Dropped, [])
        .because("IPv4 has ttl"),
        Case::source(
            "tcpoptstrip(…)",
            "table mangle { chain PREROUTING { tcp dport 1 => tcpoptstrip([mss, timestamp]); } }
             chain INPUT policy drop { tcp(option !2) => accept; } ",
        )
        .hit(syn(1), Accepted, [])
        .miss(syn(2), Dropped, []),
        Case::source(
            "ecn(tcp-remove)",
            "table mangle { chain PREROUTING { tcp dport 1 => ecn(tcp-remove); } }
             chain INPUT policy drop { tcp ecn(!tcp-ece, !tcp-cwr) => accept; tcp => jump A; } chain A { }",
        )
        .hit(tcp(1).flags(0xc2).only_ipv4(), Accepted, [])
        .miss(tcp(2).flags(0xc2), Dropped, ["A"])
        .because("the target is IPv4's"),
        Case::source(
            "checksum(fill)",
            "table mangle { chain PREROUTING { udp dport 1 => checksum(fill), jump A; } chain A { } }",
        )
        .hit(udp(1), Accepted, ["A"])
        .miss(udp(2), Accepted, [])
        .target("CHECKSUM", 1),
    ]
}

pub(crate) fn diversions() -> Vec<Case> {
    let many = "[1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35]";
    vec![
        Case::source("nflog(…), once", &format!(
            "chain INPUT {{ udp port {many} => nflog(\"seen \", group 5, size 64, threshold 2), jump A; }} chain A {{ }}"
        ))
        .hit(udp(1).sport(35).times(2), Accepted, ["A", "A"])
        .miss(udp(2), Accepted, [])
        .target("NFLOG", 2),
        Case::source(
            "nfqueue(…), with nobody at the queue",
            "chain INPUT { udp dport 1 => nfqueue(3); udp dport 2 => nfqueue(3, bypass); udp dport 3 => nfqueue(balance 0..=3, cpu-fanout); }",
        )
        .hit(udp(1), Dropped, [])
        .hit(udp(2), Accepted, [])
        .hit(udp(3), Dropped, [])
        .miss(udp(4), Accepted, [])
        .beyond_analysis("without `bypass` a program would decide"),
        Case::source(
            "tee(…)",
            "table mangle { chain PREROUTING { udp dport 1 => tee(gateway 172.16.1.1), jump A; udp dport 1 => tee(gateway fd00:0:0:1::1, oif eth1), jump A; } chain A { } }",
        )
        .hit(udp(1), Accepted, ["A"])
        .leaves("-i p1 -p udp -m udp --dport 1")
        .miss(udp(2), Accepted, []),
        Case::source("trace", "table raw { chain PREROUTING { udp dport 1 => trace, jump A; } chain A { } }")
            .hit(udp(1), Accepted, ["A"])
            .miss(udp(2), Accepted, [])
            .target("TRACE", 1),
        Case::source("audit(drop)", "chain INPUT { udp dport 1 => audit(drop), jump A, drop; } chain A { }")
            .hit(udp(1), Dropped, ["A"])
            .miss(udp(2), Accepted, [])
            .target("AUDIT", 1),
        Case::source(
            "synproxy(…)",
            "chain INPUT { tcp syn dport 6501 => synproxy(sack-perm, timestamp, wscale 7, mss 1460, ecn); tcp dport 6501 => jump A; } chain A { }",
        )
        .hit(tcp(6501), Dropped, [])
        .miss(tcp(6502), Accepted, [])
        .miss(tcp(6501).flags(1), Accepted, ["A"])
        .target("SYNPROXY", 1),
        Case::source(
            "tproxy(…), with nobody at the port",
            "table mangle { chain PREROUTING { udp dport 1 => tproxy(on-port 3128, on-ip 172.16.0.2, mark 1); udp dport 2 => tproxy(on-port 3129); } }",
        )
        .hit(udp(2), Dropped, [])
        .hit(udp(1).only_ipv4(), Dropped, [])
        .miss(udp(3), Accepted, []),
    ]
}

/// Kept beside the others so that the host's own packets are translated too.
pub(crate) fn own_translations() -> Vec<Case> {
    let sent = |probe: Probe| probe.by_host();
    vec![
        Case::source(
            "dnat and redirect, of what the host sends",
            "table nat { chain OUTPUT { udp dport 6481 => dnat(to 172.16.1.1); udp dport 6481 => dnat(to fd00:0:0:1::1); } }",
        )
        .at(TableName::Nat, Hook::Output)
        .hit(sent(udp(6481)), Accepted, [])
        .leaves("-i p1 -p udp -m udp --dport 6481")
        .miss(sent(udp(6482)), Accepted, [])
        .leaves("-i p0 -p udp -m udp --dport 6482"),
        Case::source(
            "snat, of what comes to the host",
            "table nat { chain INPUT { udp dport 6491 => snat(to 11.0.0.9); udp dport 6491 => snat(to 2002::9); } }
             chain INPUT { udp dport 6491 => jump A; } chain A { }",
        )
        .at(TableName::Nat, Hook::Input)
        .hit(udp(6491), Accepted, ["A"])
        .miss(udp(6492).sport(SPORT), Accepted, [])
        .target("SNAT", 1),
    ]
}
