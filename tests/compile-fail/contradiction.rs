//! Rules that match nothing.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        tcp { udp => accept; }
        from 10.0.0.0/8 { from 192.168.0.0/16 => drop; }
        in eth0 in eth1 => drop;
        tcp dport 22 { dport 23 => accept; }
        from !0.0.0.0/0 from ![::/0] => drop;
        tcp flags(syn / ack) => drop;
        tcp flags(none / none) => drop;
        tcp syn { tcp !flags(ack / ack) => drop; }
        fragment { !fragment => drop; }
        tcp flags(sin / all) => drop;
    }
};

fn main() {}
