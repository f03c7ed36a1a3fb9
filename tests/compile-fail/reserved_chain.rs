//! Names that iptables would take for something else, or refuse.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain ACCEPT { _ => drop; }
    chain LOG { _ => drop; }
    chain PREROUTING { _ => accept; }
    table nat { chain FORWARD { _ => accept; } }
    chain standard { _ => drop; }
    chain "-x" { _ => drop; }
    chain "two words" { _ => drop; }
    chain "" { _ => drop; }
};

fn main() {}
