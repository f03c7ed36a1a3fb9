//! Every mistake of a policy in one compile, wherever it stands.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    let PORTS = [22, 70000, htps];
    sysctl {
        net.ipv4.ip_froward = 1;
    }
    chain INPUT policy drop {
        tcp dport PORTS => accept;
        in lo {
            form 10.0.0.0/8 => drop;
            from 10.0.0.1/8 {
                tcp dport [1..=0, 80] => jump NOWHERE;
            }
        }
        udp dport PORTS => acept;
    }
};

fn main() {}
