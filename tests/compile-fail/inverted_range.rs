//! Ranges that end before they begin, or in another family.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    let PRIVATE = 2000..=1000;
    chain INPUT {
        tcp dport 200..=100              => accept;
        tcp dport [22, https..=http]     => accept;
        udp dport PRIVATE                => accept;
        from 10.0.0.9..=10.0.0.1         => accept;
        to 2001:db8::9..=2001:db8::1     => accept;
        from 10.0.0.1..=2001:db8::1      => accept;
        from 10.0.0.0/8..=11.0.0.0/8     => accept;
        tcp dport 1..2                   => accept;
        tcp dport 1..                    => accept;
    }
};

fn main() {}
