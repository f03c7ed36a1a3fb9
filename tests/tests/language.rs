//! What the language accepts, and exactly which rules come of it.

#![allow(deprecated, reason = "what lints say of policies that are parts of one is not the matter here")]

use fwdsl::family::Family::{Ipv4, Ipv6};
use fwdsl::prelude::*;

// Under another name, as `other = { package = "fwdsl", … }` in a manifest gives it.
extern crate fwdsl as other;

mod reexport {
    pub(crate) mod deep {
        pub(crate) use fwdsl::firewall;
    }
}

/// The rules (`-A …`) of the policy for a family.
fn rules(policy: &Policy, family: fwdsl::family::Family) -> Vec<String> {
    let text = policy.emit(family).expect("the policy is sound").unwrap_or_default();
    text.lines().filter(|line| line.starts_with("-A ")).map(str::to_owned).collect()
}

/// The same rules in both families.
#[track_caller]
fn both(policy: &Policy, expected: &[&str]) {
    assert_eq!(rules(policy, Ipv4), expected);
    assert_eq!(rules(policy, Ipv6), expected);
}

/// The rules of each family.
#[track_caller]
fn each(policy: &Policy, ipv4: &[&str], ipv6: &[&str]) {
    assert_eq!(rules(policy, Ipv4), ipv4);
    assert_eq!(rules(policy, Ipv6), ipv6);
}

static STATIC: Policy = firewall! { chain INPUT { in lo => drop; } };
const CONST: Policy = firewall! { chain INPUT { in lo => drop; } };

#[test]
fn it_stands_where_an_expression_may() {
    let local = firewall! { chain INPUT { in lo => drop; } };
    let nested = [firewall! { chain INPUT { in lo => drop; } }];
    for policy in [&STATIC, &CONST, &local, &nested[0]] {
        both(policy, &["-A INPUT -i lo -j DROP"]);
    }
}

#[test]
fn it_works_under_other_names() {
    let renamed = other::firewall! { chain INPUT { in lo => drop; } };
    let through = reexport::deep::firewall! { chain INPUT { in lo => drop; } };
    for policy in [&renamed, &through] {
        both(policy, &["-A INPUT -i lo -j DROP"]);
    }
}

#[test]
fn the_file_and_line_of_the_source_are_kept() {
    let policy = firewall! { chain INPUT { in lo => drop; } };
    let line = line!() - 1;
    assert!(policy.model().file().ends_with("language.rs"), "{}", policy.model().file());
    assert_eq!(policy.chains()[0].rules()[0].loc().line, line);
}

macro_rules! with_ports {
    ($interface:ident, $port:literal, $service:ident, $net:expr, $verdict:ident, $($more:tt)*) => {
        firewall! {
            let PORT = $port;
            chain INPUT {
                in $interface => $verdict;
                tcp dport [PORT, $service, $port] => $verdict;
                $($more)*
            }
            chain OUTPUT { udp sport $net => $verdict; }
        }
    };
}

#[test]
fn tokens_may_come_through_another_macro() {
    let policy = with_ports!(eth0, 8080, https, 53, accept, from 10.0.0.0/8 => drop;);
    each(
        &policy,
        &[
            "-A INPUT -i eth0 -j ACCEPT",
            "-A INPUT -p tcp -m multiport --dports 8080,443,8080 -j ACCEPT",
            "-A INPUT -s 10.0.0.0/8 -j DROP",
            "-A OUTPUT -p udp -m udp --sport 53 -j ACCEPT",
        ],
        &[
            "-A INPUT -i eth0 -j ACCEPT",
            "-A INPUT -p tcp -m multiport --dports 8080,443,8080 -j ACCEPT",
            "-A OUTPUT -p udp -m udp --sport 53 -j ACCEPT",
        ],
    );
}

