//! The lint for `fragment` where the kernel has reassembled: a warning, an error on demand.
#![deny(deprecated)]

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        #[allow(fragment_reassembled)]
        in eth0 fragment => accept;
        fragment => drop;
    }
    chain FORWARD {
        tcp { fragment => drop; }
        ct invalid => drop;
    }
    #[allow(fragment_reassembled)]
    chain OUTPUT {
        fragment => drop;
        !fragment => log;
    }
};

fn main() {}
