//! What iptables cannot negate, and `!` where it does not belong.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        !in eth0           => drop;
        in !eth0           => drop;
        !tcp               => drop;
        limit(!limit 1/s)  => drop;
        tcp(!dport !22)    => drop;
        !conntrack(ctstate new) => drop;
        !_ => drop;
        _ in lo => drop;
    }
};

fn main() {}
