//! The standard collection: what each fragment does to packets, and that each profile is taken by the kernel's catalogue.

#![allow(deprecated, reason = "what lints say of policies that are parts of one is not the matter here")]

use fwdsl::Policy;
use fwdsl::family::Family::{self, Ipv4, Ipv6};
use fwdsl::prelude::*;
use fwdsl_tests::netns::{Netns, require};
use fwdsl_tests::rules::{restore, saved_table, tables};
use fwdsl_tests::sandbox::{PROGRAMS, VARIANTS};

/// The rules that a policy is emitted as, without what surrounds them.
fn rules(policy: &Policy, family: Family) -> Vec<String> {
    let text = policy.emit(family).expect("the policy is sound").expect("the policy is for both families");
    text.lines().filter_map(|line| line.strip_prefix("-A INPUT ")).map(str::to_owned).collect()
}

#[test]
fn baseline_lets_in_loopback_and_what_exists() {
    // The assertions are proven as this compiles.
    static HOST: Policy = firewall! {
        chain INPUT policy drop {
            use fwdsl::rules::baseline;
            _ => reject;
        }
        assert INPUT {
            in lo                       => accept;
            in eth0 ct established      => accept;
            in eth0 ct related          => accept;
            in eth0 ct invalid          => drop;
            in eth0 ct [new, untracked] => reject;
        }
    };
    assert!(HOST.check().unwrap().is_empty());
}

#[test]
fn the_required_icmp_passes_and_no_more() {
    static HOST: Policy = firewall! {
        chain INPUT policy drop {
            use fwdsl::rules::icmp_required;
            use fwdsl::rules::icmpv6_required;
        }
        assert INPUT {
            icmp [destination-unreachable, fragmentation-needed, time-exceeded, parameter-problem] => accept;
            icmp ![destination-unreachable, time-exceeded, parameter-problem]                      => drop;
            icmpv6 [destination-unreachable, packet-too-big, time-exceeded, parameter-problem]     => accept;
            icmpv6 [redirect, echo-request, router-renumbering]                                    => drop;
            from fe80::/10 icmpv6 [mld-listener-query, mld2-listener-report]                       => accept;
            from 2001:db8::/32 icmpv6 mld-listener-query                                           => drop;
        }
    };
    let ipv6 = rules(&HOST, Ipv6);
    for ty in [133, 134, 135, 136, 141, 142] {
        let rule = format!("-p ipv6-icmp -m icmp6 --icmpv6-type {ty} -m hl --hl-eq 255 -j ACCEPT");
        assert!(ipv6.contains(&rule), "{rule}: {ipv6:#?}");
    }
}

#[test]
fn sources_that_cannot_be_true_are_dropped() {
    static HOST: Policy = firewall! {
        chain INPUT policy accept {
            use fwdsl::rules::spoofed_loopback;
            use fwdsl::rules::antispoof(lan0, [192.168.7.0/24, 2001:db8:7::/64]);
            use fwdsl::rules::bogons(wan0);
        }
        assert INPUT {
            in wan0 from 127.0.0.1                         => drop;
            in wan0 to ::1                                 => drop;
            in lo from 127.0.0.0/8                         => accept;
            in lan0 from 192.168.7.9 to 10.0.0.1           => accept;
            in lan0 from fe80::1 to fe80::2                => accept;
            in lan0 from 10.0.0.1                          => drop;
            in lan0 from 2001:db8:8::1                     => drop;
            in eth5 from 192.168.7.9                       => drop;
            in eth5 from 2001:db8:7::1                     => drop;
            in wan0 from [10.1.2.3, 172.31.0.1, 224.0.0.1] => drop;
            in wan0 from [fc00::1, 2001:db8::1, ff02::1]   => drop;
            in wan0 from 8.8.8.8 to 9.9.9.9                => accept;
            in wan0 from 2606:4700::1 to 2606:4700::2      => accept;
            in wan0 from [fe80::1, ::] to fe80::2          => accept;
        }
    };
    assert!(HOST.check().unwrap().is_empty());
}

#[test]
fn floods_are_met_at_a_rate_for_each_source() {
    static HOST: Policy = firewall! {
        chain INPUT policy accept {
            use fwdsl::rules::smurf;
            use fwdsl::rules::syn_flood(20/s, 40);
            use fwdsl::rules::ssh_brute_force([ssh, 2222], 4/minute);
            use fwdsl::rules::ping(3/s);
        }
    };
    for (family, wanted) in [(Ipv4, "--hashlimit-mode srcip"), (Ipv6, "--hashlimit-srcmask 64")] {
        let rules = rules(&HOST, family);
        let tries: Vec<&String> = rules.iter().filter(|rule| rule.contains("--dports 22,2222")).collect();
        assert_eq!(tries.len(), 1, "{rules:#?}");
        assert!(tries[0].contains("--hashlimit-above 4/min") && tries[0].contains(wanted), "{}", tries[0]);
        assert!(
            rules.iter().any(|rule| rule.contains("--hashlimit-above 20/sec") && rule.contains("SYN")),
            "{rules:#?}"
        );
        assert!(rules.iter().any(|rule| rule.contains("--limit 3/sec")), "{rules:#?}");
    }
}

