//! A path that leads nowhere is rustc's to tell.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT policy drop {
        use fwdsl_tests::fragments::baselin;
    }
};

fn main() {}
