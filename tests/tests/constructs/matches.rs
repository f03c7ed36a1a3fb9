//! Interfaces and addresses.

use fwdsl_tests::constructs::case::Fate::{Accepted, Dropped};
use fwdsl_tests::constructs::case::{Case, Fate};
use fwdsl_tests::constructs::probe::{Probe, icmp, tcp, udp};

pub(crate) fn interfaces() -> Vec<Case> {
    let via = |names: &[&str]| names.iter().map(|name| udp(1).via(name)).collect::<Vec<Probe>>();
    let out = |names: &[&str]| names.iter().map(|name| udp(1).out(name)).collect::<Vec<Probe>>();
    let sent = |names: &[&str]| names.iter().map(|name| udp(1).via(name).by_host()).collect::<Vec<Probe>>();
    vec![
        Case::matching("in eth0").hits(via(&["eth0"])).misses(via(&["eth1", "eth0.100", "wg7"])),
        Case::matching("in eth0.100").hits(via(&["eth0.100"])).misses(via(&["eth0", "eth1"])),
        Case::matching("in br-lan").hits(via(&["br-lan"])).misses(via(&["eth0"])),
        Case::matching("in \"WAN\"").hits(via(&["WAN"])).misses(via(&["wg7", "eth0"])),
        Case::matching("in eth+").hits(via(&["eth0", "eth1", "eth0.100"])).misses(via(&["wg7", "WAN"])),
        Case::matching("in eth0+").hits(via(&["eth0", "eth0.100"])).misses(via(&["eth1"])),
        Case::matching("in [eth0, br-lan, wg+]")
            .hits(via(&["eth0", "br-lan", "wg7"]))
            .misses(via(&["eth1", "WAN"])),
        Case::matching("in [eth+, eth0, eth0.100]").hits(via(&["eth0", "eth0.100"])).misses(via(&["wg7"])),
        Case::matching("in !eth0").hits(via(&["eth1", "eth0.100"])).misses(via(&["eth0"])),
        Case::matching("in !eth+").hits(via(&["WAN", "wg7"])).misses(via(&["eth0", "eth0.100"])),
        Case::matching("in ![eth0, wg+, \"WAN\"]")
            .hits(via(&["eth1", "br-lan"]))
            .misses(via(&["eth0", "wg7", "WAN"])),
        Case::matching("in [eth+, wg+] in !eth0").hits(via(&["eth1", "wg7"])).misses(via(&["eth0", "WAN"])),
        Case::matching("out eth1").forwarded().hits(out(&["eth1"])).misses(out(&["eth0", "wg7"])),
        Case::matching("out wg+").forwarded().hits(out(&["wg7"])).misses(out(&["eth0", "WAN"])),
        Case::matching("out ![eth0, wg+]").forwarded().hits(out(&["eth1", "WAN"])).misses(out(&["eth0", "wg7"])),
        Case::matching("in eth0|wg7 out !eth0")
            .forwarded()
            .hits([udp(1).out("eth1"), udp(1).via("wg7").out("wg7")])
            .misses([udp(1).out("eth0"), udp(1).via("wg7").out("eth0"), udp(1).via("WAN").out("eth1")]),
        Case::matching("out [eth0, eth1]").sent().hits(sent(&["eth0", "eth1"])).misses(sent(&["wg7"])),
        Case::matching("out !eth0").sent().hits(sent(&["eth1"])).misses(sent(&["eth0"])),
        Case::source(
            "out, where a packet has no such interface",
            "chain INPUT policy drop { _ => jump C; } chain C { out eth0 => jump A; out !eth0 => accept; } chain A { }",
        )
        .hit(udp(1), Fate::Accepted, ["C"])
        .because("no packet for the host leaves by an interface"),
    ]
}

