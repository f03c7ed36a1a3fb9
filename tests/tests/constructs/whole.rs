//! What a policy is made of beside rules: names, blocks, templates, fragments, Rust values, families.

#![allow(deprecated, reason = "what lints say of policies that are parts of one is not the matter here")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use fwdsl::prelude::*;
use fwdsl_runtime::analysis::CtState::Established;
use fwdsl_tests::constructs::case::Case;
use fwdsl_tests::constructs::case::Fate::{Accepted, Dropped};
use fwdsl_tests::constructs::probe::{SPORT, tcp, udp};

const PORTS: [u16; 2] = [22, 80];
const RANGE: RangeInclusive<u16> = 8000..=8080;
const HOST: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const TEXT_NETS: &[&str] = &["10.1.0.0/16", "fd77::/16"];
const LINK: &str = "eth1";
const RATE: &str = "1/hour";
const BURST: u32 = 2;

pub(crate) fn names() -> Vec<Case> {
    vec![
        Case::source(
            "let, with lists in lists",
            "let SSH = 22; let WEB = [80, 443]; let ALL = [SSH, WEB, 8000..=8002];
             let OFFICE = 10.0.0.0/8; let FRIENDS = [OFFICE, 2001:db8::/32]; let LAN = [eth0, \"WAN\"]; let PREFIX = \"seen \";
             chain INPUT policy drop {
                 in LAN tcp dport ALL from FRIENDS => log(PREFIX), jump A, accept;
                 udp dport !ALL from ![FRIENDS, 192.0.2.1, fd77::1] => accept;
             }
             chain A { }",
        )
        .hit(tcp(22).from("10.0.0.1"), Accepted, ["A"])
        .hit(tcp(443).from("2001:db8::1"), Accepted, ["A"])
        .hit(tcp(8001).from("10.0.0.1").to("172.16.3.2").via("WAN"), Accepted, ["A"])
        .hit(udp(23).from("192.0.2.2"), Accepted, [])
        .hit(udp(23).from("fd77::2"), Accepted, [])
        .miss(tcp(23).from("10.0.0.1"), Dropped, [])
        .miss(tcp(22).from("192.0.2.1"), Dropped, [])
        .miss(tcp(22).via("eth1"), Dropped, [])
        .miss(udp(80), Dropped, [])
        .miss(udp(23).from("2001:db8::1"), Dropped, [])
        .miss(udp(23).from("fd77::1"), Dropped, [])
        .miss(udp(23).from("192.0.2.1"), Dropped, []),
        Case::source(
            "blocks, in blocks",
            "chain INPUT policy drop {
                 in eth+ {
                     tcp { dport 22 => jump A; dport 80 { from !10.0.0.0/8 => jump B; _ => accept; } _ => jump REST; }
                     udp dport [1, 2] { sport 7 => accept; }
                 }
             }
             chain A { _ => accept; } chain B { } chain REST { }",
        )
        .hit(tcp(22), Accepted, ["A"])
        .hit(tcp(22).via("eth1"), Accepted, ["A"])
        .hit(tcp(80).only_ipv4(), Accepted, ["B"])
        .hit(tcp(80).from("10.0.0.1"), Accepted, [])
        .hit(tcp(80).only_ipv6(), Accepted, [])
        .hit(tcp(81), Dropped, ["REST"])
        .hit(udp(2).sport(7), Accepted, [])
        .miss(udp(3).sport(7), Dropped, [])
        .miss(udp(2), Dropped, [])
        .miss(tcp(22).via("wg7"), Dropped, []),
        Case::source(
            "chain names with hyphens and quotes",
            "chain INPUT { udp => jump F2B-x; tcp => jump \"a.b\"; } chain F2B-x { udp dport 1 => drop; } chain \"a.b\" { }",
        )
        .hit(udp(1), Dropped, ["F2B-x"])
        .hit(tcp(1), Accepted, ["a.b"])
        .miss(udp(2), Accepted, ["F2B-x"]),
        Case::source(
            "family ipv4, of a rule",
            "chain INPUT policy drop { family ipv4 udp => jump A, accept; family ipv6 udp => accept; } chain A { }",
        )
        .hit(udp(1).only_ipv4(), Accepted, ["A"])
        .hit(udp(1).only_ipv6(), Accepted, [])
        .miss(tcp(1), Dropped, []),
        Case::source("family ipv4, of a policy", "family ipv4; chain INPUT policy drop { udp => accept; }")
            .hit(udp(1).only_ipv4(), Accepted, [])
            .miss(tcp(1).only_ipv4(), Dropped, [])
            .miss(tcp(1).only_ipv6(), Accepted, []),
        Case::source(
            "family, of chains",
            "chain INPUT policy drop { family ipv6; udp => accept; }
             chain INPUT policy accept { family ipv4; udp => jump A; } chain A { family ipv4; udp dport 1 => drop; }",
        )
        .hit(udp(1).only_ipv6(), Accepted, [])
        .hit(udp(1).only_ipv4(), Dropped, ["A"])
        .miss(tcp(1).only_ipv6(), Dropped, [])
        .miss(udp(2).only_ipv4(), Accepted, ["A"])
        .miss(tcp(1).only_ipv4(), Accepted, []),
        Case::source(
            "family, of a table",
            "table raw { family ipv6; chain PREROUTING { udp dport 1 => drop; } } chain INPUT policy drop { udp => accept; }",
        )
        .hit(udp(1).only_ipv6(), Dropped, [])
        .hit(udp(1).only_ipv4(), Accepted, [])
        .miss(udp(2), Accepted, [])
        .miss(tcp(2), Dropped, []),
        Case::source(
            "a rule goes to the families that it fits",
            "chain INPUT policy drop {
                 from 10.0.0.0/8 => jump A, accept; icmp => jump B; to ![2001:db8::1, 2001:db8::2] udp => accept;
                 tcp => jump C; tcp dport 1 => reject(icmp-host-prohibited); tcp => accept;
             }
             chain A { } chain B { } chain C { family ipv6; }",
        )
        .hit(udp(1).from("10.0.0.1"), Accepted, ["A"])
        .hit(udp(1).only_ipv6(), Accepted, [])
        .hit(tcp(1).only_ipv6(), Accepted, ["C"])
        .hit(tcp(1).only_ipv4(), Dropped, [])
        .hit(tcp(2).only_ipv4(), Accepted, [])
        .miss(udp(1).only_ipv4(), Dropped, [])
        .miss(udp(1).to("2001:db8::2"), Dropped, []),
    ]
}

