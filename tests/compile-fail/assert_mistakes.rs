//! Assertions about what is not there.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT policy drop { in lo => accept; }
    assert INPT { in lo => accept; }
    assert mangel/PREROUTING { in lo => accept; }
    assert raw/OUTPUT { out lo => accept; }
    assert INPUT {
        in lo => acept;
        in lo => log;
        out lo => accept;
        dport 22 => drop;
        tcp dport 70000 => drop;
        form lo => drop;
        in lo accept;
    }
};

fn main() {}
