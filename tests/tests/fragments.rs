//! Templates, fragments and `#[cfg]`: what they stand for.

#![allow(deprecated, reason = "what lints say of policies that are parts of one is not the matter here")]

use fwdsl::Policy;
use fwdsl::family::Family::Ipv4;
use fwdsl::prelude::*;

/// The rules that a policy is emitted as, without what surrounds them.
fn rules(policy: &Policy) -> Vec<String> {
    let text = policy.emit(Ipv4).expect("the policy is sound").expect("the policy is for IPv4");
    text.lines().filter_map(|line| line.strip_prefix("-A ")).map(str::to_owned).collect()
}

#[test]
fn a_template_stands_for_its_rules_with_the_arguments_of_each_call() {
    static HOST: Policy = firewall! {
        let ADMINS = [192.0.2.0/24, 198.51.100.7];

        fn service(port, who, verb) {
            tcp dport port {
                from who   => accept;
                from !who  => jump verb;
            }
        }

        fn both(port) {
            service(port, ADMINS, LOGGED);
        }

        chain INPUT policy drop {
            in eth0 {
                both([ssh, 8000..=8080]);
            }
            service(443, 10.0.0.0/8, OTHER);
        }

        chain LOGGED { _ => log, drop; }
        chain OTHER { _ => drop; }
    };
    assert_eq!(
        rules(&HOST)[..5],
        [
            "INPUT -s 192.0.2.0/24 -i eth0 -p tcp -m multiport --dports 22,8000:8080 -j ACCEPT",
            "INPUT -s 198.51.100.7/32 -i eth0 -p tcp -m multiport --dports 22,8000:8080 -j ACCEPT",
            "INPUT ! -s 192.0.2.0/24 -i eth0 -p tcp -m multiport --dports 22,8000:8080 -m iprange ! --src-range \
             198.51.100.7-198.51.100.7 -j LOGGED",
            "INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 443 -j ACCEPT",
            "INPUT ! -s 10.0.0.0/8 -p tcp -m tcp --dport 443 -j OTHER",
        ]
    );
}

#[test]
fn parameters_stand_in_ranges_negations_options_and_strings() {
    static HOST: Policy = firewall! {
        fn all(first, last, not, rate, burst_, prefix) {
            udp sport first..=last dport !not limit rate burst burst_ => log(prefix);
        }
        chain INPUT {
            all(1000, 2000, [53, 123], 3/minute, 7, "seen ");
        }
    };
    assert_eq!(
        rules(&HOST),
        [
            "INPUT -p udp -m udp --sport 1000:2000 -m multiport ! --dports 53,123 -m limit --limit 3/min --limit-burst 7 \
             -j LOG --log-prefix \"seen \""
        ]
    );
}

#[test]
fn a_fragment_of_another_crate_is_spliced_in() {
    static HOST: Policy = firewall! {
        use fwdsl_tests::fragments::items(536);

        chain INPUT policy drop {
            use fwdsl_tests::fragments::baseline;
            use fwdsl_tests::fragments::rationed([ssh, 2222], 3/minute);
            from_office(COUNTED);
            use fwdsl_tests::fragments::metrics;
        }
    };
    assert_eq!(
        rules(&HOST),
        [
            "INPUT -i lo -j ACCEPT",
            "INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            "INPUT -m conntrack --ctstate INVALID -j DROP",
            "INPUT -p tcp -m multiport --dports 22,2222 -m conntrack --ctstate NEW -m limit --limit 3/min -j ACCEPT",
            "INPUT -p tcp -m multiport --dports 22,2222 -m conntrack --ctstate NEW -j DROP",
            "INPUT -s 192.0.2.0/24 -j COUNTED",
            "INPUT -p tcp -m tcp --dport 9100 -j ACCEPT",
            "COUNTED -m comment --comment counted -j RETURN",
        ]
    );
    let settings: Vec<String> =
        HOST.sysctls().iter().map(|setting| format!("{}={}", setting.key, setting.value)).collect();
    assert_eq!(settings, ["net.ipv4.tcp_syncookies=1", "net.ipv4.tcp_base_mss=536"]);
}

