//! Unreachable rules of templates, of fragments and of one family, and what attributes say of them.
#![allow(deprecated, reason = "what other lints warn of is not shown here")]

use fwdsl::prelude::*;

rules! {
    web {
        tcp dport http => accept;
        tcp dport [http, https] => accept;
        tcp dport https => log("never "), accept;
    }
}

static HOST: Policy = firewall! {
    fn service(port) {
        tcp dport port => accept;
    }

    chain INPUT policy drop {
        service(ssh);
        service(22);
        use web;
        #[allow(unreachable_rule)]
        use web;
    }

    #[allow(unreachable_rule)]
    chain FORWARD policy drop {
        _ => drop;
        tcp => accept;
        #[deny(unreachable_rule)]
        udp => accept;
    }

    // In IPv6 the second rule of each pair is reached.
    chain OUTPUT {
        family ipv4 tcp => accept;
        tcp dport smtp => drop;
        to 0.0.0.0/0 => accept;
        udp => drop;
    }
};

fn main() {}