#[test]
fn services_get_what_connection_tracking_does_not_know() {
    static HOST: Policy = firewall! {
        // Loopback, what exists and neighbour discovery are the baseline's.
        #![allow(established_not_accepted, loopback_blocked, ipv6_neighbour_discovery_blocked)]
        chain INPUT policy drop {
            use fwdsl::rules::dhcp_client;
            use fwdsl::rules::mdns;
        }
        assert INPUT {
            from 192.0.2.1 udp sport 67 dport 68               => accept;
            from fe80::1 udp sport 547 dport 546               => accept;
            from 2001:db8::1 udp sport 547 dport 546           => drop;
            to 224.0.0.251 udp dport 5353                      => accept;
            to ff02::fb udp dport 5353                         => accept;
            to 192.0.2.1 udp dport 5353                        => drop;
        }
    };
    assert!(HOST.check().unwrap().is_empty());
}

#[test]
fn the_last_rules_end_a_chain() {
    static HOST: Policy = firewall! {
        #![allow(established_not_accepted, loopback_blocked, ipv6_neighbour_discovery_blocked)]
        #![allow(forwarding_disabled)]
        chain INPUT   { use fwdsl::rules::log_and_drop("in "); }
        chain FORWARD { use fwdsl::rules::log_and_reject("forward "); }
        assert INPUT   { in eth0 => drop; in eth0 ct new => drop; }
        assert FORWARD { tcp => reject; udp => reject; }
    };
    assert!(HOST.check().unwrap().is_empty());
}

#[test]
fn profiles_set_what_they_say_and_router_is_hardened_too() {
    static HOST: Policy = firewall! { sysctl { use fwdsl::sysctls::hardened; } };
    static ROUTER: Policy = firewall! { sysctl { use fwdsl::sysctls::router; } };
    let values = |policy: &Policy| -> Vec<(String, String)> {
        policy.sysctls().iter().map(|setting| (setting.key.to_string(), setting.value.clone())).collect()
    };
    let (hardened, router) = (values(&HOST), values(&ROUTER));
    // Those of the article.
    for (key, value) in [
        ("net.ipv4.tcp_syncookies", "1"),
        ("net.ipv4.icmp_echo_ignore_broadcasts", "1"),
        ("net.ipv4.conf.*.send_redirects", "0"),
        ("net.ipv4.conf.*.accept_redirects", "0"),
        ("net.ipv4.conf.*.accept_source_route", "0"),
    ] {
        assert!(hardened.contains(&(key.into(), value.into())), "{key}: {hardened:#?}");
    }
    let different: Vec<&(String, String)> = router.iter().filter(|pair| !hardened.contains(pair)).collect();
    let different: Vec<&str> = different.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        different,
        ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding", "net.ipv4.conf.*.send_redirects"]
    );
}

#[test]
fn all_of_it_loads_and_is_saved_as_it_was_emitted() {
    static HOST: Policy = firewall! {
        chain INPUT policy drop {
            use fwdsl::rules::spoofed_loopback;
            use fwdsl::rules::antispoof(lan0, [192.168.7.0/24, 2001:db8:7::/64]);
            use fwdsl::rules::bogons(wan0);
            use fwdsl::rules::smurf;
            use fwdsl::rules::baseline;
            use fwdsl::rules::icmp_required;
            use fwdsl::rules::icmpv6_required;
            use fwdsl::rules::ping(3/s);
            use fwdsl::rules::syn_flood(20/s, 40);
            use fwdsl::rules::ssh_brute_force([ssh, 2222], 4/minute);
            use fwdsl::rules::brute_force(imaps, 20/minute, "imap");
            use fwdsl::rules::dhcp_client;
            use fwdsl::rules::mdns;
            use fwdsl::rules::log_and_reject("[in] ");
        }
        chain FORWARD policy drop {
            use fwdsl::rules::log_and_drop("[forward] ");
        }
    };
    if !require(&PROGRAMS) {
        return;
    }
    let netns = Netns::new();
    for family in Family::ALL {
        let text = HOST.emit(family).expect("the policy is sound").expect("the policy is for both families");
        for variant in VARIANTS {
            let output = restore(&netns, family, variant, &text);
            assert!(
                output.status.success(),
                "{family} {variant}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            for (table, block) in tables(&text) {
                assert_eq!(saved_table(&netns, family, variant, &table), block, "{family} {variant}");
            }
        }
    }
}
