//! A target where the kernel refuses it.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    table nat {
        chain PREROUTING { in eth0 => drop; }
        chain OWN        { _ => reject; }
    }
    table mangle { chain FORWARD { tcp => reject(tcp-reset); } }
    table raw policy drop { chain PREROUTING { _ => reject; } }
};

fn main() {}
