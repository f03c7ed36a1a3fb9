//! A key that the kernel does not have.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    sysctl {
        net.ipv4.tcp_syncookie           = 1;
        net.ipv4.conf.eth0.rpfilter      = 1;
        net.ipv4.conf.*.accept_redirect  = 0;
        "net/ipv4/conf/eth0.100/rpfilt"  = 1;
        no.such.key                      = 1;
        ip_forward                       = 1;
    }
};

fn main() {}
