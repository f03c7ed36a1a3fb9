//! Assertions that do not hold, each with a packet that shows it.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    let ADMINS = [192.0.2.0/24, 2001:db8:ad::/48];

    chain INPUT policy drop {
        in lo                           => accept;
        icmpv6                          => accept;
        ct established|related          => accept;
        from ADMINS tcp dport ssh       => accept;
        tcp dport [http, 8000..=8080]   => accept;
        icmp echo-request limit 5/s     => accept;
    }

    assert INPUT {
        in eth0 tcp dport ssh ct new    => drop;
        in eth0 tcp dport 8080 ct new   => !accept;
        icmp echo-request ct new        => accept;
        from 10.0.0.1 tcp dport http    => accept;
        tcp dport 443 udp               => drop;
    }

    assert FORWARD { in eth0            => accept; }
    assert OUTPUT  { out eth0 tcp       => drop; }
};

fn main() {}
