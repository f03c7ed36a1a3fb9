//! Options that want or exclude each other.

use fwdsl::prelude::*;

static POLICY: Policy = firewall! {
    chain INPUT {
        hashlimit(mode srcip, name ssh) => accept;
        hashlimit(upto 3/s, above 3/s, name ssh) => accept;
        hashlimit(upto 3/s) => accept;
        hashlimit(upto 3/s, rate-interval 5, name a) => accept;
        recent(seconds 60, name a) => accept;
        recent(set, hitcount 4) => accept;
        recent(update, reap) => accept;
        recent(set, update) => accept;
        statistic(random, every 3) => accept;
        statistic(nth, every 3, packet 3) => accept;
        addrtype(limit-iface-in) => accept;
        conntrack(ctstatus [none, assured]) => accept;
        time(start 08:00, stop 17:30, contiguous) => accept;
        string("a", algo bm, from 10, to 5) => accept;
        _ => nfqueue(balance 3);
        _ => nfqueue(num 1, cpu-fanout);
        _ => mark;
        _ => mark(set 1, or 2);
        tcp => tcpmss(set-mss 1400);
        _ => tcpmss(set-mss 1400);
        owner() => accept;
    }
};

fn main() {}
