//! Bits set beyond the prefix, which iptables drops in silence.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    let LAN = [192.168.1.0/24, 192.168.2.1/24];
    chain INPUT {
        from 10.0.0.1/8       => drop;
        to 2001:db8::1/32     => drop;
        from LAN              => accept;
        from !172.16.0.1/12   => drop;
        from [10.0.0.0/8, 10.1.2.3/16] => drop;
    }
};

fn main() {}
