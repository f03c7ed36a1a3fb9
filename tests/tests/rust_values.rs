//! `#name` and `#{expression}`: Rust values in every place of a policy.
#![allow(deprecated, reason = "lints warn of policies that show a single thing")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use fwdsl::Policy;
use fwdsl::family::Family::{self, Ipv4, Ipv6};
use fwdsl::model::Net;
use fwdsl::prelude::*;
use fwdsl_runtime::lint::{Level, UNREACHABLE_RULE};

const PORT: u16 = 50134;
const RANGE: RangeInclusive<u16> = 8000..=8080;
const PORTS: [u16; 3] = [22, 80, 443];
static SLICE: &[u16] = &[1, 2, 3];
const HOST4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const HOST6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const NET: Net = Net { addr: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), prefix: 8 };
const TEXT_NET: &str = "198.51.100.0/24";
const TEXT_NETS: &[&str] = &["10.1.0.0/16", "fd00::/8"];
const WAN: &str = "eth0";
const PREFIX: &str = "from rust: ";
const BURST: u32 = 7;
const RATE: &str = "3/minute";

/// The rules that a policy is emitted as, without what surrounds them.
fn rules(policy: &Policy, family: Family) -> Vec<String> {
    let text = policy.emit(family).expect("the policy is sound").unwrap_or_default();
    text.lines().filter_map(|line| line.strip_prefix("-A INPUT ")).map(str::to_owned).collect()
}

