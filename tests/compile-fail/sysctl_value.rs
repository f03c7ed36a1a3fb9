//! A value that the kernel refuses.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    sysctl {
        net.ipv4.tcp_syncookies          = 7;
        net.ipv4.ip_forward              = yes;
        net.ipv4.ip_forward              = 0;
        net.ipv4.conf.all.log_martians   = -1;
        net.ipv4.ip_local_port_range     = "2000 1000";
        net.netfilter.nf_conntrack_count = 1;
    }
};

fn main() {}
