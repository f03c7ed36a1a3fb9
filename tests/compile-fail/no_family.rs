//! Rules that neither IPv4 nor IPv6 can hold.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        from 10.0.0.0/8 to 2001:db8::/32 => drop;
        icmp from fe80::/10              => accept;
        icmpv6 packet-too-big            => reject(icmp-net-unreachable);
        fragment from ::1                => drop;
    }
    chain SIX {
        family ipv6;
        from 192.168.0.0/16 => accept;
    }
    chain OUTPUT {
        to 10.0.0.1 => jump SIX;
    }
};

fn main() {}
