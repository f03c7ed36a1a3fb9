//! A jump to a chain that is not there, or is there in another table.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    table mangle { chain MARKS { _ => return; } }
    chain LOGGED { _ => drop; }
    chain INPUT {
        in lo   => jump LOGED;
        in eth0 => goto NOWHERE;
        in eth1 => jump MARKS;
    }
};

fn main() {}
