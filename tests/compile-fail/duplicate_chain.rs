//! One name for two chains of a table.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain LOGGED { _ => drop; }
    chain INPUT policy drop { in lo => accept; }
    chain LOGGED { _ => accept; }
    chain INPUT { in eth0 => accept; }
    table mangle { chain LOGGED { _ => return; } }
};

fn main() {}
