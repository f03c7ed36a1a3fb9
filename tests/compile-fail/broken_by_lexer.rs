//! Groups of an address that rustc refuses before the macro can help.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        from fe80::1e          => drop;
        from fd00:3ed::/64     => drop;
        from 2001:db8:0b8::1   => drop;
        from 2001:0bad::1      => drop;
        to "fe80::1e"          => drop;
        form lo                => drop;
    }
};

fn main() {}