#[test]
fn a_doc_comment_is_the_rules_comment() {
    let policy = firewall! {
        #![allow(no_effect_rule)]
        /// Documentation of the chain.
        chain INPUT {
            /// one line
            in lo => accept;
            /// two lines,
            ///   joined
            ///
            /// and a second paragraph that is not
            in eth0 => accept;
            /** a block comment */
            in eth1 => accept;
            comment("it's \"quoted\"") in eth2 => accept;
            comment("shared") {
                in eth3 => accept;
                in eth4 => log("x"), accept;
            }
            ///
            in eth5 => accept;
            /// plain
            in eth6 => accept;
        }
    };
    both(
        &policy,
        &[
            "-A INPUT -i lo -m comment --comment \"one line\" -j ACCEPT",
            "-A INPUT -i eth0 -m comment --comment \"two lines, joined\" -j ACCEPT",
            "-A INPUT -i eth1 -m comment --comment \"a block comment\" -j ACCEPT",
            "-A INPUT -i eth2 -m comment --comment \"it\\'s \\\"quoted\\\"\" -j ACCEPT",
            "-A INPUT -i eth3 -m comment --comment shared -j ACCEPT",
            "-A INPUT -i eth4 -m comment --comment shared -j LOG --log-prefix x",
            "-A INPUT -i eth4 -m comment --comment shared -j ACCEPT",
            "-A INPUT -i eth5 -j ACCEPT",
            "-A INPUT -i eth6 -m comment --comment plain -j ACCEPT",
        ],
    );
    assert_eq!(policy.chains()[0].doc(), "Documentation of the chain.");
}

#[test]
fn addresses_survive_rusts_lexer() {
    let policy = firewall! {
        #![allow(unreachable_rule, no_effect_rule)]
        chain INPUT {
            from 10.0.0.0/8 => drop;
            from 10.0.0.1..=10.0.0.99 => drop;
            from 1.2.3.4 => drop;
            from 0.0.0.0/0 => drop;
            from "192.168.0.0/16" => drop;
            from 2001:db8::1/128 => drop;
            from ::/0 => drop;
            from :: => drop;
            from ::1 => drop;
            from fe80::1 => drop;
            from fe80::/10 => drop;
            from 2001:db8:9abc::12ab => drop;
            from 2001:db8::1e5:3e8 => drop;
            from 1e5::2:3:4 => drop;
            from 1:2:3:4:5:6:7:8 => drop;
            from ::ffff:1.2.3.4 => drop;
            from 64:ff9b::192.0.2.33 => drop;
            from abcd:ef01::/32 => drop;
            from "fe80::1e" => drop;
            from fe80::a..=fe80::b => drop;
            from 2001:DB8::A => drop;
            from ![2001:db8::/32, fd00::/8] => drop;
            from fe80:: ct new => drop;
        }
    };
    each(
        &policy,
        &[
            "-A INPUT -s 10.0.0.0/8 -j DROP",
            "-A INPUT -m iprange --src-range 10.0.0.1-10.0.0.99 -j DROP",
            "-A INPUT -s 1.2.3.4/32 -j DROP",
            "-A INPUT -j DROP",
            "-A INPUT -s 192.168.0.0/16 -j DROP",
        ],
        &[
            "-A INPUT -s 2001:db8::1/128 -j DROP",
            "-A INPUT -j DROP",
            "-A INPUT -s ::/128 -j DROP",
            "-A INPUT -s ::1/128 -j DROP",
            "-A INPUT -s fe80::1/128 -j DROP",
            "-A INPUT -s fe80::/10 -j DROP",
            "-A INPUT -s 2001:db8:9abc::12ab/128 -j DROP",
            "-A INPUT -s 2001:db8::1e5:3e8/128 -j DROP",
            "-A INPUT -s 1e5::2:3:4/128 -j DROP",
            "-A INPUT -s 1:2:3:4:5:6:7:8/128 -j DROP",
            "-A INPUT -s ::ffff:1.2.3.4/128 -j DROP",
            "-A INPUT -s 64:ff9b::c000:221/128 -j DROP",
            "-A INPUT -s abcd:ef01::/32 -j DROP",
            "-A INPUT -s fe80::1e/128 -j DROP",
            "-A INPUT -m iprange --src-range fe80::a-fe80::b -j DROP",
            "-A INPUT -s 2001:db8::a/128 -j DROP",
            "-A INPUT ! -s 2001:db8::/32 -m iprange ! --src-range fd00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff -j DROP",
            "-A INPUT -s fe80::/128 -m conntrack --ctstate NEW -j DROP",
        ],
    );
}

