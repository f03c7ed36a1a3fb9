//! A provisioning binary for tests of the command line.

use std::process::ExitCode;

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    let SSH = 50134;

    sysctl {
        net.ipv4.tcp_syncookies          = 2;
        net.ipv4.conf.*.send_redirects   = 0;
        net.ipv4.conf.*.accept_redirects = 0;
        net.ipv4.conf.all.rp_filter      = 2;
        net.ipv6.conf.*.accept_ra        = 0;
    }

    chain INPUT policy drop {
        in lo                  => accept;
        ct established|related => accept;
        proto 47               => accept;
        icmp echo-request      => jump PING;
        icmpv6 [neighbour-solicitation, neighbour-advertisement] => accept;
        tcp dport SSH          => accept;
    }

    chain FORWARD policy drop {}

    chain OUTPUT policy accept {}

    chain PING {
        limit 1/s burst 4 => accept;
        _                 => drop;
    }
};

fn main() -> ExitCode {
    fwdsl::cli::run(&HOST)
}
