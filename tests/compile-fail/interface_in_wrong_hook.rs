//! `out` before routing, `in` after it.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT { out eth0 => drop; }
    chain OUTPUT { in eth0 => drop; }
    chain FORWARD { in eth0 out eth1 => accept; }
    table mangle {
        chain PREROUTING  { tcp { out eth0 => accept; } }
        chain POSTROUTING { in [eth0, eth1] => accept; }
    }
    chain ANY { out eth0 => drop; in eth0 => drop; }
};

fn main() {}
