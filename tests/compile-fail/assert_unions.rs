//! Unions of verdicts that do not hold, or mean nothing.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    #![allow(established_not_accepted, loopback_blocked, ipv6_neighbour_discovery_blocked)]

    chain INPUT policy drop {
        ct established              => accept;
        tcp dport http limit 9/s    => accept;
        tcp dport 113               => reject;
        tcp dport ssh               => accept;
    }

    assert INPUT {
        tcp dport http ct new       => accept;
        tcp dport http ct new       => accept|reject;
        tcp dport 113 ct new        => drop;
        tcp dport [113, ssh] ct new => ![accept, drop];
        tcp dport ssh ct new        => !accept|reject;
    }
};

static MISTAKES: Policy = firewall! {
    chain INPUT { }
    assert INPUT {
        tcp => accept|accept;
        tcp => [accept, log];
        tcp => [];
        tcp => accept drop;
        tcp => jump A;
    }
};

fn main() {}
