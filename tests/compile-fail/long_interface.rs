//! An interface name that the kernel cannot have.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    let WAN = "sixteen-letters-";
    chain INPUT {
        in fifteen-letters  => accept;
        in sixteen-letters- => accept;
        in WAN              => accept;
        in "sixteen-letters-" => accept;
        in [lo, abcdefghijklmnop] => accept;
        in "a b"            => accept;
        in ""               => accept;
        in "+"              => accept;
        in eth0:1           => accept;
    }
};

fn main() {}
