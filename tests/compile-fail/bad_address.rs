//! What is no address, or no prefix length.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        from 10.0.0.0/33           => drop;
        from 2001:db8::/129        => drop;
        from 10.0.0.256            => drop;
        from 10.0.0                => drop;
        from 10.0.0.0/255.0.0.0    => drop;
        from 10.010.0.1            => drop;
        to [10.0.0.1, fe80:::1]    => drop;
        to 2001:db8::12345         => drop;
        from example.org           => drop;
        from 1_0.0.0.1             => drop;
        from 0xff::1               => drop;
        from fe80::0b1             => drop;
        from "10.0.0.0/"           => drop;
        from 10.0.0.1-10.0.0.9     => drop;
    }
};

fn main() {}
