//! A provisioning binary whose policy has sets, for tests of the command line.

use std::process::ExitCode;

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    set ADMINS: net { 192.0.2.0/24, 2001:db8:ad::/48 }
    set WEB: ip,port { (192.0.2.1, tcp [80, 443]), (192.0.2.1, icmp echo-request), (2001:db8::1, gre) }
    set PORTS: port { 22, 50134 }
    set BANNED: ip timeout 10m keep { }

    chain INPUT policy drop {
        in lo                        => accept;
        from @BANNED                 => drop;
        from @ADMINS tcp dport @PORTS => accept;
        set(@WEB dst,dst)            => accept;
        tcp dport 23                 => set(add @BANNED src, exist), drop;
    }
};

fn main() -> ExitCode {
    fwdsl::cli::run(&HOST)
}