#[test]
fn constants_stand_in_constant_policies() {
    static HOST: Policy = firewall! {
        let ADMIN = #PORT;
        fn open(port) { tcp dport port => accept; }

        sysctl { net.ipv4.tcp_syncookies = #{COOKIES}; net.ipv4.tcp_base_mss = #BURST; }

        chain INPUT policy drop {
            tcp dport ADMIN => accept;
            open(#RANGE);
            open([#PORTS, 8080]);
            open(#SLICE);
            from #HOST4 => drop;
            from #HOST6 => drop;
            from !#NET => drop;
            from [#TEXT_NET, #TEXT_NETS] => drop;
            in #WAN limit #RATE burst #BURST => log(#PREFIX);
            in #{"lo"} limit #{"1/hour"} => log(#{"hourly"});
            proto #GRE => accept;
            udp dport #{PORTS[0]} => accept;
            udp dport #{PORT + 1} from #{Ipv4Addr::LOCALHOST} to #{"10.0.0.0/8"} => accept;
        }
    };
    const COOKIES: &str = "2";
    const GRE: u8 = 47;
    assert_eq!(
        rules(&HOST, Ipv4),
        [
            "-p tcp -m tcp --dport 50134 -j ACCEPT",
            "-p tcp -m tcp --dport 8000:8080 -j ACCEPT",
            "-p tcp -m multiport --dports 22,80,443,8080 -j ACCEPT",
            "-p tcp -m multiport --dports 1,2,3 -j ACCEPT",
            "-s 192.0.2.1/32 -j DROP",
            "! -s 10.0.0.0/8 -j DROP",
            "-s 198.51.100.0/24 -j DROP",
            "-s 10.1.0.0/16 -j DROP",
            "-i eth0 -m limit --limit 3/min --limit-burst 7 -j LOG --log-prefix \"from rust: \"",
            "-i lo -m limit --limit 1/hour -j LOG --log-prefix hourly",
            "-p gre -j ACCEPT",
            "-p udp -m udp --dport 22 -j ACCEPT",
            "-s 127.0.0.1/32 -d 10.0.0.0/8 -p udp -m udp --dport 50135 -j ACCEPT",
        ]
    );
    let ipv6 = rules(&HOST, Ipv6);
    assert!(ipv6.contains(&"-s 2001:db8::1/128 -j DROP".to_owned()), "{ipv6:?}");
    assert!(ipv6.contains(&"-s fd00::/8 -j DROP".to_owned()), "{ipv6:?}");
    let settings: Vec<String> = HOST.sysctls().iter().map(|setting| setting.value.clone()).collect();
    assert_eq!(settings, ["2", "7"]);
}

#[test]
fn lists_of_the_running_program_stand_in_policies_of_functions() {
    fn policy(ports: Vec<u16>, nets: Vec<String>, verbs: [IpAddr; 2], port: u16) -> Policy {
        firewall! {
            chain INPUT {
                tcp dport #ports from #nets => accept;
                to #{verbs} => drop;
                udp sport #port => drop;
                udp sport #{port..=port + 5} => drop;
            }
        }
    }
    let addresses = [IpAddr::V4(HOST4), IpAddr::V6(HOST6)];
    let policy = policy(vec![22, 80], vec!["10.0.0.0/8".into(), "2001:db8::/32".into()], addresses, 9);
    assert_eq!(
        rules(&policy, Ipv4),
        [
            "-s 10.0.0.0/8 -p tcp -m multiport --dports 22,80 -j ACCEPT",
            "-d 192.0.2.1/32 -j DROP",
            "-p udp -m udp --sport 9 -j DROP",
            "-p udp -m udp --sport 9:14 -j DROP",
        ]
    );
    assert_eq!(rules(&policy, Ipv6)[1], "-d 2001:db8::1/128 -j DROP");
}

/// A value that breaks a rule is told with the rule's place, and nothing is emitted.
fn refused(policy: &Policy, wanted: &str, line: u32) {
    let error = policy.emit(Ipv4).expect_err("the value is refused").to_string();
    assert!(error.contains(wanted), "{error}");
    assert!(error.contains(&format!("tests/tests/rust_values.rs:{line}: error")), "{error}");
    assert_eq!(policy.check().unwrap_err().to_string(), error);
}

#[test]
fn a_value_that_breaks_a_rule_is_told_with_its_place_and_nothing_is_emitted() {
    let (host, empty, level): (String, Vec<u16>, u16) = ("10.0.0.1/8".into(), Vec::new(), 8);
    let line = line!();
    refused(&firewall! { chain INPUT { from #host => drop; } }, "bits set beyond the prefix", line + 1);
    refused(&firewall! { chain INPUT { tcp dport #empty => drop; } }, "an empty list", line + 2);
    let (first, last) = (9, 3);
    refused(&firewall! { chain INPUT { udp sport #{first..=last} => drop; } }, "wrong way round", line + 4);
    let interface = "an-interface-with-a-long-name".to_owned();
    refused(&firewall! { chain INPUT { in #interface => drop; } }, "at most 15", line + 6);
    let nowhere = "nowhere".to_owned();
    refused(&firewall! { chain INPUT { from #nowhere => drop; } }, "`nowhere` is not an address", line + 8);
    let two = vec!["3/s", "4/s"];
    refused(&firewall! { chain INPUT { limit #two => drop; } }, "takes one value, not 2", line + 10);
    let six = Ipv6Addr::LOCALHOST;
    refused(&firewall! { chain INPUT { from #six to 10.0.0.0/8 => drop; } }, "fits no family", line + 12);
    refused(&firewall! { sysctl { net.ipv4.tcp_syncookies = #level; } }, "tcp_syncookies", line + 13);
}

#[test]
fn what_holds_for_every_value_is_proven_and_the_rest_when_the_value_is_known() {
    fn policy(port: u16) -> Policy {
        firewall! {
            #![allow(no_effect_rule)]
            chain INPUT policy drop {
                udp            => drop;
                tcp dport #port => accept;
            }
            assert INPUT {
                udp          => drop;
                tcp dport 22 => !accept;
            }
        }
    }
    let line = line!() - 4;
    assert!(policy(80).check().is_ok());
    refused(&policy(22), "assertion broken", line);
}

#[test]
fn unions_chains_and_whole_ways_are_proven_for_every_value_too() {
    fn policy(port: u16, admin: Ipv4Addr) -> Policy {
        firewall! {
            #![allow(established_not_accepted, loopback_blocked, ipv6_neighbour_discovery_blocked, forwarding_disabled)]
            family ipv4;
            table nat { chain PREROUTING { in wan0 tcp dport #port => dnat(to 10.0.0.2); } }
            chain INPUT policy drop { from #admin => jump ADMINS; tcp => reject; }
            chain ADMINS { tcp dport 22 => accept; }
            chain FORWARD policy drop { to 10.0.0.2 tcp dport 80 => accept; }
            // Of every value.
            assert INPUT { udp => drop; tcp => accept|reject; from #admin => reaches ADMINS; }
            assert host forward { udp => drop; in lan0 to 10.0.0.3 ct new => drop; }
            // Of some.
            assert INPUT { from 192.0.2.1 => !reaches ADMINS; }
            assert host forward { in wan0 to 203.0.113.1 tcp dport 80 ct new => drop; }
        }
    }
    let line = line!() - 4;
    let (here, there) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2));
    assert!(policy(81, there).check().is_ok());
    refused(&policy(81, here), "comes to `ADMINS`", line);
    refused(&policy(80, there), "is accepted", line + 1);
}

#[test]
fn sets_are_filled_from_slices() {
    const ADMINS: &[&str] = &["192.0.2.0/24", "2001:db8:ad::/48"];
    const WEB: [u16; 2] = [80, 443];
    static HOST: Policy = firewall! {
        set ADMINS: net { #ADMINS, 198.51.100.7, #NET nomatch }
        set WEB: ip,port { (#HOST4, tcp #WEB), (#HOST4, udp 53) }
        set PORTS: port { #RANGE }
        set MACS: mac { #{"02:00:00:00:00:01"} }
        set IFACES: net,iface { (10.0.0.0/8, #WAN) }
        chain INPUT policy drop { from @ADMINS tcp dport @PORTS set(@WEB dst,dst) set(@MACS src) => accept; }
    };
    let elements = |policy: &Policy, family: Family, name: &str| {
        let sets = policy.sets(family).expect("the policy is sound");
        sets.iter().find(|set| set.source == name).expect("the set is there").elements.clone()
    };
    assert_eq!(elements(&HOST, Ipv4, "ADMINS"), ["10.0.0.0/8 nomatch", "192.0.2.0/24", "198.51.100.7"]);
    assert_eq!(elements(&HOST, Ipv6, "ADMINS"), ["2001:db8:ad::/48"]);
    assert_eq!(elements(&HOST, Ipv4, "WEB"), ["192.0.2.1,tcp:443", "192.0.2.1,tcp:80", "192.0.2.1,udp:53"]);
    assert_eq!(elements(&HOST, Ipv4, "PORTS").len(), 81);
    assert_eq!(elements(&HOST, Ipv4, "MACS"), ["02:00:00:00:00:01"]);
    assert_eq!(elements(&HOST, Ipv4, "IFACES"), ["10.0.0.0/8,eth0"]);
    // Lists that are made while the program runs; an empty one makes an empty set.
    let with = |addresses: Vec<IpAddr>| {
        firewall! {
            set A: ip maxelem 3 { #{addresses} }
            chain INPUT policy drop { from @A => accept; }
        }
    };
    let many = with(vec![IpAddr::V4(HOST4), IpAddr::V6(HOST6)]);
    assert_eq!(elements(&many, Ipv4, "A"), ["192.0.2.1"]);
    assert_eq!(elements(&with(Vec::new()), Ipv6, "A"), Vec::<String>::new());
    // Other contents are another set.
    let name = |policy: &Policy| policy.sets(Ipv4).expect("the policy is sound")[0].name.clone();
    assert_ne!(name(&many), name(&with(Vec::new())));
    // What breaks a rule is found before anything is emitted.
    let zero = with(vec![IpAddr::V4(Ipv4Addr::UNSPECIFIED)]);
    let said = zero.emit_sets(Ipv4).unwrap_err().to_string();
    assert!(said.contains("cannot hold `0.0.0.0`") && said.contains("rust_values.rs:"), "{said}");
    let full = with((1..9).map(|last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))).collect());
    assert!(full.emit(Ipv4).unwrap_err().to_string().contains("has room for 3"));
}

/// That two values overlap today is no reason to leave a host without its firewall.
#[test]
fn what_values_make_of_rules_together_is_a_warning_when_they_are_known() {
    let policy = |first: u16, second: u16| {
        firewall! {
            chain INPUT policy drop {
                tcp dport #first => accept;
                tcp dport #second => reject;
            }
        }
    };
    let found = |policy: &Policy| {
        let found = policy.check().expect("it is sound");
        let of_lint = found.iter().filter(|it| it.lint == Some(UNREACHABLE_RULE));
        of_lint.map(|it| it.level).collect::<Vec<Level>>()
    };
    assert_eq!(found(&policy(22, 80)), []);
    let same = policy(22, 22);
    assert_eq!(found(&same), [Level::Warn]);
    assert_eq!(rules(&same, Ipv4).len(), 2);
}
