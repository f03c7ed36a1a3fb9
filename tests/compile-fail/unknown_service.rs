//! A service that the table of names does not have.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        tcp dport htps           => accept;
        tcp dport [ssh, gremlin] => accept;
        tcp dport ssh..=httpz    => accept;
    }
};

fn main() {}
