//! A name in capitals is always a `let`.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    let SSH = 22;
    chain INPUT {
        tcp dport SHS           => accept;
        in WANN                 => accept;
        tcp dport [SSH, TELNET] => accept;
        tcp dport SSH..=LAST    => accept;
    }
};

fn main() {}