pub(crate) fn abstractions() -> Vec<Case> {
    let templates = firewall! {
        let ADMINS = [10.0.0.0/8, 2001:db8::1];

        fn service(port, who, verb) {
            tcp dport port {
                from who  => accept;
                from !who => jump verb;
            }
        }

        fn both(port, first, last) {
            service(port, ADMINS, OTHERS);
            udp dport first..=last => accept;
        }

        chain INPUT policy drop {
            in eth0 { both([ssh, 80], 100, 200); }
        }

        chain OTHERS { }
    };
    let fragments = firewall! {
        use fwdsl_tests::fragments::items(536);

        chain INPUT policy drop {
            use fwdsl_tests::fragments::baseline;
            in eth0 {
                use fwdsl_tests::fragments::rationed([ssh, 2222], 1/hour);
            }
            from_office(COUNTED);
            use fwdsl_tests::fragments::metrics;
        }
    };
    let cfg = firewall! {
        chain INPUT policy drop {
            #[cfg(target_os = "linux")]
            udp dport 1 => accept;
            #[cfg(not(target_os = "linux"))]
            udp dport 2 => accept;
            #[cfg(any())]
            in eth0 { tcp => accept; }
            #[cfg(all())]
            in eth1 { tcp => accept; }
        }
        #[cfg(any())]
        table raw { chain PREROUTING { _ => drop; } }
    };
    let values = firewall! {
        let OPEN = [#PORTS, #RANGE];
        chain INPUT policy drop {
            tcp dport OPEN from [#HOST, #TEXT_NETS] => accept;
            udp dport #{PORTS[0] + 1} from !#{IpAddr::from(HOST)} => accept;
            in #LINK udp dport 9 limit #RATE burst #BURST => accept;
        }
    };
    let owned = run_time_values(vec![443, 444], vec!["10.2.0.0/16".to_owned(), "2001:db8::/48".to_owned()]);
    vec![
        Case::policy("fn, templates and their arguments", &templates)
            .hit(tcp(22).from("10.0.0.1"), Accepted, [])
            .hit(tcp(80).from("2001:db8::1"), Accepted, [])
            .hit(tcp(80), Dropped, ["OTHERS"])
            .hit(udp(200), Accepted, [])
            .miss(tcp(81).from("10.0.0.1"), Dropped, [])
            .miss(udp(201), Dropped, [])
            .miss(tcp(80).via("eth1"), Dropped, []),
        Case::policy("use, fragments of a crate", &fragments)
            .before([udp(5201).by_host()])
            .hit(udp(SPORT).sport(5201).state(Established), Accepted, [])
            .hit(tcp(22).times(5), Accepted, [])
            .hit(tcp(2222).sport(4001).times(2), Dropped, [])
            .hit(udp(5202).from("192.0.2.9"), Dropped, ["COUNTED"])
            .hit(udp(5202).from("2001:db8::9"), Dropped, ["COUNTED"])
            .hit(tcp(9100), Accepted, [])
            .miss(tcp(9101), Dropped, [])
            .miss(tcp(22).via("eth1").sport(4002), Dropped, [])
            .saved("-A COUNTED -m comment --comment counted -j RETURN"),
        Case::policy("#[cfg(…)]", &cfg)
            .hit(udp(1), Accepted, [])
            .hit(tcp(1).via("eth1"), Accepted, [])
            .miss(udp(2), Dropped, [])
            .miss(tcp(1), Dropped, []),
        Case::policy("#value, constants", &values)
            .hit(tcp(80).from("192.0.2.1"), Accepted, [])
            .hit(tcp(8080).from("10.1.2.3"), Accepted, [])
            .hit(tcp(22).from("fd77::1"), Accepted, [])
            .hit(udp(23).only_ipv4(), Accepted, [])
            .hit(udp(9).via("eth1").times(2), Accepted, [])
            .miss(udp(9).via("eth1").times(2), Dropped, [])
            .miss(tcp(8081).from("192.0.2.1"), Dropped, [])
            .miss(tcp(80).from("192.0.2.2"), Dropped, [])
            .miss(tcp(80).from("fd78::1"), Dropped, [])
            .miss(udp(23).from("192.0.2.1"), Dropped, []),
        Case::policy("#value, lists of the running program", &owned)
            .hit(tcp(444).from("10.2.0.1"), Accepted, [])
            .hit(tcp(443).from("2001:db8::1"), Accepted, [])
            .hit(udp(1).to("2001:db8::53"), Accepted, [])
            .miss(tcp(445).from("10.2.0.1"), Dropped, [])
            .miss(tcp(443).from("10.3.0.1"), Dropped, [])
            .miss(udp(1).to("2001:db8::54"), Dropped, []),
    ]
}

fn run_time_values(ports: Vec<u16>, nets: Vec<String>) -> Policy {
    let resolver = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x53);
    firewall! {
        chain INPUT policy drop {
            tcp dport #ports from #nets => accept;
            to #resolver => accept;
        }
    }
}
