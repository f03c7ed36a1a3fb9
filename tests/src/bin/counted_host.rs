//! A provisioning binary whose rules are each several lines in iptables, for tests of what is counted.

use std::process::ExitCode;

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    #![allow(loopback_blocked)]

    fn service(number) {
        tcp|udp dport number => accept;
    }

    chain INPUT policy drop {
        ct established|related => accept;
        icmpv6 [neighbour-solicitation, neighbour-advertisement] => accept;
        udp dport 1001 => accept;
        udp dport 1002 from ![192.0.2.1, 192.0.2.7, 192.0.2.9, 192.0.2.11, 192.0.2.13, 2001:db8:1::/64, 2001:db8:2::/64, 2001:db8:3::/64, 2001:db8:5::/64, 2001:db8:7::/64] => accept;
        udp dport [1003, 2003..=2010] from [10.9.0.0/24, 10.8.0.0/24, fd09::/64, fd08::/64] limit 100/s burst 90 => log("[counted] "), accept;
        udp dport 1004 => log("[twice] "), accept;
        udp dport 1005 from [10.9.0.0/16, 10.0.0.0/8, fd09::/64, fd00::/8] => mark(set-mark 7), jump MARKED;
        service(1006);
        service(1007);
        #[allow(no_effect_rule)]
        udp dport 1008 from ![192.0.2.1, 192.0.2.7, 192.0.2.9, 192.0.2.11, 192.0.2.13, 2001:db8:1::/64, 2001:db8:2::/64] => return;
        udp dport 1009 => accept;
        #[exact] udp dport 1010 => count, drop;
    }

    chain MARKED {
        udp dport 1005 => accept;
    }

    #[optimise]
    #[allow(no_effect_rule)]
    chain OUTPUT policy accept {
        udp from [192.0.2.0/24, 2001:db8::/32] => accept;
        udp dport 1001 => accept;
        udp dport 1002 => return;
        udp dport 1003 => accept;
        udp dport 1004 => return;
        udp dport 1005 => accept;
        udp dport 1006 => return;
        udp dport 1007 => accept;
        udp dport 1008 => return;
        udp dport 1009 => accept;
        udp dport 1010 => return;
        udp dport 1100 => return;
        udp dport 1101 => accept;
        udp dport 1102 => return;
        udp dport 1103 => accept;
        udp dport 1104 => return;
        udp dport 1105 => accept;
        udp dport 1106 => return;
        udp dport 1107 => accept;
        udp dport 1108 => return;
        udp dport 1109 => accept;
    }
};

fn main() -> ExitCode {
    fwdsl::cli::run(&HOST)
}
