//! Targets and matches where packets of the wrong hook come by, through jumps too.

use fwdsl::prelude::*;

static POLICY: Policy = firewall! {
    table nat {
        chain PREROUTING {
            _ => masquerade;
            tcp => snat(to 192.0.2.1:1024..=65535);
            _ => jump OUTER;
        }
        chain POSTROUTING {
            tcp => redirect(to 3128);
            _ => dnat(to 10.0.0.2);
        }
        chain OUTER { _ => jump INNER; }
        chain INNER { out eth0 => masquerade; }
    }
    table mangle {
        chain INPUT {
            rpfilter => drop;
            tcp syn => tcpmss(clamp-mss-to-pmtu);
        }
        chain OUTPUT {
            policy(dir in, pol ipsec) => accept;
        }
    }
    chain INPUT {
        owner(uid 0) => accept;
        addrtype(dst-type local, limit-iface-out) => accept;
        _ => notrack;
    }
};

fn main() {}