#[test]
fn names_of_interfaces_and_chains() {
    let policy = firewall! {
        #![allow(no_effect_rule)]
        chain INPUT {
            in eth0.100   => accept;
            in eth+       => accept;
            in wg-home.2  => accept;
            in br-lan     => accept;
            in "WAN"      => accept;
            in [lo, wg+]  => jump "f2b-sshd";
            in !eth0      => jump DOCKER-USER;
            in enp0s31f6  => accept;
        }
        chain FORWARD { in eth0 out eth1 => accept; }
        chain DOCKER-USER { _ => return; }
        chain "f2b-sshd" { _ => return; }
    };
    both(
        &policy,
        &[
            "-A INPUT -i eth0.100 -j ACCEPT",
            "-A INPUT -i eth+ -j ACCEPT",
            "-A INPUT -i wg-home.2 -j ACCEPT",
            "-A INPUT -i br-lan -j ACCEPT",
            "-A INPUT -i WAN -j ACCEPT",
            "-A INPUT -i lo -j f2b-sshd",
            "-A INPUT -i wg+ -j f2b-sshd",
            "-A INPUT ! -i eth0 -j DOCKER-USER",
            "-A INPUT -i enp0s31f6 -j ACCEPT",
            "-A FORWARD -i eth0 -o eth1 -j ACCEPT",
            "-A DOCKER-USER -j RETURN",
            "-A f2b-sshd -j RETURN",
        ],
    );
}

#[test]
fn lets_nest_and_may_be_negations() {
    let policy = firewall! {
        #![allow(unreachable_rule, no_effect_rule)]
        let ALL    = [WEB, 22, HIGH];
        let WEB    = [http, https];
        let LOW    = 1024;
        let HIGH   = LOW..=2048;
        let NOT    = !WEB;
        let WAN    = "ppp0";
        let NETS   = [10.0.0.0/8, fd00::/8];
        chain INPUT {
            tcp dport ALL         => accept;
            tcp dport NOT         => accept;
            tcp dport !ALL        => accept;
            in WAN udp sport LOW  => accept;
            from NETS             => accept;
            from !NETS            => drop;
        }
    };
    each(
        &policy,
        &[
            "-A INPUT -p tcp -m multiport --dports 80,443,22,1024:2048 -j ACCEPT",
            "-A INPUT -p tcp -m multiport ! --dports 80,443 -j ACCEPT",
            "-A INPUT -p tcp -m multiport ! --dports 80,443,22,1024:2048 -j ACCEPT",
            "-A INPUT -i ppp0 -p udp -m udp --sport 1024 -j ACCEPT",
            "-A INPUT -s 10.0.0.0/8 -j ACCEPT",
            "-A INPUT ! -s 10.0.0.0/8 -j DROP",
        ],
        &[
            "-A INPUT -p tcp -m multiport --dports 80,443,22,1024:2048 -j ACCEPT",
            "-A INPUT -p tcp -m multiport ! --dports 80,443 -j ACCEPT",
            "-A INPUT -p tcp -m multiport ! --dports 80,443,22,1024:2048 -j ACCEPT",
            "-A INPUT -i ppp0 -p udp -m udp --sport 1024 -j ACCEPT",
            "-A INPUT -s fd00::/8 -j ACCEPT",
            "-A INPUT ! -s fd00::/8 -j DROP",
        ],
    );
}

#[test]
fn blocks_hand_down_their_matches() {
    let policy = firewall! {
        #![allow(no_effect_rule)]
        chain INPUT {
            in eth0 {
                tcp { dport 22 => accept; dport [80, 443] => accept; }
                ct new { udp dport 53 => accept; }
                _ => drop;
            }
            _ { in lo => accept; }
            from 10.0.0.0/8 { from 10.1.0.0/16 => accept; }
        }
    };
    let mut expected = vec![
        "-A INPUT -i eth0 -p tcp -m tcp --dport 22 -j ACCEPT",
        "-A INPUT -i eth0 -p tcp -m multiport --dports 80,443 -j ACCEPT",
        "-A INPUT -i eth0 -p udp -m udp --dport 53 -m conntrack --ctstate NEW -j ACCEPT",
        "-A INPUT -i eth0 -j DROP",
        "-A INPUT -i lo -j ACCEPT",
    ];
    let ipv6 = expected.clone();
    expected.push("-A INPUT -s 10.1.0.0/16 -j ACCEPT");
    each(&policy, &expected, &ipv6);
}

