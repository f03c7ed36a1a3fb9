//! `reject(tcp-reset)` answers TCP alone.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        in eth0 => reject(tcp-reset);
        udp dport 53 => reject(tcp-reset);
        tcp|udp dport 113 => reject(with tcp-reset);
        tcp dport 113 => reject(tcp-reset);
    }
};

fn main() {}
