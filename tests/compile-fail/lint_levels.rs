//! `#[allow]`, `#[warn]` and `#[deny]`: the narrowest decides. The warning is not shown beside an error, so what is left
//! here are the findings that were made errors.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    #![deny(fragment_reassembled)]
    #![allow(unreachable_rule)]

    chain INPUT {
        fragment => drop;
        #[allow(fragment_reassembled)]
        fragment udp => drop;
        #[allow(fragment_reassembled)]
        in eth0 {
            #[deny(fragment_reassembled)]
            fragment => drop;
            fragment udp => drop;
        }
    }

    #[allow(fragment_reassembled)]
    chain OUTPUT {
        ct established => accept;
        fragment       => drop;
    }
};

fn main() {}