#[test]
fn tables_and_families() {
    let policy = firewall! {
        #![allow(no_effect_rule)]
        table raw { family ipv6; chain PREROUTING { in eth0 => drop; } }
        table mangle { chain FORWARD { tcp => return; } chain OWN { family ipv4; _ => return; } }
        chain INPUT { family ipv4; tcp => accept; }
    };
    assert_eq!(
        policy.emit(Ipv4).expect("the policy is sound").unwrap(),
        "*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
         :POSTROUTING ACCEPT [0:0]\n:OWN - [0:0]\n-A FORWARD -p tcp -j RETURN\n-A OWN -j RETURN\nCOMMIT\n\
         *filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n"
    );
    assert_eq!(
        policy.emit(Ipv6).expect("the policy is sound").unwrap(),
        "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -i eth0 -j DROP\nCOMMIT\n\
         *mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
         :POSTROUTING ACCEPT [0:0]\n-A FORWARD -p tcp -j RETURN\nCOMMIT\n"
    );
    let one = firewall! { family ipv6; chain INPUT policy drop { in lo => accept; } };
    assert_eq!(one.emit(Ipv4).expect("the policy is sound"), None);
    assert!(one.emit(Ipv6).expect("the policy is sound").unwrap().contains(":INPUT DROP [0:0]"));
}

#[test]
fn several_verdicts_run_from_left_to_right() {
    let policy = firewall! {
        chain OWN { _ => return; }
        chain INPUT {
            in eth0 => log("a "), jump OWN, reject;
            in eth1 => log("b", level info, tcp-sequence, uid), goto OWN;
            icmp => reject(with icmp-host-prohibited);
            limit 2/m => log(prefix "c"), drop;
        }
    };
    let shared = ["-A INPUT -i eth0 -j LOG --log-prefix \"a \"", "-A INPUT -i eth0 -j OWN"];
    let after = [
        "-A INPUT -i eth1 -j LOG --log-prefix b --log-level 6 --log-tcp-sequence --log-uid",
        "-A INPUT -i eth1 -g OWN",
    ];
    let limited = ["-A INPUT -m limit --limit 2/min -j INPUT.4"];
    let body = ["-A INPUT.4 -j LOG --log-prefix c", "-A INPUT.4 -j DROP", "-A OWN -j RETURN"];
    let v4 = ["-A INPUT -i eth0 -j REJECT --reject-with icmp-port-unreachable"];
    let v6 = ["-A INPUT -i eth0 -j REJECT --reject-with icmp6-port-unreachable"];
    let icmp = ["-A INPUT -p icmp -j REJECT --reject-with icmp-host-prohibited"];
    let ipv4 = [&shared[..], &v4, &after, &icmp, &limited, &body].concat();
    let ipv6 = [&shared[..], &v6, &after, &limited, &body].concat();
    each(&policy, &ipv4, &ipv6);
}

#[test]
fn ports_protocols_and_flags() {
    let policy = firewall! {
        #![allow(unreachable_rule, no_effect_rule)]
        chain INPUT {
            tcp|udp port 53                         => accept;
            tcp port !53                            => accept;
            udp dport 1024..=65535                  => accept;
            tcp dport !22                           => accept;
            tcp sport !22 dport !80                 => accept;
            tcp sport ssh dport ![http, https]      => accept;
            tcp syn                                 => accept;
            tcp !syn                                => accept;
            tcp flags(syn / syn,ack,fin,rst) dport 1 => accept;
            tcp !flags(none / all)                  => accept;
            proto 47                                => accept;
            proto [gre, esp]                        => accept;
            !tcp                                    => accept;
            esp                                     => accept;
            sctp dport 9                            => accept;
            icmp 3/4                                => accept;
            icmp [echo-request, echo-reply]         => accept;
            icmp !echo-request                      => accept;
            icmp in eth0                            => accept;
            #[allow(fragment_reassembled)]
            fragment                                => accept;
            !fragment                               => accept;
        }
    };
    let shared_start = [
        "-A INPUT -p tcp -m multiport --ports 53 -j ACCEPT",
        "-A INPUT -p udp -m multiport --ports 53 -j ACCEPT",
        "-A INPUT -p tcp -m multiport ! --ports 53 -j ACCEPT",
        "-A INPUT -p udp -m udp --dport 1024:65535 -j ACCEPT",
        "-A INPUT -p tcp -m tcp ! --dport 22 -j ACCEPT",
        "-A INPUT -p tcp -m tcp ! --sport 22 -m multiport ! --dports 80 -j ACCEPT",
        "-A INPUT -p tcp -m tcp --sport 22 -m multiport ! --dports 80,443 -j ACCEPT",
        "-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT",
        "-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT",
        "-A INPUT -p tcp -m tcp --dport 1 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT",
        "-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j ACCEPT",
        "-A INPUT -p gre -j ACCEPT",
        "-A INPUT -p gre -j ACCEPT",
        "-A INPUT -p esp -j ACCEPT",
        "-A INPUT ! -p tcp -j ACCEPT",
        "-A INPUT -p esp -j ACCEPT",
        "-A INPUT -p sctp -m sctp --dport 9 -j ACCEPT",
    ];
    let ipv4 = [
        "-A INPUT -p icmp -m icmp --icmp-type 3/4 -j ACCEPT",
        "-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT",
        "-A INPUT -p icmp -m icmp --icmp-type 0 -j ACCEPT",
        "-A INPUT -p icmp -m icmp ! --icmp-type 8 -j ACCEPT",
        "-A INPUT -i eth0 -p icmp -j ACCEPT",
        "-A INPUT -f -j ACCEPT",
        "-A INPUT ! -f -j ACCEPT",
    ];
    each(&policy, &[&shared_start[..], &ipv4].concat(), &shared_start);
}

