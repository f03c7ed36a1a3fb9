//! `let`s that cannot stand.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    let ssh = 22;
    let A = [B, 1];
    let B = [A];
    let SELF = SELF;
    let TWICE = 1;
    let TWICE = 2;
    let NONE = [1, !2];
    let LIST = [1, 2];
    chain INPUT {
        tcp dport A      => accept;
        tcp dport NONE   => accept;
        tcp dport !!1    => accept;
        tcp dport [1, !2] => accept;
        tcp dport LIST..=9 => accept;
        tcp dport ["22"] => accept;
        in 10.0.0.0/8 => accept;
        from lo => accept;
        ct [new, estab] => accept;
    }
};

fn main() {}
