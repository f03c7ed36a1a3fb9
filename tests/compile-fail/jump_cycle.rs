//! Chains that lead to themselves.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT { _ => jump A; }
    chain A { in lo => jump B; }
    chain B { tcp => goto C; udp => jump B; }
    chain C { in eth0 { tcp => jump A; } }
};

fn main() {}
