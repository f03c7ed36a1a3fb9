//! Only built-in chains have a policy, and it is accept or drop.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain OWN policy drop { in lo => accept; }
    chain INPUT policy reject { in lo => accept; }
    chain OUTPUT policy { in lo => accept; }
};

fn main() {}
