//! Verdicts that no packet reaches.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain OWN { _ => return; }
    chain INPUT {
        in lo   => accept, log("never");
        in eth0 => log("first"), drop, accept;
        in eth1 => goto OWN, drop;
        in eth2 => jump OWN, drop;
        in eth3 => reject, jump OWN;
    }
};

fn main() {}
