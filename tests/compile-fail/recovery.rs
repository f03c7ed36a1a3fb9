//! A broken statement hides neither the others nor adds to them.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    let BROKEN = ;
    let TWICE = 1;
    chain INPUT {
        tcp dport BROKEN => accept;
        tcp dport        => accept;
        tcp dport 22     -> accept;
        tcp dport 22     => accept
        udp dport dmoain => accept;
        in lo            => ;
        tcp dport 22;
        tcp dport 22, 23 => drop;
        => drop;
        from [10.0.0.1 10.0.0.2] => drop;
        from []          => drop;
        in eth0          => drop drop;
        form lo          => drop;
    }
    hcain OUTPUT { form lo => drop; }
    chain { in lo => drop; }
    chain FORWARD [ in lo => drop; ]
    let OPEN = 1
    chain BADLY polic drop { in lo => drop; }
    chain LAST { _ => jump BADLY; form lo => drop; }
};

fn main() {}
