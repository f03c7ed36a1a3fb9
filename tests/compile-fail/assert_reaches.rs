//! Chains that packets do not come to, or should not.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    #![allow(established_not_accepted, loopback_blocked, ipv6_neighbour_discovery_blocked)]

    chain INPUT policy drop {
        ct established              => accept;
        in lan0                     => jump LAN;
        tcp dport ssh limit 9/m     => jump SSH;
    }
    chain LAN {
        from !10.0.0.0/8            => return;
        tcp dport ssh               => jump SSH;
        _                           => goto GUESTS;
    }
    chain GUESTS { udp dport domain => accept; }
    chain SSH    { _                => accept; }

    assert INPUT {
        in wan0 tcp dport ssh ct new => reaches SSH;
        in wan0 tcp ct new           => !reaches SSH;
        in lan0 udp ct new           => reaches GUESTS;
        in lan0 udp ct new           => !reaches GUESTS;
    }
    assert LAN { udp => reaches GUESTS; }
};

static MISTAKES: Policy = firewall! {
    foreign chain DOCKER-USER;
    table nat { chain N { } }
    chain INPUT { _ => jump DOCKER-USER; }
    chain SSH { }
    assert INPUT {
        tcp => reaches SHS;
        tcp => reaches INPUT;
        tcp => reaches OUTPUT;
        tcp => reaches nat/N;
        tcp => reaches DOCKER-USER;
        tcp => reaches;
    }
};

fn main() {}
