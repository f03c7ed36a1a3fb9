//! Constants that no rule could hold fail the build, at their name.

use std::ops::RangeInclusive;

use fwdsl::prelude::*;

const HOST_BITS: &str = "10.0.0.1/8";
const RANGE: RangeInclusive<u16> = 9..=3;
const LONG: &str = "a text that is longer than a prefix";
const NONE: &[u16] = &[];
const GREAT: u64 = 10_001;

static HOST: Policy = firewall! {
    chain INPUT policy drop {
        from #HOST_BITS => accept;
        tcp dport #RANGE => accept;
        udp => log(#LONG);
        udp dport #NONE => accept;
        limit 1/s burst #GREAT => accept;
    }
};

fn main() {}
