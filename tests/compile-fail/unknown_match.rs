//! A match that no extension has.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        form 10.0.0.0/8             => drop;
        conntrak(ctstate new)       => drop;
        conntrack(ctsate new)       => drop;
        drop;
        zebra 5                     => drop;
        accept                      => drop;
    }
};

fn main() {}