#[test]
fn a_rule_of_a_fragment_knows_its_file_and_the_call() {
    static HOST: Policy = firewall! {
        chain INPUT {
            use fwdsl_tests::fragments::baseline;
        }
    };
    let line = line!() - 3;
    let model = HOST.model();
    let loc = model.chains()[0].rules()[0].loc();
    assert!(
        model.sources().file_of(loc).ends_with("tests/src/fragments.rs"),
        "{}",
        model.sources().place(loc)
    );
    let [expansion] = model.sources().expansions_of(loc).collect::<Vec<_>>()[..] else {
        panic!("one expansion")
    };
    assert_eq!(expansion.what, "fragment `fwdsl_tests::fragments::baseline`");
    assert_eq!(expansion.call.line, line);
    assert!(model.sources().file_of(expansion.call).ends_with("tests/tests/fragments.rs"));
}

#[test]
fn a_profile_gives_way_to_the_policy() {
    static HOST: Policy = firewall! {
        sysctl {
            net.ipv4.conf.all.log_martians = 1;
            net.ipv4.icmp_echo_ignore_all  = 0;
            use fwdsl_tests::fragments::quiet;
        }
    };
    let settings: Vec<String> =
        HOST.sysctls().iter().map(|setting| format!("{}={}", setting.key, setting.value)).collect();
    assert_eq!(
        settings,
        [
            "net.ipv4.conf.*.log_martians=0",
            "net.ipv4.conf.all.log_martians=1",
            "net.ipv4.icmp_echo_ignore_all=0",
        ]
    );
}

#[test]
fn cfg_takes_away_what_does_not_hold() {
    static HOST: Policy = firewall! {
        #[cfg(any())]
        use nowhere::to_be_found;

        #[cfg(not(any()))]
        let PORT = 22;
        #[cfg(any())]
        let PORT = 23;

        #[cfg(any())]
        set what is this { }

        chain INPUT {
            #[cfg(target_os = "linux")]
            tcp dport PORT => accept;
            #[cfg(not(target_os = "linux"))]
            tcp dport PORT => drop;
            #[cfg(any())]
            in eth0 { udp => accept; }
            #[cfg(any())]
            this is nonsense #{ 1 } => and more;
            udp dport PORT => accept;
        }

        #[cfg(any())]
        chain OUTPUT policy drop { }

        assert INPUT {
            #[cfg(any())]
            tcp dport 99 => drop;
        }
    };
    assert_eq!(
        rules(&HOST),
        ["INPUT -p tcp -m tcp --dport 22 -j ACCEPT", "INPUT -p udp -m udp --dport 22 -j ACCEPT",]
    );
    assert!(!HOST.emit(Ipv4).expect("the policy is sound").unwrap().contains("OUTPUT DROP"));
}

#[test]
fn cfg_in_a_fragment_asks_for_the_crate_of_the_fragment() {
    let host = firewall! { chain INPUT { use fwdsl_tests::fragments::conditional; } };
    assert_eq!(rules(&host), ["INPUT -p udp -m udp --dport 2 -j DROP"]);
}

mod inner {
    fwdsl::rules! {
        pub(super) near { udp => accept; }
        pub(crate) fn nearer(what) { what => drop; }
    }

    pub(super) fn policy() -> fwdsl::Policy {
        fwdsl::firewall! { chain INPUT { use near; use self::nearer2(tcp); } }
    }

    fwdsl::rules! { fn nearer2(what) { proto what => drop; } }
}

#[test]
fn fragments_of_a_module_are_found_by_path() {
    let here = firewall! { chain INPUT { use inner::near; } };
    assert_eq!(rules(&here), ["INPUT -p udp -j ACCEPT"]);
    assert_eq!(rules(&inner::policy()), ["INPUT -p udp -j ACCEPT", "INPUT -p tcp -j DROP"]);
}