#[test]
fn extensions_under_their_own_names() {
    let policy = firewall! {
        #![allow(unreachable_rule, no_effect_rule)]
        chain INPUT {
            conntrack(ctstate new)                  => accept;
            conntrack(new)                          => accept;
            conntrack(!ctstate [related, established]) => accept;
            state(established|related)              => accept;
            ct ![invalid]                           => accept;
            tcp(dport 22)                           => accept;
            tcp(!dport 22, option 7)                => accept;
            udp(sport 1..=9, dport 53)              => accept;
            tcp multiport(dports [22, 80])          => accept;
            limit(limit 1/s, burst 4)               => accept;
            limit(3/hour)                           => accept;
            icmp(type echo-request)                 => accept;
            icmpv6(packet-too-big)                  => accept;
            iprange(src-range 10.0.0.1..=10.0.0.5)  => accept;
            iprange(src-range [10.0.0.1, 10.0.0.3..=10.0.0.5]) => accept;
            #[allow(fragment_reassembled)]
            fragment { fragment => accept; }
        }
    };
    let shared = [
        "-A INPUT -m conntrack --ctstate NEW -j ACCEPT",
        "-A INPUT -m conntrack --ctstate NEW -j ACCEPT",
        "-A INPUT -m conntrack ! --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT",
        "-A INPUT -m conntrack ! --ctstate INVALID -j ACCEPT",
        "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
        "-A INPUT -p tcp -m tcp ! --dport 22 --tcp-option 7 -j ACCEPT",
        "-A INPUT -p udp -m udp --sport 1:9 --dport 53 -j ACCEPT",
        "-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT",
        "-A INPUT -m limit --limit 1/sec --limit-burst 4 -j ACCEPT",
        "-A INPUT -m limit --limit 3/hour -j ACCEPT",
    ];
    let ipv4 = [
        "-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT",
        "-A INPUT -m iprange --src-range 10.0.0.1-10.0.0.5 -j ACCEPT",
        "-A INPUT -s 10.0.0.1/32 -j ACCEPT",
        "-A INPUT -m iprange --src-range 10.0.0.3-10.0.0.5 -j ACCEPT",
        "-A INPUT -f -j ACCEPT",
    ];
    let ipv6 = ["-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 2 -j ACCEPT"];
    each(&policy, &[&shared[..], &ipv4].concat(), &[&shared[..], &ipv6].concat());
}

#[test]
fn a_match_of_one_protocol_asks_for_it_in_a_chain_of_its_own_too() {
    // The list and the limit want chains, and the kernel wants the protocol in each rule with the match.
    let policy = firewall! {
        chain INPUT { dccp(option [127, 255]) limit 1/s => log, drop; }
    };
    both(
        &policy,
        &[
            "-A INPUT -p dccp -j INPUT.1",
            "-A INPUT.1 -p dccp -m dccp --dccp-option 127 -g INPUT.1b",
            "-A INPUT.1 -p dccp -m dccp --dccp-option 255 -g INPUT.1b",
            "-A INPUT.1b -m limit --limit 1/sec -g INPUT.1c",
            "-A INPUT.1c -j LOG",
            "-A INPUT.1c -j DROP",
        ],
    );
}
