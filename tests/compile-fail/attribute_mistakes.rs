//! Attributes and doc comments that mean nothing.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    //! The host's policy.
    #![alow(fragment_reassembled)]
    /// documentation of a family
    family ipv4;
    #[allow(fragment_reassembled)]
    sysctl {
        /// documentation of a setting
        net.ipv4.tcp_syncookies = 1;
    }
    assert INPUT {
        #[allow(fragment_reassembled)]
        udp => drop;
    }
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
