//! A proof that takes more steps than it may.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    #![allow(established_not_accepted, loopback_blocked, ipv6_neighbour_discovery_blocked)]
    #![analysis_budget(5)]

    chain INPUT policy drop {
        from 10.0.0.0/8 tcp dport [ssh, http]    => accept;
        from 192.0.2.0/24 udp dport domain       => accept;
        from 198.51.100.0/24 tcp dport 8000..=8080 => accept;
    }

    assert INPUT { in eth0 ct new => !reject; }
    assert host  { in eth0 ct new => !reject; }
};

fn main() {}
