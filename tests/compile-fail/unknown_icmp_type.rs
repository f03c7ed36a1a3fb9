//! An ICMP type that the family does not have.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        icmp echo-reqest            => accept;
        icmpv6 neighbor-solicit     => accept;
        icmp neighbour-solicitation => accept;
        icmpv6 frag-needed          => accept;
        icmp 300                    => accept;
        icmp 3/256                  => accept;
        icmp(type echo)             => accept;
    }
};

fn main() {}
