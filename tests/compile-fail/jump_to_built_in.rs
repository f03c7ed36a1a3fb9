//! Nobody jumps to a built-in chain.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain FORWARD { in eth0 => jump INPUT; }
    chain OWN { _ => goto OUTPUT; }
};

fn main() {}
