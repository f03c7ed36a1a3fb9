//! Attributes and doc comments that mean nothing.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    #![alow(fragment_reassembled)]
    /// documentation of a family
    family ipv4;
    #[inline]
    chain INPUT policy drop {
        #[allow(fragment_reasembled)]
        fragment => drop;
        #[allow]
        in lo => accept;
        #[allow(1)]
        in eth0 => accept;
        #[deny(fragment_reassembled)]
        in eth1 => accept;
        /// a block has no comment
        in eth2 { tcp => accept; }
        /// two
        comment("comments") in eth3 => accept;
        comment("one") comment("two") => accept;
    }
};

fn main() {}
