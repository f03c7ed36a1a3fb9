//! Ports where the rule asks for no protocol that has them.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    let WEB = [80, 443];
    chain INPUT {
        dport 22                   => accept;
        icmp sport 22              => accept;
        tcp|icmp dport 22          => accept;
        !udp dport WEB             => accept;
        multiport(dports [22, 80]) => accept;
        esp port 9                 => accept;
        tcp { dport 22 => accept; }
    }
};

fn main() {}
