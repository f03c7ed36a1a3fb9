//! Families that exclude each other, or do not exist.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    family ipv4;
    chain INPUT {
        family ipv6;
        tcp => accept;
    }
    table raw {
        family ipv5;
        chain PREROUTING { tcp => accept; }
    }
};

fn main() {}
