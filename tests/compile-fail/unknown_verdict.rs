//! A target that no extension has.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        in lo       => acept;
        in eth0     => REJECT;
        tcp         => mirror;
        tcp dport 1 => log("x", levle info);
        tcp dport 2 => reject(tcp-rest);
    }
};

fn main() {}
