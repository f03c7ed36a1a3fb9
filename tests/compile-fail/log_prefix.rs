//! A log prefix that iptables would cut, or could not carry.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        in lo   => log("12345678901234567890123456789");
        in eth0 => log("123456789012345678901234567890");
        in eth1 => log("fünfzehn Zeichen und mehr äöü");
        in eth2 => log("");
        in eth3 => log("two\nlines");
        in eth4 => log(prefix);
        in eth5 => log("a", level 8);
        in eth6 => log("a", level shout);
        in eth7 => log(bare);
    }
};

fn main() {}
