//! Options of extensions: unknown, missing, twice, of the wrong kind.

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT {
        conntrack()                  => drop;
        conntrack(ctstate new, ctstate related) => drop;
        tcp(dprot 22)                => drop;
        tcp(dport)                   => drop;
        tcp(dport 22 sport 23)       => drop;
        limit(1/s, 4)                => drop;
        udp(flags(syn / syn))        => drop;
        ct "new"                     => drop;
        ct 5                         => drop;
        iprange()                    => drop;
        tcp multiport()              => drop;
        in lo                        => accept(now);
        in lo                        => log("a", "b");
    }
};

fn main() {}