pub(crate) fn addresses() -> Vec<Case> {
    let from = |list: &[&str]| list.iter().map(|address| udp(1).from(address)).collect::<Vec<Probe>>();
    let to = |list: &[&str]| list.iter().map(|address| udp(1).to(address)).collect::<Vec<Probe>>();
    let sent =
        |list: &[&str]| list.iter().map(|address| udp(1).to(address).by_host()).collect::<Vec<Probe>>();
    vec![
        Case::matching("from 10.1.2.3")
            .hits(from(&["10.1.2.3"]))
            .misses(from(&["10.1.2.2", "10.1.2.4", "2001:db8::1"])),
        Case::matching("from [172.0.0.1/255.0.0.255, \"fd00::1/ffff::ffff\"]")
            .hits(from(&["172.16.0.1", "172.99.7.1", "fd00:7::1"]))
            .misses(from(&["172.16.0.3", "11.0.0.1", "fd00::7", "2001:db8::1"])),
        Case::matching("from !172.0.0.1/255.0.0.255")
            .hits(from(&["172.16.0.3", "11.0.0.1"]))
            .misses(from(&["172.16.0.1", "172.99.7.1"]))
            .because("IPv6 has no such address"),
        Case::source(
            "masks with gaps, met by networks and ranges",
            "chain INPUT policy drop {
                 from 172.99.0.0/16 { from 172.0.0.1/255.0.0.255 => jump A; from 172.0.0.2/255.0.0.255 => jump B; }
                 from 11.0.0.0..=11.0.1.255 { from 11.0.0.1/255.0.0.255 => jump C; }
                 from ![172.0.0.1/255.0.0.255, 172.0.0.2/255.0.0.255, 11.0.0.0/8] => accept;
             }
             chain A { } chain B { } chain C { }",
        )
        .hit(udp(1).from("172.99.7.1"), Dropped, ["A"])
        .hit(udp(1).from("172.99.7.2"), Dropped, ["B"])
        .hit(udp(1).from("11.0.1.1"), Dropped, ["C"])
        .miss(udp(1).from("11.0.2.1"), Dropped, [])
        .hit(udp(1).from("172.99.7.3"), Accepted, [])
        .because("IPv6 has no such address"),
        Case::matching("from 10.0.0.0/8")
            .hits(from(&["10.0.0.0", "10.255.255.255"]))
            .misses(from(&["9.255.255.255", "11.0.0.0", "::10.0.0.1"])),
        Case::matching("from 10.0.0.7..=10.0.0.99")
            .hits(from(&["10.0.0.7", "10.0.0.99"]))
            .misses(from(&["10.0.0.6", "10.0.0.100"])),
        Case::matching("to 198.51.100.16/28")
            .hits(to(&["198.51.100.16", "198.51.100.31"]))
            .misses(to(&["198.51.100.15", "198.51.100.32"])),
        Case::matching("to 10.0.0.7..=10.0.1.0")
            .hits(to(&["10.0.0.7", "10.0.1.0"]))
            .misses(to(&["10.0.0.6", "10.0.1.1"])),
        Case::matching("from 2001:db8::1").hits(from(&["2001:db8::1"])).misses(from(&["2001:db8::2", "10.0.0.1"])),
        Case::matching("from 2001:db8::/33")
            .hits(from(&["2001:db8::", "2001:db8:7fff:ffff::ffff"]))
            .misses(from(&["2001:db8:8000::", "2001:db7:ffff::"])),
        Case::matching("to 2001:db8::10..=2001:db8::ff")
            .hits(to(&["2001:db8::10", "2001:db8::ff"]))
            .misses(to(&["2001:db8::f", "2001:db8::100"])),
        Case::matching("from 0.0.0.0/0").hits(from(&["10.0.0.1"])).misses(from(&["2001:db8::1"])).because("it asks for nothing but the family"),
        Case::matching("from ::/0").hits(from(&["2001:db8::1"])).misses(from(&["10.0.0.1"])).because("it asks for nothing but the family"),
        Case::matching("to ::ffff:0:0/96")
            .hits(to(&["::ffff:10.0.0.1"]))
            .misses(to(&["::10.0.0.1", "10.0.0.1", "2001:db8::ffff:a00:1"])),
        Case::matching("to ::ffff:10.0.0.1")
            .hits(to(&["::ffff:10.0.0.1"]))
            .misses(to(&["::ffff:10.0.0.2", "10.0.0.1"])),
        Case::matching("to ::1.2.3.4").hits(to(&["::1.2.3.4"])).misses(to(&["::1.2.3.5", "::ffff:1.2.3.4"])),
        Case::matching("from [10.0.0.0/8, 192.0.2.1]")
            .hits(from(&["10.1.1.1", "192.0.2.1"]))
            .misses(from(&["192.0.2.2", "2001:db8::1"])),
        Case::matching("from [10.0.0.0/8, 10.1.0.0/16, 10.1.0.0..=10.1.0.9]")
            .hits(from(&["10.1.0.1", "10.2.0.1"]))
            .misses(from(&["11.0.0.1"])),
        Case::matching("from [10.0.0.0/8, fd77::/16, 192.0.2.7, 2001:db8::5]")
            .hits(from(&["10.1.1.1", "192.0.2.7", "fd77::1", "2001:db8::5"]))
            .misses(from(&["192.0.2.8", "2001:db8::6"])),
        Case::matching("from !10.0.0.0/8").hits(from(&["11.0.0.1"])).misses(from(&["10.0.0.1", "2001:db8::1"])),
        Case::matching("to !2001:db8::5").hits(to(&["2001:db8::6"])).misses(to(&["2001:db8::5", "10.0.0.1"])),
        Case::matching("from !10.0.0.7..=10.0.0.99")
            .hits(from(&["10.0.0.6", "10.0.0.100"]))
            .misses(from(&["10.0.0.7", "10.0.0.99"])),
        Case::matching("from ![10.0.0.0/8, 192.0.2.7]")
            .hits(from(&["192.0.2.8"]))
            .misses(from(&["10.1.1.1", "192.0.2.7", "2001:db8::1"])),
        Case::matching("from ![10.0.0.0/8, 192.0.2.7, 2001:db8::/32, fd77::1]")
            .hits(from(&["192.0.2.8", "fd77::2"]))
            .misses(from(&["10.1.1.1", "192.0.2.7", "2001:db8::1", "fd77::1"])),
        Case::matching("to ![10.0.0.1, 10.0.0.3, 10.0.0.5, 10.0.0.7, 10.0.0.9, 10.0.1.0..=10.0.1.9, 2001:db8::5]")
            .hits(to(&["10.0.0.2", "10.0.0.8", "10.0.1.10", "2001:db8::6"]))
            .misses(to(&["10.0.0.1", "10.0.0.5", "10.0.0.9", "10.0.1.4", "2001:db8::5"])),
        Case::matching("from [10.0.0.0/8, 2001:db8::/32] from ![10.0.0.1, 10.0.0.2..=10.0.0.9, 2001:db8::1]")
            .hits(from(&["10.0.0.10", "2001:db8::2"]))
            .misses(from(&["10.0.0.1", "10.0.0.9", "2001:db8::1", "192.0.2.1", "fd77::1"])),
        Case::matching("from [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.0/29] to [10.1.0.1, 10.1.0.2, 10.1.0.3, 10.1.0.4, 10.1.0.0/29]")
            .hits([
                udp(1).from("10.0.0.1").to("10.1.0.4"),
                udp(1).from("10.0.0.4").to("10.1.0.1"),
                udp(1).from("10.0.0.7").to("10.1.0.7"),
            ])
            .misses([
                udp(1).from("10.0.0.8").to("10.1.0.1"),
                udp(1).from("10.0.0.1").to("10.1.0.8"),
                udp(1).from("10.1.0.1").to("10.0.0.1"),
            ]),
        Case::matching("from 10.0.0.1 to !10.1.0.1 udp")
            .hits([udp(1).from("10.0.0.1").to("10.1.0.2")])
            .misses([
                udp(1).from("10.0.0.1").to("10.1.0.1"),
                udp(1).from("10.0.0.2").to("10.1.0.2"),
                tcp(1).from("10.0.0.1").to("10.1.0.2"),
                icmp(8, 0).from("10.0.0.1").to("10.1.0.2"),
            ]),
        Case::matching("to [172.16.0.0/24, fd00::/64]")
            .sent()
            .hits([udp(1).by_host()])
            .misses([udp(1).by_host().via("eth1")])
            .misses(sent(&["9.9.9.9", "2001:dead::1"])),
        Case::matching("to [172.20.1.0/24, fd01:0:0:1::/64]")
            .forwarded()
            .hits([udp(1).out("eth1")])
            .misses([udp(1).out("wg7"), udp(1).via("wg7").out("eth1").only_ipv4()])
            .misses([udp(1).via("wg7").out("eth1").only_ipv6()]),
    ]
}
