//! Rules that no packet can reach which they match, for each reason that there is.
#![allow(deprecated, reason = "what other lints warn of is not shown here")]

use fwdsl::prelude::*;

static HOST: Policy = firewall! {
    chain INPUT policy drop {
        // One rule takes all.
        from 192.0.2.0/24 => accept;
        from 192.0.2.7 tcp dport ssh => drop;

        // Several do together, those of a list among them.
        tcp dport 1..=1023 => accept;
        tcp dport [1024..=4000, 3000..=65535] => drop;
        in eth0 tcp dport !0 => reject;

        // Verdicts of a chain count, and so does the chain that packets do not come back from.
        udp => goto FINAL;
        udp dport domain => accept;

        // More than four.
        sctp dport 0..=9 => drop;
        sctp dport 10..=19 => drop;
        sctp dport 20..=29 => drop;
        sctp dport 30..=39 => drop;
        sctp dport 40..=49 => drop;
        sctp dport 50..=59 => drop;
        sctp dport 5..=55 => accept;

        // Its own matches exclude each other.
        icmp !any => accept;

        esp => jump TUNNELS;
        ah => drop;
        ah => jump TUNNELS;
    }

    chain FINAL { _ => drop; }

    // Its callers let some packets in, and rules before them take others.
    chain TUNNELS {
        udp => log;
        ah => log;
        in eth0 => accept;
    }

    table nat {
        chain PREROUTING {
            in eth0 {
                tcp dport http => redirect(to-ports 8080);
                tcp syn dport http => dnat(to 10.0.0.1);
            }
        }
    }
};

fn main() {}
