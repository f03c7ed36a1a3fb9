//! A provisioning binary for tests of the boot: sets, sysctls, and assertions of every kind.

use std::process::ExitCode;

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    let ADMINS = [192.0.2.0/28, 192.0.2.64..=192.0.2.66, 2001:db8:ad::/48];

    sysctl {
        net.ipv4.tcp_syncookies = 2;
        net.ipv4.ip_forward     = 1;
    }

    set BANNED: ip { 203.0.113.7, 2001:db8:bad::7 }
    set FRIENDS: net { 198.51.100.0/24 }

    chain INPUT policy drop {
        in lo                  => accept;
        ct established|related => accept;
        from @BANNED           => drop;
        from @FRIENDS tcp dport http => accept;
        icmp echo-request      => accept;
        icmpv6                 => accept;
        tcp ct new {
            from ADMINS dport [ssh, 8022] => accept;
            dport https limit 9/s         => accept;
        }
        udp dport 51820 => accept;
    }

    chain FORWARD policy drop {}

    assert INPUT {
        in lo                                                    => accept;
        in eth0 from 192.0.2.0/28 to ![192.0.2.13, 192.0.2.200..=192.0.2.203] tcp dport [ssh, 8022] ct new   => accept;
        in eth0 from 192.0.2.64..=192.0.2.66 tcp dport ssh ct new => accept;
        from 2001:db8:ad::/48 tcp dport ssh ct new               => accept;
        in eth0 tcp dport mysql ct new                           => drop;
        in wg0 from 198.51.100.8 mark 1 udp dport 51820                            => accept;
        tcp ct established                                       => accept;
    }
    assert host input   { in wg0 from 198.51.100.7 udp dport 51820 ct new => accept; }
    assert host forward { in eth0 ct new => drop; }
};

fn main() -> ExitCode {
    fwdsl::cli::run(&HOST)
}
