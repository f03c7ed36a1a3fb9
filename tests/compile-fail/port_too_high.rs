//! Ports over 65535, alone and at the end of a range.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    let HIGH = [22, 70000];
    chain INPUT {
        tcp dport 65536        => accept;
        tcp dport 1024..=65536 => accept;
        udp sport HIGH         => accept;
        tcp dport ![1, 99999]  => accept;
        tcp dport -1           => accept;
        tcp dport 20-25        => accept;
    }
};

fn main() {}
