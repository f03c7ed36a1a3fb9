//! Lints that are made errors, each with what it says.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    #![deny(unused_definition, unused_chain, nat66, established_not_accepted, loopback_blocked)]
    #![deny(ipv6_neighbour_discovery_blocked, forwarding_disabled, spoofable_loopback)]

    let SSH = 22;
    let OFFICE = [192.0.2.0/24, 2001:db8::/32];
    #[allow(unused_definition)]
    let LATER = 8080;
    set GUESTS: net { 198.51.100.0/24 }
    fn service(port, from_where) { tcp dport port => accept; }
    fn nothing() { _ => drop; }

    chain INPUT policy drop {
        from 127.0.0.0/8 udp => accept;
        service(SSH, eth0);
    }
    chain FORWARD policy drop {
        ct established     => accept;
        in lan0 out "WAN0" => accept;
    }
    chain LOST  { _ => jump LOST2; }
    chain LOST2 { _ => drop; }

    table nat {
        chain POSTROUTING { out "WAN0" => masquerade; }
    }
};

static LATE: Policy = firewall! {
    #![deny(stateful_after_drop, ipv6_left_open)]

    family ipv4;
    chain INPUT policy drop {
        in lo                  => accept;
        udp dport 33434..=33523 => drop;
        ct established         => accept;
    }
};

fn main() {}
