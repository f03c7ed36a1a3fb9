//! The whole way of packets: assertions that do not hold.

use fwdsl::prelude::*;

static ROUTER: Policy = firewall! {
    #![allow(forwarding_disabled, established_not_accepted, loopback_blocked)]

    family ipv4;

    table raw    { chain PREROUTING { udp dport domain              => ct(notrack); } }
    table mangle { chain PREROUTING { in vpn0                       => mark(set 0x10); } }
    table nat    {
        chain PREROUTING {
            in wan0 tcp dport http                                  => jump WEB;
        }
        chain WEB { to 203.0.113.1 tcp                              => dnat(to 10.0.0.2:8080); }
    }
    chain INPUT policy drop {
        mark 0x10                                                   => accept;
        udp dport domain ct new                                     => accept;
    }
    chain FORWARD policy drop {
        ct established|related                                      => accept;
        to 10.0.0.2 tcp dport 8080                                  => accept;
    }

    assert host forward {
        in wan0 to 203.0.113.0/24 tcp dport http ct new             => drop;
        in wan0 to 203.0.113.1 tcp dport 80..=81 ct new             => accept;
    }
    assert host input {
        in vpn0 ct new                                              => drop;
        in wan0 udp dport domain                                    => accept;
        udp                                                         => reaches nat/PREROUTING;
        fragment                                                    => drop;
    }
    assert host { in wan0 tcp dport ssh ct new                      => accept; }
    assert host { out wan0                                          => accept; }
};

static MISTAKES: Policy = firewall! {
    chain INPUT { }
    assert host INPUT   { _        => accept; }
    assert host through { _        => accept; }
    assert host input   { out eth0 => accept; }
    assert host         { _        => masquerade; }
    assert host         { _        => reaches nat/OUTPUT; }
};

static GUEST: Policy = firewall! {
    own chains;
    chain INPUT { }
    assert host input { _ => accept; }
};

fn main() {}
