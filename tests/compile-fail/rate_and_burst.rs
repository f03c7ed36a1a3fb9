//! Rates that iptables cannot count.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        limit 0/s                => accept;
        limit 20000/s            => accept;
        limit 3/fortnight        => accept;
        limit 3                  => accept;
        limit 1/day              => accept;
        limit 1/hour burst 32    => accept;
        limit 1/s burst 0        => accept;
        limit 1/s burst 10001    => accept;
        limit !1/s               => accept;
        limit [1/s, 2/s]         => accept;
        limit 1/s burst many     => accept;
        limit 99999999999/s      => accept;
        limit(burst 4)           => accept;
    }
};

fn main() {}
