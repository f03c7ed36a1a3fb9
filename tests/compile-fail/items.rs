//! Tables and items that are not there.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    table filtre { chain INPUT { in lo => accept; } }
    table nat { let X = 1; chain OUTPUT { in lo => accept; } }
    fn name() {}
    family both;
    INPUT { in lo => accept; }
};

fn main() {}
